"""Kernels that take sixteen bytes of a row at once, against the CPU: all bytes are equal.

Rows are aligned, their lengths are not multiples of a run, and the padding counts.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from edl2ffmpeg.compositor import _kernels
from edl2ffmpeg.compositor._kernels import Axis, Channel, Coverage, Output
from edl2ffmpeg.compositor.backend import Kernels
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.operations import NO_OPERATION, output_weights
from edl2ffmpeg.compositor.planes import component_plane, interleaved_chroma, new_frame
from edl2ffmpeg.compositor.resampling import axis_taps
from edl2ffmpeg.frame import Colour, Frame, PixelFormat, pixel_format
from helpers.device.bench import Bench, Side
from helpers.device.frames import TwinFrame

SIZE = (98, 37)
ONE = 1 << 14
LAYOUTS = ["yuv420p", "yuv422p10le", "yuv420p16le", "nv12", "nv21", "p010le", "p210le"]


def aligned(seed: int, layout: str, size: tuple[int, int] = SIZE) -> Frame:
    """Random samples in rows that begin at multiples of 64 bytes."""
    frame = new_frame(*size, pixel_format(layout), Colour())
    rng = np.random.default_rng(seed)
    for component in range(3):
        samples = frame.array(component)
        part = frame.format.components[component]
        codes = rng.integers(0, 1 << frame.format.depth, samples.shape)
        codes[:4] = rng.integers(0, 2, codes[:4].shape) * ((1 << frame.format.depth) - 1)
        samples[:] = codes << part.shift
    return frame


def used(launches: list[tuple[str, int, int, bytes]]) -> list[str]:
    return [launch[0] for launch in launches]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fill_and_affine(bench: Bench, layout: str) -> None:
    source, target = (bench.twin(aligned(seed, layout)) for seed in (1, 2))
    depth = source.host.format.depth
    wide = depth > 12
    shift = 30 if wide else 30 - depth
    numbers = (int(1.17 * (1 << shift)), -(9 << shift), shift, (1 << depth) - 6, wide)

    def call(kernels: Kernels, side: Side) -> None:
        luma = component_plane(side(target), 0)
        kernels.affine(component_plane(side(source), 0), luma, *numbers, 3, 30, 4)
        whole = Rectangle(0, 0, *side(target).format.component_size(1, *SIZE))
        pairs = [interleaved_chroma(side(frame), whole) for frame in (source, target)]
        assert (pairs[0] is not None) == (layout[0] in "np")
        for read, written in (pairs, [component_plane(side(f), 2) for f in (source, target)]):
            if read is not None and written is not None:
                kernels.affine(read, written, *numbers, 0, written.height - 1, 4)
                kernels.fill(written, 77, 5, 7)

    bench.compare(call, target)
    read, written = (component_plane(frame.copy, 0) for frame in (source, target))
    expected = "affine_codes" if wide else "affine_runs"
    assert used(_kernels.affine_job(read, written, *numbers, 0, SIZE[1], 0)) == [expected]
    assert used(_kernels.fill_job(written, 1, 0, SIZE[1])) == ["fill_runs"]


def _layer(
    source: Frame, target: Frame, components: tuple[int, ...], left: int
) -> tuple[list[Channel], list[Output]]:
    channels, outputs = [], []
    for index, component in enumerate(components):
        width, height = target.format.component_size(component, target.width, target.height)
        read, written = component_plane(source, component), component_plane(target, component)
        axes = [
            Axis(*axis_taps(count, length, Fraction(start), Fraction(1), 8))
            for count, length, start in ((width, read.width, left), (height, read.height, 2))
        ]
        channels.append(Channel(read, source.format.depth, axes[0], axes[1]))
        weights = [0] * len(components)
        weights[index] = ONE - 300 * component
        outputs.append(
            Output(
                written, target.format.depth, weights, ONE // 2 + 90 * component,
                ONE - 1000 - component, 1 << 20, 5000 - 70 * component, component=component,
            )
        )  # fmt: skip
    return channels, outputs


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("left", [0, 32, 3])
@pytest.mark.parametrize("most", [9_321, ONE])
def test_blend(bench: Bench, layout: str, left: int, most: int) -> None:
    source = bench.twin(aligned(1, layout, (SIZE[0] + 70, SIZE[1] + 5)))
    target = bench.twin(aligned(2, layout))
    coverage = Coverage(False, 0, 0, most)

    def call(kernels: Kernels, side: Side) -> None:
        for components in ((0,), (1, 2)):
            layer = _layer(side(source), side(target), components, left)
            rows = layer[1][0]
            height = side(target).format.component_size(components[0], *SIZE)[1]
            assert rows is not None
            kernels.draw(*layer, coverage, 1, height - 1)

    bench.compare(call, target)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("most", [0, 1, 9_321, ONE])
def test_plain_blend(bench: Bench, layout: str, most: int) -> None:
    """Nothing but opacity: between codes, where these fill their bytes."""
    source, target = (bench.twin(aligned(seed, layout)) for seed in (1, 2))
    depth = source.host.format.depth

    def outputs(frame: Frame, components: tuple[int, ...]) -> list[Output]:
        numbers = output_weights(NO_OPERATION, 0, depth)
        return [
            Output(
                component_plane(frame, component), depth,
                [ONE if component == other else 0 for other in components], ONE // 2,
                numbers.scale, numbers.opaque_offset, numbers.blend_offset,
            )
            for component in components
        ]  # fmt: skip

    def channels(frame: Frame, components: tuple[int, ...]) -> list[Channel]:
        found = []
        for component in components:
            plane = component_plane(frame, component)
            axes = [
                Axis(*axis_taps(count, count, Fraction(0), Fraction(1), 8))
                for count in (plane.width, plane.height)
            ]
            found.append(Channel(plane, depth, axes[0], axes[1]))
        return found

    coverage = Coverage(False, 0, 0, most)

    def call(kernels: Kernels, side: Side) -> None:
        for components in ((0,), (1, 2)):
            drawn = outputs(side(target), components)
            height = component_plane(side(target), components[0]).height
            kernels.draw(channels(side(source), components), drawn, coverage, 0, height)

    bench.compare(call, target)
    luma = (channels(source.copy, (0,)), outputs(target.copy, (0,)), coverage)
    job = _kernels.draw_job(*luma, 0, SIZE[1], None, bench.kernels._table)
    is_full = layout in ("yuv420p", "nv12", "nv21", "p010le", "p210le")
    assert used(job) == ["mix_runs" if is_full else "blend_runs"]


def test_a_copy(bench: Bench) -> None:
    source, target = (bench.twin(aligned(seed, "nv12")) for seed in (1, 2))
    numbers = (1 << 22, 1 << 21, 22, 255, False)

    def call(kernels: Kernels, side: Side) -> None:
        read, written = (component_plane(side(frame), 0) for frame in (source, target))
        kernels.affine(read, written, *numbers, 1, SIZE[1])

    bench.compare(call, target)
    read, written = (component_plane(frame.copy, 0) for frame in (source, target))
    assert used(_kernels.affine_job(read, written, *numbers, 0, SIZE[1], 0)) == ["copy_runs"]
    duller = (*numbers[:3], 254, False)
    assert used(_kernels.affine_job(read, written, *duller, 0, SIZE[1], 0)) == ["affine_runs"]


@pytest.mark.parametrize(
    ("layout", "expected"), [("nv12", 1), ("p010le", 1), ("yuv420p", 2), ("nv21", 0)]
)
def test_chroma_is_blended_in_one_pass(bench: Bench, layout: str, expected: int) -> None:
    source, target = (bench.twin(aligned(seed, layout)) for seed in (1, 2))
    channels, outputs = _layer(source.copy, _lower(target.copy), (1, 2), 0)
    rows = target.host.format.component_size(1, *SIZE)[1] - 2
    job = _kernels.draw_job(
        channels, outputs, Coverage(False, 0, 0, 99), 0, rows, None, bench.kernels._table
    )
    assert used(job) == (["blend_runs"] * expected or ["draw"])


def _lower(frame: Frame) -> Frame:
    """All but the last rows: the layer begins two rows down in its source."""
    layout: PixelFormat = frame.format
    return Frame(frame.width, frame.height - 4, layout, frame.colour, frame.planes, frame.native)


def test_neighbours_of_other_layouts(bench: Bench) -> None:
    """Planes that begin at odd places, or have other samples, are drawn one by one."""
    source: TwinFrame = bench.twin(aligned(1, "nv12"))
    target = bench.twin(aligned(2, "yuv420p"))
    read, written = (component_plane(frame.copy, 1) for frame in (source, target))
    job = _kernels.affine_job(read, written, 1, 0, 0, 255, False, 0, written.height, 0)
    assert used(job) == ["affine_codes"]
