/* What a device says of itself, names of errors, and lookup of functions by name. */
#include "state.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

enum { DRIVER_VERSION = 13000, COMPUTE_MAJOR = 8, COMPUTE_MINOR = 9 };

EXPORT int cuDriverGetVersion(int *version)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDriverGetVersion", " "))
        return call_end(&call, 0);
    *version = DRIVER_VERSION;
    return call_end(&call, CUDA_OK);
}

EXPORT int cuDeviceGetName(char *name, int size, int device)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDeviceGetName", "device=%d", device))
        return call_end(&call, 0);
    // All are of one model.
    snprintf(name, (size_t)size, "nvsim simulated device");
    return call_end(&call, CUDA_OK);
}

EXPORT int cuDeviceComputeCapability(int *major, int *minor, int device)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDeviceComputeCapability", "device=%d", device))
        return call_end(&call, 0);
    *major = COMPUTE_MAJOR;
    *minor = COMPUTE_MINOR;
    return call_end(&call, CUDA_OK);
}

static int attribute_value(int attribute)
{
    switch (attribute) {
    case 1: return 1024;            /* threads per block */
    case 2: case 3: return 1024;    /* block size x, y */
    case 4: return 64;              /* block size z */
    case 5: return 2147483647;      /* grid size x */
    case 6: case 7: return 65535;   /* grid size y, z */
    case 8: return 49152;           /* shared memory per block */
    case 10: return 32;             /* warp size */
    case 14: return 512;            /* texture alignment: FFmpeg's pitch is a multiple of it */
    case 16: return 16;             /* multiprocessors */
    case 41: return 1;              /* unified addressing */
    case 51: return 32;             /* texture pitch alignment */
    case 75: return COMPUTE_MAJOR;
    case 76: return COMPUTE_MINOR;
    default: return 0;
    }
}

EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDeviceGetAttribute", "attribute=%d device=%d", attribute,
                    device))
        return call_end(&call, 0);
    *value = attribute_value(attribute);
    return call_end(&call, CUDA_OK);
}

EXPORT int cuDeviceTotalMem_v2(size_t *bytes, int device)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDeviceTotalMem_v2", "device=%d", device))
        return call_end(&call, 0);
    *bytes = device_memory_bytes();
    return call_end(&call, CUDA_OK);
}

EXPORT int cuDeviceGetUuid_v2(uint8_t *uuid, int device)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDeviceGetUuid", "device=%d", device))
        return call_end(&call, 0);
    memset(uuid, 0, 16);
    memcpy(uuid, "nvsim", 5);
    uuid[15] = (uint8_t)device;
    return call_end(&call, CUDA_OK);
}

EXPORT int cuDeviceGetUuid(uint8_t *uuid, int device)
{
    return cuDeviceGetUuid_v2(uuid, device);
}

EXPORT int cuDeviceGetPCIBusId(char *text, int size, int device)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuDeviceGetPCIBusId", "device=%d", device))
        return call_end(&call, 0);
    snprintf(text, (size_t)size, "0000:%02X:00.0", device + 1);
    return call_end(&call, CUDA_OK);
}

EXPORT int cuCtxSetLimit(int limit, size_t value)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuCtxSetLimit", "limit=%d value=%zu", limit, value))
        return call_end(&call, 0);
    return call_end(&call, context_required(call.function) ? CUDA_OK : CUDA_INVALID_CONTEXT);
}

EXPORT int cuCtxSynchronize(void)
{
    struct call call;
    if (!call_begin(&call, FAMILY_CUDA, "cuCtxSynchronize", " "))
        return call_end(&call, 0);
    return call_end(&call, context_required(call.function) ? CUDA_OK : CUDA_INVALID_CONTEXT);
}

/* ---- errors: not logged, as they are asked for after every failure ---- */

static const struct {
    int code;
    const char *name, *text;
} errors[] = {
    {CUDA_OK, "CUDA_SUCCESS", "no error"},
    {CUDA_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {CUDA_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {CUDA_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {CUDA_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {CUDA_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {CUDA_PRIMARY_CONTEXT_ACTIVE, "CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE",
     "cannot set while device is active in this process"},
    {CUDA_ALREADY_REGISTERED, "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED",
     "part or all of the requested memory range is already mapped"},
    {CUDA_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {CUDA_NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

static int error_index(int code)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].code == code)
            return (int)i;
    return -1;
}

EXPORT int cuGetErrorName(int code, const char **name)
{
    int index = error_index(code);
    *name = index < 0 ? NULL : errors[index].name;
    return index < 0 ? CUDA_INVALID_VALUE : CUDA_OK;
}

EXPORT int cuGetErrorString(int code, const char **text)
{
    int index = error_index(code);
    *text = index < 0 ? NULL : errors[index].text;
    return index < 0 ? CUDA_INVALID_VALUE : CUDA_OK;
}

/* ---- lookup ---- */

int cuInit(unsigned flags);

/* The newest version of a function that is here: callers ask for the name without a suffix. Not
 * logged: cuda-bindings looks up hundreds of names before its first call. */
EXPORT int cuGetProcAddress_v2(const char *symbol, void **function, int version, uint64_t flags,
                               int *status)
{
    Dl_info self;
    (void)version, (void)flags;
    dladdr((void *)cuInit, &self);
    void *library = dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD); /* may not be global */
    char versioned[128];
    snprintf(versioned, sizeof versioned, "%s_v2", symbol);
    *function = dlsym(library, versioned);
    if (!*function)
        *function = dlsym(library, symbol);
    dlclose(library);
    if (status)
        *status = *function ? 0 : 1; /* found, or no such symbol */
    return *function ? CUDA_OK : CUDA_NOT_FOUND;
}

EXPORT int cuGetProcAddress(const char *symbol, void **function, int version, uint64_t flags)
{
    return cuGetProcAddress_v2(symbol, function, version, flags, NULL);
}
