"""Times that are asked for, in ticks of a stream; it knows no pictures."""

from __future__ import annotations

from fractions import Fraction
from math import floor

__all__ = ["Ticks"]

_TOLERANCE = Fraction(1, 1000)
"""How far before its presentation time a picture may be asked for (EDLs write milliseconds)."""


class Ticks:
    """Ticks of ``time_base`` seconds each."""

    def __init__(self, time_base: Fraction, frame_rate: Fraction) -> None:
        self._time_base = time_base
        self._tolerance = min(_TOLERANCE, 1 / frame_rate / 4)
        self.half_second = floor(Fraction(1, 2) / time_base)
        # One time is asked for again and again while a frame is made.
        self._last: tuple[Fraction | None, int] = (None, 0)

    def limit(self, time: Fraction) -> int:
        """The largest presentation time that counts as being played at ``time``, from 0 on."""
        if time is not self._last[0]:
            self._last = (time, floor((time + self._tolerance) / self._time_base))
        return self._last[1]
