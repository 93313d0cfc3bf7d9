"""Chooses the decoder that sees all of a stream's pictures, on a device if that is wanted.

FFmpeg's own decoders of VP8 and VP9 leave out the alpha that WebM carries beside the pictures;
libvpx reads it.  AV1 is decoded by libdav1d, which knows no devices; FFmpeg's own decoder of it
knows nothing else.
"""

from __future__ import annotations

import av
from av.codec.hwaccel import HWAccel
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from edl2ffmpeg.errors import MediaOpenError
from edl2ffmpeg.media.hardware_decoding import DeviceDecoding

__all__ = ["device_decoder", "has_alpha_beside", "picture_decoder"]

_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
# By kind of device: what decodes there in place of the usual decoder.
_ON_DEVICE = {
    "cuda": {"libdav1d": "av1", "libaom-av1": "av1"},
    "vaapi": {"libdav1d": "av1", "libaom-av1": "av1"},
    "videotoolbox": {"libdav1d": "av1", "libaom-av1": "av1"},
    "qsv": {"h264": "h264_qsv", "hevc": "hevc_qsv", "vp9": "vp9_qsv", "libdav1d": "av1_qsv"},
}


def has_alpha_beside(stream: VideoStream) -> bool:
    """Whether the container says that packets carry alpha beside the pictures."""
    return stream.metadata.get("alpha_mode") == "1"


def picture_decoder(
    stream: VideoStream, hardware: DeviceDecoding | None = None
) -> VideoCodecContext:
    """The stream's own decoder, or one that reads its alpha or uses a device; not opened yet.

    ``hardware`` is what the stream's file was opened with.
    """
    own = stream.codec_context
    if own.name in _WITH_ALPHA and has_alpha_beside(stream):
        if _WITH_ALPHA[own.name] in av.codecs_available:
            return _made(stream, _WITH_ALPHA[own.name], None)
    elif hardware is not None and (
        not hardware.opens_files or own.name in _ON_DEVICE[hardware.kind]
    ):
        try:
            return device_decoder(stream, hardware.accelerator(), hardware.kind)
        except (RuntimeError, NotImplementedError, ValueError) as error:
            raise MediaOpenError(f"{hardware.device_name} does not decode it: {error}") from error
    return own


def device_decoder(stream: VideoStream, hwaccel: HWAccel, kind: str = "cuda") -> VideoCodecContext:
    """A decoder of the stream that uses ``hwaccel``; not opened yet."""
    own = stream.codec_context.name
    return _made(stream, _ON_DEVICE[kind].get(own, own), hwaccel)


def _made(stream: VideoStream, name: str, hwaccel: HWAccel | None) -> VideoCodecContext:
    context = av.CodecContext.create(name, "r", hwaccel)
    assert isinstance(context, VideoCodecContext)
    context.extradata = stream.codec_context.extradata
    # PyAV puts the device's format there, and then FFmpeg's AV1 takes the device as set up.
    context.pix_fmt = stream.codec_context.pix_fmt or "yuv420p"
    return context
