#include "../mosaic.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "dispatch.h"
#include "filters.h"

namespace edl2ffmpeg {
namespace {

EDL_CLONES void add_row(const uint16_t *EDL_RESTRICT row, uint32_t *EDL_RESTRICT sums, int width) {
    for (int x = 0; x < width; ++x) sums[x] += row[x];
}
// One row of blocks: from the sums of its columns to the first row of samples. Block b has the
// columns up to ends[b], and `height` rows.
EDL_CLONES void average_blocks(const uint32_t *sums, const std::vector<int> &ends, int height,
                               uint16_t *out) {
    int x = 0;
    for (const int end : ends) {
        const int64_t count = static_cast<int64_t>(end - x) * height;
        int64_t sum = 0;
        for (int i = x; i < end; ++i) sum += sums[i];
        const int mean = block_mean(sum, count);
        for (; x < end; ++x) out[x] = static_cast<uint16_t>(mean);
    }
}

// Where each block ends; the last one ends with the plane.
std::vector<int> block_ends(const int32_t *blocks, int count) {
    std::vector<int> ends;
    for (int i = 1; i < count; ++i)
        if (blocks[i] != blocks[i - 1]) ends.push_back(i);
    ends.push_back(count);
    return ends;
}

}  // namespace

void mosaic_plane(const Plane &source, const Plane &target, const int32_t *columns,
                  const int32_t *rows) {
    const int width = target.width;
    const std::vector<int> ends = block_ends(columns, width);
    // A column of the tallest plane still fits: 2^16 rows of 16 bits.
    std::vector<uint32_t> sums(width);
    const bool single_columns = static_cast<int>(ends.size()) == width;
    int top = 0;
    for (const int bottom : block_ends(rows, target.height)) {
        uint16_t *first = canvas(target).row(top);
        if (bottom - top == 1 && single_columns) {  // blocks of one sample
            std::memcpy(first, readable(source).row(top), width * sizeof(uint16_t));
        } else {
            std::fill(sums.begin(), sums.end(), 0);
            for (int y = top; y < bottom; ++y) add_row(readable(source).row(y), sums.data(), width);
            average_blocks(sums.data(), ends, bottom - top, first);
        }
        for (int y = top + 1; y < bottom; ++y)
            std::memcpy(canvas(target).row(y), first, width * sizeof(uint16_t));
        top = bottom;
    }
}

}  // namespace edl2ffmpeg
