"""From clip time to source time: exact on lines, to a nanosecond on curves."""

from __future__ import annotations

import pickle
from fractions import Fraction as F
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edl2ffmpeg.timeline.effects import TimeCurve


def curve(*points: tuple[F | int, F | int], is_bezier: bool = False) -> TimeCurve:
    return TimeCurve(tuple((F(x), F(y)) for x, y in points), is_bezier)


def de_casteljau(points: list[F], t: F) -> F:
    while len(points) > 1:
        points = [a + (b - a) * t for a, b in pairwise(points)]
    return points[0]


def on_curve_exactly(points: list[tuple[F, F]], time: F) -> F:
    """Source time by plain bisection in fractions of 2^-60."""
    low, high = 0, 1 << 60
    while high - low > 1:
        middle = (low + high) // 2
        if de_casteljau([x for x, _ in points], F(middle, 1 << 60)) <= time:
            low = middle
        else:
            high = middle
    return de_casteljau([y for _, y in points], F(low, 1 << 60))


def test_lines_are_exact_and_held_outside() -> None:
    line = curve((1, 10), (4, 11), (5, 3))
    assert line.at(F(2)) == 10 + F(1, 3)
    assert line.at(F(4)) == 11
    assert line.at(F(9, 2)) == 7
    assert line.at(F(0)) == line.at(F(1)) == 10
    assert line.at(F(5)) == line.at(F(100)) == 3


def test_lines_may_jump() -> None:
    for points in (((0, 0), (0, 5), (1, 6)), ((0, 5), (1, 6), (1, 9)), ((0, 1), (0, 2))):
        jump = curve(*points)
        assert jump.at(F(-1)) == points[0][1]
        assert jump.at(F(2)) == points[-1][1]
    middle = curve((0, 0), (1, 1), (1, 5), (2, 6))
    assert middle.at(F(1, 2)) == F(1, 2)
    assert middle.at(F(1)) == 5


def test_a_straight_bezier_is_a_line() -> None:
    straight = curve((0, 100), (1, 102), (2, 104), (3, 106), is_bezier=True)
    for number in range(91):
        assert abs(straight.at(F(number, 30)) - (100 + F(number, 15))) <= F(1, 10**9)


def test_pieces_meet_and_are_held_outside() -> None:
    two = curve((0, 0), (0, 0), (1, 1), (1, 1), (2, 1), (2, -5), (3, -5), is_bezier=True)
    assert two.at(F(-1)) == two.at(F(0)) == 0
    assert two.at(F(1)) == 1
    assert two.at(F(1, 2)) == F(1, 2)
    assert two.at(F(3)) == two.at(F(9)) == -5


def test_a_piece_without_length_is_a_jump() -> None:
    jump = curve((0, 0), (0, 1), (0, 2), (0, 3), (1, 3), (2, 4), (3, 6), is_bezier=True)
    assert jump.at(F(-1)) == 0
    assert jump.at(F(0)) == 3
    assert jump.at(F(3)) == 6


_TIMES = st.integers(0, 5000).map(lambda ms: F(ms, 1000))


@given(st.lists(_TIMES, min_size=4, max_size=4).map(sorted), st.lists(_TIMES, min_size=4,
       max_size=4), st.integers(0, 100))  # fmt: skip
def test_bezier_against_bisection(x: list[F], y: list[F], percent: int) -> None:
    points = list(zip(x, y, strict=True))
    time = x[0] + (x[3] - x[0]) * percent / 100
    found = curve(*points, is_bezier=True).at(time)
    if x[0] == x[3]:
        assert found == y[3]
        return
    step = F(1, 10**9)
    nearby = [on_curve_exactly(points, min(max(time + d, x[0]), x[3])) for d in (-step, F(0), step)]
    assert min(nearby) - F(1, 10**7) <= found <= max(nearby) + F(1, 10**7)
    assert (found - y[0]).denominator <= 10**9


@given(st.lists(_TIMES, min_size=4, max_size=4).map(sorted))
def test_sorted_points_never_make_a_curve_turn_back(x: list[F]) -> None:
    """So the format's rule for the list is enough; no curve has to be refused for its shape."""
    along = [de_casteljau(x, F(n, 50)) for n in range(51)]
    assert along == sorted(along)


def test_latest() -> None:
    there_and_back = curve((0, 0), (1, 9), (2, 3))
    assert there_and_back.latest(F(2)) == 9
    assert there_and_back.latest(F(1, 2)) == F(9, 2)
    assert curve((0, 5), (4, 1)).latest(F(2)) == 5


def test_it_can_be_sent_to_another_process() -> None:
    sent = pickle.loads(pickle.dumps(curve((0, 0), (1, 2))))
    assert sent == curve((0, 0), (1, 2))
    assert sent.at(F(1, 2)) == 1


@pytest.mark.parametrize("is_bezier", [False, True])
def test_a_look_up_touches_few_points(is_bezier: bool) -> None:
    points = [(F(n), F(2 * n)) for n in range(3 * 1000 + 1)]
    long = TimeCurve(tuple(points), is_bezier)
    touched = 0

    class Counting(F):
        def __lt__(self, other: object) -> bool:
            nonlocal touched
            touched += 1
            return super().__lt__(other)  # type: ignore[operator]

    assert abs(long.at(Counting(1234)) - 2468) <= F(1, 10**9)
    assert 0 < touched <= 16
