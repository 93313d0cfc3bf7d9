// Bicubic sampling of 15-bit codes at any place: four taps along the row, then four down.
#pragma once

#include "working.h"

namespace edl2ffmpeg {

// Positions have 32 fractional bits; the filter knows 2^8 places between two samples.
constexpr int32_t kPositionBits = 32;
constexpr int32_t kPhaseBits = 8;
constexpr int32_t kPhases = 1 << kPhaseBits;

// A position as a whole number of phases, to the nearest.
HD int64_t to_phases(int64_t position) {
    const int32_t shift = kPositionBits - kPhaseBits;
    return (position + (int64_t{1} << (shift - 1))) >> shift;
}

// `taps` are four for each phase and sum to 2^14.  Samples beyond the edge are the edge's.
HD int32_t warp_sample(const PlaneView<const uint16_t> &plane, int64_t x, int64_t y,
                       const int16_t *taps) {
    const int64_t px = to_phases(x), py = to_phases(y);
    const int32_t left = static_cast<int32_t>(px >> kPhaseBits) - 1;
    const int32_t top = static_cast<int32_t>(py >> kPhaseBits) - 1;
    const int16_t *across = taps + 4 * (px & (kPhases - 1));
    const int16_t *down = taps + 4 * (py & (kPhases - 1));
    int32_t sum = kWeightRound;
    for (int32_t j = 0; j < 4; ++j) {
        const uint16_t *row = plane.row(clamp(top + j, 0, plane.height - 1));
        int32_t line = kWeightRound - (kWorkingHalf << kWeightBits);
        for (int32_t i = 0; i < 4; ++i)
            line += row[clamp(left + i, 0, plane.width - 1)] * across[i];
        sum += (line >> kWeightBits) * down[j];
    }
    return clamp((sum >> kWeightBits) + kWorkingHalf, 0, 2 * kWorkingHalf - 1);
}

}  // namespace edl2ffmpeg
