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

from edl2ffmpeg.compositor.affine import Affine, layer_affine
from edl2ffmpeg.compositor.canvas import CANVAS_DEPTH, CanvasPool, canvas_layout
from edl2ffmpeg.compositor.cube import Cube, read_cube
from edl2ffmpeg.compositor.effects import SPATIAL, crop_edges, crops_inside
from edl2ffmpeg.compositor.filters import Filters
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.operations import NO_OPERATION, LayerOperation
from edl2ffmpeg.compositor.painter import Drawing, Surface, drawn_region, paint, paint_alpha
from edl2ffmpeg.compositor.picture import Picture, canvas_picture
from edl2ffmpeg.compositor.route import LayerRoute, OutputShape, RowJob
from edl2ffmpeg.compositor.turn import turn
from edl2ffmpeg.frame import Frame
from edl2ffmpeg.plan.model import EffectPlan, LayerPlan

__all__ = ["LayerDrawer"]

Run = Callable[[Iterable[RowJob]], None]

_CUBES_KEPT = 4
_SIZE_STEP = 32


@dataclass(frozen=True, slots=True)
class _Staged:
    """A picture on its way: what effects are still to do, and how large it is on the output."""

    picture: Picture
    effects: tuple[EffectPlan, ...]
    gamma: Fraction


class LayerDrawer:
    """Draws pictures of any kind with everything that a ``LayerPlan`` may ask for."""

    def __init__(self, output: OutputShape, canvases: CanvasPool, run: Run) -> None:
        self._output = output
        self._canvases = canvases
        self._run = run
        self._filters = Filters(output.height, canvases, run, self._cube)
        self._cubes: OrderedDict[str, Cube] = OrderedDict()

    def draw(self, layer: LayerPlan, frame: Frame, route: LayerRoute, surface: Surface) -> None:
        """Draws ``frame`` as ``layer`` asks for; what is beneath shows through."""
        size = (self._output.width, self._output.height)
        affine = layer_affine(route.placement.target, size, layer.transforms)
        if not affine.is_visible:
            return
        operation = replace(LayerOperation.of(layer), gamma=Fraction(1))
        with ExitStack() as borrowed:
            staged = _Staged(route.picture(frame), layer.effects, layer.gamma)
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
        return _Staged(canvas_picture(done, alpha_depth), staged.effects[last + 1 :], Fraction(1))

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
        layout = canvas_layout(self._output.format, has_alpha)
        canvas = borrowed.enter_context(self._canvases.lent(*size, layout))
        drawing = Drawing(
            Affine(size[0] / 2, 0.0, size[0] / 2, 0.0, size[1] / 2, size[1] / 2),
            placed.width / placed.height,
            NO_OPERATION,
            staged.effects if with_effects else (),
            staged.gamma,
            cubes=self._cube,
        )
        opaque = replace(picture, alpha_depth=None)
        self._run(paint(opaque, drawing, Surface(canvas)))
        if picture.has_alpha:
            self._run(paint_alpha(picture, canvas))
        elif has_alpha:
            canvas.array(3)[:] = (1 << CANVAS_DEPTH) - 1
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
        layout = canvas_layout(self._output.format, picture.has_alpha)
        width, height = self._output.width, self._output.height
        turned = borrowed.enter_context(self._canvases.lent(width, height, layout))
        region = drawn_region(drawing.affine, surface.frame)
        if region is None:
            return
        self._run(turn(canvas, turned, drawing.affine, region))
        whole = Affine(width / 2, 0.0, width / 2, 0.0, height / 2, height / 2)
        final = replace(
            drawing, affine=whole, outline=drawing.affine, effects=(), gamma=Fraction(1)
        )
        self._run(paint(canvas_picture(turned, picture.alpha_depth), final, surface))

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
