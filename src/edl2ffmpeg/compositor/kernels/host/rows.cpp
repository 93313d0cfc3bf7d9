#include "rows.h"

#include "../pattern.h"
#include "../pointwise.h"
#include "../resample.h"
#include "../working.h"
#include "dispatch.h"
#include "filter_avx2.h"

namespace edl2ffmpeg::rows {
namespace {

// Each body is a template that is inlined into one plain function per sample type: the attribute
// that makes clones is reliable only on those.

template <class In, class Out, class Accumulator>
EDL_INLINE void affine_body(const In *EDL_RESTRICT in, int in_step, int in_shift,
                            Out *EDL_RESTRICT out, int out_step, int out_shift, int width,
                            Accumulator scale, Accumulator offset, int shift, int minimum,
                            int maximum) {
    if (out_step == 1 && in_step == 1) {
        for (int x = 0; x < width; ++x)
            out[x] = static_cast<Out>(
                affine<Accumulator>(in[x] >> in_shift, scale, offset, shift, minimum, maximum)
                << out_shift);
    } else if (out_step == 1 && in_step == 2) {
        for (int x = 0; x < width; ++x)
            out[x] = static_cast<Out>(
                affine<Accumulator>(in[2 * x] >> in_shift, scale, offset, shift, minimum, maximum)
                << out_shift);
    } else {
        for (int x = 0; x < width; ++x)
            out[x * out_step] = static_cast<Out>(
                affine<Accumulator>(in[x * in_step] >> in_shift, scale, offset, shift, minimum, maximum)
                << out_shift);
    }
}

template <class In, class Out>
EDL_INLINE void look_up_body(const In *EDL_RESTRICT in, int in_step, int in_shift,
                             Out *EDL_RESTRICT out, int out_step, int out_shift, int width,
                             const uint16_t *EDL_RESTRICT table, int last) {
    for (int x = 0; x < width; ++x)
        out[x * out_step] =
            static_cast<Out>(look_up(in[x * in_step] >> in_shift, table, last) << out_shift);
}

template <class In>
EDL_INLINE void unpack_body(const In *EDL_RESTRICT in, int step, int shift,
                            int16_t *EDL_RESTRICT out, int width, int flip) {
    switch (step) {
        case 1:
            for (int x = 0; x < width; ++x)
                out[x] = static_cast<int16_t>((in[x] >> shift) ^ flip);
            break;
        case 2:
            for (int x = 0; x < width; ++x)
                out[x] = static_cast<int16_t>((in[2 * x] >> shift) ^ flip);
            break;
        case 3:
            for (int x = 0; x < width; ++x)
                out[x] = static_cast<int16_t>((in[3 * x] >> shift) ^ flip);
            break;
        case 4:
            for (int x = 0; x < width; ++x)
                out[x] = static_cast<int16_t>((in[4 * x] >> shift) ^ flip);
            break;
        default:
            for (int x = 0; x < width; ++x)
                out[x] = static_cast<int16_t>((in[x * step] >> shift) ^ flip);
    }
}

template <class In>
EDL_INLINE void filter_across_body(const In *EDL_RESTRICT in, int16_t *EDL_RESTRICT out, int start,
                                   int end, const AcrossFilter &filter) {
    const int count = filter.tap_count;
    for (int x = start; x < end; ++x)
        out[x] = filter_across(in + filter.positions[x], filter.taps + x * count, count,
                               filter.bias, filter.shift);
}

template <class Out>
EDL_INLINE void quantise_body(const int16_t *EDL_RESTRICT in, Out *EDL_RESTRICT out, int step,
                              int left, int width, int scale, int offset, int shift, int maximum) {
    if (step == 1) {
        for (int x = 0; x < width; ++x)
            out[x] = static_cast<Out>(quantise(in[x], scale, offset, shift, maximum) << left);
    } else {
        for (int x = 0; x < width; ++x)
            out[x * step] =
                static_cast<Out>(quantise(in[x], scale, offset, shift, maximum) << left);
    }
}

template <class Out>
EDL_INLINE void blend_body(const int16_t *EDL_RESTRICT in, const int16_t *EDL_RESTRICT coverage,
                           Out *EDL_RESTRICT out, int step, int left, int width, int scale,
                           int offset, int depth) {
    if (step == 1) {
        for (int x = 0; x < width; ++x)
            out[x] = static_cast<Out>(
                blend_over(in[x], scale, offset, coverage[x], out[x] >> left, depth) << left);
    } else {
        for (int x = 0; x < width; ++x)
            out[x * step] = static_cast<Out>(
                blend_over(in[x], scale, offset, coverage[x], out[x * step] >> left, depth)
                << left);
    }
}

template <class Out>
EDL_INLINE void pattern_body(const uint16_t *EDL_RESTRICT phase_x, int phase_y,
                             const uint16_t *EDL_RESTRICT phase_sum, int sum_step,
                             const uint16_t *EDL_RESTRICT palette, int mask, Out *EDL_RESTRICT out,
                             int width) {
    for (int x = 0; x < width; ++x)
        out[x] = static_cast<Out>(
            pattern_sample(phase_x[x], phase_y, phase_sum[x * sum_step], palette, mask));
}

#define EDL_AFFINE(NAME, IN, OUT, ACCUMULATOR)                                                    \
    EDL_CLONES void NAME(const IN *in, int in_step, int in_shift, OUT *out, int out_step,         \
                         int out_shift, int width, ACCUMULATOR scale, ACCUMULATOR offset,         \
                         int shift, int minimum, int maximum) {                                   \
        affine_body<IN, OUT, ACCUMULATOR>(in, in_step, in_shift, out, out_step, out_shift, width, \
                                          scale, offset, shift, minimum, maximum);                \
    }
EDL_AFFINE(affine_8_8, uint8_t, uint8_t, int32_t)
EDL_AFFINE(affine_8_16, uint8_t, uint16_t, int32_t)
EDL_AFFINE(affine_16_8, uint16_t, uint8_t, int32_t)
EDL_AFFINE(affine_16_16, uint16_t, uint16_t, int32_t)
EDL_AFFINE(affine_8_8_wide, uint8_t, uint8_t, int64_t)
EDL_AFFINE(affine_8_16_wide, uint8_t, uint16_t, int64_t)
EDL_AFFINE(affine_16_8_wide, uint16_t, uint8_t, int64_t)
EDL_AFFINE(affine_16_16_wide, uint16_t, uint16_t, int64_t)

#define EDL_AFFINE_ROW(IN, OUT, NARROW, WIDE)                                                      \
    template <>                                                                                    \
    void affine_row<IN, OUT>(Samples<const IN> in, Samples<OUT> out, int width,                    \
                             const Affine &a) {                                                    \
        if (a.wide)                                                                                \
            WIDE(in.data, in.step, in.shift, out.data, out.step, out.shift, width, a.scale,        \
                 a.offset, a.shift, a.minimum, a.maximum);                                         \
        else                                                                                       \
            NARROW(in.data, in.step, in.shift, out.data, out.step, out.shift, width,               \
                   static_cast<int32_t>(a.scale), static_cast<int32_t>(a.offset), a.shift,         \
                   a.minimum, a.maximum);                                                          \
    }

EDL_CLONES void unpack_8(const uint8_t *in, int step, int shift, int16_t *out, int width,
                         int flip) {
    unpack_body(in, step, shift, out, width, flip);
}
EDL_CLONES void unpack_16(const uint16_t *in, int step, int shift, int16_t *out, int width,
                          int flip) {
    unpack_body(in, step, shift, out, width, flip);
}

EDL_CLONES void to_working_8(const uint8_t *EDL_RESTRICT in, int16_t *EDL_RESTRICT out,
                             int width) {
    for (int x = 0; x < width; ++x) out[x] = to_working(in[x], 8);
}
EDL_CLONES void to_working_16(const int16_t *EDL_RESTRICT in, int16_t *EDL_RESTRICT out, int width,
                              int centre, int left) {
    for (int x = 0; x < width; ++x) out[x] = static_cast<int16_t>((in[x] - centre) * (1 << left));
}
EDL_CLONES void halve_row(const int16_t *EDL_RESTRICT in, int16_t *EDL_RESTRICT out, int width) {
    for (int x = 0; x < width; ++x) out[x] = static_cast<int16_t>(in[x] >> 1);
}

EDL_CLONES void quantise_8(const int16_t *in, uint8_t *out, int step, int left, int width,
                           int scale, int offset, int shift, int maximum) {
    quantise_body(in, out, step, left, width, scale, offset, shift, maximum);
}
EDL_CLONES void quantise_16(const int16_t *in, uint16_t *out, int step, int left, int width,
                            int scale, int offset, int shift, int maximum) {
    quantise_body(in, out, step, left, width, scale, offset, shift, maximum);
}
EDL_CLONES void blend_8(const int16_t *in, const int16_t *coverage, uint8_t *out, int step,
                        int left, int width, int scale, int offset, int depth) {
    blend_body(in, coverage, out, step, left, width, scale, offset, depth);
}
EDL_CLONES void blend_16(const int16_t *in, const int16_t *coverage, uint16_t *out, int step,
                         int left, int width, int scale, int offset, int depth) {
    blend_body(in, coverage, out, step, left, width, scale, offset, depth);
}

EDL_CLONES void combine_one(const int16_t *EDL_RESTRICT a, int wa, int offset,
                            int16_t *EDL_RESTRICT out, int width) {
    for (int x = 0; x < width; ++x) out[x] = combine1(a[x], wa, offset);
}
EDL_CLONES void combine_two(const int16_t *EDL_RESTRICT a, const int16_t *EDL_RESTRICT b, int wa,
                            int wb, int offset, int16_t *EDL_RESTRICT out, int width) {
    for (int x = 0; x < width; ++x) out[x] = combine2(a[x], b[x], wa, wb, offset);
}
EDL_CLONES void combine_three(const int16_t *EDL_RESTRICT a, const int16_t *EDL_RESTRICT b,
                              const int16_t *EDL_RESTRICT c, int wa, int wb, int wc, int offset,
                              int16_t *EDL_RESTRICT out, int width) {
    for (int x = 0; x < width; ++x) out[x] = combine3(a[x], b[x], c[x], wa, wb, wc, offset);
}

EDL_CLONES void filter_down_four(const int16_t *EDL_RESTRICT a, const int16_t *EDL_RESTRICT b,
                                 const int16_t *EDL_RESTRICT c, const int16_t *EDL_RESTRICT d,
                                 const int16_t *taps, int16_t *EDL_RESTRICT out, int width) {
    const int wa = taps[0], wb = taps[1], wc = taps[2], wd = taps[3];
    for (int x = 0; x < width; ++x)
        out[x] = finish_down(a[x] * wa + b[x] * wb + c[x] * wc + d[x] * wd);
}

constexpr int kColumnBlock = 512;

EDL_CLONES void filter_down_block(const int16_t *const *rows, const int16_t *taps, int tap_count,
                                  int start, int16_t *EDL_RESTRICT out, int width) {
    int32_t sums[kColumnBlock] = {};
    for (int k = 0; k < tap_count; ++k) {
        const int16_t *EDL_RESTRICT row = rows[k] + start;
        const int weight = taps[k];
        for (int x = 0; x < width; ++x) sums[x] += row[x] * weight;
    }
    for (int x = 0; x < width; ++x) out[start + x] = finish_down(sums[x]);
}

}  // namespace

EDL_AFFINE_ROW(uint8_t, uint8_t, affine_8_8, affine_8_8_wide)
EDL_AFFINE_ROW(uint8_t, uint16_t, affine_8_16, affine_8_16_wide)
EDL_AFFINE_ROW(uint16_t, uint8_t, affine_16_8, affine_16_8_wide)
EDL_AFFINE_ROW(uint16_t, uint16_t, affine_16_16, affine_16_16_wide)

#define EDL_LOOK_UP_ROW(IN, OUT)                                                              \
    template <>                                                                               \
    void look_up_row<IN, OUT>(Samples<const IN> in, Samples<OUT> out, int width,              \
                              const uint16_t *table, int last) {                              \
        if (in.step == 1 && out.step == 1)                                                    \
            look_up_body(in.data, 1, in.shift, out.data, 1, out.shift, width, table, last);   \
        else                                                                                  \
            look_up_body(in.data, in.step, in.shift, out.data, out.step, out.shift, width,    \
                         table, last);                                                        \
    }
EDL_LOOK_UP_ROW(uint8_t, uint8_t)
EDL_LOOK_UP_ROW(uint8_t, uint16_t)
EDL_LOOK_UP_ROW(uint16_t, uint8_t)
EDL_LOOK_UP_ROW(uint16_t, uint16_t)

template <>
void unpack_row<uint8_t>(Samples<const uint8_t> in, int16_t *out, int width, bool) {
    unpack_8(in.data, in.step, in.shift, out, width, 0);
}
template <>
void unpack_row<uint16_t>(Samples<const uint16_t> in, int16_t *out, int width, bool flip) {
    unpack_16(in.data, in.step, in.shift, out, width, flip ? 0x8000 : 0);
}

template <>
void to_working_row<uint8_t>(const uint8_t *in, int16_t *out, int width, int) {
    to_working_8(in, out, width);
}
template <>
void to_working_row<int16_t>(const int16_t *in, int16_t *out, int width, int depth) {
    if (depth > kWorkingDepth)
        halve_row(in, out, width);
    else
        to_working_16(in, out, width, 1 << (depth - 1), kWorkingDepth - depth);
}

template <class In>
static void filter_across_any(const In *in, int16_t *out, int width, const AcrossFilter &filter) {
    int done = 0;
#if EDL_HAVE_AVX2_PATHS
    if (avx2::available()) done = avx2::filter_across_row(in, out, width, filter);
#endif
    filter_across_body(in, out, done, width, filter);
}
template <>
void filter_across_row<uint8_t>(const uint8_t *in, int16_t *out, int width,
                                const AcrossFilter &filter) {
    filter_across_any(in, out, width, filter);
}
template <>
void filter_across_row<int16_t>(const int16_t *in, int16_t *out, int width,
                                const AcrossFilter &filter) {
    filter_across_any(in, out, width, filter);
}

void filter_down_row(const int16_t *const *rows, const int16_t *taps, int tap_count, int16_t *out,
                     int width) {
    int done = 0;
#if EDL_HAVE_AVX2_PATHS
    if (avx2::available()) done = avx2::filter_down_row(rows, taps, tap_count, out, width);
#endif
    if (done == 0 && tap_count == 4) {
        filter_down_four(rows[0], rows[1], rows[2], rows[3], taps, out, width);
        return;
    }
    for (int start = done; start < width; start += kColumnBlock)
        filter_down_block(rows, taps, tap_count, start, out,
                          width - start < kColumnBlock ? width - start : kColumnBlock);
}

void combine_row(const int16_t *const *in, const int *weights, int count, int offset, int16_t *out,
                 int width) {
    if (count == 0) {
        const int16_t value = combine1(0, 0, offset);
        for (int x = 0; x < width; ++x) out[x] = value;
    } else if (count == 1) {
        combine_one(in[0], weights[0], offset, out, width);
    } else if (count == 2) {
        combine_two(in[0], in[1], weights[0], weights[1], offset, out, width);
    } else {
        combine_three(in[0], in[1], in[2], weights[0], weights[1], weights[2], offset, out, width);
    }
}

void look_up_working_row(const int16_t *in, const int16_t *table, int16_t *out, int width) {
    for (int x = 0; x < width; ++x) out[x] = look_up_working(in[x], table);
}

EDL_CLONES void coverage_row(const int16_t *EDL_RESTRICT alpha, int scale, int offset, int most,
                             int16_t *EDL_RESTRICT out, int width) {
    for (int x = 0; x < width; ++x) out[x] = coverage_of(alpha[x], scale, offset, most);
}

EDL_CLONES void multiply_row(int16_t *EDL_RESTRICT covered, const int16_t *EDL_RESTRICT factors,
                             int factor, int width) {
    for (int x = 0; x < width; ++x)
        covered[x] = times(times(covered[x], factors[x]), factor);
}

EDL_CLONES void premultiply_row(uint16_t *EDL_RESTRICT colour, const uint16_t *EDL_RESTRICT alpha,
                                int width) {
    for (int x = 0; x < width; ++x)
        colour[x] = static_cast<uint16_t>(premultiplied(colour[x], alpha[x]));
}
EDL_CLONES void unpremultiply_row(int16_t *EDL_RESTRICT colour, const int16_t *EDL_RESTRICT alpha,
                                  int width) {
    for (int x = 0; x < width; ++x) colour[x] = unpremultiplied(colour[x], alpha[x]);
}

template <class Out>
EDL_INLINE void mix_body(const int16_t *EDL_RESTRICT a, const int16_t *EDL_RESTRICT a_coverage,
                         const int16_t *EDL_RESTRICT b, const int16_t *EDL_RESTRICT b_coverage,
                         const int16_t *EDL_RESTRICT weights, Out *EDL_RESTRICT out, int step,
                         int left, int width, int depth) {
    for (int x = 0; x < width; ++x) {
        const int32_t below = out[x * step] >> left;
        out[x * step] = static_cast<Out>(
            mix_over(a[x], a_coverage[x], b[x], b_coverage[x], weights[x], below, depth) << left);
    }
}
EDL_CLONES void mix_8(const int16_t *a, const int16_t *a_coverage, const int16_t *b,
                      const int16_t *b_coverage, const int16_t *weights, uint8_t *out, int step,
                      int left, int width, int depth) {
    if (step == 1)
        mix_body(a, a_coverage, b, b_coverage, weights, out, 1, left, width, depth);
    else
        mix_body(a, a_coverage, b, b_coverage, weights, out, step, left, width, depth);
}
EDL_CLONES void mix_16(const int16_t *a, const int16_t *a_coverage, const int16_t *b,
                       const int16_t *b_coverage, const int16_t *weights, uint16_t *out, int step,
                       int left, int width, int depth) {
    if (step == 1)
        mix_body(a, a_coverage, b, b_coverage, weights, out, 1, left, width, depth);
    else
        mix_body(a, a_coverage, b, b_coverage, weights, out, step, left, width, depth);
}
template <>
void mix_row<uint8_t>(const int16_t *a, const int16_t *a_coverage, const int16_t *b,
                      const int16_t *b_coverage, const int16_t *weights, Samples<uint8_t> out,
                      int width, int depth) {
    mix_8(a, a_coverage, b, b_coverage, weights, out.data, out.step, out.shift, width, depth);
}
template <>
void mix_row<uint16_t>(const int16_t *a, const int16_t *a_coverage, const int16_t *b,
                       const int16_t *b_coverage, const int16_t *weights, Samples<uint16_t> out,
                       int width, int depth) {
    mix_16(a, a_coverage, b, b_coverage, weights, out.data, out.step, out.shift, width, depth);
}

template <class Sample>
EDL_INLINE void cross_body(const Sample *EDL_RESTRICT a, const Sample *EDL_RESTRICT b,
                           Sample *EDL_RESTRICT out, int step, int left, int width, int weight) {
    for (int x = 0; x < width; ++x)
        out[x * step] =
            static_cast<Sample>(cross(a[x * step] >> left, b[x * step] >> left, weight) << left);
}
EDL_CLONES void cross_8(const uint8_t *a, const uint8_t *b, uint8_t *out, int width, int weight) {
    cross_body(a, b, out, 1, 0, width, weight);
}
EDL_CLONES void cross_16(const uint16_t *a, const uint16_t *b, uint16_t *out, int left, int width,
                         int weight) {
    cross_body(a, b, out, 1, left, width, weight);
}
template <>
void cross_row<uint8_t>(Samples<const uint8_t> a, Samples<const uint8_t> b, Samples<uint8_t> out,
                        int width, int weight) {
    if (out.step == 1 && out.shift == 0)
        cross_8(a.data, b.data, out.data, width, weight);
    else
        cross_body(a.data, b.data, out.data, out.step, out.shift, width, weight);
}
template <>
void cross_row<uint16_t>(Samples<const uint16_t> a, Samples<const uint16_t> b,
                         Samples<uint16_t> out, int width, int weight) {
    if (out.step == 1)
        cross_16(a.data, b.data, out.data, out.shift, width, weight);
    else
        cross_body(a.data, b.data, out.data, out.step, out.shift, width, weight);
}

template <>
void quantise_row<uint8_t>(const int16_t *in, Samples<uint8_t> out, int width, int scale,
                           int offset, int shift, int maximum) {
    quantise_8(in, out.data, out.step, out.shift, width, scale, offset, shift, maximum);
}
template <>
void quantise_row<uint16_t>(const int16_t *in, Samples<uint16_t> out, int width, int scale,
                            int offset, int shift, int maximum) {
    quantise_16(in, out.data, out.step, out.shift, width, scale, offset, shift, maximum);
}

template <>
void blend_row<uint8_t>(const int16_t *in, const int16_t *coverage, Samples<uint8_t> out,
                        int width, int scale, int offset, int depth) {
    blend_8(in, coverage, out.data, out.step, out.shift, width, scale, offset, depth);
}
template <>
void blend_row<uint16_t>(const int16_t *in, const int16_t *coverage, Samples<uint16_t> out,
                         int width, int scale, int offset, int depth) {
    blend_16(in, coverage, out.data, out.step, out.shift, width, scale, offset, depth);
}

template <>
void pattern_row<uint8_t>(const uint16_t *phase_x, int phase_y, const uint16_t *phase_sum,
                 int sum_step, const uint16_t *palette, int mask, uint8_t *out, int width) {
    pattern_body(phase_x, phase_y, phase_sum, sum_step, palette, mask, out, width);
}
template <>
void pattern_row<uint16_t>(const uint16_t *phase_x, int phase_y, const uint16_t *phase_sum,
                 int sum_step, const uint16_t *palette, int mask, uint16_t *out, int width) {
    pattern_body(phase_x, phase_y, phase_sum, sum_step, palette, mask, out, width);
}

}  // namespace edl2ffmpeg::rows
