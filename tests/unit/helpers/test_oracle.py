"""The oracle against answers worked out by hand from the format's text."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.clip_shapes import SHAPES
from helpers.edl_factory import (
    OUTPUT_RATES,
    document,
    generated,
    media,
    random_edls,
    sources_clip,
    uris_of,
    video_clip,
)
from helpers.media_factory import ClipInfo
from helpers.oracle import expected_frame, expected_frames, output_rate, tolerance


def _clip(shape: str, frames: int = 100, file_id: int = 1) -> ClipInfo:
    """What would be known about a clip of constant rate, without making it."""
    rate = SHAPES[shape].rate
    times = tuple(number / rate for number in range(frames))
    path = Path(f"/clips/{file_id}")
    return ClipInfo(
        path, SHAPES[shape], file_id, times, tuple(range(frames)), Fraction(1, 1000), Fraction(0)
    )


@pytest.mark.parametrize(
    ("time", "frame"),
    [("0", 0), ("-1", 0), ("0.0389", 0), ("0.039", 1), ("0.04", 1), ("3.96", 99), ("50", 99)],
)
def test_the_picture_being_played(time: str, frame: int) -> None:
    assert expected_frame(_clip("h264_25_mp4"), Fraction(time)) == frame


def test_the_tolerance_is_a_quarter_frame_at_high_rates() -> None:
    clip = _clip("h264_25_mp4")
    assert tolerance(clip) == Fraction(1, 1000)
    fast = replace(clip, shape=replace(clip.shape, rate=Fraction(500)))
    assert tolerance(fast) == Fraction(1, 2000)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (23.976, Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        (30, Fraction(30)),
        (None, Fraction(30)),
        (12.5, Fraction(25, 2)),
    ],
)
def test_output_rates(fps: float | str | None, rate: Fraction) -> None:
    assert output_rate({"fps": fps}) == rate


def test_cuts_gaps_and_speed() -> None:
    clip = _clip("h264_25_mp4")
    edl = document(
        video_clip(media(clip.path, 1, 1.08), 0.04, 0.12),
        video_clip(media(clip.path, 2, 2.16, speed=2), 0.16, 0.24),
        video_clip(media(clip.path, 0, 0.04, speed=0.5), 0.24, 0.32),
        fps=25,
    )
    assert expected_frames(edl, uris_of([clip])) == [
        *(None, (1, 25), (1, 26)),
        *(None, (1, 50), (1, 52), (1, 0), (1, 0)),
    ]


def test_lists_follow_each_other_and_the_last_fills_the_clip() -> None:
    first, second = _clip("h264_25_mp4", file_id=1), _clip("h264_25_mp4", file_id=2)
    sources = [media(first.path, 1, 1.08), media(second.path, 0, 0.04)]
    edl = document(sources_clip(sources, 0, 0.16), fps=25)
    assert expected_frames(edl, uris_of([first, second])) == [(1, 25), (1, 26), (2, 0), (2, 1)]


def test_a_list_too_long_is_cut_off_by_its_clip() -> None:
    first, second = _clip("h264_25_mp4", file_id=1), _clip("h264_25_mp4", file_id=2)
    sources = [media(first.path, 0, 0.4), media(second.path, 0, 0.04)]
    edl = document(sources_clip(sources, 0, 0.08), fps=25)
    assert expected_frames(edl, uris_of([first, second])) == [(1, 0), (1, 1)]


def test_bounds_round_to_the_nearest_frame_and_time_stays_exact() -> None:
    clip = _clip("h264_25_mp4")
    # In at 0.55 frames: the first picture is at frame 1, 0.018 s into the source.
    edl = document(video_clip(media(clip.path, 0.999, 1.099), 0.022, 0.122), fps=25)
    assert expected_frames(edl, uris_of([clip])) == [None, (1, 25), (1, 26)]


def test_generated_sources_and_higher_tracks_hide_what_is_below() -> None:
    clip = _clip("h264_25_mp4")
    edl = document(
        video_clip(media(clip.path, 0, 0.12), 0, 0.12),
        video_clip(generated("black", 0.04), 0.04, 0.08, number=2),
        fps=25,
    )
    assert expected_frames(edl, uris_of([clip])) == [(1, 0), None, (1, 2)]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_edls_keep_their_promises(data: st.DataObject) -> None:
    clips = [_clip("h264_25_mp4", 100, 1), _clip("h264_60_mkv", 240, 2)]
    edl = data.draw(random_edls(clips))
    assert edl["fps"] in OUTPUT_RATES
    shown = expected_frames(edl, uris_of(clips))
    assert 1 <= len(shown) <= 5 * 60
    ranges = sorted((clip["in"], clip["out"]) for clip in edl["clips"])
    assert all(a[1] <= b[0] for a, b in pairwise(ranges))
    for clip in edl["clips"]:
        sources = clip.get("sources") or [clip["source"]]
        length = sum((s["out"] - s["in"]) / s.get("speed", 1) for s in sources)
        assert abs(clip["out"] - clip["in"] - length) < 1 / 60
        assert all(0 <= s["in"] < s["out"] <= 4 for s in sources)
