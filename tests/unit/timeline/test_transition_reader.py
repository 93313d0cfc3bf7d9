"""Transitions in both forms."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import pytest

from edl2ffmpeg.timeline.colour import BLACK
from edl2ffmpeg.timeline.effects import TransitionKind, TransitionLook
from edl2ffmpeg.timeline.model import Timeline, TimeRange, Transition, YuvColour
from unit.timeline.test_builder import build, clip

MEDIA = {"uri": "b.mp4", "in": 2, "out": 4}


def transition(timeline: Timeline) -> Transition:
    found = timeline.video_tracks[0].clips[-1].transition
    assert found is not None
    return found


def made(length: float = 2, **written: Any) -> Transition:
    return transition(build(clip(10, 10 + length, transition=written)))


@pytest.mark.parametrize(
    ("written", "look"),
    [
        ({"type": "dissolve"}, TransitionLook(TransitionKind.DISSOLVE)),
        ({"type": "dip"}, TransitionLook(TransitionKind.DIP, BLACK)),
        (
            {"type": "dip", "yuv": "515AF0"},
            TransitionLook(TransitionKind.DIP, YuvColour(0x51, 0x5A, 0xF0)),
        ),
        (
            {"type": "wipe", "angle": 90, "softness": 0.1, "invert": True},
            TransitionLook(TransitionKind.WIPE, angle=90.0, softness=0.1, invert=True),
        ),
        ({"type": "slide", "angle": -45}, TransitionLook(TransitionKind.SLIDE, angle=-45.0)),
        ({"type": "push"}, TransitionLook(TransitionKind.PUSH)),
        ({"type": "iris", "points": 5}, TransitionLook(TransitionKind.IRIS, points=5)),
        ({"type": "squares"}, TransitionLook(TransitionKind.SQUARES, columns=16)),
        ({"type": "squares", "xsquares": 9}, TransitionLook(TransitionKind.SQUARES, columns=9)),
    ],
)
def test_looks(written: Any, look: TransitionLook) -> None:
    assert made(duration=1, **written).look == look


def test_a_duration_counts_from_the_clips_in() -> None:
    found = made(type="dissolve", duration=0.7)
    assert found.range_in_parent == TimeRange(F(10), F(107, 10))
    assert (found.segments, found.json_path) == ((), "clips[0].transition")


def test_it_ends_with_the_clip() -> None:
    timeline = build(clip(10, 11, transition={"type": "dissolve", "duration": 3}))
    assert transition(timeline).range_in_parent == TimeRange(F(10), F(11))
    assert [str(warning) for warning in timeline.warnings] == [
        "clips[0].transition.duration: is 3 s, but the clip lasts 1 s; the transition ends with "
        "the clip"
    ]
    assert not build(clip(10, 11, transition={"type": "dissolve", "duration": 1})).warnings


def test_a_duration_of_no_frame_is_a_warning() -> None:
    (warning,) = build(clip(1, 2, transition={"type": "dip", "duration": 0.01})).warnings
    assert warning.json_path == "clips[0].transition.duration"
    assert "too short for a frame" in warning.message


def test_sources_are_laid_out_over_the_whole_clip() -> None:
    parts = [{"uri": "b.mp4", "in": 0, "out": 1}, {"uri": "c.mp4", "in": 5, "out": 6}]
    found = made(type="wipe", sources=parts)
    assert found.range_in_parent == TimeRange(F(10), F(12))
    first, second = found.segments
    assert first.range_in_parent == TimeRange(F(10), F(11))
    assert second.range_in_parent == TimeRange(F(11), F(12))
    assert second.source_time(F(23, 2)) == F(11, 2)
    assert second.json_path == "clips[0].transition.sources[1]"
    assert made(type="wipe", source=MEDIA).segments[0].json_path == "clips[0].transition.source"


def test_the_length_of_its_sources_is_judged() -> None:
    timeline = build(clip(0, 5, transition={"type": "wipe", "source": MEDIA}))
    assert [str(warning) for warning in timeline.warnings] == [
        "clips[0].transition: the source lasts 2 s, but the clip 5 s; the clip's length wins, the "
        "source plays on past its 'out'"
    ]


def test_the_clips_timing_is_not_that_of_the_transitions_source() -> None:
    motion = {"offset": 1, "duration": 4}
    timeline = build(clip(0, 2, motion=motion, transition={"type": "wipe", "source": MEDIA}))
    assert timeline.video_tracks[0].clips[0].segments[0].speed == 2
    assert transition(timeline).segments[0].source_time(F(0)) == 2
    assert transition(timeline).segments[0].speed == 1
