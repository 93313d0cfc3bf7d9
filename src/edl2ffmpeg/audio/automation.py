"""Levels and pans over time, evaluated at the exact time of every sample; it applies nothing.

Times are counted from absolute sample numbers, so that a value does not depend on where a
block began.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edl2ffmpeg.plan.mix_planner import ControlSpan
from edl2ffmpeg.timeline.animation import Animation, Easing, Interpolation, Keyframe

__all__ = ["level_gains", "pan_positions"]

Values = NDArray[np.float64]

# The curve's parameter to 2^-48: far below what a 32-bit sample can show.
_BISECTIONS = 48


def level_gains(
    spans: Sequence[ControlSpan], first_sample: int, end_sample: int, sample_rate: int
) -> Values | None:
    """Gains of one ``level`` sub-track for ``[first_sample, end_sample)``; None: all are 1.

    Between two control points decibels are interpolated; towards or from -inf the gain is.
    """
    gains: Values | None = None
    for span, first, end in _acting(spans, first_sample, end_sample):
        if gains is None:
            gains = np.ones(end_sample - first_sample)
        part = gains[first - first_sample : end - first_sample]
        part[:] = _evaluate(span.animation, first, end, sample_rate, decibels=True)
    return gains


def pan_positions(
    sub_tracks: Sequence[Sequence[ControlSpan]],
    first_sample: int,
    end_sample: int,
    sample_rate: int,
) -> Values | None:
    """Positions, -1 (left) to 1 (right), for ``[first_sample, end_sample)``; None: no pan acts.

    Where none of the ``pan`` sub-tracks acts the position is NaN; where several do, the last
    one counts.
    """
    positions: Values | None = None
    for spans in sub_tracks:
        for span, first, end in _acting(spans, first_sample, end_sample):
            if positions is None:
                positions = np.full(end_sample - first_sample, np.nan)
            found = _evaluate(span.animation, first, end, sample_rate)
            # Easing may overshoot.
            positions[first - first_sample : end - first_sample] = np.clip(found, -1.0, 1.0)
    return positions


def _acting(
    spans: Sequence[ControlSpan], first_sample: int, end_sample: int
) -> Iterator[tuple[ControlSpan, int, int]]:
    for span in spans:
        first, end = max(span.start_sample, first_sample), min(span.end_sample, end_sample)
        if first < end:
            yield span, first, end


def _evaluate(
    animation: Animation, first: int, end: int, sample_rate: int, *, decibels: bool = False
) -> Values:
    """The animation's one number (as a gain with ``decibels``) at samples ``[first, end)``."""
    keys = animation.keyframes
    samples = np.arange(first, end, dtype=np.float64)
    # What holds before the first keyframe, at each, and after the last.
    times = np.array([float(key.time * sample_rate) for key in keys])
    intervals = np.searchsorted(times, samples, side="right")
    settled = np.array([key.values[0] for key in (keys[0], *keys)])
    values = settled[intervals]
    if decibels:
        values = _gain(values)
    for index, (before, after) in enumerate(pairwise(keys), start=1):
        low, high = np.searchsorted(intervals, (index, index + 1))
        if low < high:
            passed = (samples[low:high] - times[index - 1]) / (times[index] - times[index - 1])
            share = _share(passed, before, animation.interpolation)
            values[low:high] = _between(before.values[0], after.values[0], share, decibels)
    return values


def _between(before: float, after: float, share: Values, decibels: bool) -> Values:
    if not decibels:
        return before + (after - before) * share
    if np.isinf(before) or np.isinf(after):
        low, high = _gain(np.array([before, after]))
        # Easing may overshoot; a gain below zero would turn the sound upside down.
        gains: Values = np.maximum(low + (high - low) * share, 0.0)
        return gains
    return _gain(before + (after - before) * share)


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
    low, high = np.zeros_like(passed), np.ones_like(passed)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = _bezier(x1, x2, middle) < passed
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return _bezier(y1, y2, (low + high) / 2)


def _bezier(p1: float, p2: float, t: Values) -> Values:
    rest = 1.0 - t
    return 3.0 * rest * rest * t * p1 + 3.0 * rest * t * t * p2 + t * t * t
