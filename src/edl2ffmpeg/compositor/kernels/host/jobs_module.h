// Binds what a device runs for each drawing call.
#pragma once

#include <nanobind/nanobind.h>

void bind_jobs(nanobind::module_ &module);
