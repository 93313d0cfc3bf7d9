"""Values that change over time: control points and the ways between them, in exact time.

It knows no effect and no clip; ``point`` times are timeline seconds here.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

__all__ = ["Animation", "Easing", "Interpolation", "Keyframe", "bezier", "bezier_parameter", "ease"]

Easing = tuple[float, float, float, float]
"""x1, y1, x2, y2: the inner points of a cubic Bézier curve from (0, 0) to (1, 1)."""

_NEWTON_STEPS = 8
_BISECTIONS = 60
_FLAT = 1e-6
_CLOSE = 1e-12


class Interpolation(Enum):
    """The way between two control points that have no easing of their own."""

    LINEAR = "linear"
    SMOOTH = "smooth"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Keyframe:
    """``values`` at ``time`` (timeline seconds); ``easing`` leads to the next keyframe."""

    time: Fraction
    values: tuple[float, ...]
    easing: Easing | None = None


@dataclass(frozen=True)
class Animation:
    """Some numbers over time, held before the first keyframe and after the last.

    ``keyframes`` ascend in time; of several at one time the last holds from there on.
    """

    keyframes: tuple[Keyframe, ...]
    interpolation: Interpolation = Interpolation.LINEAR
    _times: tuple[Fraction, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keeps the times for the search."""
        object.__setattr__(self, "_times", tuple(key.time for key in self.keyframes))

    @classmethod
    def constant(cls, *values: float) -> Animation:
        """The same numbers at every time."""
        return cls((Keyframe(Fraction(0), values),))

    def at(self, time: Fraction) -> tuple[float, ...]:
        """The numbers at timeline ``time``; O(log keyframes)."""
        index = bisect_right(self._times, time)
        if index == 0:
            return self.keyframes[0].values
        before = self.keyframes[index - 1]
        if index == len(self.keyframes):
            return before.values
        after = self.keyframes[index]
        share = self._share(before, float((time - before.time) / (after.time - before.time)))
        return tuple(a + (b - a) * share for a, b in zip(before.values, after.values, strict=True))

    def _share(self, before: Keyframe, passed: float) -> float:
        if before.easing is not None:
            return ease(before.easing, passed)
        if self.interpolation is Interpolation.HOLD:
            return 0.0
        if self.interpolation is Interpolation.SMOOTH:
            return passed * passed * (3 - 2 * passed)
        return passed


def ease(easing: Easing, x: float) -> float:
    """y of the Bézier curve at ``x`` in [0, 1]; the curve's x ascends, as x1 and x2 do."""
    x1, y1, x2, y2 = easing
    return bezier(y1, y2, bezier_parameter(x1, x2, x))


def bezier_parameter(x1: float, x2: float, x: float) -> float:
    """Where the cubic from 0 to 1 with inner values ``x1`` and ``x2``, in 0..1, is ``x``.

    Newton's method, and bisection where that fails; with both in 0..1 the cubic never falls.
    """
    t = x
    for _ in range(_NEWTON_STEPS):
        error = bezier(x1, x2, t) - x
        if abs(error) < _CLOSE:
            return t
        slope = 3 * ((1 - t) ** 2 * x1 + 2 * (1 - t) * t * (x2 - x1) + t * t * (1 - x2))
        if abs(slope) < _FLAT:
            break
        t = min(max(t - error / slope, 0.0), 1.0)
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        t = (low + high) / 2
        if bezier(x1, x2, t) < x:
            low = t
        else:
            high = t
    return t


def bezier(p1: float, p2: float, t: float) -> float:
    """The cubic Bézier from 0 to 1 with inner values ``p1`` and ``p2``, at parameter ``t``."""
    return 3 * (1 - t) ** 2 * t * p1 + 3 * (1 - t) * t * t * p2 + t**3
