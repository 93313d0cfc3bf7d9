"""Every pixel function on a device, against the same one on the CPU: all bytes are equal.

Planes have odd sizes and padded rows, and the padding counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
from edl2ffmpeg.compositor.canvas import MASK_LAYOUT, canvas_layout
from edl2ffmpeg.compositor.cpu_kernels import CpuKernels
from edl2ffmpeg.compositor.cuda_kernels import CudaKernels
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.patterns import demo_palette, demo_phases
from edl2ffmpeg.compositor.planes import component_plane, mirrored_plane, rectangle_plane
from edl2ffmpeg.compositor.resampling import axis_taps
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.frame import Frame, PixelFormat, pixel_format
from helpers.device.frames import TwinFrame
from helpers.frames import blank_frame, random_frame, set_component

ONE = 1 << 14
SIZE = (61, 37)
LAYOUTS = ["yuv420p", "yuv420p10le", "yuv420p12le", "yuv420p16le", "nv12", "p010le"]
CANVAS = canvas_layout(pixel_format("yuv420p"))
ALPHA_CANVAS = canvas_layout(pixel_format("yuv444p"), has_alpha=True)

Call = Callable[[Kernels, Callable[["TwinFrame"], Frame]], None]


@dataclass
class Bench:
    """Runs one call on both sides."""

    kernels: CudaKernels
    device: CudaDevice

    def twin(self, host: Frame) -> TwinFrame:
        return TwinFrame(self.kernels, self.device, host)

    def compare(self, call: Call, *targets: TwinFrame) -> None:
        call(CpuKernels(), lambda twin: twin.host)
        call(self.kernels, lambda twin: twin.copy)
        for target in targets:
            assert target.are_equal()


@pytest.fixture
def bench(kernels: CudaKernels, device: CudaDevice) -> Iterator[Bench]:
    yield Bench(kernels, device)


def canvas(seed: int, layout: PixelFormat = CANVAS, size: tuple[int, int] = SIZE) -> Frame:
    """Random 15-bit codes; the first rows are the extremes."""
    frame = blank_frame(*size, layout)
    rng = np.random.default_rng(seed)
    for component in range(len(layout.components)):
        rows, columns = frame.array(component).shape
        values = rng.integers(0, 1 << 15, (rows, columns))
        values[: rows // 3] = rng.integers(0, 2, (rows // 3, columns)) * 32767
        set_component(frame, component, values)
    return frame


def shares(seed: int, size: tuple[int, int] = SIZE) -> Frame:
    frame = blank_frame(*size, MASK_LAYOUT)
    rng = np.random.default_rng(seed)
    values = rng.integers(0, ONE + 1, (size[1], size[0]))
    values[:5] = ONE
    values[5:9] = 0
    set_component(frame, 0, values)
    return frame


# -- single samples -----------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("component", [0, 1, 2])
def test_fill_and_write(bench: Bench, layout: str, component: int) -> None:
    target = bench.twin(blank_frame(*SIZE, layout))
    area = Rectangle(3, 2, 17, 11)
    rng = np.random.default_rng(3)
    depth = pixel_format(layout).depth
    values = rng.integers(0, 1 << depth, (area.height, area.width)).astype(np.uint16)

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        whole = component_plane(side(target), component)
        kernels.fill(whole, 77, 1, whole.height - 1)
        kernels.write(rectangle_plane(side(target), component, area), values)

    bench.compare(call, target)


@pytest.mark.parametrize("source_layout", LAYOUTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_affine_and_look_up(bench: Bench, source_layout: str, layout: str) -> None:
    source = bench.twin(random_frame(*SIZE, source_layout))
    target, other = (bench.twin(blank_frame(*SIZE, layout)) for _ in range(2))
    depths = pixel_format(source_layout).depth, pixel_format(layout).depth
    wide = min(depths) > 12
    shift = 30 if wide else 30 - depths[1]
    scale = int(0.83 * 2.0 ** (depths[1] - depths[0]) * (1 << shift))
    most = (1 << depths[1]) - 1
    rng = np.random.default_rng(5)
    # Shorter than the codes: what lies beyond takes the last entry.
    table = rng.integers(0, most + 1, (1 << depths[0]) - 40).astype(np.uint16)

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        for component in range(3):
            read, written, looked_up = (
                component_plane(side(frame), component) for frame in (source, target, other)
            )
            rows = (2, written.height - 1)
            kernels.affine(read, written, scale, 7 << shift, shift, most - 9, wide, *rows, 5)
            kernels.look_up(read, looked_up, table, *rows)

    bench.compare(call, target, other)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_cross(bench: Bench, layout: str) -> None:
    first, second = (bench.twin(random_frame(*SIZE, layout, seed=seed)) for seed in (1, 2))
    target = bench.twin(blank_frame(*SIZE, layout))

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        for component in range(3):
            one, other, mixed = (
                component_plane(side(frame), component) for frame in (first, second, target)
            )
            kernels.cross(one, other, mixed, 4321, 0, mixed.height)

    bench.compare(call, target)


@pytest.mark.parametrize("layout", ["yuv420p", "yuv420p16le", "nv12", "p010le", "rgba", "yuyv422"])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_rotate(bench: Bench, layout: str, turns: int) -> None:
    source = bench.twin(random_frame(62, 37, layout))
    size = source.host.format.component_size(1, 62, 37)
    size = size if turns == 2 else (size[1], size[0])
    planar = "gray" if source.host.format.depth == 8 else "gray16le"
    target = bench.twin(blank_frame(*size, planar))

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        planes = (component_plane(side(source), 1), component_plane(side(target), 0))
        kernels.rotate(*planes, turns)

    bench.compare(call, target)


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p10le"])
def test_pattern(bench: Bench, layout: str) -> None:
    target = bench.twin(blank_frame(*SIZE, layout))
    across, down, slant = demo_phases(*SIZE, 7)
    palette = demo_palette(target.host.format.depth)

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        plane = component_plane(side(target), 0)
        kernels.pattern(plane, across, down, slant, 1, 1, palette[0], 0, SIZE[1])

    bench.compare(call, target)


def test_premultiply(bench: Bench) -> None:
    target = bench.twin(canvas(1, ALPHA_CANVAS))

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        alpha = component_plane(side(target), 3)
        kernels.premultiply(component_plane(side(target), 0), alpha, 0, SIZE[1])
        kernels.premultiply(component_plane(side(target), 2), alpha, 5, 20)

    bench.compare(call, target)


def test_crop_and_weigh(bench: Bench) -> None:
    first, second = (bench.twin(canvas(seed, ALPHA_CANVAS)) for seed in (1, 2))
    set_zero = second.host.array(3)
    set_zero[10:20] = 0
    first.host.array(3)[15:30, 5:30] = 0
    first, second = bench.twin(first.host), bench.twin(second.host)
    half = (SIZE[0] // 2 + 1, SIZE[1] // 2 + 1)
    full, small = bench.twin(shares(3)), bench.twin(shares(4, half))
    rng = np.random.default_rng(6)
    across, down = (rng.random(length).astype(np.float32) for length in SIZE)
    across[:9], down[4:7] = 0, 1

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        alphas = (component_plane(side(first), 3), component_plane(side(second), 3))
        kernels.weigh(component_plane(side(full), 0), *alphas, 1, 1)
        kernels.weigh(component_plane(side(small), 0), *alphas, 2, 2)
        kernels.crop_alpha(alphas[0], across, down)

    bench.compare(call, full, small, first)


@pytest.mark.parametrize("corner", [0.0, 0.4, 1.0])
def test_outline(bench: Bench, corner: float) -> None:
    target = bench.twin(shares(1, (131, 77)))
    outline = Outline((0.02, 0.004, -1.4), (-0.003, 0.03, -1), 50, 33.3, corner, 1.3, 5.1)

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        kernels.outline(outline, component_plane(side(target), 0), 2, 70)

    bench.compare(call, target)


# -- filters ------------------------------------------------------------------


@pytest.mark.parametrize("size", [(61, 37), (5, 90), (1, 1), (200, 3)])
@pytest.mark.parametrize(
    "sigmas", [(0, 0), (0.3, 0), (0, 2.5), (1.7, 0.6), (7.9, 8.1), (9, 40), (300, 0), (20, 2000)]
)
def test_blur(bench: Bench, size: tuple[int, int], sigmas: tuple[float, float]) -> None:
    source, target = bench.twin(canvas(1, size=size)), bench.twin(canvas(2, size=size))

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        kernels.blur(component_plane(side(source), 0), component_plane(side(target), 0), *sigmas)

    bench.compare(call, target)


@pytest.mark.parametrize("side_length", [1, 2, 7, 40, 1000])
def test_mosaic(bench: Bench, side_length: int) -> None:
    source, target = bench.twin(canvas(1)), bench.twin(canvas(2))
    columns, rows = (
        (np.arange(length) // side_length).astype(np.int32) for length in (SIZE[0], SIZE[1])
    )

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        planes = (component_plane(side(source), 0), component_plane(side(target), 0))
        kernels.mosaic(*planes, columns, rows)

    bench.compare(call, target)


def test_unsharp(bench: Bench) -> None:
    original, blurred, target = (bench.twin(canvas(seed)) for seed in (1, 2, 3))

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        sharp, soft, made = (
            component_plane(side(frame), 0) for frame in (original, blurred, target)
        )
        kernels.unsharp(sharp, soft, made, 29_000, 2048, 30_080, 3, 30)
        kernels.unsharp(sharp, soft, sharp, 99 << 14, 0, 32_767, 0, SIZE[1])

    bench.compare(call, target, original)


@pytest.mark.parametrize("degrees", [0, 17, 90, 200.5])
@pytest.mark.parametrize("zoom", [0.3, 1.0, 3e5])
def test_warp(bench: Bench, degrees: float, zoom: float) -> None:
    source, target = bench.twin(canvas(1)), bench.twin(canvas(2, size=(90, 51)))
    turn = np.radians(degrees)
    numbers = [
        round(value * (1 << 32))
        for value in (
            -7.3, 20.9, zoom * np.cos(turn), zoom * np.sin(turn), -zoom * np.sin(turn),
            zoom * np.cos(turn),
        )
    ]  # fmt: skip
    x, y, a, b, c, d = (min(max(number, -(1 << 47)), 1 << 47) for number in numbers)

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
        planes = (component_plane(side(source), 0), component_plane(side(target), 0))
        kernels.warp(*planes, x, y, a, b, c, d, 1, 50)

    bench.compare(call, target)


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

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
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

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
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

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
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

    def call(kernels: Kernels, side: Callable[[TwinFrame], Frame]) -> None:
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


def test_device_refuses_what_the_host_refuses(bench: Bench) -> None:
    source, target = bench.twin(canvas(1)), bench.twin(canvas(2, size=(30, 20)))
    planes = (component_plane(source.copy, 0), component_plane(target.copy, 0))
    with pytest.raises(ValueError, match="row range"):
        bench.kernels.fill(planes[1], 0, 0, 21)
    with pytest.raises(ValueError, match="smaller"):
        bench.kernels.affine(planes[1], planes[0], 1, 0, 0, 255, False, 0, 37)
    with pytest.raises(ValueError, match="differ in size"):
        bench.kernels.blur(*planes, 1.0, 1.0)
    with pytest.raises(ValueError, match="samples"):
        bench.kernels.write(planes[1], np.zeros((3, 3), np.uint16))
    with pytest.raises(ValueError, match="no arrays"):
        source.copy.array(0)
