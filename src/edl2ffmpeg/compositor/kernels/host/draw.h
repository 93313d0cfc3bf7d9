// Draws planes and layers from descriptions in plain values; it owns no pictures and no threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace edl2ffmpeg {

// One component in host memory; see PlaneView for `pitch` and `step`.
struct Plane {
    uintptr_t address = 0;
    int64_t pitch = 0;
    int width = 0;
    int height = 0;
    int sample_bytes = 1;
    int step = 1;
    int shift = 0;
};

// How one direction is resampled: for each output sample a first source sample and its taps.
struct Axis {
    Axis(std::vector<int32_t> first_samples, std::vector<int16_t> weights, int taps_each);

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
struct Table {
    explicit Table(std::vector<int16_t> entries);
    std::vector<int16_t> values;
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
};

// Coverage of a layer, at most `most`: from the last channel if `from_channel`, else the same
// everywhere.
struct Coverage {
    bool from_channel;
    int scale;
    int offset;
    int most;
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
          const Coverage *coverage, Scratch &scratch, int row_start, int row_end);

void affine_plane(const Plane &source, const Plane &target, int64_t scale, int64_t offset,
                  int shift, int maximum, bool wide, int row_start, int row_end);
void look_up_plane(const Plane &source, const Plane &target, const uint16_t *table, int last,
                   int row_start, int row_end);
void fill_plane(const Plane &target, int value, int row_start, int row_end);
void rotate_plane(const Plane &source, const Plane &target, int quarter_turns);
void pattern_plane(const Plane &target, const uint16_t *phase_x, const uint16_t *phase_y,
                   const uint16_t *phase_sum, int sum_step_x, int sum_step_y,
                   const uint16_t *palette, int mask, int row_start, int row_end);

}  // namespace edl2ffmpeg
