// The passes of a blur on a device: those of blur.cpp, over whole planes instead of rows.
#include "../blur.h"

#include "blur_rows.h"
#include "blur_taps.h"
#include "launches.h"

namespace edl2ffmpeg {
namespace {

class BlurPasses {
   public:
    BlurPasses(const Plane &source, const Plane &target, const TableSink &sink,
               const TakeScratch &take)
        : sink_(sink), take_(take), target_(target), rows_(new_rows(target.width, target.height)) {
        launches_.emplace_back("blur_load", source.width, source.height,
                               BlurLoadJob{source, rows_});
    }

    // `is_last` writes code values to the target.
    void run(const BlurDirection &direction, bool goes_down, bool is_last) {
        if (direction.copies()) return;
        const bool direct = direction.halvings == 0;
        for (int n = 0; n < direction.halvings; ++n) halve(direction.counts[n + 1], goes_down);
        BlurPassJob job = pass(goes_down);
        job.taps = sink_(direction.taps.values);
        job.tap_count = direction.taps.count;
        job.shift = direction.taps.shift;
        job.spacing = 1;
        job.first = direction.taps.first;
        add(job, direction.counts.back(), is_last && direct);
        if (direct) return;
        job = pass(goes_down);
        job.positions = sink_(direction.expand.positions);
        job.taps = sink_(direction.expand.values);
        job.tap_count = job.taps_apart = 4;
        job.shift = kExpandBits;
        add(job, direction.count, is_last);
    }

    // For a last direction that changes nothing.
    void unload() {
        BlurPassJob job{};
        job.source = rows_;
        job.codes = target_;
        launches_.emplace_back("blur_unload", target_.width, target_.height, job);
    }

    Launches launches() && { return std::move(launches_); }

   private:
    BlurRows new_rows(int width, int height) const {
        const size_t bytes = static_cast<size_t>(width) * height * sizeof(int16_t);
        return {reinterpret_cast<int16_t *>(take_(bytes)), width, width, height};
    }

    BlurPassJob pass(bool goes_down) const {
        BlurPassJob job{};
        job.source = rows_;
        job.goes_down = goes_down;
        return job;
    }

    void halve(int count, bool goes_down) {
        BlurPassJob job = pass(goes_down);
        job.taps = sink_(std::vector<int16_t>(rows::kHalvingTaps, rows::kHalvingTaps + 4));
        job.tap_count = 4;
        job.shift = kHalvingBits;
        job.spacing = 2;
        job.first = kHalvingFirst;
        add(job, count, false);
    }

    // A pass that leaves `count` samples in its direction.
    void add(BlurPassJob job, int count, bool is_last) {
        const int width = job.goes_down ? rows_.width : count;
        const int height = job.goes_down ? count : rows_.height;
        if (is_last)
            job.codes = target_;
        else
            job.target = rows_ = new_rows(width, height);
        launches_.emplace_back("blur_pass", width, height, job);
    }

    const TableSink &sink_;
    const TakeScratch &take_;
    Plane target_;
    BlurRows rows_;
    Launches launches_;
};

}  // namespace

Launches blur_launches(const Plane &source, const Plane &target, double sigma_x, double sigma_y,
                       const TableSink &sink, const TakeScratch &take) {
    const BlurDirection across(sigma_x, target.width);
    const BlurDirection down(sigma_y, target.height);
    BlurPasses passes(source, target, sink, take);
    passes.run(across, false, false);
    if (down.copies())
        passes.unload();
    else
        passes.run(down, true, true);
    return std::move(passes).launches();
}

}  // namespace edl2ffmpeg
