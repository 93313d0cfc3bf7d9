#include "filter_avx2.h"

#if EDL_HAVE_AVX2_PATHS
#include <immintrin.h>

#include <cstring>

#include "../working.h"

#define EDL_AVX2 __attribute__((target("avx2")))
#define EDL_AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

namespace edl2ffmpeg::rows::avx2 {

bool available() { return __builtin_cpu_supports("avx2"); }

EDL_AVX2_INLINE int load_32(const void *from) {
    int value;
    std::memcpy(&value, from, sizeof value);
    return value;
}
EDL_AVX2_INLINE long long load_64(const void *from) {
    long long value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// Sixteen int16: the four samples under the taps of each of four outputs.
EDL_AVX2_INLINE __m256i gather_four(const uint8_t *in, const int32_t *at) {
    return _mm256_cvtepu8_epi16(_mm_set_epi32(load_32(in + at[3]), load_32(in + at[2]),
                                              load_32(in + at[1]), load_32(in + at[0])));
}
EDL_AVX2_INLINE __m256i gather_four(const int16_t *in, const int32_t *at) {
    return _mm256_set_epi64x(load_64(in + at[3]), load_64(in + at[2]), load_64(in + at[1]),
                             load_64(in + at[0]));
}

EDL_AVX2_INLINE __m128i load_eight(const uint8_t *in) {
    return _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(in)));
}
EDL_AVX2_INLINE __m128i load_eight(const int16_t *in) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i *>(in));
}
EDL_AVX2_INLINE __m128i load_taps(const int16_t *taps) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i *>(taps));
}

template <class In>
EDL_AVX2_INLINE int across_four_taps(const In *in, int16_t *out, int width,
                                     const AcrossFilter &filter) {
    const __m256i bias = _mm256_set1_epi32(filter.bias);
    const __m128i shift = _mm_cvtsi32_si128(filter.shift);
    int x = 0;
    for (; x + 8 <= width; x += 8) {
        const __m256i *taps = reinterpret_cast<const __m256i *>(filter.taps + 4 * x);
        const __m256i low = _mm256_madd_epi16(gather_four(in, filter.positions + x),
                                              _mm256_loadu_si256(taps));
        const __m256i high = _mm256_madd_epi16(gather_four(in, filter.positions + x + 4),
                                               _mm256_loadu_si256(taps + 1));
        const __m256i mixed = _mm256_hadd_epi32(low, high);
        const __m256i sums = _mm256_permute4x64_epi64(mixed, 0xd8);
        const __m256i done = _mm256_sra_epi32(_mm256_add_epi32(sums, bias), shift);
        const __m128i packed = _mm_packs_epi32(_mm256_castsi256_si128(done),
                                               _mm256_extracti128_si256(done, 1));
        _mm_storeu_si128(reinterpret_cast<__m128i *>(out + x), packed);
    }
    return x;
}

template <class In>
EDL_AVX2_INLINE __m128i sum_of_taps(const In *in, const int16_t *taps, int tap_count) {
    __m128i sum = _mm_madd_epi16(load_eight(in), load_taps(taps));
    for (int k = 8; k < tap_count; k += 8)
        sum = _mm_add_epi32(sum, _mm_madd_epi16(load_eight(in + k), load_taps(taps + k)));
    return sum;
}

template <class In>
EDL_AVX2_INLINE int across_many_taps(const In *in, int16_t *out, int width, int count,
                                     const AcrossFilter &filter) {
    const __m128i bias = _mm_set1_epi32(filter.bias);
    const __m128i shift = _mm_cvtsi32_si128(filter.shift);
    int x = 0;
    for (; x + 4 <= width; x += 4) {
        const int32_t *at = filter.positions + x;
        const int16_t *taps = filter.taps + static_cast<int64_t>(x) * count;
        const __m128i first = sum_of_taps(in + at[0], taps, count);
        const __m128i second = sum_of_taps(in + at[1], taps + count, count);
        const __m128i third = sum_of_taps(in + at[2], taps + 2 * count, count);
        const __m128i fourth = sum_of_taps(in + at[3], taps + 3 * count, count);
        const __m128i sums = _mm_hadd_epi32(_mm_hadd_epi32(first, second),
                                            _mm_hadd_epi32(third, fourth));
        const __m128i done = _mm_sra_epi32(_mm_add_epi32(sums, bias), shift);
        _mm_storel_epi64(reinterpret_cast<__m128i *>(out + x), _mm_packs_epi32(done, done));
    }
    return x;
}

// The caller's positions keep every tap inside the row, so no load reaches beyond it.
template <class In>
EDL_AVX2_INLINE int across(const In *in, int16_t *out, int width, const AcrossFilter &filter) {
    if (filter.tap_count == 4) return across_four_taps(in, out, width, filter);
    if (filter.tap_count == 8) return across_many_taps(in, out, width, 8, filter);
    if (filter.tap_count % 8 == 0)
        return across_many_taps(in, out, width, filter.tap_count, filter);
    return 0;
}

EDL_AVX2 int filter_across_row(const uint8_t *in, int16_t *out, int width,
                               const AcrossFilter &filter) {
    return across(in, out, width, filter);
}
EDL_AVX2 int filter_across_row(const int16_t *in, int16_t *out, int width,
                               const AcrossFilter &filter) {
    return across(in, out, width, filter);
}

EDL_AVX2_INLINE __m256i load_row(const int16_t *row) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(row));
}

// Rows are taken in pairs: interleaved, one multiply-add does both.
EDL_AVX2_INLINE int down_pairs(const int16_t *const *rows, const int16_t *taps, int tap_count,
                               int16_t *out, int width) {
    const __m256i round = _mm256_set1_epi32(kWeightRound);
    int x = 0;
    for (; x + 16 <= width; x += 16) {
        __m256i low = round;
        __m256i high = round;
        for (int k = 0; k < tap_count; k += 2) {
            const __m256i weights = _mm256_set1_epi32(load_32(taps + k));
            const __m256i a = load_row(rows[k] + x);
            const __m256i b = load_row(rows[k + 1] + x);
            low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), weights));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), weights));
        }
        const __m256i packed = _mm256_packs_epi32(_mm256_srai_epi32(low, kWeightBits),
                                                  _mm256_srai_epi32(high, kWeightBits));
        _mm256_storeu_si256(reinterpret_cast<__m256i *>(out + x), packed);
    }
    return x;
}

EDL_AVX2 int filter_down_row(const int16_t *const *rows, const int16_t *taps, int tap_count,
                             int16_t *out, int width) {
    if (tap_count == 4) return down_pairs(rows, taps, 4, out, width);
    if (tap_count % 2 == 0) return down_pairs(rows, taps, tap_count, out, width);
    return 0;
}

}  // namespace edl2ffmpeg::rows::avx2
#endif
