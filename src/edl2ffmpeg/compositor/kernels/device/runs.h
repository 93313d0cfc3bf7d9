// Kernels of samples that lie where the target's do, sixteen bytes of a row in each thread.
//
// Rows begin at addresses that are multiples of sixteen; samples follow each other there, both
// components of interleaved chroma in turn.
#pragma once

#include "../pointwise.h"
#include "../working.h"
#include "launch.h"

namespace edl2ffmpeg {

#if defined(__CUDACC_RTC__)
using RunWords = uint4;
#else
struct RunWords {
    uint32_t x, y, z, w;
};
#endif

// The samples of a run: registers on a device, since all indices are constants there.
template <class Sample>
struct Run {
    static constexpr int32_t kSamples = kRunBytes / static_cast<int32_t>(sizeof(Sample));
    static constexpr int32_t kEach = 4 / static_cast<int32_t>(sizeof(Sample));
    static constexpr int32_t kBits = 8 * static_cast<int32_t>(sizeof(Sample));
    static constexpr uint32_t kMask = (1u << kBits) - 1;
    uint32_t words[4];

    HD int32_t get(int32_t i) const {
        return static_cast<int32_t>(words[i / kEach] >> (i % kEach * kBits) & kMask);
    }
    HD void add(int32_t i, int32_t code) {
        words[i / kEach] |= (static_cast<uint32_t>(code) & kMask) << (i % kEach * kBits);
    }
};

template <class Sample>
HD Run<Sample> load_run(const Plane &plane, int32_t x, int32_t y) {
    const uint64_t address = address_of(plane, x, y);
    if (x + Run<Sample>::kSamples <= plane.width) {
        const RunWords words = *reinterpret_cast<const RunWords *>(address);
        return {{words.x, words.y, words.z, words.w}};
    }
    Run<Sample> run{};
    const auto *samples = reinterpret_cast<const Sample *>(address);
    for (int32_t i = 0; i < Run<Sample>::kSamples; ++i)
        if (x + i < plane.width) run.add(i, samples[i]);
    return run;
}

template <class Sample>
HD void store_run(const Plane &plane, int32_t x, int32_t y, const Run<Sample> &run) {
    const uint64_t address = address_of(plane, x, y);
    if (x + Run<Sample>::kSamples <= plane.width) {
        *reinterpret_cast<RunWords *>(address) = {run.words[0], run.words[1], run.words[2],
                                                  run.words[3]};
        return;
    }
    auto *samples = reinterpret_cast<Sample *>(address);
    for (int32_t i = 0; i < Run<Sample>::kSamples; ++i)
        if (x + i < plane.width) samples[i] = static_cast<Sample>(run.get(i));
}

template <class Sample>
HD void fill_run(const FillJob &job, int32_t x, int32_t y) {
    Run<Sample> made{};
    for (int32_t i = 0; i < Run<Sample>::kSamples; ++i)
        made.add(i, job.value << job.target.shift);
    store_run(job.target, x * Run<Sample>::kSamples, job.start + y, made);
}

EDL_KERNEL(fill_runs, FillJob) {
    if (job.target.sample_bytes == 1)
        fill_run<uint8_t>(job, x, y);
    else
        fill_run<uint16_t>(job, x, y);
}

template <class Sample>
HD void affine_run(const AffineRunsJob &job, int32_t x, int32_t y) {
    const int32_t column = x * Run<Sample>::kSamples;
    const int32_t row = job.start + y;
    const Run<Sample> read = load_run<Sample>(job.source, column, row);
    Run<Sample> made{};
    for (int32_t i = 0; i < Run<Sample>::kSamples; ++i)
        made.add(i, affine<int32_t>(read.get(i) >> job.source.shift, job.scale, job.offset,
                                    job.shift, job.minimum, job.maximum)
                        << job.target.shift);
    store_run(job.target, column, row, made);
}

EDL_KERNEL(affine_runs, AffineRunsJob) {
    if (job.target.sample_bytes == 1)
        affine_run<uint8_t>(job, x, y);
    else
        affine_run<uint16_t>(job, x, y);
}

// Bytes are alike, whatever samples they hold.
EDL_KERNEL(copy_runs, AffineRunsJob) {
    const int32_t row = job.start + y;
    if (job.target.sample_bytes == 1)
        store_run(job.target, x * Run<uint8_t>::kSamples, row,
                  load_run<uint8_t>(job.source, x * Run<uint8_t>::kSamples, row));
    else
        store_run(job.target, x * Run<uint16_t>::kSamples, row,
                  load_run<uint16_t>(job.source, x * Run<uint16_t>::kSamples, row));
}

template <class Sample>
HD void mix_run(const MixRunsJob &job, int32_t x, int32_t y) {
    const int32_t column = x * Run<Sample>::kSamples;
    const int32_t row = job.start + y;
    const Run<Sample> above = load_run<Sample>(job.source, column, row);
    const Run<Sample> below = load_run<Sample>(job.target, column, row);
    const uint32_t half = 1u << (job.down - 1);
    Run<Sample> made{};
    for (int32_t i = 0; i < Run<Sample>::kSamples; ++i) {
        const auto one = static_cast<uint32_t>(above.get(i)) >> job.source.shift;
        const auto other = static_cast<uint32_t>(below.get(i)) >> job.target.shift;
        const uint32_t code = (one * job.above + other * job.below + half) >> job.down;
        made.add(i, static_cast<int32_t>(code << job.target.shift));
    }
    store_run(job.target, column, row, made);
}

EDL_KERNEL(mix_runs, MixRunsJob) {
    if (job.target.sample_bytes == 1)
        mix_run<uint8_t>(job, x, y);
    else
        mix_run<uint16_t>(job, x, y);
}

template <class Sample>
HD void blend_run(const BlendRunsJob &job, int32_t x, int32_t y) {
    const int32_t column = x * Run<Sample>::kSamples;
    const int32_t row = job.start + y;
    const Run<Sample> above = load_run<Sample>(job.source, column, row);
    const Run<Sample> below = load_run<Sample>(job.target, column, row);
    Run<Sample> made{};
    for (int32_t i = 0; i < Run<Sample>::kSamples; ++i) {
        const BlendNumbers &numbers = job.numbers[i % 2];
        const int32_t sample =
            to_working(above.get(i) >> job.source.shift, job.source_depth);
        const int32_t value = combine1(sample, numbers.weight, numbers.matrix_offset);
        made.add(i, blend_over(value, numbers.scale, numbers.offset, job.coverage,
                               below.get(i) >> job.target.shift, job.depth)
                        << job.target.shift);
    }
    store_run(job.target, column, row, made);
}

EDL_KERNEL(blend_runs, BlendRunsJob) {
    if (job.target.sample_bytes == 1)
        blend_run<uint8_t>(job, x, y);
    else
        blend_run<uint16_t>(job, x, y);
}

}  // namespace edl2ffmpeg
