// Binds planes of device memory for libraries that take DLPack.
#pragma once

#include <nanobind/nanobind.h>

void bind_device_planes(nanobind::module_ &module);
