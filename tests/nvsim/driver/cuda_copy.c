/* cuMemcpy* and cuMemset*, carried out at once on the shadows.
 *
 * That is the earliest moment at which a GPU may do them: a missing synchronisation does not show
 * here, a buffer that is used again too early by the encoder does (see nvenc_picture.c).
 */
#include "state.h"

#include <string.h>

enum memory_type { TYPE_HOST = 1, TYPE_DEVICE = 2, TYPE_ARRAY = 3, TYPE_UNIFIED = 4 };

struct memcpy_2d {
    size_t src_x_bytes, src_y;
    int src_type;
    const void *src_host;
    uint64_t src_device;
    void *src_array;
    size_t src_pitch;
    size_t dst_x_bytes, dst_y;
    int dst_type;
    void *dst_host;
    uint64_t dst_device;
    void *dst_array;
    size_t dst_pitch;
    size_t width_bytes, height;
};
_Static_assert(sizeof(struct memcpy_2d) == 128, "CUDA_MEMCPY2D as drivers since 3.2 take it");

struct side {
    bool device;
    uint64_t address; /* of the first byte */
    size_t pitch;
};

static struct side side_of(int type, const void *host, uint64_t device, size_t offset, size_t pitch)
{
    uint64_t address = type == TYPE_HOST ? (uint64_t)(uintptr_t)host : device;
    bool on_device = type == TYPE_DEVICE || (type == TYPE_UNIFIED && memory_containing(address));
    return (struct side){on_device, address + offset, pitch};
}

/* The host's address of a side; a host pointer that is a device address is caught here. */
static uint8_t *resolve(const struct side *side, size_t bytes, const char *what)
{
    if (side->device)
        return memory_range(side->address, bytes, what);
    if (memory_containing(side->address)) {
        violation("device-memory-as-host", "%s: %#llx", what, (unsigned long long)side->address);
        return NULL;
    }
    return (uint8_t *)(uintptr_t)side->address;
}

static int copy(struct call *call, struct side dst, struct side src, size_t width, size_t height)
{
    if (!context_required(call->function))
        return CUDA_INVALID_CONTEXT;
    if (!width || !height)
        return CUDA_OK;
    if (height > 1 && (dst.pitch < width || src.pitch < width))
        return CUDA_INVALID_VALUE;
    uint8_t *to = resolve(&dst, dst.pitch * (height - 1) + width, "copy to");
    const uint8_t *from = resolve(&src, src.pitch * (height - 1) + width, "copy from");
    if (!to || !from)
        return CUDA_INVALID_VALUE;
    for (size_t y = 0; y < height; y++)
        memmove(to + y * dst.pitch, from + y * src.pitch, width);
    static const enum copy_direction directions[2][2] = {{COPY_HTOH, COPY_HTOD},
                                                         {COPY_DTOH, COPY_DTOD}};
    copy_counted(directions[src.device][dst.device], width * height);
    return CUDA_OK;
}

static int copy_2d(const char *function, const struct memcpy_2d *p, uint64_t stream)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, function, "%d->%d width=%zu height=%zu stream=%#llx",
                    p->src_type, p->dst_type, p->width_bytes, p->height,
                    (unsigned long long)stream))
        return call_end(&call, 0);
    if (p->src_type == TYPE_ARRAY || p->dst_type == TYPE_ARRAY)
        return call_end(&call, CUDA_NOT_SUPPORTED);
    if (!stream_usable(stream))
        return call_end(&call, CUDA_INVALID_HANDLE);
    if (p->src_pitch < p->width_bytes + p->src_x_bytes
        || p->dst_pitch < p->width_bytes + p->dst_x_bytes)
        return call_end(&call, CUDA_INVALID_VALUE);
    struct side dst = side_of(p->dst_type, p->dst_host, p->dst_device,
                              p->dst_y * p->dst_pitch + p->dst_x_bytes, p->dst_pitch);
    struct side src = side_of(p->src_type, p->src_host, p->src_device,
                              p->src_y * p->src_pitch + p->src_x_bytes, p->src_pitch);
    return call_end(&call, copy(&call, dst, src, p->width_bytes, p->height));
}

EXPORT int cuMemcpy2DAsync_v2(const struct memcpy_2d *p, uint64_t stream)
{
    return copy_2d("cuMemcpy2DAsync_v2", p, stream);
}

EXPORT int cuMemcpy2D_v2(const struct memcpy_2d *p)
{
    return copy_2d("cuMemcpy2D_v2", p, 0);
}

EXPORT int cuMemcpy2DUnaligned_v2(const struct memcpy_2d *p)
{
    return copy_2d("cuMemcpy2DUnaligned_v2", p, 0);
}

static int copy_flat(const char *function, int dst_type, uint64_t dst, int src_type, uint64_t src,
                     size_t bytes, uint64_t stream)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, function, "bytes=%zu stream=%#llx", bytes,
                    (unsigned long long)stream))
        return call_end(&call, 0);
    if (!stream_usable(stream))
        return call_end(&call, CUDA_INVALID_HANDLE);
    struct side to = side_of(dst_type, (void *)(uintptr_t)dst, dst, 0, bytes);
    struct side from = side_of(src_type, (void *)(uintptr_t)src, src, 0, bytes);
    return call_end(&call, copy(&call, to, from, bytes, 1));
}

/* The flat copies differ in the types of their sides alone; all pointers are 64 bits wide. */
#define FLAT(name, to, from)                                                        \
    EXPORT int name##_v2(uint64_t dst, uint64_t src, size_t bytes)                  \
    {                                                                               \
        return copy_flat(#name "_v2", to, dst, from, src, bytes, 0);                \
    }                                                                               \
    EXPORT int name##Async_v2(uint64_t dst, uint64_t src, size_t bytes, uint64_t stream) \
    {                                                                               \
        return copy_flat(#name "Async_v2", to, dst, from, src, bytes, stream);      \
    }

FLAT(cuMemcpyHtoD, TYPE_DEVICE, TYPE_HOST)
FLAT(cuMemcpyDtoH, TYPE_HOST, TYPE_DEVICE)
FLAT(cuMemcpyDtoD, TYPE_DEVICE, TYPE_DEVICE)

EXPORT int cuMemcpy(uint64_t dst, uint64_t src, size_t bytes)
{
    return copy_flat("cuMemcpy", TYPE_UNIFIED, dst, TYPE_UNIFIED, src, bytes, 0);
}

EXPORT int cuMemcpyAsync(uint64_t dst, uint64_t src, size_t bytes, uint64_t stream)
{
    return copy_flat("cuMemcpyAsync", TYPE_UNIFIED, dst, TYPE_UNIFIED, src, bytes, stream);
}

/* ---- memset ---- */

static int set(const char *function, uint64_t dst, size_t pitch, uint32_t value, size_t element,
               size_t width, size_t height)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, function, "value=%u width=%zu height=%zu", value, width,
                    height))
        return call_end(&call, 0);
    if (!context_required(function))
        return call_end(&call, CUDA_INVALID_CONTEXT);
    if (!width || !height)
        return call_end(&call, CUDA_OK);
    size_t bytes = width * element;
    uint8_t *to = memory_range(dst, pitch * (height - 1) + bytes, "memset");
    if (!to || (height > 1 && pitch < bytes))
        return call_end(&call, CUDA_INVALID_VALUE);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            memcpy(to + y * pitch + x * element, &value, element); /* little-endian, as the GPU */
    copy_counted(COPY_MEMSET, bytes * height);
    return call_end(&call, CUDA_OK);
}

#define MEMSET(bits, type)                                                                    \
    EXPORT int cuMemsetD##bits##_v2(uint64_t dst, type value, size_t count)                   \
    {                                                                                         \
        return set("cuMemsetD" #bits "_v2", dst, 0, value, sizeof value, count, 1);           \
    }                                                                                         \
    EXPORT int cuMemsetD##bits##Async(uint64_t dst, type value, size_t count, uint64_t stream) \
    {                                                                                         \
        (void)stream;                                                                         \
        return set("cuMemsetD" #bits "Async", dst, 0, value, sizeof value, count, 1);         \
    }                                                                                         \
    EXPORT int cuMemsetD2D##bits##_v2(uint64_t dst, size_t pitch, type value, size_t width,   \
                                      size_t height)                                          \
    {                                                                                         \
        return set("cuMemsetD2D" #bits "_v2", dst, pitch, value, sizeof value, width, height); \
    }                                                                                         \
    EXPORT int cuMemsetD2D##bits##Async(uint64_t dst, size_t pitch, type value, size_t width, \
                                        size_t height, uint64_t stream)                       \
    {                                                                                         \
        (void)stream;                                                                         \
        return set("cuMemsetD2D" #bits "Async", dst, pitch, value, sizeof value, width, height); \
    }

MEMSET(8, uint8_t)
MEMSET(16, uint16_t)
MEMSET(32, uint32_t)
