/* The shadow state of the simulated driver: what every file of it shares.
 *
 * One mutex guards everything. An entry point takes it with call_begin() and gives it back with
 * call_end(), so the calls of the log have one order, and a helper never has to lock.
 */
#ifndef NVSIM_STATE_H
#define NVSIM_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

enum cuda_result {
    CUDA_OK = 0,
    CUDA_INVALID_VALUE = 1,
    CUDA_OUT_OF_MEMORY = 2,
    CUDA_NOT_INITIALIZED = 3,
    CUDA_INVALID_DEVICE = 101,
    CUDA_INVALID_CONTEXT = 201,
    CUDA_INVALID_HANDLE = 400,
    CUDA_NOT_FOUND = 500,
    CUDA_PRIMARY_CONTEXT_ACTIVE = 708,
    CUDA_ALREADY_REGISTERED = 712,
    CUDA_LAUNCH_FAILED = 719, /* what a lost device answers: sticky, as on a GPU */
    CUDA_NOT_SUPPORTED = 801,
};

enum nvenc_status {
    NVENC_OK = 0,
    NVENC_INVALID_DEVICE = 4,
    NVENC_DEVICE_NOT_EXIST = 5,
    NVENC_INVALID_PTR = 6,
    NVENC_INVALID_PARAM = 8,
    NVENC_INVALID_CALL = 9,
    NVENC_OUT_OF_MEMORY = 10,
    NVENC_NOT_INITIALIZED = 11,
    NVENC_UNSUPPORTED_PARAM = 12,
    NVENC_LOCK_BUSY = 13,
    NVENC_INVALID_VERSION = 15,
    NVENC_NEED_MORE_INPUT = 17,
    NVENC_UNIMPLEMENTED = 22,
    NVENC_NOT_REGISTERED = 24,
    NVENC_NOT_MAPPED = 25,
};

/* ---- log.c: calls, violations, the summary ---- */

enum family { FAMILY_CUDA, FAMILY_NVENC, FAMILY_CUVID, FAMILY_TEST };

struct call {
    const char *function;
    enum family family;
    char arguments[320];
    int code;         /* what a fault makes the call return */
    bool override;    /* the call is carried out, and returns `code` all the same */
};

/* Begins a call: waits out and applies faults. False: do nothing but `return call_end(call, 0)`. */
bool call_begin(struct call *call, enum family family, const char *function,
                const char *format, ...) PRINTF_LIKE(4, 5);
/* Adds to the arguments of the log line, such as the handle that was made. */
void call_note(struct call *call, const char *format, ...) PRINTF_LIKE(2, 3);
/* Writes the log line and gives the result that the caller shall see. */
int call_end(struct call *call, int result);
/* A misuse of the API; `kind` is one of the names in violations.py. */
void violation(const char *kind, const char *format, ...) PRINTF_LIKE(2, 3);
int thread_number(void);

/* real_driver.c: ends the process if a library of the real driver is loaded in it. */
void refuse_over_real_driver(void);

/* ---- faults.c ---- */

struct fault {
    char function[64]; /* a trailing '*' matches any rest */
    long first, times; /* calls first .. first + times - 1; times < 0: for ever */
    long seen;
    long delay_ms;
    int code;
    bool returns;  /* `code` is returned ... */
    bool after;    /* ... once the call has been carried out */
    bool skip;     /* success, and nothing done */
    bool lost;     /* this and every later call fails */
};

struct fault *fault_for(const char *function); /* state held; counts the call */
extern bool device_lost;

/* ---- handles.c: objects with a handle ---- */

enum kind {
    KIND_CONTEXT = 1, KIND_STREAM, KIND_EVENT, KIND_MEMORY, KIND_HOST_MEMORY, KIND_SESSION,
    KIND_INPUT_BUFFER, KIND_BITSTREAM, KIND_REGISTRATION, KIND_MAPPING, KIND_DECODER,
    KIND_MAPPED_FRAME, KIND_CONTEXT_LOCK, KIND_COUNT
};

/* The first member of every object. Objects are never freed: a dead one explains a late use. */
struct object {
    uint64_t handle;
    enum kind kind;
    int number; /* 1, 2, 3 ... of its kind: how the log names it */
    bool alive;
    struct object *owner;
    struct object *next;
};

extern struct object *objects; /* newest first */
extern const char *const kind_names[KIND_COUNT];
void *object_new(enum kind kind, size_t size, struct object *owner);
/* The living object of a handle; otherwise NULL, and a violation that tells dead from unknown. */
void *object_get(enum kind kind, uint64_t handle);
/* The same for a call that ends the object: a dead one is a double destroy. */
void *object_take(enum kind kind, uint64_t handle);
const char *object_name(enum kind kind, uint64_t handle); /* "session2", for the log */
int objects_alive(enum kind kind);
bool object_owned_by(const struct object *object, const struct object *owner); /* at any depth */

/* ---- contexts.c ---- */

struct context {
    struct object base;
    int device;
    bool primary;
};

extern bool initialized;
struct context *context_current(void);
/* The current context; without one a violation, and NULL. */
struct context *context_required(const char *function);
/* Whether the context of an object is current; a violation if not. */
bool context_matches(const struct object *object, const char *function);
void contexts_check_thread(const char *when); /* what was pushed here and not popped */
size_t device_memory_bytes(void);

/* cuda_stream.c: whether work may be given to a stream; the default streams are 0, 1 and 2. */
bool stream_usable(uint64_t stream);

/* ---- memory.c: device addresses and their shadows ---- */

struct memory {
    struct object base;
    uint64_t address;
    size_t bytes;
    uint8_t *shadow;
    size_t mapped_bytes;  /* of the shadow with its guard page */
    uint8_t *shadow_map;
    bool internal;        /* a decoder's output surface, not the application's */
};

struct memory *memory_new(size_t bytes, struct object *owner, bool internal);
void memory_release(struct memory *memory);
struct memory *memory_containing(uint64_t address); /* living or dead */
/* The shadow of a range; NULL and a violation if any of it is not living device memory. */
uint8_t *memory_range(uint64_t address, size_t bytes, const char *what);
size_t memory_allocated(void);

struct copy_count { unsigned long long calls, bytes; };
enum copy_direction {
    COPY_HTOD, COPY_DTOH, COPY_DTOD, COPY_HTOH, COPY_MEMSET,
    COPY_INPUT, /* the host writes into a buffer of an encoder session */
    COPY_KINDS
};
extern struct copy_count copies[COPY_KINDS];
void copy_counted(enum copy_direction direction, size_t bytes);

/* ---- counters of nvenc.c and nvdec.c for the summary ---- */

extern unsigned long long pictures_encoded, pictures_locked, pictures_lost;
extern unsigned long long pictures_decoded, frames_mapped, kernels_launched;

/* Memory that an encoder still knows: freeing it is a violation. NULL if free of ties. */
const char *encoder_tie(const struct memory *memory);

#endif
