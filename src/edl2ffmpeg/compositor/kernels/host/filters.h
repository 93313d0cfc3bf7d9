// Effects on canvases (Note [Canvas samples]): planes of 16-bit storage whose rows are contiguous.
// The caller has checked sizes; see filters_module.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../device/jobs.h"
#include "../plane.h"
#include "draw.h"

namespace edl2ffmpeg {

constexpr int kMostCanvasSize = 1 << 16;  // samples in either direction

inline PlaneView<uint16_t> canvas(const Plane &plane) {
    return {reinterpret_cast<uint16_t *>(plane.address), plane.pitch, 1, plane.width, plane.height};
}
inline PlaneView<const uint16_t> readable(const Plane &plane) {
    return {reinterpret_cast<const uint16_t *>(plane.address), plane.pitch, 1, plane.width,
            plane.height};
}

void warp_plane(const Plane &source, const Plane &target, const WarpAxis &across,
                const WarpAxis &down, int row_start, int row_end);

void blur_plane(const Plane &source, const Plane &target, double sigma_x, double sigma_y,
                Scratch &scratch);

// Block numbers begin with 0 and grow by at most 1.
void mosaic_plane(const Plane &source, const Plane &target, const int32_t *columns,
                  const int32_t *rows);

// `amount` has 14 fractional bits; `target` may be `original`.
void unsharp_planes(const Plane &original, const Plane &blurred, const Plane &target, int amount,
                    int low, int high, int row_start, int row_end);

// See masks.h; the shares of columns and rows are 0 to 1.
void crop_alpha_plane(const Plane &alpha, const float *across, const float *down);

// When each sample's turn comes in a transition, row by row.
struct Moments : Numbered {
    Moments(std::vector<float> numbers, int columns);
    std::vector<float> values;
    int width;
    int height;
};
// See masks.h; `inverts` leaves what is missing from the whole.
void reach_plane(const Moments &moments, const Plane &target, float reached, float soft,
                 bool inverts, int row_start, int row_end);
void weigh_plane(const Plane &shares, const Plane &outside, const Plane &inside, int spacing_x,
                 int spacing_y);

}  // namespace edl2ffmpeg
