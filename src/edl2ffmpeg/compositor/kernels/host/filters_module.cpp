// Bindings of the effects: they check what Python hands over, then run without the GIL.
#include "filters_module.h"

#include <nanobind/ndarray.h>

#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "filters.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace edl2ffmpeg;

namespace {

using Blocks = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

constexpr int kMostAmount = 100 << 14;
constexpr int kMostCanvasCode = (1 << 15) - 1;

void require(bool condition, const char *message) {
    if (!condition) throw std::invalid_argument(message);
}

void require_canvas(const Plane &plane) {
    require(plane.sample_bytes == 2 && plane.step == 1 && plane.shift == 0,
            "a canvas is planar, of 16-bit samples that are not shifted");
    require(plane.width <= kMostCanvasSize && plane.height <= kMostCanvasSize,
            "a canvas has at most 65536 columns and rows");
    require(plane.address % 2 == 0 && plane.pitch % 2 == 0, "a canvas is not aligned");
    require(plane.height == 1 || std::llabs(plane.pitch) >= 2 * int64_t{plane.width},
            "the rows of a canvas overlap");
}

void require_rows(const Plane &target, int row_start, int row_end) {
    require(0 <= row_start && row_start <= row_end && row_end <= target.height,
            "the row range is outside the target plane");
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

void checked_warp(const Plane &source, const Plane &target, int64_t origin_x, int64_t origin_y,
                  int64_t column_x, int64_t column_y, int64_t row_x, int64_t row_y, int row_start,
                  int row_end) {
    require_canvas(source);
    require_canvas(target);
    require_apart(source, target);
    require_rows(target, row_start, row_end);
    nb::gil_scoped_release release;
    warp_plane(source, target, {origin_x, column_x, row_x}, {origin_y, column_y, row_y}, row_start,
               row_end);
}

void checked_blur(const Plane &source, const Plane &target, double sigma_x, double sigma_y,
                  Scratch &scratch) {
    require_canvas(source);
    require_canvas(target);
    require_equal_size(source, target);
    require_apart(source, target);
    require(std::isfinite(sigma_x) && std::isfinite(sigma_y) && sigma_x >= 0 && sigma_y >= 0,
            "a sigma is finite and not negative");
    nb::gil_scoped_release release;
    blur_plane(source, target, sigma_x, sigma_y, scratch);
}

void require_blocks(const Blocks &blocks, int count) {
    require(blocks.size() == static_cast<size_t>(count),
            "there are not as many block numbers as samples");
    require(blocks.data()[0] == 0, "block numbers begin with 0");
    for (int i = 1; i < count; ++i) {
        const int64_t step = int64_t{blocks.data()[i]} - blocks.data()[i - 1];
        require(step == 0 || step == 1, "block numbers stay or grow by 1");
    }
}

void checked_mosaic(const Plane &source, const Plane &target, const Blocks &columns,
                    const Blocks &rows) {
    require_canvas(source);
    require_canvas(target);
    require_equal_size(source, target);
    require_apart(source, target);
    require_blocks(columns, target.width);
    require_blocks(rows, target.height);
    const int32_t *column_blocks = columns.data(), *row_blocks = rows.data();
    nb::gil_scoped_release release;
    mosaic_plane(source, target, column_blocks, row_blocks);
}

void checked_unsharp(const Plane &original, const Plane &blurred, const Plane &target, int amount,
                     int low, int high, int row_start, int row_end) {
    require_canvas(original);
    require_canvas(blurred);
    require_canvas(target);
    require_equal_size(original, target);
    require_equal_size(blurred, target);
    require_apart(blurred, target);
    if (original.address != target.address || original.pitch != target.pitch)
        require_apart(original, target);
    require_rows(target, row_start, row_end);
    require(0 <= amount && amount <= kMostAmount, "amount is 0 to 100, with 14 fractional bits");
    require(0 <= low && low <= high && high <= kMostCanvasCode,
            "low and high are an ascending range of 15-bit codes");
    nb::gil_scoped_release release;
    unsharp_planes(original, blurred, target, amount, low, high, row_start, row_end);
}

}  // namespace

void bind_filters(nb::module_ &module) {
    module.def("warp", &checked_warp, "source"_a, "target"_a, "origin_x"_a, "origin_y"_a,
               "column_x"_a, "column_y"_a, "row_x"_a, "row_y"_a, "row_start"_a, "row_end"_a);
    module.def("blur", &checked_blur, "source"_a, "target"_a, "sigma_x"_a, "sigma_y"_a,
               "scratch"_a);
    module.def("mosaic", &checked_mosaic, "source"_a, "target"_a, "columns"_a, "rows"_a);
    module.def("unsharp", &checked_unsharp, "original"_a, "blurred"_a, "target"_a, "amount"_a,
               "low"_a, "high"_a, "row_start"_a, "row_end"_a);
}
