/* cuInit, devices, contexts: whose context is current in which thread. */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEVICES = 8, STACK_DEPTH = 64, MEGABYTE = 1 << 20 };

bool initialized;

static struct {
    struct context *context; /* one handle for the life of the process, as in the driver */
    int retained;
    unsigned flags;
} primary[MAX_DEVICES];

/* What is current in this thread. An entry is `pushed` if somebody has to pop it again;
 * cuCtxSetCurrent on an empty stack makes one that may stay. */
static __thread struct {
    struct context *context;
    bool pushed;
} stack[STACK_DEPTH];
static __thread int depth;

static int environment_number(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text && *text ? atoi(text) : otherwise;
}

static int device_count(void)
{
    int count = environment_number("NVSIM_DEVICES", 1);
    return count > MAX_DEVICES ? MAX_DEVICES : count;
}

size_t device_memory_bytes(void)
{
    return (size_t)environment_number("NVSIM_MEMORY_MB", 8192) * MEGABYTE;
}

struct context *context_current(void)
{
    return depth ? stack[depth - 1].context : NULL;
}

struct context *context_required(const char *function)
{
    struct context *context = context_current();
    if (!context)
        violation("no-context", "%s without a current context", function);
    else if (!context->base.alive)
        violation("use-after-destroy", "%s in %s, which has ended", function,
                  object_name(KIND_CONTEXT, context->base.handle));
    return context && context->base.alive ? context : NULL;
}

bool context_matches(const struct object *object, const char *function)
{
    struct context *context = context_current();
    if (context && object_owned_by(object, &context->base))
        return true;
    violation(context ? "wrong-context" : "no-context", "%s of %s with %s current", function,
              object_name(object->kind, object->handle),
              object_name(KIND_CONTEXT, context ? context->base.handle : 0));
    return false;
}

void contexts_check_thread(const char *when)
{
    for (int i = 0; i < depth; i++)
        if (stack[i].pushed)
            violation("unbalanced-push", "%s was pushed and not popped %s",
                      object_name(KIND_CONTEXT, stack[i].context->base.handle), when);
}

static struct context *context_new(int device, bool is_primary)
{
    struct context *context = object_new(KIND_CONTEXT, sizeof *context, NULL);
    context->device = device;
    context->primary = is_primary;
    return context;
}

static int push(struct context *context, bool pushed)
{
    if (depth == STACK_DEPTH)
        return CUDA_INVALID_VALUE;
    stack[depth].context = context;
    stack[depth++].pushed = pushed;
    return CUDA_OK;
}

static const char *too_early(enum kind kind)
{
    switch (kind) {
    case KIND_SESSION: return "context-ended-before-session";
    case KIND_DECODER: return "context-ended-before-decoder";
    case KIND_MEMORY: return "context-ended-before-memory";
    default: return "context-ended-before-resource";
    }
}

/* What a context still holds when it ends. The driver takes its memory back, its engines fail. */
static void end_context(struct context *context)
{
    for (struct object *object = objects; object; object = object->next) {
        if (!object->alive || object == &context->base
            || !object_owned_by(object, &context->base))
            continue;
        if (object->owner == &context->base) /* what these own goes with them */
            violation(too_early(object->kind), "%s ended, %s is left",
                      object_name(KIND_CONTEXT, context->base.handle),
                      object_name(object->kind, object->handle));
        if (object->kind == KIND_MEMORY)
            memory_release((struct memory *)object);
    }
    for (struct object *object = objects; object; object = object->next)
        if (object_owned_by(object, &context->base))
            object->alive = false;
}

/* ---- devices ---- */

EXPORT int cuInit(unsigned flags)
{
    struct call call;
    refuse_over_real_driver(); /* it may have been loaded after this library */
    if (!call_begin(&call, FAMILY_CUDA, "cuInit", "flags=%u", flags))
        return call_end(&call, 0);
    initialized = true;
    return call_end(&call, CUDA_OK);
}

EXPORT int cuDeviceGetCount(int *count)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDeviceGetCount", " "))
        return call_end(&call, 0);
    *count = device_count();
    return call_end(&call, initialized ? CUDA_OK : CUDA_NOT_INITIALIZED);
}

static int device_check(int device)
{
    if (!initialized)
        return CUDA_NOT_INITIALIZED;
    return device >= 0 && device < device_count() ? CUDA_OK : CUDA_INVALID_DEVICE;
}

EXPORT int cuDeviceGet(int *device, int ordinal)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDeviceGet", "ordinal=%d", ordinal))
        return call_end(&call, 0);
    *device = ordinal;
    return call_end(&call, device_check(ordinal));
}

/* ---- primary contexts ---- */

EXPORT int cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDevicePrimaryCtxGetState", "device=%d", device))
        return call_end(&call, 0);
    int result = device_check(device);
    if (result == CUDA_OK) {
        *flags = primary[device].flags;
        *active = primary[device].retained > 0;
        call_note(&call, " -> flags=%u active=%d", *flags, *active);
    }
    return call_end(&call, result);
}

EXPORT int cuDevicePrimaryCtxSetFlags_v2(int device, unsigned flags)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDevicePrimaryCtxSetFlags", "device=%d flags=%u", device,
                    flags))
        return call_end(&call, 0);
    int result = device_check(device);
    if (result == CUDA_OK && primary[device].retained && primary[device].flags != flags)
        result = CUDA_PRIMARY_CONTEXT_ACTIVE;
    else if (result == CUDA_OK)
        primary[device].flags = flags;
    return call_end(&call, result);
}

EXPORT int cuDevicePrimaryCtxSetFlags(int device, unsigned flags)
{
    return cuDevicePrimaryCtxSetFlags_v2(device, flags);
}

EXPORT int cuDevicePrimaryCtxRetain(uint64_t *context, int device)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDevicePrimaryCtxRetain", "device=%d", device))
        return call_end(&call, 0);
    int result = device_check(device);
    if (result != CUDA_OK)
        return call_end(&call, result);
    if (!primary[device].context)
        primary[device].context = context_new(device, true);
    primary[device].context->base.alive = true;
    primary[device].retained++;
    *context = primary[device].context->base.handle;
    call_note(&call, " -> %s retained=%d", object_name(KIND_CONTEXT, *context),
              primary[device].retained);
    return call_end(&call, CUDA_OK);
}

EXPORT int cuDevicePrimaryCtxRelease_v2(int device)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDevicePrimaryCtxRelease", "device=%d", device))
        return call_end(&call, 0);
    int result = device_check(device);
    if (result == CUDA_OK && !primary[device].retained) {
        violation("double-destroy", "the primary context of device %d is not retained", device);
        result = CUDA_INVALID_CONTEXT;
    } else if (result == CUDA_OK && --primary[device].retained == 0) {
        end_context(primary[device].context);
    }
    return call_end(&call, result);
}

EXPORT int cuDevicePrimaryCtxRelease(int device)
{
    return cuDevicePrimaryCtxRelease_v2(device);
}

EXPORT int cuDevicePrimaryCtxReset_v2(int device)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDevicePrimaryCtxReset", "device=%d", device))
        return call_end(&call, 0);
    int result = device_check(device);
    if (result == CUDA_OK && primary[device].context && primary[device].context->base.alive)
        end_context(primary[device].context);
    if (result == CUDA_OK)
        primary[device].retained = 0;
    return call_end(&call, result);
}

EXPORT int cuDevicePrimaryCtxReset(int device)
{
    return cuDevicePrimaryCtxReset_v2(device);
}

/* ---- contexts and the stack of the thread ---- */

EXPORT int cuCtxCreate_v2(uint64_t *context, unsigned flags, int device)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuCtxCreate_v2", "flags=%u device=%d", flags, device))
        return call_end(&call, 0);
    int result = device_check(device);
    if (result != CUDA_OK)
        return call_end(&call, result);
    struct context *created = context_new(device, false);
    *context = created->base.handle;
    call_note(&call, " -> %s", object_name(KIND_CONTEXT, *context));
    return call_end(&call, push(created, true));
}

/* The driver pops a context that is destroyed while it is current in the calling thread. */
EXPORT int cuCtxDestroy_v2(uint64_t handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuCtxDestroy_v2", "%s", object_name(KIND_CONTEXT, handle)))
        return call_end(&call, 0);
    struct context *context = object_take(KIND_CONTEXT, handle);
    if (!context)
        return call_end(&call, CUDA_INVALID_CONTEXT);
    if (context->primary) {
        violation("primary-context-destroyed", "only cuDevicePrimaryCtxRelease ends it");
        return call_end(&call, CUDA_INVALID_CONTEXT);
    }
    end_context(context);
    if (context_current() == context)
        depth--;
    return call_end(&call, CUDA_OK);
}

EXPORT int cuCtxPushCurrent_v2(uint64_t handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuCtxPushCurrent_v2", "%s",
                    object_name(KIND_CONTEXT, handle)))
        return call_end(&call, 0);
    struct context *context = object_get(KIND_CONTEXT, handle);
    return call_end(&call, context ? push(context, true) : CUDA_INVALID_CONTEXT);
}

EXPORT int cuCtxPopCurrent_v2(uint64_t *handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuCtxPopCurrent_v2", " "))
        return call_end(&call, 0);
    if (!depth) {
        violation("unbalanced-pop", "no context is current");
        return call_end(&call, CUDA_INVALID_CONTEXT);
    }
    struct context *context = stack[--depth].context;
    if (handle)
        *handle = context->base.handle;
    call_note(&call, "%s", object_name(KIND_CONTEXT, context->base.handle));
    return call_end(&call, CUDA_OK);
}

EXPORT int cuCtxSetCurrent(uint64_t handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuCtxSetCurrent", "%s", object_name(KIND_CONTEXT, handle)))
        return call_end(&call, 0);
    struct context *context = handle ? object_get(KIND_CONTEXT, handle) : NULL;
    if (handle && !context)
        return call_end(&call, CUDA_INVALID_CONTEXT);
    if (depth && context)
        stack[depth - 1].context = context;
    else if (depth)
        depth--;
    else if (context)
        push(context, false);
    return call_end(&call, CUDA_OK);
}

EXPORT int cuCtxGetCurrent(uint64_t *handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuCtxGetCurrent", " "))
        return call_end(&call, 0);
    *handle = depth ? context_current()->base.handle : 0;
    return call_end(&call, CUDA_OK);
}

EXPORT int cuCtxGetDevice(int *device)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuCtxGetDevice", " "))
        return call_end(&call, 0);
    struct context *context = context_required(call.function);
    if (context)
        *device = context->device;
    return call_end(&call, context ? CUDA_OK : CUDA_INVALID_CONTEXT);
}
