// Adds the effects to the extension module.
#pragma once

#include <nanobind/nanobind.h>

void bind_filters(nanobind::module_ &module);
