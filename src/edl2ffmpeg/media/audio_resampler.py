"""Sound at another rate, on a grid that does not depend on where reading began.

It reads from a function, knows no files, and leaves channels alone.

Note [Resampling grid]: with g the greatest common divisor of the two rates, ``in/g`` input
samples last exactly as long as ``out/g`` output samples, and libswresample's filter phases
repeat with that period.  A run that starts at a multiple of it, early enough for the filter
to have forgotten its start, gives the same bits as a run from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, gcd

import av
import numpy as np

from edl2ffmpeg.audio.samples import Samples, silence
from edl2ffmpeg.media.audio_layouts import layout_name
from edl2ffmpeg.media.audio_samples import packed_frame, packed_samples

__all__ = ["GridResampler"]

_FEED_SAMPLES = 4096
_FILTER_TAPS = 32  # libswresample's filter_size, at its default


class GridResampler:
    """Random access at ``out_rate`` to sound that ``read(start, count)`` gives at ``in_rate``.

    Output sample m is at the time of input sample m * in_rate / out_rate.  Reading forward
    streams; anything else starts a new run.
    """

    def __init__(
        self, read: Callable[[int, int], Samples], in_rate: int, out_rate: int, channels: int
    ) -> None:
        divisor = gcd(in_rate, out_rate)
        self._read_input = read
        self._in_rate = in_rate
        self._out_rate = out_rate
        self._channels = channels
        self._in_step = in_rate // divisor
        self._out_step = out_rate // divisor
        # Shrinking widens the filter; four times its length is far beyond its memory.
        taps = ceil(_FILTER_TAPS * max(1.0, in_rate / out_rate) / 0.9)
        self._warm_up_steps = ceil(4 * taps / self._in_step) + 1
        self._resampler: av.AudioResampler | None = None
        self._input_position = 0
        self._ready = silence(0, channels)
        self._ready_start = 0

    def read(self, start: int, count: int) -> Samples:
        """``count`` output samples from ``start`` on (which may be negative)."""
        if self._in_rate == self._out_rate:
            return self._read_input(start, count)
        ready_end = self._ready_start + len(self._ready)
        # Skipping a little is cheaper than a new run with its warm-up.
        if self._resampler is None or not self._ready_start <= start <= ready_end + count:
            self._restart(start)
        parts = [self._ready]
        while self._ready_start + sum(map(len, parts)) < start + count:
            parts.append(self._feed())
        ready = np.concatenate(parts)
        offset = start - self._ready_start
        # A copy, so that a small rest does not keep a large block alive.
        self._ready = ready[offset + count :].copy()
        self._ready_start = start + count
        return ready[offset : offset + count]

    def _restart(self, start: int) -> None:
        step = start // self._out_step - self._warm_up_steps
        self._resampler = av.AudioResampler("flt", layout_name(self._channels), self._out_rate)
        self._input_position = step * self._in_step
        self._ready = silence(0, self._channels)
        self._ready_start = step * self._out_step

    def _feed(self) -> Samples:
        assert self._resampler is not None
        frame = packed_frame(self._read_input(self._input_position, _FEED_SAMPLES), self._in_rate)
        frame.time_base = Fraction(1, self._in_rate)
        self._input_position += _FEED_SAMPLES
        outputs = [packed_samples(output) for output in self._resampler.resample(frame)]
        return np.concatenate(outputs) if outputs else silence(0, self._channels)
