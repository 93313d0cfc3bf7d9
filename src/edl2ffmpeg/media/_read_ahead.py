"""Turns the small reads of a demuxer into few large ones; what is read from is not for it to know.

Note [Read ahead]: a demuxer reads pieces of 32 KB, on and on for seconds, but also jumps: to the
index at the end, between sound and pictures, to a keyframe.  So what is asked for after a jump
is fetched in a small piece, and where reading goes on in pieces that double up to ``LARGEST``.
Several pieces are kept, since a demuxer reads at two or three places by turns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["ReadAhead"]

SMALLEST = 256 * 1024
LARGEST = 2 * 1024 * 1024
KEPT = 6 * 1024 * 1024

# What is skipped of interleaved streams does not make the rest a jump.
_GAP = SMALLEST


@dataclass(slots=True, eq=False)
class _Piece:
    """Bytes from ``start`` on; ``planned``: how many they would be, were the next not there."""

    start: int
    data: bytes
    planned: int

    @property
    def end(self) -> int:
        return self.start + len(self.data)


class ReadAhead:
    """``size`` bytes that ``fetch(start, end)`` gives, of which up to ``KEPT`` are held."""

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        self._fetch = fetch
        self._size = size
        # In order of use: the first is the least recently used.
        self._pieces: list[_Piece] = []

    def read(self, start: int, count: int) -> bytes:
        """Some of the ``count`` bytes from ``start`` on, at least one; none after the end."""
        if start >= self._size or count <= 0:
            return b""
        piece = self._holding(start) or self._fetched(start)
        offset = start - piece.start
        return piece.data[offset : offset + count]

    def _holding(self, start: int) -> _Piece | None:
        for index in range(len(self._pieces) - 1, -1, -1):
            piece = self._pieces[index]
            if piece.start <= start < piece.end:
                self._pieces.append(self._pieces.pop(index))
                return piece
        return None

    def _fetched(self, start: int) -> _Piece:
        before = [piece for piece in self._pieces if 0 <= start - piece.end <= _GAP]
        planned = min(2 * max(piece.planned for piece in before), LARGEST) if before else SMALLEST
        later = [piece.start for piece in self._pieces if piece.start > start]
        end = min(start + planned, self._size, *later)
        piece = _Piece(start, self._fetch(start, end), planned)
        self._pieces.append(piece)
        held = sum(len(piece.data) for piece in self._pieces)
        while held > KEPT:
            held -= len(self._pieces.pop(0).data)
        return piece

    def forget(self) -> None:
        """Lets go of what is held."""
        self._pieces.clear()
