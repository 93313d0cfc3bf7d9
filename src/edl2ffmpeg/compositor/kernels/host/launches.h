// What a device runs for each drawing call: kernels by name, their grids and their jobs.  Nothing
// here knows a device; tables and scratch memory are its caller's.
#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "draw.h"
#include "filters.h"
#include "tables.h"

namespace edl2ffmpeg {

struct Launch {
    template <class Job>
    Launch(const char *name, int across, int down, const Job &job)
        : kernel(name),
          columns(across),
          rows(down),
          parameters(reinterpret_cast<const char *>(&job), sizeof job) {
        static_assert(std::is_trivially_copyable_v<Job> && sizeof(Job) <= 4096,
                      "a kernel takes its job by value");
    }

    const char *kernel;
    int columns;
    int rows;
    std::string parameters;
};

using Launches = std::vector<Launch>;

// Memory of the device that lasts until the launches have run.
using TakeScratch = std::function<uint64_t(size_t bytes)>;

Launches draw_launches(const std::vector<Channel> &channels, const std::vector<Output> &outputs,
                       const Coverage *coverage, const Program *program, int row_start,
                       int row_end, const TableSink &sink);
// Where samples follow each other, sixteen bytes of them to a thread; see device/runs.h.
Launches fill_launches(const Plane &target, int value, int row_start, int row_end);
Launches affine_launches(const AffineJob &job, bool wide, int row_end);
// None where a layer needs more than a blend of its samples with those beneath.
Launches blend_run_launches(const std::vector<Channel> &channels,
                            const std::vector<Output> &outputs, const Coverage *coverage,
                            const Program *program, int row_start, int row_end);
Launches mix_launches(const MixSource &outgoing, const MixSource &incoming, const Plane *weights,
                      int weight, const std::vector<Plane> &targets, int depth, int row_start,
                      int row_end);
Launches blur_launches(const Plane &source, const Plane &target, double sigma_x, double sigma_y,
                       const TableSink &sink, const TakeScratch &take);
Launches mosaic_launches(const Plane &source, const Plane &target,
                         const std::vector<int32_t> &columns, const std::vector<int32_t> &rows,
                         const TableSink &sink, const TakeScratch &take);

}  // namespace edl2ffmpeg
