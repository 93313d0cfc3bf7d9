// Row loops of the blur over the shared functions of one sample; see Note [Blurring large].
#pragma once

#include <cstdint>

#include "dispatch.h"

namespace edl2ffmpeg::rows {

constexpr int16_t kHalvingTaps[4] = {1, 3, 3, 1};

// Taps of a pass down: `count` rows, an even number, each with its tap.
struct DownTaps {
    const int16_t *const *rows;
    const int16_t *taps;
    int count;
    int shift;
};

void to_blur_row(const uint16_t *in, int16_t *out, int width);
void from_blur_row(const int16_t *in, uint16_t *out, int width);

// `in` may be read `count` samples from every output's position on.
void blur_across_row(const int16_t *in, const int16_t *taps, int count, int shift, int16_t *out,
                     int width);
// Output j is made of four samples of `in`, from 2j + kHalvingFirst on.
void halve_across_row(const int16_t *in, int16_t *out, int width);
void expand_across_row(const int16_t *in, const int32_t *positions, const int16_t *taps,
                       int16_t *out, int width);

void blur_down_row(const DownTaps &taps, int16_t *out, int width);
void blur_down_to_codes(const DownTaps &taps, uint16_t *out, int width);

#if EDL_HAVE_AVX2_PATHS
namespace avx2 {

// These return how many samples from the left they have written; the caller does the rest.
int blur_across_row(const int16_t *in, const int16_t *taps, int count, int shift, int16_t *out,
                    int width);
int halve_across_row(const int16_t *in, int16_t *out, int width);
int expand_across_row(const int16_t *in, const int32_t *positions, const int16_t *taps,
                      int16_t *out, int width);
int blur_down_row(const DownTaps &taps, int16_t *out, int width);
int blur_down_to_codes(const DownTaps &taps, uint16_t *out, int width);

}  // namespace avx2
#endif

}  // namespace edl2ffmpeg::rows
