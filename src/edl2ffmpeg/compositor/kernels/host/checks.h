// What Python hands over, looked at before any kernel runs; each throws std::invalid_argument.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "draw.h"
#include "filters.h"

namespace edl2ffmpeg {

void require(bool condition, const char *message);

void check_rows(const Plane &target, int row_start, int row_end);
// The source has a sample for each of the target's.
void check_covered(const Plane &source, const Plane &target, int row_start, int row_end);
void check_draw(const std::vector<Channel> &channels, const std::vector<Output> &outputs,
                const Coverage *coverage, const Program *program, int row_start, int row_end);
void check_mix(const MixSource &outgoing, const MixSource &incoming, const Plane *weights,
               int weight, const std::vector<Plane> &targets, int depth, int row_start,
               int row_end);
void check_outline(const Plane &target, int row_start, int row_end);
void check_cross(const Plane &outgoing, const Plane &incoming, const Plane &target, int weight,
                 int row_start, int row_end);
void check_canvases(const Plane &source, const Plane &target);
void check_rotate(const Plane &source, const Plane &target, int quarter_turns);
// `sizes` are those of the three phases and of the palette.
void check_pattern(const Plane &target, const std::array<size_t, 4> &sizes, int step_x, int step_y,
                   int row_start, int row_end);

struct BlockNumbers {
    const int32_t *data;
    size_t count;
};
void check_warp(const Plane &source, const Plane &target, int row_start, int row_end);
void check_blur(const Plane &source, const Plane &target, double sigma_x, double sigma_y);
void check_mosaic(const Plane &source, const Plane &target, const BlockNumbers &columns,
                  const BlockNumbers &rows);
void check_unsharp(const Plane &original, const Plane &blurred, const Plane &target, int amount,
                   int low, int high, int row_start, int row_end);
void check_reach(const Moments &moments, const Plane &target, int row_start, int row_end);
void check_crop_alpha(const Plane &alpha, size_t across, size_t down);
void check_weigh(const Plane &shares, const Plane &outside, const Plane &inside, int spacing_x,
                 int spacing_y);

}  // namespace edl2ffmpeg
