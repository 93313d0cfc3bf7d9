"""Storage that counts what is asked of it, and fails when told to; it judges nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import fsspec
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

__all__ = ["CountedStorage", "counted_storage"]


class CountedStorage(AbstractFileSystem):  # type: ignore[misc]
    """Objects by name under ``counted://``, read as those of S3 are: by ranges of bytes.

    ``requests`` are the ranges read, ``opened`` all files ever, ``looked_up`` the names whose size
    was asked for.  ``fails_from`` and ``ends_at`` are bytes from which on reading raises ``error``,
    or gives nothing; ``fails_next`` is how many of the next reads raise it, wherever they are.
    """

    protocol = "counted"
    cachable = False

    objects: ClassVar[dict[str, bytes]] = {}
    tags: ClassVar[dict[str, str]] = {}
    requests: ClassVar[list[tuple[str, int, int]]] = []
    opened: ClassVar[list[Any]] = []
    looked_up: ClassVar[list[str]] = []
    fails_from: ClassVar[int | None] = None
    ends_at: ClassVar[int | None] = None
    fails_next: ClassVar[int] = 0
    error: ClassVar[BaseException] = OSError(5, "Input/output error")
    error_of_info: ClassVar[Exception | None] = None

    @classmethod
    def reset(cls) -> None:
        """As if nothing had been asked."""
        cls.fails_from = cls.ends_at = cls.error_of_info = None
        cls.fails_next = 0
        cls.error = OSError(5, "Input/output error")
        for counted in (cls.objects, cls.tags, cls.requests, cls.opened, cls.looked_up):
            counted.clear()

    @classmethod
    def put(cls, name: str, data: bytes | Path, tag: str = "1") -> str:
        """Stores an object, and gives its address."""
        cls.objects[name] = data.read_bytes() if isinstance(data, Path) else data
        cls.tags[name] = tag
        return f"counted://{name}"

    @classmethod
    def bytes_read(cls, name: str = "") -> int:
        """How many bytes were fetched, of ``name`` or of all."""
        return sum(end - start for key, start, end in cls.requests if name in ("", key))

    @classmethod
    def still_open(cls) -> int:
        """How many files were opened and not closed."""
        return sum(not file.closed for file in cls.opened)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        path = self._strip_protocol(path)
        self.looked_up.append(path)
        if self.error_of_info is not None:
            raise self.error_of_info
        if path in self.objects:
            size = len(self.objects[path])
            return {"name": path, "size": size, "type": "file", "ETag": self.tags[path]}
        if any(name.startswith(f"{path}/") for name in self.objects):
            return {"name": path, "size": 0, "type": "directory"}
        raise FileNotFoundError(path)

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        file = _CountedFile(self, path, mode, **options)
        # Held, so that nothing but close() closes it.
        self.opened.append(file)
        return file


class _CountedFile(AbstractBufferedFile):  # type: ignore[misc]
    def _fetch_range(self, start: int, end: int) -> bytes:
        storage = type(self.fs)
        storage.requests.append((self.path, start, end))
        if storage.fails_from is not None and end > storage.fails_from:
            raise storage.error
        if storage.fails_next:
            storage.fails_next -= 1
            raise storage.error
        whole: bytes = storage.objects[self.path]
        return whole[start : end if storage.ends_at is None else min(end, storage.ends_at)]


@contextmanager
def counted_storage() -> Iterator[type[CountedStorage]]:
    """Registers the storage, empty, while the block lasts."""
    CountedStorage.reset()
    fsspec.register_implementation("counted", CountedStorage, clobber=True)
    try:
        yield CountedStorage
    finally:
        CountedStorage.reset()
