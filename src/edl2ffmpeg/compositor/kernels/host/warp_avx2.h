// The part of a warped row whose taps all lie inside the source, four samples at a time.
#pragma once

#include "dispatch.h"

#if EDL_HAVE_AVX2_PATHS
#include "../warp.h"

namespace edl2ffmpeg::rows::avx2 {

// The first sample of `out` reads around (x, y).  Returns how many samples it has written; they
// are those of warp_sample, bit for bit.
int warp_inside(const PlaneView<const uint16_t> &source, int64_t x, int64_t y, int64_t column_x,
                int64_t column_y, const int16_t *taps, uint16_t *out, int count);

}  // namespace edl2ffmpeg::rows::avx2
#endif
