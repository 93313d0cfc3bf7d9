"""Pictures between two steps of a layer: 15-bit frames in the output's subsampling, kept for reuse.

It draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edl2ffmpeg.compositor.conversion import OUTPUT_COLOUR
from edl2ffmpeg.compositor.planes import new_frame
from edl2ffmpeg.frame import Colour, Component, Frame, PixelFormat

__all__ = ["CANVAS_DEPTH", "MASK_LAYOUT", "CanvasPool", "canvas_layout"]

CANVAS_DEPTH = 15

MASK_LAYOUT = PixelFormat("mask", CANVAS_DEPTH, (0, 0), (Component(0),))
"""Shares of 0 to 2^14, one for each sample."""

# About what a transition between two filtered layers needs at 1080 lines.
_BUDGET_BYTES = 96 * 2**20


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
    """Lends canvases; their contents are left over.

    What was given back is kept for the next frame, the newest first, as long as it fits into a
    budget of memory: sizes may differ from frame to frame.  ``allocated`` counts.
    """

    def __init__(
        self, new_frame: Callable[[int, int, PixelFormat, Colour], Frame] = new_frame
    ) -> None:
        self._new_frame = new_frame
        self._free: list[Frame] = []
        self.allocated = 0

    def take(self, width: int, height: int, layout: PixelFormat) -> Frame:
        """A canvas to write to, until ``give_back``."""
        for index in reversed(range(len(self._free))):
            canvas = self._free[index]
            if (canvas.width, canvas.height, canvas.format) == (width, height, layout):
                return self._free.pop(index)
        self.allocated += 1
        return self._new_frame(width, height, layout, OUTPUT_COLOUR)

    def give_back(self, canvas: Frame) -> None:
        """Takes a canvas back; nobody reads it any more."""
        self._free.append(canvas)
        kept = 0
        for index in reversed(range(len(self._free))):
            kept += sum(plane.pitch * plane.rows for plane in self._free[index].planes)
            if kept > _BUDGET_BYTES:
                del self._free[: index + 1]
                break

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
