"""Clips that overlap are refused; ends that are only rounded are not overlaps."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edl2ffmpeg.edl import parse_edl
from edl2ffmpeg.errors import EdlValidationError
from edl2ffmpeg.timeline import build_timeline, load_timeline_file
from edl2ffmpeg.timeline.model import Timeline


def clip(start: float, end: float, kind: str = "video", **track: Any) -> Any:
    source = {"generate": {"type": "black"}, "in": 0, "out": max(end - start, 0.001)}
    where = {"type": kind, "number": 1, **track}
    if "subtype" in track:
        source = {"filters": []}
    return {"in": start, "out": end, "track": where, "source": source}


def build(*clips: Any, **head: Any) -> Timeline:
    return build_timeline(
        parse_edl(json.dumps({**head, "clips": clips})),
        base_folder=Path("/"),
        resolve=lambda uri, folder: uri,
    )


def refused(*clips: Any, **head: Any) -> list[str]:
    with pytest.raises(EdlValidationError) as caught:
        build(*clips, **head)
    return [str(p) for p in caught.value.problems]


def test_both_clips_and_the_time_are_named() -> None:
    assert refused(clip(0, 5), clip(4.5, 9)) == [
        "clips[1]: overlaps clips[0] on video track 1 from 4.5 s to 5 s; move or shorten one of "
        "them"
    ]


def test_the_later_in_the_file_is_blamed() -> None:
    assert refused(clip(4, 9), clip(0, 5))[0].startswith("clips[1]: overlaps clips[0]")


def test_each_overlapping_clip_is_told_once() -> None:
    found = refused(clip(0, 10), clip(1, 2), clip(3, 4), clip(9, 12), clip(11, 13))
    assert [text.split(" on ")[0] for text in found] == [
        "clips[1]: overlaps clips[0]",
        "clips[2]: overlaps clips[0]",
        "clips[3]: overlaps clips[0]",
        "clips[4]: overlaps clips[3]",
    ]


def test_tracks_are_apart() -> None:
    build(clip(0, 5), clip(0, 5, "audio"), clip(0, 5, "audio", number=2))
    layer = {"subtype": "colour"}
    build(clip(0, 5), clip(0, 5, **layer), clip(0, 5, **layer, subnumber=2))
    assert "on video track 1 / colour 2 from" in refused(
        clip(0, 5, **layer, subnumber=2), clip(0, 5, **layer, subnumber=2)
    )[0]  # fmt: skip


def test_touching_is_no_overlap() -> None:
    build(clip(0, 5), clip(5, 9), clip(9, 9.1))


def test_ends_rounded_to_three_decimals() -> None:
    timeline = build(clip(0, 33.367), clip(33.366, 40), fps=29.97)
    first, second = timeline.video_tracks[0].clips
    assert first.range_in_parent.end == second.range_in_parent.start == Fraction(33366, 1000)
    assert first.segments[-1].range_in_parent.end == first.range_in_parent.end


def test_an_overlap_across_a_frame_boundary_is_one() -> None:
    # 10 ms, but frame 1 (from 0.02 s, rounded, at 25 fps) would be in both.
    assert refused(clip(0, 0.025), clip(0.015, 1), fps=25)


def test_sound_is_held_to_a_millisecond() -> None:
    build(clip(0, 1.001, "audio"), clip(1, 2, "audio"), fps=25)
    assert refused(clip(0, 1.002, "audio"), clip(1, 2, "audio"), fps=25)
    build(clip(0, 1.002), clip(1, 2), fps=25)


def test_same_start_is_never_rounding() -> None:
    assert refused(clip(0, 0.001), clip(0, 1), fps=25)


def test_a_clip_inside_another_is_never_rounding() -> None:
    assert refused(clip(0, 1), clip(0.9985, 0.999), fps=25)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), min_size=1, max_size=12))
def test_against_every_pair(spans: list[tuple[int, int]]) -> None:
    clips = [clip(start / 10, (start + length) / 10) for start, length in spans]
    pairs = [
        (a, b)
        for i, (a, la) in enumerate(spans)
        for (b, lb) in spans[:i]
        if a < b + lb and b < a + la
    ]
    if pairs:
        assert refused(*clips, fps=10)
    else:
        ends = [c.range_in_parent.end for c in build(*clips, fps=10).video_tracks[0].clips]
        assert ends == sorted(ends)


def test_the_rate_that_is_rendered_judges(tmp_path: Path) -> None:
    """18 ms are less than half a frame at 25 per second, and more than two at 120."""
    path = tmp_path / "cut.json"
    edl = {"fps": 25, "clips": [clip(0, 1.009), clip(0.991, 2)]}
    path.write_text(json.dumps(edl))

    def load(rate: Fraction | None) -> Timeline:
        return load_timeline_file(path, resolve=lambda uri, folder: uri, frame_rate=rate)

    assert load(None).frame_rate == 25
    assert load(Fraction(10)).frame_rate == 25
    with pytest.raises(EdlValidationError, match="overlaps"):
        load(Fraction(120))
    edl["fps"] = 120
    path.write_text(json.dumps(edl))
    with pytest.raises(EdlValidationError, match="overlaps"):
        load(None)
    assert load(Fraction(25)).frame_rate == 120
