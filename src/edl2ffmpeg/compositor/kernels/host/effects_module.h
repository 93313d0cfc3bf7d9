// Adds the effects to the extension module.
#pragma once

#include <nanobind/nanobind.h>

void bind_effects(nanobind::module_ &module);
