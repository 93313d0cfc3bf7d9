"""Values between control points, against slow and independent arithmetic."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edl2ffmpeg.timeline.animation import Animation, Interpolation, Keyframe, ease

LINEAR, SMOOTH, HOLD = Interpolation.LINEAR, Interpolation.SMOOTH, Interpolation.HOLD


def animation(*keys: tuple[F | int, float], way: Interpolation = LINEAR) -> Animation:
    return Animation(tuple(Keyframe(F(time), (value,)) for time, value in keys), way)


def exact_bezier(p1: F, p2: F, t: F) -> F:
    """De Casteljau's construction from 0 to 1."""
    points = [F(0), p1, p2, F(1)]
    while len(points) > 1:
        points = [a + (b - a) * t for a, b in pairwise(points)]
    return points[0]


def eased_exactly(easing: tuple[float, float, float, float], x: float) -> float:
    """y at ``x`` by plain bisection in fractions of 2^-80."""
    x1, y1, x2, y2 = map(F, easing)
    low, high = 0, 1 << 80
    while high - low > 1:
        middle = (low + high) // 2
        if exact_bezier(x1, x2, F(middle, 1 << 80)) <= F(x):
            low = middle
        else:
            high = middle
    return float(exact_bezier(y1, y2, F(low, 1 << 80)))


SHARES = st.floats(0, 1).map(lambda x: round(x, 6))


@given(SHARES, st.floats(-2, 3), SHARES, st.floats(-2, 3), SHARES)
def test_ease_against_bisection(x1: float, y1: float, x2: float, y2: float, x: float) -> None:
    found = ease((x1, y1, x2, y2), x)
    # Where the curve is upright in x, a tiny step in x is a large one in y: such a step is allowed.
    nearby = [eased_exactly((x1, y1, x2, y2), min(max(x + d, 0), 1)) for d in (-1e-9, 0, 1e-9)]
    assert min(nearby) - 1e-7 <= found <= max(nearby) + 1e-7


@pytest.mark.parametrize(
    ("easing", "x", "y"),
    [
        ((0.0, 0.0, 1.0, 1.0), 0.3, 0.3),
        ((0.42, 0.0, 0.58, 1.0), 0.5, 0.5),
        # CSS's "ease" and "ease-in", as browsers give them.
        ((0.25, 0.1, 0.25, 1.0), 0.25, 0.408511),
        ((0.25, 0.1, 0.25, 1.0), 0.5, 0.802403),
        ((0.42, 0.0, 1.0, 1.0), 0.5, 0.315357),
        # Upright in the middle, and flat at both ends in x.
        ((1.0, 0.0, 0.0, 1.0), 0.5, 0.5),
        ((0.0, 1.0, 0.0, 1.0), 0.0, 0.0),
        ((1.0, 0.0, 1.0, 0.0), 1.0, 1.0),
    ],
)
def test_known_easings(easing: tuple[float, float, float, float], x: float, y: float) -> None:
    assert ease(easing, x) == pytest.approx(y, abs=2e-6)


def test_linear_is_exact_at_the_points_and_held_outside() -> None:
    moving = animation((1, 0.1), (3, 0.3), (4, -1.0))
    assert moving.at(F(0)) == moving.at(F(1)) == (0.1,)
    assert moving.at(F(3)) == (0.3,)
    assert moving.at(F(7, 2)) == pytest.approx((-0.35,))
    assert moving.at(F(4)) == moving.at(F(400)) == (-1.0,)


def test_smooth_and_hold() -> None:
    smooth = animation((0, 0.0), (1, 10.0), way=SMOOTH)
    assert smooth.at(F(1, 4))[0] == pytest.approx(10 * (3 / 16 - 2 / 64))
    assert smooth.at(F(1, 2)) == (5.0,)
    hold = animation((0, 0.0), (1, 10.0), way=HOLD)
    assert hold.at(F(999, 1000)) == (0.0,)
    assert hold.at(F(1)) == (10.0,)


def test_points_at_one_time_are_a_jump() -> None:
    jump = animation((0, 0.0), (1, 1.0), (1, 5.0), (1, 7.0), (2, 8.0))
    assert jump.at(F(999_999, 1_000_000))[0] == pytest.approx(1.0, abs=1e-5)
    assert jump.at(F(1)) == (7.0,)
    assert jump.at(F(3, 2)) == (7.5,)
    ends = animation((1, 0.0), (1, 1.0))
    assert (ends.at(F(0)), ends.at(F(1)), ends.at(F(2))) == ((0.0,), (1.0,), (1.0,))


@pytest.mark.parametrize("way", list(Interpolation))
def test_a_points_own_easing_wins_over_the_interpolation(way: Interpolation) -> None:
    easing = (0.25, 0.1, 0.25, 1.0)
    keys = (Keyframe(F(0), (0.0, 4.0), easing), Keyframe(F(2), (1.0, 6.0)))
    first, second = Animation(keys, way).at(F(1))
    assert first == pytest.approx(0.802403, abs=2e-6)
    assert second == pytest.approx(4 + 2 * first)


def test_easing_may_overshoot() -> None:
    keys = (Keyframe(F(0), (1.0,), (0.3, 2.0, 0.7, 2.0)), Keyframe(F(1), (2.0,)))
    assert Animation(keys).at(F(1, 2))[0] > 2.5


def test_values_that_do_not_change_stay_exactly_what_they_are() -> None:
    still = animation((0, 0.1), (3, 0.1))
    assert {still.at(F(n, 30)) for n in range(91)} == {(0.1,)}


def test_constant() -> None:
    assert Animation.constant(1.5, 2.0).at(F(-3)) == (1.5, 2.0)
