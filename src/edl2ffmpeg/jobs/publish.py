"""Gives an output file its name only when it is whole; it knows nothing of what is in it.

Note [Partial files]: the movie is written beside its final place as
``.NAME.RANDOM.partial`` and renamed at the end, which is atomic on one file system.  The
partial file is locked while its writer lives, so that the next render to the same name can
tell a partial file left by a killed process from one that is being written, and removes it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from edl2ffmpeg.errors import EncodeError, MediaError, SettingsError

__all__ = ["KeptWork", "PublishGuard", "cut_name", "published", "remove_abandoned"]

_SUFFIX = ".partial"
# What mkstemp puts in the middle.
_RANDOM = 8
# Of a file's name; some file systems count letters instead, of which there are not more.
_MOST_BYTES = 255


class KeptWork(Protocol):
    """What is done of a movie, and outlives its render."""

    @property
    def is_kept(self) -> bool:
        """Whether there is anything."""


class PublishGuard(Protocol):
    """Whoever may end the process while files are written."""

    def holds(self, partial: Path) -> None:
        """``partial`` is there from now on, and is to be removed if the process is ended."""

    def keeps(self, work: KeptWork) -> None:
        """Where parts of the movie are kept, if the render does not come to its end."""

    def commits(self) -> None:
        """The file is whole and gets its name now; from here on nothing may stop that."""


@contextlib.contextmanager
def published(
    output: Path, *, replace: bool = True, guard: PublishGuard | None = None
) -> Iterator[Path]:
    """A path to write to, renamed to ``output`` when the block ends without an exception.

    A symbolic link stays one: what it leads to is written, whether that exists or not.  When
    the block raises, the partial file is removed and ``output`` is as
    it was.  Raises ``SettingsError`` when the folder cannot be written to, and ``EncodeError``
    when, without ``replace``, a file of that name has appeared meanwhile.
    """
    place = _place_of(output)
    try:
        _remove_abandoned(place)
        descriptor, partial = _locked_partial(place)
    except OSError as error:
        leads = f", since it leads to {place}" if output.is_symlink() else ""
        raise SettingsError(f"{output}: cannot be written{leads}: {error.strerror}") from None
    try:
        if guard is not None:
            guard.holds(partial)
        yield partial
        _complete(descriptor, output)
        if guard is not None:
            guard.commits()
        _give_name(partial, place, output, replace)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        _name_output(error, partial, output)
        raise
    finally:
        os.close(descriptor)


def _place_of(output: Path) -> Path:
    """Where ``output`` leads, if a file may be there."""
    try:
        mode = os.stat(output).st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    except OSError as error:
        raise SettingsError(f"{output}: cannot be written: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise SettingsError(f"{output}: is {kind}; give the name of a file")
    return Path(os.path.realpath(output))


def _name_output(error: BaseException, partial: Path, output: Path) -> None:
    """What was written is known to its writers by the partial name, and to nobody else."""
    if isinstance(error, MediaError) and error.path == str(partial):
        error.path = str(output)
        error.args = (str(error).replace(str(partial), str(output)), *error.args[1:])


def cut_name(place: Path, suffix: str, more: int) -> str:
    """``.NAME.SUFFIX``, the name cut where that and ``more`` bytes would be too long a name."""
    try:
        most = min(os.pathconf(place.parent, "PC_NAME_MAX"), _MOST_BYTES)
    except (OSError, ValueError):
        most = _MOST_BYTES
    name = place.name
    while len(name) > 1 and len(os.fsencode(f".{name}.{suffix}")) + more > most:
        name = name[:-1]
    return f".{name}.{suffix}"


def _prefix(place: Path) -> str:
    """How the names of its partial files begin; a long name is cut, since theirs are longer."""
    return cut_name(place, "", len(_SUFFIX) + _RANDOM)


def _locked_partial(place: Path) -> tuple[int, Path]:
    """A new partial file that is locked, and that nobody removed before it was."""
    while True:
        descriptor, path = tempfile.mkstemp(_SUFFIX, _prefix(place), place.parent)
        # Another writer of this name may be about to take the new file for an abandoned one:
        # waiting for its lock means that it has made up its mind.  Some network file systems
        # have no locks; only the cleaning up is lost there.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.path.exists(path):
            return descriptor, Path(path)
        os.close(descriptor)


def _complete(descriptor: int, output: Path) -> None:
    try:
        # FAT refuses modes that it cannot store.
        with contextlib.suppress(OSError):
            os.fchmod(descriptor, 0o666 & ~_umask())
        _to_disk(descriptor)
    except OSError as error:
        raise EncodeError(f"{output}: cannot be put in place: {error.strerror}") from error


def _umask() -> int:
    with contextlib.suppress(OSError):
        # Reading it otherwise means setting it, for other threads as well.
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _give_name(partial: Path, place: Path, output: Path, replace: bool) -> None:
    try:
        if replace:
            os.replace(partial, place)
        else:
            _give_free_name(partial, place)
    except FileExistsError:
        raise EncodeError(
            f"{output}: appeared while it was rendered, and is kept; add --overwrite to replace it"
        ) from None
    except OSError as error:
        raise EncodeError(f"{output}: cannot be put in place: {error.strerror}") from error


def _to_disk(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        # The file system has no such thing.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise


def _give_free_name(partial: Path, place: Path) -> None:
    """Renames; ``FileExistsError`` when there is a file of that name.

    Not every file system has hard links (FAT), or a rename that replaces nothing (NFS), and
    they say so with many different errors: any error leads to the next way.
    """
    try:
        # Unlike a rename, a link does not replace what is there.
        os.link(partial, place)
    except FileExistsError:
        raise
    except OSError:
        try:
            _rename_alone(partial, place)
        except FileExistsError:
            raise
        except OSError:
            _take_name(partial, place)
    else:
        # Left behind, it is a second name that the next render to this one removes.
        with contextlib.suppress(OSError):
            partial.unlink()


def _rename_alone(partial: Path, place: Path) -> None:
    """Linux's rename that replaces nothing; ``OSError`` where there is none."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    here, no_replace = -100, ctypes.c_uint(1)
    if rename(here, os.fsencode(partial), here, os.fsencode(place), no_replace):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(place))


def _take_name(partial: Path, place: Path) -> None:
    """Takes the name with an empty file, which only one writer can, then renames over that."""
    os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        os.replace(partial, place)
    except OSError:
        place.unlink()
        raise


def remove_abandoned(output: Path) -> None:
    """Removes partial files of ``output`` whose writer, another process, is gone."""
    with contextlib.suppress(OSError):
        _remove_abandoned(Path(os.path.realpath(output)))


def _remove_abandoned(place: Path) -> None:
    """Removes partial files of ``place`` whose writer is gone."""
    prefix = _prefix(place)
    for entry in os.scandir(place.parent):
        middle = entry.name.removeprefix(prefix).removesuffix(_SUFFIX)
        # Other names are not ours.
        if len(middle) != _RANDOM or entry.name != f"{prefix}{middle}{_SUFFIX}":
            continue
        with contextlib.suppress(OSError):
            descriptor = os.open(entry.path, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(entry.path)
            finally:
                os.close(descriptor)
