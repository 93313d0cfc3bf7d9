"""From a timeline to what sounds at which output sample; it opens and mixes nothing.

Boundaries are the exact rational times rounded to the nearest sample.  Inside a segment
everything stays exact: the offset between timeline and source is one ``Fraction``, rounded
once, so clips that continue each other in the source continue each other in the mix.

In a crossfade the clip before sounds on past its end.  Its segment is made longer for that, and
not continued by another, so that sound at another speed goes on without a seam.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import accumulate

from edl2ffmpeg.timeline.animation import Animation
from edl2ffmpeg.timeline.effects import TimeCurve
from edl2ffmpeg.timeline.model import (
    ChannelMap,
    Clip,
    Segment,
    Source,
    SubTrackSpan,
    Timeline,
    TimeRange,
    Track,
)
from edl2ffmpeg.timing import frame_at, frame_time, sample_at

__all__ = [
    "ClipFades",
    "ControlSpan",
    "Crossfade",
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
class Crossfade:
    """A passage of equal power over ``[start_sample, end_sample)`` of the output.

    At sample k of N, (k + 1/2) / N of the way is done; what ``rises`` grows with the sine of
    that share of a right angle, what does not falls with the cosine.
    """

    start_sample: int
    end_sample: int
    rises: bool


@dataclass(frozen=True, slots=True)
class ControlSpan:
    """A level or a pan over time, which acts in ``[start_sample, end_sample)`` of the output."""

    start_sample: int
    end_sample: int
    animation: Animation


@dataclass(frozen=True, slots=True)
class SoundSegment:
    """One source sounding in ``[start_sample, end_sample)`` of the output.

    At timeline time t the source time is ``source_start + (t - parent_start) * speed``, or what
    ``curve`` makes of ``t - parent_start``.  ``fades`` are the whole clip's, or ``None``.
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
    crossfades: tuple[Crossfade, ...] = ()
    channel_map: ChannelMap | None = None
    curve: TimeCurve | None = None

    def source_time(self, time: Fraction) -> Fraction:
        """Source time in seconds that sounds at timeline ``time``."""
        if self.curve is not None:
            return self.curve.at(time - self.parent_start)
        return self.source_start + (time - self.parent_start) * self.speed

    def source_shift(self, sample_rate: int) -> int:
        """At speed 1, what to add to an output sample to get the source's sample.

        It depends on the offset alone and not on the boundaries, each of which is rounded.
        """
        return sample_at(self.source_start - self.parent_start, sample_rate)

    def source_first_sample(self, sample_rate: int) -> int:
        """The source's sample that sounds at ``start_sample``, at any speed."""
        if self.speed == 1 and self.curve is None:
            return self.start_sample + self.source_shift(sample_rate)
        time = self.source_time(Fraction(self.start_sample, sample_rate))
        return sample_at(time, sample_rate)


@dataclass(frozen=True)
class MixTrack:
    """The segments of one audio track in order of their start; they overlap in crossfades alone.

    Each of ``levels`` and ``pans`` is one sub-track: spans in order, which never overlap.
    """

    number: int
    segments: tuple[SoundSegment, ...]
    levels: tuple[tuple[ControlSpan, ...], ...] = ()
    pans: tuple[tuple[ControlSpan, ...], ...] = ()
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _reach: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keeps, for the search, the starts, and where all up to each segment have ended."""
        object.__setattr__(self, "_starts", tuple(part.start_sample for part in self.segments))
        ends = accumulate((part.end_sample for part in self.segments), max)
        object.__setattr__(self, "_reach", tuple(ends))

    def sounding(self, start_sample: int, end_sample: int) -> Iterator[SoundSegment]:
        """The segments that sound anywhere in ``[start_sample, end_sample)``."""
        index = bisect_right(self._reach, start_sample)
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
    tracks = tuple(
        _plan_track(track, sample_rate, timeline.frame_rate) for track in timeline.audio_tracks
    )
    return MixPlan(sample_rate, sample_at(timeline.duration, sample_rate), tracks)


def sample_range_of_frames(
    start_frame: int, end_frame: int, frame_rate: Fraction, sample_rate: int
) -> tuple[int, int]:
    """The samples that sound during output frames ``[start_frame, end_frame)``."""
    return (
        sample_at(frame_time(start_frame, frame_rate), sample_rate),
        sample_at(frame_time(end_frame, frame_rate), sample_rate),
    )


def _plan_track(track: Track, sample_rate: int, frame_rate: Fraction) -> MixTrack:
    segments: list[SoundSegment] = []
    before: list[SoundSegment] = []
    before_end = -1
    for clip in track.clips:
        own = _plan_clip(clip, sample_rate)
        if before and own and clip.transition is not None and not clip.transition.segments:
            lasting = clip.transition.range_in_parent
            # As with pictures: a gap that rounds to no frame is none.
            if before_end == frame_at(lasting.start, frame_rate):
                before[-1] = _led_out(before[-1], *_samples(lasting, sample_rate))
        segments += before
        before = own
        before_end = frame_at(clip.range_in_parent.end, frame_rate)
    segments += before
    return MixTrack(
        track.number,
        # A segment shorter than half a sample can round to nothing.
        tuple(
            sorted(
                (part for part in segments if part.start_sample < part.end_sample),
                key=lambda part: part.start_sample,
            )
        ),
        _controls(track, sample_rate, lambda span: span.level),
        _controls(track, sample_rate, lambda span: span.pan),
    )


def _plan_clip(clip: Clip, sample_rate: int) -> list[SoundSegment]:
    """The segments of one clip; those that it ends with come last."""

    def planned(
        segments: Iterable[Segment], channel_map: ChannelMap | None, *crossfades: Crossfade
    ) -> list[SoundSegment]:
        return [
            _plan_segment(segment, clip, sample_rate, channel_map, crossfades)
            for segment in segments
        ]

    transition = clip.transition
    if transition is None:
        return planned(clip.segments, clip.channel_map)
    start, end = _samples(transition.range_in_parent, sample_rate)
    rising, falling = Crossfade(start, end, rises=True), Crossfade(start, end, rises=False)
    if transition.segments:
        return [
            *planned(clip.segments, clip.channel_map, falling),
            *planned(transition.segments, transition.channel_map, rising),
        ]
    return planned(clip.segments, clip.channel_map, rising)


def _led_out(segment: SoundSegment, start: int, end: int) -> SoundSegment:
    """``segment`` with the crossfade to the next clip, for which it sounds on."""
    return replace(
        segment,
        end_sample=end,
        crossfades=(*segment.crossfades, Crossfade(start, end, rises=False)),
    )


def _plan_segment(
    segment: Segment,
    clip: Clip,
    sample_rate: int,
    channel_map: ChannelMap | None,
    crossfades: tuple[Crossfade, ...],
) -> SoundSegment:
    parent = segment.range_in_parent
    start, end = _samples(parent, sample_rate)
    return SoundSegment(
        start_sample=start,
        end_sample=end,
        source=segment.source,
        source_start=segment.source_range.start,
        parent_start=parent.start,
        speed=segment.speed,
        json_path=segment.json_path,
        clip_path=clip.json_path,
        fades=_fades(clip),
        # One that is over before the segment begins has done all it does.
        crossfades=tuple(fade for fade in crossfades if fade.end_sample > start),
        channel_map=channel_map,
        curve=segment.curve,
    )


def _samples(range: TimeRange, sample_rate: int) -> tuple[int, int]:
    return sample_at(range.start, sample_rate), sample_at(range.end, sample_rate)


def _controls(
    track: Track, sample_rate: int, pick: Callable[[SubTrackSpan], Animation | None]
) -> tuple[tuple[ControlSpan, ...], ...]:
    """The sub-tracks whose spans hold what ``pick`` finds."""
    found: list[tuple[ControlSpan, ...]] = []
    for sub_track in track.sub_tracks:
        spans = tuple(
            ControlSpan(*_samples(span.range_in_parent, sample_rate), animation)
            for span in sub_track.spans
            if (animation := pick(span)) is not None
        )
        if spans:
            found.append(spans)
    return tuple(found)


def _fades(clip: Clip) -> ClipFades | None:
    top = clip.top_fade.duration if clip.top_fade else Fraction(0)
    tail = clip.tail_fade.duration if clip.tail_fade else Fraction(0)
    if not top and not tail:
        return None
    return ClipFades(clip.range_in_parent.start, clip.range_in_parent.end, top, tail)
