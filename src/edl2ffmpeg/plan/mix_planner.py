"""From a timeline to what sounds at which output sample; it opens and mixes nothing.

Boundaries are the exact rational times rounded to the nearest sample.  Inside a segment
everything stays exact: the offset between timeline and source is one ``Fraction``, rounded
once, so clips that continue each other in the source continue each other in the mix.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from edl2ffmpeg.timeline.model import Clip, Segment, Source, Timeline, Track
from edl2ffmpeg.timing import frame_time, sample_at

__all__ = [
    "ClipFades",
    "MixPlan",
    "MixTrack",
    "SoundSegment",
    "plan_mix",
    "sample_range_of_frames",
]


@dataclass(frozen=True, slots=True)
class ClipFades:
    """The linear fades of one clip, which lasts ``[start, end)`` seconds of the timeline."""

    start: Fraction
    end: Fraction
    top: Fraction = Fraction(0)
    tail: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class SoundSegment:
    """One source sounding in ``[start_sample, end_sample)`` of the output.

    At timeline time t the source time is ``source_start + (t - parent_start) * speed``.
    ``fades`` are the whole clip's, or ``None``.
    """

    start_sample: int
    end_sample: int
    source: Source
    source_start: Fraction
    parent_start: Fraction
    speed: Fraction
    json_path: str
    clip_path: str
    fades: ClipFades | None = None

    def source_time(self, time: Fraction) -> Fraction:
        """Source time in seconds that sounds at timeline ``time``."""
        return self.source_start + (time - self.parent_start) * self.speed

    def source_shift(self, sample_rate: int) -> int:
        """At speed 1, what to add to an output sample to get the source's sample.

        It depends on the offset alone and not on the boundaries, each of which is rounded.
        """
        return sample_at(self.source_start - self.parent_start, sample_rate)

    def source_first_sample(self, sample_rate: int) -> int:
        """The source's sample that sounds at ``start_sample``, at any speed."""
        if self.speed == 1:
            return self.start_sample + self.source_shift(sample_rate)
        time = self.source_time(Fraction(self.start_sample, sample_rate))
        return sample_at(time, sample_rate)


@dataclass(frozen=True)
class MixTrack:
    """The segments of one audio track in order; they never overlap."""

    number: int
    segments: tuple[SoundSegment, ...]
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keeps the starts for the search."""
        object.__setattr__(self, "_starts", tuple(part.start_sample for part in self.segments))

    def sounding(self, start_sample: int, end_sample: int) -> Iterator[SoundSegment]:
        """The segments that sound anywhere in ``[start_sample, end_sample)``."""
        index = max(bisect_right(self._starts, start_sample) - 1, 0)
        while index < len(self.segments) and self._starts[index] < end_sample:
            if self.segments[index].end_sample > start_sample:
                yield self.segments[index]
            index += 1


@dataclass(frozen=True)
class MixPlan:
    """What to sum: the tracks, at ``sample_rate``; the timeline lasts ``total_samples``."""

    sample_rate: int
    total_samples: int
    tracks: tuple[MixTrack, ...]


def plan_mix(timeline: Timeline, sample_rate: int) -> MixPlan:
    """What ``timeline`` sounds like at ``sample_rate``."""
    tracks = tuple(_plan_track(track, sample_rate) for track in timeline.audio_tracks)
    return MixPlan(sample_rate, sample_at(timeline.duration, sample_rate), tracks)


def sample_range_of_frames(
    start_frame: int, end_frame: int, frame_rate: Fraction, sample_rate: int
) -> tuple[int, int]:
    """The samples that sound during output frames ``[start_frame, end_frame)``."""
    return (
        sample_at(frame_time(start_frame, frame_rate), sample_rate),
        sample_at(frame_time(end_frame, frame_rate), sample_rate),
    )


def _plan_track(track: Track, sample_rate: int) -> MixTrack:
    segments = (
        _plan_segment(segment, clip, sample_rate)
        for clip in track.clips
        for segment in clip.segments
    )
    # A segment shorter than half a sample can round to nothing.
    return MixTrack(
        track.number, tuple(part for part in segments if part.start_sample < part.end_sample)
    )


def _plan_segment(segment: Segment, clip: Clip, sample_rate: int) -> SoundSegment:
    parent = segment.range_in_parent
    return SoundSegment(
        start_sample=sample_at(parent.start, sample_rate),
        end_sample=sample_at(parent.end, sample_rate),
        source=segment.source,
        source_start=segment.source_range.start,
        parent_start=parent.start,
        speed=segment.speed,
        json_path=segment.json_path,
        clip_path=clip.json_path,
        fades=_fades(clip),
    )


def _fades(clip: Clip) -> ClipFades | None:
    top = clip.top_fade.duration if clip.top_fade else Fraction(0)
    tail = clip.tail_fade.duration if clip.tail_fade else Fraction(0)
    if not top and not tail:
        return None
    return ClipFades(clip.range_in_parent.start, clip.range_in_parent.end, top, tail)
