// Samples a canvas under an affine map; it covers nothing and blends nothing.
#pragma once

#include "draw.h"

namespace edl2ffmpeg {

// Where target sample (i, j) reads the source: origin + i * column + j * row, in samples with 32
// fractional bits, all within 2^21 samples.
struct WarpMap {
    int64_t origin_x, origin_y;
    int64_t column_x, column_y;
    int64_t row_x, row_y;
};

// Planes are of 15-bit codes.  What lies more than two samples outside of the source takes the
// sample of its edge that is nearest.
void warp_plane(const Plane &source, const Plane &target, const WarpMap &map, int row_start,
                int row_end);

}  // namespace edl2ffmpeg
