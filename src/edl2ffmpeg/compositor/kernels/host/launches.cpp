#include "launches.h"

#include <algorithm>

#include "../working.h"
#include "checks.h"

namespace edl2ffmpeg {
namespace {

AxisJob axis_job(const Axis &axis, const TableSink &sink) {
    return {sink(axis.positions, axis.id(), 0), sink(axis.taps, axis.id(), 1), axis.tap_count,
            axis.identity};
}

MatrixJob matrix_job(const std::vector<int> &weights, int offset) {
    MatrixJob job{};
    std::copy(weights.begin(), weights.end(), job.weights);
    job.offset = offset;
    return job;
}

OutputJob output_job(const Output &output, const TableSink &sink) {
    OutputJob job{};
    job.target = output.target;
    job.matrix = matrix_job(output.weights, output.offset);
    if (output.table) job.table = sink(output.table->values, output.table->id(), 0);
    job.depth = output.depth;
    job.scale = output.scale;
    job.opaque_offset = output.opaque_offset;
    job.blend_offset = output.blend_offset;
    job.component = output.component;
    return job;
}

CoverageJob coverage_job(const Coverage &coverage, const TableSink &sink) {
    CoverageJob job{};
    job.exists = 1;
    job.across = sink(coverage.across);
    job.down = sink(coverage.down);
    job.outlines = sink(coverage.outlines);
    job.outline_count = static_cast<int>(coverage.outlines.size());
    job.from_channel = coverage.from_channel;
    job.scale = coverage.scale;
    job.offset = coverage.offset;
    job.most = coverage.most;
    if (coverage.mask) job.mask = *coverage.mask;
    if (coverage.store) job.store = *coverage.store;
    return job;
}

void add_program(DrawJob &job, const Program &program, const std::vector<Output> &outputs,
                 const TableSink &sink) {
    job.has_program = 1;
    job.unpremultiplies = program.unpremultiplies;
    for (const Output &output : outputs) job.wanted |= 1 << output.component;
    for (const auto &step : program.steps)
        if (step->needs_all()) job.wanted = 7;
    for (int i = 0; i < 3; ++i)
        job.components[i] =
            matrix_job(program.components[i].weights, program.components[i].offset);
    std::vector<StepJob> steps;
    for (const auto &step : program.steps) {
        steps.emplace_back();
        step->describe(steps.back(), sink);
    }
    job.step_count = static_cast<int>(steps.size());
    const auto own = steps.begin() + std::min<int>(job.step_count, kOwnSteps);
    std::copy(steps.begin(), own, job.own_steps);
    steps.erase(steps.begin(), own);
    job.steps = sink(steps);
}

MixSide mix_side(const MixSource &source) {
    MixSide side{};
    std::copy(source.planes.begin(), source.planes.end(), side.planes);
    if (source.coverage) side.coverage = *source.coverage;
    side.count = static_cast<int>(source.planes.size());
    side.left = source.left;
    side.top = source.top;
    return side;
}

// The block edges of a direction: where each begins, and where the last one ends.
std::vector<int32_t> block_edges(const std::vector<int32_t> &blocks) {
    std::vector<int32_t> edges{0};
    for (size_t i = 1; i < blocks.size(); ++i)
        if (blocks[i] != blocks[i - 1]) edges.push_back(static_cast<int32_t>(i));
    edges.push_back(static_cast<int32_t>(blocks.size()));
    return edges;
}

}  // namespace

Launches draw_launches(const std::vector<Channel> &channels, const std::vector<Output> &outputs,
                       const Coverage *coverage, const Program *program, int row_start,
                       int row_end, const TableSink &sink) {
    require(channels.size() <= kMostChannels && outputs.size() <= kMostOutputs,
            "a device draws at most four outputs of four channels at once");
    Launches runs = blend_run_launches(channels, outputs, coverage, program, row_start, row_end);
    if (!runs.empty()) return runs;
    DrawJob job{};
    for (const Channel &channel : channels)
        job.channels[job.channel_count++] = {channel.source, channel.depth,
                                             axis_job(*channel.across, sink),
                                             axis_job(*channel.down, sink)};
    for (const Output &output : outputs)
        job.outputs[job.output_count++] = output_job(output, sink);
    if (coverage) job.coverage = coverage_job(*coverage, sink);
    if (program) add_program(job, *program, outputs, sink);
    job.width = outputs.front().target.width;
    job.start = row_start;
    return {{"draw", job.width, row_end - row_start, job}};
}

Launches mix_launches(const MixSource &outgoing, const MixSource &incoming, const Plane *weights,
                      int weight, const std::vector<Plane> &targets, int depth, int row_start,
                      int row_end) {
    require(targets.size() <= kMostOutputs, "a device mixes at most four planes at once");
    MixJob job{};
    job.outgoing = mix_side(outgoing);
    job.incoming = mix_side(incoming);
    if (weights) job.weights = *weights;
    std::copy(targets.begin(), targets.end(), job.targets);
    job.target_count = static_cast<int>(targets.size());
    job.weight = weight;
    job.depth = depth;
    job.start = row_start;
    return {{"mix", targets.front().width, row_end - row_start, job}};
}

Launches mosaic_launches(const Plane &source, const Plane &target,
                         const std::vector<int32_t> &columns, const std::vector<int32_t> &rows,
                         const TableSink &sink, const TakeScratch &take) {
    const std::vector<int32_t> across = block_edges(columns), down = block_edges(rows);
    const int blocks_across = static_cast<int>(across.size()) - 1;
    const int blocks_down = static_cast<int>(down.size()) - 1;
    MosaicJob job{};
    job.source = source;
    job.target = target;
    job.column_edges = sink(across);
    job.row_edges = sink(down);
    job.columns = sink(columns);
    job.rows = sink(rows);
    job.blocks_across = blocks_across;
    const auto sums = static_cast<size_t>(blocks_down) * source.width;
    const auto means = static_cast<size_t>(blocks_down) * blocks_across;
    job.sums = reinterpret_cast<uint32_t *>(take(sums * sizeof(uint32_t)));
    job.means = reinterpret_cast<uint16_t *>(take(means * sizeof(uint16_t)));
    return {{"mosaic_sums", source.width, blocks_down, job},
            {"mosaic_means", blocks_across, blocks_down, job},
            {"mosaic_spread", target.width, target.height, job}};
}

}  // namespace edl2ffmpeg
