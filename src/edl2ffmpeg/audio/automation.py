"""Levels and pans over time, evaluated at the exact time of every sample; it applies nothing.

Times are counted from absolute sample numbers, so that a value does not depend on where a
block began.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edl2ffmpeg.plan.mix_planner import ControlSpan
from edl2ffmpeg.timeline.animation import Easing, Interpolation, Keyframe

__all__ = ["Automation"]

Values = NDArray[np.float64]

# The curve's parameter to about 2^-48: far below what a 32-bit sample can show.
_BISECTIONS = 10
_NEWTON_STEPS = 3
_FLAT = 1e-3
_CLOSE = 1e-13
_MORE_BISECTIONS = 40
_MOST_DECIBELS = 100.0


class Automation:
    """One sub-track's spans, made ready for evaluation; what it asks for is one number over time.

    Between two keyframes of a level, decibels are interpolated; towards or from -inf the gain is.
    """

    def __init__(self, spans: Sequence[ControlSpan], sample_rate: int, *, is_level: bool) -> None:
        self._spans = [_Span(span, sample_rate, is_level) for span in spans]
        self._ends = [span.end_sample for span in spans]
        self._is_level = is_level

    def gains(self, first_sample: int, end_sample: int) -> Values | None:
        """A level's gains for ``[first_sample, end_sample)``; None: all are 1."""
        return self._values(first_sample, end_sample, None, elsewhere=1.0)

    def positions(
        self, first_sample: int, end_sample: int, beneath: Values | None = None
    ) -> Values | None:
        """A pan's positions, -1 (left) to 1 (right), for ``[first_sample, end_sample)``.

        Where no span acts it is what is ``beneath``, else NaN; None where none acts at all.
        """
        found = self._values(first_sample, end_sample, beneath, elsewhere=np.nan)
        # Easing may overshoot.
        return None if found is None else np.clip(found, -1.0, 1.0)

    def _values(
        self, first_sample: int, end_sample: int, values: Values | None, elsewhere: float
    ) -> Values | None:
        for span in self._spans[bisect_right(self._ends, first_sample) :]:
            if span.start >= end_sample:
                break
            first, end = max(span.start, first_sample), min(span.end, end_sample)
            if first >= end:
                continue
            if values is None:
                values = np.full(end_sample - first_sample, elsewhere)
            values[first - first_sample : end - first_sample] = span.evaluate(first, end)
        return values


class _Span:
    """The keyframes of one span as arrays."""

    def __init__(self, span: ControlSpan, sample_rate: int, is_level: bool) -> None:
        self.start, self.end = span.start_sample, span.end_sample
        self._animation = span.animation
        self._is_level = is_level
        keys = span.animation.keyframes
        self._times = np.array([float(key.time * sample_rate) for key in keys])
        # What holds before the first keyframe, and at and after each.
        settled = np.array([key.values[0] for key in (keys[0], *keys)])
        self._settled = _gain(settled) if is_level else settled

    def evaluate(self, first: int, end: int) -> Values:
        """The number (of a level, the gain) at samples ``[first, end)``."""
        samples = np.arange(first, end, dtype=np.float64)
        intervals = np.searchsorted(self._times, samples, side="right")
        values = self._settled[intervals]
        keys, times = self._animation.keyframes, self._times
        for index in range(max(int(intervals[0]), 1), min(int(intervals[-1]) + 1, len(keys))):
            low, high = np.searchsorted(intervals, (index, index + 1))
            if low == high:
                continue
            before, after = keys[index - 1], keys[index]
            passed = (samples[low:high] - times[index - 1]) / (times[index] - times[index - 1])
            share = _share(passed, before, self._animation.interpolation)
            ends = before.values[0], after.values[0]
            values[low:high] = _between(*ends, share, self._is_level)
        return values


def _between(before: float, after: float, share: Values, decibels: bool) -> Values:
    if not decibels:
        return before + (after - before) * share
    if np.isinf(before) or np.isinf(after):
        low, high = _gain(np.array([before, after]))
        # Easing may overshoot; a gain below zero would turn the sound upside down.
        gains: Values = np.clip(low + (high - low) * share, 0.0, 10 ** (_MOST_DECIBELS / 20))
        return gains
    # Easing may overshoot by any amount.
    return _gain(np.minimum(before + (after - before) * share, _MOST_DECIBELS))


def _gain(decibels: Values) -> Values:
    """10^(dB / 20); of -inf it is 0."""
    return np.power(10.0, decibels / 20.0)


def _share(passed: Values, before: Keyframe, interpolation: Interpolation) -> Values:
    """How much of the way to the next keyframe is done when ``passed`` of the time is."""
    if before.easing is not None:
        return _eased(before.easing, passed)
    if interpolation is Interpolation.HOLD:
        return np.zeros_like(passed)
    if interpolation is Interpolation.SMOOTH:
        return passed * passed * (3.0 - 2.0 * passed)
    return passed


def _eased(easing: Easing, passed: Values) -> Values:
    """y of the cubic Bézier curve at x = ``passed``; x ascends along the curve."""
    x1, y1, x2, y2 = easing
    t = _parameter(x1, x2, passed)
    return _bezier(y1, y2, t)


def _parameter(x1: float, x2: float, x: Values) -> Values:
    """Where the curve is at ``x``: bisected to be near, then by Newton where it is not flat."""
    low, high = np.zeros_like(x), np.ones_like(x)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = _bezier(x1, x2, middle) < x
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    t = (low + high) / 2
    for _ in range(_NEWTON_STEPS):
        rest = 1.0 - t
        slope = 3.0 * (rest * rest * x1 + 2.0 * rest * t * (x2 - x1) + t * t * (1.0 - x2))
        step = (_bezier(x1, x2, t) - x) / np.where(slope > _FLAT, slope, np.inf)
        t = np.clip(t - step, low, high)
    return _finely_bisected(x1, x2, x, low, high, t)


def _finely_bisected(
    x1: float, x2: float, x: Values, low: Values, high: Values, t: Values
) -> Values:
    """``t``, and where Newton has not got there, to the same precision by halves."""
    missed = np.abs(_bezier(x1, x2, t) - x) > _CLOSE
    if not missed.any():
        return t
    low, high, x = low[missed], high[missed], x[missed]
    for _ in range(_MORE_BISECTIONS):
        middle = (low + high) / 2
        below = _bezier(x1, x2, middle) < x
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    t = t.copy()
    t[missed] = (low + high) / 2
    return t


def _bezier(p1: float, p2: float, t: Values) -> Values:
    rest = 1.0 - t
    return 3.0 * rest * rest * t * p1 + 3.0 * rest * t * t * p2 + t * t * t
