#include "checks.h"

#include <stdexcept>

namespace edl2ffmpeg {
namespace {

bool is_planar_16(const Plane &plane) {
    return plane.sample_bytes == 2 && plane.step == 1 && plane.shift == 0;
}

bool is_size_of(const Plane *plane, const Plane &target) {
    return !plane || (plane->width >= target.width && plane->height >= target.height &&
                      is_planar_16(*plane));
}

void check_channel(const Channel &channel, const Plane &target) {
    require(channel.across && channel.down, "a channel needs both axes");
    require(channel.across->last < channel.source.width && channel.down->last < channel.source.height,
            "an axis reads beyond its source plane");
    require(static_cast<int>(channel.across->positions.size()) == target.width &&
                static_cast<int>(channel.down->positions.size()) == target.height,
            "an axis has another length than the target plane");
}

void check_coverage(const Coverage &coverage, const Plane &target) {
    require(coverage.across.empty() == coverage.down.empty(), "edges go across and down together");
    require(coverage.across.empty() ||
                (coverage.across.size() == static_cast<size_t>(target.width) &&
                 coverage.down.size() == static_cast<size_t>(target.height)),
            "edges have another length than the target plane");
    require(is_size_of(coverage.mask.get(), target) && is_size_of(coverage.store.get(), target),
            "a mask is smaller than the target plane, or not 16-bit planar");
}

void check_program(const Program &program, size_t channels) {
    require(program.components.size() == 3, "a program has three components");
    for (const MatrixRow &row : program.components)
        require(row.weights.size() <= channels && row.weights.size() <= 3,
                "a program has more weights than there are channels");
    for (const auto &step : program.steps) require(step != nullptr, "a step is missing");
}

void check_mix_source(const MixSource &source, const std::vector<Plane> &targets) {
    if (source.planes.empty()) return;
    require(source.planes.size() == targets.size(), "a side of a mix lacks a plane");
    const Plane &first = source.planes[0];
    for (const Plane &plane : source.planes)
        require(plane.width == first.width && plane.height == first.height && is_planar_16(plane),
                "the planes of a mix are 16-bit planar and of one size");
    require(is_size_of(source.coverage.get(), first),
            "the coverage of a mix is smaller than its planes");
}

}  // namespace

void require(bool condition, const char *message) {
    if (!condition) throw std::invalid_argument(message);
}

void check_rows(const Plane &target, int row_start, int row_end) {
    require(0 <= row_start && row_start <= row_end && row_end <= target.height,
            "the row range is outside the target plane");
}

void check_covered(const Plane &source, const Plane &target, int row_start, int row_end) {
    check_rows(target, row_start, row_end);
    require(source.width >= target.width && source.height >= target.height,
            "the source plane is smaller than the target plane");
}

void check_draw(const std::vector<Channel> &channels, const std::vector<Output> &outputs,
                const Coverage *coverage, const Program *program, int row_start, int row_end) {
    require(!outputs.empty(), "nothing to draw to");
    const Plane &target = outputs.front().target;
    check_rows(target, row_start, row_end);
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
}

void check_mix(const MixSource &outgoing, const MixSource &incoming, const Plane *weights,
               int weight, const std::vector<Plane> &targets, int depth, int row_start,
               int row_end) {
    require(!targets.empty(), "nothing to mix to");
    require(8 <= depth && depth <= 15, "depth is 8 to 15");
    require(0 <= weight && weight <= 1 << 14, "a weight is 0 to 2^14");
    check_rows(targets.front(), row_start, row_end);
    for (const Plane &target : targets)
        require(target.width == targets.front().width && target.height == targets.front().height,
                "the targets of a mix differ in size");
    check_mix_source(outgoing, targets);
    check_mix_source(incoming, targets);
    require(is_size_of(weights, targets.front()), "the weights are too few");
}

void check_outline(const Plane &target, int row_start, int row_end) {
    check_rows(target, row_start, row_end);
    require(is_planar_16(target), "a mask is 16-bit planar");
}

void check_cross(const Plane &outgoing, const Plane &incoming, const Plane &target, int weight,
                 int row_start, int row_end) {
    for (const Plane *side : {&outgoing, &incoming}) {
        check_covered(*side, target, row_start, row_end);
        require(side->sample_bytes == target.sample_bytes && side->step == target.step &&
                    side->shift == target.shift,
                "both sides have the target's layout of samples");
    }
    require(0 <= weight && weight <= 1 << 14, "a weight is 0 to 2^14");
}

void check_canvases(const Plane &source, const Plane &target) {
    require(is_planar_16(source) && is_planar_16(target), "the plane is not 16-bit planar");
    require(source.width == target.width && source.height == target.height,
            "the planes differ in size");
}

void check_rotate(const Plane &source, const Plane &target, int quarter_turns) {
    require(1 <= quarter_turns && quarter_turns <= 3, "quarter_turns is 1, 2 or 3");
    const bool swapped = quarter_turns != 2;
    require(target.width == (swapped ? source.height : source.width) &&
                target.height == (swapped ? source.width : source.height),
            "the target plane is not the source plane turned");
    require(target.step == 1 && target.shift == 0 && target.sample_bytes == source.sample_bytes,
            "the target plane must be planar and of the source's sample size");
}

void check_pattern(const Plane &target, const std::array<size_t, 4> &sizes, int step_x, int step_y,
                   int row_start, int row_end) {
    check_rows(target, row_start, row_end);
    require(target.step == 1 && target.shift == 0, "the target plane must be planar");
    const auto width = static_cast<size_t>(target.width);
    const auto height = static_cast<size_t>(target.height);
    require(step_x > 0 && step_y > 0, "the steps along the diagonal are positive");
    require(sizes[0] >= width && sizes[1] >= height &&
                sizes[2] > (width - 1) * step_x + (height - 1) * step_y,
            "a phase array is shorter than the plane");
    const size_t entries = sizes[3];
    require(entries > 0 && (entries & (entries - 1)) == 0, "the palette's size is no power of two");
}

}  // namespace edl2ffmpeg
