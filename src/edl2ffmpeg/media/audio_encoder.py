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

from edl2ffmpeg.media.audio_formats import AudioOutput

__all__ = ["AudioEncoder"]

_UNCOMPRESSED_BLOCK = 1024
_INTEGER_TYPES = {"s16": np.int16, "s32": np.int32}


class AudioEncoder:
    """One audio stream of an output container, fed with float32 (samples, channels) blocks."""

    def __init__(self, container: OutputContainer, output: AudioOutput, title: str = "") -> None:
        codec = output.codec
        stream = container.add_stream(
            codec.encoder, rate=output.sample_rate, options=dict(output.options)
        )
        assert isinstance(stream, AudioStream)
        if title:
            # MP4 and QuickTime have no titles of streams, but name what handles them.
            stream.metadata["title"] = stream.metadata["handler_name"] = title
        context = stream.codec_context
        context.layout = output.layout
        context.format = codec.sample_format
        context.time_base = Fraction(1, output.sample_rate)
        if output.bitrate is not None:
            context.bit_rate = output.bitrate
        context.open()
        self.stream = stream
        # Packed, whatever the encoder takes: PyAV makes no planar frames of eight channels.
        self._format = codec.sample_format.removesuffix("p")
        self._bits = codec.bits
        self._feeding = codec.feeding.get(output.channels)
        self._layout = output.layout
        self._rate = output.sample_rate
        self._frame_size = context.frame_size or _UNCOMPRESSED_BLOCK
        self._rest = np.empty((0, output.channels), np.float32)
        self._tail_samples = codec.tail_samples
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
        if self._tail_samples:
            yield from self.encode(np.zeros((self._tail_samples, self._rest.shape[1]), np.float32))
        if len(self._rest):
            yield from self._encode_frame(self._rest)
            self._rest = self._rest[:0]
        yield from self.stream.encode(None)

    def _encode_frame(self, samples: npt.NDArray[np.float32]) -> list[Packet[Any]]:
        frame = AudioFrame.from_ndarray(self._converted(samples), self._format, self._layout)
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self.samples_encoded
        self.samples_encoded += len(samples)
        return self.stream.encode(frame)

    def _converted(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """The samples in the packed form of the encoder's format, as PyAV's arrays have it."""
        if self._feeding is not None:
            samples = samples[:, self._feeding]
        values: npt.NDArray[Any] = samples
        if self._bits:
            # Rounded to what is kept of them; the bits below are left to be cut off.
            scale = 2 ** (self._bits - 1)
            scaled = np.clip(np.rint(samples.astype(np.float64) * scale), -scale, scale - 1)
            kind = _INTEGER_TYPES[self._format]
            values = scaled.astype(kind) * kind(2 ** (np.dtype(kind).itemsize * 8 - self._bits))
        return np.ascontiguousarray(values).reshape(1, -1)
