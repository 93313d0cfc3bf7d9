"""Remembers where in a stream some samples were met, to find them again; it reads nothing.

For streams in which a timestamp does not tell the sample: what was counted once (see
Note [Sample positions] in ``sample_clock.py``) need not be counted again.
"""

from __future__ import annotations

from bisect import bisect_right

__all__ = ["Landmarks"]

_RUN = 4  # neighbours kept, as a decoder swallows its first frame after a seek


class Landmarks:
    """Sample positions by a key (a timestamp or a place in the file), about one a second."""

    def __init__(self, spacing_samples: int) -> None:
        self._spacing = spacing_samples
        self._keys: list[int] = []
        self._positions: list[int] = []
        self._known: dict[int, int] = {}
        self._run_left = 0
        self._last = 0

    def note(self, key: int, position: int) -> None:
        """``position`` was met at ``key``; most are forgotten at once."""
        if position <= self._last:
            return
        if position >= (self._positions[-1] if self._positions else 0) + self._spacing:
            self._keys.append(key)
            self._positions.append(position)
            self._run_left = _RUN
        if self._run_left:
            self._run_left -= 1
            self._known[key] = position
            self._last = position

    def before(self, position: int) -> int | None:
        """The key of the last landmark at or before ``position``."""
        index = bisect_right(self._positions, position) - 1
        return self._keys[index] if index >= 0 else None

    def recognise(self, key: int) -> int | None:
        """The position met at ``key``, if it was kept."""
        return self._known.get(key)
