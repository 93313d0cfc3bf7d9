"""Writes small movies of given pictures and sound with PyAV.

It knows nothing about barcodes, shapes or EDLs: pictures come in as planes, sound as floats.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

__all__ = ["AudioTrack", "ColourTags", "Planes", "VideoTrack", "video_frame", "write_movie"]

Planes = Sequence[npt.NDArray[Any]]
"""One array per memory plane, (rows, samples per row)."""


@dataclass(frozen=True)
class ColourTags:
    """The four tags of H.273, by FFmpeg's numbers; ``full_range`` False is limited range."""

    matrix: int = 1
    primaries: int = 1
    transfer: int = 1
    full_range: bool = False

    @classmethod
    def bt601(cls, full_range: bool = False) -> ColourTags:
        """SMPTE 170M throughout, as standard definition material has it."""
        return cls(6, 6, 6, full_range)


@dataclass(frozen=True)
class VideoTrack:
    """How to encode pictures; ``ticks`` are presentation times in ``time_base``.

    Without ``time_base`` a tick is a frame.  ``rotation`` is how far a player has to turn
    the picture clockwise.
    """

    codec: str
    rate: Fraction
    size: tuple[int, int] = (320, 180)
    pixel_format: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    ticks: Sequence[int] = ()
    time_base: Fraction | None = None
    sample_aspect_ratio: Fraction = Fraction(1)
    rotation: int = 0
    colour: ColourTags | None = None


@dataclass(frozen=True)
class AudioTrack:
    """Sound as floats (channels, samples); ``start`` is its first sample's time in seconds."""

    samples: npt.NDArray[np.float32]
    rate: int = 48000
    codec: str = "aac"
    start: Fraction = Fraction(0)
    bit_rate: int = 192_000


def video_frame(planes: Planes, size: tuple[int, int], pixel_format: str) -> av.VideoFrame:
    """A PyAV frame holding a copy of ``planes``."""
    frame = av.VideoFrame(size[0], size[1], pixel_format)
    for target, source in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(target), np.uint8)[: target.line_size * target.height]
        content = np.ascontiguousarray(source).view(np.uint8)
        rows.reshape(target.height, target.line_size)[:, : content.shape[1]] = content
    return frame


def write_movie(
    path: Path,
    video: VideoTrack | None = None,
    pictures: Iterable[Planes] = (),
    audio: AudioTrack | None = None,
    container_options: Mapping[str, str] | None = None,
) -> None:
    """Encodes ``pictures`` (one per tick of ``video``) and ``audio`` into ``path``."""
    # SVT-AV1 writes its settings to stderr unless told otherwise by the environment.
    os.environ.setdefault("SVT_LOG", "1")
    with av.open(str(path), "w", options=dict(container_options or {})) as output:
        sound = _AudioFeed(output, audio) if audio else None
        stream = _add_video(output, video) if video else None
        output.start_encoding()  # else a movie without a picture would not be written at all
        if video and stream:
            time_base = video.time_base or 1 / video.rate
            for tick, planes in zip(video.ticks, pictures, strict=True):
                if sound:
                    sound.write_until(tick * time_base)
                frame = video_frame(planes, video.size, video.pixel_format)
                frame.pts, frame.time_base = tick, time_base
                if video.colour:
                    _tag(frame, video.colour)
                output.mux(stream.encode(frame))
        if sound:
            sound.finish()
        if stream and video and video.ticks:
            output.mux(stream.encode(None))


def _add_video(output: av.container.OutputContainer, video: VideoTrack) -> av.VideoStream:
    stream = output.add_stream(video.codec, rate=video.rate, options=dict(video.options))
    assert isinstance(stream, av.VideoStream)
    stream.width, stream.height = video.size
    stream.pix_fmt = video.pixel_format
    context = stream.codec_context
    context.thread_count = 1
    context.time_base = video.time_base or 1 / video.rate
    context.sample_aspect_ratio = video.sample_aspect_ratio
    if video.rotation:
        stream.set_display_rotation(-video.rotation)
    if video.colour:
        _tag(context, video.colour)
    return stream


def _tag(target: Any, colour: ColourTags) -> None:
    """Sets the colour tags of a codec context or a frame."""
    target.colorspace = colour.matrix
    target.color_primaries = colour.primaries
    target.color_trc = colour.transfer
    target.color_range = 2 if colour.full_range else 1


class _AudioFeed:
    """Encodes sound piece by piece, so that packets reach the muxer interleaved."""

    _PIECE_SAMPLES = 1024

    def __init__(self, output: av.container.OutputContainer, audio: AudioTrack) -> None:
        self._output, self._audio = output, audio
        self._layout = {1: "mono", 2: "stereo", 6: "5.1"}[audio.samples.shape[0]]
        stream = output.add_stream(audio.codec, rate=audio.rate, layout=self._layout)
        assert isinstance(stream, av.AudioStream)
        if not audio.codec.startswith("pcm"):
            stream.bit_rate = audio.bit_rate
        self._stream = stream
        self._format = stream.codec_context.format.name
        self._position = 0

    def write_until(self, time: Fraction) -> None:
        """Encodes what sounds before ``time``."""
        audio = self._audio
        while (
            self._position < audio.samples.shape[1]
            and audio.start + Fraction(self._position, audio.rate) < time
        ):
            piece = audio.samples[:, self._position : self._position + self._PIECE_SAMPLES]
            frame = av.AudioFrame.from_ndarray(
                self._samples(piece), format=self._format, layout=self._layout
            )
            frame.sample_rate = audio.rate
            frame.pts = round(audio.start * audio.rate) + self._position
            frame.time_base = Fraction(1, audio.rate)
            self._output.mux(self._stream.encode(frame))
            self._position += piece.shape[1]

    def finish(self) -> None:
        """Encodes the rest and flushes the encoder."""
        self.write_until(self._audio.start + Fraction(self._audio.samples.shape[1], 1))
        self._output.mux(self._stream.encode(None))

    def _samples(self, piece: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """``piece`` as this encoder wants it: planar or packed, float or integer."""
        planar = self._format.endswith("p")
        ordered = piece if planar else piece.T.reshape(1, -1)
        if self._format.startswith("s16"):
            return np.round(np.clip(ordered, -1, 1) * 32767).astype(np.int16)
        if self._format.startswith("s32"):
            return np.round(np.clip(ordered, -1, 1).astype(np.float64) * 2147483647).astype(
                np.int32
            )
        return np.ascontiguousarray(ordered)
