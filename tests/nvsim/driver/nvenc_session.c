/* Encoder sessions: opening, capabilities, configuration, end. */
#include "nvenc.h"

#include <stdlib.h>
#include <string.h>

/* 6BC82762-4E63-4CA4-AA85-1E50F321F6BF as it lies in memory */
static const struct guid h264_guid = {{0x62, 0x27, 0xc8, 0x6b, 0x63, 0x4e, 0xa4, 0x4c, 0xaa, 0x85,
                                       0x1e, 0x50, 0xf3, 0x21, 0xf6, 0xbf}};
static int session_limit = -1;

EXPORT void nvsim_set_session_limit(int limit)
{
    session_limit = limit;
}

static int limit(void)
{
    const char *text = getenv("NVSIM_SESSION_LIMIT");
    return session_limit >= 0 ? session_limit : text && *text ? atoi(text) : 8;
}

struct session *session_of(struct call *call, uint64_t handle)
{
    struct session *session = object_get(KIND_SESSION, handle);
    if (session)
        context_matches(&session->base, call->function);
    return session;
}

bool version_is(struct call *call, uint32_t version, uint32_t expected)
{
    if (version == expected)
        return true;
    violation("unknown-version", "%s: the struct says %#x, this simulator knows %#x",
              call->function, version, expected);
    return false;
}

/* ---- opening ---- */

int nvenc_open(struct open_session *params, uint64_t *handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncOpenEncodeSessionEx", "%s",
                    object_name(KIND_CONTEXT, params->device)))
        return call_end(&call, 0);
    if (!version_is(&call, params->version, VERSION_OPEN_SESSION)
        || !version_is(&call, params->api_version, API_VERSION))
        return call_end(&call, NVENC_INVALID_VERSION);
    struct context *context = object_get(KIND_CONTEXT, params->device);
    if (!context || params->device_type != 1)
        return call_end(&call, NVENC_INVALID_DEVICE);
    if (objects_alive(KIND_SESSION) >= limit())
        return call_end(&call, NVENC_OUT_OF_MEMORY); /* the driver's answer to one too many */
    struct session *session = object_new(KIND_SESSION, sizeof *session, &context->base);
    *handle = session->base.handle;
    call_note(&call, " -> %s", object_name(KIND_SESSION, *handle));
    return call_end(&call, NVENC_OK);
}

int nvenc_guid_count(uint64_t handle, uint32_t *count)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncGetEncodeGUIDCount", "%s",
                    object_name(KIND_SESSION, handle)))
        return call_end(&call, 0);
    *count = 1;
    return call_end(&call, object_get(KIND_SESSION, handle) ? NVENC_OK : NVENC_INVALID_PTR);
}

int nvenc_guids(uint64_t handle, struct guid *guids, uint32_t room, uint32_t *count)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncGetEncodeGUIDs", "%s room=%u",
                    object_name(KIND_SESSION, handle), room))
        return call_end(&call, 0);
    if (!object_get(KIND_SESSION, handle) || !room)
        return call_end(&call, NVENC_INVALID_PTR);
    guids[0] = h264_guid;
    *count = 1;
    return call_end(&call, NVENC_OK);
}

static int capability_value(uint32_t which)
{
    switch (which) {
    case 0: return 4;                   /* B pictures */
    case 1: return 0x3f;                /* kinds of rate control */
    case 0x07: return 1;                /* CABAC; what is written is CAVLC all the same */
    case 0x10: case 0x11: return 4096;  /* width, height */
    case 0x14: return 1;                /* the bit rate may change */
    case 0x22: return 1;                /* lossless */
    case 0x25: return 1;                /* lookahead */
    case 0x26: return 1;                /* temporal AQ */
    case 0x27: return 1;                /* 10 bits */
    case 0x2d: case 0x2e: return 2;     /* least width, height */
    case 0x2f: return 1;                /* several reference pictures */
    default: return 0;
    }
}

int nvenc_capability(uint64_t handle, struct guid codec, struct capability *params, int *value)
{
    struct call call;
    (void)codec;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncGetEncodeCaps", "%s which=%u",
                    object_name(KIND_SESSION, handle), params->which))
        return call_end(&call, 0);
    if (!version_is(&call, params->version, VERSION_CAPS))
        return call_end(&call, NVENC_INVALID_VERSION);
    *value = capability_value(params->which);
    return call_end(&call, object_get(KIND_SESSION, handle) ? NVENC_OK : NVENC_INVALID_PTR);
}

/* ---- configuration ---- */

int nvenc_preset(uint64_t handle, struct guid codec, struct guid preset, int tuning,
                 struct preset_config *config)
{
    struct call call;
    (void)codec, (void)preset;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncGetEncodePresetConfigEx", "%s tuning=%d",
                    object_name(KIND_SESSION, handle), tuning))
        return call_end(&call, 0);
    if (!version_is(&call, config->version, VERSION_PRESET_CONFIG)
        || !version_is(&call, config->config.version, VERSION_CONFIG))
        return call_end(&call, NVENC_INVALID_VERSION);
    config->config.gop_length = 250;
    config->config.frame_interval_p = 1;
    config->config.field_mode = 1; /* frames */
    return call_end(&call, object_get(KIND_SESSION, handle) ? NVENC_OK : NVENC_INVALID_PTR);
}

static void configure(struct session *session, const struct initialize *params)
{
    const struct encode_config *config = params->config;
    const struct h264_vui *vui = &config->h264.vui;
    bool lookahead = config->rate_control.flags & RATE_CONTROL_LOOKAHEAD;
    session->gop_length = config->gop_length;
    session->group_size = config->frame_interval_p < 1 ? 1 : (unsigned)config->frame_interval_p;
    session->lookahead = lookahead ? config->rate_control.lookahead_depth : 0;
    session->headers_in_stream = !(config->h264.flags & H264_DISABLE_SPS_PPS);
    session->repeat_headers = config->h264.flags & H264_REPEAT_SPS_PPS;
    session->stream = (struct h264_stream){
        .width = params->width,
        .height = params->height,
        .bit_depth = config->h264.output_depth == DEPTH_10 ? 10 : 8,
        .rate_numerator = params->rate_numerator,
        .rate_denominator = params->rate_denominator,
        .reorder = session->group_size > 1,
        .signal_type_present = vui->signal_type_present || vui->colour_present,
        .full_range = vui->full_range,
        .video_format = vui->video_format,
        .colour_present = vui->colour_present,
        .primaries = vui->primaries,
        .transfer = vui->transfer,
        .matrix = vui->matrix,
        .chroma_location_present = vui->chroma_location_present,
        .chroma_location = vui->chroma_location_top,
    };
    session->configured = true;
}

int nvenc_initialize(uint64_t handle, struct initialize *params)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncInitializeEncoder", "%s %ux%u",
                    object_name(KIND_SESSION, handle), params->width, params->height))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    if (!session)
        return call_end(&call, NVENC_INVALID_PTR);
    if (!version_is(&call, params->version, VERSION_INITIALIZE)
        || (params->config && !version_is(&call, params->config->version, VERSION_CONFIG)))
        return call_end(&call, NVENC_INVALID_VERSION);
    bool odd = params->width % 2 || params->height % 2; /* cropping counts pairs of samples */
    if (!params->config || memcmp(&params->codec, &h264_guid, sizeof h264_guid) || odd)
        return call_end(&call, NVENC_UNSUPPORTED_PARAM);
    configure(session, params);
    call_note(&call, " gop=%u frameIntervalP=%u lookahead=%u", session->gop_length,
              session->group_size, session->lookahead);
    return call_end(&call, NVENC_OK);
}

int nvenc_reconfigure(uint64_t handle, struct reconfigure *params)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncReconfigureEncoder", "%s",
                    object_name(KIND_SESSION, handle)))
        return call_end(&call, 0);
    if (!session_of(&call, handle))
        return call_end(&call, NVENC_INVALID_PTR);
    bool known = version_is(&call, params->version, VERSION_RECONFIGURE);
    return call_end(&call, known ? NVENC_OK : NVENC_INVALID_VERSION);
}

int nvenc_sequence(uint64_t handle, struct sequence *params)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncGetSequenceParams", "%s room=%u",
                    object_name(KIND_SESSION, handle), params->size))
        return call_end(&call, 0);
    struct session *session = object_get(KIND_SESSION, handle);
    if (!session || !session->configured)
        return call_end(&call, NVENC_NOT_INITIALIZED);
    if (!version_is(&call, params->version, VERSION_SEQUENCE))
        return call_end(&call, NVENC_INVALID_VERSION);
    struct bits headers = {0};
    h264_write_headers(&headers, &session->stream);
    bool fits = headers.size <= params->size;
    if (fits)
        memcpy(params->buffer, headers.bytes, headers.size);
    *params->used = (uint32_t)headers.size;
    free(headers.bytes);
    return call_end(&call, fits ? NVENC_OK : NVENC_INVALID_PARAM);
}

/* ---- the end ---- */

/* Whatever the session made has to be given back before it. */
static void check_left_over(const struct session *session)
{
    for (struct object *object = objects; object; object = object->next) {
        if (!object->alive || object == &session->base
            || !object_owned_by(object, &session->base))
            continue;
        violation("session-destroyed-with-resources", "%s destroyed, %s is left",
                  object_name(KIND_SESSION, session->base.handle),
                  object_name(object->kind, object->handle));
        object->alive = false;
    }
}

int nvenc_destroy(uint64_t handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncDestroyEncoder", "%s",
                    object_name(KIND_SESSION, handle)))
        return call_end(&call, 0);
    struct session *session = object_take(KIND_SESSION, handle);
    if (!session)
        return call_end(&call, NVENC_INVALID_PTR);
    context_matches(&session->base, call.function);
    unsigned lost = pictures_in_flight(session);
    if (lost)
        call_note(&call, " pictures lost: %u", lost);
    pictures_lost += lost;
    check_left_over(session);
    session_forget_pictures(session);
    session->base.alive = false;
    return call_end(&call, NVENC_OK);
}

const char *nvenc_last_error(uint64_t handle)
{
    (void)handle;
    return "simulated";
}

int nvenc_set_streams(uint64_t handle, uint64_t *input, uint64_t *output)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncSetIOCudaStreams", "%s in=%s out=%s",
                    object_name(KIND_SESSION, handle),
                    object_name(KIND_STREAM, input ? *input : 0),
                    object_name(KIND_STREAM, output ? *output : 0)))
        return call_end(&call, 0);
    bool usable = stream_usable(input ? *input : 0) && stream_usable(output ? *output : 0);
    return call_end(&call, session_of(&call, handle) && usable ? NVENC_OK : NVENC_INVALID_PTR);
}
