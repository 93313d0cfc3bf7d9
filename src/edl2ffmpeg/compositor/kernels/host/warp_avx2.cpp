#include "warp_avx2.h"

#if EDL_HAVE_AVX2_PATHS
#include <immintrin.h>

#include <cstring>

#define EDL_AVX2 __attribute__((target("avx2")))
#define EDL_AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

namespace edl2ffmpeg::rows::avx2 {

EDL_AVX2_INLINE long long load_64(const void *from) {
    long long value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// Where four target samples read, ready to be used as addresses.
struct Reads {
    alignas(32) int64_t at[4];      // bytes from the plane's start to the first tap
    alignas(32) int64_t across[4];  // bytes from the table's start
    alignas(32) int64_t down[4];
};

// Positions inside are not negative, so logical shifts do.
EDL_AVX2_INLINE Reads reads_of(__m256i x, __m256i y, __m256i pitch) {
    constexpr int entry_bits = 3;  // four taps are 2^3 bytes
    const __m256i entry = _mm256_set1_epi64x((kPhases - 1) << entry_bits);
    constexpr int down_to_entry = kPositionBits - kPhaseBits - entry_bits;
    const __m256i column = _mm256_srli_epi64(x, kPositionBits);
    const __m256i row = _mm256_srli_epi64(y, kPositionBits);
    const __m256i at = _mm256_add_epi64(_mm256_mul_epi32(row, pitch),
                                        _mm256_slli_epi64(column, 1));
    Reads reads;
    _mm256_store_si256(reinterpret_cast<__m256i *>(reads.at), at);
    _mm256_store_si256(reinterpret_cast<__m256i *>(reads.across),
                       _mm256_and_si256(_mm256_srli_epi64(x, down_to_entry), entry));
    _mm256_store_si256(reinterpret_cast<__m256i *>(reads.down),
                       _mm256_and_si256(_mm256_srli_epi64(y, down_to_entry), entry));
    return reads;
}

// The four rows of four samples times the taps across: sums of pairs, rows 0 and 1 below.
EDL_AVX2_INLINE __m256i pairs_across(const char *first, int64_t pitch, const char *taps) {
    const char *third = first + 2 * pitch;
    const __m128i upper = _mm_set_epi64x(load_64(first + pitch), load_64(first));
    const __m128i lower = _mm_set_epi64x(load_64(third + pitch), load_64(third));
    const __m256i samples = _mm256_inserti128_si256(_mm256_castsi128_si256(upper), lower, 1);
    return _mm256_madd_epi16(samples, _mm256_set1_epi64x(load_64(taps)));
}

EDL_AVX2_INLINE __m128 two_taps(const char *taps, const int64_t *at) {
    return _mm_castsi128_ps(_mm_set_epi64x(load_64(taps + at[1]), load_64(taps + at[0])));
}

// Taps of rows 0 and 1 of four samples, then those of rows 2 and 3.
EDL_AVX2_INLINE __m256i taps_down(const char *taps, const int64_t *at) {
    const __m128 first = two_taps(taps, at);
    const __m128 second = two_taps(taps, at + 2);
    const __m128i upper = _mm_castps_si128(_mm_shuffle_ps(first, second, 0x88));
    const __m128i lower = _mm_castps_si128(_mm_shuffle_ps(first, second, 0xdd));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(upper), lower, 1);
}

EDL_AVX2_INLINE __m128i warp_four(const char *plane, int64_t pitch, const char *taps,
                                  const Reads &reads) {
    const __m256i a = pairs_across(plane + reads.at[0], pitch, taps + reads.across[0]);
    const __m256i b = pairs_across(plane + reads.at[1], pitch, taps + reads.across[1]);
    const __m256i c = pairs_across(plane + reads.at[2], pitch, taps + reads.across[2]);
    const __m256i d = pairs_across(plane + reads.at[3], pitch, taps + reads.across[3]);
    const __m256i bias = _mm256_set1_epi32(kWeightRound - kWorkingHalf * kWeightOne);
    const __m256i ab = _mm256_add_epi32(_mm256_hadd_epi32(a, b), bias);
    const __m256i cd = _mm256_add_epi32(_mm256_hadd_epi32(c, d), bias);
    const __m256i working = _mm256_packs_epi32(_mm256_srai_epi32(ab, kWeightBits),
                                               _mm256_srai_epi32(cd, kWeightBits));
    const __m256i rows = _mm256_madd_epi16(working, taps_down(taps, reads.down));
    const __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(rows),
                                      _mm256_extracti128_si256(rows, 1));
    // Rounding and the step from working samples to codes, at once.
    const __m128i centre = _mm_set1_epi32(kWeightRound + kWorkingHalf * kWeightOne);
    return _mm_srai_epi32(_mm_add_epi32(sum, centre), kWeightBits);
}

EDL_AVX2_INLINE __m256i four_from(int64_t start, int64_t step) {
    return _mm256_setr_epi64x(start, start + step, start + 2 * step, start + 3 * step);
}

EDL_AVX2 int warp_inside(const PlaneView<const uint16_t> &source, int64_t x, int64_t y,
                         int64_t column_x, int64_t column_y, const int16_t *taps, uint16_t *out,
                         int count) {
    if (count < 4 || source.pitch != static_cast<int32_t>(source.pitch)) return 0;
    const char *plane = reinterpret_cast<const char *>(source.data) - source.pitch - 2;
    const char *table = reinterpret_cast<const char *>(taps);
    const __m256i pitch = _mm256_set1_epi64x(source.pitch);
    const __m256i step_x = _mm256_set1_epi64x(4 * column_x);
    const __m256i step_y = _mm256_set1_epi64x(4 * column_y);
    const __m128i most = _mm_set1_epi16(kMostCode);
    __m256i at_x = four_from(x + kPhaseRound, column_x);
    __m256i at_y = four_from(y + kPhaseRound, column_y);
    int i = 0;
    for (; i + 4 <= count; i += 4) {
        const __m128i four = warp_four(plane, source.pitch, table, reads_of(at_x, at_y, pitch));
        const __m128i codes = _mm_min_epu16(_mm_packus_epi32(four, four), most);
        _mm_storel_epi64(reinterpret_cast<__m128i *>(out + i), codes);
        at_x = _mm256_add_epi64(at_x, step_x);
        at_y = _mm256_add_epi64(at_y, step_y);
    }
    return i;
}

}  // namespace edl2ffmpeg::rows::avx2
#endif
