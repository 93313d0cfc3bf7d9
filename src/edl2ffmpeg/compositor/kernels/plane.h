// What both compilers share: sample types, the HD qualifier and the view of one plane.
//
// Nothing here includes a standard header under NVRTC, which has none.
#pragma once

#if defined(__CUDACC_RTC__)
using uint8_t = unsigned char;
using uint16_t = unsigned short;
using int16_t = short;
using int32_t = int;
using int64_t = long long;
using uint32_t = unsigned int;
using uint64_t = unsigned long long;
#else
#include <cstdint>
#endif

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
#define HD __host__ __device__ __forceinline__
#elif defined(__GNUC__)
#define HD inline __attribute__((always_inline))
#else
#define HD inline
#endif

namespace edl2ffmpeg {

// One component of a picture. `step` counts samples from pixel to pixel: 1 is planar, 2 one
// component of interleaved chroma, 3 or 4 one of packed RGB. `pitch` counts bytes.
template <class Sample>
struct PlaneView {
    Sample *data;
    int64_t pitch;
    int32_t step;
    int32_t width;
    int32_t height;

    HD Sample *row(int32_t y) const {
        const auto *start = reinterpret_cast<const uint8_t *>(data) + y * pitch;
        return const_cast<Sample *>(reinterpret_cast<const Sample *>(start));
    }
    HD Sample &at(int32_t x, int32_t y) const { return row(y)[x * step]; }
};

// One component as it is described from outside: memory of either kind, and code values shifted
// left by `shift` bits.  `pitch` and `step` are negative where the picture is mirrored.
struct Plane {
    uint64_t address = 0;
    int64_t pitch = 0;
    int32_t width = 0;
    int32_t height = 0;
    int32_t sample_bytes = 1;
    int32_t step = 1;
    int32_t shift = 0;
};

HD int32_t clamp(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : (value > high ? high : value);
}

// Rounded to nearest even, as IEEE 754 has it, by both compilers.
HD float square_root(float value) {
#if defined(__CUDACC_RTC__)
    return __fsqrt_rn(value);
#else
    return __builtin_sqrtf(value);
#endif
}

}  // namespace edl2ffmpeg
