"""Turns Ctrl-C, SIGTERM and SIGHUP into one orderly end.

Note [Interrupts]: a handler can run between any two instructions, in anybody's code.  What
it raises is no ``Exception``, because libraries catch those and go on; and because even a
``BaseException`` can be lost (in a destructor or a callback from C), the signal is remembered
and ``check()`` raises again at the next frame; Python's own report of such a loss is left out.
It raises between ``arm()`` and ``disarm()``
alone: before, nobody could catch it; afterwards, the work is done and would be called undone.

Handlers run in the main thread, which may be waiting inside of FFmpeg (for a server).  So a
thread watches the descriptor that Python writes every signal to at once.  It ends the process
when the handler of the first signal has not run for two seconds, and when another signal comes
later than that.  It alone cleans up itself then: it removes the partial files.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from edl2ffmpeg.jobs.publish import KeptWork

__all__ = ["Interruption"]

_NAMES = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "the end of its terminal"}
_PATIENCE_SECONDS = 2.0
_INTERRUPTED = 130
_FAILED = 1
# No signal has this number.
_CLOSING = 0
_SHOW_CURSOR = b"\r\x1b[?25h\x1b[K"


class Interruption:
    """While its ``with`` block lasts, the first signal raises in the main thread once armed.

    Signals within two seconds of the first (a key held down) are ignored, so that cleaning up
    is left alone; a later one means that cleaning up hangs, and ends the process at once.  So
    does the first, if it could not be delivered for two seconds.  It is the ``PublishGuard`` of
    the files that the command writes.
    """

    def __init__(self) -> None:
        self.signal_name: str | None = None
        self._armed = False
        self._before: dict[int, Any] = {}
        self._hook_before = sys.unraisablehook
        self._partials: list[Path] = []
        self._work: KeptWork | None = None
        self._again = "run it again"
        self._watch: _Watch | None = None

    def __enter__(self) -> Self:
        self._hook_before, sys.unraisablehook = sys.unraisablehook, self._tell_lost
        if threading.current_thread() is threading.main_thread():
            self._watch = _Watch(self)
            for name in _NAMES:
                number = getattr(signal, name, None)
                # Whoever started the program with a signal ignored (nohup, a shell's background
                # job) does not want to be answered.
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._interrupt)
        return self

    def _tell_lost(self, lost: sys.UnraisableHookArgs) -> None:
        if lost.exc_type is not _InterruptError:
            self._hook_before(lost)

    def _interrupt(self, number: int, frame: object) -> None:
        if self.signal_name is None:
            self.signal_name = _NAMES[signal.Signals(number).name]
            self.check()

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

    def holds(self, partial: Path) -> None:
        """``partial`` is to be removed if the process is ended at once."""
        self._partials.append(partial)

    def keeps(self, work: KeptWork) -> None:
        """``work`` stays when the render is ended, and is gone on with by the next."""
        self._work = work

    def goes_on(self, how: str) -> None:
        """With other options than now (``without --fresh``) the command would go on."""
        self._again = f"run it again {how}"

    @property
    def outcome(self) -> str:
        """What an interrupted render has left, as the end of a sentence."""
        if self._work is not None and self._work.is_kept:
            return f"{self._again} to go on with what is done"
        return "nothing was written"

    def commits(self) -> None:
        """The file is whole and gets its name now: nothing stops that."""
        self.disarm()

    def end_undelivered(self, number: int) -> None:
        """Ends the process if the handler of signal ``number`` has not run, and may still."""
        if self.signal_name is None and self._armed:
            self.signal_name = _NAMES[signal.Signals(number).name]
            self.end_at_once()

    def end_at_once(self) -> None:
        """Ends the process without any further clean-up than of its partial files."""
        was_armed = self._armed
        for partial in self._partials:
            with contextlib.suppress(OSError):
                partial.unlink()
        if was_armed:
            text = f"edl2ffmpeg: interrupted by {self.signal_name}; {self.outcome}\n"
            with contextlib.suppress(OSError):
                os.write(2, (_SHOW_CURSOR if os.isatty(2) else b"") + text.encode())
        os._exit(_INTERRUPTED if was_armed else _FAILED)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        sys.unraisablehook = self._hook_before
        if self._watch is not None:
            self._watch.close()


class _Watch:
    """The thread of Note [Interrupts], and owner of its descriptors."""

    def __init__(self, interruption: Interruption) -> None:
        self._interruption = interruption
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._run, name="signals", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        first: int | None = None
        undelivered = False
        until = 0.0
        while True:
            patience = max(until - monotonic(), 0) if undelivered else None
            if not select.select([self._reader], [], [], patience)[0]:
                undelivered = False
                assert first is not None
                self._interruption.end_undelivered(first)
                continue
            written = os.read(self._reader, 64)
            if _CLOSING in written:
                return
            numbers = [number for number in written if signal.Signals(number).name in _NAMES]
            if numbers and first is None:
                first, undelivered = numbers[0], True
                until = monotonic() + _PATIENCE_SECONDS
            elif numbers and monotonic() > until:
                self._interruption.end_at_once()

    def close(self) -> None:
        """Ends the thread."""
        signal.set_wakeup_fd(self._wakeup_before)
        os.write(self._writer, bytes([_CLOSING]))
        self._thread.join()
        os.close(self._reader)
        os.close(self._writer)


class _InterruptError(BaseException):
    """Passes through ``except Exception``."""
