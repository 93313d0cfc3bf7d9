/* The part of NVENC API 13.0 that FFmpeg uses: our own declarations of the public interface.
 *
 * Only fields that are read or written here have a name. The version words tell whether a caller
 * was built with the headers that these layouts are of; with others the simulator says so.
 */
#ifndef NVSIM_NVENC_API_H
#define NVSIM_NVENC_API_H

#include <stddef.h>
#include <stdint.h>

enum { API_MAJOR = 13, API_MINOR = 0 };

#define API_VERSION ((uint32_t)(API_MAJOR | API_MINOR << 24))
#define STRUCT_VERSION(revision) (API_VERSION | (uint32_t)(revision) << 16 | 0x7u << 28)
#define STRUCT_VERSION_TOP(revision) (STRUCT_VERSION(revision) | 0x1u << 31)

enum {
    VERSION_FUNCTION_LIST = STRUCT_VERSION(2),
    VERSION_OPEN_SESSION = STRUCT_VERSION(1),
    VERSION_CAPS = STRUCT_VERSION(1),
    VERSION_CREATE_INPUT = STRUCT_VERSION(2),
    VERSION_CREATE_BITSTREAM = STRUCT_VERSION(1),
    VERSION_LOCK_INPUT = STRUCT_VERSION(1),
    VERSION_MAP = STRUCT_VERSION(4),
    VERSION_REGISTER = STRUCT_VERSION(5),
    VERSION_SEQUENCE = STRUCT_VERSION(1),
};
#define VERSION_PRESET_CONFIG STRUCT_VERSION_TOP(5)
#define VERSION_CONFIG STRUCT_VERSION_TOP(9)
#define VERSION_INITIALIZE STRUCT_VERSION_TOP(7)
#define VERSION_RECONFIGURE STRUCT_VERSION_TOP(2)
#define VERSION_PICTURE STRUCT_VERSION_TOP(7)
#define VERSION_LOCK_BITSTREAM STRUCT_VERSION_TOP(2)

enum buffer_format { FORMAT_NV12 = 0x1, FORMAT_YV12 = 0x10, FORMAT_P010 = 0x10000 };
enum picture_type { TYPE_P = 0, TYPE_B = 1, TYPE_I = 2, TYPE_IDR = 3 };
enum picture_flags { FLAG_FORCE_INTRA = 1, FLAG_FORCE_IDR = 2, FLAG_EOS = 8 };

struct guid {
    uint8_t bytes[16];
};

struct open_session {
    uint32_t version, device_type;
    uint64_t device;
    void *reserved;
    uint32_t api_version;
};

struct capability {
    uint32_t version, which;
};

struct rate_control {
    uint32_t version, mode;
    uint32_t unused[7];
    uint32_t flags;
    uint32_t quantizers[12];
    uint8_t target_quality, target_quality_fraction;
    uint16_t lookahead_depth;
    uint32_t reserved[9];
};
enum { RATE_CONTROL_LOOKAHEAD = 1 << 5 };

struct h264_vui {
    uint32_t overscan[2];
    uint32_t signal_type_present, video_format, full_range;
    uint32_t colour_present, primaries, transfer, matrix;
    uint32_t chroma_location_present, chroma_location_top, chroma_location_bottom;
    uint32_t unused[16];
};

struct h264_config {
    uint32_t flags, level, idr_period;
    uint32_t unused[15];
    struct h264_vui vui;
    uint32_t more[7];
    uint32_t output_depth, input_depth;
};
enum { DEPTH_10 = 10 };
enum { H264_DISABLE_SPS_PPS = 1 << 7, H264_REPEAT_SPS_PPS = 1 << 12 };

struct encode_config {
    uint32_t version;
    struct guid profile;
    uint32_t gop_length;
    int32_t frame_interval_p;
    uint32_t monochrome, field_mode, vector_precision;
    struct rate_control rate_control;
    struct h264_config h264;
};

struct preset_config {
    uint32_t version, reserved;
    struct encode_config config;
};

struct initialize {
    uint32_t version;
    struct guid codec, preset;
    uint32_t width, height, aspect_width, aspect_height;
    uint32_t rate_numerator, rate_denominator;
    uint32_t unused[7];
    const struct encode_config *config;
};

struct reconfigure {
    uint32_t version, reserved;
    struct initialize initialize;
};

struct create_input {
    uint32_t version, width, height, heap;
    uint32_t format, reserved;
    uint64_t buffer;
};

struct create_bitstream {
    uint32_t version, size, heap, reserved;
    uint64_t buffer;
};

struct lock_input {
    uint32_t version, flags;
    uint64_t buffer;
    void *place;
    uint32_t pitch;
};

struct sequence {
    uint32_t version, size, sps_id, pps_id;
    void *buffer;
    uint32_t *used;
};

struct register_resource {
    uint32_t version, type, width, height, pitch, sub_resource;
    uint64_t resource;
    uint64_t registration;
    uint32_t format;
};

struct map_resource {
    uint32_t version, sub_resource;
    uint64_t unused, registration;
    uint64_t mapping;
    uint32_t format;
};

struct picture_params {
    uint32_t version, width, height, pitch;
    uint32_t flags, index;
    uint64_t pts, duration;
    uint64_t input, output;
};

struct lock_bitstream {
    uint32_t version, flags;
    uint64_t bitstream;
    uint32_t *slice_offsets;
    uint32_t index, hardware_status, slices, size;
    uint64_t pts, duration;
    void *place;
    uint32_t picture_type, picture_structure, average_qp;
};

/* The list of functions: a version, a reserved word, then pointers; named by their place. */
enum { FUNCTION_LIST_SIZE = 2552 };

_Static_assert(offsetof(struct open_session, api_version) == 24, "open session");
_Static_assert(sizeof(struct rate_control) == 128, "rate control");
_Static_assert(offsetof(struct encode_config, gop_length) == 20, "config");
_Static_assert(offsetof(struct encode_config, rate_control) == 40, "config");
_Static_assert(offsetof(struct encode_config, h264) == 168, "config");
_Static_assert(offsetof(struct h264_config, vui) == 72, "h264 config");
_Static_assert(offsetof(struct h264_config, output_depth) == 212, "h264 config");
_Static_assert(offsetof(struct initialize, width) == 36, "initialize");
_Static_assert(offsetof(struct initialize, config) == 88, "initialize");
_Static_assert(offsetof(struct create_input, buffer) == 24, "create input");
_Static_assert(offsetof(struct register_resource, format) == 40, "register");
_Static_assert(offsetof(struct map_resource, format) == 32, "map");
_Static_assert(offsetof(struct picture_params, output) == 48, "picture");
_Static_assert(offsetof(struct lock_bitstream, average_qp) == 72, "lock bitstream");

#endif
