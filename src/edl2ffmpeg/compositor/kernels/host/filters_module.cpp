// Bindings of the effects: they check what Python hands over, then run without the GIL.
#include "filters_module.h"

#include <nanobind/ndarray.h>

#include "checks.h"
#include "filters.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace edl2ffmpeg;

namespace {

using Blocks = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Picture = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Shares = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void checked_warp(const Plane &source, const Plane &target, int64_t origin_x, int64_t origin_y,
                  int64_t column_x, int64_t column_y, int64_t row_x, int64_t row_y, int row_start,
                  int row_end) {
    check_warp(source, target, row_start, row_end);
    nb::gil_scoped_release release;
    warp_plane(source, target, {origin_x, column_x, row_x}, {origin_y, column_y, row_y}, row_start,
               row_end);
}

void checked_blur(const Plane &source, const Plane &target, double sigma_x, double sigma_y,
                  Scratch &scratch) {
    check_blur(source, target, sigma_x, sigma_y);
    nb::gil_scoped_release release;
    blur_plane(source, target, sigma_x, sigma_y, scratch);
}

void checked_mosaic(const Plane &source, const Plane &target, const Blocks &columns,
                    const Blocks &rows) {
    check_mosaic(source, target, {columns.data(), columns.size()}, {rows.data(), rows.size()});
    const int32_t *column_blocks = columns.data(), *row_blocks = rows.data();
    nb::gil_scoped_release release;
    mosaic_plane(source, target, column_blocks, row_blocks);
}

void checked_unsharp(const Plane &original, const Plane &blurred, const Plane &target, int amount,
                     int low, int high, int row_start, int row_end) {
    check_unsharp(original, blurred, target, amount, low, high, row_start, row_end);
    nb::gil_scoped_release release;
    unsharp_planes(original, blurred, target, amount, low, high, row_start, row_end);
}

void checked_crop_alpha(const Plane &alpha, const Shares &across, const Shares &down) {
    check_crop_alpha(alpha, across.size(), down.size());
    const float *columns = across.data(), *rows = down.data();
    nb::gil_scoped_release release;
    crop_alpha_plane(alpha, columns, rows);
}

void checked_reach(const Moments &moments, const Plane &target, float reached, float soft,
                   bool inverts, int row_start, int row_end) {
    check_reach(moments, target, row_start, row_end);
    nb::gil_scoped_release release;
    reach_plane(moments, target, reached, soft, inverts, row_start, row_end);
}

void checked_weigh(const Plane &shares, const Plane &outside, const Plane &inside, int spacing_x,
                   int spacing_y) {
    check_weigh(shares, outside, inside, spacing_x, spacing_y);
    nb::gil_scoped_release release;
    weigh_plane(shares, outside, inside, spacing_x, spacing_y);
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
    module.def("crop_alpha", &checked_crop_alpha, "alpha"_a, "across"_a, "down"_a);
    nb::class_<Moments>(module, "Moments")
        .def(
            "__init__",
            [](Moments *self, const Picture &values) {
                new (self) Moments({values.data(), values.data() + values.size()},
                                   static_cast<int>(values.shape(1)));
            },
            "values"_a)
        .def_ro("width", &Moments::width)
        .def_ro("height", &Moments::height);
    module.def("reach", &checked_reach, "moments"_a, "target"_a, "reached"_a, "soft"_a,
               "inverts"_a, "row_start"_a, "row_end"_a);
    module.def("weigh", &checked_weigh, "shares"_a, "outside"_a, "inside"_a, "spacing_x"_a,
               "spacing_y"_a);
}
