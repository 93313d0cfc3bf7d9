"""Chunks are split by frames alone, and known by what they draw."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import edl2ffmpeg
from edl2ffmpeg.plan.chunks import Chunk, PlanDigest, clips_of, split
from edl2ffmpeg.plan.frame_planner import FramePlanner
from helpers.edl_factory import document, generated, media, video_clip


@given(
    start=st.integers(0, 100),
    length=st.integers(1, 5000),
    rate=st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(1, 2)]),
    seconds=st.fractions(0, 20, max_denominator=100),
)
def test_chunks_follow_each_other(
    start: int, length: int, rate: Fraction, seconds: Fraction
) -> None:
    chunks = split((start, start + length), rate, seconds)
    assert [frame for chunk in chunks for frame in range(chunk.start, chunk.end)] == list(
        range(start, start + length)
    )
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert len({chunk.frames for chunk in chunks[:-1]}) <= 1
    assert (len(chunks) == 1) or seconds > 0


def planner(tmp_path: Path, edl: dict[str, Any]) -> FramePlanner:
    path = tmp_path / "cut.json"
    path.write_text(json.dumps(edl))
    return FramePlanner(edl2ffmpeg.load_timeline(path))


def digest(tmp_path: Path, *clips: dict[str, Any], first: int = 0) -> str:
    found = planner(tmp_path, document(*clips))
    return PlanDigest(found).of(Chunk(0, first, first + 15)).digest


BASE = video_clip(media("a.mp4", 1, 3), 0, 2)


def test_places_of_the_edl_and_other_times_do_not_matter(tmp_path: Path) -> None:
    known = digest(tmp_path, BASE)
    assert digest(tmp_path, video_clip(generated("black", 1), 2, 3), BASE) == known
    assert digest(tmp_path, video_clip(media("./a.mp4", 1, 2), 0, 1)) == known
    moved = video_clip(media("a.mp4", 1, 3), 1, 3)
    assert digest(tmp_path, video_clip(generated("black", 1), 0, 1), moved, first=30) == known


@pytest.mark.parametrize(
    "clips",
    [
        [video_clip(media("b.mp4", 1, 3), 0, 2)],
        [video_clip(media("a.mp4", 1.1, 3.1), 0, 2)],
        [video_clip(media("a.mp4", 1, 3), 0, 2, number=2)],
        [video_clip(media("a.mp4", 1, 3), 0, 2, topFade=0.2)],
        [video_clip(media("a.mp4", 1, 3), 0, 2, motion={"zoomX": 0.5})],
        [video_clip(media("a.mp4", 1, 3), 0, 2, effects=[{"type": "blur", "value": 9}])],
        [BASE, video_clip(generated("testpattern", 0.1), 0.4, 0.5, 2)],
    ],
)
def test_what_is_drawn_matters(tmp_path: Path, clips: list[dict[str, Any]]) -> None:
    assert digest(tmp_path, *clips) != digest(tmp_path, BASE)


def test_what_is_read_is_listed(tmp_path: Path) -> None:
    lut = [{"type": "lut", "uri": "look.cube"}]
    text = {"track": {"type": "burnin", "number": 1}, "in": 0, "out": 1}
    text |= {"source": {"text": "Hi", "in": 0, "out": 1}}
    found = planner(
        tmp_path, document(BASE, video_clip(media("b.mp4", 0, 1), 2, 3, effects=lut), text)
    )
    first, last = (PlanDigest(found).of(Chunk(0, *part)) for part in ((0, 15), (60, 75)))
    assert first.media == (str(tmp_path / "a.mp4"),)
    assert (last.media, last.luts) == ((str(tmp_path / "b.mp4"),), (str(tmp_path / "look.cube"),))
    assert list(clips_of(found, Chunk(0, 55, 65))) == ["clips[0]", "clips[1]"]
