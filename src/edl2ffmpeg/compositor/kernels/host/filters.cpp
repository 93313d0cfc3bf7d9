#include "filters.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "../filters.h"
#include "dispatch.h"

namespace edl2ffmpeg {
namespace {

using Row = float *EDL_RESTRICT;
using ConstRow = const float *EDL_RESTRICT;

// Note [Wide blurs]
//
// A Gaussian of a large sigma is the same Gaussian of half the sigma on a picture of half the
// size.  Halving (1 3 3 1) / 8 and doubling (1 3), (3 1) / 4 blur themselves, each by a variance of
// 3/4 of a sample of the finer side; what the small Gaussian has to do is the rest.  It keeps a
// sigma of at least kLeastSigma, so that what is not Gaussian about the other two is not seen.
constexpr double kLeastSigma = 3.0;
constexpr double kReach = 3.5;

// A block of rows of equal width.
struct Lines {
    int width;
    int count;
    std::unique_ptr<float[]> memory;

    Lines(int row_width, int rows)
        : width(row_width), count(rows), memory(new float[static_cast<size_t>(row_width) * rows]) {}
    float *row(int y) const { return memory.get() + static_cast<size_t>(y) * width; }
};

EDL_CLONES void halve_rows(ConstRow a, ConstRow b, ConstRow c, ConstRow d, Row out, int width) {
    for (int x = 0; x < width; ++x) out[x] = halved(a[x], b[x], c[x], d[x]);
}
EDL_CLONES void double_rows(ConstRow near, ConstRow far, Row out, int width) {
    for (int x = 0; x < width; ++x) out[x] = doubled(near[x], far[x]);
}
EDL_CLONES void set_row(ConstRow in, Row out, float tap, int width) {
    for (int x = 0; x < width; ++x) out[x] = in[x] * tap;
}
EDL_CLONES void add_rows(ConstRow a, ConstRow b, Row out, float tap, int width) {
    for (int x = 0; x < width; ++x) out[x] = out[x] + (a[x] + b[x]) * tap;
}

// Taps from the middle outwards; with its mirror image they sum to one.
std::vector<float> half_gaussian(double sigma) {
    const int reach = std::max(1, static_cast<int>(std::ceil(kReach * sigma)));
    std::vector<double> weights(reach + 1);
    double total = 0;
    for (int k = 0; k <= reach; ++k) {
        weights[k] = std::exp(-0.5 * k * k / (sigma * sigma));
        total += k ? 2 * weights[k] : weights[k];
    }
    std::vector<float> taps;
    for (double weight : weights) taps.push_back(static_cast<float>(weight / total));
    return taps;
}

int clamped(int value, int count) { return std::min(std::max(value, 0), count - 1); }

Lines convolved(const Lines &in, const std::vector<float> &taps) {
    Lines out(in.width, in.count);
    const int reach = static_cast<int>(taps.size()) - 1;
    for (int y = 0; y < in.count; ++y) {
        set_row(in.row(y), out.row(y), taps[0], in.width);
        for (int k = 1; k <= reach; ++k)
            add_rows(in.row(clamped(y - k, in.count)), in.row(clamped(y + k, in.count)),
                     out.row(y), taps[k], in.width);
    }
    return out;
}

Lines halved_lines(const Lines &in) {
    Lines out(in.width, in.count / 2);
    for (int y = 0; y < out.count; ++y)
        halve_rows(in.row(clamped(2 * y - 1, in.count)), in.row(2 * y), in.row(2 * y + 1),
                   in.row(clamped(2 * y + 2, in.count)), out.row(y), in.width);
    return out;
}

Lines doubled_lines(const Lines &in) {
    Lines out(in.width, in.count * 2);
    for (int y = 0; y < in.count; ++y) {
        double_rows(in.row(y), in.row(clamped(y - 1, in.count)), out.row(2 * y), in.width);
        double_rows(in.row(y), in.row(clamped(y + 1, in.count)), out.row(2 * y + 1), in.width);
    }
    return out;
}

// Blurs downwards.  The lines are lengthened by their edges first, so that halving them does not
// mix what lies beyond the edge with what lies before it.
Lines blurred_down(const Lines &in, double sigma) {
    int levels = 0;
    double rest = sigma * sigma;
    while ((rest - 1.5) / 4 >= kLeastSigma * kLeastSigma) {
        rest = (rest - 1.5) / 4;
        ++levels;
    }
    const std::vector<float> taps = half_gaussian(std::sqrt(rest));
    if (levels == 0) return convolved(in, taps);
    const int unit = 1 << levels;
    const int margin =
        (static_cast<int>(taps.size()) + 2) * unit;
    const int total = (in.count + 2 * margin + unit - 1) / unit * unit;
    Lines wide(in.width, total);
    for (int y = 0; y < total; ++y)
        std::copy_n(in.row(clamped(y - margin, in.count)), in.width, wide.row(y));
    for (int level = 0; level < levels; ++level) wide = halved_lines(wide);
    wide = convolved(wide, taps);
    for (int level = 0; level < levels; ++level) wide = doubled_lines(wide);
    Lines out(in.width, in.count);
    for (int y = 0; y < in.count; ++y) std::copy_n(wide.row(y + margin), in.width, out.row(y));
    return out;
}

constexpr int kTile = 32;

Lines transposed(const Lines &in) {
    Lines out(in.count, in.width);
    for (int top = 0; top < in.count; top += kTile)
        for (int left = 0; left < in.width; left += kTile)
            for (int y = top; y < std::min(top + kTile, in.count); ++y)
                for (int x = left; x < std::min(left + kTile, in.width); ++x)
                    out.row(x)[y] = in.row(y)[x];
    return out;
}

EDL_CLONES void load_row(const uint16_t *EDL_RESTRICT in, Row out, int width) {
    for (int x = 0; x < width; ++x) out[x] = static_cast<float>(in[x]);
}
EDL_CLONES void store_row(ConstRow in, uint16_t *EDL_RESTRICT out, int width) {
    for (int x = 0; x < width; ++x) out[x] = static_cast<uint16_t>(in[x] + 0.5f);
}

const uint16_t *row_of(const Plane &plane, int y) {
    return reinterpret_cast<const uint16_t *>(plane.address + y * plane.pitch);
}
uint16_t *row_to(const Plane &plane, int y) {
    return reinterpret_cast<uint16_t *>(plane.address + y * plane.pitch);
}

// Of a Gaussian this narrow the neighbours' weight is below any float's share, and its square
// may be no number at all.
constexpr double kNarrowest = 0.05;

// A blur that reaches this far cannot be told from a wider one on the same picture.
double limited(double sigma, int length) {
    return sigma < kNarrowest ? 0 : std::min(sigma, length / 2.0);
}

}  // namespace

void blur_plane(const Plane &source, const Plane &target, double sigma_across, double sigma_down) {
    Lines lines(source.width, source.height);
    for (int y = 0; y < source.height; ++y) load_row(row_of(source, y), lines.row(y), source.width);
    const double down = limited(sigma_down, source.height);
    const double across = limited(sigma_across, source.width);
    if (down > 0) lines = blurred_down(lines, down);
    if (across > 0) lines = transposed(blurred_down(transposed(lines), across));
    for (int y = 0; y < source.height; ++y) store_row(lines.row(y), row_to(target, y), source.width);
}

void mosaic_plane(const Plane &source, const Plane &target, const std::vector<int32_t> &columns,
                  const std::vector<int32_t> &rows) {
    const int blocks = columns.back() + 1;
    std::vector<int32_t> widths(blocks);
    for (int32_t column : columns) ++widths[column];
    std::vector<int64_t> sums(blocks);
    std::vector<uint16_t> means(source.width);
    int start = 0;
    while (start < source.height) {
        int end = start;
        std::fill(sums.begin(), sums.end(), 0);
        for (; end < source.height && rows[end] == rows[start]; ++end) {
            const uint16_t *in = row_of(source, end);
            for (int x = 0; x < source.width; ++x) sums[columns[x]] += in[x];
        }
        for (int x = 0; x < source.width; ++x) {
            const int64_t count = static_cast<int64_t>(widths[columns[x]]) * (end - start);
            means[x] = static_cast<uint16_t>((sums[columns[x]] + count / 2) / count);
        }
        for (; start < end; ++start) std::copy(means.begin(), means.end(), row_to(target, start));
    }
}

EDL_CLONES static void unsharp_row(const uint16_t *original, const uint16_t *blurred,
                                   uint16_t *out, int width, int amount, int low, int high) {
    for (int x = 0; x < width; ++x)
        out[x] = static_cast<uint16_t>(unsharp(original[x], blurred[x], amount, low, high));
}

void unsharp_plane(const Plane &original, const Plane &blurred, const Plane &target, int amount,
                   int low, int high, int row_start, int row_end) {
    for (int y = row_start; y < row_end; ++y)
        unsharp_row(row_of(original, y), row_of(blurred, y), row_to(target, y), target.width,
                    amount, low, high);
}

}  // namespace edl2ffmpeg
