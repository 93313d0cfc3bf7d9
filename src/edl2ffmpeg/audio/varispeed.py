"""Sound at another speed with its pitch following, as of a tape; it opens nothing.

Every output sample is the band-limited interpolation of the source at its own exact place, by
a windowed sinc.  Where the source runs faster than 1 the sinc is as much wider, so that what
would alias is taken out.  Where a source stands still its last value would sound on as an
offset: there the sound is faded away, over 10 ms.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edl2ffmpeg.audio.samples import Samples, silence
from edl2ffmpeg.timeline.effects import TimeCurve

__all__ = ["CurveSeconds", "Varispeed"]

Values = NDArray[np.float64]

# Zero crossings on each side, and the window: pass band to 0.9 of the limit, stop band -90 dB.
_CROSSINGS = 24
_KAISER_BETA = 9.0
_WINDOW = np.kaiser(2 * 4096 + 1, _KAISER_BETA)[4096:]
_WINDOW_PLACES = np.linspace(0.0, 1.0, len(_WINDOW))
_MOST_WEIGHTS = 1 << 19
_SLOPE_REACH_SECONDS = 0.005
_SLOWEST_HEARD = 0.05
# Beyond it the source jumps.
_FASTEST = 128.0
_BISECTIONS = 48


class Varispeed:
    """Output samples of what ``read(start, count)`` gives at the places that ``place`` names.

    ``place`` turns output sample numbers into source samples, which may lie between two, move
    at any speed, and run backwards.
    """

    def __init__(
        self,
        read: Callable[[int, int], Samples],
        place: Callable[[Values], Values],
        sample_rate: int,
        channels: int,
    ) -> None:
        self._read_source = read
        self._place = place
        self._reach = max(round(_SLOPE_REACH_SECONDS * sample_rate), 1)
        self._kept = silence(0, channels)
        self._kept_start = 0

    def read(self, start: int, count: int) -> Samples:
        """``count`` output samples from ``start`` on, ``(count, channels)``."""
        numbers = np.arange(start - 1, start + count + 1, dtype=np.float64)
        around = self._place(numbers)
        places, steps = around[1:-1], np.abs(np.diff(around))
        # Beside a jump the other neighbour tells the speed.
        speeds = np.clip(np.minimum(steps[:-1], steps[1:]), 1.0, _FASTEST)
        is_jump = steps[1:] > _FASTEST
        output = np.empty((count, self._kept.shape[1]), np.float32)
        done = 0
        while done < count:
            half_width = int(np.ceil(_CROSSINGS * speeds[done:].max()))
            stop = min(done + max(_MOST_WEIGHTS // (2 * half_width), 1), count)
            jumps = np.flatnonzero(is_jump[done:stop])
            if len(jumps):
                stop = done + int(jumps[0]) + 1
            rows = slice(done, stop)
            output[rows] = self._interpolated(places[rows], speeds[rows])
            done = stop
        return output * self._heard(numbers[1:-1])[:, None]

    def _heard(self, numbers: Values) -> NDArray[np.float32]:
        """1 where the source moves; towards 0 where it stands still."""
        reach = self._reach
        slopes = np.abs(self._place(numbers + reach) - self._place(numbers - reach)) / (2 * reach)
        heard: NDArray[np.float32] = np.minimum(slopes / _SLOWEST_HEARD, 1.0).astype(np.float32)
        return heard

    def _interpolated(self, places: Values, speeds: Values) -> Samples:
        half_width = int(np.ceil(_CROSSINGS * speeds.max()))
        bases = np.floor(places).astype(np.int64)
        first = int(bases.min()) - half_width + 1
        source = self._source(first, int(bases.max()) + half_width + 1 - first)
        offsets = np.arange(1 - half_width, half_width + 1)
        distances = (offsets[None, :] - (places - bases)[:, None]) / speeds[:, None]
        weights = np.sinc(distances)
        weights *= np.interp(np.abs(distances) / _CROSSINGS, _WINDOW_PLACES, _WINDOW, right=0.0)
        weights /= weights.sum(axis=1, keepdims=True)
        taken = source[(bases - first)[:, None] + offsets[None, :]]
        sums: Samples = np.einsum("nk,nkc->nc", weights, taken, optimize=False).astype(np.float32)
        return sums

    def _source(self, first: int, count: int) -> Samples:
        """Source samples, of which those read last are kept: neighbours share most of them."""
        kept_end = self._kept_start + len(self._kept)
        if self._kept_start <= first <= kept_end and first + count > kept_end:
            more = self._read_source(kept_end, first + count - kept_end)
            self._kept = np.concatenate((self._kept[first - self._kept_start :], more))
        elif not (self._kept_start <= first and first + count <= kept_end):
            self._kept = self._read_source(first, count)
        else:
            at = first - self._kept_start
            return self._kept[at : at + count]
        self._kept_start = first
        return self._kept


class CurveSeconds:
    """``curve.at`` of many clip times at once, in floating point."""

    def __init__(self, curve: TimeCurve) -> None:
        points = np.array([[float(time), float(value)] for time, value in curve.points])
        self._step = 3 if curve.is_bezier else 1
        self._points = points
        self._times, self._values = points[:: self._step].T

    def __call__(self, seconds: Values) -> Values:
        """Source seconds at each of ``seconds``."""
        times, values = self._times, self._values
        intervals = np.searchsorted(times, seconds, side="right")
        result: Values = values[np.clip(intervals - 1, 0, len(values) - 1)]
        for index in np.unique(intervals):
            if not 0 < index < len(times):
                continue
            inside = intervals == index
            if self._step == 3:
                piece = self._points[3 * index - 3 : 3 * index + 1]
                result[inside] = _on_curve(piece, seconds[inside])
            else:
                share = (seconds[inside] - times[index - 1]) / (times[index] - times[index - 1])
                result[inside] = values[index - 1] + (values[index] - values[index - 1]) * share
        return result


def _on_curve(points: Values, seconds: Values) -> Values:
    """Source seconds on one cubic, whose ``points`` are (clip time, source time)."""
    low, high = np.zeros_like(seconds), np.ones_like(seconds)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = _cubic(points[:, 0], middle) < seconds
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return _cubic(points[:, 1], (low + high) / 2)


def _cubic(values: Values, t: Values) -> Values:
    rest = 1.0 - t
    result: Values = (
        rest**3 * values[0]
        + 3 * rest**2 * t * values[1]
        + 3 * rest * t**2 * values[2]
        + t**3 * values[3]
    )
    return result
