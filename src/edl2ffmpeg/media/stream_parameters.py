"""What a container has to know of a video stream, as a value; it opens no encoder.

With it the packets of a stream can be muxed where its encoder is not: in another process, or on
a machine without the GPU that encoded them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from typing import Any

import av
from av.codec.context import CodecContext
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

__all__ = ["VideoParameters"]

# Set as they are; in this order, since the profile's name is looked up by codec.
_FIELDS = (
    "width", "height", "pix_fmt", "profile", "level", "codec_tag", "bit_rate",
    "field_order", "reorder_depth", "color_range", "colorspace",
    "color_primaries", "color_trc", "extradata",
)  # fmt: skip
_DECODER_FIELDS = ("width", "height", "pix_fmt", "codec_tag", "extradata")
_DEVICE_FORMATS = ("cuda",)
_STORED_FORMATS = {"nv12": "yuv420p", "p010le": "yuv420p10le"}
_UNKNOWN_TAG = "\0\0\0\0"
# FFmpeg's own decoder of AV1 needs a GPU.
_SOFTWARE_DECODERS = {"av1": "libdav1d"}


@dataclass(frozen=True)
class VideoParameters:
    """An encoder's name and everything of FFmpeg's codec parameters that it decided.

    ``fields`` are the attributes of PyAV's codec context by name.
    """

    encoder: str
    frame_rate: Fraction
    sample_aspect_ratio: Fraction
    fields: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, context: VideoCodecContext, pixel_format: str = "") -> VideoParameters:
        """Those of an encoder that is open; ``pixel_format`` is that of frames on a device."""
        values = [(name, getattr(context, name)) for name in _FIELDS]
        if context.pix_fmt in _DEVICE_FORMATS:
            # What is stored is the format of the pictures there.
            stored = _STORED_FORMATS[pixel_format]
            values = [(name, stored if name == "pix_fmt" else value) for name, value in values]
        kept = tuple(
            (name, value) for name, value in values if value is not None and value != _UNKNOWN_TAG
        )
        rate = context.framerate
        assert rate is not None
        return cls(context.codec.name, Fraction(rate), Fraction(1), kept)

    def as_json(self) -> bytes:
        """For a file; ``from_json`` reads it."""
        fields = {
            name: {"hex": value.hex()} if isinstance(value, bytes) else value
            for name, value in self.fields
        }
        rates = [str(self.frame_rate), str(self.sample_aspect_ratio)]
        return json.dumps({"encoder": self.encoder, "rates": rates, "fields": fields}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> VideoParameters:
        """What ``as_json`` gave; ``ValueError`` or ``KeyError`` for anything else."""
        found = json.loads(data)
        fields = tuple(
            (name, bytes.fromhex(value["hex"]) if isinstance(value, dict) else value)
            for name, value in found["fields"].items()
        )
        frame_rate, aspect = map(Fraction, found["rates"])
        return cls(found["encoder"], frame_rate, aspect, fields)

    def add_to(self, container: OutputContainer) -> VideoStream:
        """A stream of these parameters; the packets that it gets count frames."""
        # Of the template PyAV takes the codec alone, and that the stream's encoder stays closed.
        with av.open(BytesIO(), "w", format="null") as scratch:
            template = scratch.add_stream(self.encoder, rate=self.frame_rate)
            stream = container.add_stream_from_template(template, opaque=True)
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        for name, value in self.fields:
            setattr(context, name, value)
        context.sample_aspect_ratio = self.sample_aspect_ratio
        context.framerate = self.frame_rate
        context.time_base = 1 / self.frame_rate
        stream.time_base = 1 / self.frame_rate
        return stream

    def decoder(self) -> VideoCodecContext:
        """An open software decoder of such a stream, with one thread."""
        name = av.Codec(self.encoder, "w").canonical_name
        context = CodecContext.create(_SOFTWARE_DECODERS.get(name, name), "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_count = 1
        for name, value in self.fields:
            if name in _DECODER_FIELDS:
                setattr(context, name, value)
        context.open()
        return context
