// Every kernel of the device, as one program.
#pragma once

#include "layer.h"
#include "neighbours.h"
#include "points.h"
#include "runs.h"
