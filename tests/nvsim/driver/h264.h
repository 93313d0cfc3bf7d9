/* Lossless H.264: every macroblock carries its samples as they are (I_PCM).
 *
 * A decoder gives back what the encoder read, bit for bit, so any wrong pixel of a test is a wrong
 * pixel of the code under test. The stream is as large as the pixels.
 */
#ifndef NVSIM_H264_H
#define NVSIM_H264_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h264_stream {
    unsigned width, height;
    unsigned bit_depth; /* 8 or 10 */
    unsigned rate_numerator, rate_denominator;
    bool reorder; /* pictures are coded in another order than shown */
    bool signal_type_present, full_range, colour_present;
    unsigned video_format, primaries, transfer, matrix;
    bool chroma_location_present;
    unsigned chroma_location;
};

struct h264_picture {
    bool idr, reference;
    unsigned frame_number, order_count, idr_id;
    const uint16_t *planes[3]; /* whole macroblocks, without gaps between the rows */
};

/* Bits to write, or written; grows as needed. */
struct bits {
    uint8_t *bytes;
    size_t size, room; /* in bytes */
    unsigned used;     /* bits of the byte being made */
    uint8_t partial;
};

enum { LOG2_FRAME_NUMBER = 8, LOG2_ORDER_COUNT = 16 };

/* Each appends NAL units with start codes to `out`, a byte buffer that the caller frees. */
void h264_write_headers(struct bits *out, const struct h264_stream *stream);
void h264_write_picture(struct bits *out, const struct h264_stream *stream,
                        const struct h264_picture *picture);

/* What the slice syntax depends on, out of the decoder's picture parameters. */
struct h264_slice_context {
    unsigned log2_frame_number, order_count_type, log2_order_count;
    bool frame_mbs_only, deblocking_control, cabac, redundant_count, order_present;
    unsigned bit_depth, width_mbs, height_mbs;
};

/* Reads one slice of I_PCM macroblocks into planes of width_mbs x 16 samples a row.
 * False: it is something else, which this decoder does not know. */
bool h264_read_slice(const uint8_t *nal, size_t size, const struct h264_slice_context *context,
                     uint16_t *const planes[3]);

#endif
