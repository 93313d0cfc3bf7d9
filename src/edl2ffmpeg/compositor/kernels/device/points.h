// Kernels of one sample that need no neighbours.
#pragma once

#include "../masks.h"
#include "../pattern.h"
#include "../pointwise.h"
#include "../unsharp.h"
#include "../working.h"
#include "launch.h"

namespace edl2ffmpeg {

EDL_KERNEL(fill, FillJob) { store(job.target, x, job.start + y, job.value); }

EDL_KERNEL(write, WriteJob) {
    store(job.target, x, y, job.samples[int64_t{y} * job.target.width + x]);
}

EDL_KERNEL(affine_codes, AffineJob) {
    const int32_t row = job.start + y;
    const int32_t code = load(job.source, x, row);
    store(job.target, x, row,
          affine<int64_t>(code, job.scale, job.offset, job.shift, job.minimum, job.maximum));
}

EDL_KERNEL(look_up_codes, LookUpJob) {
    const int32_t row = job.start + y;
    store(job.target, x, row, look_up(load(job.source, x, row), job.table, job.last));
}

EDL_KERNEL(cross_codes, CrossJob) {
    const int32_t row = job.start + y;
    store(job.target, x, row,
          cross(load(job.outgoing, x, row), load(job.incoming, x, row), job.weight));
}

EDL_KERNEL(premultiply, PremultiplyJob) {
    const int32_t row = job.start + y;
    store(job.colour, x, row, premultiplied(load(job.colour, x, row), load(job.alpha, x, row)));
}

EDL_KERNEL(rotate, RotateJob) {
    const int32_t last_x = job.source.width - 1;
    const int32_t last_y = job.source.height - 1;
    const int32_t from_x = job.quarter_turns == 1 ? y : last_x - (job.quarter_turns == 2 ? x : y);
    const int32_t from_y = job.quarter_turns == 1 ? last_y - x
                                                  : (job.quarter_turns == 2 ? last_y - y : x);
    store(job.target, x, y, load(job.source, from_x, from_y));
}

EDL_KERNEL(pattern, PatternJob) {
    const int32_t row = job.start + y;
    const uint16_t *sum = job.phase_sum + int64_t{row} * job.step_y + int64_t{x} * job.step_x;
    store(job.target, x, row,
          pattern_sample(job.phase_x[x], job.phase_y[row], *sum, job.palette, job.mask));
}

EDL_KERNEL(crop_alpha, CropJob) {
    store(job.alpha, x, y, cropped_alpha(load(job.alpha, x, y), job.down[y], job.across[x]));
}

EDL_KERNEL(reach, ReachJob) {
    const int32_t row = job.start + y;
    const float moment = job.moments[int64_t{row} * job.target.width + x];
    const int32_t share = reached_share(moment, job.reached, job.soft);
    store(job.target, x, row, job.inverts ? 16384 - share : share);
}

HD float alpha_of_cell(const Plane &alpha, int32_t x, int32_t y, int32_t across, int32_t down) {
    const auto at = [&alpha](int32_t column, int32_t row) { return load(alpha, column, row); };
    return cell_sum(at, alpha.width, alpha.height, x * across, y * down, across, down);
}

EDL_KERNEL(weigh, WeighJob) {
    const float outside = alpha_of_cell(job.outside, x, y, job.spacing_x, job.spacing_y);
    const float inside = alpha_of_cell(job.inside, x, y, job.spacing_x, job.spacing_y);
    store(job.shares, x, y, seen_share(load(job.shares, x, y), outside, inside));
}

EDL_KERNEL(unsharp, UnsharpJob) {
    const int32_t row = job.start + y;
    store(job.target, x, row,
          sharpen(load(job.original, x, row), load(job.blurred, x, row), job.whole, job.fraction,
                  job.low, job.high));
}

}  // namespace edl2ffmpeg
