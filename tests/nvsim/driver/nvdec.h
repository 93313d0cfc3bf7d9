/* The part of the NVDEC interface (cuviddec.h) that FFmpeg uses: our own declarations. */
#ifndef NVSIM_NVDEC_H
#define NVSIM_NVDEC_H

#include <stddef.h>
#include <stdint.h>

enum { CODEC_H264 = 4, CHROMA_420 = 1 };
enum surface_format { SURFACE_NV12 = 0, SURFACE_P016 = 1 };

struct decoder_caps {
    int codec, chroma;
    unsigned depth_minus_8, reserved[3];
    uint8_t supported, engines;
    uint16_t output_formats;
    unsigned max_width, max_height, max_macroblocks;
    uint16_t min_width, min_height;
};

struct create_decoder {
    unsigned long width, height, decode_surfaces;
    int codec, chroma;
    unsigned long flags, depth_minus_8, intra_only, max_width, max_height, reserved;
    short display[4]; /* left, top, right, bottom */
    int output_format, deinterlace;
    unsigned long target_width, target_height, output_surfaces;
    uint64_t lock;
    short target[4];
};

struct h264_parameters {
    int log2_frame_number_minus_4, order_count_type, log2_order_count_minus_4;
    int delta_always_zero, frame_mbs_only, direct_8x8, reference_frames;
    uint8_t colour_transform, luma_depth_minus_8, chroma_depth_minus_8, bypass;
    int cabac, order_present;
    int references_l0, references_l1, weighted, weighted_bi, initial_qp;
    int deblocking_control, redundant_count;
};

struct picture_parameters {
    int width_mbs, height_mbs, index, field, bottom, second_field;
    unsigned size;
    const uint8_t *bytes;
    unsigned slices;
    const unsigned *slice_offsets;
    int reference, intra;
    unsigned reserved[30];
    struct h264_parameters h264;
};

_Static_assert(offsetof(struct decoder_caps, supported) == 24, "decoder caps");
_Static_assert(offsetof(struct create_decoder, output_format) == 88, "create decoder");
_Static_assert(offsetof(struct picture_parameters, h264) == 184, "picture parameters");

#endif
