#include "../warp.h"

#include <algorithm>

#include "filters.h"
#include "filter_avx2.h"
#include "warp_avx2.h"

namespace edl2ffmpeg {
namespace {

constexpr CubicTaps kCubicTaps = cubic_taps();
constexpr int64_t kWhole = int64_t{1} << kPositionBits;

int64_t floor_divide(int64_t value, int64_t by) {
    return value / by - (value % by != 0 && (value < 0) != (by < 0));
}

struct Span {
    int64_t start;
    int64_t end;
};

// Those i of `span` for which position + i * step lies in [low, high).
Span narrowed(Span span, int64_t position, int64_t step, int64_t low, int64_t high) {
    Span inside = span;
    if (step == 0) {
        if (position < low || position >= high) inside.end = inside.start;
    } else if (step > 0) {
        inside = {-floor_divide(position - low, step), -floor_divide(position - high, step)};
    } else {
        inside = {floor_divide(position - high, -step) + 1,
                  floor_divide(position - low, -step) + 1};
    }
    const int64_t start = std::clamp(inside.start, span.start, span.end);
    return {start, std::clamp(inside.end, start, span.end)};
}

// A row whose positions advance without leaving the range of exact 64-bit steps.
struct Row {
    int64_t x;
    int64_t y;
    int64_t column_x;
    int64_t column_y;
};

EDL_CLONES void warp_outside(const PlaneView<const uint16_t> &source, const Row &row, int64_t start,
                             int64_t end, uint16_t *out) {
    for (int64_t i = start; i < end; ++i)
        out[i] = static_cast<uint16_t>(warp_sample(source, row.x + i * row.column_x,
                                                   row.y + i * row.column_y, kCubicTaps.values));
}

int64_t warp_inside(const PlaneView<const uint16_t> &source, const Row &row, Span span,
                    uint16_t *out) {
#if EDL_HAVE_AVX2_PATHS
    if (rows::avx2::available())
        return rows::avx2::warp_inside(source, row.x + span.start * row.column_x,
                                       row.y + span.start * row.column_y, row.column_x,
                                       row.column_y, kCubicTaps.values, out + span.start,
                                       static_cast<int>(span.end - span.start));
#endif
    return 0;
}

void warp_row(const PlaneView<const uint16_t> &source, const Row &row, uint16_t *out, int width) {
    Span span{0, width};
    // All four taps of a direction are inside for rounded positions of [1, count - 2).
    span = narrowed(span, row.x + kPhaseRound, row.column_x, kWhole, (source.width - 2) * kWhole);
    span = narrowed(span, row.y + kPhaseRound, row.column_y, kWhole, (source.height - 2) * kWhole);
    const int64_t done = warp_inside(source, row, span, out);
    warp_outside(source, row, 0, span.start, out);
    warp_outside(source, row, span.start + done, width, out);
}

bool held(int64_t position) {
    return position >= kFarthest * kWhole || position < (1 - kFarthest) * kWhole;
}

}  // namespace

void warp_plane(const Plane &source, const Plane &target, const WarpAxis &across,
                const WarpAxis &down, int row_start, int row_end) {
    const PlaneView<const uint16_t> in = readable(source);
    const int last = target.width - 1;
    for (int j = row_start; j < row_end; ++j) {
        uint16_t *out = canvas(target).row(j);
        const auto x = [&](int i) {
            return warp_position(across.origin, across.column, across.row, i, j);
        };
        const auto y = [&](int i) {
            return warp_position(down.origin, down.column, down.row, i, j);
        };
        if (held(x(0)) || held(x(last)) || held(y(0)) || held(y(last))) {
            for (int i = 0; i <= last; ++i)
                out[i] = static_cast<uint16_t>(warp_sample(in, x(i), y(i), kCubicTaps.values));
        } else {
            // A row of one sample has no steps, whatever was asked for.
            const bool steps = last > 0;
            warp_row(in, {x(0), y(0), steps ? across.column : 0, steps ? down.column : 0}, out,
                     target.width);
        }
    }
}

}  // namespace edl2ffmpeg
