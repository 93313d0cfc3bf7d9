"""Chooses the decoder that sees all of a stream's pictures, transparency included.

FFmpeg's own decoders of VP8 and VP9 leave out the alpha that WebM carries beside the pictures;
libvpx reads it.
"""

from __future__ import annotations

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

__all__ = ["has_alpha_beside", "picture_decoder"]

_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def has_alpha_beside(stream: VideoStream) -> bool:
    """Whether the container says that packets carry alpha beside the pictures."""
    return stream.metadata.get("alpha_mode") == "1"


def picture_decoder(stream: VideoStream) -> VideoCodecContext:
    """The stream's own decoder, or one that reads its alpha; not opened yet."""
    name = _WITH_ALPHA.get(stream.codec_context.name)
    if name is None or name not in av.codecs_available or not has_alpha_beside(stream):
        return stream.codec_context
    context = av.CodecContext.create(name, "r")
    assert isinstance(context, VideoCodecContext)
    context.extradata = stream.codec_context.extradata
    return context
