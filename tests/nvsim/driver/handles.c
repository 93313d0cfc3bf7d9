/* Objects with handles: what is alive, what was, and whose it is.
 *
 * A handle is no address of this process (its top bits make it non-canonical), so code that looks
 * into what a handle "points" to dies. Handles are never given twice: a late use is always seen.
 */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAMES = 8 };

struct object *objects;
const char *const kind_names[KIND_COUNT] = {
    [KIND_CONTEXT] = "context", [KIND_STREAM] = "stream", [KIND_EVENT] = "event",
    [KIND_MEMORY] = "memory", [KIND_HOST_MEMORY] = "host_memory", [KIND_SESSION] = "session",
    [KIND_INPUT_BUFFER] = "input_buffer", [KIND_BITSTREAM] = "bitstream",
    [KIND_REGISTRATION] = "registration", [KIND_MAPPING] = "mapping",
    [KIND_DECODER] = "decoder", [KIND_MAPPED_FRAME] = "mapped_frame",
    [KIND_CONTEXT_LOCK] = "context_lock"};
static int counts[KIND_COUNT];

void *object_new(enum kind kind, size_t size, struct object *owner)
{
    struct object *object = calloc(1, size);
    if (!object)
        abort();
    object->kind = kind;
    object->number = ++counts[kind];
    object->handle = UINT64_C(0x5100) << 48 | (uint64_t)kind << 32 | (uint64_t)object->number;
    object->alive = true;
    object->owner = owner;
    object->next = objects;
    objects = object;
    return object;
}

static struct object *find(enum kind kind, uint64_t handle)
{
    for (struct object *object = objects; object; object = object->next)
        if (object->kind == kind && object->handle == handle)
            return object;
    return NULL;
}

static void *living(enum kind kind, uint64_t handle, const char *kind_if_dead)
{
    struct object *object = find(kind, handle);
    if (object && object->alive)
        return object;
    if (object)
        violation(kind_if_dead, "%s has ended before", object_name(kind, handle));
    else
        violation("invalid-handle", "%#llx is no %s", (unsigned long long)handle,
                  kind_names[kind]);
    return NULL;
}

void *object_get(enum kind kind, uint64_t handle)
{
    return living(kind, handle, "use-after-destroy");
}

void *object_take(enum kind kind, uint64_t handle)
{
    return living(kind, handle, "double-destroy");
}

/* One of a few buffers in turn: a line of the log names several handles. It may run without the
 * state held, as objects are only ever added, at the front. */
const char *object_name(enum kind kind, uint64_t handle)
{
    static __thread char names[NAMES][48];
    static __thread int next;
    char *name = names[next++ % NAMES];
    struct object *object = find(kind, handle);
    if (object)
        snprintf(name, sizeof names[0], "%s%d", kind_names[kind], object->number);
    else
        snprintf(name, sizeof names[0], handle ? "%#llx" : "none", (unsigned long long)handle);
    return name;
}

int objects_alive(enum kind kind)
{
    int alive = 0;
    for (struct object *object = objects; object; object = object->next) {
        bool hidden = kind == KIND_MEMORY && object->kind == kind
                      && ((struct memory *)object)->internal;
        alive += object->kind == kind && object->alive && !hidden;
    }
    return alive;
}

bool object_owned_by(const struct object *object, const struct object *owner)
{
    for (; object; object = object->owner)
        if (object == owner)
            return true;
    return false;
}
