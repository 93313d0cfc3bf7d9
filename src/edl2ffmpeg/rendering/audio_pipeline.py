"""Mixes the sound of a sample range of a timeline, block by block; it encodes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction

import numpy as np

from edl2ffmpeg.audio.automation import Automation
from edl2ffmpeg.audio.envelope import FadeEnvelope, crossfade_gains
from edl2ffmpeg.audio.master import Clipping, Master
from edl2ffmpeg.audio.pan import pan_mono, pan_stereo
from edl2ffmpeg.audio.samples import Samples, silence
from edl2ffmpeg.errors import MediaOpenError, MediaReadError
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_decoder import AudioDecoder
from edl2ffmpeg.media.audio_decoder_pool import AudioDecoderPool
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.mix_planner import MixTrack, SoundSegment, plan_mix
from edl2ffmpeg.rendering.voices import MediaVoice, SilentVoice, ToneVoice, Voice
from edl2ffmpeg.timeline.model import (
    GeneratedSource,
    Generator,
    MediaSource,
    Timeline,
    TimelineWarning,
)
from edl2ffmpeg.timing import format_seconds

__all__ = ["BLOCK_SAMPLES", "AudioPipeline"]

BLOCK_SAMPLES = 8192


class AudioPipeline(Owner):
    """Owner of the decoders of a mix.

    ``blocks`` gives ``(count, channels)`` float32 arrays that cover ``sample_range`` (the
    whole timeline by default) exactly, each of ``block_samples`` but the last (with
    ``peak_limit_db`` the first is shorter, too).  Closing the generator stops it.  Use it from
    one thread at a time, which may be any.

    ``track`` is the number of the only track to mix; None mixes all.  ``keep_pitch`` is for
    sound at another speed than 1.  ``gain_db`` and ``peak_limit_db`` are for the sum.
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
        track: int | None = None,
        keep_pitch: bool = True,
        gain_db: float = 0.0,
        peak_limit_db: float | None = None,
    ) -> None:
        plan = plan_mix(timeline, sample_rate)
        self._tracks = [
            _Track(entry, sample_rate) for entry in plan.tracks if track in (None, entry.number)
        ]
        self._frame_duration = 1 / timeline.frame_rate
        self.sample_rate = sample_rate
        self.channels = channels
        self.sample_range = sample_range or (0, plan.total_samples)
        self._block_samples = block_samples
        self._keep_pitch = keep_pitch
        # One channel is the mean of two, so that what pans and maps do is heard in it.
        self._mixed_channels = max(channels, 2)
        self._pool = AudioDecoderPool(
            access, sample_rate=sample_rate, channels=self._mixed_channels
        )
        self._master = Master(
            self.sample_range[0],
            sample_rate,
            channels,
            to_mono=channels == 1,
            gain_db=gain_db,
            peak_limit_db=peak_limit_db,
        )
        self._voices: dict[SoundSegment, Voice] = {}
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
        return self._master.clipping

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
            with np.errstate(over="ignore", invalid="ignore"):
                block = self._master.process(self._mix(position, stop))
            position = stop
            if len(block):
                yield block
        rest = self._master.flush()
        if rest is not None and len(rest):
            yield rest

    def _mix(self, start: int, stop: int) -> Samples:
        block = silence(stop - start, self._mixed_channels)
        for track in self._tracks:
            for segment in track.plan.sounding(start, stop):
                first, end = max(start, segment.start_sample), min(stop, segment.end_sample)
                block[first - start : end - start] += self._sound(track, segment, first, end)
                # A clip that ends with this block lets its decoder go to the next one at once.
                if segment.end_sample <= stop:
                    self._end(segment)
        return block

    def _sound(self, track: _Track, segment: SoundSegment, first: int, end: int) -> Samples:
        voice = self._voices.get(segment)
        if voice is None:
            voice = self._begin(segment, first)
            self._voices[segment] = voice
        samples = voice.read(first, end - first)
        samples = _faded(samples, segment, first, self.sample_rate)
        return track.controlled(samples, first, is_mono=voice.is_mono)

    def _begin(self, segment: SoundSegment, first: int) -> Voice:
        if isinstance(segment.source, GeneratedSource):
            if segment.source.generator is Generator.TEST_PATTERN:
                return ToneVoice(segment, self.sample_rate, self._mixed_channels)
            return SilentVoice(self._mixed_channels)
        assert isinstance(segment.source, MediaSource)  # texts stand on tracks of their own
        position = segment.source_first_sample(self.sample_rate)
        if segment.speed == 1:
            position += first - segment.start_sample
        decoder = self._borrow(segment, segment.source, position)
        return MediaVoice(segment, decoder, keep_pitch=self._keep_pitch)

    def _borrow(self, segment: SoundSegment, source: MediaSource, position: int) -> AudioDecoder:
        try:
            return self._pool.borrow(source, position, segment.channel_map)
        except (MediaOpenError, MediaReadError) as error:
            raise type(error)(f"{segment.json_path}: {error}", error.path) from error

    def _end(self, segment: SoundSegment) -> None:
        voice = self._voices.pop(segment, None)
        if isinstance(voice, MediaVoice):
            self._note(segment, voice)
            self._pool.give_back(voice.decoder)

    def _note(self, segment: SoundSegment, voice: MediaVoice) -> None:
        location = voice.decoder.location
        missing = voice.missing_seconds()
        if missing > self._frame_duration:
            self._missing[segment.json_path] = TimelineWarning(
                segment.json_path,
                f"the sound of {location} ends {format_seconds(missing)} before "
                f"{_what_ends(segment, missing, self.sample_rate)} does; silence takes its place",
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


def _what_ends(segment: SoundSegment, missing: Fraction, sample_rate: int) -> str:
    """The clip, or the crossfade beyond its end where only that lacks sound."""
    for fade in segment.crossfades:
        led_out = not fade.rises and fade.start_sample > segment.start_sample
        if led_out and missing * sample_rate <= fade.end_sample - fade.start_sample:
            return "the crossfade to the next clip"
    return "the clip"


def _faded(samples: Samples, segment: SoundSegment, first: int, sample_rate: int) -> Samples:
    """``samples``, from output sample ``first`` on, with the fades and crossfades of the clip."""
    end = first + len(samples)
    gains = []
    if segment.fades is not None:
        fades = segment.fades
        envelope = FadeEnvelope(fades.start, fades.end, fades.top, fades.tail)
        if not envelope.is_flat(first, end, sample_rate):
            gains.append(envelope.gains(first, end, sample_rate))
    for crossfade in segment.crossfades:
        # Before it falls and after it has risen, sound stays as it is.
        if crossfade.start_sample < end and first < crossfade.end_sample:
            gains.append(crossfade_gains(crossfade, first, end).astype(np.float32))
    for factors in gains:
        samples = samples * factors[:, None]
    return samples


class _Track:
    """One audio track with what acts on it."""

    def __init__(self, plan: MixTrack, sample_rate: int) -> None:
        self.plan = plan
        self._levels = [Automation(spans, sample_rate, is_level=True) for spans in plan.levels]
        self._pans = [Automation(spans, sample_rate, is_level=False) for spans in plan.pans]

    def controlled(self, samples: Samples, first: int, *, is_mono: bool) -> Samples:
        """``samples``, from output sample ``first`` on, with the track's levels and its pan."""
        end = first + len(samples)
        for level in self._levels:
            gains = level.gains(first, end)
            if gains is not None:
                samples = samples * gains.astype(np.float32)[:, None]
        positions = None
        for pan in self._pans:
            positions = pan.positions(first, end, positions)
        if positions is None:
            return samples
        return (pan_mono if is_mono else pan_stereo)(samples, positions)
