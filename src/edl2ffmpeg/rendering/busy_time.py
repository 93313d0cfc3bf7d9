"""Tells a process that computes from one that hangs; it does not know what is computed."""

from __future__ import annotations

from time import monotonic, process_time

__all__ = ["BusyTime"]

_SPAN_SECONDS = 0.5
# More than threads that only wait and tell take, less than one encoder gets on a crowded machine.
_BUSY_SHARE = 0.1


class BusyTime:
    """Counts spans of time in which this process has used a good part of a processor core."""

    def __init__(self) -> None:
        self._spans = 0
        self._since, self._used = monotonic(), process_time()

    def spans(self) -> int:
        """The spans so far that were busy; to be asked by one thread, several times a second."""
        now, used = monotonic(), process_time()
        passed = now - self._since
        if passed >= _SPAN_SECONDS:
            self._spans += used - self._used >= _BUSY_SHARE * passed
            self._since, self._used = now, used
        return self._spans
