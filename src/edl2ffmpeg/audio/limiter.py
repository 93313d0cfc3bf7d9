"""Keeps the true peak of a sound below a limit; what is below it stays as it is, bit for bit.

The peak between samples is looked for at four times the rate, as ITU-R BS.1770 asks.  The gain
goes down before the peak, over the time it looks ahead, and comes back slowly; all channels
share it, so that the picture of the room does not move.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edl2ffmpeg.audio.samples import Samples, silence

__all__ = ["Limiter"]

Values = NDArray[np.float64]

_LOOK_AHEAD_SECONDS = 0.005
_RELEASE_DB_PER_SECOND = 40.0
_PHASES = 4
_REACH = 12  # samples on each side from which a value between two is made
# What the interpolation does not see, and what rounding adds.
_MARGIN_DB = 0.4


class Limiter:
    """Takes blocks by ``process`` and gives them later, limited; ``flush`` gives the rest.

    ``limit_db`` is in dB relative to full scale.  It gives as many samples as it takes.
    """

    def __init__(self, limit_db: float, sample_rate: int, channels: int) -> None:
        self._limit = 10.0 ** ((limit_db - _MARGIN_DB) / 20)
        self._ahead = round(_LOOK_AHEAD_SECONDS * sample_rate)
        self._release = _RELEASE_DB_PER_SECOND / sample_rate
        shape = np.hanning(self._ahead + 3)[1:-1]
        self._smoothing = shape / shape.sum()
        self._filters = _interpolation_filters()
        self._overshoot = max(float(np.abs(taps).sum()) for taps in self._filters)
        # The sound not given yet, and before it what the search for peaks looks back at.
        self._history = silence(_REACH, channels)
        self._pending = silence(0, channels)
        # Attenuation in dB, for what is pending and, before that, what smoothing looks back at.
        self._needed = np.zeros(self._ahead)
        self._last_needed = 0.0

    def process(self, block: Samples) -> Samples:
        """Takes a block and gives what is ready."""
        self._pending = np.concatenate((self._pending, block))
        return self._advance()

    def flush(self) -> Samples:
        """What is left, as if silence followed."""
        rest = len(self._pending)
        channels = self._pending.shape[1]
        silent = silence(_REACH + self._ahead, channels)
        self._pending = np.concatenate((self._pending, silent))
        return self._advance()[:rest]

    def _advance(self) -> Samples:
        """Finds the peaks of what has come, and gives what all peaks ahead are known for."""
        searched = len(self._needed) - self._ahead
        until = max(len(self._pending) - _REACH, searched)
        if until > searched:
            self._needed = np.concatenate((self._needed, self._attenuation(searched, until)))
        ready = max(until - self._ahead, 0)
        given = self._pending[:ready]
        needed = self._needed[: ready + 2 * self._ahead]
        if needed.any():
            held = np.lib.stride_tricks.sliding_window_view(needed, self._ahead + 1).max(axis=1)
            smooth = np.convolve(held, self._smoothing, "valid")[:ready]
            given = (given * np.power(10.0, -smooth / 20)[:, None]).astype(np.float32)
        past = np.concatenate((self._history, self._pending[:ready]))
        self._history = past[len(past) - _REACH :].copy()
        self._pending = self._pending[ready:]
        self._needed = self._needed[ready:]
        return given

    def _attenuation(self, first: int, end: int) -> Values:
        """By how many dB the pending samples ``[first, end)`` are too loud, with the release."""
        sound = np.concatenate((self._history, self._pending[: end + _REACH]))
        around = sound[first : end + 2 * _REACH].astype(np.float64)
        peaks = np.abs(around[_REACH : _REACH + end - first]).max(axis=1)
        if np.abs(around).max() * self._overshoot > self._limit:
            for column in around.T:
                np.maximum(peaks, self._between(column), out=peaks)
        excess = np.maximum(20.0 * np.log10(np.maximum(peaks, 1e-12) / self._limit), 0.0)
        fall = np.arange(1, len(excess) + 1) * self._release
        slow = np.maximum.accumulate(np.maximum(excess + fall, self._last_needed)) - fall
        result: Values = np.maximum(slow, 0.0)
        self._last_needed = float(result[-1])
        return result

    def _between(self, column: Values) -> Values:
        """The peaks on both sides of each sample but the first and last ``_REACH``."""
        count = len(column) - 2 * _REACH
        # From the sample before the first on, so that each has a place before and after it.
        places = [np.abs(np.convolve(column, taps, "valid")) for taps in self._filters]
        highest = np.maximum.reduce(places)
        result: Values = np.maximum(highest[:count], highest[1 : count + 1])
        return result


def _interpolation_filters() -> list[Values]:
    """Filters that give the sound at 1/4, 1/2 and 3/4 of the way between two samples."""
    offsets = np.arange(-_REACH + 1, _REACH + 1, dtype=np.float64)
    filters = []
    for phase in range(1, _PHASES):
        distance = offsets - phase / _PHASES
        taps = np.sinc(distance) * np.i0(7.0 * np.sqrt(1 - (distance / _REACH) ** 2)) / np.i0(7.0)
        # Convolution turns them round.
        filters.append((taps / taps.sum())[::-1])
    return filters
