// Filters that look at neighbours, one sample each; see Note [Float effects] in effects.h.
#pragma once

#include "working.h"

namespace edl2ffmpeg {

// One of two samples of a line of half the length.
HD float halved(float a, float b, float c, float d) {
    return (a + d) * 0.125f + (b + c) * 0.375f;
}

// One of two samples of a line of twice the length, between its near and its far neighbour.
HD float doubled(float near, float far) { return near * 0.75f + far * 0.25f; }

// Adds to a code what a blur took from it.
HD int32_t unsharp(int32_t original, int32_t blurred, int32_t amount, int32_t low, int32_t high) {
    const int64_t more =
        (static_cast<int64_t>(original - blurred) * amount + kWeightRound) >> kWeightBits;
    const int64_t value = original + more;
    return static_cast<int32_t>(value < low ? low : (value > high ? high : value));
}

}  // namespace edl2ffmpeg
