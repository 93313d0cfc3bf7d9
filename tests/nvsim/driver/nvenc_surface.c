/* Input surfaces of the encoder: their layouts, and reading them. */
#include "nvenc.h"

#include <stdlib.h>

static size_t chroma_rows(const struct surface *surface)
{
    return (surface->height + 1) / 2;
}

size_t surface_bytes(const struct surface *surface)
{
    /* YV12 has two planes of half the pitch: as many bytes as one of the full pitch. */
    return surface->pitch * (surface->height + chroma_rows(surface));
}

/* Where the surface can be read: the shadow of device memory, or the session's buffer. */
static const uint8_t *surface_place(const struct surface *surface)
{
    if (!surface->memory)
        return surface->place;
    return memory_range(surface->address, surface_bytes(surface), "the encoder reads");
}

/* FNV-1a: it tells whether any pixel changed. */
uint64_t surface_fingerprint(const struct surface *surface)
{
    const uint8_t *place = surface_place(surface);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t bytes = place ? surface_bytes(surface) : 0;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ place[i]) * UINT64_C(0x100000001b3);
    return hash;
}

struct plane {
    const uint8_t *first;
    size_t pitch, step; /* in bytes */
    unsigned width, height;
};

static uint16_t sample(const struct plane *plane, unsigned x, unsigned y, bool deep)
{
    const uint8_t *at = plane->first + y * plane->pitch + x * plane->step;
    return deep ? (uint16_t)((at[0] | at[1] << 8) >> 6) : at[0]; /* P010: in the high bits */
}

/* The planes Y, U and V of a surface. YV12 has V before U, at half the pitch. */
static void planes_of(const struct surface *surface, const uint8_t *place, struct plane planes[3])
{
    unsigned width = surface->width, height = surface->height;
    size_t luma = surface->pitch * height;
    size_t bytes = surface->format == FORMAT_P010 ? 2 : 1;
    planes[0] = (struct plane){place, surface->pitch, bytes, width, height};
    for (int i = 1; i < 3; i++) {
        planes[i] = (struct plane){.width = width / 2, .height = height / 2};
        if (surface->format == FORMAT_YV12) {
            size_t half = surface->pitch / 2;
            planes[i].first = place + luma + (i == 1 ? half * chroma_rows(surface) : 0);
            planes[i].pitch = half;
            planes[i].step = 1;
        } else {
            planes[i].first = place + luma + (i == 2 ? bytes : 0);
            planes[i].pitch = surface->pitch;
            planes[i].step = 2 * bytes;
        }
    }
}

uint16_t *surface_samples(const struct surface *surface)
{
    const uint8_t *place = surface_place(surface);
    unsigned columns = (surface->width + 15) / 16, rows = (surface->height + 15) / 16;
    size_t macroblocks = (size_t)columns * rows;
    uint16_t *samples = calloc(macroblocks * 384, sizeof *samples), *out = samples;
    if (!samples)
        abort();
    if (!place)
        return samples;
    struct plane planes[3];
    planes_of(surface, place, planes);
    for (int i = 0; i < 3; i++) {
        unsigned size = i ? 8 : 16;
        for (unsigned y = 0; y < rows * size; y++)
            for (unsigned x = 0; x < columns * size; x++) {
                unsigned px = x < planes[i].width ? x : planes[i].width - 1;
                unsigned py = y < planes[i].height ? y : planes[i].height - 1;
                *out++ = sample(&planes[i], px, py, surface->format == FORMAT_P010);
            }
    }
    return samples;
}
