"""Sound that follows its speed as on a tape, against sines evaluated at the exact place."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from edl2ffmpeg.audio.samples import Samples
from edl2ffmpeg.audio.varispeed import CurveSeconds, Varispeed
from edl2ffmpeg.timeline.effects import TimeCurve

RATE = 48_000


def source(frequency: float):
    def read(start: int, count: int) -> Samples:
        assert count < 1_000_000
        line = 0.5 * np.sin(2 * np.pi * frequency * np.arange(start, start + count) / RATE)
        return np.repeat(line.astype(np.float32)[:, None], 2, axis=1)

    return read


def played(place, frequency: float, count: int = 20_000, block: int = 8192) -> Samples:
    voice = Varispeed(source(frequency), place, RATE, 2)
    return np.concatenate([voice.read(at, min(block, count - at)) for at in range(0, count, block)])


@pytest.mark.parametrize("speed", [0.25, 0.5, 0.999, 1, 1.2345, 2, 3.7, -1, -1.5])
@pytest.mark.parametrize("frequency", [440, 5000])
def test_a_sine_moves_with_its_speed(speed: float, frequency: float) -> None:
    heard = played(lambda k: 123_456 + k * speed, frequency)
    places = 123_456 + np.arange(20_000) * speed
    wanted = 0.5 * np.sin(2 * np.pi * frequency * places / RATE)
    assert np.abs(heard[:, 0] - wanted).max() <= 5e-5


@pytest.mark.parametrize("speed", [4, 10])
def test_what_would_fold_back_is_taken_out(speed: float) -> None:
    heard = played(lambda k: k * speed, 15_000)
    assert np.abs(heard[200:]).max() <= 1e-3


def test_blocks_make_no_difference() -> None:
    def wobble(k):
        return 50_000 + k * 1.3 + 200 * np.sin(k / 3000)

    one = played(wobble, 997)
    assert np.abs(played(wobble, 997, block=1000) - one).max() <= 1e-6


def test_a_jump_reads_no_more_than_both_sides() -> None:
    heard = played(lambda k: np.where(k < 5000, k, k + 10**8), 1000)
    wanted = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(20_000) / RATE)
    far = 0.5 * np.sin(2 * np.pi * 1000 * (np.arange(20_000) + 10**8) / RATE)
    assert np.abs(heard[:4990, 0] - wanted[:4990]).max() <= 5e-5
    assert np.abs(heard[5010:, 0] - far[5010:]).max() <= 5e-5


def test_where_it_stands_still_there_is_silence_without_a_click() -> None:
    heard = played(lambda k: np.minimum(k, 10_012), 1000)
    assert not heard[10_012 + 300 :].any()
    assert np.abs(np.diff(heard[9_000:12_000, 0])).max() < 0.07


def test_curves_are_the_timelines() -> None:
    points = [(0, 2), (0.3, 5), (0.6, 1), (1, 3), (1.2, 4), (1.5, 4), (2, 0)]
    exact = tuple((Fraction(str(a)), Fraction(str(b))) for a, b in points)
    times = np.linspace(-0.5, 2.5, 301)
    for curve in (TimeCurve(exact, is_bezier=True), TimeCurve(exact)):
        wanted = [float(curve.at(Fraction(time))) for time in times]
        assert np.abs(CurveSeconds(curve)(times) - wanted).max() <= 1e-8
    jump = TimeCurve(((Fraction(0), Fraction(1)), (Fraction(1), Fraction(2)),
                      (Fraction(1), Fraction(9)), (Fraction(2), Fraction(10))))  # fmt: skip
    assert CurveSeconds(jump)(np.array([0.999, 1.0])).tolist() == pytest.approx([1.999, 9.0])
