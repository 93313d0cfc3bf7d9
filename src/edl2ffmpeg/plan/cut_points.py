"""Lists where the picture is cut: the frames at which something else begins to show.

It reads the timeline alone; it does not know whether two sources look different.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.timeline.model import Segment, Timeline
from edl2ffmpeg.timing import frame_at

__all__ = ["CutPoint", "Shot", "cut_points", "shots"]


@dataclass(frozen=True, slots=True)
class CutPoint:
    """``frame`` is the first to show the segments in ``starts``, in order of track.

    ``starts`` is empty where something ends and nothing takes its place on its track: what
    was beneath is seen, or black.
    """

    frame: int
    starts: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames ``[start_frame, end_frame)`` from one cut point to the next."""

    start_frame: int
    end_frame: int

    @property
    def edges(self) -> tuple[int, ...]:
        """The first frame and the last; one frame where they are the same."""
        last = self.end_frame - 1
        return (self.start_frame,) if last == self.start_frame else (self.start_frame, last)


def cut_points(timeline: Timeline) -> list[CutPoint]:
    """The cut points of all video tracks in order of time, the first of them frame 0.

    Sources of a ``sources`` list count like clips.  Empty when the timeline shows no picture.
    """
    # A new subtitle is no cut.
    planner = FramePlanner(replace(timeline, text_tracks=()))
    shown = planner.segments_between(0, planner.frame_count)
    if not shown:
        return []
    starts: dict[int, list[Segment]] = {0: []}
    for segment in shown:
        first = frame_at(segment.range_in_parent.start, timeline.frame_rate)
        end = frame_at(segment.range_in_parent.end, timeline.frame_rate)
        starts.setdefault(first, []).append(segment)
        if end < planner.frame_count:
            starts.setdefault(end, [])
    return [CutPoint(frame, tuple(starts[frame])) for frame in sorted(starts)]


def shots(timeline: Timeline) -> list[Shot]:
    """What is between the cut points, in order; it covers every frame of the timeline."""
    end = frame_at(timeline.duration, timeline.frame_rate)
    frames = [point.frame for point in cut_points(timeline)]
    return [Shot(*edges) for edges in pairwise([*frames, end])] if frames else []
