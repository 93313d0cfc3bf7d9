"""Sources laid end to end; the clip's length wins."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edl2ffmpeg.edl import parse_edl
from edl2ffmpeg.timeline import build_timeline
from edl2ffmpeg.timeline.model import Timeline


def source(start: float, end: float, **more: Any) -> Any:
    return {"uri": "a.mp4", "in": start, "out": end, **more}


def build(start: float, end: float, *sources: Any, **head: Any) -> Timeline:
    track = {"type": "video", "number": 1}
    clip = {"in": start, "out": end, "track": track, "sources": sources}
    return build_timeline(
        parse_edl(json.dumps({"clips": [clip], **head})),
        base_folder=Path("/"),
        resolve=lambda uri, folder: uri,
    )


def ranges(timeline: Timeline) -> list[tuple[Fraction | int, Fraction | int]]:
    segments = timeline.video_tracks[0].clips[0].segments
    return [(s.range_in_parent.start, s.range_in_parent.end) for s in segments]


def test_one_after_the_other_by_speed() -> None:
    timeline = build(1, 6, source(5, 6), source(0, 1, speed=0.5), source(0, 6, speed=3))
    assert ranges(timeline) == [(1, 2), (2, 4), (4, 6)]
    segments = timeline.video_tracks[0].clips[0].segments
    assert [s.json_path for s in segments] == [f"clips[0].sources[{i}]" for i in range(3)]
    assert not timeline.warnings


def test_the_last_is_extended() -> None:
    timeline = build(0, 10, source(0, 1), source(0, 1))
    assert ranges(timeline) == [(0, 1), (1, 10)]
    assert str(timeline.warnings[0]) == (
        "clips[0]: the 2 sources last 2 s, but the clip 10 s; the clip's length wins, the source "
        "plays on past its 'out'"
    )


def test_the_last_is_cut_and_what_is_beyond_dropped() -> None:
    timeline = build(0, 3, source(0, 2), source(0, 2), source(0, 2))
    assert ranges(timeline) == [(0, 2), (2, 3)]
    assert "last 6 s, but the clip 3 s" in timeline.warnings[0].message


def test_a_source_that_would_start_at_the_clips_end_is_dropped() -> None:
    assert ranges(build(0, 2, source(0, 2), source(0, 2))) == [(0, 2)]


def test_a_difference_of_one_frame_is_no_warning() -> None:
    assert not build(0, 1, source(0, 1.04), fps=25).warnings
    assert not build(0, 1, source(0, 0.96), fps=25).warnings
    assert build(0, 1, source(0, 1.041), fps=25).warnings
    assert build(0, 1, source(0, 0.959), fps=25).warnings


def test_one_source_in_a_list() -> None:
    assert ranges(build(0.1, 0.3, source(5, 5.2))) == [(Fraction(1, 10), Fraction(3, 10))]


_MILLISECONDS = st.integers(1, 5000)


@given(
    st.integers(0, 5000),
    _MILLISECONDS,
    st.lists(st.tuples(_MILLISECONDS, st.sampled_from([0.25, 0.5, 1, 2, 3])), min_size=1),
)
def test_segments_fill_the_clip(start: int, length: int, lengths: list[tuple[int, float]]) -> None:
    sources = [source(0, ms / 1000, speed=speed) for ms, speed in lengths]
    found = ranges(build(start / 1000, (start + length) / 1000, *sources, fps=1000))
    assert found[0][0] == Fraction(start, 1000)
    assert found[-1][1] == Fraction(start + length, 1000)
    assert all(a < b for a, b in found)
    assert all(found[i][1] == found[i + 1][0] for i in range(len(found) - 1))
    for (a, b), (ms, speed) in zip(found[:-1], lengths, strict=False):
        assert b - a == Fraction(ms, 1000) / Fraction(str(speed))
