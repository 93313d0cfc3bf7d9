"""The one place where FFmpeg's errors become ours; it opens nothing itself."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av

from edl2ffmpeg.errors import (
    DecodeError,
    EncodeError,
    MediaError,
    MediaOpenError,
    MediaReadError,
    SeekError,
)
from edl2ffmpeg.media.storage import scheme_of
from edl2ffmpeg.timing import format_seconds

__all__ = ["decoding", "encoding", "opening", "reason_of", "seeking"]

# What FFmpeg says of servers that fail; what they refuse is something else.
_OF_SERVERS = (ConnectionError, TimeoutError, av.error.ExitError, av.error.HTTPServerError)
_ON_THE_WAY = (errno.EIO, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH)


def reason_of(error: BaseException) -> str:
    """Why, in words: the system's text for an OS error, else FFmpeg's own."""
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number == errno.ENOSPC:
        return "no space left on the device"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:1].lower() + str(text)[1:]


@contextmanager
def opening(path: str) -> Iterator[None]:
    """Errors of opening ``path`` for reading become ``MediaOpenError``.

    Those of a server become ``MediaReadError``.
    """
    try:
        yield
    except av.error.InvalidDataError as error:
        raise MediaOpenError(
            f"{path}: this is not a media file that FFmpeg can read, or it is cut off before "
            "its index; check the file by playing it, or export it again",
            path,
        ) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        _raise_of_server(path, None, error)
        raise MediaOpenError(f"{path}: cannot be opened: {reason_of(error)}", path) from error


@contextmanager
def seeking(path: str, time: Fraction) -> Iterator[None]:
    """Errors of a seek in ``path`` to ``time`` seconds become ``SeekError``.

    Those of a server become ``MediaReadError``.
    """
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        _raise_of_server(path, time, error)
        raise SeekError(
            f"{path}: cannot seek to {format_seconds(time)}: {reason_of(error)}", path, time
        ) from error


@contextmanager
def decoding(path: str, time: Fraction | None) -> Iterator[None]:
    """Errors of reading or decoding ``path`` near ``time`` seconds become ``DecodeError``.

    Those of a server become ``MediaReadError``.
    """
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        _raise_of_server(path, time, error)
        where = f" at {format_seconds(time)}" if time is not None else ""
        raise DecodeError(
            f"{path}: cannot be decoded{where}: {reason_of(error)}", path, time
        ) from error


def _raise_of_server(path: str, time: Fraction | None, error: Exception) -> None:
    """Raises ``MediaReadError`` where what has failed is a server, or the way to it."""
    number = getattr(error, "errno", None)
    if scheme_of(path) is None or not (isinstance(error, _OF_SERVERS) or number in _ON_THE_WAY):
        return
    where = f" at {format_seconds(time)}" if time is not None else ""
    raise MediaReadError(
        f"{path}: cannot be read{where}: {reason_of(error)}", path, time
    ) from error


@contextmanager
def encoding(path: str, what: str) -> Iterator[None]:
    """Errors of writing ``path`` become ``EncodeError``; ``what`` was being done."""
    try:
        yield
    except MediaError:
        raise
    except (av.FFmpegError, OSError, ValueError) as error:
        raise EncodeError(f"{path}: {what} failed: {reason_of(error)}", path) from error
