"""Fades against the formula, at the exact time of every sample."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edl2ffmpeg.audio.envelope import FadeEnvelope

RATE = 48000
SECONDS = st.fractions(0, 3, max_denominator=1001)


def formula(fade: FadeEnvelope, sample: int) -> float:
    time = Fraction(sample, RATE)
    weights = [Fraction(1)]
    if fade.top:
        weights.append((time - fade.start) / fade.top)
    if fade.tail:
        weights.append((fade.end - time) / fade.tail)
    return float(max(min(weights), Fraction(0)))


@settings(max_examples=60, deadline=None)
@given(start=SECONDS, length=SECONDS, top=SECONDS, tail=SECONDS, block=st.integers(0, 300_000))
def test_every_gain_follows_the_formula(
    start: Fraction, length: Fraction, top: Fraction, tail: Fraction, block: int
) -> None:
    fade = FadeEnvelope(start, start + length, top, tail)
    gains = fade.gains(block, block + 40, RATE)
    wanted = [formula(fade, block + k) for k in range(40)]
    assert gains.dtype == np.float32
    assert np.abs(gains - wanted).max() <= 1e-6
    if fade.is_flat(block, block + 40, RATE):
        inside = [w for k, w in enumerate(wanted) if start <= Fraction(block + k, RATE)]
        assert min(inside, default=1.0) == 1.0 or not (top or tail)


def test_gains_do_not_depend_on_the_block() -> None:
    fade = FadeEnvelope(Fraction(1001, 30000), Fraction(3), Fraction(1, 3), Fraction(1, 7))
    whole = fade.gains(0, 48000, RATE)
    parts = [fade.gains(at, at + 1000, RATE) for at in range(0, 48000, 1000)]
    assert np.array_equal(whole, np.concatenate(parts))


def test_the_smaller_fade_wins_where_both_apply() -> None:
    fade = FadeEnvelope(Fraction(0), Fraction(1), Fraction(1), Fraction(1))
    gains = fade.gains(0, RATE + 1, RATE)
    assert gains[0] == 0 and gains[-1] == 0
    assert abs(gains[RATE // 2] - 0.5) < 1e-6
    assert abs(gains[RATE // 4] - 0.25) < 1e-6
    assert not fade.is_flat(0, RATE, RATE)
    assert FadeEnvelope(Fraction(0), Fraction(1)).is_flat(0, RATE, RATE)
