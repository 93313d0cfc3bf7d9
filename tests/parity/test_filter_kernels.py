"""The kernels of filters and turns, called directly: exact integers, edges, padding, bands."""

from __future__ import annotations

from itertools import pairwise
from math import floor

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edl2ffmpeg.compositor import _kernels
from edl2ffmpeg.compositor.canvas import canvas_layout
from edl2ffmpeg.compositor.planes import component_plane
from edl2ffmpeg.frame import Frame, pixel_format
from helpers.frames import blank_frame, codes, padding_is_untouched, set_component

Integers = npt.NDArray[np.int64]

LAYOUT = canvas_layout(pixel_format("yuv444p"))
ONE = 1 << 32
PHASES, ONE_WEIGHT, HALF = 256, 1 << 14, 1 << 14


def canvas(width: int, height: int, seed: int | None = None, *, smooth: bool = False) -> Frame:
    """Component 0 is random, or left as it is without a seed."""
    frame = blank_frame(width, height, LAYOUT)
    if seed is not None:
        rng = np.random.default_rng(seed)
        samples = rng.integers(0, 1 << 15, (height, width))
        if smooth:
            x, y = np.meshgrid(np.arange(width), np.arange(height))
            samples = np.rint(16384 + 12000 * np.sin(x / 9) * np.cos(y / 7)).astype(np.int64)
        set_component(frame, 0, samples)
    return frame


def picture(frame: Frame) -> Integers:
    return codes(frame, 0).astype(np.int64)


# -- warp ---------------------------------------------------------------------


def taps() -> Integers:
    """Catmull-Rom at 256 places, in 2^14ths that sum to one."""
    table = np.zeros((PHASES, 4), np.int64)
    for phase in range(PHASES):
        t = phase / PHASES
        exact = (
            -0.5 * t**3 + t**2 - 0.5 * t,
            1.5 * t**3 - 2.5 * t**2 + 1,
            -1.5 * t**3 + 2 * t**2 + 0.5 * t,
            0.5 * t**3 - 0.5 * t**2,
        )
        for index, weight in enumerate(exact):
            size = floor(abs(weight) * ONE_WEIGHT + 0.5)
            table[phase, index] = size if weight >= 0 else -size
        table[phase, 1 if phase < PHASES // 2 else 2] += ONE_WEIGHT - table[phase].sum()
    return table


TAPS = taps()


def warped(source: Integers, size: tuple[int, int], numbers: tuple[int, ...]) -> Integers:
    """The definition: places with 32 fractional bits, four taps along rows, then four down."""
    origin_x, origin_y, column_x, column_y, row_x, row_y = numbers
    result = np.zeros(size[::-1], np.int64)
    height, width = source.shape
    for j in range(size[1]):
        for i in range(size[0]):
            # Python's integers have no end.
            x = origin_x + i * column_x + j * row_x + (1 << 23) >> 24
            y = origin_y + i * column_y + j * row_y + (1 << 23) >> 24
            left, top = x >> 8, y >> 8
            if not (-2 <= left <= width + 1 and -2 <= top <= height + 1):
                # Nothing is seen of what lies so far beyond: the nearest sample will do.
                result[j, i] = source[min(max(top, 0), height - 1), min(max(left, 0), width - 1)]
                continue
            columns = [min(max((x >> 8) - 1 + k, 0), width - 1) for k in range(4)]
            rows = [min(max((y >> 8) - 1 + k, 0), height - 1) for k in range(4)]
            block = source[np.ix_(rows, columns)]
            lines = ((block * TAPS[x & 255]).sum(axis=1) + 8192 - (HALF << 14)) >> 14
            total = int((lines * TAPS[y & 255]).sum() + 8192) >> 14
            result[j, i] = min(max(total + HALF, 0), 2 * HALF - 1)
    return result


def warp(source: Frame, target: Frame, numbers: tuple[int, ...], *bands: int) -> Integers:
    origin_x, origin_y, column_x, column_y, row_x, row_y = numbers
    edges = (0, *bands, target.height)
    for start, end in pairwise(edges):
        _kernels.warp(
            component_plane(source, 0),
            component_plane(target, 0),
            origin_x,
            origin_y,
            column_x,
            column_y,
            row_x,
            row_y,
            start,
            end,
        )
    assert padding_is_untouched(target)
    assert padding_is_untouched(source)
    return picture(target)


@pytest.mark.parametrize("size", [(61, 47), (1, 1), (2, 3), (1, 40), (40, 1)])
def test_identity_is_an_exact_copy(size: tuple[int, int]) -> None:
    source, target = canvas(*size, seed=1), canvas(*size)
    assert (warp(source, target, (0, 0, ONE, 0, 0, ONE)) == picture(source)).all()


@pytest.mark.parametrize(("dx", "dy"), [(3, 0), (0, -5), (-7, 11), (100, 100), (-61, 0)])
def test_whole_samples_are_moved_exactly(dx: int, dy: int) -> None:
    source, target = canvas(61, 47, seed=2), canvas(61, 47)
    moved = warp(source, target, (dx * ONE, dy * ONE, ONE, 0, 0, ONE))
    rows = np.clip(np.arange(47) + dy, 0, 46)
    columns = np.clip(np.arange(61) + dx, 0, 60)
    assert (moved == picture(source)[np.ix_(rows, columns)]).all()


@pytest.mark.parametrize("quarter", range(4))
def test_quarter_turns_are_exact(quarter: int) -> None:
    source, target = canvas(31, 31, seed=3), canvas(31, 31)
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter]
    origin = (15 - 15 * c - 15 * s, 15 + 15 * s - 15 * c)
    numbers = (origin[0], origin[1], c, -s, s, c)
    turned = warp(source, target, tuple(number * ONE for number in numbers))
    assert (turned == np.rot90(picture(source), -quarter)).all()


@pytest.mark.parametrize(
    "step",
    [(0.93, 0.31, -0.31, 0.93), (0.4, 0.0, 0.0, 0.7), (-1.1, 0.6, 0.2, -0.3), (2.5, 1.5, -1, 2)],
)
@pytest.mark.parametrize("origin", [(-6.3, 4.7), (20.123, -9.9), (55.5, 40.001)])
def test_warp_is_its_integer_definition(step: tuple[float, ...], origin: tuple[float, ...]) -> None:
    """Inside of the picture by vectors, at its edges one by one: the same integers."""
    source, target = canvas(67, 50, seed=4), canvas(43, 37)
    numbers = tuple(round(value * ONE) for value in (*origin, *step))
    wanted = warped(picture(source), (43, 37), numbers)
    assert (warp(source, target, numbers) == wanted).all()
    assert (warp(source, canvas(43, 37), numbers, 1, 17, 18) == wanted).all()


numbers_of_maps = st.integers(-(1 << 36), 1 << 36) | st.sampled_from(
    [0, ONE, -ONE, ONE - 1, ONE // 2, ONE // 512, (1 << 47), -(1 << 47), 12345 << 30]
)
origins = st.integers(-(1 << 39), 1 << 39) | st.sampled_from([0, 1 << 53, -(1 << 53), (1 << 23)])
sides = st.integers(1, 13)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    source=st.tuples(sides, sides),
    target=st.tuples(sides, sides),
    origin=st.tuples(origins, origins),
    steps=st.tuples(*[numbers_of_maps] * 4),
)
def test_any_map_is_its_integer_definition(
    source: tuple[int, int],
    target: tuple[int, int],
    origin: tuple[int, int],
    steps: tuple[int, ...],
) -> None:
    """Huge places and steps included."""
    frame = canvas(*source, seed=5)
    numbers = (*origin, *steps)
    assert (warp(frame, canvas(*target), numbers) == warped(picture(frame), target, numbers)).all()


def test_overshoot_is_clipped() -> None:
    source = canvas(24, 24, seed=1)
    set_component(source, 0, np.where(np.indices((24, 24)).sum(axis=0) % 2, 32767, 0))
    numbers = (ONE // 2, ONE // 3, ONE * 9 // 10, ONE // 10, -ONE // 10, ONE * 9 // 10)
    wanted = warped(picture(source), (24, 24), numbers)
    assert wanted.max() <= 32767
    assert (warp(source, canvas(24, 24), numbers) == wanted).all()


def test_maps_that_leave_64_bits_are_refused() -> None:
    source, target = canvas(8, 8, seed=1), canvas(8, 8)
    for numbers in (
        (1 << 60, 0, 0, 0, 0, 0),
        (0, 0, 1 << 50, 0, 0, 0),
        (0, 0, 0, 0, 0, -(1 << 50)),
    ):
        with pytest.raises(ValueError, match="too"):
            warp(source, target, numbers)
    eight = blank_frame(8, 8, "gray")
    with pytest.raises(ValueError):
        _kernels.warp(
            component_plane(eight, 0), component_plane(target, 0), 0, 0, ONE, 0, 0, ONE, 0, 8
        )
    with pytest.raises(ValueError, match="row range"):
        _kernels.warp(
            component_plane(source, 0), component_plane(target, 0), 0, 0, ONE, 0, 0, ONE, 0, 9
        )


# -- blur ---------------------------------------------------------------------


def gaussian_matrix(count: int, sigma: float) -> npt.NDArray[np.float64]:
    reach = int(8 * sigma) + 2
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    matrix = np.zeros((count, count))
    for row in range(count):
        np.add.at(matrix[row], np.clip(row + offsets, 0, count - 1), weights / weights.sum())
    return matrix


@pytest.mark.parametrize("size", [(61, 47), (200, 90), (33, 128)])
@pytest.mark.parametrize("sigmas", [(0.3, 0.0), (0.0, 1.0), (2.5, 1.25), (8.0, 20.0), (16.0, 3.1)])
@pytest.mark.parametrize("smooth", [False, True])
def test_blur_keeps_ten_bits(
    size: tuple[int, int], sigmas: tuple[float, float], smooth: bool
) -> None:
    """Of 15 bits: less than half a code value at 10 bits."""
    source, target = canvas(*size, seed=6, smooth=smooth), canvas(*size)
    across, down = (min(sigma, side / 2) for sigma, side in zip(sigmas, size, strict=True))
    _kernels.blur(component_plane(source, 0), component_plane(target, 0), across, down)
    wanted = picture(source).astype(np.float64)
    if down:
        wanted = gaussian_matrix(size[1], down) @ wanted
    if across:
        wanted = wanted @ gaussian_matrix(size[0], across).T
    assert np.abs(picture(target) - wanted).max() < 16
    assert padding_is_untouched(target)
    assert padding_is_untouched(source)


@pytest.mark.parametrize("sigma", [0.0, 1e-300, 1e-9, 1e9, 1e300, float("inf")])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (40, 30)])
def test_blurs_without_measure_stay_within_the_picture(sigma: float, size: tuple[int, int]) -> None:
    source, target = canvas(*size, seed=7), canvas(*size)
    _kernels.blur(component_plane(source, 0), component_plane(target, 0), sigma, sigma)
    shown, before = picture(target), picture(source)
    assert before.min() <= shown.min() <= shown.max() <= before.max()
    if sigma < 1e-3:
        assert (shown == before).all()
    assert padding_is_untouched(target)


def test_a_blur_of_no_number_is_refused() -> None:
    plane, other = (component_plane(canvas(8, 8, seed=1), 0) for _ in range(2))
    for sigma in (-1.0, float("nan")):
        with pytest.raises(ValueError):
            _kernels.blur(plane, other, sigma, 1.0)
        with pytest.raises(ValueError):
            _kernels.blur(plane, other, 1.0, sigma)


# -- mosaic and unsharp mask --------------------------------------------------


@pytest.mark.parametrize("size", [(61, 47), (1, 1), (1, 20), (64, 3)])
@pytest.mark.parametrize("side", [1, 3, 7, 100])
def test_mosaic_is_the_rounded_mean(size: tuple[int, int], side: int) -> None:
    source, target = canvas(*size, seed=8), canvas(*size)
    columns, rows = (np.arange(length, dtype=np.int32) // side for length in size)
    _kernels.mosaic(component_plane(source, 0), component_plane(target, 0), columns, rows)
    before, shown = picture(source), picture(target)
    for row in range(rows[-1] + 1):
        for column in range(columns[-1] + 1):
            block = np.ix_(rows == row, columns == column)
            mean = (before[block].sum() + before[block].size // 2) // before[block].size
            assert (shown[block] == mean).all()
    assert padding_is_untouched(target)


def test_mosaic_wants_blocks_in_order() -> None:
    source, target = (component_plane(canvas(4, 4, seed=1), 0) for _ in range(2))
    good = np.array([0, 0, 1, 1], np.int32)
    for bad in ([1, 1, 2, 2], [0, 2, 2, 3], [0, 1, 0, 1], [0, -1, 0, 1], [0, 0, 1]):
        with pytest.raises(ValueError, match="block"):
            _kernels.mosaic(source, target, np.array(bad, np.int32), good)
        with pytest.raises(ValueError, match="block"):
            _kernels.mosaic(source, target, good, np.array(bad, np.int32))


@pytest.mark.parametrize("amount", [0, 1, 9000, 1 << 14, 100 << 14, 2**31 - 1, -5000])
def test_unsharp_is_its_integer_definition(amount: int) -> None:
    original, blurred, target = canvas(61, 47, seed=9), canvas(61, 47, seed=10), canvas(61, 47)
    planes = [component_plane(frame, 0) for frame in (original, blurred, target)]
    low, high = 2048, 30_080
    for start, end in ((0, 5), (5, 46), (46, 47)):
        _kernels.unsharp(planes[0], planes[1], planes[2], amount, low, high, start, end)
    a, b = picture(original), picture(blurred)
    wanted = np.clip(a + ((a - b) * amount + (1 << 13) >> 14), low, high)
    assert (picture(target) == wanted).all()
    assert padding_is_untouched(target)
