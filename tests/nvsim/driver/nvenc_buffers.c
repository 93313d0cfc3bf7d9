/* Buffers of a session, and the application's memory that is registered and mapped with it. */
#include "nvenc.h"

#include <stdlib.h>

enum { INPUT_PITCH = 256 };

static bool format_known(uint32_t format)
{
    return format == FORMAT_NV12 || format == FORMAT_YV12 || format == FORMAT_P010;
}

/* ---- input buffers: for frames that come from the host ---- */

int nvenc_create_input(uint64_t handle, struct create_input *params)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncCreateInputBuffer", "%s %ux%u format=%#x",
                    object_name(KIND_SESSION, handle), params->width, params->height,
                    params->format))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    if (!session || !version_is(&call, params->version, VERSION_CREATE_INPUT))
        return call_end(&call, session ? NVENC_INVALID_VERSION : NVENC_INVALID_PTR);
    if (!format_known(params->format))
        return call_end(&call, NVENC_UNSUPPORTED_PARAM);
    struct input_buffer *buffer = object_new(KIND_INPUT_BUFFER, sizeof *buffer, &session->base);
    size_t row = params->width * (params->format == FORMAT_P010 ? 2 : 1);
    buffer->surface = (struct surface){
        .width = params->width,
        .height = params->height,
        .pitch = (row + INPUT_PITCH - 1) / INPUT_PITCH * INPUT_PITCH,
        .format = params->format,
    };
    buffer->surface.place = calloc(1, surface_bytes(&buffer->surface));
    params->buffer = buffer->base.handle;
    call_note(&call, " -> %s", object_name(KIND_INPUT_BUFFER, params->buffer));
    return call_end(&call, NVENC_OK);
}

int nvenc_destroy_input(uint64_t handle, uint64_t buffer_handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncDestroyInputBuffer", "%s",
                    object_name(KIND_INPUT_BUFFER, buffer_handle)))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    struct input_buffer *buffer = object_take(KIND_INPUT_BUFFER, buffer_handle);
    if (!session || !buffer)
        return call_end(&call, NVENC_INVALID_PTR);
    if (!session->ended && picture_unread(session, &buffer->base))
        violation("destroyed-in-flight", "%s is still to be read",
                  object_name(KIND_INPUT_BUFFER, buffer_handle));
    buffer->base.alive = false; /* its bytes stay: a picture in flight may point to them */
    return call_end(&call, NVENC_OK);
}

int nvenc_lock_input(uint64_t handle, struct lock_input *params)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncLockInputBuffer", "%s",
                    object_name(KIND_INPUT_BUFFER, params->buffer)))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    struct input_buffer *buffer = object_get(KIND_INPUT_BUFFER, params->buffer);
    if (!session || !buffer)
        return call_end(&call, NVENC_INVALID_PTR);
    if (!version_is(&call, params->version, VERSION_LOCK_INPUT))
        return call_end(&call, NVENC_INVALID_VERSION);
    if (buffer->locked)
        violation("double-lock", "%s", object_name(KIND_INPUT_BUFFER, params->buffer));
    buffer->locked = true;
    params->place = buffer->surface.place;
    params->pitch = (uint32_t)buffer->surface.pitch;
    return call_end(&call, NVENC_OK);
}

int nvenc_unlock_input(uint64_t handle, uint64_t buffer_handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncUnlockInputBuffer", "%s",
                    object_name(KIND_INPUT_BUFFER, buffer_handle)))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    struct input_buffer *buffer = object_get(KIND_INPUT_BUFFER, buffer_handle);
    if (!session || !buffer)
        return call_end(&call, NVENC_INVALID_PTR);
    if (!buffer->locked)
        violation("unlock-without-lock", "%s", object_name(KIND_INPUT_BUFFER, buffer_handle));
    buffer->locked = false;
    copy_counted(COPY_INPUT, surface_bytes(&buffer->surface)); /* what the bus would carry */
    return call_end(&call, NVENC_OK);
}

/* ---- bitstream buffers ---- */

int nvenc_create_bitstream(uint64_t handle, struct create_bitstream *params)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncCreateBitstreamBuffer", "%s",
                    object_name(KIND_SESSION, handle)))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    if (!session || !version_is(&call, params->version, VERSION_CREATE_BITSTREAM))
        return call_end(&call, session ? NVENC_INVALID_VERSION : NVENC_INVALID_PTR);
    struct bitstream *buffer = object_new(KIND_BITSTREAM, sizeof *buffer, &session->base);
    params->buffer = buffer->base.handle;
    call_note(&call, " -> %s", object_name(KIND_BITSTREAM, params->buffer));
    return call_end(&call, NVENC_OK);
}

int nvenc_destroy_bitstream(uint64_t handle, uint64_t buffer_handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncDestroyBitstreamBuffer", "%s",
                    object_name(KIND_BITSTREAM, buffer_handle)))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    struct bitstream *buffer = object_take(KIND_BITSTREAM, buffer_handle);
    if (!session || !buffer)
        return call_end(&call, NVENC_INVALID_PTR);
    if (buffer->locked || (buffer->submitted && !session->ended))
        violation("destroyed-in-flight", "%s is %s", object_name(KIND_BITSTREAM, buffer_handle),
                  buffer->locked ? "locked" : "waiting for its picture");
    buffer->base.alive = false;
    return call_end(&call, NVENC_OK);
}

/* ---- registered and mapped memory ---- */

int nvenc_register(uint64_t handle, struct register_resource *params)
{
    struct call call;
    struct memory *memory = memory_containing(params->resource);
    if (!call_begin(&call, FAMILY_NVENC, "nvEncRegisterResource", "%s %s %ux%u pitch=%u format=%#x",
                    object_name(KIND_SESSION, handle),
                    object_name(KIND_MEMORY, memory ? memory->base.handle : 0), params->width,
                    params->height, params->pitch, params->format))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    if (!session || !version_is(&call, params->version, VERSION_REGISTER))
        return call_end(&call, session ? NVENC_INVALID_VERSION : NVENC_INVALID_PTR);
    struct surface surface = {.memory = memory, .address = params->resource,
                              .width = params->width, .height = params->height,
                              .pitch = params->pitch, .format = params->format};
    if (params->type != 1 || !format_known(params->format))
        return call_end(&call, NVENC_UNSUPPORTED_PARAM);
    if (!memory_range(surface.address, surface_bytes(&surface), "register"))
        return call_end(&call, NVENC_INVALID_PARAM);
    struct registration *made = object_new(KIND_REGISTRATION, sizeof *made, &session->base);
    made->surface = surface;
    params->registration = made->base.handle;
    call_note(&call, " -> %s", object_name(KIND_REGISTRATION, params->registration));
    return call_end(&call, NVENC_OK);
}

static bool mapped(const struct registration *registration)
{
    for (struct object *object = objects; object; object = object->next)
        if (object->kind == KIND_MAPPING && object->alive
            && object_owned_by(object, &registration->base))
            return true;
    return false;
}

int nvenc_unregister(uint64_t handle, uint64_t registration_handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncUnregisterResource", "%s",
                    object_name(KIND_REGISTRATION, registration_handle)))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    struct registration *registration = object_take(KIND_REGISTRATION, registration_handle);
    if (!session || !registration)
        return call_end(&call, NVENC_NOT_REGISTERED);
    if (mapped(registration)) {
        violation("unregister-while-mapped", "%s",
                  object_name(KIND_REGISTRATION, registration_handle));
        return call_end(&call, NVENC_INVALID_CALL);
    }
    registration->base.alive = false;
    return call_end(&call, NVENC_OK);
}

int nvenc_map(uint64_t handle, struct map_resource *params)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncMapInputResource", "%s",
                    object_name(KIND_REGISTRATION, params->registration)))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    struct registration *registration = object_get(KIND_REGISTRATION, params->registration);
    if (!session || !registration)
        return call_end(&call, NVENC_NOT_REGISTERED);
    if (!version_is(&call, params->version, VERSION_MAP))
        return call_end(&call, NVENC_INVALID_VERSION);
    if (mapped(registration))
        violation("double-map", "%s", object_name(KIND_REGISTRATION, params->registration));
    struct mapping *made = object_new(KIND_MAPPING, sizeof *made, &registration->base);
    made->registration = registration;
    params->mapping = made->base.handle;
    params->format = registration->surface.format;
    call_note(&call, " -> %s", object_name(KIND_MAPPING, params->mapping));
    return call_end(&call, NVENC_OK);
}

int nvenc_unmap(uint64_t handle, uint64_t mapping_handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncUnmapInputResource", "%s",
                    object_name(KIND_MAPPING, mapping_handle)))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    struct mapping *mapping = object_take(KIND_MAPPING, mapping_handle);
    if (!session || !mapping)
        return call_end(&call, NVENC_NOT_MAPPED);
    if (!session->ended && picture_unread(session, &mapping->base))
        violation("unmapped-in-flight", "%s is still to be read",
                  object_name(KIND_MAPPING, mapping_handle));
    mapping->base.alive = false;
    return call_end(&call, NVENC_OK);
}

const char *encoder_tie(const struct memory *memory)
{
    for (struct object *object = objects; object; object = object->next) {
        struct registration *registration = (struct registration *)object;
        if (object->kind == KIND_REGISTRATION && object->alive
            && registration->surface.memory == memory)
            return mapped(registration) ? "free-while-mapped" : "free-while-registered";
    }
    return NULL;
}
