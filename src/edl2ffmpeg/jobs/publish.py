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
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edl2ffmpeg.errors import EncodeError, MediaError, SettingsError

__all__ = ["published"]

_SUFFIX = ".partial"


@contextlib.contextmanager
def published(output: Path, *, replace: bool = True) -> Iterator[Path]:
    """A path to write to, renamed to ``output`` when the block ends without an exception.

    When the block raises, the partial file is removed and ``output`` is as it was.  Raises
    ``SettingsError`` when the folder cannot be written to, and ``EncodeError`` when, without
    ``replace``, a file of that name has appeared meanwhile.
    """
    folder = output.absolute().parent
    if output.exists() and not output.is_file():
        kind = "a folder" if output.is_dir() else "not a regular file"
        raise SettingsError(f"{output}: is {kind}; give the name of a file")
    try:
        _remove_abandoned(folder, output.name)
        descriptor, partial = _locked_partial(folder, output.name)
    except OSError as error:
        raise SettingsError(f"{output}: cannot be written: {error.strerror}") from None
    try:
        yield partial
        _finish(descriptor, partial, output, replace)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        _name_output(error, partial, output)
        raise
    finally:
        os.close(descriptor)


def _name_output(error: BaseException, partial: Path, output: Path) -> None:
    """What was written is known to its writers by the partial name, and to nobody else."""
    if isinstance(error, MediaError) and error.path == str(partial):
        error.path = str(output)
        error.args = (str(error).replace(str(partial), str(output)), *error.args[1:])


def _locked_partial(folder: Path, name: str) -> tuple[int, Path]:
    """A new partial file that is locked, and that nobody removed before it was."""
    while True:
        descriptor, path = tempfile.mkstemp(_SUFFIX, f".{name}.", folder)
        # Another writer of this name may be about to take the new file for an abandoned one:
        # waiting for its lock means that it has made up its mind.  Some network file systems
        # have no locks; only the cleaning up is lost there.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.path.exists(path):
            return descriptor, Path(path)
        os.close(descriptor)


def _finish(descriptor: int, partial: Path, output: Path, replace: bool) -> None:
    try:
        mask = os.umask(0)
        os.umask(mask)
        # FAT refuses modes that it cannot store.
        with contextlib.suppress(OSError):
            os.fchmod(descriptor, 0o666 & ~mask)
        _to_disk(descriptor)
        if replace:
            os.replace(partial, output)
        else:
            _give_free_name(partial, output)
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


def _give_free_name(partial: Path, output: Path) -> None:
    """Renames; ``FileExistsError`` when there is a file of that name.

    Not every file system has hard links (FAT), or a rename that replaces nothing (NFS), and
    they say so with many different errors: any error leads to the next way.
    """
    try:
        # Unlike a rename, a link does not replace what is there.
        os.link(partial, output)
    except FileExistsError:
        raise
    except OSError:
        try:
            _rename_alone(partial, output)
        except FileExistsError:
            raise
        except OSError:
            _take_name(partial, output)
    else:
        # Left behind, it is a second name that the next render to this one removes.
        with contextlib.suppress(OSError):
            partial.unlink()


def _rename_alone(partial: Path, output: Path) -> None:
    """Linux's rename that replaces nothing; ``OSError`` where there is none."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    here, no_replace = -100, ctypes.c_uint(1)
    if rename(here, os.fsencode(partial), here, os.fsencode(output), no_replace):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(output))


def _take_name(partial: Path, output: Path) -> None:
    """Takes the name with an empty file, which only one writer can, then renames over that."""
    os.close(os.open(output, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        os.replace(partial, output)
    except OSError:
        output.unlink()
        raise


def _remove_abandoned(folder: Path, name: str) -> None:
    """Removes partial files of ``name`` whose writer is gone."""
    prefix = f".{name}."
    for entry in os.scandir(folder):
        middle = entry.name.removeprefix(prefix).removesuffix(_SUFFIX)
        # mkstemp puts eight characters in the middle: other names are not ours.
        if len(middle) != 8 or entry.name != f"{prefix}{middle}{_SUFFIX}":
            continue
        with contextlib.suppress(OSError):
            descriptor = os.open(entry.path, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(entry.path)
            finally:
                os.close(descriptor)
