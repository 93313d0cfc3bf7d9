// Numbers of a Gaussian along one direction, computed once per plane; it touches no samples.
#pragma once

#include <cstdint>
#include <vector>

namespace edl2ffmpeg {

// Up to this sigma a Gaussian is summed as it is; see Note [Blurring large].
constexpr double kMostDirectSigma = 8;
// Samples that any pass may read beyond either end of a row.
constexpr int kBlurReach = 40;

// `count` is even: a last tap may be zero.  Output i begins with the sample `first` after i.
struct BlurTaps {
    std::vector<int16_t> values;
    int count;
    int first;
    int shift;  // fractional bits
};

// For each fine sample the first of the four halved samples it is made of, and their taps.
struct ExpandTaps {
    std::vector<int32_t> positions;
    std::vector<int16_t> values;
};

// One direction of `count` samples: halve `halvings` times, blur, expand.
struct BlurDirection {
    BlurDirection(double sigma, int count);

    bool copies() const { return taps.count == 0; }

    int count;
    int halvings;
    std::vector<int> counts;  // after each halving; the first is `count`
    BlurTaps taps;            // none: nothing to blur
    ExpandTaps expand;
};

}  // namespace edl2ffmpeg
