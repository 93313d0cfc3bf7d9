// Filters that look at neighbours, on whole planes of 15-bit codes.
#pragma once

#include <cstdint>
#include <vector>

#include "draw.h"

namespace edl2ffmpeg {

// Gaussian of `sigma` samples across and down; samples beyond the edge are the edge's.
void blur_plane(const Plane &source, const Plane &target, double sigma_across, double sigma_down);

// Every sample becomes the mean of its block; `columns` and `rows` number the blocks.
void mosaic_plane(const Plane &source, const Plane &target, const std::vector<int32_t> &columns,
                  const std::vector<int32_t> &rows);

// original + (original - blurred) * amount (14 fractional bits), kept within two codes.
void unsharp_plane(const Plane &original, const Plane &blurred, const Plane &target, int amount,
                   int low, int high, int row_start, int row_end);

}  // namespace edl2ffmpeg
