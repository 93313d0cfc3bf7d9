/* Pictures through the encoder: submission, order of coding, output.
 *
 * A surface is read when its bitstream is locked: the last moment at which the hardware may read
 * it. An application that uses a surface again too early gets wrong pixels, every time, and the
 * violation "surface-changed-in-flight". Pictures of one group (frameIntervalP of them) become
 * ready together and are read together.
 */
#include "nvenc.h"

#include <stdlib.h>
#include <string.h>

unsigned long long pictures_encoded, pictures_locked, pictures_lost;

/* ---- the order of coding ---- */

/* Gives a picture its place in the stream, and the next bitstream buffer. */
static void code_picture(struct session *session, struct picture *picture)
{
    if (picture->type == TYPE_IDR) {
        session->frame_number = 0;
        picture->idr_id = session->idr_count++ % 2;
    }
    picture->frame_number = session->frame_number % (1 << LOG2_FRAME_NUMBER);
    picture->order_count = 2 * picture->position % (1 << LOG2_ORDER_COUNT);
    if (picture->type != TYPE_B)
        session->frame_number++;
    picture->group = session->group;
    session->buffers[0]->picture = picture;
    memmove(session->buffers, session->buffers + 1,
            (MAX_IN_FLIGHT - 1) * sizeof session->buffers[0]);
}

/* The pictures up to the next IDR, at most `group_size`: the last is coded first. */
static unsigned group_at_front(const struct session *session, bool *complete)
{
    unsigned size = 0;
    while (size < session->waiting_count && size < session->group_size
           && session->waiting[size]->type != TYPE_IDR)
        size++;
    *complete = size == session->group_size || size < session->waiting_count;
    return size;
}

/* Settles the order of the pictures that need not wait any more; false if there are none. */
static bool arrange(struct session *session, bool flush)
{
    bool settled = false;
    while (session->waiting_count > (flush ? 0 : session->lookahead)) {
        bool complete = true;
        unsigned size = 1;
        session->group++;
        if (session->waiting[0]->type != TYPE_IDR)
            size = group_at_front(session, &complete);
        if (!complete && !flush)
            break;
        code_picture(session, session->waiting[size - 1]);
        for (unsigned i = 0; i + 1 < size; i++) {
            session->waiting[i]->type = TYPE_B;
            code_picture(session, session->waiting[i]);
        }
        session->waiting_count -= size;
        memmove(session->waiting, session->waiting + size,
                session->waiting_count * sizeof session->waiting[0]);
        settled = true;
    }
    return settled;
}

/* ---- submission ---- */

static struct object *input_of(uint64_t handle, struct surface *surface)
{
    if ((handle >> 32 & 0xff) == KIND_INPUT_BUFFER) {
        struct input_buffer *buffer = object_get(KIND_INPUT_BUFFER, handle);
        if (buffer && buffer->locked)
            violation("encode-while-locked", "%s", object_name(KIND_INPUT_BUFFER, handle));
        if (buffer)
            *surface = buffer->surface;
        return buffer ? &buffer->base : NULL;
    }
    struct mapping *mapping = object_get(KIND_MAPPING, handle);
    if (mapping)
        *surface = mapping->registration->surface;
    return mapping ? &mapping->base : NULL;
}

static struct picture *picture_new(struct session *session, const struct picture_params *params,
                                   struct object *input, const struct surface *surface)
{
    struct picture *picture = calloc(1, sizeof *picture);
    bool gop_ends = session->gop_length && session->since_idr >= session->gop_length;
    bool idr = !session->submissions || gop_ends || session->ended
               || params->flags & FLAG_FORCE_IDR;
    if (!picture)
        abort();
    session->since_idr = idr ? 1 : session->since_idr + 1;
    *picture = (struct picture){
        .input = input, .surface = *surface, .pts = params->pts, .duration = params->duration,
        .index = params->index, .fingerprint = surface_fingerprint(surface),
        .type = idr ? TYPE_IDR : params->flags & FLAG_FORCE_INTRA ? TYPE_I : TYPE_P,
        .position = session->since_idr - 1,
    };
    return picture;
}

static int encode(struct call *call, struct session *session, const struct picture_params *params)
{
    struct surface surface;
    struct object *input = input_of(params->input, &surface);
    struct bitstream *output = object_get(KIND_BITSTREAM, params->output);
    if (!input || !output)
        return NVENC_INVALID_PTR;
    if (!session->configured || session->waiting_count == MAX_IN_FLIGHT)
        return NVENC_NOT_INITIALIZED;
    if ((surface.format == FORMAT_P010) != (session->stream.bit_depth == 10))
        return NVENC_UNSUPPORTED_PARAM;
    if (surface.width < session->stream.width || surface.height < session->stream.height)
        return NVENC_INVALID_PARAM;
    if (output->submitted || output->locked)
        violation("bitstream-in-use", "%s", object_name(KIND_BITSTREAM, params->output));
    if (session->ended)
        violation("encode-after-eos", "%s", object_name(KIND_SESSION, session->base.handle));
    session->waiting[session->waiting_count] = picture_new(session, params, input, &surface);
    session->buffers[session->waiting_count++] = output;
    session->ended = false;
    output->submitted = true;
    output->submission = ++session->submissions;
    pictures_encoded++;
    int status = arrange(session, false) ? NVENC_OK : NVENC_NEED_MORE_INPUT;
    call_note(call, " waiting=%u", session->waiting_count);
    return status;
}

static int end_of_stream(uint64_t handle, const struct picture_params *params)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncEncodePicture(EOS)", "%s",
                    object_name(KIND_SESSION, handle)))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    if (!session)
        return call_end(&call, NVENC_INVALID_PTR);
    if (!version_is(&call, params->version, VERSION_PICTURE))
        return call_end(&call, NVENC_INVALID_VERSION);
    session->ended = true;
    arrange(session, true);
    return call_end(&call, NVENC_OK);
}

int nvenc_encode(uint64_t handle, struct picture_params *params)
{
    struct call call;
    if (params->flags & FLAG_EOS)
        return end_of_stream(handle, params);
    if (!call_begin(&call, FAMILY_NVENC, "nvEncEncodePicture", "%s %s -> %s pts=%lld flags=%u",
                    object_name(KIND_SESSION, handle),
                    object_name((enum kind)(params->input >> 32 & 0xff), params->input),
                    object_name(KIND_BITSTREAM, params->output), (long long)params->pts,
                    params->flags))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    if (!session)
        return call_end(&call, NVENC_INVALID_PTR);
    if (!version_is(&call, params->version, VERSION_PICTURE))
        return call_end(&call, NVENC_INVALID_VERSION);
    return call_end(&call, encode(&call, session, params));
}

/* ---- output ---- */

static void read_surface(struct picture *picture)
{
    if (picture->samples)
        return;
    if (surface_fingerprint(&picture->surface) != picture->fingerprint)
        violation("surface-changed-in-flight", "%s, picture of pts %lld",
                  object_name(picture->input->kind, picture->input->handle),
                  (long long)picture->pts);
    picture->samples = surface_samples(&picture->surface);
}

static void read_group(const struct session *session, unsigned group)
{
    for (struct object *object = objects; object; object = object->next) {
        struct bitstream *buffer = (struct bitstream *)object;
        if (object->kind == KIND_BITSTREAM && object->alive && object->owner == &session->base
            && buffer->picture && buffer->picture->group == group)
            read_surface(buffer->picture);
    }
}

static void write_picture(struct session *session, struct bitstream *buffer)
{
    const struct picture *picture = buffer->picture;
    size_t macroblocks = (size_t)((session->stream.width + 15) / 16)
                         * ((session->stream.height + 15) / 16);
    bool idr = picture->type == TYPE_IDR;
    bool first = !session->wrote_headers && session->headers_in_stream;
    buffer->data.size = 0;
    if (first || (idr && session->repeat_headers))
        h264_write_headers(&buffer->data, &session->stream);
    session->wrote_headers = true;
    h264_write_picture(&buffer->data, &session->stream, &(struct h264_picture){
        .idr = idr, .reference = picture->type != TYPE_B,
        .frame_number = picture->frame_number, .order_count = picture->order_count,
        .idr_id = picture->idr_id,
        .planes = {picture->samples, picture->samples + macroblocks * 256,
                   picture->samples + macroblocks * 320}});
}

static int lock(struct session *session, struct bitstream *buffer, struct lock_bitstream *params)
{
    const char *name = object_name(KIND_BITSTREAM, buffer->base.handle);
    if (buffer->locked) {
        violation("double-lock", "%s", name);
        return NVENC_INVALID_CALL;
    }
    if (!buffer->picture) { /* a driver would wait for ever */
        violation("lock-without-output", "%s: %s", name,
                  buffer->submitted ? "its picture waits for others" : "no picture was submitted");
        return NVENC_LOCK_BUSY;
    }
    if (buffer->submission != session->locks + 1)
        violation("lock-out-of-order", "%s is number %u, number %u is next", name,
                  buffer->submission, session->locks + 1);
    session->locks = buffer->submission;
    struct picture *picture = buffer->picture;
    read_group(session, picture->group);
    write_picture(session, buffer);
    buffer->locked = true;
    pictures_locked++;
    params->index = picture->index;
    params->slices = 1;
    params->size = (uint32_t)buffer->data.size;
    params->pts = picture->pts;
    params->duration = picture->duration; /* FFmpeg's index of the frame that it belongs to */
    params->place = buffer->data.bytes;
    params->picture_type = picture->type;
    params->picture_structure = 1;
    params->average_qp = 1;
    return NVENC_OK;
}

int nvenc_lock(uint64_t handle, struct lock_bitstream *params)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncLockBitstream", "%s",
                    object_name(KIND_BITSTREAM, params->bitstream)))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    struct bitstream *buffer = object_get(KIND_BITSTREAM, params->bitstream);
    if (!session || !buffer)
        return call_end(&call, NVENC_INVALID_PTR);
    if (!version_is(&call, params->version, VERSION_LOCK_BITSTREAM))
        return call_end(&call, NVENC_INVALID_VERSION);
    int result = lock(session, buffer, params);
    if (result == NVENC_OK)
        call_note(&call, " pts=%lld type=%u bytes=%u", (long long)params->pts,
                  params->picture_type, params->size);
    return call_end(&call, result);
}

static void forget(struct bitstream *buffer)
{
    if (buffer->picture)
        free(buffer->picture->samples);
    free(buffer->picture);
    buffer->picture = NULL;
    buffer->submitted = buffer->locked = false;
}

int nvenc_unlock(uint64_t handle, uint64_t buffer_handle)
{
    struct call call;
    if (!call_begin(&call, FAMILY_NVENC, "nvEncUnlockBitstream", "%s",
                    object_name(KIND_BITSTREAM, buffer_handle)))
        return call_end(&call, 0);
    struct session *session = session_of(&call, handle);
    struct bitstream *buffer = object_get(KIND_BITSTREAM, buffer_handle);
    if (!session || !buffer)
        return call_end(&call, NVENC_INVALID_PTR);
    if (!buffer->locked) {
        violation("unlock-without-lock", "%s", object_name(KIND_BITSTREAM, buffer_handle));
        return call_end(&call, NVENC_INVALID_CALL);
    }
    forget(buffer);
    return call_end(&call, NVENC_OK);
}

/* ---- what is in flight ---- */

unsigned pictures_in_flight(const struct session *session)
{
    unsigned count = 0;
    for (struct object *object = objects; object; object = object->next) {
        struct bitstream *buffer = (struct bitstream *)object;
        if (object->kind == KIND_BITSTREAM && object->owner == &session->base)
            count += buffer->submitted && !buffer->locked;
    }
    return count;
}

bool picture_unread(const struct session *session, const struct object *input)
{
    for (unsigned i = 0; i < session->waiting_count; i++)
        if (session->waiting[i]->input == input)
            return true;
    for (struct object *object = objects; object; object = object->next) {
        struct bitstream *buffer = (struct bitstream *)object;
        if (object->kind == KIND_BITSTREAM && object->alive && object->owner == &session->base
            && buffer->picture && buffer->picture->input == input && !buffer->picture->samples)
            return true;
    }
    return false;
}

void session_forget_pictures(struct session *session)
{
    for (unsigned i = 0; i < session->waiting_count; i++)
        free(session->waiting[i]);
    session->waiting_count = 0;
    for (struct object *object = objects; object; object = object->next) {
        if (object->owner != &session->base)
            continue;
        if (object->kind == KIND_BITSTREAM) {
            forget((struct bitstream *)object);
            free(((struct bitstream *)object)->data.bytes);
        } else if (object->kind == KIND_INPUT_BUFFER) {
            free(((struct input_buffer *)object)->surface.place);
        }
    }
}
