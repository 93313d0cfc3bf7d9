/* The log: one JSON object a line, written at once, so that a killed process leaves its story. */
#include "state.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t state_mutex = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static unsigned long call_count, violation_count;
static const char *current_function = "";
static bool forked; /* a child of a process that had the driver: CUDA does not work there */

/* ---- threads: numbered in the order of their first call ---- */

static pthread_key_t thread_key;
static int thread_count;
static __thread int this_thread;

static void thread_ends(void *value)
{
    (void)value;
    pthread_mutex_lock(&state_mutex);
    current_function = "(thread exit)";
    if (!device_lost)
        contexts_check_thread("when its thread ended");
    pthread_mutex_unlock(&state_mutex);
}

int thread_number(void)
{
    if (!this_thread) {
        this_thread = ++thread_count;
        pthread_setspecific(thread_key, &thread_key); /* any value: makes thread_ends() run */
    }
    return this_thread;
}

/* ---- lines ---- */

static void escape(char *out, size_t size, const char *text)
{
    size_t used = 0;
    for (; *text && used + 3 < size; text++) {
        if (*text == '"' || *text == '\\')
            out[used++] = '\\';
        out[used++] = (unsigned char)*text < ' ' ? ' ' : *text;
    }
    out[used] = 0;
}

static void write_line(const char *line, size_t size)
{
    while (log_file >= 0 && size) {
        ssize_t written = write(log_file, line, size);
        if (written <= 0)
            return;
        line += written;
        size -= (size_t)written;
    }
}

static void PRINTF_LIKE(1, 2) log_line(const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    write_line(line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
}

void violation(const char *kind, const char *format, ...)
{
    char detail[300], escaped[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    escape(escaped, sizeof escaped, detail);
    violation_count++;
    log_line("{\"line\": \"violation\", \"kind\": \"%s\", \"function\": \"%s\", \"before\": %lu, "
             "\"thread\": %d, \"detail\": \"%s\"}\n",
             kind, current_function, call_count + 1, thread_number(), escaped);
}

/* ---- calls ---- */

static void wait_out(const struct call *call, long milliseconds)
{
    log_line("{\"line\": \"delay\", \"function\": \"%s\", \"thread\": %d, \"milliseconds\": %ld}\n",
             call->function, thread_number(), milliseconds);
    pthread_mutex_unlock(&state_mutex); /* the other threads go on meanwhile */
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
    pthread_mutex_lock(&state_mutex);
}

/* Whether nothing works any more, and what the call answers then. */
static bool refused(struct call *call)
{
    bool nvenc = call->family == FAMILY_NVENC;
    call->override = device_lost || forked;
    if (forked) {
        violation("use-after-fork", "%s in a process that was forked", call->function);
        call->code = nvenc ? NVENC_INVALID_DEVICE : CUDA_NOT_INITIALIZED;
    } else if (device_lost) {
        call->code = nvenc ? NVENC_DEVICE_NOT_EXIST : CUDA_LAUNCH_FAILED;
    }
    return call->override;
}

bool call_begin(struct call *call, enum family family, const char *function,
                const char *format, ...)
{
    *call = (struct call){.function = function, .family = family};
    pthread_mutex_lock(&state_mutex);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call->arguments, sizeof call->arguments, format, arguments);
    va_end(arguments);
    if (family == FAMILY_TEST) {
        current_function = function;
        return true;
    }
    struct fault *fault = fault_for(function);
    if (fault && fault->delay_ms)
        wait_out(call, fault->delay_ms);
    current_function = function; /* only now: others ran during the delay */
    device_lost |= fault && fault->lost;
    if (refused(call))
        return false;
    if (!fault || !(fault->returns || fault->skip))
        return true;
    call->override = true;
    call->code = fault->returns ? fault->code : 0;
    return fault->after;
}

void call_note(struct call *call, const char *format, ...)
{
    size_t used = strlen(call->arguments);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call->arguments + used, sizeof call->arguments - used, format, arguments);
    va_end(arguments);
}

int call_end(struct call *call, int result)
{
    char escaped[400];
    escape(escaped, sizeof escaped, call->arguments);
    if (call->override)
        result = call->code;
    log_line("{\"line\": \"call\", \"sequence\": %lu, \"thread\": %d, \"function\": \"%s\", "
             "\"arguments\": \"%s\", \"result\": %d%s}\n",
             ++call_count, thread_number(), call->function, escaped, result,
             call->override ? ", \"fault\": true" : "");
    pthread_mutex_unlock(&state_mutex);
    return result;
}

/* ---- the summary ---- */

static size_t append(char *out, size_t size, size_t used, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(used < size ? out + used : NULL, used < size ? size - used : 0, format,
                         arguments);
    va_end(arguments);
    return used + (size_t)more;
}

static size_t summary(char *out, size_t size)
{
    static const char *const copy_names[COPY_KINDS] = {
        "host_to_device", "device_to_host", "device_to_device", "host_to_host", "memset",
        "encoder_input"};
    size_t used = append(out, size, 0, "{\"line\": \"summary\", \"calls\": %lu, "
                         "\"violations\": %lu, \"device_lost\": %s, \"live\": {",
                         call_count, violation_count, device_lost ? "true" : "false");
    for (enum kind kind = 1; kind < KIND_COUNT; kind++)
        used = append(out, size, used, "%s\"%s\": %d", kind > 1 ? ", " : "", kind_names[kind],
                      objects_alive(kind));
    used = append(out, size, used, "}, \"copies\": {");
    for (int i = 0; i < COPY_KINDS; i++)
        used = append(out, size, used, "%s\"%s\": {\"calls\": %llu, \"bytes\": %llu}",
                      i ? ", " : "", copy_names[i], copies[i].calls, copies[i].bytes);
    return append(out, size, used,
                  "}, \"kernels\": %llu, \"pictures_encoded\": %llu, \"pictures_locked\": %llu, "
                  "\"pictures_lost\": %llu, \"pictures_decoded\": %llu, \"frames_mapped\": %llu}",
                  kernels_launched, pictures_encoded, pictures_locked, pictures_lost,
                  pictures_decoded, frames_mapped);
}

static void check_end(void)
{
    current_function = "(exit)";
    if (device_lost || forked) /* it is gone with the device, or the parent's */
        return;
    contexts_check_thread("at exit");
    for (struct object *object = objects; object; object = object->next)
        if (object->alive && !(object->kind == KIND_MEMORY && ((struct memory *)object)->internal))
            violation("live-at-exit", "%s is still there",
                      object_name(object->kind, object->handle));
}

/* ---- loading, exit, and the functions for ctypes ---- */

/* "%p" in the name becomes the process: a test may start several, each with a log of its own. */
static void open_log(const char *path)
{
    char name[4096];
    const char *mark = strstr(path, "%p");
    if (mark)
        snprintf(name, sizeof name, "%.*s%d%s", (int)(mark - path), path, (int)getpid(), mark + 2);
    else
        snprintf(name, sizeof name, "%s", path);
    log_file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

static void before_fork(void)
{
    pthread_mutex_lock(&state_mutex);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&state_mutex);
}

static void after_fork_in_child(void)
{
    const char *path = getenv("NVSIM_LOG");
    forked = true;
    call_count = violation_count = 0;
    if (log_file >= 0)
        close(log_file);
    log_file = -1;
    if (path && strstr(path, "%p")) /* the other kind of name is the parent's */
        open_log(path);
    pthread_mutex_unlock(&state_mutex);
}

__attribute__((constructor)) static void loaded(void)
{
    refuse_over_real_driver();
    pthread_key_create(&thread_key, thread_ends);
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    const char *path = getenv("NVSIM_LOG");
    if (path && *path)
        open_log(path);
}

__attribute__((destructor)) static void unloaded(void)
{
    char text[4096];
    pthread_mutex_lock(&state_mutex);
    check_end();
    summary(text, sizeof text);
    log_line("%s\n", text);
    pthread_mutex_unlock(&state_mutex);
}

EXPORT unsigned long nvsim_calls(void)
{
    return call_count;
}

EXPORT unsigned long nvsim_violations(void)
{
    return violation_count;
}

/* Writes a line that divides the log, for a process that tries one thing after another. */
EXPORT void nvsim_mark(const char *text)
{
    char escaped[200];
    pthread_mutex_lock(&state_mutex);
    escape(escaped, sizeof escaped, text);
    log_line("{\"line\": \"mark\", \"text\": \"%s\"}\n", escaped);
    pthread_mutex_unlock(&state_mutex);
}

/* Writes the summary so far as JSON; gives its length, which may exceed `size`. */
EXPORT size_t nvsim_report(char *out, size_t size)
{
    pthread_mutex_lock(&state_mutex);
    size_t length = summary(out, size);
    pthread_mutex_unlock(&state_mutex);
    return length;
}
