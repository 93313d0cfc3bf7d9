// The mean of a block of code values, to nearest, halves up.
#pragma once

#include "plane.h"

namespace edl2ffmpeg {

HD int32_t block_mean(int64_t sum, int64_t count) {
    const int64_t rounded = sum + count / 2;
    // Small blocks are many, and narrow divisions are quick.
    if (rounded <= 0xffffffff)
        return static_cast<int32_t>(static_cast<unsigned>(rounded) / static_cast<unsigned>(count));
    return static_cast<int32_t>(rounded / count);
}

}  // namespace edl2ffmpeg
