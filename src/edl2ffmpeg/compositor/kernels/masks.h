// Alpha and shares of masks on canvases (Note [Canvas samples] in warp.h).
//
// Both follow Note [Float effects].
#pragma once

#include "plane.h"

namespace edl2ffmpeg {

// Nearest integer of 0 <= value < 2^22, halves to even.
HD int32_t nearest_even(float value) {
    return static_cast<int32_t>((value + 12582912.0f) - 12582912.0f);
}

// What the edges of a crop leave of an alpha code; both shares are 0 to 1.
HD int32_t cropped_alpha(int32_t alpha, float down, float across) {
    return nearest_even(static_cast<float>(alpha) * down * across);
}

// The inside's share (14 fractional bits) of what is seen of two pictures: `outside` and `inside`
// are their alpha, summed over the cell of the sample.
HD int32_t seen_share(int32_t share, float outside, float inside) {
    const float seen_inside = static_cast<float>(share) * inside;
    const float seen = seen_inside + (16384.0f - static_cast<float>(share)) * outside;
    return seen > 0.0f ? nearest_even(seen_inside * 16384.0f / seen) : share;
}

// The incoming picture's share (14 fractional bits) of a sample whose turn comes at `moment`, when
// `reached` has come; what is `soft` wide in between shows both, or with 0 nothing does.
HD int32_t reached_share(float moment, float reached, float soft) {
    if (soft <= 0.0f) return moment < reached ? 16384 : 0;
    const float share = (reached - moment) / soft;
    const float held = share < 0.0f ? 0.0f : (share > 1.0f ? 1.0f : share);
    return nearest_even(held * 16384.0f);
}

// The sum of alpha over the cell of pixels that belongs to sample (x, y); `alpha` has a code for
// each pixel, of those beyond its edges none.
template <class Load>
HD float cell_sum(const Load &alpha, int32_t width, int32_t height, int32_t left, int32_t top,
                  int32_t across, int32_t down) {
    int32_t sum = 0;
    for (int32_t y = top; y < top + down && y < height; ++y)
        for (int32_t x = left; x < left + across && x < width; ++x) sum += alpha(x, y);
    return static_cast<float>(sum);
}

}  // namespace edl2ffmpeg
