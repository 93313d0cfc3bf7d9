/* cuMem*: allocation of device memory and of pinned host memory. */
#include "state.h"

#include <stdlib.h>

enum { PITCH = 512 };

struct host_memory {
    struct object base;
    void *place;
    bool registered; /* the application's, not cuMemHostAlloc's */
};

static int allocate(struct call *call, uint64_t *address, size_t bytes)
{
    struct context *context = context_required(call->function);
    if (!context)
        return CUDA_INVALID_CONTEXT;
    if (!address || !bytes)
        return CUDA_INVALID_VALUE;
    if (memory_allocated() + bytes > device_memory_bytes())
        return CUDA_OUT_OF_MEMORY;
    struct memory *memory = memory_new(bytes, &context->base, false);
    if (!memory)
        return CUDA_OUT_OF_MEMORY;
    *address = memory->address;
    call_note(call, " -> %s", object_name(KIND_MEMORY, memory->base.handle));
    return CUDA_OK;
}

EXPORT int cuMemAlloc_v2(uint64_t *address, size_t bytes)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuMemAlloc_v2", "bytes=%zu", bytes))
        return call_end(&call, 0);
    return call_end(&call, allocate(&call, address, bytes));
}

EXPORT int cuMemAllocPitch_v2(uint64_t *address, size_t *pitch, size_t width, size_t height,
                              unsigned element)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuMemAllocPitch_v2", "width=%zu height=%zu element=%u",
                    width, height, element))
        return call_end(&call, 0);
    *pitch = (width + PITCH - 1) / PITCH * PITCH;
    return call_end(&call, allocate(&call, address, *pitch * height));
}

static int free_memory(struct call *call, uint64_t address)
{
    if (!context_required(call->function))
        return CUDA_INVALID_CONTEXT;
    if (!address)
        return CUDA_OK;
    struct memory *memory = memory_containing(address);
    if (!memory || memory->internal || memory->address != address) {
        violation("invalid-free", "%#llx is not what cuMemAlloc gave",
                  (unsigned long long)address);
        return CUDA_INVALID_VALUE;
    }
    const char *name = object_name(KIND_MEMORY, memory->base.handle);
    call_note(call, " %s", name);
    if (!memory->base.alive) {
        violation("double-free", "%s", name);
        return CUDA_INVALID_VALUE;
    }
    const char *tie = encoder_tie(memory);
    if (tie)
        violation(tie, "%s", name);
    context_matches(&memory->base, call->function);
    memory_release(memory);
    return CUDA_OK;
}

EXPORT int cuMemFree_v2(uint64_t address)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuMemFree_v2", "address=%#llx",
                    (unsigned long long)address))
        return call_end(&call, 0);
    return call_end(&call, free_memory(&call, address));
}

EXPORT int cuMemGetInfo_v2(size_t *free_bytes, size_t *total)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuMemGetInfo_v2", " "))
        return call_end(&call, 0);
    if (!context_required(call.function))
        return call_end(&call, CUDA_INVALID_CONTEXT);
    *total = device_memory_bytes();
    *free_bytes = *total - memory_allocated();
    return call_end(&call, CUDA_OK);
}

/* ---- pinned host memory ---- */

EXPORT int cuMemHostAlloc(void **place, size_t bytes, unsigned flags)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuMemHostAlloc", "bytes=%zu flags=%u", bytes, flags))
        return call_end(&call, 0);
    struct context *context = context_required(call.function);
    if (!context)
        return call_end(&call, CUDA_INVALID_CONTEXT);
    void *memory = NULL;
    if (!bytes || posix_memalign(&memory, 4096, bytes))
        return call_end(&call, bytes ? CUDA_OUT_OF_MEMORY : CUDA_INVALID_VALUE);
    struct host_memory *host = object_new(KIND_HOST_MEMORY, sizeof *host, &context->base);
    *place = host->place = memory;
    call_note(&call, " -> %s", object_name(KIND_HOST_MEMORY, host->base.handle));
    return call_end(&call, CUDA_OK);
}

EXPORT int cuMemAllocHost_v2(void **place, size_t bytes)
{
    return cuMemHostAlloc(place, bytes, 0);
}

/* The newest of that address: the C library gives an address again. */
static struct host_memory *host_memory_at(const void *place)
{
    for (struct object *object = objects; object; object = object->next)
        if (object->kind == KIND_HOST_MEMORY && ((struct host_memory *)object)->place == place)
            return (struct host_memory *)object;
    return NULL;
}

static int end_host_memory(struct call *call, void *place, bool registered)
{
    struct host_memory *host = host_memory_at(place);
    if (!context_required(call->function))
        return CUDA_INVALID_CONTEXT;
    if (!host || host->registered != registered || !host->base.alive) {
        bool again = host && host->registered == registered;
        violation(again ? "double-free" : "invalid-free", "host memory at %p", place);
        return CUDA_INVALID_VALUE;
    }
    call_note(call, " %s", object_name(KIND_HOST_MEMORY, host->base.handle));
    host->base.alive = false;
    if (!registered)
        free(place);
    return CUDA_OK;
}

EXPORT int cuMemFreeHost(void *place)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuMemFreeHost", "place=%p", place))
        return call_end(&call, 0);
    return call_end(&call, end_host_memory(&call, place, false));
}

/* ---- the application's own host memory, pinned for a while ---- */

EXPORT int cuMemHostRegister_v2(void *place, size_t bytes, unsigned flags)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuMemHostRegister_v2", "place=%p bytes=%zu flags=%u",
                    place, bytes, flags))
        return call_end(&call, 0);
    struct context *context = context_required(call.function);
    if (!context)
        return call_end(&call, CUDA_INVALID_CONTEXT);
    const struct host_memory *known = host_memory_at(place);
    if (!bytes || (known && known->base.alive))
        return call_end(&call, bytes ? CUDA_ALREADY_REGISTERED : CUDA_INVALID_VALUE);
    struct host_memory *host = object_new(KIND_HOST_MEMORY, sizeof *host, &context->base);
    host->place = place;
    host->registered = true;
    call_note(&call, " -> %s", object_name(KIND_HOST_MEMORY, host->base.handle));
    return call_end(&call, CUDA_OK);
}

EXPORT int cuMemHostUnregister(void *place)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuMemHostUnregister", "place=%p", place))
        return call_end(&call, 0);
    return call_end(&call, end_host_memory(&call, place, true));
}
