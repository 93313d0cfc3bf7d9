"""Draws the generated sources, only what changes from picture to picture; it composites nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from edl2ffmpeg.compositor.backend import Kernels
from edl2ffmpeg.compositor.conversion import OUTPUT_COLOUR
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.operations import BLACK
from edl2ffmpeg.compositor.patterns import (
    FEWEST_DIGITS,
    Counter,
    demo_palette,
    draw_bars,
    draw_demo,
    fill_rectangle,
)
from edl2ffmpeg.frame import Component, Frame, PixelFormat
from edl2ffmpeg.plan.model import GeneratedPicture
from edl2ffmpeg.timeline.model import GeneratedSource, Generator

__all__ = ["STATIC_GENERATORS", "PictureGenerator"]

STATIC_GENERATORS = frozenset({Generator.BLACK, Generator.COLOUR})
"""Generators whose pictures are all the same."""

_SURFACES_KEPT = 8


@dataclass(slots=True)
class _Surface:
    """A frame that is drawn again and again; ``shown`` is the number that it shows."""

    frame: Frame
    draw: Callable[[int], None]
    shown: int | None = None


class PictureGenerator:
    """Draws generated pictures in the output's depth and subsampling, planar, BT.709 limited.

    The size is the source's own, else the given one.  A returned frame is the generator's:
    the next picture of the same source is drawn over it.
    """

    def __init__(self, width: int, height: int, format: PixelFormat, kernels: Kernels) -> None:
        """Pictures without a size of their own are ``width`` x ``height``."""
        self._kernels = kernels
        self._size = (width, height)
        self._format = _planar(format)
        self._surfaces: OrderedDict[tuple[GeneratedSource, int], _Surface] = OrderedDict()

    def draw(self, picture: GeneratedPicture) -> Frame:
        """The frame of ``picture``, valid until the next call."""
        source = picture.source
        is_counted = source.generator is Generator.TEST_PATTERN
        digits = max(FEWEST_DIGITS, len(str(picture.frame))) if is_counted else 0
        key = (source, digits)
        surface = self._surfaces.get(key)
        if surface is None:
            surface = self._surfaces[key] = self._surface(source, digits)
            if len(self._surfaces) > _SURFACES_KEPT:
                self._surfaces.popitem(last=False)
        else:
            self._surfaces.move_to_end(key)
        if surface.shown != picture.frame:
            surface.draw(picture.frame)
            surface.shown = picture.frame
        return surface.frame

    def close(self) -> None:
        """Give up the frames."""
        self._surfaces.clear()

    def _surface(self, source: GeneratedSource, digits: int) -> _Surface:
        width = source.width or self._size[0]
        height = source.height or self._size[1]
        kernels = self._kernels
        frame = kernels.new_frame(width, height, self._format, OUTPUT_COLOUR)
        if source.generator is Generator.DEMO:
            palette = demo_palette(self._format.depth)
            return _Surface(frame, lambda number: draw_demo(kernels, frame, palette, number))
        if source.generator is Generator.TEST_PATTERN:
            draw_bars(kernels, frame)
            counter = Counter.of(frame, digits)
            fill_rectangle(kernels, frame, counter.box, BLACK)
            return _Surface(frame, lambda number: counter.draw(kernels, frame, number))
        colour = source.colour if source.generator is Generator.COLOUR else None
        fill_rectangle(kernels, frame, Rectangle(0, 0, width, height), colour or BLACK)
        return _Surface(frame, lambda number: None)


def _planar(layout: PixelFormat) -> PixelFormat:
    if layout.is_planar:
        return layout
    parts = (Component(0), Component(1), Component(2))
    return PixelFormat(f"{layout.name}, planar", layout.depth, layout.chroma_shift, parts)
