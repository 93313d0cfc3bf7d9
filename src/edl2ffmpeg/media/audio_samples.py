"""Decoded audio frames as float32 in the mix's channels; it keeps no time and opens nothing."""

from __future__ import annotations

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from edl2ffmpeg.audio.samples import Samples
from edl2ffmpeg.media.audio_layouts import MOST_CHANNELS, layout_name
from edl2ffmpeg.timeline.model import ChannelMap

__all__ = ["ChannelMixer", "frame_samples", "packed_frame", "packed_samples"]

_SCALES = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31}
# PyAV reads beyond the list of planes when all of a frame's eight pointers are used.
_MOST_PLANES = 7


def frame_samples(frame: AudioFrame) -> Samples:
    """The samples of ``frame`` as ``(count, its channels)`` float32, full scale 1."""
    if frame.format.is_planar and frame.layout.nb_channels > _MOST_PLANES:
        (frame,) = av.AudioResampler(format=frame.format.name.removesuffix("p")).resample(frame)
    raw = frame.to_ndarray()
    name = frame.format.name
    data = raw.T if name.endswith("p") else raw.reshape(frame.samples, -1)
    name = name.removesuffix("p")
    if name == "u8":
        data = data.astype(np.float32) - np.float32(128.0)
    # Integers of 32 bits round to float32 first; the scale is a power of two, so exact.
    samples = np.asarray(data, np.float32)
    scale = _SCALES.get(name)
    if scale is not None:
        return samples * np.float32(scale)
    # Damaged or careless float sources hold NaN, which would silence a whole mix.
    return samples if np.isfinite(samples).all() else np.nan_to_num(samples, posinf=1, neginf=-1)


def packed_frame(samples: Samples, sample_rate: int) -> AudioFrame:
    """``samples`` as a packed float frame for FFmpeg's filters, of any number of channels."""
    line = np.ascontiguousarray(samples).reshape(1, -1)
    frame = AudioFrame.from_ndarray(line, "flt", layout_name(samples.shape[1]))
    frame.sample_rate = sample_rate
    return frame


def packed_samples(frame: AudioFrame) -> Samples:
    """The samples of a packed float frame that a filter made, ``(count, channels)``."""
    return np.asarray(frame.to_ndarray(), np.float32).reshape(frame.samples, -1)


class ChannelMixer:
    """Brings frames of any layout to ``channels``, by one matrix for each layout met.

    One channel goes to the first two, the same layout goes through, the rest follows
    libswresample's own downmix without its normalisation (a float mix has headroom).  With
    ``average`` the mean of all channels is taken for the only one.  A ``channel_map`` takes
    the place of all but that; gains of channels that are not there are passed over.
    """

    def __init__(
        self, channels: int, *, average: bool, channel_map: ChannelMap | None = None
    ) -> None:
        self._channels = channels
        self._average = average
        self._channel_map = channel_map
        self._matrices: dict[tuple[str, int], NDArray[np.float32] | None] = {}

    @property
    def channels(self) -> int:
        """How many channels ``mix`` gives."""
        return self._channels

    def mix(self, frame: AudioFrame, sample_rate: int) -> Samples:
        """The samples of ``frame``, ``(count, channels)``, for a stream of ``sample_rate``."""
        samples = frame_samples(frame)
        key = (frame.layout.name, samples.shape[1])
        if key not in self._matrices:
            self._matrices[key] = self._matrix(*key)
        matrix = self._matrices[key]
        mixed = samples if matrix is None else _apply(samples, matrix)
        if frame.sample_rate == sample_rate:
            return mixed
        return _stretched(mixed, round(len(mixed) * sample_rate / frame.sample_rate))

    def _matrix(self, layout: str, channels: int) -> NDArray[np.float32] | None:
        """Gains ``(channels in, channels out)``; ``None`` leaves the samples as they are."""
        if self._channel_map is not None:
            return self._mapped(1 if self._average else channels, channels)
        if channels == 1 or self._average:
            gains = np.zeros((channels, self._channels), np.float32)
            gains[:, :2] = np.float32(1 / channels)
            return gains
        if channels == self._channels:
            return None
        return _downmix(layout, channels, layout_name(self._channels))

    def _mapped(self, sources: int, channels: int) -> NDArray[np.float32]:
        """The map's gains from the stream's ``sources``; one is the mean of all ``channels``."""
        gains = np.zeros((sources, self._channels), np.float64)
        for entry in self._channel_map or ():
            if entry.source <= sources and entry.output <= self._channels:
                gains[entry.source - 1, entry.output - 1] += entry.gain
        share = channels // sources
        return np.repeat(gains / share, share, axis=0).astype(np.float32)


def _downmix(layout: str, channels: int, target: str) -> NDArray[np.float32]:
    """FFmpeg's gains from ``layout`` to ``target``, read off an impulse in each channel."""
    line = np.eye(channels, dtype=np.float32).reshape(1, -1)
    for name in (layout, *([layout_name(channels)] if channels <= MOST_CHANNELS else [])):
        try:
            impulses = AudioFrame.from_ndarray(line, "flt", name)
            impulses.sample_rate = 48000
            mixed = av.AudioResampler(format="flt", layout=target, rate=48000).resample(impulses)
        except (av.FFmpegError, ValueError):
            continue  # a layout without an order, such as "6 channels": take the usual one
        gains = packed_samples(mixed[0])
        if len(gains) == channels:
            return np.array(gains)
    outputs = av.AudioLayout(target).nb_channels
    return np.full((channels, outputs), np.float32(1 / channels), np.float32)


def _apply(samples: Samples, gains: NDArray[np.float32]) -> Samples:
    # Channel by channel and not as a matrix product: BLAS rounds by the size of the block,
    # and a sample must not depend on the block it was read in.
    mixed: Samples = samples[:, :1] * gains[0]
    for channel in range(1, len(gains)):
        if gains[channel].any():
            mixed += samples[:, channel : channel + 1] * gains[channel]
    return mixed


def _stretched(samples: Samples, count: int) -> Samples:
    """A frame at another rate than its stream began with, by linear interpolation.

    Broadcasts change rate between programmes; what matters there is to keep the time.
    """
    places = np.arange(count) * (len(samples) / max(count, 1))
    columns = [np.interp(places, np.arange(len(samples)), column) for column in samples.T]
    return np.stack(columns, axis=1).astype(np.float32)
