#include <algorithm>
#include <optional>

#include "../working.h"
#include "checks.h"
#include "launches.h"

namespace edl2ffmpeg {
namespace {

bool is_aligned(const Plane &plane) {
    return plane.address % kRunBytes == 0 && plane.pitch % kRunBytes == 0;
}

bool has_runs(const Plane &plane) { return plane.step == 1 && is_aligned(plane); }

bool have_runs(const Plane &source, const Plane &target) {
    return has_runs(source) && has_runs(target) && source.sample_bytes == target.sample_bytes;
}

template <class Job>
Launch runs(const char *kernel, const Plane &target, int row_end, const Job &job) {
    const int samples = kRunBytes / target.sample_bytes;
    return {kernel, (target.width + samples - 1) / samples, row_end - job.start, job};
}

// Both components of interleaved chroma as one plane, whose samples are theirs in turn.
std::optional<Plane> interleaved(const Plane &first, const Plane &second) {
    if (first.step != 2 || second.step != 2 || first.pitch != second.pitch ||
        first.sample_bytes != second.sample_bytes || first.shift != second.shift ||
        second.address != first.address + static_cast<uint64_t>(first.sample_bytes))
        return std::nullopt;
    Plane both = first;
    both.step = 1;
    both.width *= 2;
    return both;
}

// The part of the channel that lies under the target, if a row of it is read as it is.
std::optional<Plane> unmoved(const Channel &channel, const Plane &target) {
    const Axis &across = *channel.across, &down = *channel.down;
    if (!across.identity || !down.identity) return std::nullopt;
    Plane part = channel.source;
    part.address += static_cast<uint64_t>(down.positions[0] * part.pitch +
                                          int64_t{across.positions[0]} * part.step *
                                              part.sample_bytes);
    part.width = target.width;
    part.height = target.height;
    return part;
}

// The only channel that an output reads; -1 where there are more of them, or none.
int lone_channel(const Output &output) {
    int found = -1;
    for (size_t i = 0; i < output.weights.size(); ++i) {
        if (output.weights[i] == 0) continue;
        if (found >= 0) return -1;
        found = static_cast<int>(i);
    }
    return found;
}

bool is_even(const Coverage *coverage) {
    return coverage && !coverage->from_channel && coverage->across.empty() &&
           coverage->down.empty() && coverage->outlines.empty() && !coverage->mask &&
           !coverage->store;
}

// Whether the samples of a plane fill their bytes but for the shift: none is beyond its depth.
bool is_full(const Plane &plane, int depth) {
    return 8 * plane.sample_bytes - plane.shift == depth;
}

bool changes_nothing(const AffineJob &job) {
    const int64_t one = int64_t{1} << job.shift;
    return job.scale == one && job.offset >= 0 && job.offset < one && job.minimum <= 0 &&
           job.source.shift == 0 && job.target.shift == 0 &&
           job.maximum >= (1 << (8 * job.target.sample_bytes)) - 1;
}

// A blend of codes of one depth that nothing else is done to.  With f = 2^(15 - depth) and a
// coverage c of 2^14, blend_over is ((s - h) f c + (t - h) f (2^14 - c) + half) >> down, plus h:
// all of h cancels out, and the result lies between the codes.
std::optional<MixRunsJob> plain_mix(const BlendRunsJob &job) {
    for (const BlendNumbers &numbers : job.numbers)
        if (numbers.weight != kWeightOne || numbers.matrix_offset != kWeightRound ||
            numbers.scale != kWeightOne || numbers.offset != kWeightRound)
            return std::nullopt;
    if (job.depth >= kWorkingDepth || job.source_depth != job.depth ||
        !is_full(job.source, job.depth) || !is_full(job.target, job.depth) || job.coverage < 0 ||
        job.coverage > kWeightOne)
        return std::nullopt;
    const int spread = kWorkingDepth - job.depth;
    return MixRunsJob{job.source,
                      job.target,
                      static_cast<uint32_t>(job.coverage) << spread,
                      static_cast<uint32_t>(kWeightOne - job.coverage) << spread,
                      kWeightBits + spread,
                      job.start};
}

}  // namespace

Launches fill_launches(const Plane &target, int value, int row_start, int row_end) {
    const FillJob job{target, value, row_start};
    if (has_runs(target)) return {runs("fill_runs", target, row_end, job)};
    return {{"fill", target.width, row_end - row_start, job}};
}

Launches affine_launches(const AffineJob &job, bool wide, int row_end) {
    if (wide || !have_runs(job.source, job.target))
        return {{"affine_codes", job.target.width, row_end - job.start, job}};
    const AffineRunsJob narrow{job.source,
                               job.target,
                               static_cast<int32_t>(job.scale),
                               static_cast<int32_t>(job.offset),
                               job.shift,
                               job.minimum,
                               job.maximum,
                               job.start};
    return {runs(changes_nothing(job) ? "copy_runs" : "affine_runs", job.target, row_end, narrow)};
}

Launches blend_run_launches(const std::vector<Channel> &channels,
                            const std::vector<Output> &outputs, const Coverage *coverage,
                            const Program *program, int row_start, int row_end) {
    if (!is_even(coverage) || program) return {};
    std::vector<BlendRunsJob> jobs;
    for (const Output &output : outputs) {
        const int number = lone_channel(output);
        if (number < 0 || output.table) return {};
        const Channel &channel = channels[static_cast<size_t>(number)];
        const std::optional<Plane> source = unmoved(channel, output.target);
        if (!source) return {};
        const BlendNumbers numbers{output.weights[static_cast<size_t>(number)], output.offset,
                                   output.scale, output.blend_offset};
        jobs.push_back({*source,
                        output.target,
                        {numbers, numbers},
                        channel.depth,
                        output.depth,
                        coverage->most,
                        row_start});
    }
    if (jobs.size() == 2 && jobs[0].source_depth == jobs[1].source_depth) {
        const auto source = interleaved(jobs[0].source, jobs[1].source);
        const auto target = interleaved(jobs[0].target, jobs[1].target);
        if (source && target) {
            jobs[0].source = *source;
            jobs[0].target = *target;
            jobs[0].numbers[1] = jobs[1].numbers[0];
            jobs.pop_back();
        }
    }
    Launches found;
    for (const BlendRunsJob &job : jobs) {
        if (!have_runs(job.source, job.target)) return {};
        if (const auto plain = plain_mix(job))
            found.push_back(runs("mix_runs", job.target, row_end, *plain));
        else
            found.push_back(runs("blend_runs", job.target, row_end, job));
    }
    return found;
}

}  // namespace edl2ffmpeg
