/* Writes lossless H.264; see h264.h. */
#include "h264.h"

#include <stdlib.h>
#include <string.h>

enum { NAL_SLICE = 1, NAL_IDR = 5, NAL_SPS = 7, NAL_PPS = 8 };
enum { MB_TYPE_I_PCM = 25, SLICE_TYPE_ALL_I = 7, LEVEL_5_1 = 51 };

/* ---- bits ---- */

static void put_byte(struct bits *bits, uint8_t byte)
{
    if (bits->size == bits->room) {
        bits->room = bits->room ? bits->room * 2 : 4096;
        bits->bytes = realloc(bits->bytes, bits->room);
        if (!bits->bytes)
            abort();
    }
    bits->bytes[bits->size++] = byte;
}

static void put(struct bits *bits, unsigned count, uint32_t value)
{
    while (count--) {
        bits->partial = (uint8_t)(bits->partial << 1 | (value >> count & 1));
        if (++bits->used == 8) {
            put_byte(bits, bits->partial);
            bits->used = 0;
            bits->partial = 0;
        }
    }
}

/* Exp-Golomb, unsigned. */
static void put_ue(struct bits *bits, uint32_t value)
{
    unsigned length = 32 - (unsigned)__builtin_clz(value + 1);
    put(bits, length - 1, 0);
    put(bits, length, value + 1);
}

static void put_trailing(struct bits *bits)
{
    put(bits, 1, 1);
    while (bits->used)
        put(bits, 1, 0);
}

/* Start code, header, and the payload with its emulation prevention bytes. */
static void put_nal(struct bits *out, unsigned type, bool reference, struct bits *payload)
{
    static const uint8_t start[] = {0, 0, 0, 1};
    for (size_t i = 0; i < sizeof start; i++)
        put_byte(out, start[i]);
    put_byte(out, (uint8_t)((reference ? 3 << 5 : 0) | type));
    unsigned zeros = 0;
    for (size_t i = 0; i < payload->size; i++) {
        uint8_t byte = payload->bytes[i];
        if (zeros == 2 && byte <= 3) {
            put_byte(out, 3);
            zeros = 0;
        }
        put_byte(out, byte);
        zeros = byte ? 0 : zeros + 1;
    }
    free(payload->bytes);
}

/* ---- parameter sets ---- */

static void put_vui(struct bits *bits, const struct h264_stream *stream)
{
    put(bits, 2, 0); /* no aspect ratio, no overscan information */
    put(bits, 1, stream->signal_type_present);
    if (stream->signal_type_present) {
        put(bits, 3, stream->video_format);
        put(bits, 1, stream->full_range);
        put(bits, 1, stream->colour_present);
        if (stream->colour_present) {
            put(bits, 8, stream->primaries);
            put(bits, 8, stream->transfer);
            put(bits, 8, stream->matrix);
        }
    }
    put(bits, 1, stream->chroma_location_present);
    if (stream->chroma_location_present) {
        put_ue(bits, stream->chroma_location);
        put_ue(bits, stream->chroma_location);
    }
    put(bits, 1, stream->rate_numerator > 0);
    if (stream->rate_numerator) {
        put(bits, 32, stream->rate_denominator);
        put(bits, 32, stream->rate_numerator * 2); /* counted in fields */
        put(bits, 1, 1);
    }
    put(bits, 3, 0); /* no HRD of two kinds, no picture structure */
    put(bits, 1, 1); /* restrictions: without them a decoder holds back pictures to the limit */
    put(bits, 1, 1);
    put_ue(bits, 0);
    put_ue(bits, 0);
    put_ue(bits, 16);
    put_ue(bits, 16);
    put_ue(bits, stream->reorder ? 1 : 0);
    put_ue(bits, stream->reorder ? 2 : 1);
}

static void put_sps(struct bits *out, const struct h264_stream *stream)
{
    struct bits bits = {0};
    unsigned width_mbs = (stream->width + 15) / 16, height_mbs = (stream->height + 15) / 16;
    put(&bits, 8, stream->bit_depth > 8 ? 110 : 100); /* High 10, High */
    put(&bits, 8, 0);
    put(&bits, 8, LEVEL_5_1);
    put_ue(&bits, 0);
    put_ue(&bits, 1); /* 4:2:0 */
    put_ue(&bits, stream->bit_depth - 8);
    put_ue(&bits, stream->bit_depth - 8);
    put(&bits, 2, 0);
    put_ue(&bits, LOG2_FRAME_NUMBER - 4);
    put_ue(&bits, 0);
    put_ue(&bits, LOG2_ORDER_COUNT - 4);
    put_ue(&bits, 1); /* reference frames */
    put(&bits, 1, 0);
    put_ue(&bits, width_mbs - 1);
    put_ue(&bits, height_mbs - 1);
    put(&bits, 2, 3); /* frames only, direct_8x8_inference */
    unsigned right = (width_mbs * 16 - stream->width) / 2;
    unsigned bottom = (height_mbs * 16 - stream->height) / 2;
    put(&bits, 1, right || bottom);
    if (right || bottom) {
        put_ue(&bits, 0);
        put_ue(&bits, right);
        put_ue(&bits, 0);
        put_ue(&bits, bottom);
    }
    put(&bits, 1, 1);
    put_vui(&bits, stream);
    put_trailing(&bits);
    put_nal(out, NAL_SPS, true, &bits);
}

static void put_pps(struct bits *out)
{
    struct bits bits = {0};
    put_ue(&bits, 0);
    put_ue(&bits, 0);
    put(&bits, 2, 0); /* CAVLC; no order counts of fields */
    put_ue(&bits, 0);
    put_ue(&bits, 0);
    put_ue(&bits, 0);
    put(&bits, 3, 0); /* no weighted prediction */
    put_ue(&bits, 0); /* three quantizer offsets of 0 */
    put_ue(&bits, 0);
    put_ue(&bits, 0);
    put(&bits, 3, 4); /* slices say how they are deblocked; no more flags */
    put_trailing(&bits);
    put_nal(out, NAL_PPS, true, &bits);
}

void h264_write_headers(struct bits *out, const struct h264_stream *stream)
{
    put_sps(out, stream);
    put_pps(out);
}

/* ---- pictures ---- */

static void put_slice_header(struct bits *bits, const struct h264_picture *picture)
{
    put_ue(bits, 0);
    put_ue(bits, SLICE_TYPE_ALL_I);
    put_ue(bits, 0);
    put(bits, LOG2_FRAME_NUMBER, picture->frame_number);
    if (picture->idr)
        put_ue(bits, picture->idr_id);
    put(bits, LOG2_ORDER_COUNT, picture->order_count);
    if (picture->idr)
        put(bits, 2, 0);
    else if (picture->reference)
        put(bits, 1, 0);
    put_ue(bits, 0); /* the quantizer's difference; no macroblock uses it */
    put_ue(bits, 1); /* no deblocking: it would change the samples */
}

static void put_block(struct bits *bits, const uint16_t *samples, size_t pitch, unsigned size,
                      unsigned bit_depth)
{
    for (unsigned y = 0; y < size; y++)
        for (unsigned x = 0; x < size; x++) {
            uint16_t sample = samples[y * pitch + x];
            if (bit_depth == 8)
                put_byte(bits, (uint8_t)sample); /* aligned here: much faster than put() */
            else
                put(bits, bit_depth, sample);
        }
}

void h264_write_picture(struct bits *out, const struct h264_stream *stream,
                        const struct h264_picture *picture)
{
    struct bits bits = {0};
    unsigned width_mbs = (stream->width + 15) / 16, height_mbs = (stream->height + 15) / 16;
    put_slice_header(&bits, picture);
    for (unsigned mb = 0; mb < width_mbs * height_mbs; mb++) {
        put_ue(&bits, MB_TYPE_I_PCM);
        while (bits.used)
            put(&bits, 1, 0);
        for (int plane = 0; plane < 3; plane++) {
            unsigned size = plane ? 8 : 16;
            size_t pitch = (size_t)width_mbs * size;
            const uint16_t *samples = picture->planes[plane] + mb / width_mbs * size * pitch
                                      + mb % width_mbs * size;
            put_block(&bits, samples, pitch, size, stream->bit_depth);
        }
    }
    put_trailing(&bits);
    put_nal(out, picture->idr ? NAL_IDR : NAL_SLICE, picture->reference, &bits);
}
