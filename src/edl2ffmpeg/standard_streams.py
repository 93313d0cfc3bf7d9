"""Makes standard input, output and error safe to use; it prints nothing itself."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO, cast

__all__ = ["discard", "make_streams_safe"]


def make_streams_safe() -> None:
    """Opens streams that are closed, and makes errors of standard error go by.

    The first file that the program opens would otherwise get the number of a closed stream,
    and libraries write their complaints to that number.  What a stream's encoding cannot show
    is spelt out.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # It gets the lowest free number, which is that of the closed stream.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.stderr = cast(TextIO, _Unfailing(sys.stderr))


def discard(stream: TextIO) -> None:
    """From here on what is written to ``stream`` goes nowhere, and so does what it still holds."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class _Unfailing:
    """A stream that may fill up or lose its reader: no work is lost for want of being told."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            discard(self._stream)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            discard(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
