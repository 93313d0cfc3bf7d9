"""Finds what holds at an output frame by bisection; it does not know what that is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from fractions import Fraction
from typing import Generic, TypeVar

from edl2ffmpeg.timeline.model import TimeRange
from edl2ffmpeg.timing import frame_at

__all__ = ["FrameIndex", "frames_of"]

_Entry = TypeVar("_Entry")


def frames_of(time_range: TimeRange, rate: Fraction) -> tuple[int, int]:
    """The output frames ``[start, end)`` of a time range: its ends, rounded."""
    return frame_at(time_range.start, rate), frame_at(time_range.end, rate)


class FrameIndex(Generic[_Entry]):
    """Entries that hold during frames ``[start, end)``, sorted, never overlapping."""

    def __init__(self, entries: Iterable[tuple[tuple[int, int], _Entry]]) -> None:
        """Entries whose range rounds to no frame are left out."""
        kept = [(frames, entry) for frames, entry in entries if frames[0] < frames[1]]
        self._starts = [start for (start, _), _ in kept]
        self._ends = [end for (_, end), _ in kept]
        self._entries = [entry for _, entry in kept]

    def at(self, number: int) -> _Entry | None:
        """What holds at frame ``number``; O(log entries)."""
        position = bisect_right(self._starts, number) - 1
        if position < 0 or number >= self._ends[position]:
            return None
        return self._entries[position]

    def between(self, start: int, end: int) -> list[_Entry]:
        """What holds anywhere in frames ``[start, end)``, in order."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        last = bisect_right(self._starts, end - 1)
        return [self._entries[i] for i in range(first, last) if self._ends[i] > start]
