"""Effects that look at neighbours, on canvases: blur, sharpen, mosaic and highlight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from functools import partial

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.compositor._kernels import MixSource, Plane
from edl2ffmpeg.compositor.affine import Affine, layer_affine
from edl2ffmpeg.compositor.alpha import divide, filling, multiply
from edl2ffmpeg.compositor.backend import Kernels, RowJob
from edl2ffmpeg.compositor.canvas import MASK_LAYOUT, CanvasPool
from edl2ffmpeg.compositor.cube import Cube
from edl2ffmpeg.compositor.effects import SPATIAL, crop_edges, crops_inside
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.operations import NO_OPERATION
from edl2ffmpeg.compositor.painter import WHOLE, Drawing, Surface, outline_of, paint
from edl2ffmpeg.compositor.picture import canvas_picture
from edl2ffmpeg.compositor.planes import component_plane, copy_job, fill_job
from edl2ffmpeg.compositor.resampling import WEIGHT_BITS, SampleGrid, sample_grids
from edl2ffmpeg.frame import Frame
from edl2ffmpeg.plan.model import EffectPlan
from edl2ffmpeg.timeline.effects import EffectKind

__all__ = ["Filters"]

_LINES = 1080
_AMOUNT_BITS = 14
_ONE = 1 << WEIGHT_BITS
_MOST_AMOUNT = 100.0
_LUMA_CODES = (2048, 30_080)

Run = Callable[[Iterable[RowJob]], None]


class Filters:
    """Applies effects in order to canvases; lengths in pixels count at 1080 lines of output."""

    def __init__(
        self,
        output_height: int,
        kernels: Kernels,
        canvases: CanvasPool,
        run: Run,
        cubes: Callable[[str], Cube],
    ) -> None:
        self._pixels = output_height / _LINES
        self._kernels = kernels
        self._canvases = canvases
        self._run = run
        self._cubes = cubes

    def apply(
        self,
        canvas: Frame,
        effects: Sequence[EffectPlan],
        borrowed: ExitStack,
        *,
        with_crops: bool = False,
    ) -> Frame:
        """``canvas`` after ``effects``: another canvas, lent until ``borrowed`` ends.

        Crops are left to the caller's coverage, but ``with_crops`` they make the canvas, which
        has alpha then, transparent.
        """
        waiting: list[EffectPlan] = []
        for effect in effects:
            if effect.kind not in SPATIAL:
                waiting.append(effect)
                continue
            canvas = self._pointwise(canvas, waiting, borrowed, with_crops)
            waiting = []
            canvas = self._spatial(canvas, effect, borrowed)
        return self._pointwise(canvas, waiting, borrowed, with_crops)

    def _another(self, canvas: Frame, borrowed: ExitStack) -> Frame:
        return borrowed.enter_context(
            self._canvases.lent(canvas.width, canvas.height, canvas.format)
        )

    def _pointwise(
        self,
        canvas: Frame,
        effects: Sequence[EffectPlan],
        borrowed: ExitStack,
        with_crops: bool,
    ) -> Frame:
        drawn = [effect for effect in effects if effect.kind is not EffectKind.CROP]
        cropped = with_crops and len(drawn) < len(effects)
        if not drawn and not cropped:
            return canvas
        width, height = canvas.width, canvas.height
        result = self._another(canvas, borrowed)
        drawing = Drawing(
            filling(width, height),
            width / height,
            NO_OPERATION,
            tuple(drawn),
            Fraction(1),
            cubes=self._cubes,
        )
        self._run(paint(canvas_picture(canvas, None), drawing, Surface(result)))
        if canvas.format.has_alpha:
            self._run([copy_job(canvas, result, 3)])
        if cropped:
            self._crop(result, crop_edges(effects))
        return result

    def _spatial(self, canvas: Frame, effect: EffectPlan, borrowed: ExitStack) -> Frame:
        if effect.kind is EffectKind.HIGHLIGHT:
            return self._highlight(canvas, effect, borrowed)
        if effect.kind is EffectKind.SHARPEN:
            result = self._another(canvas, borrowed)
            self._sharpen(canvas, result, effect)
            return result
        mix = self._blur if effect.kind is EffectKind.BLUR else self._mosaic
        if not canvas.format.has_alpha:
            result = self._another(canvas, borrowed)
            mix(canvas, result, effect.value("value"))
            return result
        # Pixels are mixed: what is transparent must bring nothing in.
        weighted, mixed = self._another(canvas, borrowed), self._another(canvas, borrowed)
        parts = range(len(canvas.format.components))
        self._run(copy_job(canvas, weighted, component) for component in parts)
        multiply(weighted, self._run)
        mix(weighted, mixed, effect.value("value"))
        divide(mixed, weighted, self._canvases, self._run)
        return weighted

    def _blur(self, canvas: Frame, result: Frame, sigma: float) -> None:
        for component in range(len(canvas.format.components)):
            across, down = _spacings(canvas, component)
            pixels = sigma * self._pixels
            self._kernels.blur(
                component_plane(canvas, component),
                component_plane(result, component),
                pixels / across,
                pixels / down,
            )

    def _sharpen(self, canvas: Frame, result: Frame, effect: EffectPlan) -> None:
        """Luma alone: chroma has no edges worth sharpening, and much noise."""
        pixels = effect.value("radius") * self._pixels
        original, target = component_plane(canvas, 0), component_plane(result, 0)
        amount = round(min(effect.value("value"), _MOST_AMOUNT) * (1 << _AMOUNT_BITS))
        with self._canvases.lent(canvas.width, canvas.height, MASK_LAYOUT) as soft:
            blurred = component_plane(soft, 0)
            self._kernels.blur(original, blurred, pixels, pixels)
            job = partial(_sharpen_rows, original, blurred, target, amount)
            self._run([RowJob(canvas.height, job)])
        rest = range(1, len(canvas.format.components))
        self._run(copy_job(canvas, result, component) for component in rest)

    def _mosaic(self, canvas: Frame, result: Frame, size: float) -> None:
        side = max(size * self._pixels, 1.0)
        for component in range(len(canvas.format.components)):
            across, down = sample_grids(canvas.format, component, canvas.width, canvas.height)
            self._kernels.mosaic(
                component_plane(canvas, component),
                component_plane(result, component),
                _blocks(across, side),
                _blocks(down, side),
            )

    def _highlight(self, canvas: Frame, effect: EffectPlan, borrowed: ExitStack) -> Frame:
        inside = self.apply(canvas, effect.inside, borrowed, with_crops=True)
        if effect.mask is None:
            return inside
        outside = self.apply(canvas, effect.outside, borrowed, with_crops=True)
        result = self._another(canvas, borrowed)
        whole = Rectangle(0, 0, canvas.width, canvas.height)
        affine = layer_affine(whole, (canvas.width, canvas.height), [effect.mask])
        self._run(self._mix(canvas, (outside, inside), result, affine, effect, borrowed))
        return result

    def _crop(self, canvas: Frame, edges: tuple[float, float, float, float]) -> None:
        """Makes what lies beyond the edges (-1..1 over the canvas) transparent."""
        left, top, right, bottom = edges
        down, across = (
            _inside(length, (low + 1) / 2 * length, (high + 1) / 2 * length)
            for length, low, high in ((canvas.height, top, bottom), (canvas.width, left, right))
        )
        self._kernels.crop_alpha(component_plane(canvas, 3), across, down)

    def _mix(
        self,
        canvas: Frame,
        sides: tuple[Frame, Frame],
        result: Frame,
        affine: Affine,
        effect: EffectPlan,
        borrowed: ExitStack,
    ) -> Iterable[RowJob]:
        assert effect.mask is not None
        feather = effect.value("feather") * self._pixels
        with_crops = canvas.format.has_alpha and crops_inside(effect)
        groups = [(0,), (1, 2)] if not canvas.format.has_alpha else [(0, 3), (1, 2)]
        if with_crops:
            groups = [(3,), (0,), (1, 2)]
        for components in groups:
            grids = sample_grids(canvas.format, components[0], canvas.width, canvas.height)
            mask = borrowed.enter_context(
                self._canvases.lent(grids[0].count, grids[1].count, MASK_LAYOUT)
            )
            if affine.is_visible:
                spacing = (grids[0].spacing, grids[1].spacing)
                outline = outline_of(affine, WHOLE, 1 - effect.mask.shape, spacing, soft=feather)
                self._kernels.outline(outline, component_plane(mask, 0), 0, mask.height)
            else:
                self._run([fill_job(mask, 0, 0)])
            if with_crops and components != (3,):
                # Colour without alpha is none.
                self._kernels.weigh(
                    component_plane(mask, 0),
                    component_plane(sides[0], 3),
                    component_plane(sides[1], 3),
                    grids[0].spacing,
                    grids[1].spacing,
                )
            outside, inside = (
                MixSource([component_plane(side, number) for number in components])
                for side in sides
            )
            targets = [component_plane(result, number) for number in components]
            job = partial(_mixed, outside, inside, component_plane(mask, 0), targets)
            yield RowJob(mask.height, job)


def _sharpen_rows(
    original: Plane,
    blurred: Plane,
    target: Plane,
    amount: int,
    kernels: Kernels,
    row_start: int,
    row_end: int,
) -> None:
    kernels.unsharp(original, blurred, target, amount, *_LUMA_CODES, row_start, row_end)


def _mixed(
    outside: MixSource,
    inside: MixSource,
    mask: Plane,
    targets: list[Plane],
    kernels: Kernels,
    row_start: int,
    row_end: int,
) -> None:
    kernels.mix(outside, inside, mask, 0, targets, 15, row_start, row_end)


def _inside(count: int, low: float, high: float) -> npt.NDArray[np.float32]:
    """How much of each of ``count`` pixels lies between ``low`` and ``high``."""
    pixels = np.arange(count)
    covered = np.minimum(pixels + 1, high) - np.maximum(pixels, low)
    return np.asarray(np.clip(covered, 0, 1), np.float32)


def _spacings(canvas: Frame, component: int) -> tuple[int, int]:
    across, down = sample_grids(canvas.format, component, canvas.width, canvas.height)
    return across.spacing, down.spacing


def _blocks(grid: SampleGrid, side: float) -> npt.NDArray[np.int32]:
    """The block of each sample; blocks of luma and chroma have the same edges in pixels."""
    cells = (np.arange(grid.count) + 0.5) * grid.spacing
    found = np.floor(cells / max(side, grid.spacing)).astype(np.int32)
    # Blocks narrower than a sample leave numbers out.
    return np.unique(found, return_inverse=True)[1].astype(np.int32)
