"""Rounding to frames: halves go up, whatever the terms."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edl2ffmpeg.timing import frame_at, frame_time, round_half_up


@given(st.fractions(), st.fractions(min_value=F(1, 1000), max_value=1000))
def test_frame_at_is_the_rounded_product(time: F, rate: F) -> None:
    assert frame_at(time, rate) == round_half_up(time * rate)


@pytest.mark.parametrize(
    ("time", "frame"), [("0.5", 13), ("-0.5", -12), ("0.02", 1), ("0.0199", 0)]
)
def test_halves_go_up(time: str, frame: int) -> None:
    assert frame_at(F(time), F(25)) == frame


@given(st.integers(0, 10**7))
def test_a_frames_start_is_in_that_frame(frame: int) -> None:
    rate = F(30000, 1001)
    assert frame_at(frame_time(frame, rate), rate) == frame
