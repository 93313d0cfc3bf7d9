#include "blur_taps.h"

#include <algorithm>
#include <cmath>

#include "../blur.h"

namespace edl2ffmpeg {
namespace {

// Beyond 4.5 sigma a Gaussian holds 7e-6: a fifth of a code on a full step.
constexpr double kTailSigmas = 4.5;

// Half of a Gaussian as integers, the centre first.  Not the taps are rounded but their sums from
// the outside in, which keeps steps and ramps right.
std::vector<int> half_gaussian(double sigma, int shift) {
    const int reach = static_cast<int>(std::ceil(kTailSigmas * sigma));
    std::vector<double> weights(reach + 1);
    double total = 0;
    for (int k = reach; k >= 0; --k) {
        weights[k] = std::exp(-0.5 * (k / sigma) * (k / sigma));
        total += k == 0 ? weights[k] : 2 * weights[k];
    }
    const double one = 1 << shift;
    std::vector<int> taps(reach + 1);
    double sum = 0;
    int used = 0;
    for (int k = reach; k > 0; --k) {
        sum += weights[k];
        taps[k] = static_cast<int>(std::floor(sum / total * one + 0.5)) - used;
        used += taps[k];
    }
    taps[0] = (1 << shift) - 2 * used;
    while (taps.size() > 1 && taps.back() == 0) taps.pop_back();
    return taps;
}

BlurTaps gaussian(double sigma) {
    if (sigma <= 0) return {{}, 0, 0, 0};
    // A tap of a half or more does not fit with 16 fractional bits.
    std::vector<int> half = half_gaussian(sigma, 16);
    const int shift = half[0] <= 32767 ? 16 : 15;
    if (shift == 15) half = half_gaussian(sigma, 15);
    const int reach = static_cast<int>(half.size()) - 1;
    if (reach == 0) return {{}, 0, 0, 0};
    BlurTaps taps{{}, 2 * reach + 2, -reach, shift};
    for (int k = -reach; k <= reach; ++k)
        taps.values.push_back(static_cast<int16_t>(half[std::abs(k)]));
    taps.values.push_back(0);
    return taps;
}

void add_spline_taps(double t, std::vector<int16_t> &values) {
    const double one = 1 << kExpandBits, s = 1 - t;
    const double sums[3] = {s * s * s / 6, (s * s * s + 4 - 6 * t * t + 3 * t * t * t) / 6,
                            1 - t * t * t / 6};
    int used = 0;
    for (const double sum : sums) {
        const int rounded = static_cast<int>(std::floor(sum * one + 0.5));
        values.push_back(static_cast<int16_t>(rounded - used));
        used = rounded;
    }
    values.push_back(static_cast<int16_t>((1 << kExpandBits) - used));
}

// Halved sample j is at F * j - 7/2 * (F - 1) of the fine ones.
ExpandTaps expansion(int count, int halvings) {
    ExpandTaps taps;
    const double factor = std::ldexp(1, halvings);
    for (int i = 0; i < count; ++i) {
        const double position = (i + 3.5 * (factor - 1)) / factor;
        const double whole = std::floor(position);
        taps.positions.push_back(static_cast<int32_t>(whole) - 1);
        add_spline_taps(position - whole, taps.values);
    }
    return taps;
}

}  // namespace

BlurDirection::BlurDirection(double sigma, int samples)
    : count(samples), halvings(0), counts{samples}, taps{{}, 0, 0, 0} {
    double rest = std::min(sigma, std::ldexp(1, 30));
    for (; rest > kMostDirectSigma; rest /= 2) ++halvings;
    if (halvings > 0) {
        const double factor = std::ldexp(1, halvings);
        rest = std::sqrt(rest * rest - (1 - 1 / (factor * factor)) / 4 - 1.0 / 3);
        for (int n = 0; n < halvings; ++n) counts.push_back(halved_count(counts.back()));
        expand = expansion(count, halvings);
    }
    taps = gaussian(rest);
}

}  // namespace edl2ffmpeg
