#include "device_planes.h"

#include <nanobind/ndarray.h>

#include <cstdint>

#include "checks.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace edl2ffmpeg;

namespace {

// The consumer keeps `owner` alive until it has let go of the plane, in whatever thread that is.
nb::ndarray<> device_plane(uintptr_t address, size_t rows, size_t columns, int64_t pitch,
                           int sample_bytes, int device, nb::object owner) {
    require(address != 0 && rows > 0 && columns > 0, "a plane needs an address and sizes");
    require(sample_bytes == 1 || sample_bytes == 2, "sample_bytes is 1 or 2");
    require(pitch % sample_bytes == 0 &&
                pitch >= static_cast<int64_t>(columns) * sample_bytes,
            "rows overlap, or do not begin at a sample");
    const size_t shape[2] = {rows, columns};
    const int64_t strides[2] = {pitch / sample_bytes, 1};
    const auto type = sample_bytes == 1 ? nb::dtype<uint8_t>() : nb::dtype<uint16_t>();
    return nb::ndarray<>(reinterpret_cast<void *>(address), 2, shape, owner, strides, type,
                         nb::device::cuda::value, device);
}

}  // namespace

void bind_device_planes(nb::module_ &module) {
    module.def("device_plane", &device_plane, "address"_a, "rows"_a, "columns"_a, "pitch"_a,
               "sample_bytes"_a, "device"_a, "owner"_a);
}
