// The extension module: checks what Python hands over, then runs the kernels without the GIL.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <stdexcept>

#include "draw.h"
#include "effects_module.h"

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

void checked_draw(const std::vector<Channel> &channels, const std::vector<Output> &outputs,
                  std::optional<Coverage> coverage, Scratch &scratch, int row_start, int row_end) {
    require(!outputs.empty(), "nothing to draw to");
    const Plane &target = outputs.front().target;
    require_rows(target, row_start, row_end);
    require(!coverage || !coverage->from_channel || !channels.empty(),
            "coverage needs an alpha channel");
    for (const Channel &channel : channels) check_channel(channel, target);
    for (const Output &output : outputs) {
        require(output.target.width == target.width && output.target.height == target.height,
                "the outputs of one grid differ in size");
        require(output.weights.size() <= channels.size() && output.weights.size() <= 3,
                "an output has more weights than there are channels");
    }
    nb::gil_scoped_release release;
    draw(channels, outputs, coverage ? &*coverage : nullptr, scratch, row_start, row_end);
}

void checked_affine(const Plane &source, const Plane &target, int64_t scale, int64_t offset,
                    int shift, int maximum, bool wide, int row_start, int row_end) {
    require_rows(target, row_start, row_end);
    require_same_size(source, target);
    nb::gil_scoped_release release;
    affine_plane(source, target, scale, offset, shift, maximum, wide, row_start, row_end);
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
                require(address != 0 && width > 0 && height > 0 && step > 0 && shift >= 0,
                        "a plane needs an address and positive sizes");
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
               std::optional<std::shared_ptr<Table>> table) {
                require(8 <= depth && depth <= 16, "depth is 8 to 16");
                new (self) Output{target,        depth,
                                  std::move(weights), offset,
                                  table ? *table : nullptr, scale,
                                  opaque_offset, blend_offset};
            },
            "target"_a, "depth"_a, "weights"_a, "offset"_a, "scale"_a, "opaque_offset"_a,
            "blend_offset"_a, "table"_a = nb::none());

    nb::class_<Coverage>(module, "Coverage")
        .def(
            "__init__",
            [](Coverage *self, bool from_channel, int scale, int offset, int most) {
                require(0 <= most && most <= 1 << 14, "most is 0 to 2^14");
                new (self) Coverage{from_channel, scale, offset, most};
            },
            "from_channel"_a, "scale"_a, "offset"_a, "most"_a);

    nb::class_<Scratch>(module, "Scratch")
        .def(nb::init<>())
        .def_prop_ro("size", &Scratch::size);

    module.def("draw", &checked_draw, "channels"_a, "outputs"_a, "coverage"_a.none(), "scratch"_a,
               "row_start"_a, "row_end"_a);
    module.def("affine", &checked_affine, "source"_a, "target"_a, "scale"_a, "offset"_a, "shift"_a,
               "maximum"_a, "wide"_a, "row_start"_a, "row_end"_a);
    module.def("look_up", &checked_look_up, "source"_a, "target"_a, "table"_a, "row_start"_a,
               "row_end"_a);
    module.def("fill", &checked_fill, "target"_a, "value"_a, "row_start"_a, "row_end"_a);
    module.def("rotate", &checked_rotate, "source"_a, "target"_a, "quarter_turns"_a);
    module.def("pattern", &checked_pattern, "target"_a, "phase_x"_a, "phase_y"_a, "phase_sum"_a,
               "sum_step_x"_a, "sum_step_y"_a, "palette"_a, "row_start"_a, "row_end"_a);

    bind_effects(module);
}
