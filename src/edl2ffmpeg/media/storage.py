"""Files on storage that fsspec reaches: object stores and the like; it does not know media.

What FFmpeg has a protocol for is FFmpeg's; everything else with a scheme is looked for here.
Whether an EDL may open it is for ``AccessRules``.
"""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Mapping
from typing import Any

from edl2ffmpeg.errors import MediaAccessError, MediaError, MediaOpenError, MediaReadError
from edl2ffmpeg.media._read_ahead import ReadAhead
from edl2ffmpeg.ownership import Owner

__all__ = [
    "StorageFile",
    "is_on_storage",
    "local_path",
    "refuse_chain",
    "scheme_of",
    "storage_state",
]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.,-]+):")

# Builds of FFmpeg have more or fewer of these.  It has others for ``smb`` and ``sftp``, but
# hardly any build has them.
_FFMPEG_PROTOCOLS = frozenset((
    "amqp", "android_content", "async", "bluray", "cache", "concat", "concatf", "crypto", "data",
    "dtls", "fd", "ffrtmpcrypt", "ffrtmphttp", "file", "ftp", "gopher", "gophers", "hls", "http",
    "httpproxy", "https", "icecast", "ipfs", "ipns", "md5", "mmsh", "mmst", "pipe", "prompeg",
    "rist", "rtmp", "rtmpe", "rtmps", "rtmpt", "rtmpte", "rtmpts", "rtp", "rtsp", "sctp", "srt",
    "srtp", "subfile", "tcp", "tee", "tls", "udp", "udplite", "unix", "zmq",
))  # fmt: skip

# What kinds of storage call the mark of a version, in small letters without _ and -.
_MARKS = frozenset((
    "checksum", "contentmd5", "crc32c", "etag", "generation", "lastmodified", "lastwritetime",
    "md5hash", "modificationtime", "modified", "mtime", "updated", "versionid",
))  # fmt: skip


def scheme_of(location: str) -> str | None:
    """What stands before the colon of an address, in small letters; None for a path."""
    found = None if location.startswith(os.sep) else _SCHEME.match(location)
    return found[1].lower() if found else None


def is_on_storage(location: str) -> bool:
    """Whether ``location`` is an address that FFmpeg has no protocol for."""
    scheme = scheme_of(location)
    return scheme is not None and scheme.split(",")[0] not in _FFMPEG_PROTOCOLS


def local_path(location: str) -> str:
    """``location``, or the path that an address of fsspec's storage ``local`` means."""
    if scheme_of(location) != "local":
        return location
    return location.partition(":")[2].removeprefix("//")


class StorageFile(Owner):
    """An open file on storage, as the file object that PyAV reads from.

    ``read`` gives nothing once something has failed: FFmpeg takes errors of reading for the end
    of the file, and PyAV hands them to whoever calls it next.  ``require_whole`` tells them.

    Raises ``MediaOpenError`` for what is not there, not a file, empty or may not be read, and
    where a package for it is missing, ``MediaReadError`` where the storage fails.  Not thread-safe.
    It holds a few MB.
    """

    def __init__(self, location: str) -> None:
        self.name = location
        system, path, info = _found(location)
        if info.get("type", "file") != "file":
            kind = "a folder" if info.get("type") == "directory" else "not a regular file"
            raise MediaOpenError(f"{location}: is {kind}; a media file is needed", location)
        size = info.get("size")
        if size is None:
            raise MediaOpenError(
                f"{location}: the storage does not tell its size; copy it here first", location
            )
        if size == 0:
            raise MediaOpenError(
                f"{location}: cannot be read: the file is empty (0 bytes)", location
            )
        self.size = int(size)
        self._file = _opened(system, path, location)
        self._position = 0
        self._ahead = ReadAhead(self.fetch, self.size)
        self._failure: BaseException | None = None

    def fetch(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` to ``end``, in one request; raises as ``StorageFile`` does."""
        try:
            self._file.seek(start)
            data = self._file.read(end - start)
        except Exception as error:
            # Each kind of storage has errors of its own.
            raise _unreadable(self.name, error) from error
        if len(data) != end - start:
            raise MediaReadError(
                f"{self.name}: cannot be read: the storage gave {len(data)} of {end - start} "
                f"bytes from byte {start} on; the file may have changed meanwhile",
                self.name,
            )
        return bytes(data)

    def head(self, count: int) -> bytes:
        """The first bytes, up to ``count``."""
        return self._ahead.read(0, count)

    # -- what PyAV calls ------------------------------------------------------

    def read(self, count: int) -> bytes:
        """Some of the next ``count`` bytes; nothing at the end, and after a failure."""
        if self._failure is not None:
            return b""
        try:
            data = self._ahead.read(self._position, count)
        except BaseException as error:
            # Also Ctrl-C, which would be lost in FFmpeg.
            self._failure = error
            return b""
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to a byte."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._position

    # -------------------------------------------------------------------------

    def require_whole(self) -> None:
        """Raises what has gone wrong in ``read``."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Closes the file.  May be called twice."""
        self._ahead.forget()
        self._file.close()


def storage_state(location: str) -> tuple[int, str]:
    """The size of a file, and what its storage calls this version of it.

    Raises ``FileNotFoundError`` when it is gone, ``MediaReadError`` when the storage does not tell,
    ``MediaOpenError`` when it cannot be asked.
    """
    try:
        info = _found(location)[2]
    except MediaOpenError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
        raise
    marks = {
        name: str(value)
        for name, value in sorted(info.items())
        if value is not None and name.lower().replace("_", "").replace("-", "") in _MARKS
    }
    # What has no mark is another when anything about it is.
    mark = marks or info.get("created") or sorted(info.items())
    return int(info.get("size") or 0), str(mark)


def _found(location: str) -> tuple[Any, str, Mapping[str, Any]]:
    """The file system of ``location``, its path there, and what the storage says of it now."""
    system, path = _system_of(location)
    try:
        # A listing that the file system remembers may be old.
        system.invalidate_cache(system._parent(path))
        return system, path, system.info(path)
    except FileNotFoundError as error:
        raise _missing(location) from error
    except Exception as error:
        raise _unreadable(location, error) from error


def _system_of(location: str) -> tuple[Any, str]:
    scheme = scheme_of(location)
    assert scheme is not None
    refuse_chain(location)
    rest = location[len(scheme) :]
    # Without the slashes fsspec would take it for the name of a local file.
    if not rest.startswith("://"):
        raise MediaOpenError(
            f"{location}: an address of this kind begins with {scheme}://; correct the uri",
            location,
        )
    try:
        import fsspec
    except ImportError:
        raise MediaOpenError(
            f"{location}: storage such as {scheme}:// needs the package fsspec: pip install "
            "'edl2ffmpeg[remote]'",
            location,
        ) from None
    try:
        fsspec.get_filesystem_class(scheme)
    except ValueError:
        raise MediaOpenError(
            f"{location}: neither FFmpeg nor fsspec knows the protocol {scheme!r}; correct the uri",
            location,
        ) from None
    except ImportError as error:
        raise _package_missing(location, scheme, error) from error
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(f"{scheme}{rest}")
    except Exception as error:
        raise _unreadable(location, error) from error
    return found


def refuse_chain(location: str) -> None:
    """Raises for several addresses in one, by which fsspec would open others than the first."""
    if "::" in location or location.count("://") > 1:
        raise MediaAccessError(
            f"{location}: addresses that hold '::' or another address are refused; name the media "
            "file itself",
            location,
        )


def _opened(system: Any, path: str, location: str) -> Any:
    try:
        try:
            # The reads here are large already.
            file = system.open(path, "rb", cache_type="none")
        except TypeError:
            # Some kinds of storage hand what they do not know on to another library.
            file = system.open(path, "rb")
    except FileNotFoundError as error:
        raise _missing(location) from error
    except Exception as error:
        raise _unreadable(location, error) from error
    if isinstance(file, io.BytesIO):
        # fsspec's memory gives everybody the same object, with one position.
        return io.BytesIO(file.getvalue())
    return file


def _missing(location: str) -> MediaOpenError:
    return MediaOpenError(
        f"{location}: there is no such file; correct the uri or put the file there", location
    )


def _package_missing(location: str, scheme: str, error: ImportError) -> MediaOpenError:
    from fsspec.registry import known_implementations

    package = known_implementations[scheme]["class"].partition(".")[0]
    # Of what fsspec brings along, it names the packages that are needed.
    how = str(error) if package == "fsspec" else f"pip install {package}"
    return MediaOpenError(
        f"{location}: a package for {scheme}:// is not installed: {how}", location
    )


def _unreadable(location: str, error: Exception) -> MediaError:
    text = " ".join(str(getattr(error, "strerror", None) or error).split())
    if isinstance(error, PermissionError):
        return MediaOpenError(
            f"{location}: cannot be read: {text or 'permission denied'}; see whether the "
            "credentials of this machine allow it",
            location,
        )
    kind = type(error).__name__
    reason = text if isinstance(error, OSError) and text else f"{kind}: {text}" if text else kind
    return MediaReadError(f"{location}: cannot be read: {reason}", location)
