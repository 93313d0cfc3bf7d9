"""The fused pass of layers, and mixes of two, on a device against the CPU: all bytes are equal."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from edl2ffmpeg.compositor import _kernels
from edl2ffmpeg.compositor._kernels import (
    Axis,
    Channel,
    Coverage,
    MatrixRow,
    MixSource,
    Outline,
    Output,
    PictureGrid,
    Program,
    Step,
    Table,
)
from edl2ffmpeg.compositor.backend import Kernels
from edl2ffmpeg.compositor.planes import component_plane, mirrored_plane
from edl2ffmpeg.compositor.resampling import axis_taps
from edl2ffmpeg.frame import Frame
from helpers.device.bench import ONE, SIZE, Bench, Side, canvas, shares
from helpers.frames import random_frame

# -- the fused pass -----------------------------------------------------------


def axes(source: tuple[int, int], target: tuple[int, int]) -> tuple[Axis, Axis]:
    found = []
    for count, source_count, multiple in (
        (target[0], source[0], 8),
        (target[1], source[1], 2),
    ):
        step = Fraction(source_count, count)
        found.append(Axis(*axis_taps(count, source_count, (step - 1) / 2, step, multiple)))
    return found[0], found[1]


def outputs(frame: Frame, components: tuple[int, ...], inputs: int, table: Table | None) -> Any:
    depth = frame.format.depth
    rows = {0: [9000, 5000, 2000], 1: [-3000, 16000, 2500], 2: [0, 16384, 0]}
    shift = 14 + 15 - depth
    return [
        Output(
            component_plane(frame, component),
            depth,
            rows[component][:inputs] if inputs > 1 else [16384],
            (1 << 13) + 999,
            11_000,
            ((1 << (depth - 1)) << shift) + 1234,
            1_234,
            table,
            component,
        )
        for component in components
    ]


def coverage_of(kind: str, frame: Frame, masks: Any, side: Any) -> Coverage | None:
    width, height = frame.format.component_size(0, frame.width, frame.height)
    rng = np.random.default_rng(9)
    across, down = (rng.integers(0, ONE + 1, count).astype(np.int16) for count in (width, height))
    down[:4] = 0
    outline = Outline((0.03, 0.004, -1.1), (-0.003, 0.05, -1), 30, 18.3, 0.4, 1.3, 1.1)
    mask, store = (component_plane(side(one), 0) for one in masks)
    return {
        "none": lambda: None,
        "even": lambda: Coverage(False, 0, 0, 5000),
        "alpha": lambda: Coverage(True, 8200, 8200 << 14, 12_000),
        "edges": lambda: Coverage(False, 0, 0, ONE, across, down),
        "outlines": lambda: Coverage(False, 0, 0, ONE, None, None, [outline, outline]),
        "mask": lambda: Coverage(False, 0, 0, 9000, mask=mask),
        "stored": lambda: Coverage(
            True, 8200, 8200 << 14, 12_000, across, down, [outline], mask, store
        ),
    }[kind]()


COVERAGES = ["none", "even", "alpha", "edges", "outlines", "mask", "stored"]


@pytest.mark.parametrize(
    "layout", ["yuva444p", "yuva444p10le", "yuva444p16le", "gbrap16le", "rgba"]
)
@pytest.mark.parametrize("output", ["yuv444p", "yuv444p16le", "nv12", "p010le"])
@pytest.mark.parametrize("coverage", COVERAGES)
def test_draw(bench: Bench, layout: str, output: str, coverage: str) -> None:
    source = bench.twin(random_frame(40, 50, layout))
    target = bench.twin(random_frame(*SIZE, output, seed=2))
    masks = (bench.twin(shares(1)), bench.twin(shares(2)))
    table = Table(np.random.default_rng(4).integers(-16384, 16384, 1 << 15).astype(np.int16))

    def call(kernels: Kernels, side: Side) -> None:
        frame = side(target)
        both = axes((40, 50), SIZE)
        channels = [
            Channel(component_plane(side(source), number), source.host.format.depth, *both)
            for number in range(4)
        ]
        covered = coverage_of(coverage, frame, masks, side)
        drawn = outputs(frame, (0,), 3, table)
        kernels.draw(channels, drawn, covered, 1, SIZE[1] - 1)

    bench.compare(call, target, masks[1])


@pytest.mark.parametrize("layout", ["yuv420p", "yuv420p16le", "nv12", "p010le", "yuyv422"])
@pytest.mark.parametrize("size", [(20, 11), (31, 19), (90, 50), (3, 2)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_draw_filters(bench: Bench, layout: str, size: tuple[int, int], mirrored: bool) -> None:
    source = bench.twin(random_frame(62, 38, layout))
    target = bench.twin(random_frame(*size, "p010le", seed=2))
    chroma = source.host.format.component_size(1, 62, 38)
    written = target.host.format.component_size(1, *size)

    def call(kernels: Kernels, side: Side) -> None:
        plane = mirrored_plane(side(source), 1, mirrored, mirrored)
        channel = Channel(plane, source.host.format.depth, *axes(chroma, written))
        drawn = outputs(side(target), (1, 2), 1, None)
        kernels.draw([channel], drawn, None, 0, written[1])

    bench.compare(call, target)


def steps() -> dict[str, Step]:
    rng = np.random.default_rng(8)
    table = rng.integers(-14336, 13696, 1 << 15).astype(np.int16)
    grid = PictureGrid(2 / 61, -1 + 1 / 61, 2 / 37, -1 + 1 / 37)
    to_rgb = (rng.normal(0, 3e-5, (3, 4)) + np.array([0, 0, 0, 0.5])).ravel().tolist()
    from_rgb = (rng.normal(0, 9000, (3, 4))).ravel().tolist()
    cube = rng.random(3 * 5**3).astype(np.float32)
    return {
        "table": _kernels.table_step(table, None, table[::-1].copy()),
        "matrix": _kernels.matrix_step(rng.normal(0.5, 0.5, 9).tolist(), [10.5, -20.25, 3]),
        "chroma": _kernels.chroma_step(rng.random(20480).astype(np.float32) * 2),
        "cube": _kernels.cube_step(cube, 5, True, 0.7, to_rgb, from_rgb),
        "lines": _kernels.cube_step(cube[:96], 32, False, 0.9, to_rgb, from_rgb),
        "vignette": _kernels.vignette_step(grid, 0.8, 0.3, 0.4),
        "border": _kernels.border_step(grid, 0.8, 0.7, 30.5, 18.5, [5000.0, -3000.0, 900.0]),
        "film": _kernels.film_step(
            grid, 12345, 5000.0, 1920.0, 1080.0, 0.9, [0.1, 0.05, 3000, -0.5, 0.01, -9000]
        ),
    }


NAMES = list(steps())


@pytest.mark.parametrize("names", [*([name] for name in NAMES), NAMES, NAMES[::-1]])
@pytest.mark.parametrize("components", [(0,), (1, 2)])
@pytest.mark.parametrize("premultiplied", [False, True])
def test_draw_with_effects(
    bench: Bench, names: list[str], components: tuple[int, ...], premultiplied: bool
) -> None:
    source = bench.twin(random_frame(40, 50, "yuva444p10le"))
    target = bench.twin(random_frame(*SIZE, "yuv444p10le", seed=2))
    known = steps()
    rows = [MatrixRow([9000, 5000, 2000], 8192), MatrixRow([-30, 16000, 25], 0)]
    rows.append(MatrixRow([0, 0, 16384], 8192))
    program = Program(rows, [known[name] for name in names], premultiplied)

    def call(kernels: Kernels, side: Side) -> None:
        both = axes((40, 50), SIZE)
        channels = [
            Channel(component_plane(side(source), number), 10, *both) for number in range(4)
        ]
        covered = Coverage(True, 8200, 8200 << 14, ONE) if premultiplied else None
        count = 4 if premultiplied else 3
        drawn = outputs(side(target), components, 3, None)
        kernels.draw(channels[:count], drawn, covered, 0, SIZE[1], program)

    bench.compare(call, target)


@pytest.mark.parametrize("layout", ["yuv444p", "yuv444p12le", "nv12", "p010le"])
@pytest.mark.parametrize("move", [(0, 0), (-20, 7), (50, -3), (200, 0)])
@pytest.mark.parametrize("covered", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_mix(
    bench: Bench, layout: str, move: tuple[int, int], covered: bool, weighted: bool
) -> None:
    target = bench.twin(random_frame(*SIZE, layout))
    sides = [bench.twin(canvas(seed)) for seed in (1, 2)]
    masks = [bench.twin(shares(seed)) for seed in (3, 4, 5)]

    def call(kernels: Kernels, side: Side) -> None:
        planes = [component_plane(side(mask), 0) for mask in masks]
        sources = [
            MixSource([component_plane(side(one), 0)], planes[index] if covered else None, *move)
            for index, one in enumerate(sides)
        ]
        weights = planes[2] if weighted else None
        targets = [component_plane(side(target), 0)]
        depth = target.host.format.depth
        kernels.mix(sources[0], sources[1], weights, 5000, targets, depth, 1, 36)
        kernels.mix(MixSource([]), sources[1], None, 5000, targets, depth, 0, 3)

    bench.compare(call, target)
