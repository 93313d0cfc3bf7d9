// Bindings of launches.h.  Each function makes the checks of the host's function of that name, and
// returns a list of (kernel, columns, rows, parameters).
#include "jobs_module.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "checks.h"
#include "launches.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace edl2ffmpeg;

namespace {

nb::list listed(const Launches &launches) {
    nb::list found;
    for (const Launch &launch : launches)
        found.append(nb::make_tuple(
            launch.kernel, launch.columns, launch.rows,
            nb::bytes(launch.parameters.data(), launch.parameters.size())));
    return found;
}

template <class Job>
nb::list banded(const char *kernel, const Plane &target, int row_start, int row_end,
                const Job &job) {
    return listed({{kernel, target.width, row_end - row_start, job}});
}

template <class Entry>
const Entry *table_at(uint64_t address) {
    require(address != 0, "a table has an address");
    return reinterpret_cast<const Entry *>(address);
}

// `tables` copies (id, part, address, bytes) to the device, and says where to.
TableSink sink_of(const nb::callable &tables) {
    return TableSink([tables](uint64_t id, int part, const void *data, size_t bytes) {
        return nb::cast<uint64_t>(tables(id, part, reinterpret_cast<uintptr_t>(data), bytes));
    });
}

TakeScratch scratch_of(const nb::callable &scratch) {
    return [scratch](size_t bytes) { return nb::cast<uint64_t>(scratch(bytes)); };
}

nb::list draw_job(const std::vector<Channel> &channels, const std::vector<Output> &outputs,
                  std::optional<Coverage> coverage, int row_start, int row_end,
                  std::optional<Program> program, const nb::callable &tables) {
    const Coverage *covered = coverage ? &*coverage : nullptr;
    const Program *steps = program ? &*program : nullptr;
    check_draw(channels, outputs, covered, steps, row_start, row_end);
    return listed(draw_launches(channels, outputs, covered, steps, row_start, row_end,
                                sink_of(tables)));
}

nb::list mix_job(const MixSource &outgoing, const MixSource &incoming,
                 std::optional<std::shared_ptr<Plane>> weights, int weight,
                 const std::vector<Plane> &targets, int depth, int row_start, int row_end) {
    const Plane *shares = weights ? weights->get() : nullptr;
    check_mix(outgoing, incoming, shares, weight, targets, depth, row_start, row_end);
    return listed(
        mix_launches(outgoing, incoming, shares, weight, targets, depth, row_start, row_end));
}

nb::list fill_job(const Plane &target, int value, int row_start, int row_end) {
    check_rows(target, row_start, row_end);
    return listed(fill_launches(target, value, row_start, row_end));
}

nb::list write_job(const Plane &target, uint64_t samples) {
    return listed({{"write", target.width, target.height,
                    WriteJob{table_at<uint16_t>(samples), target}}});
}

nb::list affine_job(const Plane &source, const Plane &target, int64_t scale, int64_t offset,
                    int shift, int maximum, bool wide, int row_start, int row_end, int minimum) {
    check_covered(source, target, row_start, row_end);
    return listed(affine_launches(
        AffineJob{source, target, scale, offset, shift, minimum, maximum, row_start}, wide,
        row_end));
}

nb::list look_up_job(const Plane &source, const Plane &target, uint64_t table, int entries,
                     int row_start, int row_end) {
    check_covered(source, target, row_start, row_end);
    require(entries > 0, "the table is empty");
    return banded(
        "look_up_codes", target, row_start, row_end,
        LookUpJob{source, target, table_at<uint16_t>(table), entries - 1, row_start});
}

nb::list cross_job(const Plane &outgoing, const Plane &incoming, const Plane &target, int weight,
                   int row_start, int row_end) {
    check_cross(outgoing, incoming, target, weight, row_start, row_end);
    return banded("cross_codes", target, row_start, row_end,
                  CrossJob{outgoing, incoming, target, weight, row_start});
}

nb::list premultiply_job(const Plane &colour, const Plane &alpha, int row_start, int row_end) {
    check_canvases(colour, alpha);
    check_rows(colour, row_start, row_end);
    return banded("premultiply", colour, row_start, row_end,
                  PremultiplyJob{colour, alpha, row_start});
}

nb::list outline_job(const Outline &outline, const Plane &target, int row_start, int row_end) {
    check_outline(target, row_start, row_end);
    return banded("outline", target, row_start, row_end, OutlineJob{outline, target, row_start});
}

nb::list rotate_job(const Plane &source, const Plane &target, int quarter_turns) {
    check_rotate(source, target, quarter_turns);
    return listed(
        {{"rotate", target.width, target.height, RotateJob{source, target, quarter_turns}}});
}

// `addresses` are those of the phases along x, y and the diagonal and of the palette; `sizes` how
// many entries each has.
nb::list pattern_job(const Plane &target, std::vector<uint64_t> addresses,
                     std::vector<size_t> sizes, int step_x, int step_y, int row_start,
                     int row_end) {
    require(addresses.size() == 4 && sizes.size() == 4, "a pattern has four tables");
    check_pattern(target, {sizes[0], sizes[1], sizes[2], sizes[3]}, step_x, step_y, row_start,
                  row_end);
    const PatternJob job{target,
                         table_at<uint16_t>(addresses[0]),
                         table_at<uint16_t>(addresses[1]),
                         table_at<uint16_t>(addresses[2]),
                         table_at<uint16_t>(addresses[3]),
                         step_x,
                         step_y,
                         static_cast<int32_t>(sizes[3]) - 1,
                         row_start};
    return banded("pattern", target, row_start, row_end, job);
}

nb::list warp_job(const Plane &source, const Plane &target, int64_t origin_x, int64_t origin_y,
                  int64_t column_x, int64_t column_y, int64_t row_x, int64_t row_y, int row_start,
                  int row_end) {
    check_warp(source, target, row_start, row_end);
    const WarpJob job{source,
                      target,
                      {origin_x, column_x, row_x},
                      {origin_y, column_y, row_y},
                      row_start};
    return banded("warp", target, row_start, row_end, job);
}

nb::list blur_job(const Plane &source, const Plane &target, double sigma_x, double sigma_y,
                  const nb::callable &tables, const nb::callable &scratch) {
    check_blur(source, target, sigma_x, sigma_y);
    return listed(blur_launches(source, target, sigma_x, sigma_y, sink_of(tables),
                                scratch_of(scratch)));
}

nb::list mosaic_job(const Plane &source, const Plane &target, std::vector<int32_t> columns,
                    std::vector<int32_t> rows, const nb::callable &tables,
                    const nb::callable &scratch) {
    check_mosaic(source, target, {columns.data(), columns.size()}, {rows.data(), rows.size()});
    return listed(mosaic_launches(source, target, columns, rows, sink_of(tables),
                                  scratch_of(scratch)));
}

nb::list unsharp_job(const Plane &original, const Plane &blurred, const Plane &target, int amount,
                     int low, int high, int row_start, int row_end) {
    check_unsharp(original, blurred, target, amount, low, high, row_start, row_end);
    return banded("unsharp", target, row_start, row_end,
                  UnsharpJob{original, blurred, target, amount >> kWeightBits,
                             amount & (kWeightOne - 1), low, high, row_start});
}

nb::list crop_alpha_job(const Plane &alpha, uint64_t across, uint64_t down, size_t columns,
                        size_t rows) {
    check_crop_alpha(alpha, columns, rows);
    return listed({{"crop_alpha", alpha.width, alpha.height,
                    CropJob{alpha, table_at<float>(across), table_at<float>(down)}}});
}

nb::list reach_job(const Moments &moments, const Plane &target, float reached, float soft,
                   bool inverts, int row_start, int row_end, const nb::callable &tables) {
    check_reach(moments, target, row_start, row_end);
    const float *copied = sink_of(tables)(moments.values, moments.id());
    return banded("reach", target, row_start, row_end,
                  ReachJob{copied, target, reached, soft, inverts, row_start});
}

nb::list weigh_job(const Plane &shares, const Plane &outside, const Plane &inside, int spacing_x,
                   int spacing_y) {
    check_weigh(shares, outside, inside, spacing_x, spacing_y);
    return listed({{"weigh", shares.width, shares.height,
                    WeighJob{shares, outside, inside, spacing_x, spacing_y}}});
}

}  // namespace

void bind_jobs(nb::module_ &module) {
    module.def("draw_job", &draw_job, "channels"_a, "outputs"_a, "coverage"_a.none(),
               "row_start"_a, "row_end"_a, "program"_a.none(), "tables"_a);
    module.def("mix_job", &mix_job, "outgoing"_a, "incoming"_a, "weights"_a.none(), "weight"_a,
               "targets"_a, "depth"_a, "row_start"_a, "row_end"_a);
    module.def("fill_job", &fill_job, "target"_a, "value"_a, "row_start"_a, "row_end"_a);
    module.def("write_job", &write_job, "target"_a, "samples"_a);
    module.def("affine_job", &affine_job, "source"_a, "target"_a, "scale"_a, "offset"_a,
               "shift"_a, "maximum"_a, "wide"_a, "row_start"_a, "row_end"_a, "minimum"_a);
    module.def("look_up_job", &look_up_job, "source"_a, "target"_a, "table"_a, "entries"_a,
               "row_start"_a, "row_end"_a);
    module.def("cross_job", &cross_job, "outgoing"_a, "incoming"_a, "target"_a, "weight"_a,
               "row_start"_a, "row_end"_a);
    module.def("premultiply_job", &premultiply_job, "colour"_a, "alpha"_a, "row_start"_a,
               "row_end"_a);
    module.def("outline_job", &outline_job, "outline"_a, "target"_a, "row_start"_a, "row_end"_a);
    module.def("rotate_job", &rotate_job, "source"_a, "target"_a, "quarter_turns"_a);
    module.def("pattern_job", &pattern_job, "target"_a, "addresses"_a, "sizes"_a, "step_x"_a,
               "step_y"_a, "row_start"_a, "row_end"_a);
    module.def("warp_job", &warp_job, "source"_a, "target"_a, "origin_x"_a, "origin_y"_a,
               "column_x"_a, "column_y"_a, "row_x"_a, "row_y"_a, "row_start"_a, "row_end"_a);
    module.def("blur_job", &blur_job, "source"_a, "target"_a, "sigma_x"_a, "sigma_y"_a, "tables"_a,
               "scratch"_a);
    module.def("mosaic_job", &mosaic_job, "source"_a, "target"_a, "columns"_a, "rows"_a,
               "tables"_a, "scratch"_a);
    module.def("unsharp_job", &unsharp_job, "original"_a, "blurred"_a, "target"_a, "amount"_a,
               "low"_a, "high"_a, "row_start"_a, "row_end"_a);
    module.def("crop_alpha_job", &crop_alpha_job, "alpha"_a, "across"_a, "down"_a, "columns"_a,
               "rows"_a);
    module.def("reach_job", &reach_job, "moments"_a, "target"_a, "reached"_a, "soft"_a,
               "inverts"_a, "row_start"_a, "row_end"_a, "tables"_a);
    module.def("weigh_job", &weigh_job, "shares"_a, "outside"_a, "inside"_a, "spacing_x"_a,
               "spacing_y"_a);
}
