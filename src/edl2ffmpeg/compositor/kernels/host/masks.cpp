#include "../masks.h"

#include "filters.h"

namespace edl2ffmpeg {

void crop_alpha_plane(const Plane &alpha, const float *across, const float *down) {
    for (int y = 0; y < alpha.height; ++y) {
        uint16_t *row = canvas(alpha).row(y);
        for (int x = 0; x < alpha.width; ++x)
            row[x] = static_cast<uint16_t>(cropped_alpha(row[x], down[y], across[x]));
    }
}

void weigh_plane(const Plane &shares, const Plane &outside, const Plane &inside, int spacing_x,
                 int spacing_y) {
    const auto sum = [=](const PlaneView<const uint16_t> &alpha, int x, int y) {
        const auto at = [&alpha](int column, int row) { return int32_t{alpha.at(column, row)}; };
        return cell_sum(at, alpha.width, alpha.height, x * spacing_x, y * spacing_y, spacing_x,
                        spacing_y);
    };
    for (int y = 0; y < shares.height; ++y) {
        uint16_t *row = canvas(shares).row(y);
        for (int x = 0; x < shares.width; ++x)
            row[x] = static_cast<uint16_t>(
                seen_share(row[x], sum(readable(outside), x, y), sum(readable(inside), x, y)));
    }
}

}  // namespace edl2ffmpeg
