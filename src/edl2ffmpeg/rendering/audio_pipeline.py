"""Mixes the sound of a sample range of a timeline, block by block; it encodes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Protocol

from edl2ffmpeg.audio.envelope import FadeEnvelope
from edl2ffmpeg.audio.mixer import Clipping, Mixer
from edl2ffmpeg.audio.samples import Samples, silence
from edl2ffmpeg.audio.tone import tone_samples
from edl2ffmpeg.errors import MediaOpenError
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_decoder import AudioDecoder
from edl2ffmpeg.media.audio_decoder_pool import AudioDecoderPool
from edl2ffmpeg.media.time_stretch import TimeStretch
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.mix_planner import SoundSegment, plan_mix
from edl2ffmpeg.timeline.model import (
    GeneratedSource,
    Generator,
    MediaSource,
    Timeline,
    TimelineWarning,
)
from edl2ffmpeg.timing import format_seconds, sample_at

__all__ = ["BLOCK_SAMPLES", "AudioPipeline"]

BLOCK_SAMPLES = 8192


class AudioPipeline(Owner):
    """Owner of the decoders of a mix.

    ``blocks`` gives ``(count, channels)`` float32 arrays that cover ``sample_range`` (the
    whole timeline by default) exactly, each of ``block_samples`` but the last.  Closing the
    generator stops it.  Use it from one thread at a time, which may be any.
    """

    def __init__(
        self,
        timeline: Timeline,
        access: AccessRules,
        *,
        sample_rate: int = 48000,
        channels: int = 2,
        sample_range: tuple[int, int] | None = None,
        block_samples: int = BLOCK_SAMPLES,
    ) -> None:
        self._plan = plan_mix(timeline, sample_rate)
        self._frame_duration = 1 / timeline.frame_rate
        self.sample_rate = sample_rate
        self.channels = channels
        self.sample_range = sample_range or (0, self._plan.total_samples)
        self._block_samples = block_samples
        self._pool = AudioDecoderPool(access, sample_rate=sample_rate, channels=channels)
        self._mixer = Mixer(channels)
        self._voices: dict[SoundSegment, _Voice] = {}
        self._damaged: dict[str, TimelineWarning] = {}
        self._missing: dict[str, TimelineWarning] = {}
        self._closed = False

    @property
    def total_samples(self) -> int:
        """How many samples ``blocks`` gives."""
        return self.sample_range[1] - self.sample_range[0]

    @property
    def clipping(self) -> Clipping:
        """What was beyond full scale so far; its sample counts from the timeline's start."""
        return self._mixer.clipping

    @property
    def warnings(self) -> tuple[TimelineWarning, ...]:
        """Sources that ended early and damaged files met so far."""
        return (*self._missing.values(), *self._damaged.values())

    @property
    def opened_decoders(self) -> int:
        """How many times a file was opened."""
        return self._pool.opened

    def __iter__(self) -> Iterator[Samples]:
        return self.blocks()

    def blocks(self) -> Iterator[Samples]:
        """Mixes the range from its start."""
        position, end = self.sample_range
        while position < end:
            if self._closed:
                raise ValueError("the audio pipeline is closed")
            stop = min(position + self._block_samples, end)
            yield self._mix(position, stop)
            position = stop

    def _mix(self, start: int, stop: int) -> Samples:
        self._mixer.begin(start, stop - start)
        for track in self._plan.tracks:
            for segment in track.sounding(start, stop):
                self._sound(segment, start, stop)
        return self._mixer.finish()

    def _sound(self, segment: SoundSegment, start: int, stop: int) -> None:
        first, end = max(start, segment.start_sample), min(stop, segment.end_sample)
        voice = self._voices.get(segment)
        if voice is None:
            voice = self._begin(segment, first)
            self._voices[segment] = voice
        samples = voice.read(first, end - first)
        gains = None
        if segment.fades is not None:
            fades = segment.fades
            envelope = FadeEnvelope(fades.start, fades.end, fades.top, fades.tail)
            if not envelope.is_flat(first, end, self.sample_rate):
                gains = envelope.gains(first, end, self.sample_rate)
        self._mixer.add(first, samples, gains)
        # A clip that ends with this block lets its decoder go to the next one at once.
        if segment.end_sample <= stop:
            self._end(segment)

    def _begin(self, segment: SoundSegment, first: int) -> _Voice:
        if isinstance(segment.source, GeneratedSource):
            if segment.source.generator is Generator.TEST_PATTERN:
                return _ToneVoice(segment, self.sample_rate, self.channels)
            return _SilentVoice(self.channels)
        assert isinstance(segment.source, MediaSource)  # texts stand on tracks of their own
        position = segment.source_first_sample(self.sample_rate)
        if segment.speed == 1:
            position += first - segment.start_sample
        return _MediaVoice(segment, self._borrow(segment, segment.source, position))

    def _borrow(self, segment: SoundSegment, source: MediaSource, position: int) -> AudioDecoder:
        try:
            return self._pool.borrow(source, position)
        except MediaOpenError as error:
            raise type(error)(f"{segment.json_path}: {error}", error.path) from error

    def _end(self, segment: SoundSegment) -> None:
        voice = self._voices.pop(segment, None)
        if isinstance(voice, _MediaVoice):
            self._note(segment, voice)
            self._pool.give_back(voice.decoder)

    def _note(self, segment: SoundSegment, voice: _MediaVoice) -> None:
        location = voice.decoder.location
        missing = voice.missing_seconds()
        if missing > self._frame_duration:
            self._missing[segment.json_path] = TimelineWarning(
                segment.json_path,
                f"the sound of {location} ends {format_seconds(missing)} before the clip does; "
                "silence takes its place",
            )
        if voice.decoder.first_damage is not None and location not in self._damaged:
            time = format_seconds(voice.decoder.first_damage)
            self._damaged[location] = TimelineWarning(
                segment.json_path,
                f"the sound of {location} is damaged from {time} on; silence takes the place "
                "of what cannot be decoded",
            )

    def close(self) -> None:
        """Closes every file; clips that still sounded are accounted for.  May be called twice."""
        if self._closed:
            return
        self._closed = True
        with ExitStack() as last:
            last.callback(self._pool.close)
            for segment in list(self._voices):
                self._end(segment)


class _Voice(Protocol):
    """The sound of one segment, by the samples of the output."""

    def read(self, first_sample: int, count: int) -> Samples: ...


class _SilentVoice:
    def __init__(self, channels: int) -> None:
        self._channels = channels

    def read(self, first_sample: int, count: int) -> Samples:
        return silence(count, self._channels)


class _ToneVoice:
    def __init__(self, segment: SoundSegment, sample_rate: int, channels: int) -> None:
        self._offset = segment.source_start - segment.parent_start
        self._sample_rate = sample_rate
        self._channels = channels

    def read(self, first_sample: int, count: int) -> Samples:
        return tone_samples(first_sample, count, self._sample_rate, self._channels, self._offset)


class _MediaVoice:
    def __init__(self, segment: SoundSegment, decoder: AudioDecoder) -> None:
        self.decoder = decoder
        self._segment = segment
        self._rate = decoder.sample_rate
        self._source_first = segment.source_first_sample(self._rate)
        self._last_read = 0
        self._stretch: TimeStretch | None = None
        if segment.speed != 1:
            self._stretch = TimeStretch(
                decoder.read, self._source_first, segment.speed, self._rate, decoder.channels
            )

    def read(self, first_sample: int, count: int) -> Samples:
        position = first_sample - self._segment.start_sample
        self._last_read = position + count
        if self._stretch is not None:
            return self._stretch.read(position, count)
        return self.decoder.read(self._source_first + position, count)

    def missing_seconds(self) -> Fraction:
        """By how much of the timeline the source was too short for what was read."""
        end = self.decoder.end_sample
        if end is None:
            return Fraction(0)
        needed = self._source_first + sample_at(
            Fraction(self._last_read, self._rate) * self._segment.speed, self._rate
        )
        return Fraction(max(needed - end, 0), self._rate) / self._segment.speed
