/* Device memory: addresses that nobody can touch, each with a shadow on the host.
 *
 * An address range is reserved without access rights and never given back, so a later use of freed
 * memory is recognised, and host code that touches device memory dies as it does on a GPU. The
 * shadow ends at a page without access rights, so a kernel that runs past the end dies as well.
 */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, ALIGNMENT = 256, FRESH = 0xA5 };

struct copy_count copies[COPY_KINDS];

static size_t round_up(size_t value, size_t to)
{
    return (value + to - 1) / to * to;
}

static void *reserve(size_t bytes, int rights)
{
    void *place = mmap(NULL, bytes, rights, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return place == MAP_FAILED ? NULL : place;
}

struct memory *memory_new(size_t bytes, struct object *owner, bool internal)
{
    size_t body = round_up(bytes, PAGE);
    void *address = reserve(body + PAGE, PROT_NONE); /* and a page between two allocations */
    uint8_t *shadow = reserve(body + PAGE, PROT_READ | PROT_WRITE);
    if (!address || !shadow)
        return NULL;
    mprotect(shadow + body, PAGE, PROT_NONE);
    struct memory *memory = object_new(KIND_MEMORY, sizeof *memory, owner);
    memory->address = (uint64_t)(uintptr_t)address;
    memory->bytes = bytes;
    memory->shadow_map = shadow;
    memory->mapped_bytes = body + PAGE;
    memory->shadow = shadow + body - round_up(bytes, ALIGNMENT);
    memory->internal = internal;
    memset(memory->shadow, FRESH, bytes); /* stale zeros would hide a missing write */
    return memory;
}

void memory_release(struct memory *memory)
{
    memory->base.alive = false;
    if (memory->internal) { /* one for each decoded frame: they would use up the mappings */
        munmap(memory->shadow_map, memory->mapped_bytes);
        return;
    }
    /* Not unmapped: the place stays taken, so that a kernel that runs on it still dies. */
    madvise(memory->shadow_map, memory->mapped_bytes, MADV_DONTNEED);
    mprotect(memory->shadow_map, memory->mapped_bytes, PROT_NONE);
}

struct memory *memory_containing(uint64_t address)
{
    for (struct object *object = objects; object; object = object->next) {
        struct memory *memory = (struct memory *)object;
        if (object->kind == KIND_MEMORY && address >= memory->address
            && address < memory->address + round_up(memory->bytes, PAGE) + PAGE)
            return memory;
    }
    return NULL;
}

uint8_t *memory_range(uint64_t address, size_t bytes, const char *what)
{
    struct memory *memory = memory_containing(address);
    if (!memory) {
        violation("not-device-memory", "%s: %#llx", what, (unsigned long long)address);
        return NULL;
    }
    const char *name = object_name(KIND_MEMORY, memory->base.handle);
    if (!memory->base.alive) {
        violation("use-after-free", "%s: %s", what, name);
        return NULL;
    }
    size_t offset = address - memory->address;
    if (offset > memory->bytes || bytes > memory->bytes - offset) {
        violation("out-of-bounds", "%s: bytes %zu to %zu of %s, which has %zu", what, offset,
                  offset + bytes, name, memory->bytes);
        return NULL;
    }
    return memory->shadow + offset;
}

size_t memory_allocated(void)
{
    size_t bytes = 0;
    for (struct object *object = objects; object; object = object->next)
        if (object->kind == KIND_MEMORY && object->alive)
            bytes += ((struct memory *)object)->bytes;
    return bytes;
}

void copy_counted(enum copy_direction direction, size_t bytes)
{
    copies[direction].calls++;
    copies[direction].bytes += bytes;
}

/* ---- for ctypes: where a host-compiled kernel finds the pixels ---- */

/* The host shadow of `bytes` device bytes; NULL, and a violation, if they are not all there. */
EXPORT void *nvsim_shadow_range(uint64_t address, size_t bytes)
{
    struct call call;
    call_begin(&call, FAMILY_TEST, "nvsim_shadow", "address=%#llx bytes=%zu",
               (unsigned long long)address, bytes);
    void *shadow = memory_range(address, bytes, "a kernel's argument");
    call_end(&call, 0);
    return shadow;
}

EXPORT void *nvsim_shadow(uint64_t address)
{
    return nvsim_shadow_range(address, 1);
}

unsigned long long kernels_launched;

/* Says that a test's launcher has run a kernel: counted, and in the log in its place. */
EXPORT void nvsim_kernel(const char *name, uint64_t stream)
{
    struct call call;
    call_begin(&call, FAMILY_TEST, "nvsim_kernel", "name=%s stream=%s", name,
               object_name(KIND_STREAM, stream));
    context_required("nvsim_kernel");
    kernels_launched++;
    call_end(&call, 0);
}
