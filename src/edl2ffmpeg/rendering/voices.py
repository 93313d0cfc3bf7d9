"""The sound of one segment, by samples of the output: media, tone, silence; it mixes nothing."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edl2ffmpeg.audio.samples import Samples, silence
from edl2ffmpeg.audio.tone import tone_samples
from edl2ffmpeg.audio.varispeed import CurveSeconds, Varispeed
from edl2ffmpeg.media.audio_decoder import AudioDecoder
from edl2ffmpeg.media.time_stretch import TimeStretch
from edl2ffmpeg.plan.mix_planner import SoundSegment
from edl2ffmpeg.timing import sample_at

__all__ = ["MediaVoice", "SilentVoice", "ToneVoice", "Voice"]


class Voice(Protocol):
    """``is_mono`` tells that the first two channels hold one and the same sound."""

    is_mono: bool

    def read(self, first_sample: int, count: int) -> Samples:
        """``count`` samples from output sample ``first_sample`` on."""
        ...


class SilentVoice:
    """Nothing."""

    is_mono = True

    def __init__(self, channels: int) -> None:
        self._channels = channels

    def read(self, first_sample: int, count: int) -> Samples:
        """``count`` samples from output sample ``first_sample`` on."""
        return silence(count, self._channels)


class ToneVoice:
    """The test tone, one channel that goes to the first two, or where the clip's map leads it."""

    def __init__(self, segment: SoundSegment, sample_rate: int, channels: int) -> None:
        self._offset = segment.source_start - segment.parent_start
        self._sample_rate = sample_rate
        self.is_mono = segment.channel_map is None
        self._gains = np.zeros(channels, np.float32)
        if segment.channel_map is None:
            self._gains[:2] = 1.0
        for entry in segment.channel_map or ():
            if entry.source == 1 and entry.output <= channels:
                self._gains[entry.output - 1] += np.float32(entry.gain)

    def read(self, first_sample: int, count: int) -> Samples:
        """``count`` samples from output sample ``first_sample`` on."""
        tone = tone_samples(first_sample, count, self._sample_rate, 1, self._offset)
        return tone * self._gains


class MediaVoice:
    """A part of a file at any speed; ``keep_pitch`` where that is not 1."""

    def __init__(self, segment: SoundSegment, decoder: AudioDecoder, *, keep_pitch: bool) -> None:
        self.decoder = decoder
        self.is_mono = decoder.source_channels == 1 and segment.channel_map is None
        self._segment = segment
        self._rate = decoder.sample_rate
        self._source_first = segment.source_first_sample(self._rate)
        self._last_read = 0
        self._curve = CurveSeconds(segment.curve) if segment.curve is not None else None
        self._read = self._reader(keep_pitch)

    def _reader(self, keep_pitch: bool) -> Callable[[int, int], Samples]:
        """What gives samples counted from the segment's first."""
        segment, decoder, rate = self._segment, self.decoder, self._rate
        if segment.curve is not None:
            return Varispeed(decoder.read, self._place_on_curve, rate, decoder.channels).read
        if segment.speed == 1:
            first = self._source_first
            return lambda start, count: decoder.read(first + start, count)
        if keep_pitch:
            return TimeStretch(
                decoder.read, self._source_first, segment.speed, rate, decoder.channels
            ).read
        return Varispeed(decoder.read, self._place_at_speed, rate, decoder.channels).read

    def _place_at_speed(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        segment = self._segment
        start = segment.source_time(Fraction(segment.start_sample, self._rate)) * self._rate
        return float(start) + numbers * float(segment.speed)

    def _place_on_curve(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        segment = self._segment
        assert self._curve is not None
        start = Fraction(segment.start_sample, self._rate) - segment.parent_start
        return self._curve(float(start) + numbers / self._rate) * self._rate

    def read(self, first_sample: int, count: int) -> Samples:
        """``count`` samples from output sample ``first_sample`` on."""
        position = first_sample - self._segment.start_sample
        self._last_read = position + count
        return self._read(position, count)

    def missing_seconds(self) -> Fraction:
        """By how much of the timeline the source was too short for what was read."""
        end = self.decoder.end_sample
        if end is None:
            return Fraction(0)
        segment = self._segment
        if segment.curve is not None:
            step = max(self._rate // 100, 1)
            places = self._place_on_curve(np.arange(0, self._last_read, step, dtype=np.float64))
            return Fraction(int(np.count_nonzero(places > end)) * step, self._rate)
        needed = self._source_first + sample_at(
            Fraction(self._last_read, self._rate) * segment.speed, self._rate
        )
        return Fraction(max(needed - end, 0), self._rate) / segment.speed
