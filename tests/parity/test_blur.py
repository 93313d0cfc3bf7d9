"""Gaussian blur of canvases: the exact integers, and the true Gaussian in float64."""

from __future__ import annotations

from math import ceil, erf, sqrt

import numpy as np
import pytest

from edl2ffmpeg.compositor import _kernels
from helpers.canvas import MOST_CODE, SIZES, Canvas, Floats, Integers, picture

NOISE = ["random", "noise of extremes"]
PICTURES = [*NOISE, "edges", "ramp", "bright edge", "point", "waves"]


def blurred(source: Integers, sigma_x: float, sigma_y: float) -> Integers:
    """The kernel's answer; nothing but the target's samples may have changed."""
    height, width = source.shape
    picture_canvas, target = Canvas(width, height, source), Canvas(width, height)
    scratch = _kernels.Scratch()
    _kernels.blur(picture_canvas.plane(), target.plane(), sigma_x, sigma_y, scratch)
    assert (picture_canvas.array == source).all()
    assert picture_canvas.padding_is_untouched
    assert target.padding_is_untouched
    return target.codes


def gaussian_taps(sigma: float, bits: int) -> list[int]:
    """From the centre out; their sums from the outside in are rounded, not the taps."""
    reach = ceil(4.5 * sigma)
    weights = [float(np.exp(-0.5 * (k / sigma) * (k / sigma))) for k in range(reach + 1)]
    total, outside, used = weights[0] + 2 * sum(weights[1:]), 0.0, 0
    taps = [0] * (reach + 1)
    for k in range(reach, 0, -1):
        outside += weights[k]
        taps[k] = int(np.floor(outside / total * (1 << bits) + 0.5)) - used
        used += taps[k]
    taps[0] = (1 << bits) - 2 * used
    return taps


def rounded(total: Integers, bits: int) -> Integers:
    return total + (1 << (bits - 1)) >> bits


def at(rows: Integers, positions: Integers) -> Integers:
    return rows[np.clip(positions, 0, len(rows) - 1)]


def pass_sums(rows: Integers, sigma: float) -> tuple[Integers, int]:
    """Along the first axis, without the last rounding, and its number of bits."""
    count, halvings, sigma = len(rows), 0, min(sigma, 2.0**30)
    while sigma > 8:
        sigma, halvings = sigma / 2, halvings + 1
    if halvings:
        factor = 2.0**halvings
        sigma = sqrt(sigma**2 - (1 - 1 / factor**2) / 4 - 1 / 3)
    for _ in range(halvings):
        j = 2 * np.arange((len(rows) + 1) // 2 + 4)
        first, second, third, fourth = (at(rows, j - back) for back in (5, 4, 3, 2))
        rows = rounded(first + 3 * second + 3 * third + fourth, 3)
    taps, bits = gaussian_taps(sigma, 16), 16
    if taps[0] > 32767:
        taps, bits = gaussian_taps(sigma, 15), 15
    i = np.arange(len(rows))
    sums = rows * taps[0]
    for k in range(1, len(taps)):
        sums = sums + (at(rows, i - k) + at(rows, i + k)) * taps[k]
    if not halvings:
        return sums, bits
    return expanded(rounded(sums, bits), count, factor), 15


def expanded(rows: Integers, count: int, factor: float) -> Integers:
    position = (np.arange(count) + 3.5 * (factor - 1)) / factor
    whole = np.floor(position).astype(np.int64)
    t = position - whole
    s = 1 - t
    outside = [s * s * s / 6, (s * s * s + 4 - 6 * t * t + 3 * t * t * t) / 6, 1 - t * t * t / 6]
    edges = [
        np.zeros(count, np.int64),
        *(np.floor(x * 2**15 + 0.5).astype(np.int64) for x in outside),
    ]
    taps = np.diff([*edges, np.full(count, 1 << 15)], axis=0)
    return sum((at(rows, whole - 1 + k) * taps[k][:, None] for k in range(4)), start=rows[:1] * 0)


def integer_blur(source: Integers, sigma_x: float, sigma_y: float) -> Integers:
    working = (source - 16384) * 2
    if sigma_x > 0:
        sums, bits = pass_sums(working.T, sigma_x)
        working = rounded(sums, bits).T
    sums, bits = pass_sums(working, sigma_y) if sigma_y > 0 else (working, 0)
    return np.clip(rounded(sums, bits + 1) + 16384, 0, MOST_CODE)


def gaussian_matrix(count: int, sigma: float) -> Floats:
    """Row i: the weights of all samples in output i; what lies beyond the edge goes to it."""
    if sigma == 0:
        return np.eye(count)
    matrix = np.zeros((count, count))
    if sigma > 50:
        # Integrals over samples: the difference is a variance of 1/12.
        cumulative = np.vectorize(lambda z: 0.5 * (1 + erf(z / sigma / sqrt(2))))
        edges = np.arange(1, count) - 0.5
        below = cumulative(edges[None, :] - np.arange(count)[:, None])
        return np.diff(below, axis=1, prepend=0.0, append=1.0)
    offsets = np.arange(-ceil(8 * sigma), ceil(8 * sigma) + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    weights /= weights.sum()
    for i in range(count):
        np.add.at(matrix[i], np.clip(i + offsets, 0, count - 1), weights)
    return matrix


def true_blur(source: Integers, sigma_x: float, sigma_y: float) -> Floats:
    height, width = source.shape
    down, across = gaussian_matrix(height, sigma_y), gaussian_matrix(width, sigma_x)
    result: Floats = down @ source @ across.T
    return result


@pytest.mark.parametrize(
    "sigmas",
    [(0.3, 0.3), (0.81, 0.79), (2.0, 1.0), (8.0, 0.0), (0.0, 4.7), (8.01, 16.0), (40.0, 3.3),
     (0.5, 77.0), (1e6, 1e6), (25.0, 1e12)],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("size", SIZES)
def test_blur_is_its_integer_definition(sigmas: tuple[float, float], size: tuple[int, int]) -> None:
    for kind in ("random", "noise of extremes", "white", "black"):
        source = picture(kind, *size, seed=3)
        assert (blurred(source, *sigmas) == integer_blur(source, *sigmas)).all()


SIGMAS = [
    0.2,
    0.5,
    0.79,
    1.0,
    2.0,
    3.7,
    6.0,
    8.0,
    8.1,
    12.0,
    16.0,
    16.1,
    20.0,
    30.0,
    50.0,
    64.2,
    333.0,
]


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("size", [(67, 50), (333, 129), (5, 200)])
def test_blur_is_gaussian(sigma: float, size: tuple[int, int], kind: str) -> None:
    source = picture(kind, *size)
    worst = 0.0
    for sigmas in ((sigma, sigma), (sigma, 0.0), (0.0, sigma), (sigma / 2, sigma)):
        worst = max(worst, np.abs(blurred(source, *sigmas) - true_blur(source, *sigmas)).max())
    # Half a code is the last rounding; an 8-bit code has 128.  Noise adds up the taps' roundings.
    assert worst <= (5.0 if kind in NOISE else 2.0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sigma", [0.0, 0.05, 1e-300])
def test_blur_by_nothing_is_a_copy(size: tuple[int, int], sigma: float) -> None:
    source = picture("random", *size)
    assert (blurred(source, sigma, sigma) == source).all()


@pytest.mark.parametrize("sigma", [0.3, 2.0, 6.0, 19.0, 1e4, 1e300])
def test_blur_keeps_what_is_even(sigma: float) -> None:
    for code in (0, 1, 12_345, 32_766, MOST_CODE):
        assert (blurred(np.full((41, 53), code), sigma, sigma) == code).all()


def test_endless_blur_is_the_mean_of_the_edges() -> None:
    source = picture("random", 640, 360)
    corners = source[[0, 0, -1, -1], [0, -1, 0, -1]].mean()
    assert np.abs(blurred(source, 1e6, 1e6) - corners).max() <= 20


def test_scratch_memory_grows_and_is_kept() -> None:
    source, target = Canvas(64, 48, 5), Canvas(64, 48)
    scratch = _kernels.Scratch()
    _kernels.blur(source.plane(), target.plane(), 40.0, 40.0, scratch)
    size = scratch.size
    for sigma in (0.0, 3.0, 40.0):
        _kernels.blur(source.plane(), target.plane(), sigma, sigma, scratch)
    assert scratch.size == size


def test_blur_refuses_what_it_cannot_do() -> None:
    source, target, scratch = Canvas(20, 10, 0), Canvas(20, 10, 0), _kernels.Scratch()
    for sigma in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="sigma"):
            _kernels.blur(source.plane(), target.plane(), sigma, 1.0, scratch)
        with pytest.raises(ValueError, match="sigma"):
            _kernels.blur(source.plane(), target.plane(), 1.0, sigma, scratch)
    with pytest.raises(ValueError, match="memory"):
        _kernels.blur(source.plane(), source.plane(), 1.0, 1.0, scratch)
    with pytest.raises(ValueError, match="size"):
        _kernels.blur(source.plane(), target.plane(0, 19), 1.0, 1.0, scratch)
    with pytest.raises(ValueError, match="planar"):
        wide = _kernels.Plane(64, 80, 20, 10, 2, 2)
        _kernels.blur(wide, target.plane(), 1.0, 1.0, scratch)
