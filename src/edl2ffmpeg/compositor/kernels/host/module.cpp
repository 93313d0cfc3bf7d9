// The extension module: checks what Python hands over, then runs the kernels without the GIL.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <stdexcept>

#include "checks.h"
#include "device_planes.h"
#include "draw.h"
#include "filters_module.h"
#include "jobs_module.h"
#include "steps.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace edl2ffmpeg;

namespace {

template <class Sample>
using Array = nb::ndarray<const Sample, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class Sample>
using Matrix = nb::ndarray<const Sample, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void checked_draw(const std::vector<Channel> &channels, const std::vector<Output> &outputs,
                  std::optional<Coverage> coverage, Scratch &scratch, int row_start, int row_end,
                  std::optional<Program> program) {
    const Coverage *covered = coverage ? &*coverage : nullptr;
    const Program *steps = program ? &*program : nullptr;
    check_draw(channels, outputs, covered, steps, row_start, row_end);
    nb::gil_scoped_release release;
    draw(channels, outputs, covered, steps, scratch, row_start, row_end);
}

void checked_mix(const MixSource &outgoing, const MixSource &incoming,
                 std::optional<std::shared_ptr<Plane>> weights, int weight,
                 const std::vector<Plane> &targets, int depth, int row_start, int row_end) {
    const Plane *shares = weights ? weights->get() : nullptr;
    check_mix(outgoing, incoming, shares, weight, targets, depth, row_start, row_end);
    nb::gil_scoped_release release;
    mix_planes(outgoing, incoming, shares, weight, targets, depth, row_start, row_end);
}

void checked_outline(const Outline &outline, const Plane &target, int row_start, int row_end) {
    check_outline(target, row_start, row_end);
    nb::gil_scoped_release release;
    outline_plane(outline, target, row_start, row_end);
}

template <class Sample>
std::vector<Sample> listed(const std::optional<Array<Sample>> &array) {
    if (!array) return {};
    return {array->data(), array->data() + array->size()};
}

void checked_affine(const Plane &source, const Plane &target, int64_t scale, int64_t offset,
                    int shift, int maximum, bool wide, int row_start, int row_end, int minimum) {
    check_covered(source, target, row_start, row_end);
    nb::gil_scoped_release release;
    affine_plane(source, target, scale, offset, shift, minimum, maximum, wide, row_start,
                 row_end);
}

void checked_look_up(const Plane &source, const Plane &target, const Array<uint16_t> &table,
                     int row_start, int row_end) {
    check_covered(source, target, row_start, row_end);
    require(table.size() > 0, "the table is empty");
    const uint16_t *entries = table.data();
    const int last = static_cast<int>(table.size()) - 1;
    nb::gil_scoped_release release;
    look_up_plane(source, target, entries, last, row_start, row_end);
}

void checked_cross(const Plane &outgoing, const Plane &incoming, const Plane &target, int weight,
                   int row_start, int row_end) {
    check_cross(outgoing, incoming, target, weight, row_start, row_end);
    nb::gil_scoped_release release;
    cross_planes(outgoing, incoming, target, weight, row_start, row_end);
}

void checked_premultiply(const Plane &colour, const Plane &alpha, int row_start, int row_end) {
    check_canvases(colour, alpha);
    check_rows(colour, row_start, row_end);
    nb::gil_scoped_release release;
    premultiply_plane(colour, alpha, row_start, row_end);
}

void checked_fill(const Plane &target, int value, int row_start, int row_end) {
    check_rows(target, row_start, row_end);
    nb::gil_scoped_release release;
    fill_plane(target, value, row_start, row_end);
}

void checked_write(const Plane &target, const Matrix<uint16_t> &samples) {
    require(samples.shape(0) == static_cast<size_t>(target.height) &&
                samples.shape(1) == static_cast<size_t>(target.width),
            "there are not as many samples as the target plane has");
    const uint16_t *from = samples.data();
    nb::gil_scoped_release release;
    write_plane(target, from);
}

void checked_rotate(const Plane &source, const Plane &target, int quarter_turns) {
    check_rotate(source, target, quarter_turns);
    nb::gil_scoped_release release;
    rotate_plane(source, target, quarter_turns);
}

void checked_pattern(const Plane &target, const Array<uint16_t> &phase_x,
                     const Array<uint16_t> &phase_y, const Array<uint16_t> &phase_sum,
                     int sum_step_x, int sum_step_y, const Array<uint16_t> &palette, int row_start,
                     int row_end) {
    check_pattern(target, {phase_x.size(), phase_y.size(), phase_sum.size(), palette.size()},
                  sum_step_x, sum_step_y, row_start, row_end);
    const uint16_t *x = phase_x.data(), *y = phase_y.data(), *sum = phase_sum.data();
    const uint16_t *colours = palette.data();
    const int mask = static_cast<int>(palette.size()) - 1;
    nb::gil_scoped_release release;
    pattern_plane(target, x, y, sum, sum_step_x, sum_step_y, colours, mask, row_start, row_end);
}

}  // namespace

NB_MODULE(_kernels, module) {
    // A process that is interrupted ends with objects alive; that is no leak worth a message.
    nb::set_leak_warnings(false);
    module.doc() = "Pixel kernels: they draw into memory given by address and keep none of it.";

    nb::class_<Plane>(module, "Plane")
        .def(
            "__init__",
            [](Plane *self, uintptr_t address, int64_t pitch, int width, int height,
               int sample_bytes, int step, int shift) {
                require(address != 0 && width > 0 && height > 0 && step != 0 && shift >= 0,
                        "a plane needs an address, positive sizes and a step");
                require(sample_bytes == 1 || sample_bytes == 2, "sample_bytes is 1 or 2");
                new (self) Plane{address, pitch, width, height, sample_bytes, step, shift};
            },
            "address"_a, "pitch"_a, "width"_a, "height"_a, "sample_bytes"_a, "step"_a = 1,
            "shift"_a = 0)
        .def_ro("width", &Plane::width)
        .def_ro("height", &Plane::height);

    nb::class_<Axis>(module, "Axis")
        .def(
            "__init__",
            [](Axis *self, const Array<int32_t> &positions, const Matrix<int16_t> &taps) {
                new (self) Axis({positions.data(), positions.data() + positions.size()},
                                {taps.data(), taps.data() + taps.size()},
                                static_cast<int>(taps.shape(1)));
            },
            "positions"_a, "taps"_a)
        .def_static("resampling", &Axis::resampling, "count"_a, "source_count"_a, "first"_a,
                    "step"_a, "multiple"_a)
        .def_ro("identity", &Axis::identity)
        .def_ro("tap_count", &Axis::tap_count);

    nb::class_<Table>(module, "Table")
        .def(
            "__init__",
            [](Table *self, const Array<int16_t> &values) {
                new (self) Table({values.data(), values.data() + values.size()});
            },
            "values"_a);

    nb::class_<Channel>(module, "Channel")
        .def(
            "__init__",
            [](Channel *self, const Plane &source, int depth, std::shared_ptr<Axis> across,
               std::shared_ptr<Axis> down) {
                require(8 <= depth && depth <= 16, "depth is 8 to 16");
                new (self) Channel{source, depth, std::move(across), std::move(down)};
            },
            "source"_a, "depth"_a, "across"_a, "down"_a);

    nb::class_<Output>(module, "Output")
        .def(
            "__init__",
            [](Output *self, const Plane &target, int depth, std::vector<int> weights, int offset,
               int scale, int opaque_offset, int blend_offset,
               std::optional<std::shared_ptr<Table>> table, int component) {
                require(8 <= depth && depth <= 16, "depth is 8 to 16");
                require(0 <= component && component <= 2, "a component is 0, 1 or 2");
                new (self) Output{target,        depth,
                                  std::move(weights), offset,
                                  table ? *table : nullptr, scale,
                                  opaque_offset, blend_offset, component};
            },
            "target"_a, "depth"_a, "weights"_a, "offset"_a, "scale"_a, "opaque_offset"_a,
            "blend_offset"_a, "table"_a = nb::none(), "component"_a = 0);

    nb::class_<MatrixRow>(module, "MatrixRow")
        .def(
            "__init__",
            [](MatrixRow *self, std::vector<int> weights, int offset) {
                new (self) MatrixRow{std::move(weights), offset};
            },
            "weights"_a, "offset"_a);

    nb::class_<PictureGrid>(module, "PictureGrid")
        .def(
            "__init__",
            [](PictureGrid *self, float scale_x, float offset_x, float scale_y, float offset_y) {
                new (self) PictureGrid{scale_x, offset_x, scale_y, offset_y};
            },
            "scale_x"_a, "offset_x"_a, "scale_y"_a, "offset_y"_a);

    nb::class_<Step>(module, "Step").def_prop_ro("needs_all", &Step::needs_all);
    module.def(
        "table_step",
        [](std::optional<Array<int16_t>> y, std::optional<Array<int16_t>> u,
           std::optional<Array<int16_t>> v) {
            return table_step(listed<int16_t>(y), listed<int16_t>(u), listed<int16_t>(v));
        },
        "y"_a.none(), "u"_a.none(), "v"_a.none());
    module.def("matrix_step", &matrix_step, "weights"_a, "offsets"_a);
    module.def(
        "chroma_step",
        [](const Array<float> &gains) {
            return chroma_step({gains.data(), gains.data() + gains.size()});
        },
        "gains"_a);
    module.def(
        "cube_step",
        [](const Array<float> &cube, int size, bool is_3d, float strength, Values to_rgb,
           Values from_rgb) {
            return cube_step({cube.data(), cube.data() + cube.size()}, size, is_3d, strength,
                             std::move(to_rgb), std::move(from_rgb));
        },
        "cube"_a, "size"_a, "is_3d"_a, "strength"_a, "to_rgb"_a, "from_rgb"_a);
    module.def("vignette_step", &vignette_step, "grid"_a, "strength"_a, "radius"_a, "softness"_a);
    module.def("border_step", &border_step, "grid"_a, "inner_p"_a, "inner_q"_a, "across"_a,
               "down"_a, "colour"_a);
    module.def("film_step", &film_step, "grid"_a, "seed"_a, "grain"_a, "grain_columns"_a,
               "grain_rows"_a, "flicker"_a, "columns"_a);

    nb::class_<Program>(module, "Program")
        .def(
            "__init__",
            [](Program *self, std::vector<MatrixRow> components,
               std::vector<std::shared_ptr<Step>> steps, bool unpremultiplies) {
                new (self) Program{std::move(components), std::move(steps), unpremultiplies};
            },
            "components"_a, "steps"_a, "unpremultiplies"_a = false);

    nb::class_<Outline>(module, "Outline")
        .def(
            "__init__",
            [](Outline *self, std::tuple<float, float, float> p, std::tuple<float, float, float> q,
               float across, float down, float corner, float soft_p, float soft_q) {
                require(across > 0 && down > 0 && soft_p > 0 && soft_q > 0 && corner >= 0 && corner <= 1,
                        "an outline has a size, an edge and a corner of 0 to 1");
                const auto [p_x, p_y, p_0] = p;
                const auto [q_x, q_y, q_0] = q;
                new (self) Outline{p_x, p_y, p_0, q_x, q_y, q_0, across, down, corner, soft_p, soft_q};
            },
            "p"_a, "q"_a, "across"_a, "down"_a, "corner"_a, "soft_p"_a,
            "soft_q"_a);

    nb::class_<Coverage>(module, "Coverage")
        .def(
            "__init__",
            [](Coverage *self, bool from_channel, int scale, int offset, int most,
               std::optional<Array<int16_t>> across, std::optional<Array<int16_t>> down,
               std::vector<Outline> outlines, std::optional<std::shared_ptr<Plane>> mask,
               std::optional<std::shared_ptr<Plane>> store) {
                require(0 <= most && most <= 1 << 14, "most is 0 to 2^14");
                new (self) Coverage{from_channel,
                                    scale,
                                    offset,
                                    most,
                                    listed<int16_t>(across),
                                    listed<int16_t>(down),
                                    std::move(outlines),
                                    mask ? *mask : nullptr,
                                    store ? *store : nullptr};
            },
            "from_channel"_a, "scale"_a, "offset"_a, "most"_a, "across"_a = nb::none(),
            "down"_a = nb::none(), "outlines"_a = std::vector<Outline>(), "mask"_a = nb::none(),
            "store"_a = nb::none());

    nb::class_<MixSource>(module, "MixSource")
        .def(
            "__init__",
            [](MixSource *self, std::vector<Plane> planes,
               std::optional<std::shared_ptr<Plane>> coverage, int left, int top) {
                new (self) MixSource{std::move(planes), coverage ? *coverage : nullptr, left, top};
            },
            "planes"_a, "coverage"_a = nb::none(), "left"_a = 0, "top"_a = 0);

    nb::class_<Scratch>(module, "Scratch")
        .def(nb::init<>())
        .def_prop_ro("size", &Scratch::size);

    module.def("draw", &checked_draw, "channels"_a, "outputs"_a, "coverage"_a.none(), "scratch"_a,
               "row_start"_a, "row_end"_a, "program"_a = nb::none());
    module.def("mix", &checked_mix, "outgoing"_a, "incoming"_a, "weights"_a.none(), "weight"_a,
               "targets"_a, "depth"_a, "row_start"_a, "row_end"_a);
    module.def("premultiply", &checked_premultiply, "colour"_a, "alpha"_a, "row_start"_a,
               "row_end"_a);
    module.def("cross", &checked_cross, "outgoing"_a, "incoming"_a, "target"_a, "weight"_a,
               "row_start"_a, "row_end"_a);
    module.def("outline", &checked_outline, "outline"_a, "target"_a, "row_start"_a, "row_end"_a);
    module.def("affine", &checked_affine, "source"_a, "target"_a, "scale"_a, "offset"_a, "shift"_a,
               "maximum"_a, "wide"_a, "row_start"_a, "row_end"_a, "minimum"_a = 0);
    module.def("look_up", &checked_look_up, "source"_a, "target"_a, "table"_a, "row_start"_a,
               "row_end"_a);
    module.def("fill", &checked_fill, "target"_a, "value"_a, "row_start"_a, "row_end"_a);
    module.def("write", &checked_write, "target"_a, "samples"_a);
    module.def("rotate", &checked_rotate, "source"_a, "target"_a, "quarter_turns"_a);
    module.def("pattern", &checked_pattern, "target"_a, "phase_x"_a, "phase_y"_a, "phase_sum"_a,
               "sum_step_x"_a, "sum_step_y"_a, "palette"_a, "row_start"_a, "row_end"_a);

    bind_filters(module);
    bind_device_planes(module);
    bind_jobs(module);
}
