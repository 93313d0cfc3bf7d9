"""Encodes frames of one stream and proves that each came out once; it does not mux."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import CudaContext, PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from edl2ffmpeg.devices.cpu import has_avx512
from edl2ffmpeg.errors import (
    DeviceError,
    DeviceUnavailableError,
    Edl2FfmpegError,
    EncodeError,
    SettingsError,
)
from edl2ffmpeg.frame import Frame
from edl2ffmpeg.media._translate import reason_of
from edl2ffmpeg.media.accelerators import encoder_accelerator
from edl2ffmpeg.media.formats import VideoOutput
from edl2ffmpeg.media.frames import device_frame, progressive_frame
from edl2ffmpeg.media.nvenc import NO_SESSION, failure_of, logged_errors

__all__ = ["VideoEncoder"]

_log = logging.getLogger(__name__)

# With AVX-512, x264 (core 165) gives other bytes in each run of more than one thread; so it
# gets the functions for AVX2.
_REPEATABLE_X264 = "asm=AVX2"
_SMALLEST_DNXHR = (256, 120)
_DEVICE_FAILURES = (av.FFmpegError, RuntimeError, NotImplementedError, ValueError, MemoryError)
# The name's own, and that of the argument in which it is counted.
_REFERENCES_OF_ONE_NAME = 2


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


def _open(context: VideoCodecContext, output: VideoOutput, device_name: str) -> None:
    """Opens an encoder whose frames are in host memory."""
    try:
        context.open()
    except (*_DEVICE_FAILURES, OSError) as error:
        sentence = _refusal(output, reason_of(error))
        if output.device:
            raise DeviceUnavailableError(
                f"{sentence}; leave --hw-encode out, or add --hw-fallback allow", device_name
            ) from error
        raise SettingsError(sentence) from error


class VideoEncoder:
    """One video stream of an output container; frame n gets timestamp n/rate.

    ``in_flight`` is the number of frames whose packet has not come out yet.  An encoder on a
    ``device`` takes frames in its memory, and opens with the first of them, which knows it.
    """

    def __init__(
        self,
        container: OutputContainer,
        output: VideoOutput,
        threads: int,
        device: int | str | None = None,
    ) -> None:
        # SVT-AV1 writes its settings to the terminal unless told otherwise before it starts.
        os.environ.setdefault("SVT_LOG", "1")
        self._output = output
        time_base = 1 / output.frame_rate
        options = dict(output.options)
        if output.encoder == "libx264" and has_avx512():
            own = options.get("x264-params")
            options["x264-params"] = ":".join(filter(None, [_REPEATABLE_X264, own]))
        hwaccel = None
        if output.device and not output.takes_device_frames:
            hwaccel = encoder_accelerator(output.device, str(device) if device else None)
        stream = container.add_stream(
            output.encoder, rate=output.frame_rate, options=options, hwaccel=hwaccel
        )
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        context.width, context.height = output.width, output.height
        context.pix_fmt = output.encoder_format or output.pixel_format.name
        if output.takes_device_frames:
            context.pix_fmt = output.device
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
        self._device_context: CudaContext | None = None
        self._device_name = f"{output.device}:{device}" if device is not None else output.device
        if output.takes_device_frames:
            assert isinstance(device, int)
            # Frames of ours and the decoders' are in the primary context.
            self._device_context = CudaContext(device, primary_ctx=True)
            # Packets of FFmpeg's hardware encoders say otherwise not how long they last.
            context.flags |= Flags.frame_duration
        else:
            _open(context, output, self._device_name)
        _log.info(
            "encoding with %s, %s, %s threads, %s",
            output.encoder,
            output.pixel_format.name,
            threads or "automatic",
            _as_text(output.options),
        )
        self._stream: VideoStream | None = stream
        self._time_base = time_base
        self._awaited: set[int] = set()
        self.frames_encoded = 0
        self.packets_received = 0

    @property
    def codec_context(self) -> VideoCodecContext:
        """FFmpeg's encoder, for its parameters."""
        assert self._stream is not None
        return self._stream.codec_context

    @property
    def in_flight(self) -> int:
        """Frames given to the encoder whose packet has not come out."""
        return len(self._awaited)

    @property
    def is_open(self) -> bool:
        """Whether FFmpeg has opened it, and knows what to write to the header."""
        return self._stream is not None and self._stream.codec_context.is_open

    def encode(self, frame: Frame) -> Iterator[Packet[VideoStream]]:
        """Takes ``frame`` as the next one, at once; gives the packets that are ready."""
        # A device may still be on its way with the samples.
        frame.wait()
        if self._device_context is None:
            native = progressive_frame(frame)
        else:
            native = device_frame(frame, self._device_context)
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
        return self._checked(self._encoded(native))

    def drain(self) -> Iterator[Packet[VideoStream]]:
        """The packets still inside; afterwards each frame has had exactly one packet."""
        yield from self._checked(self._encoded(None))
        if self._awaited:
            raise self._failure(
                f"{self._output.encoder} lost {len(self._awaited)} of {self.frames_encoded} "
                f"frames, the first of them frame {min(self._awaited)}; render again"
            )

    def _encoded(self, native: av.VideoFrame | None) -> list[Packet[VideoStream]]:
        if self._stream is None:
            raise ValueError("the encoder is closed")
        if not self._output.device:
            return self._stream.encode(native)
        with logged_errors() as logged:
            try:
                return self._stream.encode(native)
            except _DEVICE_FAILURES as error:
                failure = error
        # Whatever it was, the encoder is to be thrown away: some errors keep the frame queued.
        raise self._device_failure(failure, logged) from failure

    def _failure(self, sentence: str) -> Edl2FfmpegError:
        if self._output.device:
            return DeviceError(sentence, self._device_name)
        return EncodeError(sentence)

    def _device_failure(self, failure: BaseException, logged: list[str]) -> DeviceError:
        why = failure_of(failure, logged)
        # Sessions that others have now may be free soon: that is worth another try.
        if not self.is_open and why != NO_SESSION:
            return DeviceUnavailableError(
                f"{self._output.encoder} on {self._device_name} does not open for "
                f"{self._output.width}x{self._output.height} with {_as_text(self._output.options)}"
                f": {why}; leave --hw-encode out, or add --hw-fallback allow",
                self._device_name,
            )
        return DeviceError(
            f"{self._output.encoder} on {self._device_name} failed after "
            f"{self.packets_received} of {self.frames_encoded} frames: {why}; render again",
            self._device_name,
        )

    def close(self) -> None:
        """Drops the encoder, which closes with its last reference.  May be called twice.

        The container has to be closed by then, and every packet dropped.
        """
        if self._stream is None:
            return
        context = self._stream.codec_context
        self._stream = self._device_context = None
        _log.debug("closing %s, %d frames in flight", self._output.encoder, self.in_flight)
        if self._output.device and sys.getrefcount(context) > _REFERENCES_OF_ONE_NAME:
            _log.debug("%s is still referenced and stays open", self._output.encoder)

    def _checked(self, packets: list[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
        for packet in packets:
            self.packets_received += 1
            if packet.pts not in self._awaited:
                raise self._failure(
                    f"{self._output.encoder} gave a packet with timestamp {packet.pts}, which no "
                    "frame awaits; render again"
                )
            self._awaited.remove(packet.pts)
            # Without it the last frame has no length in MP4.
            packet.duration = packet.duration or 1
            yield packet
