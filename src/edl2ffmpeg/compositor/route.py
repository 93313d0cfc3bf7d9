"""How layers of one kind of source get onto the output; it keeps what the next frame needs too.

A route is made once per kind of source (size, format, colour, aspect, rotation) and holds the
geometry, the filters and the buffer for turned pictures.  Per frame it only names row jobs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.compositor._kernels import Axis, Channel, Coverage, Output, Plane, Table
from edl2ffmpeg.compositor.backend import Kernels, RowJob
from edl2ffmpeg.compositor.component_maps import Map, component_maps, working_tables
from edl2ffmpeg.compositor.conversion import (
    code_scale,
    is_full_range,
    source_matrix,
    working_conversion,
)
from edl2ffmpeg.compositor.geometry import Fit, Placement, Rectangle, place, upright
from edl2ffmpeg.compositor.operations import (
    CodeAffine,
    LayerOperation,
    affine_of,
    code_affine,
    code_table,
    code_values,
    coverage_weights,
    fixed,
    output_weights,
)
from edl2ffmpeg.compositor.picture import Picture
from edl2ffmpeg.compositor.planes import (
    component_plane,
    component_rectangle,
    interleaved_chroma,
    rectangle_plane,
)
from edl2ffmpeg.compositor.resampling import (
    WEIGHT_BITS,
    SampleGrid,
    axis_taps,
    map_grid,
    sample_grids,
)
from edl2ffmpeg.frame import Colour, Component, Frame, Matrix, PixelFormat
from edl2ffmpeg.plan.model import EffectPlan

__all__ = ["LayerRoute", "OutputShape", "SourceShape"]

# Vector loads take eight taps along a row at once, and pairs of rows down a column.
_TAPS_ACROSS = 8
_TAPS_DOWN = 2


Tables = tuple[npt.NDArray[np.int16] | None, ...]


@dataclass(frozen=True, slots=True)
class SourceShape:
    """Everything about a source frame but its samples."""

    width: int
    height: int
    format: PixelFormat
    colour: Colour
    sample_aspect_ratio: float
    rotation: int

    @classmethod
    def of(cls, frame: Frame) -> SourceShape:
        """The shape of ``frame``."""
        return cls(
            frame.width,
            frame.height,
            frame.format,
            frame.colour,
            frame.sample_aspect_ratio,
            frame.rotation % 360,
        )


@dataclass(frozen=True, slots=True)
class OutputShape:
    """Size, layout and fit of every output frame."""

    width: int
    height: int
    format: PixelFormat
    fit: Fit


@dataclass(frozen=True, slots=True)
class _Grid:
    """Output components that share a sample grid, and the source components they read."""

    outputs: tuple[int, ...]
    inputs: tuple[int, ...]
    axes: tuple[tuple[Axis, Axis], ...]
    is_pointwise: bool  # each output is its own input sample by sample


@dataclass(frozen=True, slots=True)
class _AffineStep:
    """Every code value of a plane through the same step."""

    source: Plane
    target: Plane
    how: CodeAffine

    def job(self) -> RowJob:
        how = self.how
        numbers = (how.scale, how.offset, how.shift, how.maximum, how.wide)

        def run(kernels: Kernels, row_start: int, row_end: int) -> None:
            kernels.affine(self.source, self.target, *numbers, row_start, row_end, how.minimum)

        return RowJob(self.target.height, run)


class LayerRoute:
    """Draws layers of one source shape onto one output shape."""

    def __init__(
        self,
        source: SourceShape,
        output: OutputShape,
        kernels: Kernels,
        place: Rectangle | None = None,
    ) -> None:
        """Work out geometry, filters and colour once, and allocate what a turn needs.

        The picture fills ``place``; without one it is fitted into the output.
        """
        self._source = source
        self._output = output
        self._kernels = kernels
        self.placement = _placement(source, output) if place is None else _whole(source, place)
        self._full_range = is_full_range(source.format, source.colour)
        conversion = working_conversion(source.format, source.colour)
        self._weights = [[fixed(value, WEIGHT_BITS) for value in row] for row in conversion.weights]
        self._offsets = [fixed(value + 0.5, WEIGHT_BITS) for value in conversion.offsets]
        self._inputs = 1 if len(source.format.components) == 1 else 3
        self._upright_grids = tuple(
            _upright_grids(source, number) for number in range(len(source.format.components))
        )
        self._luma = self._grid((0,))
        self._chroma = self._grid((1, 2))
        self._turned = self._turned_frame()

    @property
    def has_alpha(self) -> bool:
        """Whether the source says itself where it is transparent."""
        return self._source.format.has_alpha

    @property
    def resamples_alpha(self) -> bool:
        """Whether a filter would mix what is transparent with what is not."""
        grids = (self._luma, self._chroma)
        axes = [axis for grid in grids for pair in grid.axes for axis in pair]
        return self.has_alpha and not all(axis.identity for axis in axes)

    @property
    def fills_output(self) -> bool:
        """Whether every pixel of the output shows a part of the source."""
        target = self.placement.target
        return (target.width, target.height) == (self._output.width, self._output.height)

    @property
    def keeps_samples(self) -> bool:
        """Whether a frame of this shape already is what the output wants, sample by sample."""
        source, output = self._source, self._output
        return (
            source.format == output.format
            and source_matrix(source.format, source.colour) is Matrix.BT709
            and not self._full_range
            and source.rotation == 0
            and (source.width, source.height) == (output.width, output.height)
            and self.fills_output
        )

    def picture(self, frame: Frame) -> Picture:
        """``frame``, turned upright, as something to sample."""
        crop = self.placement
        shown = (crop.crop_left, crop.crop_top, crop.crop_width, crop.crop_height)
        return Picture(
            self._turn(frame),
            (float(shown[0]), float(shown[1]), float(shown[2]), float(shown[3])),
            self._upright_grids,
            tuple(tuple(row[: self._inputs]) for row in self._weights),
            tuple(self._offsets),
            self._source.format.depth if self.has_alpha else None,
        )

    def jobs(
        self,
        frame: Frame,
        target: Frame,
        operation: LayerOperation,
        effects: tuple[EffectPlan, ...] = (),
    ) -> Iterator[RowJob]:
        """What draws ``frame`` onto ``target``, in any order; what is beneath shows through.

        ``effects`` are component-wise.
        """
        upright_frame = self._turn(frame)
        for grid in (self._luma, self._chroma):
            if grid.is_pointwise and operation.opacity == 1:
                maps = component_maps(effects, operation.gamma)
                steps = [
                    self._component_step(
                        upright_frame, target, operation, component, maps[component]
                    )
                    for component in grid.outputs
                ]
                yield from self._step_jobs(steps, upright_frame, target)
            else:
                tables = working_tables(effects, operation.gamma)
                yield self._grid_job(grid, upright_frame, target, operation, tables)

    def _step_jobs(
        self, steps: list[RowJob | _AffineStep], frame: Frame, target: Frame
    ) -> Iterator[RowJob]:
        """Interleaved chroma goes in one pass, if both of its components take the same step."""
        first = steps[0]
        if (
            len(steps) == 2
            and isinstance(first, _AffineStep)
            and isinstance(steps[1], _AffineStep)
            and first.how == steps[1].how
            and frame.format.components[1:3] == target.format.components[1:3]
        ):
            size = frame.format.component_size(1, frame.width, frame.height)
            source = interleaved_chroma(frame, Rectangle(0, 0, *size))
            samples = component_rectangle(target.format, 1, self.placement.target)
            joined = interleaved_chroma(target, samples)
            if source is not None and joined is not None:
                yield _AffineStep(source, joined, first.how).job()
                return
        for step in steps:
            yield step.job() if isinstance(step, _AffineStep) else step

    def _component_step(
        self,
        frame: Frame,
        target: Frame,
        operation: LayerOperation,
        component: int,
        found: Map | None,
    ) -> RowJob | _AffineStep:
        plane, height = self._target_plane(target, component)
        depth = target.format.depth
        if component >= self._inputs:
            neutral = code_scale(8, full_range=False, chroma=True)
            chroma = 0.0 if found is None else float(found(np.zeros(1))[0])
            code = operation.share * (neutral.zero + neutral.one * Fraction(chroma))
            value = fixed((code + operation.constant[component]) * (1 << depth) / 256, 0)
            return RowJob(height, lambda kernels, *rows: kernels.fill(plane, value, *rows))
        source = component_plane(frame, component)
        scale = code_scale(frame.format.depth, self._full_range, chroma=component > 0)
        depths = (frame.format.depth, depth)
        if found is not None:
            values = code_values(operation, found, component, scale, depths)
            line = affine_of(values, depth)
            if line is not None:
                return _AffineStep(source, plane, line)
            table = code_table(values, depth)
            return RowJob(
                height, lambda kernels, *rows: kernels.look_up(source, plane, table, *rows)
            )
        how = code_affine(operation, component, scale, depths)
        return _AffineStep(source, plane, how)

    def _grid_job(
        self,
        grid: _Grid,
        frame: Frame,
        target: Frame,
        operation: LayerOperation,
        tables: Tables,
    ) -> RowJob:
        depth = frame.format.depth
        channels = [
            Channel(component_plane(frame, number), depth, *axes)
            for number, axes in zip(grid.inputs, grid.axes, strict=True)
        ]
        outputs = [
            self._draw_output(grid, target, operation, index, tables[index])
            for index in grid.outputs
        ]
        coverage = None
        if self.has_alpha or operation.opacity != 1:
            weights = coverage_weights(operation.opacity, depth if self.has_alpha else None)
            coverage = Coverage(self.has_alpha, weights.scale, weights.offset, weights.most)
        rows = self._target_plane(target, grid.outputs[0])[1]
        return RowJob(rows, partial(_draw, channels, outputs, coverage))

    def _draw_output(
        self,
        grid: _Grid,
        target: Frame,
        operation: LayerOperation,
        component: int,
        table: npt.NDArray[np.int16] | None,
    ) -> Output:
        weights = output_weights(operation, component, target.format.depth)
        return Output(
            self._target_plane(target, component)[0],
            target.format.depth,
            [self._weights[component][number] for number in grid.inputs if number < self._inputs],
            self._offsets[component],
            weights.scale,
            weights.opaque_offset,
            weights.blend_offset,
            None if table is None else Table(table),
        )

    def _target_plane(self, target: Frame, component: int) -> tuple[Plane, int]:
        samples = component_rectangle(target.format, component, self.placement.target)
        return rectangle_plane(target, component, samples), samples.height

    def _grid(self, outputs: tuple[int, ...]) -> _Grid:
        """Which source components these outputs read, and their filters."""
        inputs = [
            number
            for number in range(self._inputs)
            if any(self._weights[component][number] for component in outputs)
        ]
        lone = all(
            number == component or not self._weights[component][number]
            for component in outputs
            for number in inputs
        )
        if self.has_alpha:
            inputs.append(3)
        axes = tuple(self._axes(number, outputs[0]) for number in inputs)
        unmoved = self.placement.crop_left == self.placement.crop_top == 0
        identity = all(across.identity and down.identity for across, down in axes)
        is_rgb = self._source.format.is_rgb
        pointwise = lone and unmoved and identity and not self.has_alpha and not is_rgb
        return _Grid(outputs, tuple(inputs), axes, pointwise)

    def _axes(self, component: int, output_component: int) -> tuple[Axis, Axis]:
        placement, output = self.placement, self._output
        targets = sample_grids(output.format, output_component, output.width, output.height)
        target = placement.target
        across, down = self._upright_grids[component]
        crop_across = (placement.crop_left, placement.crop_width)
        crop_down = (placement.crop_top, placement.crop_height)
        return (
            _axis(targets[0], (target.left, target.right), across, crop_across, _TAPS_ACROSS),
            _axis(targets[1], (target.top, target.bottom), down, crop_down, _TAPS_DOWN),
        )

    def _turned_frame(self) -> Frame | None:
        source = self._source
        if source.rotation == 0:
            return None
        across, down = source.format.chroma_shift
        swapped = source.rotation != 180
        layout = PixelFormat(
            f"{source.format.name}, turned",
            source.format.depth,
            (down, across) if swapped else (across, down),
            tuple(Component(index) for index in range(len(source.format.components))),
            source.format.is_rgb,
            source.format.has_alpha,
        )
        width, height = source.width, source.height
        size = (height, width) if swapped else (width, height)
        return self._kernels.new_frame(*size, layout, source.colour)

    def _turn(self, frame: Frame) -> Frame:
        if self._turned is None:
            return frame
        for component in range(len(frame.format.components)):
            source = component_plane(frame, component)
            target = component_plane(self._turned, component)
            self._kernels.rotate(source, target, self._source.rotation // 90)
        return self._turned


def _draw(
    channels: list[Channel],
    outputs: list[Output],
    coverage: Coverage | None,
    kernels: Kernels,
    row_start: int,
    row_end: int,
) -> None:
    kernels.draw(channels, outputs, coverage, row_start, row_end)


def _whole(source: SourceShape, place: Rectangle) -> Placement:
    zero, width, height = Fraction(0), Fraction(source.width), Fraction(source.height)
    return Placement(zero, zero, width, height, place)


def _placement(source: SourceShape, output: OutputShape) -> Placement:
    shape = upright(source.width, source.height, source.sample_aspect_ratio, source.rotation)
    across, down = output.format.chroma_shift
    size = (output.width, output.height)
    return place(shape, size, output.fit, alignment=(1 << across, 1 << down))


def _upright_grids(source: SourceShape, component: int) -> tuple[SampleGrid, SampleGrid]:
    """Across and down grids of a component after the turn (see Note [Chroma siting])."""
    width, height = source.width, source.height
    across, down = sample_grids(source.format, component, width, height)
    if source.rotation == 90:
        return down.mirrored(height), across
    if source.rotation == 180:
        return across.mirrored(width), down.mirrored(height)
    if source.rotation == 270:
        return down, across.mirrored(width)
    return across, down


def _axis(
    target: SampleGrid,
    target_range: tuple[int, int],
    source: SampleGrid,
    source_range: tuple[Fraction, Fraction],
    multiple: int,
) -> Axis:
    count, first, step = map_grid(target, target_range, source, source_range)
    return Axis(*axis_taps(count, source.count, first, step, multiple))
