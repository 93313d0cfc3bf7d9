#include "../unsharp.h"

#include "dispatch.h"
#include "filters.h"

namespace edl2ffmpeg {
namespace {

struct Sharpening {
    int whole;
    int fraction;
    int low;
    int high;
};

EDL_INLINE void sharpen_body(const uint16_t *original, const uint16_t *blurred, uint16_t *out,
                             int width, const Sharpening &s) {
    const int whole = s.whole, fraction = s.fraction, low = s.low, high = s.high;
    for (int x = 0; x < width; ++x)
        out[x] = static_cast<uint16_t>(
            sharpen(original[x], blurred[x], whole, fraction, low, high));
}

EDL_CLONES void sharpen_row(const uint16_t *EDL_RESTRICT original,
                            const uint16_t *EDL_RESTRICT blurred, uint16_t *EDL_RESTRICT out,
                            int width, const Sharpening &sharpening) {
    sharpen_body(original, blurred, out, width, sharpening);
}
EDL_CLONES void sharpen_in_place(uint16_t *EDL_RESTRICT samples,
                                 const uint16_t *EDL_RESTRICT blurred, int width,
                                 const Sharpening &sharpening) {
    sharpen_body(samples, blurred, samples, width, sharpening);
}

}  // namespace

void unsharp_planes(const Plane &original, const Plane &blurred, const Plane &target, int amount,
                    int low, int high, int row_start, int row_end) {
    const Sharpening sharpening{amount >> kWeightBits, amount & (kWeightOne - 1), low, high};
    for (int y = row_start; y < row_end; ++y) {
        const uint16_t *in = readable(original).row(y);
        const uint16_t *soft = readable(blurred).row(y);
        uint16_t *out = canvas(target).row(y);
        if (out == in)
            sharpen_in_place(out, soft, target.width, sharpening);
        else
            sharpen_row(in, soft, out, target.width, sharpening);
    }
}

}  // namespace edl2ffmpeg
