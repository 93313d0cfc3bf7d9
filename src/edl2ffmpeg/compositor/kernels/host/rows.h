// Row loops over the shared pixel functions, compiled for several instruction sets and chosen at
// run time; they know nothing of pictures, threads or Python.
#pragma once

#include <cstddef>
#include <cstdint>

namespace edl2ffmpeg::rows {

// Where samples lie in a row: `step` samples apart, value shifted left by `shift` bits.
template <class Sample>
struct Samples {
    Sample *data;
    int step;
    int shift;
};

struct Affine {
    int64_t scale;
    int64_t offset;
    int shift;
    int minimum;
    int maximum;
    bool wide;  // needs 64-bit accumulators
};

template <class In, class Out>
void affine_row(Samples<const In> in, Samples<Out> out, int width, const Affine &affine);

template <class In, class Out>
void look_up_row(Samples<const In> in, Samples<Out> out, int width, const uint16_t *table,
                 int last);

// Unpacks a row to contiguous code values; 16-bit ones (`flip`) come centred so that they fit.
template <class In>
void unpack_row(Samples<const In> in, int16_t *out, int width, bool flip);

// Contiguous code values (centred where the depth is 16) to working samples.
template <class In>
void to_working_row(const In *in, int16_t *out, int width, int depth);

struct AcrossFilter {
    const int32_t *positions;
    const int16_t *taps;
    int tap_count;
    int bias;
    int shift;
};
template <class In>
void filter_across_row(const In *in, int16_t *out, int width, const AcrossFilter &filter);

void filter_down_row(const int16_t *const *rows, const int16_t *taps, int tap_count, int16_t *out,
                     int width);

void combine_row(const int16_t *const *in, const int *weights, int count, int offset, int16_t *out,
                 int width);

void look_up_working_row(const int16_t *in, const int16_t *table, int16_t *out, int width);

void coverage_row(const int16_t *alpha, int scale, int offset, int most, int16_t *out, int width);

// covered = covered * factors * factor, both with 14 fractional bits.
void multiply_row(int16_t *covered, const int16_t *factors, int factor, int width);

// See Note [Premultiplied sampling].
void premultiply_row(uint16_t *colour, const uint16_t *alpha, int width);
void unpremultiply_row(int16_t *colour, const int16_t *alpha, int width);

// See mix_over: 15-bit samples and coverage of two pictures, over what is in `out`.
template <class Out>
void mix_row(const int16_t *a, const int16_t *a_coverage, const int16_t *b,
             const int16_t *b_coverage, const int16_t *weights, Samples<Out> out, int width,
             int depth);

// All three have one step and one shift.
template <class Sample>
void cross_row(Samples<const Sample> a, Samples<const Sample> b, Samples<Sample> out, int width,
               int weight);

template <class Out>
void quantise_row(const int16_t *in, Samples<Out> out, int width, int scale, int offset, int shift,
                  int maximum);

template <class Out>
void blend_row(const int16_t *in, const int16_t *coverage, Samples<Out> out, int width, int scale,
               int offset, int depth);

template <class Out>
void pattern_row(const uint16_t *phase_x, int phase_y, const uint16_t *phase_sum,
                 int sum_step, const uint16_t *palette, int mask, Out *out, int width);

}  // namespace edl2ffmpeg::rows
