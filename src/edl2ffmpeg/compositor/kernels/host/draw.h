// Draws planes and layers from descriptions in plain values; it owns no pictures and no threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "steps.h"

namespace edl2ffmpeg {

// How one direction is resampled: for each output sample a first source sample and its taps.
struct Axis : Numbered {
    Axis(std::vector<int32_t> first_samples, std::vector<int16_t> weights, int taps_each);

    // Bicubic taps for output samples at `first` + i * `step` (> 0) of `source_count` samples,
    // widened when shrinking; their number is a multiple of `multiple` where it is above four.
    static std::shared_ptr<Axis> resampling(int count, int source_count, double first, double step,
                                            int multiple);

    std::vector<int32_t> positions;
    std::vector<int16_t> taps;
    int tap_count;
    int last;       // the furthest source sample that is read
    bool identity;  // consecutive samples, unfiltered
};

// One component of a layer and how it reaches the grid that is drawn.
struct Channel {
    Plane source;
    int depth;
    std::shared_ptr<const Axis> across;
    std::shared_ptr<const Axis> down;
};

// 2^15 working samples; see look_up_working.
struct Table : Numbered {
    explicit Table(std::vector<int16_t> entries);
    std::vector<int16_t> values;
};

// One row of the matrix from channels to a component.
struct MatrixRow {
    std::vector<int> weights;  // of the channels, 14 fractional bits
    int offset;                // 14 fractional bits, rounding included
};

// What happens to the three components between the matrix and the blending.
struct Program {
    std::vector<MatrixRow> components;  // y, u, v
    std::vector<std::shared_ptr<Step>> steps;
    bool unpremultiplies;  // the components were multiplied by the last channel, the alpha
};

// One component of the output: matrix row, table, then mix and quantisation.
struct Output {
    Plane target;
    int depth;
    std::vector<int> weights;  // of the channels, 14 fractional bits
    int offset;                // 14 fractional bits, rounding included
    std::shared_ptr<const Table> table;
    int scale;          // share of the layer, 14 fractional bits
    int opaque_offset;  // see quantise
    int blend_offset;   // see blend_over
    int component;      // of the program's; 0, 1 or 2
};

// Coverage of a layer, at most `most`: from the last channel if `from_channel`, else the same
// everywhere; times that of the edges, outlines and the mask, where there are any.
struct Coverage {
    bool from_channel;
    int scale;
    int offset;
    int most;
    std::vector<int16_t> across;  // 14 fractional bits, one for each column
    std::vector<int16_t> down;    // and for each row
    std::vector<Outline> outlines;
    std::shared_ptr<const Plane> mask;   // uint16 with 14 fractional bits
    std::shared_ptr<const Plane> store;  // where coverage goes, for outputs that are not blended
};

// Working memory of one thread; grows to what the largest layer needs and is kept.
class Scratch {
   public:
    int16_t *reserve(size_t samples);
    size_t size() const { return memory_.size(); }

   private:
    std::vector<int16_t> memory_;
};

void draw(const std::vector<Channel> &channels, const std::vector<Output> &outputs,
          const Coverage *coverage, const Program *program, Scratch &scratch, int row_start,
          int row_end);

void affine_plane(const Plane &source, const Plane &target, int64_t scale, int64_t offset,
                  int shift, int minimum, int maximum, bool wide, int row_start, int row_end);
void look_up_plane(const Plane &source, const Plane &target, const uint16_t *table, int last,
                   int row_start, int row_end);
void fill_plane(const Plane &target, int value, int row_start, int row_end);
// Rows of `target.width` code values, without padding.
void write_plane(const Plane &target, const uint16_t *samples);
// Between two pictures over a third: see mix_over. Each picture is three or four planes of 15 bits
// (the last one is coverage with 14 fractional bits), moved by whole samples.
struct MixSource {
    std::vector<Plane> planes;
    std::shared_ptr<const Plane> coverage;
    int left;
    int top;
};
void mix_planes(const MixSource &outgoing, const MixSource &incoming, const Plane *weights,
                int weight, const std::vector<Plane> &targets, int depth, int row_start,
                int row_end);
// Between two planes of the target's layout of samples; `weight` (14 fractional bits) is the incoming's.
void cross_planes(const Plane &outgoing, const Plane &incoming, const Plane &target, int weight,
                  int row_start, int row_end);

// Multiplies 15-bit codes of a plane by the alpha at the same places.
void premultiply_plane(const Plane &colour, const Plane &alpha, int row_start, int row_end);

// Coverage of an outline with 14 fractional bits.
void outline_plane(const Outline &outline, const Plane &target, int row_start, int row_end);
void rotate_plane(const Plane &source, const Plane &target, int quarter_turns);
void pattern_plane(const Plane &target, const uint16_t *phase_x, const uint16_t *phase_y,
                   const uint16_t *phase_sum, int sum_step_x, int sum_step_y,
                   const uint16_t *palette, int mask, int row_start, int row_end);

}  // namespace edl2ffmpeg
