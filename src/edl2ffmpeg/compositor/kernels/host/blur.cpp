#include "../blur.h"

#include <algorithm>
#include <cstring>

#include "blur_rows.h"
#include "blur_taps.h"
#include "filters.h"

namespace edl2ffmpeg {
namespace {

constexpr int kRowAlignment = 32;  // samples

int64_t padded(int64_t count) {
    return (count + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
}

void repeat_ends(int16_t *row, int count) {
    std::fill(row - kBlurReach, row, row[0]);
    std::fill(row + count, row + count + kBlurReach, row[count - 1]);
}

// Rows of codes to blurred rows of samples for the passes down.
class AcrossPass {
   public:
    // A halved row can be longer than a very short one.
    static int64_t samples_needed(int width) { return 2 * buffer_size(width); }

    AcrossPass(const BlurDirection &direction, int16_t *memory)
        : direction_(direction),
          here_(memory + kBlurReach),
          there_(here_ + buffer_size(direction.count)) {}

    void run(const uint16_t *codes, int16_t *out) {
        const BlurDirection &d = direction_;
        if (d.copies()) return rows::to_blur_row(codes, out, d.count);
        rows::to_blur_row(codes, here_, d.count);
        repeat_ends(here_, d.count);
        for (int n = 0; n < d.halvings; ++n) {
            rows::halve_across_row(here_, there_, d.counts[n + 1]);
            std::swap(here_, there_);
            repeat_ends(here_, d.counts[n + 1]);
        }
        const int count = d.counts.back();
        int16_t *blurred = d.halvings > 0 ? there_ : out;
        rows::blur_across_row(here_ + d.taps.first, d.taps.values.data(), d.taps.count,
                              d.taps.shift, blurred, count);
        if (d.halvings == 0) return;
        repeat_ends(blurred, count);
        rows::expand_across_row(blurred, d.expand.positions.data(), d.expand.values.data(), out,
                                d.count);
    }

   private:
    static int64_t buffer_size(int width) { return padded(width + 2 * kBlurReach + 8); }

    const BlurDirection &direction_;
    int16_t *here_;
    int16_t *there_;
};

// Rows in scratch memory, the first and last repeated beyond the ends.
struct Block {
    int16_t *data;
    int64_t stride;
    int count;

    int16_t *row(int y) const { return data + clamp(y, 0, count - 1) * stride; }
};

// The pass down over a whole plane.
class DownPass {
   public:
    // Each halving leaves half the rows and a few more.
    static int64_t rows_needed(const BlurDirection &direction) {
        int64_t count = 0;
        for (const int level : direction.counts) count += level;
        return count + (direction.halvings > 0 ? direction.counts.back() : 0);
    }

    DownPass(const BlurDirection &direction, int width, int16_t *memory)
        : direction_(direction), width_(width), block_{memory, padded(width), direction.count} {}

    int16_t *input_row(int y) { return block_.row(y); }

    void run(const Plane &target) {
        const BlurDirection &d = direction_;
        for (int n = 0; n < d.halvings; ++n) halve(d.counts[n + 1]);
        if (d.halvings > 0) blur_halved();
        for (int y = 0; y < d.count; ++y) {
            uint16_t *out = canvas(target).row(y);
            if (d.copies())
                rows::from_blur_row(block_.row(y), out, width_);
            else
                rows::blur_down_to_codes(d.halvings > 0 ? expand_taps(y) : gaussian_taps(y), out,
                                         width_);
        }
    }

   private:
    rows::DownTaps taps_from(int first, const int16_t *taps, int count, int shift) {
        for (int k = 0; k < count; ++k) rows_[k] = block_.row(first + k);
        return {rows_, taps, count, shift};
    }
    rows::DownTaps gaussian_taps(int y) {
        const BlurTaps &taps = direction_.taps;
        return taps_from(y + taps.first, taps.values.data(), taps.count, taps.shift);
    }
    rows::DownTaps expand_taps(int y) {
        const ExpandTaps &taps = direction_.expand;
        return taps_from(taps.positions[y], &taps.values[4 * static_cast<size_t>(y)], 4,
                         kExpandBits);
    }
    Block next(int count) const {
        return {block_.data + block_.count * block_.stride, block_.stride, count};
    }
    void halve(int count) {
        const Block halved = next(count);
        for (int y = 0; y < count; ++y) {
            const rows::DownTaps taps =
                taps_from(2 * y + kHalvingFirst, rows::kHalvingTaps, 4, kHalvingBits);
            rows::blur_down_row(taps, halved.row(y), width_);
        }
        block_ = halved;
    }
    void blur_halved() {
        const Block blurred = next(block_.count);
        for (int y = 0; y < block_.count; ++y)
            rows::blur_down_row(gaussian_taps(y), blurred.row(y), width_);
        block_ = blurred;
    }

    const BlurDirection &direction_;
    int width_;
    Block block_;
    const int16_t *rows_[2 * kBlurReach];
};

}  // namespace

void blur_plane(const Plane &source, const Plane &target, double sigma_x, double sigma_y,
                Scratch &scratch) {
    const BlurDirection across(sigma_x, target.width);
    const BlurDirection down(sigma_y, target.height);
    if (across.copies() && down.copies()) {
        for (int y = 0; y < target.height; ++y)
            std::memcpy(canvas(target).row(y), readable(source).row(y),
                        target.width * sizeof(uint16_t));
        return;
    }
    const int64_t row_samples = AcrossPass::samples_needed(target.width);
    int16_t *memory =
        scratch.reserve(row_samples + DownPass::rows_needed(down) * padded(target.width));
    AcrossPass across_pass(across, memory);
    DownPass down_pass(down, target.width, memory + row_samples);
    for (int y = 0; y < target.height; ++y)
        across_pass.run(readable(source).row(y), down_pass.input_row(y));
    down_pass.run(target);
}

}  // namespace edl2ffmpeg
