"""Turns Ctrl-C, SIGTERM and SIGHUP into one orderly end; it cleans nothing up itself.

Note [Interrupts]: a handler can run between any two instructions, in anybody's code.  What
it raises is no ``Exception``, because libraries catch those and go on; and because even a
``BaseException`` can be lost (in a destructor or a callback from C), the signal is remembered
and ``check()`` raises again at the next frame.  It raises between ``arm()`` and ``disarm()``
alone: before, nobody could catch it; afterwards, the work is done and would be called undone.
"""

from __future__ import annotations

import os
import signal
import threading
from time import monotonic
from types import TracebackType
from typing import Any, Self

__all__ = ["Interruption"]

_NAMES = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "the end of its terminal"}
_PATIENCE_SECONDS = 2.0
_INTERRUPTED = 130


class Interruption:
    """While its ``with`` block lasts, the first signal raises in the main thread once armed.

    Signals within two seconds of the first (a key held down) are ignored, so that cleaning up
    is left alone; a later one means that cleaning up hangs, and ends the process at once.
    """

    def __init__(self) -> None:
        self.signal_name: str | None = None
        self._armed = False
        self._since = 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in _NAMES:
                number = getattr(signal, name, None)
                # Whoever started the program with a signal ignored (nohup, a shell's background
                # job) does not want to be answered.
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._interrupt)
        return self

    def _interrupt(self, number: int, frame: object) -> None:
        if self.signal_name is None:
            self.signal_name = _NAMES[signal.Signals(number).name]
            self._since = monotonic()
            self.check()
        elif monotonic() - self._since > _PATIENCE_SECONDS:
            os._exit(_INTERRUPTED)

    def arm(self) -> None:
        """From here on a signal raises, and so does one that has come already."""
        self._armed = True
        self.check()

    def disarm(self) -> None:
        """From here on a signal is only remembered."""
        self._armed = False

    def check(self) -> None:
        """Raises again if a signal has come whose exception was lost."""
        if self.is_stopping:
            raise _InterruptError

    @property
    def is_stopping(self) -> bool:
        """Whether a signal is ending the work."""
        return self._armed and self.signal_name is not None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


class _InterruptError(BaseException):
    """Passes through ``except Exception``."""
