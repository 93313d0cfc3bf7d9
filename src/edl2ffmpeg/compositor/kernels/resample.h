// Separable resampling, one output sample: first along the row, then along the column.
//
// Taps have 14 fractional bits and sum to exactly 2^14; positions and taps come from the caller,
// who has folded the taps that fall outside the picture into its edge samples.
#pragma once

#include "working.h"

namespace edl2ffmpeg {

// Code values of 16 bits come centred, so that they fit; those of other depths as they are.
HD int32_t across_shift(int32_t depth) { return depth - 1; }
HD int32_t across_bias(int32_t depth) {
    const int32_t centre = depth > kWorkingDepth ? 0 : -(1 << (depth - 1 + kWeightBits));
    return centre + (1 << (across_shift(depth) - 1));
}

// `bias` centres the code value and rounds, `shift` leaves a working sample.
template <class Samples>
HD int16_t filter_across(const Samples &samples, const int16_t *taps, int32_t tap_count,
                         int32_t bias, int32_t shift) {
    int32_t sum = bias;
    for (int32_t k = 0; k < tap_count; ++k) sum += static_cast<int32_t>(samples[k]) * taps[k];
    return saturate(sum >> shift);
}

// The sum of one column of working samples, still with the taps' 14 fractional bits.
HD int16_t finish_down(int32_t sum) { return saturate((sum + kWeightRound) >> kWeightBits); }

}  // namespace edl2ffmpeg
