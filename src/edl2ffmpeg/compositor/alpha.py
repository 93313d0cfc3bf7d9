"""Multiplies the colours of canvases by their alpha, and divides them again.

See Note [Premultiplied sampling] in the kernels.  It draws onto nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial

from edl2ffmpeg.compositor._kernels import Plane
from edl2ffmpeg.compositor.affine import Affine
from edl2ffmpeg.compositor.backend import Kernels, RowJob
from edl2ffmpeg.compositor.canvas import CANVAS_DEPTH, MASK_LAYOUT, CanvasPool
from edl2ffmpeg.compositor.operations import NO_OPERATION
from edl2ffmpeg.compositor.painter import Drawing, Surface, paint
from edl2ffmpeg.compositor.picture import canvas_picture
from edl2ffmpeg.compositor.planes import component_plane, copy_job
from edl2ffmpeg.frame import Frame

__all__ = ["divide", "filling", "multiply", "replacing"]

Run = Callable[[Iterable[RowJob]], None]


def filling(width: int, height: int) -> Affine:
    """The map of a picture that fills a surface of this size."""
    return Affine(width / 2, 0.0, width / 2, 0.0, height / 2, height / 2)


def replacing(canvas: Frame, canvases: CanvasPool, borrowed: ExitStack) -> Surface:
    """A surface on which a picture takes the place of what was there, transparency left out."""
    luma, chroma = (
        borrowed.enter_context(
            canvases.lent(
                *canvas.format.component_size(number, canvas.width, canvas.height), MASK_LAYOUT
            )
        )
        for number in (0, 1)
    )
    return Surface(canvas, (luma, chroma))


def multiply(canvas: Frame, run: Run) -> None:
    """Multiplies the colours of a 4:4:4 canvas by its alpha."""
    alpha = component_plane(canvas, 3)
    for component in range(3):
        colour = component_plane(canvas, component)
        run([RowJob(canvas.height, partial(_multiply_rows, colour, alpha))])


def divide(source: Frame, target: Frame, canvases: CanvasPool, run: Run) -> None:
    """Writes what ``source`` was before it was multiplied to ``target``, alpha included."""
    picture = canvas_picture(source, CANVAS_DEPTH, is_premultiplied=True)
    drawing = Drawing(filling(source.width, source.height), 1.0, NO_OPERATION)
    with ExitStack() as borrowed:
        run(paint(picture, drawing, replacing(target, canvases, borrowed)))
    run([copy_job(source, target, 3)])


def _multiply_rows(
    colour: Plane,
    alpha: Plane,
    kernels: Kernels,
    row_start: int,
    row_end: int,
) -> None:
    kernels.premultiply(colour, alpha, row_start, row_end)
