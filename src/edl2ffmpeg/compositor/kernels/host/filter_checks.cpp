// Checks of the filters on canvases; see checks.h.
#include <cmath>
#include <cstdlib>

#include "checks.h"

namespace edl2ffmpeg {
namespace {

constexpr int kMostAmount = 100 << 14;
constexpr int kMostCanvasCode = (1 << 15) - 1;

void require_canvas(const Plane &plane) {
    require(plane.sample_bytes == 2 && plane.step == 1 && plane.shift == 0,
            "a canvas is planar, of 16-bit samples that are not shifted");
    require(plane.width <= kMostCanvasSize && plane.height <= kMostCanvasSize,
            "a canvas has at most 65536 columns and rows");
    require(plane.address % 2 == 0 && plane.pitch % 2 == 0, "a canvas is not aligned");
    require(plane.height == 1 || std::llabs(plane.pitch) >= 2 * int64_t{plane.width},
            "the rows of a canvas overlap");
}

void require_equal_size(const Plane &source, const Plane &target) {
    require(source.width == target.width && source.height == target.height,
            "the planes differ in size");
}

struct Extent {
    explicit Extent(const Plane &plane) {
        const int64_t last = plane.pitch * (plane.height - 1);
        const auto first = static_cast<int64_t>(plane.address);
        start = last < 0 ? first + last : first;
        end = (last < 0 ? first : first + last) + 2 * int64_t{plane.width};
    }
    int64_t start;
    int64_t end;
};

void require_apart(const Plane &source, const Plane &target) {
    const Extent read(source), written(target);
    require(read.end <= written.start || written.end <= read.start,
            "the target plane lies in the memory of a plane that is read");
}

void require_blocks(const BlockNumbers &blocks, int count) {
    require(blocks.count == static_cast<size_t>(count),
            "there are not as many block numbers as samples");
    require(blocks.data[0] == 0, "block numbers begin with 0");
    for (int i = 1; i < count; ++i) {
        const int64_t step = int64_t{blocks.data[i]} - blocks.data[i - 1];
        require(step == 0 || step == 1, "block numbers stay or grow by 1");
    }
}

}  // namespace

void check_warp(const Plane &source, const Plane &target, int row_start, int row_end) {
    require_canvas(source);
    require_canvas(target);
    require_apart(source, target);
    check_rows(target, row_start, row_end);
}

void check_blur(const Plane &source, const Plane &target, double sigma_x, double sigma_y) {
    require_canvas(source);
    require_canvas(target);
    require_equal_size(source, target);
    require_apart(source, target);
    require(std::isfinite(sigma_x) && std::isfinite(sigma_y) && sigma_x >= 0 && sigma_y >= 0,
            "a sigma is finite and not negative");
}

void check_mosaic(const Plane &source, const Plane &target, const BlockNumbers &columns,
                  const BlockNumbers &rows) {
    require_canvas(source);
    require_canvas(target);
    require_equal_size(source, target);
    require_apart(source, target);
    require_blocks(columns, target.width);
    require_blocks(rows, target.height);
}

void check_unsharp(const Plane &original, const Plane &blurred, const Plane &target, int amount,
                   int low, int high, int row_start, int row_end) {
    require_canvas(original);
    require_canvas(blurred);
    require_canvas(target);
    require_equal_size(original, target);
    require_equal_size(blurred, target);
    require_apart(blurred, target);
    if (original.address != target.address || original.pitch != target.pitch)
        require_apart(original, target);
    check_rows(target, row_start, row_end);
    require(0 <= amount && amount <= kMostAmount, "amount is 0 to 100, with 14 fractional bits");
    require(0 <= low && low <= high && high <= kMostCanvasCode,
            "low and high are an ascending range of 15-bit codes");
}

void check_reach(const Moments &moments, const Plane &target, int row_start, int row_end) {
    require_canvas(target);
    check_rows(target, row_start, row_end);
    require(moments.width == target.width && moments.height == target.height,
            "the moments and the mask differ in size");
}

void check_crop_alpha(const Plane &alpha, size_t across, size_t down) {
    require_canvas(alpha);
    require(across == static_cast<size_t>(alpha.width) && down == static_cast<size_t>(alpha.height),
            "there are not as many shares as columns and rows");
}

void check_weigh(const Plane &shares, const Plane &outside, const Plane &inside, int spacing_x,
                 int spacing_y) {
    require_canvas(shares);
    require_canvas(outside);
    require_canvas(inside);
    require_equal_size(outside, inside);
    require(spacing_x > 0 && spacing_y > 0, "a cell has columns and rows");
    require(int64_t{shares.width - 1} * spacing_x < outside.width &&
                int64_t{shares.height - 1} * spacing_y < outside.height,
            "a cell lies outside of the alpha");
}

}  // namespace edl2ffmpeg
