// Sharpening by what a blur took away.
#pragma once

#include "working.h"

namespace edl2ffmpeg {

// original + (original - blurred) * amount, within [low, high].  The amount, up to 100, comes in
// two parts, its whole and its 14-bit fraction, so that no product leaves int32.
HD int32_t sharpen(int32_t original, int32_t blurred, int32_t whole, int32_t fraction, int32_t low,
                   int32_t high) {
    const int32_t lost = original - blurred;
    const int32_t part = (lost * fraction + kWeightRound) >> kWeightBits;
    return clamp(original + lost * whole + part, low, high);
}

}  // namespace edl2ffmpeg
