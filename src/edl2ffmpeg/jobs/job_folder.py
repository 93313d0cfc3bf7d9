"""Keeps what is done of a render beside its output, so that it can go on; it renders nothing.

Note [Job folder]: ``.NAME.edl2ffmpeg`` holds a packet file for each chunk that is done and, as
``KEY.json``, what came of it.  The key is a digest of all that the chunk's bytes depend on, so
that whatever is found under a key is what the render would make.  Files get their names by
renaming, the marker last: a name that is there is whole.  A disk may still lose or spoil some of
it, so the digest of what is found is taken again.  The folder is locked while a render uses it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from edl2ffmpeg.errors import EncodeError, SettingsError
from edl2ffmpeg.jobs.publish import cut_name
from edl2ffmpeg.media._translate import reason_of
from edl2ffmpeg.ownership import Owner

__all__ = ["JobFolder", "remove_job_folder"]

_SUFFIX = "edl2ffmpeg"
_LOCK = "lock"
_MANIFEST = "manifest.json"
_FORMAT = 1


def _path_of(place: Path) -> Path:
    return place.parent / cut_name(place, _SUFFIX, 0)


def remove_job_folder(output: Path) -> None:
    """Removes what an earlier render has left of ``output``, which is there now without it."""
    path = _path_of(Path(os.path.realpath(output)))
    with contextlib.suppress(OSError):
        lock = os.open(path / _LOCK, os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)
        finally:
            os.close(lock)


class JobFolder(Owner):
    """The folder of the render to ``output``, made if it is not there.

    With ``fresh`` nothing of an earlier render is used.  Closing it removes it, unless something
    in it is done; after ``discard()`` it is removed in any case.  Raises ``SettingsError`` where
    it cannot be written to, or another render uses it.
    """

    def __init__(self, output: Path, *, fresh: bool = False) -> None:
        place = Path(os.path.realpath(output))
        self.path = _path_of(place)
        self._output = output
        self._lock: int | None = None
        self._discarded = False
        if not place.parent.is_dir():
            raise SettingsError(f"{output}: cannot be written: there is no folder {place.parent}")
        try:
            self.path.mkdir(exist_ok=True)
            self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SettingsError(
                    f"{output}: another render is writing it; wait for its end, or give another "
                    "name"
                ) from None
            except OSError:
                # Some network file systems have no locks; only this protection is lost there.
                pass
            if not os.path.exists(self.path / _LOCK):
                # Its last user has removed it between our opening and our locking.
                raise SettingsError(f"{output}: another render has just written it; look at it")
            if fresh or not self._is_readable():
                self._empty()
            self._write(_MANIFEST, {"format": _FORMAT, "output": str(place)})
        except OSError as error:
            self._unlock()
            raise SettingsError(
                f"{self.path}: the folder for what is done of this render cannot be written: "
                f"{error.strerror}; make room or give OUT another folder, or use --chunk-seconds 0"
            ) from None
        except BaseException:
            self._unlock()
            raise

    def _is_readable(self) -> bool:
        try:
            found = json.loads((self.path / _MANIFEST).read_bytes())
        except (OSError, ValueError):
            return False
        return isinstance(found, dict) and found.get("format") == _FORMAT

    def _empty(self) -> None:
        for name in os.listdir(self.path):
            if name != _LOCK:
                os.unlink(self.path / name)

    def part(self, key: str, number: int, attempt: int) -> Path:
        """Where an attempt writes; ``accept`` makes it what is found under the key."""
        return self.path / f"{key}.{number}.{attempt}.part"

    def packets(self, key: str) -> Path:
        """The packet file that is done."""
        return self.path / f"{key}.packets"

    def accept(self, key: str, part: Path, result: dict[str, Any]) -> None:
        """``part`` is whole and checked; ``result`` is what came of it, with size and digest."""
        try:
            # Otherwise a crash of the machine may leave the name without the content.
            with open(part, "rb") as file:
                os.fsync(file.fileno())
            os.replace(part, self.packets(key))
            self._write(f"{key}.json", result)
        except OSError as error:
            raise EncodeError(
                f"{self.path}: what is done cannot be noted: {reason_of(error)}", str(self.path)
            ) from error

    def found(self, key: str) -> dict[str, Any] | None:
        """What came of the part with this key; None if it is not done."""
        try:
            result = json.loads((self.path / f"{key}.json").read_bytes())
            with open(self.packets(key), "rb") as file:
                if os.fstat(file.fileno()).st_size != result["size"]:
                    return None
                if hashlib.file_digest(file, "sha256").hexdigest() == result["digest"]:
                    assert isinstance(result, dict)
                    return result
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    @property
    def has_work(self) -> bool:
        """Whether something is done that another render need not do again."""
        return any(name.endswith(".json") and name != _MANIFEST for name in os.listdir(self.path))

    @property
    def is_kept(self) -> bool:
        """Whether something is left for the next render."""
        try:
            return not self._discarded and self.has_work
        except OSError:
            return False

    def discard(self) -> None:
        """The movie is there: nothing of the folder is needed any more."""
        self._discarded = True

    def _write(self, name: str, content: dict[str, Any]) -> None:
        aside = self.path / f"{name}.part"
        aside.write_text(json.dumps(content), encoding="utf-8")
        os.replace(aside, self.path / name)

    def close(self) -> None:
        """Removes what was not finished, or the whole folder, and unlocks it."""
        if self._lock is None:
            return
        with contextlib.suppress(OSError):
            if self._discarded or not self.has_work:
                shutil.rmtree(self.path)
            else:
                for name in os.listdir(self.path):
                    if name.endswith(".part"):
                        os.unlink(self.path / name)
        self._unlock()

    def _unlock(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)
