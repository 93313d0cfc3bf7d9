// The two filter loops where the compiler does not find the multiply-add of pairs by itself.
//
// They compute the same integers as filter_across and finish_down, only several at a time.
#pragma once

#include "dispatch.h"
#include "rows.h"

#if EDL_HAVE_AVX2_PATHS
namespace edl2ffmpeg::rows::avx2 {

bool available();

// Both return how many samples from the left they have written; the caller does the rest.
int filter_across_row(const uint8_t *in, int16_t *out, int width, const AcrossFilter &filter);
int filter_across_row(const int16_t *in, int16_t *out, int width, const AcrossFilter &filter);
int filter_down_row(const int16_t *const *rows, const int16_t *taps, int tap_count, int16_t *out,
                    int width);

}  // namespace edl2ffmpeg::rows::avx2
#endif
