// The passes of the blur with the multiply-add of pairs; bit for bit those of blur_rows.cpp.
#include "blur_rows.h"

#if EDL_HAVE_AVX2_PATHS
#include <immintrin.h>

#include <cstring>

#include "../blur.h"

#define EDL_AVX2 __attribute__((target("avx2")))
#define EDL_AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

namespace edl2ffmpeg::rows::avx2 {

EDL_AVX2_INLINE __m256i load(const int16_t *from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from));
}
EDL_AVX2_INLINE void store(void *to, __m256i value) {
    _mm256_storeu_si256(static_cast<__m256i *>(to), value);
}
EDL_AVX2_INLINE __m256i pair(const int16_t *taps) {
    int value;
    std::memcpy(&value, taps, sizeof value);
    return _mm256_set1_epi32(value);
}
EDL_AVX2_INLINE long long load_64(const void *from) {
    long long value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// Sums of even and of odd outputs, so that every pair of samples is loaded as it lies.
EDL_AVX2 int blur_across_row(const int16_t *in, const int16_t *taps, int count, int shift,
                             int16_t *out, int width) {
    const __m256i round = _mm256_set1_epi32(1 << (shift - 1));
    const __m128i down = _mm_cvtsi32_si128(shift);
    const __m128i up = _mm_cvtsi32_si128(16 - shift);
    int x = 0;
    for (; x + 16 <= width; x += 16) {
        __m256i even = round;
        __m256i odd = round;
        for (int k = 0; k < count; k += 2) {
            const __m256i weights = pair(taps + k);
            even = _mm256_add_epi32(even, _mm256_madd_epi16(load(in + x + k), weights));
            odd = _mm256_add_epi32(odd, _mm256_madd_epi16(load(in + x + k + 1), weights));
        }
        store(out + x, _mm256_blend_epi16(_mm256_srl_epi32(even, down),
                                          _mm256_sll_epi32(odd, up), 0xaa));
    }
    return x;
}

EDL_AVX2 int halve_across_row(const int16_t *in, int16_t *out, int width) {
    const __m256i left = _mm256_set1_epi32(0x00030001);
    const __m256i right = _mm256_set1_epi32(0x00010003);
    const __m256i round = _mm256_set1_epi32(1 << (kHalvingBits - 1));
    int x = 0;
    for (; x + 16 <= width; x += 16) {
        __m256i halves[2];
        for (int half = 0; half < 2; ++half) {
            const int16_t *from = in + 2 * x + 16 * half + kHalvingFirst;
            const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(load(from), left),
                                                 _mm256_madd_epi16(load(from + 2), right));
            halves[half] = _mm256_srai_epi32(_mm256_add_epi32(sum, round), kHalvingBits);
        }
        const __m256i packed = _mm256_packs_epi32(halves[0], halves[1]);
        store(out + x, _mm256_permute4x64_epi64(packed, 0xd8));
    }
    return x;
}

EDL_AVX2_INLINE __m256i four_at(const int16_t *in, const int32_t *at) {
    const __m128i low = _mm_set_epi64x(load_64(in + at[1]), load_64(in + at[0]));
    const __m128i high = _mm_set_epi64x(load_64(in + at[3]), load_64(in + at[2]));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

EDL_AVX2 int expand_across_row(const int16_t *in, const int32_t *positions, const int16_t *taps,
                               int16_t *out, int width) {
    const __m256i round = _mm256_set1_epi32(1 << (kExpandBits - 1));
    int x = 0;
    for (; x + 8 <= width; x += 8) {
        const __m256i low = _mm256_madd_epi16(four_at(in, positions + x), load(taps + 4 * x));
        const __m256i high =
            _mm256_madd_epi16(four_at(in, positions + x + 4), load(taps + 4 * x + 16));
        const __m256i mixed = _mm256_hadd_epi32(low, high);
        const __m256i sums = _mm256_permute4x64_epi64(mixed, 0xd8);
        const __m256i done = _mm256_srai_epi32(_mm256_add_epi32(sums, round), kExpandBits);
        const __m128i packed = _mm_packs_epi32(_mm256_castsi256_si128(done),
                                               _mm256_extracti128_si256(done, 1));
        _mm_storeu_si128(reinterpret_cast<__m128i *>(out + x), packed);
    }
    return x;
}

// Sixteen samples as two halves in the order of unpacking, which packing undoes.
struct Sums {
    __m256i low;
    __m256i high;
};

EDL_AVX2_INLINE Sums sums_down(const DownTaps &taps, int x, __m256i start) {
    Sums sums{start, start};
    for (int k = 0; k < taps.count; k += 2) {
        const __m256i weights = pair(taps.taps + k);
        const __m256i a = load(taps.rows[k] + x);
        const __m256i b = load(taps.rows[k + 1] + x);
        sums.low = _mm256_add_epi32(
            sums.low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), weights));
        sums.high = _mm256_add_epi32(
            sums.high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), weights));
    }
    return sums;
}

EDL_AVX2 int blur_down_row(const DownTaps &taps, int16_t *out, int width) {
    const __m256i round = _mm256_set1_epi32(1 << (taps.shift - 1));
    const __m128i shift = _mm_cvtsi32_si128(taps.shift);
    int x = 0;
    for (; x + 16 <= width; x += 16) {
        const Sums sums = sums_down(taps, x, round);
        store(out + x, _mm256_packs_epi32(_mm256_sra_epi32(sums.low, shift),
                                          _mm256_sra_epi32(sums.high, shift)));
    }
    return x;
}

EDL_AVX2 int blur_down_to_codes(const DownTaps &taps, uint16_t *out, int width) {
    const __m256i round = _mm256_set1_epi32(1 << taps.shift);
    const __m128i shift = _mm_cvtsi32_si128(taps.shift + 1);
    const __m256i centre = _mm256_set1_epi32(kWorkingHalf);
    const __m256i most = _mm256_set1_epi16(kMostCode);
    int x = 0;
    for (; x + 16 <= width; x += 16) {
        const Sums sums = sums_down(taps, x, round);
        const __m256i low = _mm256_add_epi32(_mm256_sra_epi32(sums.low, shift), centre);
        const __m256i high = _mm256_add_epi32(_mm256_sra_epi32(sums.high, shift), centre);
        store(out + x, _mm256_min_epu16(_mm256_packus_epi32(low, high), most));
    }
    return x;
}

}  // namespace edl2ffmpeg::rows::avx2
#endif
