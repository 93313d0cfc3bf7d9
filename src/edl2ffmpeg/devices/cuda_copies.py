"""Copies on a device that whoever needs them first begins; it owns no memory."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edl2ffmpeg.devices.cuda import CudaEvent

__all__ = ["DelayedCopy"]


class DelayedCopy:
    """The arrival of samples by a copy that has still to be begun.

    ``begin`` queues the copy, in order with the kernels, and says when it will be done.  Any
    thread may call ``start``: what it queues after that reads what was copied.
    """

    def __init__(self, begin: Callable[[], CudaEvent]) -> None:
        self._begin: Callable[[], CudaEvent] | None = begin
        self._lock = threading.Lock()
        self._event: CudaEvent | None = None

    def start(self) -> None:
        """Begins the copy, unless that has been done."""
        with self._lock:
            begin, self._begin = self._begin, None
            if begin is not None:
                self._event = begin()

    def wait(self) -> None:
        """Returns when the samples are there; other threads run meanwhile."""
        self.start()
        if self._event is not None:
            self._event.wait()

    def forget(self) -> None:
        """Lets go of the source; nobody will need the copy."""
        with self._lock:
            self._begin = None
