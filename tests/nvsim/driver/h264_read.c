/* Reads lossless H.264, one slice at a time; see h264.h. */
#include "h264.h"

#include <stdlib.h>

enum { NAL_SLICE = 1, NAL_IDR = 5, MB_TYPE_I_PCM = 25 };

struct reader {
    const uint8_t *bytes;
    size_t size, position; /* in bits */
};

static unsigned get(struct reader *reader, unsigned count)
{
    unsigned value = 0;
    for (; count; count--, reader->position++) {
        size_t byte = reader->position / 8;
        unsigned bit = byte < reader->size ? reader->bytes[byte] >> (7 - reader->position % 8) & 1
                                           : 0;
        value = value << 1 | bit;
    }
    return value;
}

static unsigned get_ue(struct reader *reader)
{
    unsigned zeros = 0;
    while (zeros < 31 && !get(reader, 1))
        zeros++;
    return (1u << zeros) - 1 + get(reader, zeros);
}

static bool read_header(struct reader *reader, unsigned type, bool reference,
                        const struct h264_slice_context *context, unsigned *first_mb)
{
    *first_mb = get_ue(reader);
    unsigned slice_type = get_ue(reader);
    if (slice_type % 5 != 2 || !context->frame_mbs_only || context->cabac
        || context->order_count_type || context->redundant_count || context->order_present)
        return false;
    get_ue(reader);
    get(reader, context->log2_frame_number);
    if (type == NAL_IDR)
        get_ue(reader);
    get(reader, context->log2_order_count);
    if (type == NAL_IDR)
        get(reader, 2);
    else if (reference && get(reader, 1))
        return false; /* memory management commands */
    get_ue(reader);
    /* Deblocking must be off, which is 1: anything else would change the samples. */
    return context->deblocking_control && get_ue(reader) == 1;
}

static bool read_macroblock(struct reader *reader, const struct h264_slice_context *context,
                            unsigned mb, uint16_t *const planes[3])
{
    if (get_ue(reader) != MB_TYPE_I_PCM)
        return false;
    reader->position = (reader->position + 7) / 8 * 8;
    for (int plane = 0; plane < 3; plane++) {
        unsigned size = plane ? 8 : 16;
        size_t pitch = (size_t)context->width_mbs * size;
        uint16_t *samples = planes[plane] + mb / context->width_mbs * size * pitch
                            + mb % context->width_mbs * size;
        for (unsigned y = 0; y < size; y++)
            for (unsigned x = 0; x < size; x++) {
                size_t byte = reader->position / 8;
                if (context->bit_depth == 8) { /* aligned here: much faster than get() */
                    samples[y * pitch + x] = byte < reader->size ? reader->bytes[byte] : 0;
                    reader->position += 8;
                } else {
                    samples[y * pitch + x] = (uint16_t)get(reader, context->bit_depth);
                }
            }
    }
    return reader->position <= reader->size * 8;
}

/* The payload of a NAL unit without its emulation prevention bytes; the caller frees it. */
static uint8_t *payload_of(const uint8_t *nal, size_t size, size_t *used)
{
    uint8_t *bytes = malloc(size + 1);
    unsigned zeros = 0;
    *used = 0;
    for (size_t i = 1; bytes && i < size; i++) {
        if (zeros == 2 && nal[i] == 3) {
            zeros = 0;
            continue;
        }
        bytes[(*used)++] = nal[i];
        zeros = nal[i] ? 0 : zeros + 1;
    }
    return bytes;
}

bool h264_read_slice(const uint8_t *nal, size_t size, const struct h264_slice_context *context,
                     uint16_t *const planes[3])
{
    size_t start = 0;
    while (start < size && nal[start] == 0) /* Annex B: zeros, then a one */
        start++;
    start += start < size && nal[start] == 1;
    if (start >= size)
        return false;
    unsigned type = nal[start] & 31;
    bool reference = nal[start] >> 5 & 3;
    struct reader reader = {0};
    uint8_t *bytes = payload_of(nal + start, size - start, &reader.size);
    reader.bytes = bytes;
    unsigned mb = 0;
    bool good = (type == NAL_SLICE || type == NAL_IDR)
                && read_header(&reader, type, reference, context, &mb);
    /* Every slice of these streams is a whole picture. */
    for (; good && mb < context->width_mbs * context->height_mbs; mb++)
        good = read_macroblock(&reader, context, mb, planes);
    free(bytes);
    return good;
}
