/* The two entry points of libnvidia-encode, and the list of functions that the second fills. */
#include "nvenc.h"

#include <string.h>

EXPORT int NvEncodeAPIGetMaxSupportedVersion(uint32_t *version)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "NvEncodeAPIGetMaxSupportedVersion", " "))
        return call_end(&call, 0);
    *version = API_MAJOR << 4 | API_MINOR;
    return call_end(&call, NVENC_OK);
}

/* What an application calls that has no business here is at least seen. */
static int unimplemented(void)
{
    struct call call;
    call_begin(&call, FAMILY_NVENC, "(unimplemented NVENC function)", " ");
    violation("unimplemented-function", "a function of the list that nvsim does not have");
    return call_end(&call, NVENC_UNIMPLEMENTED);
}

typedef void (*function)(void);

static const struct {
    int offset;
    function call;
} functions[] = {
    {16, (function)nvenc_guid_count},
    {40, (function)nvenc_guids},
    {64, (function)nvenc_capability},
    {96, (function)nvenc_initialize},
    {104, (function)nvenc_create_input},
    {112, (function)nvenc_destroy_input},
    {120, (function)nvenc_create_bitstream},
    {128, (function)nvenc_destroy_bitstream},
    {136, (function)nvenc_encode},
    {144, (function)nvenc_lock},
    {152, (function)nvenc_unlock},
    {160, (function)nvenc_lock_input},
    {168, (function)nvenc_unlock_input},
    {184, (function)nvenc_sequence},
    {208, (function)nvenc_map},
    {216, (function)nvenc_unmap},
    {224, (function)nvenc_destroy},
    {240, (function)nvenc_open},
    {248, (function)nvenc_register},
    {256, (function)nvenc_unregister},
    {264, (function)nvenc_reconfigure},
    {304, (function)nvenc_last_error},
    {312, (function)nvenc_set_streams},
    {320, (function)nvenc_preset},
};

/* The documented functions end here; what follows in the list is reserved and stays as it is. */
enum { FIRST_FUNCTION = 8, END_OF_FUNCTIONS = 360 };

EXPORT int NvEncodeAPICreateInstance(void *list)
{
    struct call call;
    uint32_t version;
    memcpy(&version, list, sizeof version);
    if (!call_begin(&call, FAMILY_NVENC, "NvEncodeAPICreateInstance", "version=%#x", version))
        return call_end(&call, 0);
    if (!version_is(&call, version, VERSION_FUNCTION_LIST))
        return call_end(&call, NVENC_INVALID_VERSION);
    function other = (function)unimplemented;
    for (int offset = FIRST_FUNCTION; offset < END_OF_FUNCTIONS; offset += 8)
        memcpy((char *)list + offset, &other, sizeof other);
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        memcpy((char *)list + functions[i].offset, &functions[i].call, sizeof other);
    return call_end(&call, NVENC_OK);
}
