/* NVDEC: decodes the lossless streams of this simulator's encoder, and refuses all others.
 *
 * A mapped frame gets memory of its own that ends with the mapping: whoever reads it later is
 * caught, where a GPU would show the pixels of another picture.
 */
#include "nvdec.h"
#include "h264.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SURFACES = 64, PITCH = 256, MAX_SIZE = 4096, MIN_SIZE = 16 };

unsigned long long pictures_decoded, frames_mapped;

struct decoder {
    struct object base;
    struct create_decoder params;
    uint16_t *samples[MAX_SURFACES]; /* planar, whole macroblocks; NULL: nothing decoded */
};

struct mapped_frame {
    struct object base;
    struct memory *memory;
    int index;
};

static bool can_decode(int codec, int chroma, unsigned long depth_minus_8)
{
    return codec == CODEC_H264 && chroma == CHROMA_420
           && (depth_minus_8 == 0 || depth_minus_8 == 2);
}

EXPORT int cuvidGetDecoderCaps(struct decoder_caps *caps)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUVID, "cuvidGetDecoderCaps", "codec=%d chroma=%d depth=%u",
                    caps->codec, caps->chroma, caps->depth_minus_8 + 8))
        return call_end(&call, 0);
    if (!context_required(call.function))
        return call_end(&call, CUDA_INVALID_CONTEXT);
    caps->supported = can_decode(caps->codec, caps->chroma, caps->depth_minus_8);
    caps->engines = caps->supported;
    caps->output_formats = caps->supported ? 1 << SURFACE_NV12 | 1 << SURFACE_P016 : 0;
    caps->max_width = caps->max_height = caps->supported ? MAX_SIZE : 0;
    caps->max_macroblocks = caps->supported ? MAX_SIZE / 16 * (MAX_SIZE / 16) : 0;
    caps->min_width = caps->min_height = MIN_SIZE;
    return call_end(&call, CUDA_OK);
}

EXPORT int cuvidCreateDecoder(uint64_t *handle, const struct create_decoder *params)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUVID, "cuvidCreateDecoder",
                    "%lux%lu target=%lux%lu surfaces=%lu outputs=%lu", params->width,
                    params->height, params->target_width, params->target_height,
                    params->decode_surfaces, params->output_surfaces))
        return call_end(&call, 0);
    struct context *context = context_required(call.function);
    if (!context)
        return call_end(&call, CUDA_INVALID_CONTEXT);
    if (!can_decode(params->codec, params->chroma, params->depth_minus_8)
        || params->target_width > params->width || params->target_height > params->height)
        return call_end(&call, CUDA_NOT_SUPPORTED);
    if (!params->decode_surfaces || params->decode_surfaces > MAX_SURFACES)
        return call_end(&call, CUDA_INVALID_VALUE);
    struct decoder *decoder = object_new(KIND_DECODER, sizeof *decoder, &context->base);
    decoder->params = *params;
    *handle = decoder->base.handle;
    call_note(&call, " -> %s", object_name(KIND_DECODER, *handle));
    return call_end(&call, CUDA_OK);
}

/* ---- decoding ---- */

static struct mapped_frame *frame_mapped(const struct decoder *decoder, int index)
{
    for (struct object *object = objects; object; object = object->next) {
        struct mapped_frame *frame = (struct mapped_frame *)object;
        if (object->kind == KIND_MAPPED_FRAME && object->alive
            && object->owner == &decoder->base && (index < 0 || frame->index == index))
            return frame;
    }
    return NULL;
}

static int decode(struct decoder *decoder, const struct picture_parameters *picture)
{
    const struct h264_parameters *h264 = &picture->h264;
    if (picture->index < 0 || (unsigned long)picture->index >= decoder->params.decode_surfaces
        || picture->field || picture->slices != 1)
        return CUDA_INVALID_VALUE;
    if (frame_mapped(decoder, picture->index))
        violation("decode-while-mapped", "surface %d of %s", picture->index,
                  object_name(KIND_DECODER, decoder->base.handle));
    struct h264_slice_context context = {
        .log2_frame_number = (unsigned)h264->log2_frame_number_minus_4 + 4,
        .order_count_type = (unsigned)h264->order_count_type,
        .log2_order_count = (unsigned)h264->log2_order_count_minus_4 + 4,
        .frame_mbs_only = h264->frame_mbs_only,
        .deblocking_control = h264->deblocking_control,
        .cabac = h264->cabac,
        .redundant_count = h264->redundant_count,
        .order_present = h264->order_present,
        .bit_depth = h264->luma_depth_minus_8 + 8u,
        .width_mbs = (unsigned)picture->width_mbs,
        .height_mbs = (unsigned)picture->height_mbs,
    };
    size_t macroblocks = (size_t)context.width_mbs * context.height_mbs;
    uint16_t *samples = calloc(macroblocks * 384, sizeof *samples);
    uint16_t *const planes[3] = {samples, samples + macroblocks * 256, samples + macroblocks * 320};
    if (!samples)
        abort();
    free(decoder->samples[picture->index]);
    decoder->samples[picture->index] = samples;
    unsigned first = picture->slice_offsets[0];
    bool good = h264_read_slice(picture->bytes + first, picture->size - first, &context, planes);
    return good ? CUDA_OK : CUDA_NOT_SUPPORTED;
}

EXPORT int cuvidDecodePicture(uint64_t handle, const struct picture_parameters *picture)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUVID, "cuvidDecodePicture", "%s surface=%d bytes=%u slices=%u",
                    object_name(KIND_DECODER, handle), picture->index, picture->size,
                    picture->slices))
        return call_end(&call, 0);
    struct decoder *decoder = object_get(KIND_DECODER, handle);
    if (!decoder)
        return call_end(&call, CUDA_INVALID_HANDLE);
    context_matches(&decoder->base, call.function);
    pictures_decoded++;
    return call_end(&call, decode(decoder, picture));
}

EXPORT int cuvidGetDecodeStatus(uint64_t handle, int index, int *status)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUVID, "cuvidGetDecodeStatus", "%s surface=%d",
                    object_name(KIND_DECODER, handle), index))
        return call_end(&call, 0);
    struct decoder *decoder = object_get(KIND_DECODER, handle);
    bool there = decoder && index >= 0 && index < MAX_SURFACES && decoder->samples[index];
    *status = there ? 2 : 0; /* success, invalid */
    return call_end(&call, decoder ? CUDA_OK : CUDA_INVALID_HANDLE);
}

/* ---- output surfaces ---- */

static void store(uint8_t *at, uint16_t sample, bool deep)
{
    if (!deep) {
        *at = (uint8_t)sample;
        return;
    }
    sample = (uint16_t)(sample << 6); /* P016: in the high bits */
    memcpy(at, &sample, sizeof sample);
}

static void fill(uint8_t *out, size_t pitch, const struct decoder *decoder, const uint16_t *samples)
{
    bool deep = decoder->params.output_format == SURFACE_P016;
    size_t columns = (decoder->params.width + 15) / 16, rows = (decoder->params.height + 15) / 16;
    size_t width = decoder->params.target_width, height = decoder->params.target_height;
    size_t step = deep ? 2 : 1;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            store(out + y * pitch + x * step, samples[y * columns * 16 + x], deep);
    out += pitch * height;
    for (size_t plane = 0; plane < 2; plane++) {
        const uint16_t *from = samples + columns * rows * (plane ? 320 : 256);
        for (size_t y = 0; y < height / 2; y++)
            for (size_t x = 0; x < width / 2; x++)
                store(out + y * pitch + (2 * x + plane) * step, from[y * columns * 8 + x], deep);
    }
}

static int mapped_count(const struct decoder *decoder)
{
    int count = 0;
    for (struct object *object = objects; object; object = object->next)
        count += object->kind == KIND_MAPPED_FRAME && object->alive
                 && object->owner == &decoder->base;
    return count;
}

static int map(struct call *call, struct decoder *decoder, int index, uint64_t *address,
               unsigned *pitch)
{
    if (mapped_count(decoder) >= (int)decoder->params.output_surfaces) {
        violation("too-many-mapped", "%s has %lu output surfaces",
                  object_name(KIND_DECODER, decoder->base.handle),
                  decoder->params.output_surfaces);
        return CUDA_INVALID_VALUE;
    }
    if (index < 0 || index >= MAX_SURFACES || !decoder->samples[index]) {
        violation("map-before-decode", "surface %d", index);
        return CUDA_INVALID_VALUE;
    }
    size_t row = decoder->params.target_width
                 * (decoder->params.output_format == SURFACE_P016 ? 2 : 1);
    *pitch = (unsigned)((row + PITCH - 1) / PITCH * PITCH);
    size_t rows = decoder->params.target_height * 3 / 2;
    struct mapped_frame *frame = object_new(KIND_MAPPED_FRAME, sizeof *frame, &decoder->base);
    frame->index = index;
    frame->memory = memory_new(*pitch * rows, &frame->base, true);
    if (!frame->memory)
        abort();
    fill(frame->memory->shadow, *pitch, decoder, decoder->samples[index]);
    *address = frame->memory->address;
    frames_mapped++;
    call_note(call, " -> %s", object_name(KIND_MAPPED_FRAME, frame->base.handle));
    return CUDA_OK;
}

EXPORT int cuvidMapVideoFrame64(uint64_t handle, int index, uint64_t *address, unsigned *pitch,
                                const void *params)
{
    struct call call;
    (void)params;
    if (!call_begin(&call, FAMILY_CUVID, "cuvidMapVideoFrame64", "%s surface=%d",
                    object_name(KIND_DECODER, handle), index))
        return call_end(&call, 0);
    struct decoder *decoder = object_get(KIND_DECODER, handle);
    if (!decoder)
        return call_end(&call, CUDA_INVALID_HANDLE);
    context_matches(&decoder->base, call.function);
    return call_end(&call, map(&call, decoder, index, address, pitch));
}

EXPORT int cuvidUnmapVideoFrame64(uint64_t handle, uint64_t address)
{
    struct call call;
    struct memory *memory = memory_containing(address);
    struct mapped_frame *frame = memory && memory->internal ? (void *)memory->base.owner : NULL;
    if (!call_begin(&call, FAMILY_CUVID, "cuvidUnmapVideoFrame64", "%s %s",
                    object_name(KIND_DECODER, handle),
                    object_name(KIND_MAPPED_FRAME, frame ? frame->base.handle : 0)))
        return call_end(&call, 0);
    struct decoder *decoder = object_get(KIND_DECODER, handle);
    if (!decoder)
        return call_end(&call, CUDA_INVALID_HANDLE);
    context_matches(&decoder->base, call.function);
    if (!frame || !frame->base.alive) {
        violation("unmap-without-map", "%#llx", (unsigned long long)address);
        return call_end(&call, CUDA_INVALID_VALUE);
    }
    const char *tie = encoder_tie(memory);
    if (tie)
        violation(tie, "%s", object_name(KIND_MAPPED_FRAME, frame->base.handle));
    frame->base.alive = false;
    memory_release(memory);
    return call_end(&call, CUDA_OK);
}

EXPORT int cuvidDestroyDecoder(uint64_t handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUVID, "cuvidDestroyDecoder", "%s",
                    object_name(KIND_DECODER, handle)))
        return call_end(&call, 0);
    struct decoder *decoder = object_take(KIND_DECODER, handle);
    if (!decoder)
        return call_end(&call, CUDA_INVALID_HANDLE);
    context_matches(&decoder->base, call.function);
    struct mapped_frame *frame;
    while ((frame = frame_mapped(decoder, -1))) {
        violation("decoder-destroyed-while-mapped", "%s",
                  object_name(KIND_MAPPED_FRAME, frame->base.handle));
        frame->base.alive = false;
        memory_release(frame->memory);
    }
    for (int i = 0; i < MAX_SURFACES; i++)
        free(decoder->samples[i]);
    decoder->base.alive = false;
    return call_end(&call, CUDA_OK);
}

/* ---- context locks ---- */

EXPORT int cuvidCtxLockCreate(uint64_t *lock, uint64_t context_handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUVID, "cuvidCtxLockCreate", "%s",
                    object_name(KIND_CONTEXT, context_handle)))
        return call_end(&call, 0);
    struct context *context = object_get(KIND_CONTEXT, context_handle);
    if (!context)
        return call_end(&call, CUDA_INVALID_CONTEXT);
    struct object *made = object_new(KIND_CONTEXT_LOCK, sizeof *made, &context->base);
    *lock = made->handle;
    return call_end(&call, CUDA_OK);
}

EXPORT int cuvidCtxLockDestroy(uint64_t lock)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUVID, "cuvidCtxLockDestroy", "%s",
                    object_name(KIND_CONTEXT_LOCK, lock)))
        return call_end(&call, 0);
    struct object *object = object_take(KIND_CONTEXT_LOCK, lock);
    if (object)
        object->alive = false;
    return call_end(&call, object ? CUDA_OK : CUDA_INVALID_HANDLE);
}

/* Every call holds the state's mutex already: there is nothing that these have to keep apart. */
EXPORT int cuvidCtxLock(uint64_t lock, unsigned flags)
{
    (void)lock, (void)flags;
    return CUDA_OK;
}

EXPORT int cuvidCtxUnlock(uint64_t lock, unsigned flags)
{
    (void)lock, (void)flags;
    return CUDA_OK;
}
