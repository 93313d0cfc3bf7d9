"""Shared storage by which the chunks of a cluster come; addresses are fsspec's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from edl2ffmpeg.errors import JobError, SettingsError, WorkerError
from edl2ffmpeg.media.packet_file import save_packets
from edl2ffmpeg.ownership import Owner

__all__ = ["ClusterStorage"]

_BLOCK_BYTES = 1 << 20


class ClusterStorage(Owner):
    """A folder ``name`` under ``address``, removed by closing it.

    Raises ``SettingsError`` where no such storage can be used from here.
    """

    def __init__(self, address: str, name: str) -> None:
        try:
            import fsspec.core
        except ImportError:
            raise SettingsError(
                "--cluster-storage needs the package fsspec: pip install 'edl2ffmpeg[cluster]'"
            ) from None
        self._folder = f"{address.rstrip('/')}/{name}"
        try:
            found = fsspec.core.url_to_fs(self._folder)
        except Exception as error:
            # Each kind of storage has errors of its own.
            raise SettingsError(f"--cluster-storage {address}: cannot be used: {error}") from None
        self._system: Any = found[0]
        self._path: str = found[1]

    def address(self, name: str) -> str:
        """Where a worker writes the file ``name``."""
        return f"{self._folder}/{name}"

    def fetch(self, address: str, path: Path, stop: threading.Event) -> None:
        """Copies the file to ``path`` and removes it.

        Raises ``WorkerError`` where it cannot be read, and ``EncodeError`` where ``path`` cannot be
        written.
        """
        source = f"{self._path}/{address.rpartition('/')[2]}"
        save_packets(path, self._blocks(source, address, stop))
        # The folder goes in the end; what is fetched must not fail by what is left of it.
        with suppress(Exception):
            self._system.rm_file(source)

    def _blocks(self, source: str, address: str, stop: threading.Event) -> Iterator[bytes]:
        try:
            with self._system.open(source, "rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    if stop.is_set():
                        raise JobError("stopped")
                    yield block
        except JobError:
            raise
        except Exception as error:
            # Each kind of storage has errors of its own.
            what = f"{type(error).__name__}: {error}"
            raise WorkerError(f"{address}: a chunk cannot be fetched: {what}") from error

    def close(self) -> None:
        """Removes what is left of the folder.  May be called twice."""
        with suppress(Exception):
            self._system.rm(self._path, recursive=True)
