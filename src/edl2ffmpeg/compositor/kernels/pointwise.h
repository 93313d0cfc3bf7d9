// Operations on one code value that need no neighbours and no other component: code to code.
//
// A layer of the output's own layout is drawn with these alone, in one pass per plane.
#pragma once

#include "plane.h"

namespace edl2ffmpeg {

// Depth, range and a mix with a constant at once: (code * scale + offset) >> shift, clipped.
// Accumulator is int32_t, or int64_t where both sides have more than 12 bits.
template <class Accumulator>
HD int32_t affine(int32_t code, Accumulator scale, Accumulator offset, int32_t shift,
                  int32_t minimum, int32_t maximum) {
    const Accumulator value = (code * scale + offset) >> shift;
    const Accumulator least = minimum;
    const Accumulator most = maximum;
    return static_cast<int32_t>(value < least ? least : (value > most ? most : value));
}

// A table over every code value of the source; codes above its end take the last entry.
HD int32_t look_up(int32_t code, const uint16_t *table, int32_t last) {
    return table[code > last ? last : code];
}

// Between two code values of up to 16 bits, of which `weight` (14 fractional bits) is b's.
HD int32_t cross(int32_t a, int32_t b, int32_t weight) {
    return a + (((b - a) * weight + (1 << 13)) >> 14);
}

}  // namespace edl2ffmpeg
