"""Lists when a track's texts are shown, for those who read and do not draw them.

It reads the timeline alone; how a text looks is not said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from edl2ffmpeg.plan.frame_index import frames_of
from edl2ffmpeg.timeline.model import Clip, Segment, TextKind, TextSource, Timeline, Track
from edl2ffmpeg.timing import frame_time

__all__ = ["Cue", "cues_of", "subtitle_tracks"]


@dataclass(frozen=True, slots=True)
class Cue:
    """``text`` is shown during ``[start, end)``, in seconds from the movie's first frame.

    Lines are parted by ``\\n``.
    """

    start: Fraction
    end: Fraction
    text: str


def subtitle_tracks(timeline: Timeline) -> tuple[Track, ...]:
    """The tracks of subtitles, by number; those that are always burnt in are left out."""
    return tuple(track for track in timeline.text_tracks if track.kind is TextKind.SUBTITLE)


def cues_of(track: Track, rate: Fraction, frame_range: tuple[int, int]) -> tuple[Cue, ...]:
    """The cues of ``track`` in a movie of the output frames ``frame_range``.

    They begin and end with the frames that would show the text.  A text without letters gives
    none; equal texts that follow each other stay apart, as in the EDL.
    """
    first, last = frame_range
    found = []
    for clip in track.clips:
        for start, end, segment in _shown(clip, rate):
            start, end = max(start, first), min(end, last)
            text = _text_of(segment)
            if start < end and text:
                begins, ends = start - first, end - first
                found.append(Cue(frame_time(begins, rate), frame_time(ends, rate), text))
    return tuple(found)


def _shown(clip: Clip, rate: Fraction) -> Iterator[tuple[int, int, Segment]]:
    """The clip's segments with their frames.

    A transition to other texts of the same clip is over for a reader when it is half over: of
    two pictures that are mixed the one counts that has the greater share.
    """
    led_to: tuple[Segment, ...] = ()
    start, middle = frames_of(clip.range_in_parent, rate)
    if clip.transition is not None and clip.transition.segments:
        led_to = clip.transition.segments
        middle = (start + middle) // 2
    for segment in clip.segments:
        begins, ends = frames_of(segment.range_in_parent, rate)
        yield begins, min(ends, middle), segment
    for segment in led_to:
        begins, ends = frames_of(segment.range_in_parent, rate)
        yield max(begins, middle), ends, segment


def _text_of(segment: Segment) -> str:
    """The segment's text; empty where there is nothing to be seen of it."""
    if not isinstance(segment.source, TextSource):
        return ""
    # A zero byte ends a text for FFmpeg, and is nothing to look at.
    text = segment.source.text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text if text.strip() else ""
