"""Timestamps to samples: exact ticks, coarse ticks on a grid, and where only counting helps."""

from __future__ import annotations

from fractions import Fraction

import pytest

from edl2ffmpeg.audio.landmarks import Landmarks
from edl2ffmpeg.audio.lost_frames import LostFrames
from edl2ffmpeg.audio.sample_clock import SampleClock
from edl2ffmpeg.timing import pts_at

MILLISECOND = Fraction(1, 1000)


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("ticks", [1000, 90000, 44100, 48000])
@pytest.mark.parametrize("start", [0, 47, 312])
def test_every_frame_of_a_coarse_container_is_found(rate: int, ticks: int, start: int) -> None:
    base = Fraction(1, ticks)
    clock = SampleClock(rate, base, pts_at(Fraction(7), base), 1024 - start, 1024)
    assert clock.finds_samples
    for index in range(0, 20000, 37):
        position = 1024 - start + index * 1024
        pts = pts_at(7 + Fraction(position, rate), base)
        assert clock.position(pts) == position
        assert clock.follows(pts, position)


def test_exact_ticks_are_believed_off_the_grid() -> None:
    clock = SampleClock(48000, Fraction(1, 48000), 100, 1024, 1024)
    assert clock.position(100 + 5000) == 5000
    assert not clock.follows(100 + 5000, 4500)


def test_off_the_grid_by_more_than_the_tolerance_the_timestamp_stands() -> None:
    clock = SampleClock(48000, MILLISECOND, 0, 1024, 1024)
    assert clock.tolerance == 240
    assert clock.position(22) == 1024
    assert clock.position(32) == 1536


def test_a_tick_of_one_frame_counts_frames() -> None:
    clock = SampleClock(48000, Fraction(3, 125), 0, 1152, 1152)
    assert clock.finds_samples
    assert clock.position(10) == 11520


def test_uneven_frames_in_coarse_ticks_need_counting() -> None:
    assert not SampleClock(48000, MILLISECOND, 0, 576, None).finds_samples
    assert not SampleClock(48000, MILLISECOND, 0, 120, 120).finds_samples


def test_pts_before_is_never_after() -> None:
    clock = SampleClock(44100, MILLISECOND, -7, 648, 960)
    for position in range(0, 100000, 977):
        assert clock.estimate(clock.pts_before(position)) <= position


def test_landmarks_find_what_was_met() -> None:
    marks = Landmarks(48000)
    for frame in range(1, 1000):
        marks.note(frame * 10, frame * 1024)
    key = marks.before(500_000)
    assert key is not None
    position = marks.recognise(key)
    assert position is not None and 500_000 - 49_024 <= position <= 500_000
    assert marks.recognise(key + 10) == position + 1024
    assert marks.recognise(key + 200) is None
    assert marks.before(47_000) is None


def test_lost_frames_are_counted_by_their_bytes() -> None:
    lost = LostFrames(1152)
    assert lost.position_after(0, 400, 0) == 1152
    lost.sound(384)
    # 8.4 and 1.6 frames are 10, not 8 and 2 rounded one by one elsewhere.
    after = lost.position_after(1000, 1000 + 3233, 5000)
    assert after == 5000 + 8 * 1152
    assert lost.position_after(4233, 4840, after) == 5000 + 10 * 1152
    assert lost.frames_in(3840) == 10 and lost.frames_in(10) == 1
