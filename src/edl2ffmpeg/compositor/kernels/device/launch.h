// How a kernel is written: what it does at one column and row of its grid.
//
//     EDL_KERNEL(fill, FillJob) { store(job.target, x, job.start + y, job.value); }
#pragma once

#include "../plane.h"
#include "jobs.h"

#if defined(__CUDACC_RTC__)
#define EDL_KERNEL(NAME, JOB)                                                                   \
    __device__ __forceinline__ void NAME##_at(const JOB &job, int32_t x, int32_t y);            \
    extern "C" __global__ void NAME(const __grid_constant__ JOB job, int32_t columns,           \
                                    int32_t rows) {                                             \
        const int32_t x = static_cast<int32_t>(blockIdx.x * blockDim.x + threadIdx.x);          \
        const int32_t y = static_cast<int32_t>(blockIdx.y * blockDim.y + threadIdx.y);          \
        if (x < columns && y < rows) NAME##_at(job, x, y);                                      \
    }                                                                                           \
    __device__ __forceinline__ void NAME##_at(const JOB &job, [[maybe_unused]] int32_t x,       \
                                              [[maybe_unused]] int32_t y)
#endif

namespace edl2ffmpeg {

HD uint64_t address_of(const Plane &plane, int32_t x, int32_t y) {
    return plane.address + static_cast<uint64_t>(
                               y * plane.pitch + int64_t{x} * plane.step * plane.sample_bytes);
}

// The code value of a sample.
HD int32_t load(const Plane &plane, int32_t x, int32_t y) {
    const uint64_t address = address_of(plane, x, y);
    if (plane.sample_bytes == 1) return *reinterpret_cast<const uint8_t *>(address) >> plane.shift;
    return *reinterpret_cast<const uint16_t *>(address) >> plane.shift;
}

HD void store(const Plane &plane, int32_t x, int32_t y, int32_t code) {
    const uint64_t address = address_of(plane, x, y);
    if (plane.sample_bytes == 1)
        *reinterpret_cast<uint8_t *>(address) = static_cast<uint8_t>(code << plane.shift);
    else
        *reinterpret_cast<uint16_t *>(address) = static_cast<uint16_t>(code << plane.shift);
}

}  // namespace edl2ffmpeg
