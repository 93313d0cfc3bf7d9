"""Draws the layers of a plan: chooses how, prepares what is needed on the way, and draws.

It knows no transitions, and returns nothing: layers go onto a surface.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from edl2ffmpeg.compositor.affine import layer_affine
from edl2ffmpeg.compositor.alpha import filling, multiply, replacing
from edl2ffmpeg.compositor.backend import Kernels, RowJob
from edl2ffmpeg.compositor.canvas import CANVAS_DEPTH, CanvasPool, canvas_layout
from edl2ffmpeg.compositor.cube import Cube, read_cube
from edl2ffmpeg.compositor.effects import SPATIAL, crop_edges, crops_inside
from edl2ffmpeg.compositor.filters import Filters
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.operations import NO_OPERATION, LayerOperation
from edl2ffmpeg.compositor.painter import Drawing, Surface, drawn_region, paint, paint_alpha
from edl2ffmpeg.compositor.picture import Picture, canvas_picture
from edl2ffmpeg.compositor.planes import fill_job
from edl2ffmpeg.compositor.route import LayerRoute, OutputShape
from edl2ffmpeg.compositor.turn import turn
from edl2ffmpeg.frame import Frame, PixelFormat, pixel_format
from edl2ffmpeg.plan.model import EffectPlan, LayerPlan

__all__ = ["LayerDrawer"]

Run = Callable[[Iterable[RowJob]], None]

_CUBES_KEPT = 4
_MARGIN = 8
_SIZE_STEP = 32
_FULL = pixel_format("yuv444p")


@dataclass(frozen=True, slots=True)
class _Staged:
    """A picture on its way: what effects are still to do, and how large it is on the output."""

    picture: Picture
    effects: tuple[EffectPlan, ...]
    gamma: Fraction


class LayerDrawer:
    """Draws pictures of any kind with everything that a ``LayerPlan`` may ask for."""

    def __init__(
        self, output: OutputShape, kernels: Kernels, canvases: CanvasPool, run: Run
    ) -> None:
        self._output = output
        self._canvases = canvases
        self._run = run
        self._filters = Filters(output.height, kernels, canvases, run, self._cube)
        self._cubes: OrderedDict[str, Cube] = OrderedDict()

    def draw(self, layer: LayerPlan, frame: Frame, route: LayerRoute, surface: Surface) -> None:
        """Draws ``frame`` as ``layer`` asks for; what is beneath shows through."""
        size = (self._output.width, self._output.height)
        affine = layer_affine(route.placement.target, size, layer.transforms)
        if not affine.is_visible:
            return
        operation = replace(LayerOperation.of(layer), gamma=Fraction(1))
        with ExitStack() as borrowed:
            picture = self._premultiplied(route.picture(frame), borrowed)
            staged = _Staged(picture, layer.effects, layer.gamma)
            placed = route.placement.target
            if any(effect.kind in SPATIAL for effect in layer.effects):
                staged = self._filtered(staged, placed, borrowed)
            drawing = Drawing(
                affine,
                placed.width / placed.height,
                operation,
                staged.effects,
                staged.gamma,
                crop_edges(layer.effects),
                tuple(step.shape for step in layer.transforms),
                cubes=self._cube,
            )
            if affine.is_straight:
                self._run(paint(staged.picture, drawing, surface))
            else:
                self._draw_turned(staged, drawing, surface, borrowed)

    def _filtered(self, staged: _Staged, placed: Rectangle, borrowed: ExitStack) -> _Staged:
        """The picture at its fitted size with all of its effects done."""
        alpha_depth = staged.picture.alpha_depth
        if alpha_depth is None and any(map(crops_inside, staged.effects)):
            alpha_depth = CANVAS_DEPTH
        size = (placed.width, placed.height)
        canvas = self._copied(staged, size, placed, borrowed, has_alpha=alpha_depth is not None)
        last = [index for index, effect in enumerate(staged.effects) if effect.kind in SPATIAL][-1]
        done = self._filters.apply(canvas, staged.effects[: last + 1], borrowed)
        picture = self._premultiplied(canvas_picture(done, alpha_depth), borrowed)
        return _Staged(picture, staged.effects[last + 1 :], Fraction(1))

    def _premultiplied(self, picture: Picture, borrowed: ExitStack) -> Picture:
        """The same picture as a filter may take it: Note [Premultiplied sampling]."""
        if not picture.has_alpha:
            return picture
        frame = picture.frame
        canvas = borrowed.enter_context(
            self._canvases.lent(frame.width, frame.height, self._layout(has_alpha=True))
        )
        whole = replace(picture, crop=(0.0, 0.0, float(frame.width), float(frame.height)))
        drawing = Drawing(filling(frame.width, frame.height), 1.0, NO_OPERATION)
        self._run(paint(replace(whole, alpha_depth=None), drawing, Surface(canvas)))
        self._run(paint_alpha(whole, canvas))
        multiply(canvas, self._run)
        made = canvas_picture(canvas, picture.alpha_depth, is_premultiplied=True)
        return replace(made, crop=picture.crop)

    def _layout(self, has_alpha: bool) -> PixelFormat:
        """With alpha a canvas is 4:4:4, so that each colour has an alpha of its own."""
        return canvas_layout(_FULL if has_alpha else self._output.format, has_alpha)

    def _copied(
        self,
        staged: _Staged,
        size: tuple[int, int],
        placed: Rectangle,
        borrowed: ExitStack,
        *,
        has_alpha: bool,
        with_effects: bool = False,
    ) -> Frame:
        """The picture on a canvas of ``size``, with its gamma and, if wanted, its effects."""
        picture = staged.picture
        layout = self._layout(has_alpha)
        canvas = borrowed.enter_context(self._canvases.lent(*size, layout))
        drawing = Drawing(
            filling(*size),
            placed.width / placed.height,
            NO_OPERATION,
            staged.effects if with_effects else (),
            staged.gamma,
            cubes=self._cube,
        )
        with ExitStack() as unused:
            # The alpha goes to a component of its own; coverage is only in the way of it.
            surface = Surface(canvas)
            if picture.has_alpha:
                surface = replacing(canvas, self._canvases, unused)
            self._run(paint(picture, drawing, surface))
        if picture.has_alpha:
            self._run(paint_alpha(picture, canvas))
        elif has_alpha:
            self._run([fill_job(canvas, 3, (1 << CANVAS_DEPTH) - 1)])
        return canvas

    def _draw_turned(
        self, staged: _Staged, drawing: Drawing, surface: Surface, borrowed: ExitStack
    ) -> None:
        """Shrinks the picture as much as it will be shown smaller, then turns it."""
        picture = staged.picture
        size = (
            _shrunk(picture.crop[2], 2 * drawing.affine.across),
            _shrunk(picture.crop[3], 2 * drawing.affine.down),
        )
        placed = Rectangle(0, 0, max(round(1000 * drawing.aspect), 1), 1000)
        canvas = self._copied(
            staged, size, placed, borrowed, has_alpha=picture.has_alpha, with_effects=True
        )
        if picture.has_alpha:
            multiply(canvas, self._run)
        layout = self._layout(picture.has_alpha)
        width, height = self._output.width, self._output.height
        turned = borrowed.enter_context(self._canvases.lent(width, height, layout))
        # Chroma's coverage is filtered from luma's, and reads a few samples around the picture.
        region = drawn_region(drawing.affine, surface.frame, _MARGIN)
        if region is None:
            return
        self._run(turn(canvas, turned, drawing.affine, region))
        final = replace(
            drawing,
            affine=filling(width, height),
            outline=drawing.affine,
            effects=(),
            gamma=Fraction(1),
        )
        shown = canvas_picture(
            turned, picture.alpha_depth, is_premultiplied=picture.alpha_depth is not None
        )
        self._run(paint(shown, final, surface))

    def _cube(self, path: str) -> Cube:
        cube = self._cubes.get(path)
        if cube is None:
            cube = self._cubes[path] = read_cube(path)
            if len(self._cubes) > _CUBES_KEPT:
                self._cubes.popitem(last=False)
        return cube


def _shrunk(length: float, shown: float) -> int:
    """Samples for a length of the picture that is ``shown`` pixels long.

    In steps, so that the canvases of an animated zoom are of few sizes.
    """
    steps = max(ceil(shown / _SIZE_STEP), 1) * _SIZE_STEP
    return min(ceil(length), steps)
