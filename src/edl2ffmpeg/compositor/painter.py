"""Draws one picture, placed anywhere and with effects of single samples, onto a surface.

It knows no plans of frames, and no effects that look at neighbours: those are ``filters``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from math import ceil, floor, hypot

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.compositor._kernels import (
    Channel,
    Coverage,
    MatrixRow,
    Outline,
    Output,
    PictureGrid,
    Plane,
    Program,
    Step,
)
from edl2ffmpeg.compositor.affine import Affine
from edl2ffmpeg.compositor.backend import Kernels, RowJob
from edl2ffmpeg.compositor.cube import Cube, read_cube
from edl2ffmpeg.compositor.effects import Site, effect_steps
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.operations import (
    NO_OPERATION,
    LayerOperation,
    coverage_weights,
    output_weights,
)
from edl2ffmpeg.compositor.picture import Picture
from edl2ffmpeg.compositor.planes import component_plane, component_rectangle, rectangle_plane
from edl2ffmpeg.compositor.resampling import WEIGHT_BITS, sample_grids
from edl2ffmpeg.frame import Frame
from edl2ffmpeg.plan.model import EffectPlan

__all__ = [
    "WHOLE",
    "Drawing",
    "Surface",
    "drawn_region",
    "outline_of",
    "paint",
    "paint_alpha",
]

WHOLE = (-1.0, -1.0, 1.0, 1.0)
"""The edges of a picture that is not cropped."""

_LUMA, _CHROMA = (0,), (1, 2)
_ONE = 1 << WEIGHT_BITS


@dataclass(frozen=True, slots=True)
class Surface:
    """What is drawn on: a frame to blend with, or one to replace whose coverage is stored.

    ``stored`` keep the coverage of the luma and of the chroma grid.
    """

    frame: Frame
    stored: tuple[Frame, Frame] | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a picture is drawn.

    ``affine`` places it.  ``effects`` are none of ``SPATIAL``; ``edges`` (left, top, right,
    bottom in -1..1 over the picture) crop it, ``shapes`` (1 rectangle, 0 ellipse) mask it.
    ``aspect`` is the picture's width over its height.  ``outline`` is the map of its edges
    and shapes where that is not ``affine`` (a picture that was turned before).
    """

    affine: Affine
    aspect: float
    operation: LayerOperation
    effects: tuple[EffectPlan, ...] = ()
    gamma: Fraction = Fraction(1)
    edges: tuple[float, float, float, float] = WHOLE
    shapes: tuple[float, ...] = ()
    outline: Affine | None = None
    cubes: Callable[[str], Cube] = read_cube


def paint(picture: Picture, drawing: Drawing, surface: Surface) -> Iterator[RowJob]:
    """What draws ``picture``, whose edges are straight on the surface, in any order."""
    frame = surface.frame
    region = drawn_region(drawing.outline or drawing.affine, frame)
    if region is None:
        return
    for index, components in enumerate((_LUMA, _CHROMA)):
        samples = component_rectangle(frame.format, components[0], region)
        if samples.width > 0 and samples.height > 0:
            yield _Grid(picture, drawing, surface, components, samples, index).job()


def drawn_region(affine: Affine, frame: Frame, margin: int = 0) -> Rectangle | None:
    """The pixels that a picture placed by ``affine`` touches, in whole chroma cells.

    ``margin`` pixels around it are part of it as well.
    """
    left, top, right, bottom = affine.bounds(margin)
    across, down = (1 << shift for shift in frame.format.chroma_shift)
    region = Rectangle(
        max(floor(left / across) * across, 0),
        max(floor(top / down) * down, 0),
        min(ceil(right / across) * across, frame.width),
        min(ceil(bottom / down) * down, frame.height),
    )
    return region if region.width > 0 and region.height > 0 else None


def paint_alpha(picture: Picture, canvas: Frame) -> Iterator[RowJob]:
    """What writes the alpha of ``picture`` to a canvas that shows the same."""
    width, height = canvas.width, canvas.height
    across, down = sample_grids(canvas.format, 3, width, height)
    channel = picture.channel(
        3, (across, 0, width), (down, 0, height), (width / 2, width / 2), (height / 2, height / 2)
    )
    numbers = output_weights(NO_OPERATION, 0, canvas.format.depth)
    output = Output(
        component_plane(canvas, 3),
        canvas.format.depth,
        [_ONE],
        _ONE // 2,
        numbers.scale,
        numbers.opaque_offset,
        numbers.blend_offset,
    )
    yield RowJob(height, partial(_run, [channel], [output], None, None))


class _Grid:
    """The samples of some components that lie at the same places."""

    def __init__(
        self,
        picture: Picture,
        drawing: Drawing,
        surface: Surface,
        components: tuple[int, ...],
        samples: Rectangle,
        index: int,
    ) -> None:
        self._picture, self._drawing, self._surface = picture, drawing, surface
        self._components, self._samples, self._index = components, samples, index
        frame = surface.frame
        grids = sample_grids(frame.format, components[0], frame.width, frame.height)
        self._across, self._down = grids
        affine = drawing.affine
        self._map_x, self._map_y = (affine.xx, affine.x0), (affine.yy, affine.y0)

    def job(self) -> RowJob:
        """The rows of this grid."""
        steps = self._steps()
        wanted = (0, 1, 2) if any(step.needs_all for step in steps) else self._components
        inputs = self._picture.inputs_of(wanted)
        channels = [self._channel(number) for number in inputs]
        if self._picture.has_alpha:
            channels.append(self._channel(len(self._picture.grids) - 1))
        needs_program = steps or self._picture.is_premultiplied
        program = self._program(steps, inputs) if needs_program else None
        outputs = [self._output(number, inputs) for number in self._components]
        run = partial(_run, channels, outputs, self._coverage(), program)
        return RowJob(self._samples.height, run)

    def _steps(self) -> list[Step]:
        drawing = self._drawing
        if not drawing.effects and drawing.gamma == 1:
            return []
        (half_x, centre_x), (half_y, centre_y) = self._map_x, self._map_y
        across, down = self._across, self._down
        first_x = float(across.first) + self._samples.left * across.spacing
        first_y = float(down.first) + self._samples.top * down.spacing
        grid = PictureGrid(
            across.spacing / half_x,
            (first_x - centre_x) / half_x,
            down.spacing / half_y,
            (first_y - centre_y) / half_y,
        )
        site = Site(
            grid,
            abs(half_x) / across.spacing,
            abs(half_y) / down.spacing,
            2 * abs(half_y),
            drawing.aspect,
        )
        return effect_steps(drawing.effects, drawing.gamma, site, drawing.cubes)

    def _channel(self, component: int) -> Channel:
        samples = self._samples
        return self._picture.channel(
            component,
            (self._across, samples.left, samples.width),
            (self._down, samples.top, samples.height),
            self._map_x,
            self._map_y,
        )

    def _program(self, steps: list[Step], inputs: tuple[int, ...]) -> Program:
        rows = [
            MatrixRow([weights[number] for number in inputs], offset)
            for weights, offset in zip(self._picture.weights, self._picture.offsets, strict=True)
        ]
        return Program(rows, steps, self._picture.is_premultiplied)

    def _output(self, component: int, inputs: tuple[int, ...]) -> Output:
        frame = self._surface.frame
        numbers = output_weights(self._drawing.operation, component, frame.format.depth)
        return Output(
            rectangle_plane(frame, component, self._samples),
            frame.format.depth,
            [self._picture.weights[component][number] for number in inputs],
            self._picture.offsets[component],
            numbers.scale,
            numbers.opaque_offset,
            numbers.blend_offset,
            component=component,
        )

    def _coverage(self) -> Coverage | None:
        depth = self._picture.alpha_depth
        numbers = coverage_weights(self._drawing.operation.opacity, depth)
        edges = self._edges()
        outlines = [self._outline(shape, WHOLE) for shape in self._drawing.shapes if shape < 1]
        if self._drawing.outline is not None:
            outlines.append(self._outline(1.0, self._drawing.edges))
        stored = self._stored()
        is_even = depth is None and edges is None and not outlines and stored is None
        if is_even and numbers.most == _ONE:
            return None
        across, down = edges or (None, None)
        return Coverage(
            depth is not None,
            numbers.scale,
            numbers.offset,
            numbers.most,
            across,
            down,
            outlines,
            store=stored,
        )

    def _stored(self) -> Plane | None:
        """The coverage plane of this grid where coverage is kept."""
        frames = self._surface.stored
        return None if frames is None else rectangle_plane(frames[self._index], 0, self._samples)

    def _edges(self) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]] | None:
        """Coverage by the picture's (cropped) edges; None where it is whole."""
        if self._drawing.outline is not None:
            return None
        left, top, right, bottom = self._drawing.edges
        samples, frame = self._samples, self._surface.frame
        across = _overlap(
            self._across.spacing,
            samples.left,
            samples.width,
            frame.width,
            self._map_x,
            (left, right),
        )
        down = _overlap(
            self._down.spacing,
            samples.top,
            samples.height,
            frame.height,
            self._map_y,
            (top, bottom),
        )
        if across is None and down is None:
            return None
        if across is None:
            across = np.full(samples.width, _ONE, np.int16)
        if down is None:
            down = np.full(samples.height, _ONE, np.int16)
        return across, down

    def _outline(self, shape: float, edges: tuple[float, float, float, float]) -> Outline:
        affine = self._drawing.outline or self._drawing.affine
        return outline_of(
            affine,
            edges,
            1 - shape,
            (self._across.spacing, self._down.spacing),
            (self._samples.left, self._samples.top),
        )


def outline_of(
    affine: Affine,
    edges: tuple[float, float, float, float],
    corner: float,
    spacing: tuple[int, int],
    start: tuple[int, int] = (0, 0),
    soft: float = 0.0,
) -> Outline:
    """The outline of a (cropped) picture on a grid of samples, from sample ``start`` on.

    Coverage counts cells of samples, not the sites of chroma within them.  ``soft`` is the
    width of the edge in pixels, at least a sample's across that edge.
    """
    left, top, right, bottom = edges
    half_p, half_q = max(right - left, 1e-9) / 2, max(bottom - top, 1e-9) / 2
    middle_p, middle_q = (left + right) / 2, (top + bottom) / 2
    to = affine.inverse()
    x, y = (start[0] + 0.5) * spacing[0], (start[1] + 0.5) * spacing[1]
    p = (to.xx * spacing[0], to.xy * spacing[1], to.x0 + to.xx * x + to.xy * y - middle_p)
    q = (to.yx * spacing[0], to.yy * spacing[1], to.y0 + to.yx * x + to.yy * y - middle_q)
    return Outline(
        (p[0] / half_p, p[1] / half_p, p[2] / half_p),
        (q[0] / half_q, q[1] / half_q, q[2] / half_q),
        affine.across * half_p,
        affine.down * half_q,
        corner,
        max(soft, _width_along(to.xx, to.xy, spacing)),
        max(soft, _width_along(to.yx, to.yy, spacing)),
    )


def _width_along(x: float, y: float, cell: tuple[int, int]) -> float:
    """How wide a cell is in the direction (x, y), taken as an ellipse.

    A ramp that wide is the nearest to how a slanted edge covers a rectangle.
    """
    return hypot(x * cell[0], y * cell[1]) / hypot(x, y)


# A layer that stands still has the same edges in frame after frame.
@lru_cache(maxsize=64)
def _overlap(
    spacing: int,
    start: int,
    count: int,
    length: int,
    placed: tuple[float, float],
    edges: tuple[float, float],
) -> npt.NDArray[np.int16] | None:
    """How much of each sample's cell lies between the edges, with 14 fractional bits.

    None where all of them do.  ``length`` is the surface's, in pixels: the last cell may end
    with it.
    """
    half, centre = placed
    low, high = sorted(centre + half * edge for edge in edges)
    left = (start + np.arange(count, dtype=np.float64)) * spacing
    right = np.minimum(left + spacing, length)
    inside = np.minimum(right, high) - np.maximum(left, low)
    shares = np.rint(np.clip(inside / (right - left), 0, 1) * _ONE).astype(np.int16)
    return None if shares.min() == _ONE else shares


def _run(
    channels: Sequence[Channel],
    outputs: Sequence[Output],
    coverage: Coverage | None,
    program: Program | None,
    kernels: Kernels,
    row_start: int,
    row_end: int,
) -> None:
    kernels.draw(channels, outputs, coverage, row_start, row_end, program)
