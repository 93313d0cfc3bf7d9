"""Encodes frames of one stream and proves that each came out once; it does not mux."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from edl2ffmpeg.devices.cpu import has_avx512
from edl2ffmpeg.errors import EncodeError, SettingsError
from edl2ffmpeg.frame import Frame
from edl2ffmpeg.media._translate import reason_of
from edl2ffmpeg.media.formats import VideoOutput
from edl2ffmpeg.media.frames import progressive_frame

__all__ = ["VideoEncoder"]

_log = logging.getLogger(__name__)

# With AVX-512, x264 (core 165) gives other bytes in each run of more than one thread; so it
# gets the functions for AVX2.
_REPEATABLE_X264 = "asm=AVX2"
_SMALLEST_DNXHR = (256, 120)


def _as_text(options: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in options.items()) or "no options"


def _refusal(output: VideoOutput, reason: str) -> str:
    """One sentence on why the encoder did not open."""
    sentence = (
        f"{output.encoder} refuses {output.width}x{output.height} {output.pixel_format.name} at "
        f"{output.frame_rate} frames per second with {_as_text(output.options)}: {reason}"
    )
    width, height = _SMALLEST_DNXHR
    if output.encoder == "dnxhd" and (output.width < width or output.height < height):
        sentence += f"; DNxHR needs at least {width}x{height}"
    return sentence


class VideoEncoder:
    """One video stream of an output container; frame n gets timestamp n/rate.

    ``in_flight`` is the number of frames whose packet has not come out yet.
    """

    def __init__(self, container: OutputContainer, output: VideoOutput, threads: int) -> None:
        # SVT-AV1 writes its settings to the terminal unless told otherwise before it starts.
        os.environ.setdefault("SVT_LOG", "1")
        self._output = output
        time_base = 1 / output.frame_rate
        options = dict(output.options)
        if output.encoder == "libx264" and has_avx512():
            options["x264-params"] = _REPEATABLE_X264
        stream = container.add_stream(output.encoder, rate=output.frame_rate, options=options)
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        context.width, context.height = output.width, output.height
        context.pix_fmt = output.pixel_format.name
        context.time_base = time_base
        context.thread_count = threads
        if output.encoder == "libx264":
            # PyAV's default makes x264 cut pictures into slices: larger files (5 to 20 %), and
            # slower by a fifth.
            context.thread_type = "FRAME"
        context.sample_aspect_ratio = Fraction(1)
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        if output.bitrate is not None:
            context.bit_rate = output.bitrate
        try:
            context.open()
        except (av.FFmpegError, ValueError) as error:
            raise SettingsError(_refusal(output, reason_of(error))) from error
        _log.info(
            "encoding with %s, %s, %s threads, %s",
            output.encoder,
            output.pixel_format.name,
            threads or "automatic",
            _as_text(output.options),
        )
        self._stream = stream
        self._time_base = time_base
        self._awaited: set[int] = set()
        self.frames_encoded = 0
        self.packets_received = 0

    @property
    def codec_context(self) -> VideoCodecContext:
        """FFmpeg's encoder, for its parameters."""
        return self._stream.codec_context

    @property
    def in_flight(self) -> int:
        """Frames given to the encoder whose packet has not come out."""
        return len(self._awaited)

    def encode(self, frame: Frame) -> Iterator[Packet[VideoStream]]:
        """Packets that are ready after taking ``frame`` as the next one."""
        # A device may still be on its way with the samples.
        frame.wait()
        native = progressive_frame(frame)
        native.pts = self.frames_encoded
        native.time_base = self._time_base
        # The source's picture types would force keyframes and B-frames on the encoder.
        native.pict_type = PictureType.NONE
        native.color_range = ColorRange.MPEG
        native.colorspace = Colorspace.ITU709
        native.color_primaries = ColorPrimaries.BT709
        native.color_trc = ColorTrc.BT709
        self._awaited.add(self.frames_encoded)
        self.frames_encoded += 1
        yield from self._checked(self._stream.encode(native))

    def drain(self) -> Iterator[Packet[VideoStream]]:
        """The packets still inside; afterwards each frame has had exactly one packet."""
        yield from self._checked(self._stream.encode(None))
        if self._awaited:
            raise EncodeError(
                f"{self._output.encoder} lost {len(self._awaited)} of {self.frames_encoded} "
                f"frames, the first of them frame {min(self._awaited)}; render again"
            )

    def _checked(self, packets: list[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
        for packet in packets:
            self.packets_received += 1
            if packet.pts not in self._awaited:
                raise EncodeError(
                    f"{self._output.encoder} gave a packet with timestamp {packet.pts}, which no "
                    "frame awaits; render again"
                )
            self._awaited.remove(packet.pts)
            # Without it the last frame has no length in MP4.
            packet.duration = packet.duration or 1
            yield packet
