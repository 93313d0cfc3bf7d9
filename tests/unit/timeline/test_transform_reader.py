"""A clip's motion: its geometry, and which source time is shown when."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import pytest

from edl2ffmpeg.timeline.animation import Animation
from edl2ffmpeg.timeline.effects import TimeCurve, Transform
from edl2ffmpeg.timeline.model import Clip, Segment, Timeline, TimeRange
from unit.timeline.test_builder import build, clip, refused


def moved(**motion: Any) -> Timeline:
    """A clip from 10 s to 14 s that plays its source from 3 s on."""
    return build(clip(10, 14, source={"uri": "a.mp4", "in": 3, "out": 7}, motion=motion))


def only_clip(timeline: Timeline) -> Clip:
    return timeline.video_tracks[0].clips[0]


def segment(**motion: Any) -> Segment:
    return only_clip(moved(**motion)).segments[0]


def test_geometry_is_one_constant_transform() -> None:
    made = only_clip(moved(panX=0.5, panY=-1, zoomX=2, zoomY=-3, rotation=45, flip=True))
    values = Animation.constant(0.5, -1, 2, -3, 45, 1, 1)
    assert made.transforms == (Transform(values, True, "clips[0].motion"),)


def test_what_moves_nothing_is_no_transform() -> None:
    assert only_clip(moved(panX=0, zoomX=1, flip=False, offset=1)).transforms == ()
    assert len(only_clip(moved(flip=True)).transforms) == 1


def test_no_timing_changes_nothing() -> None:
    assert segment(offset=0) == segment()


def test_offset_is_added_to_the_source_time() -> None:
    later = segment(offset=0.5)
    assert later.source_time(F(10)) == F(7, 2)
    assert later.source_range == TimeRange(F(7, 2), F(15, 2))
    assert segment(offset=-4).source_time(F(10)) == -1


def test_duration_is_what_is_shown_over_the_clip() -> None:
    fast = segment(duration=6, offset=1)
    assert fast.speed == F(3, 2)
    assert (fast.source_time(F(10)), fast.source_time(F(14))) == (4, 10)
    assert fast.source_range == TimeRange(F(4), F(10))


def test_duration_replaces_the_sources_speed() -> None:
    source = {"uri": "a.mp4", "in": 0, "out": 5, "speed": 4}
    timeline = build(clip(0, 3, source=source, motion={"duration": 1}))
    assert only_clip(timeline).segments[0].speed == F(1, 3)
    assert not timeline.warnings


def test_duration_works_on_generated_sources() -> None:
    source = {"generate": {"type": "demo"}, "in": 0, "out": 2}
    timeline = build(clip(0, 2, source=source, motion={"duration": 4}))
    assert only_clip(timeline).segments[0].source_time(F(1)) == 2


def test_straight_lines_through_points() -> None:
    points = [
        {"srcTime": 8, "dstTime": 0},
        {"srcTime": 5, "dstTime": 1.5},
        {"srcTime": 6, "dstTime": 2},
    ]
    bent = segment(bezier=points, offset=0.25)
    assert bent.curve == TimeCurve(((F(0), F(33, 4)), (F(3, 2), F(21, 4)), (F(2), F(25, 4))))
    assert bent.source_time(F(10)) == F(33, 4)
    assert bent.source_time(F(11)) == F(25, 4)
    assert bent.source_time(F(14)) == F(25, 4)
    assert bent.latest_source_time == F(33, 4)


@pytest.mark.parametrize(
    ("count", "is_bezier"), [(2, False), (3, False), (4, True), (5, False), (6, False), (7, True)]
)
def test_how_many_points_are_curves(count: int, is_bezier: bool) -> None:
    points = [{"srcTime": n, "dstTime": n} for n in range(count)]
    curve = segment(bezier=points).curve
    assert curve is not None
    assert curve.is_bezier is is_bezier


def test_points_need_not_fill_the_clip_and_no_length_is_judged() -> None:
    timeline = moved(bezier=[{"srcTime": 0, "dstTime": 1}, {"srcTime": 90, "dstTime": 2}])
    assert not timeline.warnings
    assert only_clip(timeline).segments[0].source_time(F(13)) == 90


def test_offset_alone_leaves_the_length_to_be_judged() -> None:
    source = {"uri": "a.mp4", "in": 0, "out": 1}
    (warning,) = build(clip(0, 3, source=source, motion={"offset": 1})).warnings
    assert "the source lasts 1 s, but the clip 3 s" in warning.message


def test_duration_beside_points_is_a_warning() -> None:
    points = [{"srcTime": 0, "dstTime": 0}, {"srcTime": 1, "dstTime": 4}]
    (warning,) = moved(duration=3, bezier=points).warnings
    assert str(warning) == (
        "clips[0].motion.duration: has no effect beside 'bezier', which sets every source time"
    )


@pytest.mark.parametrize(
    ("motion", "key"),
    [
        ({"offset": 1}, "offset"),
        ({"duration": 2, "panX": 1}, "duration"),
        ({"bezier": [{"srcTime": 0, "dstTime": 0}, {"srcTime": 0, "dstTime": 1}]}, "bezier"),
    ],
)
def test_timing_of_several_sources_is_refused(motion: Any, key: str) -> None:
    # The second source would begin after the clip's end; it counts all the same.
    part = {"uri": "a.mp4", "in": 0, "out": 9}
    several = {"in": 0, "out": 2, "track": {"type": "video", "number": 1}, "sources": [part, part]}
    assert refused({**several, "motion": motion}) == [
        f"clips[0].motion.{key}: is the timing of one source, but the clip has 2; make each source "
        f"a clip of its own, or remove {key!r}"
    ]
    build({**several, "motion": {"panX": 1, "offset": 0}})
    build({**several, "sources": [part], "motion": motion})


def test_points_that_go_back_in_time_are_refused() -> None:
    times = (0, 2, 1, 3)
    points = [{"srcTime": n, "dstTime": time} for n, time in enumerate(times)]
    (problem,) = refused(clip(0, 3, motion={"bezier": points}))
    assert problem.startswith("clips[0].motion.bezier[2].dstTime: must be at least that of the")
