"""Plans output frames: which pictures a frame shows and what is done to them.

It reads the timeline alone; it opens nothing and draws nothing.  A lookup costs
O(log clips).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from edl2ffmpeg.plan.model import (
    ColourMix,
    FramePlan,
    GeneratedPicture,
    LayerPlan,
    MediaPicture,
)
from edl2ffmpeg.timeline.model import (
    Clip,
    GeneratedSource,
    Segment,
    Timeline,
    Track,
)
from edl2ffmpeg.timing import frame_at, frame_time

__all__ = ["FramePlanner"]

_ONE = Fraction(1)
_ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class _Span:
    """A segment with the output frames ``[start_frame, end_frame)`` that show it."""

    start_frame: int
    end_frame: int
    clip: Clip
    segment: Segment


class FramePlanner:
    """Answers ``frame(n)`` for every output frame ``0 <= n < frame_count``."""

    def __init__(self, timeline: Timeline) -> None:
        self._rate = timeline.frame_rate
        self._tracks = [
            (track.number, _TrackIndex(track, self._rate)) for track in timeline.video_tracks
        ]
        self.frame_count = frame_at(timeline.duration, self._rate)

    def frame(self, number: int) -> FramePlan:
        """The plan of output frame ``number``; ``IndexError`` outside the timeline."""
        if not 0 <= number < self.frame_count:
            raise IndexError(f"frame {number} is outside 0..{self.frame_count - 1}")
        time = frame_time(number, self._rate)
        layers = []
        for track_number, index in self._tracks:
            span = index.at(number)
            if span is not None:
                layers.append(self._layer(track_number, span, time))
        return FramePlan(number, time, tuple(layers))

    def segments_between(self, start: int, end: int) -> list[Segment]:
        """The segments that frames ``[start, end)`` show, in order of track and time."""
        found: list[Segment] = []
        for _, index in self._tracks:
            found += [span.segment for span in index.between(start, end)]
        return found

    def _layer(self, track: int, span: _Span, time: Fraction) -> LayerPlan:
        segment = span.segment
        source = segment.source
        source_time = segment.source_time(time)
        picture: MediaPicture | GeneratedPicture
        if isinstance(source, GeneratedSource):
            picture = GeneratedPicture(source, frame_at(source_time, self._rate))
            gamma = _ONE
        else:
            picture = MediaPicture(source, source_time)
            gamma = source.gamma
        opacity, mix = _fade(span.clip, time)
        return LayerPlan(
            picture, track, segment.json_path, span.clip.json_path, gamma, mix, opacity
        )


class _TrackIndex:
    """The spans of one track, searchable by output frame."""

    def __init__(self, track: Track, rate: Fraction) -> None:
        self._spans: list[_Span] = []
        for clip in track.clips:
            for segment in clip.segments:
                start = frame_at(segment.range_in_parent.start, rate)
                end = frame_at(segment.range_in_parent.end, rate)
                if end > start:
                    self._spans.append(_Span(start, end, clip, segment))
        self._starts = [span.start_frame for span in self._spans]

    def at(self, number: int) -> _Span | None:
        position = bisect_right(self._starts, number) - 1
        if position < 0:
            return None
        span = self._spans[position]
        return span if number < span.end_frame else None

    def between(self, start: int, end: int) -> Sequence[_Span]:
        first = max(bisect_right(self._starts, start) - 1, 0)
        last = bisect_right(self._starts, end - 1)
        return [span for span in self._spans[first:last] if span.end_frame > start]


def _fade(clip: Clip, time: Fraction) -> tuple[Fraction, ColourMix | None]:
    """Opacity and colour mix that the clip's fades ask for at timeline ``time``."""
    fade, weight = None, _ONE
    if clip.top_fade is not None:
        top = (time - clip.range_in_parent.start) / clip.top_fade.duration
        if top < weight:
            fade, weight = clip.top_fade, top
    if clip.tail_fade is not None:
        tail = (clip.range_in_parent.end - time) / clip.tail_fade.duration
        if tail < weight:
            fade, weight = clip.tail_fade, tail
    if fade is None:
        return _ONE, None
    weight = max(weight, _ZERO)
    if fade.colour is None:
        return weight, None
    return _ONE, ColourMix(fade.colour, weight)
