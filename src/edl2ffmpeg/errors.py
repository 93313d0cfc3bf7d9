"""Every error the product raises on purpose, as one tree; it does not print or exit.

::

    Edl2FfmpegError
    ├─ EdlError(json_path)         what the EDL says is wrong
    │  ├─ EdlSyntaxError           the file is not JSON
    │  └─ EdlValidationError       one or more rules of the format are broken (``problems``)
    ├─ SettingsError               an option, or a pair of options, that cannot work
    ├─ MediaError(path, time)      a file could not be opened, read or written
    │  ├─ MediaOpenError · MediaAccessError · SeekError · DecodeError · EncodeError
    │  └─ MediaReadError           a server or storage failed; it may do better later
    ├─ DeviceError(device)
    │  ├─ DeviceUnavailableError   it is not there, or cannot be opened
    │  ├─ KernelCompileError(log)  the GPU's compiler refused the kernels
    │  └─ DeviceLostError          it failed for good: only a new process can use it again
    └─ JobError
       ├─ JobInterruptedError      Ctrl-C or SIGTERM
       └─ WorkerError              a worker process died, hung, or took too much memory

Every message is one sentence: what was asked, what was found, where (JSON path, file,
frame, device) and what to do.  ``exit_code`` is what the command line exits with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

__all__ = [
    "DecodeError",
    "DeviceError",
    "DeviceLostError",
    "DeviceUnavailableError",
    "Edl2FfmpegError",
    "EdlError",
    "EdlSyntaxError",
    "EdlValidationError",
    "EncodeError",
    "JobError",
    "JobInterruptedError",
    "KernelCompileError",
    "MediaAccessError",
    "MediaError",
    "MediaOpenError",
    "MediaReadError",
    "Problem",
    "SeekError",
    "SettingsError",
    "WorkerError",
    "printable",
]


def printable(text: str) -> str:
    """``text`` on one line and without what a terminal would obey.

    Paths and uris of an EDL from elsewhere may hold escape sequences and line breaks.
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


class Edl2FfmpegError(Exception):
    """Base of every error raised on purpose; ``exit_code`` is the command line's."""

    exit_code = 1

    def __reduce__(self) -> tuple[Any, ...]:
        # Between processes: the arguments of ``__init__`` are not those that Exception keeps.
        return _received, (type(self), self.args, self.__dict__)


def _received(
    kind: type[Edl2FfmpegError], arguments: tuple[Any, ...], state: dict[str, Any]
) -> Edl2FfmpegError:
    """An error that another process raised."""
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an EDL: where (``json_path``) and what (one sentence)."""

    json_path: str
    message: str

    def __str__(self) -> str:
        text = f"{self.json_path}: {self.message}" if self.json_path else self.message
        return printable(text)


class EdlError(Edl2FfmpegError):
    """The EDL is wrong; ``json_path`` says where (``clips[3].source.uri``)."""

    exit_code = 2

    def __init__(self, message: str, json_path: str = "") -> None:
        super().__init__(f"{json_path}: {message}" if json_path else message)
        self.json_path = json_path


class EdlSyntaxError(EdlError):
    """The file cannot be read as a JSON object."""


class EdlValidationError(EdlError):
    """One or more rules of the format are broken; ``problems`` lists them in file order."""

    def __init__(self, problems: Sequence[Problem], omitted: int = 0) -> None:
        self.problems = tuple(problems)
        self.omitted = omitted
        lines = [str(problem) for problem in self.problems]
        if omitted:
            lines.append(f"... and {omitted} more problem{'s' if omitted > 1 else ''}")
        Edl2FfmpegError.__init__(self, "\n".join(lines))
        self.json_path = self.problems[0].json_path


class SettingsError(Edl2FfmpegError):
    """An option, or a combination of options, that cannot work."""

    exit_code = 2


class MediaError(Edl2FfmpegError):
    """A media file could not be used; ``path`` names it, ``time`` is in seconds if known."""

    def __init__(self, message: str, path: str = "", time: Fraction | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.time = time


class MediaOpenError(MediaError):
    """A file the EDL names is missing, unreadable, not media, or lacks the stream asked for."""

    exit_code = 2


class MediaAccessError(MediaOpenError):
    """A file the EDL names is refused by the access rules (protocol, demuxer or root)."""


class MediaReadError(MediaError):
    """A server or storage has failed while a file on it was read; it may do better later."""


class SeekError(MediaError):
    """A file cannot be positioned at the time asked for."""


class DecodeError(MediaError):
    """A stream broke while it was decoded."""


class EncodeError(MediaError):
    """An encoder or muxer refused what it was given, or the disk did."""


class DeviceError(Edl2FfmpegError):
    """A hardware device failed; ``device`` names it."""

    def __init__(self, message: str, device: str = "") -> None:
        super().__init__(message)
        self.device = device


class DeviceUnavailableError(DeviceError):
    """The device asked for cannot be had."""

    exit_code = 2


class KernelCompileError(DeviceError):
    """The device's compiler refused the kernels; ``log`` is what it said."""

    def __init__(self, message: str, device: str = "", log: str = "") -> None:
        super().__init__(message, device)
        self.log = log


class DeviceLostError(DeviceError):
    """The device failed in a way that this process cannot recover from."""


class JobError(Edl2FfmpegError):
    """A render failed as a whole."""


class JobInterruptedError(JobError):
    """The render was stopped by Ctrl-C, SIGTERM or its caller."""

    exit_code = 130


class WorkerError(JobError):
    """A worker process died, made no progress, or took too much memory.

    ``stage`` is what it was doing, ``stalled`` that it was stopped for making no progress.
    """

    def __init__(self, message: str, stage: str = "", *, stalled: bool = False) -> None:
        super().__init__(message)
        self.stage = stage
        self.stalled = stalled
