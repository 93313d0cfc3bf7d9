// Note [Working samples]
//
// Between the first and the last step of a layer a sample is a signed 16-bit integer: the code
// value, whatever its depth d, scaled to 15 bits and centred: (code - 2^(d-1)) * 2^(15-d).  Full
// scale is [-16384, 16384), so int16 leaves a factor of two for the overshoot of a bicubic filter
// (1.25 per pass), nothing is clipped between the passes, and 8 bits keep 7 fractional bits.
// Weights and filter taps have 14 fractional bits: a product of the two, summed over taps, stays
// within int32.  All of it is integer, so every compiler and device gives the same bits.
#pragma once

#include "plane.h"

namespace edl2ffmpeg {

constexpr int32_t kWorkingDepth = 15;
constexpr int32_t kWorkingHalf = 1 << (kWorkingDepth - 1);
constexpr int32_t kWeightBits = 14;
constexpr int32_t kWeightOne = 1 << kWeightBits;
constexpr int32_t kWeightRound = 1 << (kWeightBits - 1);

HD int16_t saturate(int32_t value) {
    return static_cast<int16_t>(clamp(value, -32768, 32767));
}

// A code value of a depth up to 16 as a working sample.
HD int16_t to_working(int32_t code, int32_t depth) {
    const int32_t centred = code - (1 << (depth - 1));
    return static_cast<int16_t>(depth <= kWorkingDepth ? centred * (1 << (kWorkingDepth - depth))
                                                       : centred >> (depth - kWorkingDepth));
}

// Matrix row: up to three working samples, weights with 14 fractional bits, `offset` likewise.
HD int16_t combine1(int32_t a, int32_t wa, int32_t offset) {
    return saturate((a * wa + offset) >> kWeightBits);
}
HD int16_t combine2(int32_t a, int32_t b, int32_t wa, int32_t wb, int32_t offset) {
    return saturate((a * wa + b * wb + offset) >> kWeightBits);
}
HD int16_t combine3(int32_t a, int32_t b, int32_t c, int32_t wa, int32_t wb, int32_t wc,
                    int32_t offset) {
    return saturate((a * wa + b * wb + c * wc + offset) >> kWeightBits);
}

// A table of 2^15 working samples over the full scale; what overshoots takes the end value.
HD int16_t look_up_working(int32_t value, const int16_t *table) {
    return table[clamp(value + kWorkingHalf, 0, 2 * kWorkingHalf - 1)];
}

// The last step of an opaque layer: mix with a constant and quantise, in one rounding.
// `offset` holds the constant's share, the centring and the half to round with.
HD int32_t quantise(int32_t value, int32_t scale, int32_t offset, int32_t shift, int32_t maximum) {
    return clamp((value * scale + offset) >> shift, 0, maximum);
}

// Coverage (0..2^14) of an alpha sample; opacity and the alpha's own full scale are in `scale`.
// `most` is the opacity alone: alpha that overshoots in a filter is no more than opaque.
HD int16_t coverage_of(int32_t alpha, int32_t scale, int32_t offset, int32_t most) {
    return static_cast<int16_t>(clamp((alpha * scale + offset) >> kWeightBits, 0, most));
}

// The last step of a layer with coverage: mix with a constant as above, then straight-alpha
// "over" on the code value already in the output.
HD int32_t blend_over(int32_t value, int32_t scale, int32_t offset, int32_t coverage,
                      int32_t beneath, int32_t depth) {
    const int32_t above = (value * scale + offset) >> kWeightBits;
    const int32_t below = to_working(beneath, depth);
    const int32_t sum = above * coverage + below * (kWeightOne - coverage);
    // The working sample is brought to the depth with one rounding; 16 bits need one bit more.
    const int32_t down = kWeightBits + kWorkingDepth - depth;
    const int32_t code = ((sum + (1 << (down - 1))) >> down) + (1 << (depth - 1));
    return clamp(code, 0, (1 << depth) - 1);
}

// Note [Premultiplied sampling]
//
// What is transparent has no colour, whatever its samples say.  So a filter takes colour times
// alpha, and alpha; what it gives is divided again before anything else is done.  Colours are
// centred samples: grey is 0, and stays so.
HD int32_t premultiplied(int32_t code, int32_t alpha) {
    return (((code - kWorkingHalf) * alpha + (1 << (kWorkingDepth - 1))) >> kWorkingDepth) +
           kWorkingHalf;
}
HD int16_t unpremultiplied(int32_t value, int32_t alpha) {
    const int32_t share = alpha + kWorkingHalf;
    if (share <= 0) return 0;
    const float colour = static_cast<float>(value) * 32768.0f / static_cast<float>(share);
    const float most = 20479.0f;
    const float kept = colour < -most ? -most : (colour > most ? most : colour);
    return static_cast<int16_t>(static_cast<int32_t>(kept + 32768.5f) - 32768);
}

// The product of two shares with 14 fractional bits, rounded.
HD int16_t times(int32_t a, int32_t b) {
    return static_cast<int16_t>((a * b + kWeightRound) >> kWeightBits);
}

// Between picture a and picture b (15-bit codes with coverage), of which `weight` is b, over the
// code value beneath.  Both are weighted by their coverage, so what is transparent adds nothing.
HD int32_t mix_over(int32_t a, int32_t a_coverage, int32_t b, int32_t b_coverage, int32_t weight,
                    int32_t beneath, int32_t depth) {
    const int32_t from = times(a_coverage, kWeightOne - weight);
    const int32_t to = times(b_coverage, weight);
    const int32_t below = to_working(beneath, depth);
    const int32_t half = kWorkingHalf;
    const int32_t sum = (a - half) * from + (b - half) * to + below * (kWeightOne - from - to);
    const int32_t down = kWeightBits + kWorkingDepth - depth;
    const int32_t code = ((sum + (1 << (down - 1))) >> down) + (1 << (depth - 1));
    return clamp(code, 0, (1 << depth) - 1);
}

}  // namespace edl2ffmpeg
