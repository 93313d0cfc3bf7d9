#include "../masks.h"

#include <stdexcept>
#include <utility>

#include "filters.h"

namespace edl2ffmpeg {

void crop_alpha_plane(const Plane &alpha, const float *across, const float *down) {
    for (int y = 0; y < alpha.height; ++y) {
        uint16_t *row = canvas(alpha).row(y);
        for (int x = 0; x < alpha.width; ++x)
            row[x] = static_cast<uint16_t>(cropped_alpha(row[x], down[y], across[x]));
    }
}

Moments::Moments(std::vector<float> numbers, int columns)
    : values(std::move(numbers)),
      width(columns),
      height(columns > 0 ? static_cast<int>(values.size()) / columns : 0) {
    if (width <= 0 || values.size() != static_cast<size_t>(width) * static_cast<size_t>(height))
        throw std::invalid_argument("moments come in whole rows");
}

void reach_plane(const Moments &moments, const Plane &target, float reached, float soft,
                 bool inverts, int row_start, int row_end) {
    for (int y = row_start; y < row_end; ++y) {
        const float *moment = moments.values.data() + int64_t{y} * target.width;
        uint16_t *row = canvas(target).row(y);
        for (int x = 0; x < target.width; ++x) {
            const int32_t share = reached_share(moment[x], reached, soft);
            row[x] = static_cast<uint16_t>(inverts ? 16384 - share : share);
        }
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
