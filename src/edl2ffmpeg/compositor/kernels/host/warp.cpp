#include "warp.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "../warp.h"
#include "dispatch.h"

#if EDL_HAVE_AVX2_PATHS
#include <immintrin.h>
#endif

namespace edl2ffmpeg {
namespace {

using View = PlaneView<const uint16_t>;

std::array<int16_t, 4 * kPhases> make_taps() {
    std::array<int16_t, 4 * kPhases> taps{};
    for (int phase = 0; phase < kPhases; ++phase) {
        const double t = static_cast<double>(phase) / kPhases;
        const double weights[4] = {((-0.5 * t + 1) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1,
                                   ((-1.5 * t + 2) * t + 0.5) * t, (0.5 * t - 0.5) * t * t};
        int16_t *four = taps.data() + 4 * phase;
        int sum = 0;
        for (int k = 0; k < 4; ++k) {
            four[k] = static_cast<int16_t>(std::lround(weights[k] * kWeightOne));
            sum += four[k];
        }
        // What rounding leaves over goes to the larger of the two taps in the middle.
        four[phase < kPhases / 2 ? 1 : 2] += static_cast<int16_t>(kWeightOne - sum);
    }
    return taps;
}

const int16_t *taps() {
    static const auto table = make_taps();
    return table.data();
}

struct Place {
    int64_t x, y;
};

Place place_of(const WarpMap &map, int i, int j) {
    return {map.origin_x + i * map.column_x + j * map.row_x,
            map.origin_y + i * map.column_y + j * map.row_y};
}

// Whether all sixteen samples that are read lie in the picture.
bool is_inside(const View &source, Place at) {
    const int64_t x = to_phases(at.x) >> kPhaseBits, y = to_phases(at.y) >> kPhaseBits;
    return x >= 1 && y >= 1 && x + 2 < source.width && y + 2 < source.height;
}

uint16_t sample_near_edge(const View &source, Place at) {
    const int64_t x = to_phases(at.x) >> kPhaseBits, y = to_phases(at.y) >> kPhaseBits;
    if (x < -2 || y < -2 || x > source.width + 1 || y > source.height + 1)
        return source.at(static_cast<int32_t>(std::clamp<int64_t>(x, 0, source.width - 1)),
                         static_cast<int32_t>(std::clamp<int64_t>(y, 0, source.height - 1)));
    return static_cast<uint16_t>(warp_sample(source, at.x, at.y, taps()));
}

void warp_span(const View &source, uint16_t *out, const WarpMap &map, int j, int start, int end) {
    for (int i = start; i < end; ++i) out[i] = sample_near_edge(source, place_of(map, i, j));
}

#if EDL_HAVE_AVX2_PATHS
#define EDL_AVX2 __attribute__((target("avx2")))
#define EDL_AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

EDL_AVX2_INLINE long long load_64(const void *from) {
    long long value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

struct Corner {
    const uint16_t *first;  // the upper left of the sixteen samples
    const int16_t *across;
    const int16_t *down;
};

EDL_AVX2_INLINE Corner corner_of(const View &source, Place at, const int16_t *table) {
    const int64_t x = to_phases(at.x), y = to_phases(at.y);
    const auto left = static_cast<int32_t>(x >> kPhaseBits) - 1;
    const auto top = static_cast<int32_t>(y >> kPhaseBits) - 1;
    return {source.row(top) + left, table + 4 * (x & (kPhases - 1)),
            table + 4 * (y & (kPhases - 1))};
}

// Eight int32: the sums of pairs of taps in each of the four rows of one place.
EDL_AVX2_INLINE __m256i row_sums(const Corner &corner, int64_t pitch) {
    const auto *bytes = reinterpret_cast<const uint8_t *>(corner.first);
    const __m256i samples =
        _mm256_set_epi64x(load_64(bytes + 3 * pitch), load_64(bytes + 2 * pitch),
                          load_64(bytes + pitch), load_64(bytes));
    return _mm256_madd_epi16(samples, _mm256_set1_epi64x(load_64(corner.across)));
}

// Four places inside of the picture at a time; returns where the rest begins.
EDL_AVX2 int warp_inside(const View &source, uint16_t *out, const WarpMap &map, int j, int start,
                         int end) {
    const int16_t *table = taps();
    const __m256i bias = _mm256_set1_epi32(kWeightRound - (kWorkingHalf << kWeightBits));
    const __m128i last_bias = _mm_set1_epi32(kWeightRound);
    const __m128i half = _mm_set1_epi32(kWorkingHalf);
    const __m128i most = _mm_set1_epi32(2 * kWorkingHalf - 1);
    Place at = place_of(map, start, j);
    int i = start;
    for (; i + 4 <= end; i += 4) {
        Corner corners[4];
        for (Corner &corner : corners) {
            corner = corner_of(source, at, table);
            at.x += map.column_x;
            at.y += map.column_y;
        }
        const __m256i ab = _mm256_hadd_epi32(row_sums(corners[0], source.pitch),
                                             row_sums(corners[1], source.pitch));
        const __m256i cd = _mm256_hadd_epi32(row_sums(corners[2], source.pitch),
                                             row_sums(corners[3], source.pitch));
        // Rows 0 and 1 of all four places in the lower half, rows 2 and 3 in the upper.
        const __m256i lines =
            _mm256_packs_epi32(_mm256_srai_epi32(_mm256_add_epi32(ab, bias), kWeightBits),
                               _mm256_srai_epi32(_mm256_add_epi32(cd, bias), kWeightBits));
        const __m128i down_ab =
            _mm_unpacklo_epi32(_mm_cvtsi64_si128(load_64(corners[0].down)),
                               _mm_cvtsi64_si128(load_64(corners[1].down)));
        const __m128i down_cd =
            _mm_unpacklo_epi32(_mm_cvtsi64_si128(load_64(corners[2].down)),
                               _mm_cvtsi64_si128(load_64(corners[3].down)));
        const __m256i down = _mm256_set_m128i(_mm_unpackhi_epi64(down_ab, down_cd),
                                              _mm_unpacklo_epi64(down_ab, down_cd));
        const __m256i pairs = _mm256_madd_epi16(lines, down);
        const __m128i sums = _mm_add_epi32(
            _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1)),
            last_bias);
        const __m128i codes = _mm_add_epi32(_mm_srai_epi32(sums, kWeightBits), half);
        const __m128i kept = _mm_min_epi32(_mm_max_epi32(codes, _mm_setzero_si128()), most);
        _mm_storel_epi64(reinterpret_cast<__m128i *>(out + i), _mm_packus_epi32(kept, kept));
    }
    return i;
}
#endif

}  // namespace

void warp_plane(const Plane &source, const Plane &target, const WarpMap &map, int row_start,
                int row_end) {
    const View from{reinterpret_cast<const uint16_t *>(source.address), source.pitch, 1,
                    source.width, source.height};
    for (int j = row_start; j < row_end; ++j) {
        auto *out = reinterpret_cast<uint16_t *>(target.address + j * target.pitch);
        int start = 0;
#if EDL_HAVE_AVX2_PATHS
        if (__builtin_cpu_supports("avx2")) {
            // A row crosses the picture once: what is inside is one span.
            int end = target.width;
            while (start < end && !is_inside(from, place_of(map, start, j))) ++start;
            while (end > start && !is_inside(from, place_of(map, end - 1, j))) --end;
            warp_span(from, out, map, j, 0, start);
            start = warp_inside(from, out, map, j, start, end);
        }
#endif
        warp_span(from, out, map, j, start, target.width);
    }
}

}  // namespace edl2ffmpeg
