/* Streams and events. All work is done when it is asked for, so there is nothing to wait for;
 * the handles, and whose context is current, are checked all the same. */
#include "state.h"

struct stream_or_event {
    struct object base;
};

bool stream_usable(uint64_t stream)
{
    return stream <= 2 || object_get(KIND_STREAM, stream);
}

static int create(struct call *call, enum kind kind, uint64_t *handle)
{
    struct context *context = context_required(call->function);
    if (!context)
        return CUDA_INVALID_CONTEXT;
    struct stream_or_event *made = object_new(kind, sizeof *made, &context->base);
    *handle = made->base.handle;
    call_note(call, " -> %s", object_name(kind, *handle));
    return CUDA_OK;
}

static int destroy(enum kind kind, uint64_t handle)
{
    struct object *object = object_take(kind, handle);
    if (object)
        object->alive = false;
    return object ? CUDA_OK : CUDA_INVALID_HANDLE;
}

/* A call that names a stream and does nothing else here. */
static int on_stream(const char *function, uint64_t stream)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, function, "%s", object_name(KIND_STREAM, stream)))
        return call_end(&call, 0);
    if (!context_required(function))
        return call_end(&call, CUDA_INVALID_CONTEXT);
    return call_end(&call, stream_usable(stream) ? CUDA_OK : CUDA_INVALID_HANDLE);
}

/* ---- streams ---- */

EXPORT int cuStreamCreateWithPriority(uint64_t *stream, unsigned flags, int priority)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuStreamCreate", "flags=%u priority=%d", flags, priority))
        return call_end(&call, 0);
    return call_end(&call, create(&call, KIND_STREAM, stream));
}

EXPORT int cuStreamCreate(uint64_t *stream, unsigned flags)
{
    return cuStreamCreateWithPriority(stream, flags, 0);
}

EXPORT int cuStreamDestroy_v2(uint64_t stream)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuStreamDestroy_v2", "%s",
                    object_name(KIND_STREAM, stream)))
        return call_end(&call, 0);
    return call_end(&call, destroy(KIND_STREAM, stream));
}

EXPORT int cuStreamSynchronize(uint64_t stream)
{
    return on_stream("cuStreamSynchronize", stream);
}

EXPORT int cuStreamQuery(uint64_t stream)
{
    return on_stream("cuStreamQuery", stream);
}

EXPORT int cuStreamWaitEvent(uint64_t stream, uint64_t event, unsigned flags)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuStreamWaitEvent", "%s %s flags=%u",
                    object_name(KIND_STREAM, stream), object_name(KIND_EVENT, event), flags))
        return call_end(&call, 0);
    bool usable = stream_usable(stream) && object_get(KIND_EVENT, event);
    return call_end(&call, usable ? CUDA_OK : CUDA_INVALID_HANDLE);
}

EXPORT int cuStreamAddCallback(uint64_t stream, void (*callback)(uint64_t, int, void *), void *data,
                               unsigned flags)
{
    int result = on_stream("cuStreamAddCallback", stream);
    (void)flags;
    if (result == CUDA_OK)
        callback(stream, CUDA_OK, data); /* outside of the state: it may call the driver */
    return result;
}

EXPORT int cuLaunchHostFunc(uint64_t stream, void (*function)(void *), void *data)
{
    int result = on_stream("cuLaunchHostFunc", stream);
    if (result == CUDA_OK)
        function(data);
    return result;
}

/* ---- events ---- */

static int on_event(const char *function, uint64_t event)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, function, "%s", object_name(KIND_EVENT, event)))
        return call_end(&call, 0);
    return call_end(&call, object_get(KIND_EVENT, event) ? CUDA_OK : CUDA_INVALID_HANDLE);
}

EXPORT int cuEventCreate(uint64_t *event, unsigned flags)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuEventCreate", "flags=%u", flags))
        return call_end(&call, 0);
    return call_end(&call, create(&call, KIND_EVENT, event));
}

EXPORT int cuEventRecord(uint64_t event, uint64_t stream)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuEventRecord", "%s %s", object_name(KIND_EVENT, event),
                    object_name(KIND_STREAM, stream)))
        return call_end(&call, 0);
    bool usable = stream_usable(stream) && object_get(KIND_EVENT, event);
    return call_end(&call, usable ? CUDA_OK : CUDA_INVALID_HANDLE);
}

EXPORT int cuEventQuery(uint64_t event)
{
    return on_event("cuEventQuery", event);
}

EXPORT int cuEventSynchronize(uint64_t event)
{
    return on_event("cuEventSynchronize", event);
}

EXPORT int cuEventElapsedTime(float *milliseconds, uint64_t start, uint64_t end)
{
    *milliseconds = 0;
    int result = on_event("cuEventElapsedTime", start);
    return result == CUDA_OK ? on_event("cuEventElapsedTime", end) : result;
}

EXPORT int cuEventDestroy_v2(uint64_t event)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuEventDestroy_v2", "%s", object_name(KIND_EVENT, event)))
        return call_end(&call, 0);
    return call_end(&call, destroy(KIND_EVENT, event));
}
