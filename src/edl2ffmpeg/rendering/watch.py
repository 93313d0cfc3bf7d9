"""What a render is at, for whoever judges whether it still makes progress; it judges nothing."""

from __future__ import annotations

from collections.abc import Callable

from edl2ffmpeg.rendering.busy_time import BusyTime

__all__ = ["Counts", "Watch"]

Counts = Callable[[], tuple[int, ...]]


class Watch:
    """Written to by a render, read by one other thread.

    ``stage`` says what is being done, ``counts`` gives numbers that change whenever something has
    been.
    """

    def __init__(self) -> None:
        self.stage = "opening the media"
        self.counts: Counts = tuple
        self._encodes_in_software = False
        self._busy = BusyTime()

    def encodes(self, stage: str, *, in_software: bool) -> None:
        """An encoder is at work from now on, until ``makes``."""
        self._encodes_in_software = in_software
        self.stage = stage

    def makes(self, stage: str) -> None:
        """Anything but an encoder is at work from now on."""
        self._encodes_in_software = False
        self.stage = stage

    @property
    def activity(self) -> tuple[int, ...]:
        """Numbers that change whenever something is done.

        One call of a slow software encoder may take minutes, and computes all the time.  What
        hangs in a driver or a damaged file may spin as well, so that elsewhere only what comes out
        counts.
        """
        return (*self.counts(), self._busy.spans() if self._encodes_in_software else 0)
