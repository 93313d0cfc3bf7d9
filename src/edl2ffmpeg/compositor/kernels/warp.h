// Note [Canvas samples]
//
// A canvas is a plane of 15-bit code values in 16 bits each.  As a working sample (Note [Working
// samples]) a code is one subtraction away, and a clamp brings the result of a filter back.
//
// Here: one sample of an affine warp.  Positions are counted in source samples, sample 0 at 0,
// with 32 fractional bits, and are rounded to 1/256 of a sample to choose the filter's taps.
#pragma once

#include "resample.h"

namespace edl2ffmpeg {

constexpr int32_t kPositionBits = 32;
constexpr int32_t kPhaseBits = 8;
constexpr int32_t kPhases = 1 << kPhaseBits;
constexpr int64_t kPhaseRound = int64_t{1} << (kPositionBits - kPhaseBits - 1);
// Further out than this every position reads the same edge sample; planes are much smaller.
constexpr int64_t kFarthest = int64_t{1} << 20;
constexpr int32_t kMostCode = 2 * kWorkingHalf - 1;

HD int32_t canvas_code(int32_t working) { return clamp(working + kWorkingHalf, 0, kMostCode); }

// Where target sample (i, j) reads: origin + i * column + j * row, exact for all 64-bit numbers,
// then held within kFarthest.
HD int64_t warp_position(int64_t origin, int64_t column, int64_t row, int32_t i, int32_t j) {
    const int64_t fraction = (int64_t{1} << kPositionBits) - 1;
    const int64_t low = (origin & fraction) + i * (column & fraction) + j * (row & fraction);
    const int64_t whole = (origin >> kPositionBits) + i * (column >> kPositionBits) +
                          j * (row >> kPositionBits) + (low >> kPositionBits);
    const int64_t held = whole < -kFarthest ? -kFarthest : (whole > kFarthest ? kFarthest : whole);
    return held * (fraction + 1) + (low & fraction);
}

// The Catmull-Rom kernel (a = -1/2) at every phase; four taps sum to exactly 2^14.
struct CubicTaps {
    int16_t values[kPhases * 4];
};

// 2^11 is the difference between an exact tap, over 2 * 256^3, and 14 fractional bits.
HD constexpr int16_t rounded_tap(int32_t exact) {
    return static_cast<int16_t>((exact + 1024) >> 11);
}

HD constexpr CubicTaps cubic_taps() {
    CubicTaps table{};
    for (int32_t phase = 0; phase < kPhases; ++phase) {
        const int32_t p = phase, square = p * p, cube = square * p, one = kPhases;
        int16_t *taps = table.values + 4 * phase;
        taps[0] = rounded_tap(-cube + 2 * one * square - one * one * p);
        taps[3] = rounded_tap(cube - one * square);
        // The larger of the middle taps takes what rounding leaves over.
        if (2 * p <= one) {
            taps[2] = rounded_tap(-3 * cube + 4 * one * square + one * one * p);
            taps[1] = static_cast<int16_t>(kWeightOne - taps[0] - taps[2] - taps[3]);
        } else {
            taps[1] = rounded_tap(3 * cube - 5 * one * square + 2 * one * one * one);
            taps[2] = static_cast<int16_t>(kWeightOne - taps[0] - taps[1] - taps[3]);
        }
    }
    return table;
}

// Four samples of a row through the taps across, as a working sample.
HD int16_t warp_across(const uint16_t *row, const int32_t *columns, const int16_t *taps) {
    const int16_t first = static_cast<int16_t>(row[columns[0]]);
    // Beside the plane all four are its edge, and the taps sum to one.
    if (columns[0] == columns[3]) return saturate(first - kWorkingHalf);
    const int16_t samples[4] = {first, static_cast<int16_t>(row[columns[1]]),
                                static_cast<int16_t>(row[columns[2]]),
                                static_cast<int16_t>(row[columns[3]])};
    return filter_across(samples, taps, 4, kWeightRound - kWorkingHalf * kWeightOne, kWeightBits);
}

// One target sample that reads around (x, y); `taps` are the values of cubic_taps().
HD int32_t warp_sample(const PlaneView<const uint16_t> &source, int64_t x, int64_t y,
                       const int16_t *taps) {
    const int64_t across = (x + kPhaseRound) >> (kPositionBits - kPhaseBits);
    const int64_t down = (y + kPhaseRound) >> (kPositionBits - kPhaseBits);
    const int32_t left = static_cast<int32_t>(across >> kPhaseBits) - 1;
    const int32_t top = static_cast<int32_t>(down >> kPhaseBits) - 1;
    const int16_t *across_taps = taps + 4 * (across & (kPhases - 1));
    const int16_t *down_taps = taps + 4 * (down & (kPhases - 1));
    const int32_t last = source.width - 1;
    const int32_t bottom = source.height - 1;
    const int32_t columns[4] = {clamp(left, 0, last), clamp(left + 1, 0, last),
                                clamp(left + 2, 0, last), clamp(left + 3, 0, last)};
    const int32_t first = clamp(top, 0, bottom);
    if (first == clamp(top + 3, 0, bottom))
        return canvas_code(warp_across(source.row(first), columns, across_taps));
    int32_t sum = 0;
    for (int32_t k = 0; k < 4; ++k)
        sum += warp_across(source.row(clamp(top + k, 0, bottom)), columns, across_taps) *
               down_taps[k];
    return canvas_code(finish_down(sum));
}

}  // namespace edl2ffmpeg
