// The moving pattern of the `demo` source: interfering waves through a cyclic palette.
#pragma once

#include "plane.h"

namespace edl2ffmpeg {

// `phase_x`, `phase_y` and `phase_sum` are the waves along x, y and the diagonal for this picture;
// the palette has 2^k entries, `mask` is one less.
HD int32_t pattern_sample(int32_t phase_x, int32_t phase_y, int32_t phase_sum,
                          const uint16_t *palette, int32_t mask) {
    return palette[(phase_x + phase_y + phase_sum) & mask];
}

}  // namespace edl2ffmpeg
