"""Pictures between two steps of a layer: 15-bit frames in the output's subsampling, kept for reuse.

It draws nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from edl2ffmpeg.compositor.conversion import OUTPUT_COLOUR
from edl2ffmpeg.compositor.planes import new_frame
from edl2ffmpeg.frame import Component, Frame, PixelFormat

__all__ = ["CANVAS_DEPTH", "CanvasPool", "canvas_layout"]

CANVAS_DEPTH = 15

# Components beyond Y, U and V: coverage of the luma grid, or the source's alpha, and coverage of
# the chroma grid.
_Key = tuple[int, int, PixelFormat]


def canvas_layout(format: PixelFormat, has_alpha: bool = False) -> PixelFormat:
    """A planar layout of 15 bits with the subsampling of ``format``."""
    count = 4 if has_alpha else 3
    return PixelFormat(
        f"canvas {format.chroma_shift}",
        CANVAS_DEPTH,
        format.chroma_shift,
        tuple(Component(index) for index in range(count)),
        has_alpha=has_alpha,
    )


class CanvasPool:
    """Lends canvases, at most as many as were lent at a time; their contents are left over."""

    def __init__(self) -> None:
        self._free: defaultdict[_Key, list[Frame]] = defaultdict(list)
        self.allocated = 0

    def take(self, width: int, height: int, layout: PixelFormat) -> Frame:
        """A canvas to write to, until ``give_back``."""
        free = self._free[width, height, layout]
        if free:
            return free.pop()
        self.allocated += 1
        return new_frame(width, height, layout, OUTPUT_COLOUR)

    def give_back(self, canvas: Frame) -> None:
        """Takes a canvas back; nobody reads it any more."""
        self._free[canvas.width, canvas.height, canvas.format].append(canvas)

    @contextmanager
    def lent(self, width: int, height: int, layout: PixelFormat) -> Iterator[Frame]:
        """A canvas for a ``with`` block."""
        canvas = self.take(width, height, layout)
        try:
            yield canvas
        finally:
            self.give_back(canvas)

    def clear(self) -> None:
        """Drops what is free."""
        self._free.clear()
