"""Encodes float samples of one stream, placed by a running sample count; it does not mux."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

__all__ = ["AudioEncoder"]

_BITRATE_PER_CHANNEL = 96_000
_LAYOUTS = {1: "mono", 2: "stereo"}
_UNCOMPRESSED_BLOCK = 1024
_INTEGER_SCALE = {"s16": (2**15, np.int16), "s32": (2**31, np.int32)}


class AudioEncoder:
    """One audio stream of an output container, fed with float32 (samples, channels) blocks."""

    def __init__(
        self, container: OutputContainer, codec: str, sample_rate: int, channels: int
    ) -> None:
        stream = container.add_stream(codec, rate=sample_rate)
        assert isinstance(stream, AudioStream)
        context = stream.codec_context
        context.layout = _LAYOUTS[channels]
        context.time_base = Fraction(1, sample_rate)
        if not codec.startswith("pcm_"):
            context.bit_rate = _BITRATE_PER_CHANNEL * channels
        context.open()
        self._stream = stream
        self._format = context.format.name
        self._layout = _LAYOUTS[channels]
        self._rate = sample_rate
        self._frame_size = context.frame_size or _UNCOMPRESSED_BLOCK
        self._rest = np.empty((0, channels), np.float32)
        self.samples_encoded = 0

    def encode(self, block: npt.NDArray[np.float32]) -> Iterator[Packet[AudioStream]]:
        """Packets that are ready after taking ``block``."""
        samples = np.concatenate((self._rest, block)) if len(self._rest) else block
        whole = len(samples) - len(samples) % self._frame_size
        for start in range(0, whole, self._frame_size):
            yield from self._encode_frame(samples[start : start + self._frame_size])
        self._rest = samples[whole:]

    def drain(self) -> Iterator[Packet[AudioStream]]:
        """The packets still inside, the last, shorter frame included."""
        if len(self._rest):
            yield from self._encode_frame(self._rest)
            self._rest = self._rest[:0]
        yield from self._stream.encode(None)

    def _encode_frame(self, samples: npt.NDArray[np.float32]) -> list[Packet[Any]]:
        frame = AudioFrame.from_ndarray(self._converted(samples), self._format, self._layout)
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self.samples_encoded
        self.samples_encoded += len(samples)
        return self._stream.encode(frame)

    def _converted(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """The samples in the encoder's format and FFmpeg's array shape for it."""
        packed = self._format.removesuffix("p")
        values: npt.NDArray[Any] = samples
        if packed in _INTEGER_SCALE:
            scale, dtype = _INTEGER_SCALE[packed]
            scaled = np.rint(samples.astype(np.float64) * scale)
            values = np.clip(scaled, -scale, scale - 1).astype(dtype)
        if self._format.endswith("p"):
            return np.ascontiguousarray(values.T)
        return np.ascontiguousarray(values).reshape(1, -1)
