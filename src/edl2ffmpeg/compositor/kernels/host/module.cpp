// The extension module: checks what Python hands over, then runs the kernels without the GIL.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <stdexcept>

#include "draw.h"
#include "filters_module.h"
#include "steps.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace edl2ffmpeg;

namespace {

template <class Sample>
using Array = nb::ndarray<const Sample, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class Sample>
using Matrix = nb::ndarray<const Sample, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void require(bool condition, const char *message) {
    if (!condition) throw std::invalid_argument(message);
}

void require_rows(const Plane &target, int row_start, int row_end) {
    require(0 <= row_start && row_start <= row_end && row_end <= target.height,
            "the row range is outside the target plane");
}

void require_same_size(const Plane &source, const Plane &target) {
    require(source.width >= target.width && source.height >= target.height,
            "the source plane is smaller than the target plane");
}

void check_channel(const Channel &channel, const Plane &target) {
    require(channel.across && channel.down, "a channel needs both axes");
    require(channel.across->last < channel.source.width && channel.down->last < channel.source.height,
            "an axis reads beyond its source plane");
    require(static_cast<int>(channel.across->positions.size()) == target.width &&
                static_cast<int>(channel.down->positions.size()) == target.height,
            "an axis has another length than the target plane");
}

bool is_size_of(const std::shared_ptr<const Plane> &plane, const Plane &target) {
    return !plane || (plane->width >= target.width && plane->height >= target.height &&
                      plane->sample_bytes == 2 && plane->step == 1 && plane->shift == 0);
}

void check_coverage(const Coverage &coverage, const Plane &target) {
    require(coverage.across.empty() == coverage.down.empty(), "edges go across and down together");
    require(coverage.across.empty() ||
                (coverage.across.size() == static_cast<size_t>(target.width) &&
                 coverage.down.size() == static_cast<size_t>(target.height)),
            "edges have another length than the target plane");
    require(is_size_of(coverage.mask, target) && is_size_of(coverage.store, target),
            "a mask is smaller than the target plane, or not 16-bit planar");
}

void check_program(const Program &program, size_t channels) {
    require(program.components.size() == 3, "a program has three components");
    for (const MatrixRow &row : program.components)
        require(row.weights.size() <= channels && row.weights.size() <= 3,
                "a program has more weights than there are channels");
    for (const auto &step : program.steps) require(step != nullptr, "a step is missing");
}

void checked_draw(const std::vector<Channel> &channels, const std::vector<Output> &outputs,
                  std::optional<Coverage> coverage, Scratch &scratch, int row_start, int row_end,
                  std::optional<Program> program) {
    require(!outputs.empty(), "nothing to draw to");
    const Plane &target = outputs.front().target;
    require_rows(target, row_start, row_end);
    require(!coverage || !coverage->from_channel || !channels.empty(),
            "coverage needs an alpha channel");
    if (coverage) check_coverage(*coverage, target);
    if (program) {
        check_program(*program, channels.size());
        require(!program->unpremultiplies || (coverage && coverage->from_channel),
                "a premultiplied picture needs its alpha");
    }
    for (const Channel &channel : channels) check_channel(channel, target);
    for (const Output &output : outputs) {
        require(output.target.width == target.width && output.target.height == target.height,
                "the outputs of one grid differ in size");
        require(output.weights.size() <= channels.size() && output.weights.size() <= 3,
                "an output has more weights than there are channels");
    }
    nb::gil_scoped_release release;
    draw(channels, outputs, coverage ? &*coverage : nullptr, program ? &*program : nullptr, scratch,
         row_start, row_end);
}

void check_mix_source(const MixSource &source, const std::vector<Plane> &targets) {
    if (source.planes.empty()) return;
    require(source.planes.size() == targets.size(), "a side of a mix lacks a plane");
    const Plane &first = source.planes[0];
    for (const Plane &plane : source.planes)
        require(plane.width == first.width && plane.height == first.height &&
                    plane.sample_bytes == 2 && plane.step == 1 && plane.shift == 0,
                "the planes of a mix are 16-bit planar and of one size");
    require(is_size_of(source.coverage, first), "the coverage of a mix is smaller than its planes");
}

void checked_mix(const MixSource &outgoing, const MixSource &incoming,
                 std::optional<std::shared_ptr<Plane>> weights, int weight,
                 const std::vector<Plane> &targets, int depth, int row_start, int row_end) {
    require(!targets.empty(), "nothing to mix to");
    require(8 <= depth && depth <= 15, "depth is 8 to 15");
    require(0 <= weight && weight <= 1 << 14, "a weight is 0 to 2^14");
    require_rows(targets.front(), row_start, row_end);
    for (const Plane &target : targets)
        require(target.width == targets.front().width && target.height == targets.front().height,
                "the targets of a mix differ in size");
    check_mix_source(outgoing, targets);
    check_mix_source(incoming, targets);
    require(!weights || is_size_of(*weights, targets.front()), "the weights are too few");
    nb::gil_scoped_release release;
    mix_planes(outgoing, incoming, weights ? weights->get() : nullptr, weight, targets, depth,
               row_start, row_end);
}

void checked_outline(const Outline &outline, const Plane &target, int row_start, int row_end) {
    require_rows(target, row_start, row_end);
    require(is_size_of(std::make_shared<Plane>(target), target), "a mask is 16-bit planar");
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
    require_rows(target, row_start, row_end);
    require_same_size(source, target);
    nb::gil_scoped_release release;
    affine_plane(source, target, scale, offset, shift, minimum, maximum, wide, row_start,
                 row_end);
}

void checked_look_up(const Plane &source, const Plane &target, const Array<uint16_t> &table,
                     int row_start, int row_end) {
    require_rows(target, row_start, row_end);
    require_same_size(source, target);
    require(table.size() > 0, "the table is empty");
    const uint16_t *entries = table.data();
    const int last = static_cast<int>(table.size()) - 1;
    nb::gil_scoped_release release;
    look_up_plane(source, target, entries, last, row_start, row_end);
}

void checked_cross(const Plane &outgoing, const Plane &incoming, const Plane &target, int weight,
                   int row_start, int row_end) {
    require_rows(target, row_start, row_end);
    for (const Plane *side : {&outgoing, &incoming}) {
        require_same_size(*side, target);
        require(side->sample_bytes == target.sample_bytes && side->step == 1 && side->shift == 0,
                "both sides are planar and of the target's sample size");
    }
    require(target.step == 1 && target.shift == 0, "the target plane must be planar");
    require(0 <= weight && weight <= 1 << 14, "a weight is 0 to 2^14");
    nb::gil_scoped_release release;
    cross_planes(outgoing, incoming, target, weight, row_start, row_end);
}

void require_canvas(const Plane &plane) {
    require(plane.sample_bytes == 2 && plane.step == 1 && plane.shift == 0,
            "the plane is not 16-bit planar");
}

void require_canvases(const Plane &source, const Plane &target) {
    require_canvas(source);
    require_canvas(target);
    require(source.width == target.width && source.height == target.height,
            "the planes differ in size");
}

void checked_premultiply(const Plane &colour, const Plane &alpha, int row_start, int row_end) {
    require_canvases(colour, alpha);
    require_rows(colour, row_start, row_end);
    nb::gil_scoped_release release;
    premultiply_plane(colour, alpha, row_start, row_end);
}

void checked_fill(const Plane &target, int value, int row_start, int row_end) {
    require_rows(target, row_start, row_end);
    nb::gil_scoped_release release;
    fill_plane(target, value, row_start, row_end);
}

void checked_rotate(const Plane &source, const Plane &target, int quarter_turns) {
    require(1 <= quarter_turns && quarter_turns <= 3, "quarter_turns is 1, 2 or 3");
    const bool swapped = quarter_turns != 2;
    require(target.width == (swapped ? source.height : source.width) &&
                target.height == (swapped ? source.width : source.height),
            "the target plane is not the source plane turned");
    require(target.step == 1 && target.sample_bytes == source.sample_bytes,
            "the target plane must be planar and of the source's sample size");
    nb::gil_scoped_release release;
    rotate_plane(source, target, quarter_turns);
}

void checked_pattern(const Plane &target, const Array<uint16_t> &phase_x,
                     const Array<uint16_t> &phase_y, const Array<uint16_t> &phase_sum,
                     int sum_step_x, int sum_step_y, const Array<uint16_t> &palette, int row_start, int row_end) {
    require_rows(target, row_start, row_end);
    require(target.step == 1, "the target plane must be planar");
    const auto width = static_cast<size_t>(target.width);
    const auto height = static_cast<size_t>(target.height);
    require(sum_step_x > 0 && sum_step_y > 0, "the steps along the diagonal are positive");
    require(phase_x.size() >= width && phase_y.size() >= height &&
                phase_sum.size() > (width - 1) * sum_step_x + (height - 1) * sum_step_y,
            "a phase array is shorter than the plane");
    const size_t entries = palette.size();
    require(entries > 0 && (entries & (entries - 1)) == 0, "the palette's size is no power of two");
    const uint16_t *x = phase_x.data(), *y = phase_y.data(), *sum = phase_sum.data();
    const uint16_t *colours = palette.data();
    const int mask = static_cast<int>(entries) - 1;
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
            "shift"_a = 0);

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
    module.def("rotate", &checked_rotate, "source"_a, "target"_a, "quarter_turns"_a);
    module.def("pattern", &checked_pattern, "target"_a, "phase_x"_a, "phase_y"_a, "phase_sum"_a,
               "sum_step_x"_a, "sum_step_y"_a, "palette"_a, "row_start"_a, "row_end"_a);

    bind_filters(module);
}
