// Kernels of filters that look at neighbours: blur, mosaic, warp.
#pragma once

#include "../blur.h"
#include "../mosaic.h"
#include "../warp.h"
#include "launch.h"

namespace edl2ffmpeg {

#if defined(__CUDACC_RTC__)
__device__ constexpr CubicTaps kTurnTaps = cubic_taps();
#else
constexpr CubicTaps kTurnTaps = cubic_taps();
#endif

EDL_KERNEL(blur_load, BlurLoadJob) {
    job.target.data[y * job.target.stride + x] = to_blur(load(job.source, x, y));
}

// The ends of a direction are repeated as far as a filter reads.
HD int32_t sum_pass(const BlurPassJob &job, int32_t x, int32_t y) {
    const BlurRows &in = job.source;
    const int32_t along = job.goes_down ? y : x;
    const int32_t last = (job.goes_down ? in.height : in.width) - 1;
    const int32_t first =
        job.positions ? job.positions[along] : along * job.spacing + job.first;
    const int16_t *start = job.goes_down ? in.data + x : in.data + y * in.stride;
    const int64_t stride = job.goes_down ? in.stride : 1;
    const int16_t *taps = job.taps + int64_t{along} * job.taps_apart;
    if (first >= 0 && first + job.tap_count - 1 <= last)
        return blur_sum(start + first * stride, stride, taps, job.tap_count);
    int32_t sum = 0;
    for (int32_t k = 0; k < job.tap_count; ++k)
        sum += start[clamp(first + k, 0, last) * stride] * taps[k];
    return sum;
}

EDL_KERNEL(blur_pass, BlurPassJob) {
    const int32_t sum = sum_pass(job, x, y);
    if (job.codes.address)
        store(job.codes, x, y, blur_code(sum, job.shift));
    else
        job.target.data[y * job.target.stride + x] = blur_between(sum, job.shift);
}

// Code values of samples that are blurred in one direction only.
EDL_KERNEL(blur_unload, BlurPassJob) {
    store(job.codes, x, y, blur_code(job.source.data[y * job.source.stride + x], 0));
}

EDL_KERNEL(mosaic_sums, MosaicJob) {
    uint32_t sum = 0;
    for (int32_t row = job.row_edges[y]; row < job.row_edges[y + 1]; ++row)
        sum += static_cast<uint32_t>(load(job.source, x, row));
    job.sums[int64_t{y} * job.source.width + x] = sum;
}

EDL_KERNEL(mosaic_means, MosaicJob) {
    const uint32_t *sums = job.sums + int64_t{y} * job.source.width;
    int64_t sum = 0;
    for (int32_t column = job.column_edges[x]; column < job.column_edges[x + 1]; ++column)
        sum += sums[column];
    const int64_t count = static_cast<int64_t>(job.column_edges[x + 1] - job.column_edges[x]) *
                          (job.row_edges[y + 1] - job.row_edges[y]);
    job.means[int64_t{y} * job.blocks_across + x] = static_cast<uint16_t>(block_mean(sum, count));
}

EDL_KERNEL(mosaic_spread, MosaicJob) {
    store(job.target, x, y,
          job.means[int64_t{job.rows[y]} * job.blocks_across + job.columns[x]]);
}

EDL_KERNEL(warp, WarpJob) {
    const int32_t row = job.start + y;
    const PlaneView<const uint16_t> source{reinterpret_cast<const uint16_t *>(job.source.address),
                                           job.source.pitch, 1, job.source.width,
                                           job.source.height};
    const int64_t across =
        warp_position(job.across.origin, job.across.column, job.across.row, x, row);
    const int64_t down = warp_position(job.down.origin, job.down.column, job.down.row, x, row);
    store(job.target, x, row, warp_sample(source, across, down, kTurnTaps.values));
}

}  // namespace edl2ffmpeg
