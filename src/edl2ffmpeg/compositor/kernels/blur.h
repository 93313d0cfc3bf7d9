// Note [Blurring large]
//
// A Gaussian is separable: rows first, then columns.  Up to a sigma of kMostDirectSigma it is a
// plain sum of taps.  Above, the samples of a direction are halved n times, each time with the
// taps 1 3 3 1, blurred there, and brought back in one step with cubic B-splines.  Both filters
// are nearly Gaussian and suppress what would alias, so all that counts is that variances add up:
// in units of the halved samples (F = 2^n)  (sigma / F)^2 = (1 - 1/F^2) / 4 + rest^2 + 1/3.
//
// Sample j of a halved row is centred between samples 2j - 4 and 2j - 3 of the finer one: it has
// two samples more at either end than fit.  The ends thus hold the edge's value alone, so that
// repeating them is repeating the edge, and the splines find samples that were blurred.
//
// Between the passes a sample is the 15-bit code value, centred, with one fractional bit: taps
// are not negative and sum to one, so int16 is never left.
#pragma once

#include "warp.h"

namespace edl2ffmpeg {

constexpr int32_t kExpandBits = 15;
constexpr int32_t kHalvingBits = 3;
constexpr int32_t kHalvingFirst = -5;  // sample j is made of those from 2j - 5 to 2j - 2

HD int16_t to_blur(int32_t code) {
    return static_cast<int16_t>((code - kWorkingHalf) * 2);
}

// The sum of `count` taps over samples that are `stride` apart, without the last rounding.
HD int32_t blur_sum(const int16_t *samples, int64_t stride, const int16_t *taps, int32_t count) {
    int32_t sum = 0;
    for (int32_t k = 0; k < count; ++k) sum += samples[k * stride] * taps[k];
    return sum;
}

// Taps with `shift` fractional bits: to a sample for the next pass, or to a code value.
HD int16_t blur_between(int32_t sum, int32_t shift) {
    return saturate((sum + (1 << (shift - 1))) >> shift);
}
HD int32_t blur_code(int32_t sum, int32_t shift) {
    return canvas_code((sum + (1 << shift)) >> (shift + 1));
}

// How many samples there are after halving `count`.
HD int32_t halved_count(int32_t count) { return (count + 1) / 2 + 4; }

}  // namespace edl2ffmpeg
