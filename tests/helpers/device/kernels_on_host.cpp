// The device's kernels, compiled for the host: each is a loop over its grid.
//
// Addresses in a job are the device's; a function given to every call says where their memory is.
#include <cstdint>
#include <cstring>
#include <vector>

#include "device/jobs.h"

namespace edl2ffmpeg {
namespace {

using Shadow = uint64_t (*)(uint64_t);

struct Mover {
    Shadow shadow;

    template <class Entry>
    void operator()(Entry *&pointer) const {
        if (pointer)
            pointer = reinterpret_cast<Entry *>(shadow(reinterpret_cast<uint64_t>(pointer)));
    }
    void operator()(Plane &plane) const {
        if (plane.address) plane.address = shadow(plane.address);
    }
    void operator()(ChannelJob &channel) const {
        (*this)(channel.source);
        for (AxisJob *axis : {&channel.across, &channel.down}) {
            (*this)(axis->positions);
            (*this)(axis->taps);
        }
    }
    void operator()(MixSide &side) const {
        for (Plane &plane : side.planes) (*this)(plane);
        (*this)(side.coverage);
    }
};

// What a job points to, moved; steps point further, and are copied.
struct Kept {
    std::vector<StepJob> steps;
};

void move(FillJob &job, const Mover &to, Kept &) { to(job.target); }
void move(WriteJob &job, const Mover &to, Kept &) {
    to(job.samples);
    to(job.target);
}
void move(AffineJob &job, const Mover &to, Kept &) {
    to(job.source);
    to(job.target);
}
void move(AffineRunsJob &job, const Mover &to, Kept &) {
    to(job.source);
    to(job.target);
}
void move(BlendRunsJob &job, const Mover &to, Kept &) {
    to(job.source);
    to(job.target);
}
void move(MixRunsJob &job, const Mover &to, Kept &) {
    to(job.source);
    to(job.target);
}
void move(LookUpJob &job, const Mover &to, Kept &) {
    to(job.source);
    to(job.target);
    to(job.table);
}
void move(CrossJob &job, const Mover &to, Kept &) {
    to(job.outgoing);
    to(job.incoming);
    to(job.target);
}
void move(PremultiplyJob &job, const Mover &to, Kept &) {
    to(job.colour);
    to(job.alpha);
}
void move(RotateJob &job, const Mover &to, Kept &) {
    to(job.source);
    to(job.target);
}
void move(PatternJob &job, const Mover &to, Kept &) {
    to(job.target);
    to(job.phase_x);
    to(job.phase_y);
    to(job.phase_sum);
    to(job.palette);
}
void move(OutlineJob &job, const Mover &to, Kept &) { to(job.target); }
void move(CropJob &job, const Mover &to, Kept &) {
    to(job.alpha);
    to(job.across);
    to(job.down);
}
void move(ReachJob &job, const Mover &to, Kept &) {
    to(job.moments);
    to(job.target);
}
void move(WeighJob &job, const Mover &to, Kept &) {
    to(job.shares);
    to(job.outside);
    to(job.inside);
}
void move(DrawJob &job, const Mover &to, Kept &kept) {
    for (ChannelJob &channel : job.channels) to(channel);
    for (OutputJob &output : job.outputs) {
        to(output.target);
        to(output.table);
    }
    to(job.coverage.across);
    to(job.coverage.down);
    to(job.coverage.outlines);
    to(job.coverage.mask);
    to(job.coverage.store);
    for (StepJob &step : job.own_steps)
        for (const void *&table : step.tables) to(table);
    to(job.steps);
    if (job.steps) kept.steps.assign(job.steps, job.steps + job.step_count - kOwnSteps);
    for (StepJob &step : kept.steps)
        for (const void *&table : step.tables) to(table);
    job.steps = kept.steps.data();
}
void move(MixJob &job, const Mover &to, Kept &) {
    to(job.outgoing);
    to(job.incoming);
    to(job.weights);
    for (Plane &target : job.targets) to(target);
}
void move(WarpJob &job, const Mover &to, Kept &) {
    to(job.source);
    to(job.target);
}
void move(BlurLoadJob &job, const Mover &to, Kept &) {
    to(job.source);
    to(job.target.data);
}
void move(BlurPassJob &job, const Mover &to, Kept &) {
    to(job.source.data);
    to(job.target.data);
    to(job.positions);
    to(job.taps);
    to(job.codes);
}
void move(MosaicJob &job, const Mover &to, Kept &) {
    to(job.source);
    to(job.target);
    to(job.column_edges);
    to(job.row_edges);
    to(job.columns);
    to(job.rows);
    to(job.sums);
    to(job.means);
}
void move(UnsharpJob &job, const Mover &to, Kept &) {
    to(job.original);
    to(job.blurred);
    to(job.target);
}

}  // namespace
}  // namespace edl2ffmpeg

#define EDL_KERNEL(NAME, JOB)                                                                   \
    static void NAME##_at(const JOB &job, int32_t x, int32_t y);                                \
    extern "C" int kernel_##NAME(const void *parameters, uint64_t size, int32_t columns,        \
                                 int32_t rows, uint64_t (*shadow)(uint64_t)) {                  \
        JOB job;                                                                                \
        if (size != sizeof job) return 1;                                                       \
        std::memcpy(&job, parameters, sizeof job);                                              \
        Kept kept;                                                                              \
        move(job, Mover{shadow}, kept);                                                         \
        for (int32_t y = 0; y < rows; ++y)                                                      \
            for (int32_t x = 0; x < columns; ++x) NAME##_at(job, x, y);                         \
        return 0;                                                                               \
    }                                                                                           \
    static void NAME##_at(const JOB &job, [[maybe_unused]] int32_t x, [[maybe_unused]] int32_t y)

#include "device/kernels.h"
