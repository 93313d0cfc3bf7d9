"""Every pixel function on a device, against the same one on the CPU: all bytes are equal.

Planes have odd sizes and padded rows, and the padding counts.
"""

from __future__ import annotations

import numpy as np
import pytest

from edl2ffmpeg.compositor._kernels import Moments, Outline
from edl2ffmpeg.compositor.backend import Kernels
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.patterns import demo_palette, demo_phases
from edl2ffmpeg.compositor.planes import component_plane, rectangle_plane
from edl2ffmpeg.frame import pixel_format
from helpers.device.bench import ALPHA_CANVAS, ONE, SIZE, Bench, Side, canvas, shares
from helpers.frames import blank_frame, random_frame

LAYOUTS = ["yuv420p", "yuv420p10le", "yuv420p12le", "yuv420p16le", "nv12", "p010le"]


# -- single samples -----------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("component", [0, 1, 2])
def test_fill_and_write(bench: Bench, layout: str, component: int) -> None:
    target = bench.twin(blank_frame(*SIZE, layout))
    area = Rectangle(3, 2, 17, 11)
    rng = np.random.default_rng(3)
    depth = pixel_format(layout).depth
    values = rng.integers(0, 1 << depth, (area.height, area.width)).astype(np.uint16)

    def call(kernels: Kernels, side: Side) -> None:
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

    def call(kernels: Kernels, side: Side) -> None:
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

    def call(kernels: Kernels, side: Side) -> None:
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

    def call(kernels: Kernels, side: Side) -> None:
        planes = (component_plane(side(source), 1), component_plane(side(target), 0))
        kernels.rotate(*planes, turns)

    bench.compare(call, target)


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p10le"])
def test_pattern(bench: Bench, layout: str) -> None:
    target = bench.twin(blank_frame(*SIZE, layout))
    across, down, slant = demo_phases(*SIZE, 7)
    palette = demo_palette(target.host.format.depth)

    def call(kernels: Kernels, side: Side) -> None:
        plane = component_plane(side(target), 0)
        kernels.pattern(plane, across, down, slant, 1, 1, palette[0], 0, SIZE[1])

    bench.compare(call, target)


def test_premultiply(bench: Bench) -> None:
    target = bench.twin(canvas(1, ALPHA_CANVAS))

    def call(kernels: Kernels, side: Side) -> None:
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

    def call(kernels: Kernels, side: Side) -> None:
        alphas = (component_plane(side(first), 3), component_plane(side(second), 3))
        kernels.weigh(component_plane(side(full), 0), *alphas, 1, 1)
        kernels.weigh(component_plane(side(small), 0), *alphas, 2, 2)
        kernels.crop_alpha(alphas[0], across, down)

    bench.compare(call, full, small, first)


@pytest.mark.parametrize("soft", [0.0, 1e-3, 0.3])
@pytest.mark.parametrize("inverts", [False, True])
def test_reach(bench: Bench, soft: float, inverts: bool) -> None:
    target = bench.twin(shares(1))
    rng = np.random.default_rng(9)
    values = rng.random((SIZE[1], SIZE[0]), np.float32)
    values[3:9] = 0.5
    reached, width = np.float32(0.5), np.float32(soft)

    def call(kernels: Kernels, side: Side) -> None:
        plane = component_plane(side(target), 0)
        moments = Moments(values)
        kernels.reach(moments, plane, float(reached), float(width), inverts, 2, SIZE[1] - 1)

    bench.compare(call, target)
    if soft:
        wanted = np.rint(np.clip((reached - values) / width, 0, 1) * ONE)
    else:
        wanted = np.where(values < reached, ONE, 0)
    found = target.host.array(0)[2:-1]
    assert np.array_equal(found, (ONE - wanted if inverts else wanted)[2:-1])


@pytest.mark.parametrize("corner", [0.0, 0.4, 1.0])
def test_outline(bench: Bench, corner: float) -> None:
    target = bench.twin(shares(1, (131, 77)))
    outline = Outline((0.02, 0.004, -1.4), (-0.003, 0.03, -1), 50, 33.3, corner, 1.3, 5.1)

    def call(kernels: Kernels, side: Side) -> None:
        kernels.outline(outline, component_plane(side(target), 0), 2, 70)

    bench.compare(call, target)


# -- filters ------------------------------------------------------------------


@pytest.mark.parametrize("size", [(61, 37), (5, 90), (1, 1), (200, 3)])
@pytest.mark.parametrize(
    "sigmas", [(0, 0), (0.3, 0), (0, 2.5), (1.7, 0.6), (7.9, 8.1), (9, 40), (300, 0), (20, 2000)]
)
def test_blur(bench: Bench, size: tuple[int, int], sigmas: tuple[float, float]) -> None:
    source, target = bench.twin(canvas(1, size=size)), bench.twin(canvas(2, size=size))

    def call(kernels: Kernels, side: Side) -> None:
        kernels.blur(component_plane(side(source), 0), component_plane(side(target), 0), *sigmas)

    bench.compare(call, target)


@pytest.mark.parametrize("side_length", [1, 2, 7, 40, 1000])
def test_mosaic(bench: Bench, side_length: int) -> None:
    source, target = bench.twin(canvas(1)), bench.twin(canvas(2))
    columns, rows = (
        (np.arange(length) // side_length).astype(np.int32) for length in (SIZE[0], SIZE[1])
    )

    def call(kernels: Kernels, side: Side) -> None:
        planes = (component_plane(side(source), 0), component_plane(side(target), 0))
        kernels.mosaic(*planes, columns, rows)

    bench.compare(call, target)


def test_unsharp(bench: Bench) -> None:
    original, blurred, target = (bench.twin(canvas(seed)) for seed in (1, 2, 3))

    def call(kernels: Kernels, side: Side) -> None:
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

    def call(kernels: Kernels, side: Side) -> None:
        planes = (component_plane(side(source), 0), component_plane(side(target), 0))
        kernels.warp(*planes, x, y, a, b, c, d, 1, 50)

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
