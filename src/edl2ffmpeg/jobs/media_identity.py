"""Whether files are still those that a render began with; it does not open them as media."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256

from edl2ffmpeg.compositor.fonts import is_font_file
from edl2ffmpeg.errors import MediaError, MediaOpenError
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.served_file import served_state
from edl2ffmpeg.media.storage import StorageFile, is_on_storage, scheme_of, storage_state
from edl2ffmpeg.plan.chunks import Drawn
from edl2ffmpeg.timeline.model import Timeline

__all__ = ["MediaIdentity"]

_EDGE_BYTES = 64 * 1024

# The size, and what tells versions of a file apart: a local one's time, what a storage calls it.
_State = tuple[int, int | str]


class MediaIdentity:
    """The size, time or version, and edges of files when they were first asked for.

    What a server gives through FFmpeg is known by its size and its first packets.
    """

    def __init__(self, timeline: Timeline, access: AccessRules) -> None:
        self._base = timeline.base_folder
        self._access = access
        self._known: dict[str, tuple[_State, str]] = {}

    def files_of(self, drawn: Drawn) -> list[str]:
        """The files that a chunk reads."""
        fonts = (
            self._access.resolve(name, self._base) for name in drawn.fonts if is_font_file(name)
        )
        return [*drawn.media, *drawn.luts, *fonts]

    def of(self, locations: Iterable[str]) -> str:
        """A text that changes when one of the files does; ``MediaOpenError`` for a missing one.

        Raises ``MediaReadError`` where a server or storage does not answer.
        """
        return "|".join(f"{location}={self._identity(location)}" for location in locations)

    def _identity(self, location: str) -> str:
        known = self._known.get(location)
        if known is None:
            state = self._state(location)
            # Of a server's file the first packets are all that is known.
            edges = "" if _is_at_server(location) else _edges(location, state[0])
            known = self._known[location] = (state, f"{state}{edges}")
        return known[1]

    def require_unchanged(self, locations: Iterable[str]) -> None:
        """Raises ``MediaError`` when a file has changed since, ``MediaOpenError`` if it is gone.

        Raises ``MediaReadError`` where a server or storage does not answer.
        """
        for location in locations:
            known = self._known.get(location)
            if known is not None and self._state(location) != known[0]:
                raise MediaError(
                    f"{location}: has changed while it was rendered; render again when it is done",
                    location,
                )

    def _state(self, location: str) -> _State:
        if _is_at_server(location):
            return served_state(self._access, location)
        try:
            if is_on_storage(location):
                return storage_state(location)
            found = os.stat(location)
        except OSError as error:
            raise MediaOpenError(
                f"{location}: cannot be read any more: {error.strerror}; put the file back and "
                "render again",
                location,
            ) from None
        return found.st_size, found.st_mtime_ns


def _is_at_server(location: str) -> bool:
    return scheme_of(location) is not None and not is_on_storage(location)


def _edges(location: str, size: int) -> str:
    edges = [(0, min(size, _EDGE_BYTES))]
    if size > _EDGE_BYTES:
        edges.append((max(size - _EDGE_BYTES, _EDGE_BYTES), size))
    digest = sha256()
    if is_on_storage(location):
        with StorageFile(location) as stored:
            for start, end in edges:
                digest.update(stored.fetch(start, end))
        return digest.hexdigest()
    try:
        with open(location, "rb") as file:
            for start, end in edges:
                file.seek(start)
                digest.update(file.read(end - start))
    except OSError as error:
        raise MediaOpenError(f"{location}: cannot be read: {error.strerror}", location) from None
    return digest.hexdigest()
