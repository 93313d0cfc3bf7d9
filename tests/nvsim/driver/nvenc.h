/* The encoder's objects, shared by its files: sessions, buffers, registered and mapped memory. */
#ifndef NVSIM_NVENC_H
#define NVSIM_NVENC_H

#include "h264.h"
#include "nvenc_api.h"
#include "state.h"

enum { MAX_IN_FLIGHT = 128 };

/* Where an encoder's input lies, be it the application's memory or a buffer of the session. */
struct surface {
    struct memory *memory; /* NULL: `place` is a buffer of the session */
    uint8_t *place;
    uint64_t address;
    unsigned width, height;
    size_t pitch;
    uint32_t format;
};

struct input_buffer {
    struct object base;
    struct surface surface;
    bool locked;
};

struct registration {
    struct object base;
    struct surface surface;
};

struct mapping {
    struct object base;
    struct registration *registration;
};

struct picture {
    struct object *input; /* a mapping, or an input buffer */
    struct surface surface;
    uint64_t pts, duration;
    uint32_t index, type;
    uint64_t fingerprint; /* of the surface when it was submitted */
    unsigned frame_number, order_count, idr_id;
    unsigned position;    /* in display order, since the last IDR */
    unsigned group;       /* pictures that become ready together are read together */
    uint16_t *samples;    /* once it has been read: three planes, one after another */
};

struct bitstream {
    struct object base;
    bool submitted, locked;
    unsigned submission;
    struct picture *picture; /* once the order of coding is known */
    struct bits data;
};

struct session {
    struct object base;
    bool configured, ended; /* ended: EOS was sent */
    struct h264_stream stream;
    bool headers_in_stream, repeat_headers, wrote_headers;
    unsigned gop_length, group_size, lookahead;

    struct picture *waiting[MAX_IN_FLIGHT];   /* in display order; order of coding still open */
    struct bitstream *buffers[MAX_IN_FLIGHT]; /* as many, in the order of submission */
    unsigned waiting_count;
    unsigned since_idr, group, submissions, locks;
    unsigned frame_number, idr_position, idr_count;
};

/* ---- nvenc_surface.c ---- */

size_t surface_bytes(const struct surface *surface);
uint64_t surface_fingerprint(const struct surface *surface);
/* The samples of a surface, padded to whole macroblocks; the caller frees them. */
uint16_t *surface_samples(const struct surface *surface);

/* ---- nvenc_session.c ---- */

/* The session of a handle for a call that needs its context current; NULL after a violation. */
struct session *session_of(struct call *call, uint64_t handle);
/* Whether a struct has the layout of nvenc_api.h. */
bool version_is(struct call *call, uint32_t version, uint32_t expected);

/* ---- nvenc_picture.c ---- */

/* The pictures that were submitted and whose bitstream was never locked. */
unsigned pictures_in_flight(const struct session *session);
bool picture_unread(const struct session *session, const struct object *input);
/* Gives back the host memory of an ended session: its pictures and its buffers. */
void session_forget_pictures(struct session *session);

/* ---- the functions of the list, each as FFmpeg's pointer to it expects ---- */

int nvenc_open(struct open_session *params, uint64_t *handle);
int nvenc_guid_count(uint64_t handle, uint32_t *count);
int nvenc_guids(uint64_t handle, struct guid *guids, uint32_t room, uint32_t *count);
int nvenc_capability(uint64_t handle, struct guid codec, struct capability *params, int *value);
int nvenc_preset(uint64_t handle, struct guid codec, struct guid preset, int tuning,
                 struct preset_config *config);
int nvenc_initialize(uint64_t handle, struct initialize *params);
int nvenc_reconfigure(uint64_t handle, struct reconfigure *params);
int nvenc_sequence(uint64_t handle, struct sequence *params);
int nvenc_destroy(uint64_t handle);
const char *nvenc_last_error(uint64_t handle);
int nvenc_set_streams(uint64_t handle, uint64_t *input, uint64_t *output);

int nvenc_create_input(uint64_t handle, struct create_input *params);
int nvenc_destroy_input(uint64_t handle, uint64_t buffer);
int nvenc_lock_input(uint64_t handle, struct lock_input *params);
int nvenc_unlock_input(uint64_t handle, uint64_t buffer);
int nvenc_create_bitstream(uint64_t handle, struct create_bitstream *params);
int nvenc_destroy_bitstream(uint64_t handle, uint64_t buffer);
int nvenc_register(uint64_t handle, struct register_resource *params);
int nvenc_unregister(uint64_t handle, uint64_t registration);
int nvenc_map(uint64_t handle, struct map_resource *params);
int nvenc_unmap(uint64_t handle, uint64_t mapping);

int nvenc_encode(uint64_t handle, struct picture_params *params);
int nvenc_lock(uint64_t handle, struct lock_bitstream *params);
int nvenc_unlock(uint64_t handle, uint64_t buffer);

#endif
