// The fused pass of a layer, one sample of all of its outputs: filters, matrix, effects, coverage,
// blending.  The host's row loops (host/draw.cpp) give the same numbers in the same order.
#pragma once

#include "../effects.h"
#include "../resample.h"
#include "launch.h"

namespace edl2ffmpeg {

// The samples of a row from a position on; those of 16 bits are centred.
struct RowSamples {
    const Plane &plane;
    int32_t x;
    int32_t y;
    int32_t centre;

    HD int32_t operator[](int32_t k) const { return load(plane, x + k, y) - centre; }
};

HD int16_t sample_across(const ChannelJob &channel, int32_t x, int32_t y) {
    const AxisJob &axis = channel.across;
    if (axis.identity)
        return to_working(load(channel.source, axis.positions[0] + x, y), channel.depth);
    const RowSamples samples{channel.source, axis.positions[x], y,
                             channel.depth > kWorkingDepth ? 1 << (channel.depth - 1) : 0};
    return filter_across(samples, axis.taps + int64_t{x} * axis.tap_count, axis.tap_count,
                         across_bias(channel.depth), across_shift(channel.depth));
}

HD int16_t sample_channel(const ChannelJob &channel, int32_t x, int32_t y) {
    const AxisJob &axis = channel.down;
    const int32_t first = axis.positions[y];
    const int16_t *taps = axis.taps + int64_t{y} * axis.tap_count;
    // A lone tap (a co-sited row) needs no sum.
    for (int32_t k = 0; k < axis.tap_count; ++k)
        if (taps[k] == kWeightOne) return sample_across(channel, x, first + k);
    int32_t sum = 0;
    for (int32_t k = 0; k < axis.tap_count; ++k)
        if (taps[k] != 0) sum += sample_across(channel, x, first + k) * taps[k];
    return finish_down(sum);
}

HD int16_t combine(const MatrixJob &row, const int16_t *inputs) {
    return combine3(inputs[0], inputs[1], inputs[2], row.weights[0], row.weights[1],
                    row.weights[2], row.offset);
}

HD int16_t cover(const CoverageJob &job, int16_t alpha, int32_t width, int32_t x, int32_t y) {
    int16_t covered = static_cast<int16_t>(job.most);
    if (job.from_channel) covered = coverage_of(alpha, job.scale, job.offset, job.most);
    if (job.down) covered = times(times(covered, job.across[x]), job.down[y]);
    const int32_t start = x / kOutlineRun * kOutlineRun;
    const int32_t end = start + kOutlineRun < width ? start + kOutlineRun : width;
    const float row = static_cast<float>(y);
    for (int32_t i = 0; i < job.outline_count; ++i)
        if (!covers_run(job.outlines[i], start, end, row))
            covered = outlined(job.outlines[i], covered, x, row);
    if (job.mask.address) covered = times(times(covered, load(job.mask, x, y)), kWeightOne);
    return covered;
}

HD void bring_border(const StepJob &step, int32_t wanted, int32_t x, int32_t y, int16_t *values) {
    const float *n = step.numbers;
    const float rest = inside_rows(step.grid.q(y), n[1], n[3]);
    const float share = border_share(step.grid.p(x), rest, n[0], n[2]);
    if (share <= 0.0f) return;
    for (int32_t i = 0; i < 3; ++i)
        if (wanted >> i & 1) values[i] = to_component(toward(values[i], n[4 + i], share), i);
}

HD void take_step(const StepJob &step, int32_t wanted, int32_t x, int32_t y, int16_t *values) {
    const float *n = step.numbers;
    const auto *numbers = static_cast<const float *>(step.tables[0]);
    switch (step.kind) {
        case StepJob::kTable:
            for (int32_t i = 0; i < 3; ++i)
                if (step.tables[i] && (wanted >> i & 1))
                    values[i] =
                        look_up_working(values[i], static_cast<const int16_t *>(step.tables[i]));
            break;
        case StepJob::kMatrix:
            mix_components(n, n + 9, values[0], values[1], values[2]);
            break;
        case StepJob::kChroma:
            scale_chroma(numbers, values[1], values[2]);
            break;
        case StepJob::kCube:
        case StepJob::kLines:
            grade(numbers, step.count, step.kind == StepJob::kCube, n[24], n, n + 12, values[0],
                  values[1], values[2]);
            break;
        case StepJob::kVignette: {
            const float gain = vignette_gain(step.grid.p(x), step.grid.q(y), n[0], n[1], n[2]);
            for (int32_t i = 0; i < 3; ++i)
                if (wanted >> i & 1) values[i] = dimmed(values[i], gain, i ? 0.0f : kLumaZero);
            break;
        }
        case StepJob::kBorder:
            bring_border(step, wanted, x, y, values);
            break;
        default:
            if (wanted & 1)
                values[0] = worn_luma(values[0], step.grid.p(x),
                                      grain_number(step.grid.q(y), n[2]), step.seed, n[0], n[1],
                                      n[3], numbers, step.count);
    }
}

HD void run_program(const DrawJob &job, const int16_t *inputs, int16_t alpha, int32_t x, int32_t y,
                    int16_t *values) {
    for (int32_t i = 0; i < 3; ++i) {
        if (!(job.wanted >> i & 1)) continue;
        values[i] = combine(job.components[i], inputs);
        if (job.unpremultiplies) values[i] = unpremultiplied(values[i], alpha);
    }
    for (int32_t i = 0; i < job.step_count; ++i)
        take_step(i < kOwnSteps ? job.own_steps[i] : job.steps[i - kOwnSteps], job.wanted, x, y,
                  values);
}

HD void put(const OutputJob &output, int16_t value, bool blends, int16_t covered, int32_t x,
            int32_t y) {
    int32_t code;
    if (blends)
        code = blend_over(value, output.scale, output.blend_offset, covered,
                          load(output.target, x, y), output.depth);
    else
        code = quantise(value, output.scale, output.opaque_offset,
                        kWeightBits + kWorkingDepth - output.depth, (1 << output.depth) - 1);
    store(output.target, x, y, code);
}

EDL_KERNEL(draw, DrawJob) {
    const int32_t row = job.start + y;
    const CoverageJob &coverage = job.coverage;
    const bool stores = coverage.store.address != 0;
    const int32_t colours = job.channel_count - (coverage.from_channel ? 1 : 0);
    int16_t inputs[kMostChannels] = {};
    int16_t alpha = 0;
    int16_t covered = 0;
    if (coverage.from_channel) alpha = sample_channel(job.channels[colours], x, row);
    if (coverage.exists) {
        // Rows beyond the edges are left alone, but where coverage is stored.
        const bool any = !coverage.down || coverage.down[row] != 0;
        if (!any && !stores) return;
        if (any) covered = cover(coverage, alpha, job.width, x, row);
        if (stores) store(coverage.store, x, row, covered);
    }
    for (int32_t i = 0; i < colours; ++i) inputs[i] = sample_channel(job.channels[i], x, row);
    if (coverage.from_channel) inputs[colours] = alpha;
    int16_t values[3] = {};
    if (job.has_program) run_program(job, inputs, alpha, x, row, values);
    for (int32_t i = 0; i < job.output_count; ++i) {
        const OutputJob &output = job.outputs[i];
        int16_t value;
        if (job.has_program) {
            value = values[output.component];
        } else {
            value = combine(output.matrix, inputs);
            if (output.table) value = look_up_working(value, output.table);
        }
        put(output, value, coverage.exists && !stores, covered, x, row);
    }
}

EDL_KERNEL(outline, OutlineJob) {
    const int32_t row = job.start + y;
    const int32_t start = x / kOutlineRun * kOutlineRun;
    const int32_t end = start + kOutlineRun < job.target.width ? start + kOutlineRun
                                                               : job.target.width;
    const float at = static_cast<float>(row);
    const auto whole = static_cast<int16_t>(kWeightOne);
    store(job.target, x, row,
          covers_run(job.outline, start, end, at) ? whole : outlined(job.outline, whole, x, at));
}

struct MixedSample {
    int32_t value;
    int32_t coverage;
};

HD MixedSample sample_side(const MixSide &side, int32_t plane, int32_t x, int32_t y) {
    const int32_t column = x - side.left;
    const int32_t row = y - side.top;
    if (side.count == 0 || column < 0 || row < 0 || column >= side.planes[0].width ||
        row >= side.planes[0].height)
        return {0, 0};
    return {load(side.planes[plane], column, row),
            side.coverage.address ? load(side.coverage, column, row) : kWeightOne};
}

EDL_KERNEL(mix, MixJob) {
    const int32_t row = job.start + y;
    const int32_t weight = job.weights.address ? load(job.weights, x, row) : job.weight;
    for (int32_t i = 0; i < job.target_count; ++i) {
        const MixedSample a = sample_side(job.outgoing, i, x, row);
        const MixedSample b = sample_side(job.incoming, i, x, row);
        const int32_t below = load(job.targets[i], x, row);
        store(job.targets[i], x, row,
              mix_over(a.value, a.coverage, b.value, b.coverage, weight, below, job.depth));
    }
}

}  // namespace edl2ffmpeg
