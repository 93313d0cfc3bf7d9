"""Where the picture is cut, on timelines made by hand."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

from edl2ffmpeg.plan.cut_points import Shot, cut_points, shots
from edl2ffmpeg.timeline.model import (
    Clip,
    MediaSource,
    Segment,
    StreamKind,
    StreamSelector,
    Timeline,
    TimeRange,
    Track,
)

A = MediaSource("a.mp4", "/a.mp4", StreamSelector(StreamKind.VIDEO))


def clip(name: str, *edges: F | float) -> Clip:
    """A clip of one segment between each two neighbours of ``edges``, in seconds."""
    times = [F(str(edge)) for edge in edges]
    segments = tuple(
        Segment(A, TimeRange(start, end), TimeRange(F(0), end - start), F(1), f"{name}.{index}")
        for index, (start, end) in enumerate(pairwise(times))
    )
    return Clip(TimeRange(times[0], times[-1]), segments, name)


def timeline(*tracks: list[Clip], duration: float | None = None, rate: F = F(10)) -> Timeline:
    made = tuple(
        Track(StreamKind.VIDEO, number, tuple(clips)) for number, clips in enumerate(tracks, 1)
    )
    ends = [entry.range_in_parent.end for track in made for entry in track.clips]
    end = max(ends) if duration is None else F(str(duration))
    return Timeline(rate, 64, 36, made, (), end)


def listed(made: Timeline) -> list[tuple[int, list[str]]]:
    return [
        (point.frame, [segment.json_path for segment in point.starts]) for point in cut_points(made)
    ]


def test_clips_that_meet() -> None:
    made = timeline([clip("a", 0, 1), clip("b", 1, 2.5)])
    assert listed(made) == [(0, ["a.0"]), (10, ["b.0"])]
    assert shots(made) == [Shot(0, 10), Shot(10, 25)]


def test_gaps_and_the_black_around_them() -> None:
    made = timeline([clip("a", 1, 2), clip("b", 3, 4)], duration=5)
    assert listed(made) == [(0, []), (10, ["a.0"]), (20, []), (30, ["b.0"]), (40, [])]
    assert shots(made)[-1] == Shot(40, 50)


def test_sources_of_a_clip_are_cuts() -> None:
    made = timeline([clip("a", 0, 0.5, 0.8, 2)])
    assert listed(made) == [(0, ["a.0"]), (5, ["a.1"]), (8, ["a.2"])]


def test_a_part_too_short_to_be_seen_is_none() -> None:
    made = timeline([clip("a", 0, 1), clip("b", 1, 1.04), clip("c", 1.04, 2)])
    assert listed(made) == [(0, ["a.0"]), (10, ["c.0"])]


def test_cuts_are_rounded_as_the_planner_rounds() -> None:
    made = timeline([clip("a", 0, 4), clip("b", 4, 6)], rate=F(30000, 1001))
    assert [point.frame for point in cut_points(made)] == [0, 120]


def test_cuts_of_all_tracks_count_once() -> None:
    made = timeline([clip("a", 0, 2), clip("b", 2, 4)], [clip("x", 1, 2), clip("y", 2, 3)])
    assert listed(made) == [(0, ["a.0"]), (10, ["x.0"]), (20, ["b.0", "y.0"]), (30, [])]


def test_nothing_to_see() -> None:
    assert cut_points(timeline(duration=3)) == []
    assert shots(timeline(duration=3)) == []
    assert shots(timeline(duration=0)) == []


def test_edges_of_a_shot() -> None:
    assert Shot(3, 9).edges == (3, 8)
    assert Shot(3, 4).edges == (3,)
