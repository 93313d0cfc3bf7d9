#include "blur_rows.h"

#include "../blur.h"
#include "filter_avx2.h"

#if EDL_HAVE_AVX2_PATHS
#define EDL_VECTORS(CALL) (avx2::available() ? avx2::CALL : 0)
#else
#define EDL_VECTORS(CALL) 0
#endif

namespace edl2ffmpeg::rows {
namespace {


int32_t sum_down(const DownTaps &taps, int x) {
    int32_t sum = 0;
    for (int k = 0; k < taps.count; ++k) sum += taps.rows[k][x] * taps.taps[k];
    return sum;
}

}  // namespace

EDL_CLONES void to_blur_row(const uint16_t *EDL_RESTRICT in, int16_t *EDL_RESTRICT out,
                            int width) {
    for (int x = 0; x < width; ++x) out[x] = to_blur(in[x]);
}

EDL_CLONES void from_blur_row(const int16_t *EDL_RESTRICT in, uint16_t *EDL_RESTRICT out,
                              int width) {
    for (int x = 0; x < width; ++x) out[x] = static_cast<uint16_t>(blur_code(in[x], 0));
}

void blur_across_row(const int16_t *in, const int16_t *taps, int count, int shift, int16_t *out,
                     int width) {
    for (int x = EDL_VECTORS(blur_across_row(in, taps, count, shift, out, width)); x < width; ++x)
        out[x] = blur_between(blur_sum(in + x, 1, taps, count), shift);
}

void halve_across_row(const int16_t *in, int16_t *out, int width) {
    const int16_t *first = in + kHalvingFirst;
    for (int x = EDL_VECTORS(halve_across_row(in, out, width)); x < width; ++x)
        out[x] = blur_between(blur_sum(first + 2 * x, 1, kHalvingTaps, 4), kHalvingBits);
}

void expand_across_row(const int16_t *in, const int32_t *positions, const int16_t *taps,
                       int16_t *out, int width) {
    for (int x = EDL_VECTORS(expand_across_row(in, positions, taps, out, width)); x < width; ++x)
        out[x] = blur_between(blur_sum(in + positions[x], 1, taps + 4 * x, 4), kExpandBits);
}

void blur_down_row(const DownTaps &taps, int16_t *out, int width) {
    for (int x = EDL_VECTORS(blur_down_row(taps, out, width)); x < width; ++x)
        out[x] = blur_between(sum_down(taps, x), taps.shift);
}

void blur_down_to_codes(const DownTaps &taps, uint16_t *out, int width) {
    for (int x = EDL_VECTORS(blur_down_to_codes(taps, out, width)); x < width; ++x)
        out[x] = static_cast<uint16_t>(blur_code(sum_down(taps, x), taps.shift));
}

}  // namespace edl2ffmpeg::rows
