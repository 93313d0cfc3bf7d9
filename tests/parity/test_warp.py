"""Affine warps of canvases: the exact integers, and bicubic sampling in float64."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import cos, floor, radians, sin
from typing import Any

import numpy as np
import pytest

from edl2ffmpeg.compositor import _kernels
from helpers.canvas import MOST_CODE, SIZES, Canvas, Floats, Integers, picture

ONE = 1 << 32
LEAST, MOST = -(1 << 63), (1 << 63) - 1


@dataclass(frozen=True)
class Affine:
    """Positions with 32 fractional bits: origin, step along a row, step from row to row."""

    origin: tuple[int, int]
    column: tuple[int, int]
    row: tuple[int, int]

    @classmethod
    def turned(cls, degrees: float, scale: float, shift: tuple[float, float]) -> Affine:
        c, s = cos(radians(degrees)) / scale, sin(radians(degrees)) / scale
        parts = (shift, (c, s), (-s, c))
        return cls(*((round(x * ONE), round(y * ONE)) for x, y in parts))

    def from_column(self, i: int) -> Affine:
        x, y = (start + i * step for start, step in zip(self.origin, self.column, strict=True))
        return Affine((x, y), self.column, self.row)

    def positions(self, direction: int, width: int, height: int) -> Any:
        """As Python's integers, which have no end."""
        i = np.arange(width).astype(object)[None, :]
        j = np.arange(height).astype(object)[:, None]
        return self.origin[direction] + i * self.column[direction] + j * self.row[direction]


AFFINES = {
    "identity": Affine((0, 0), (ONE, 0), (0, ONE)),
    "moved": Affine((-7 * ONE, 3 * ONE), (ONE, 0), (0, ONE)),
    "rotated": Affine.turned(12, 1, (4.3, -6.1)),
    "steep": Affine.turned(-77.7, 1.3, (-3.9, 40.2)),
    "enlarged": Affine.turned(200, 6.7, (30.1, 28.8)),
    "shrunk": Affine.turned(33, 0.21, (-200.4, -30.3)),
    "mirrored": Affine((66 * ONE, 49 * ONE), (-ONE, 0), (0, -ONE)),
    "one point": Affine((5 * ONE // 3, ONE // 7), (0, 0), (0, 0)),
    "last phase": Affine((ONE - (1 << 23), ONE - (1 << 23) - 1), (ONE, 0), (0, ONE)),
    "far": Affine((1 << 51, -(1 << 51)), (1 << 44, 3), (-5, -(1 << 43))),
    "farther": Affine((1 << 61, 5 * ONE), (-(1 << 58), ONE // 3), (-(1 << 57), ONE // 9)),
    "extremes": Affine((MOST, LEAST), (LEAST, MOST), (MOST, LEAST)),
    "back from far": Affine((MOST, LEAST), (LEAST // 16, MOST // 31), (-ONE, ONE)),
}


def tap_table() -> Integers:
    half, table = Fraction(1, 2), []
    for phase in range(256):
        t = Fraction(phase, 256)
        exact = [
            half * (-(t**3) + 2 * t**2 - t),
            half * (3 * t**3 - 5 * t**2 + 2),
            half * (-3 * t**3 + 4 * t**2 + t),
            half * (t**3 - t**2),
        ]
        taps = [floor(weight * (1 << 14) + half) for weight in exact]
        taps[1 if phase <= 128 else 2] += (1 << 14) - sum(taps)
        table.append(taps)
    return np.array(table, np.int64)


TAPS = tap_table()


def whole_and_phase(positions: Any, count: int) -> tuple[Integers, Integers]:
    rounded = positions + (1 << 23) >> 24
    whole = np.vectorize(lambda value: min(max(value >> 8, -9), count + 9), otypes=[np.int64])
    return whole(rounded), (rounded & 255).astype(np.int64)


def integer_warp(source: Integers, affine: Affine, width: int, height: int) -> Integers:
    rows, columns = source.shape
    x, x_phase = whole_and_phase(affine.positions(0, width, height), columns)
    y, y_phase = whole_and_phase(affine.positions(1, width, height), rows)
    offsets = np.arange(-1, 3)
    across = np.clip(x[..., None] + offsets, 0, columns - 1)
    total = np.zeros((height, width), np.int64)
    for k in range(4):
        line = np.clip(y + k - 1, 0, rows - 1)[..., None]
        samples = source[line, across] - 16384
        working = (samples * TAPS[x_phase]).sum(axis=-1) + (1 << 13) >> 14
        total += working * TAPS[y_phase, k]
    return np.clip((total + (1 << 13) >> 14) + 16384, 0, MOST_CODE)


def cubic(distance: Floats) -> Floats:
    x = np.abs(distance)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def float_warp(source: Integers, x: Floats, y: Floats) -> Floats:
    rows, columns = source.shape
    total = np.zeros(x.shape)
    for down in range(-1, 3):
        line = np.floor(y).astype(np.int64) + down
        for across in range(-1, 3):
            column = np.floor(x).astype(np.int64) + across
            sample = source[np.clip(line, 0, rows - 1), np.clip(column, 0, columns - 1)]
            total += sample * cubic(x - column) * cubic(y - line)
    return np.clip(total, 0, MOST_CODE)


def warp(source: Canvas, target: Canvas, affine: Affine) -> None:
    numbers = (*affine.origin, *affine.column, *affine.row)
    _kernels.warp(source.plane(), target.plane(), *numbers, 0, target.height)


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["random", "noise of extremes"])
def test_warp_is_its_integer_definition(affine: Affine, size: tuple[int, int], kind: str) -> None:
    for number, target_size in enumerate(((67, 50), (1, 9), (21, 3))):
        source, target = Canvas(*size, picture(kind, *size, seed=number)), Canvas(*target_size)
        warp(source, target, affine)
        assert (target.codes == integer_warp(source.codes, affine, *target_size)).all()
        assert target.padding_is_untouched
        assert source.padding_is_untouched


@pytest.mark.parametrize("name", ["rotated", "steep", "shrunk", "mirrored", "one point"])
def test_bands_and_strips_give_the_same_bits(name: str) -> None:
    affine = AFFINES[name]
    source = Canvas(67, 50, picture("random", 67, 50))
    whole, banded, strips = Canvas(61, 47), Canvas(61, 47), Canvas(61, 47)
    warp(source, whole, affine)
    numbers = (*affine.origin, *affine.column, *affine.row)
    for start, end in ((20, 47), (0, 1), (1, 1), (1, 20)):
        _kernels.warp(source.plane(), banded.plane(), *numbers, start, end)
    # Three samples are too few for vectors: the strips are the plain path's alone.
    for left in range(0, 61, 3):
        moved = affine.from_column(left)
        numbers = (*moved.origin, *moved.column, *moved.row)
        _kernels.warp(source.plane(), strips.plane(left, min(left + 3, 61)), *numbers, 0, 47)
    assert (banded.array == whole.array).all()
    assert (strips.array == whole.array).all()
    assert banded.padding_is_untouched
    assert strips.padding_is_untouched


@pytest.mark.parametrize("size", SIZES)
def test_whole_samples_are_copied(size: tuple[int, int]) -> None:
    source, target = Canvas(*size, picture("random", *size)), Canvas(*size)
    warp(source, target, AFFINES["identity"])
    assert (target.array == source.array).all()
    warp(source, target, Affine((2 * ONE, -3 * ONE), (ONE, 0), (0, ONE)))
    columns = np.clip(np.arange(size[0]) + 2, 0, size[0] - 1)
    rows = np.clip(np.arange(size[1]) - 3, 0, size[1] - 1)
    assert (target.array == source.array[np.ix_(rows, columns)]).all()
    warp(source, target, Affine(((size[0] - 1) * ONE, 0), (-ONE, 0), (0, ONE)))
    assert (target.array == source.array[:, ::-1]).all()


@pytest.mark.parametrize("name", ["rotated", "steep", "enlarged", "shrunk", "last phase"])
@pytest.mark.parametrize(("kind", "bound"), [("waves", 40.0), ("random", 260.0)])
def test_warp_is_bicubic(name: str, kind: str, bound: float) -> None:
    affine = AFFINES[name]
    source, target = Canvas(67, 50, picture(kind, 67, 50)), Canvas(67, 50)
    warp(source, target, affine)
    x, y = (affine.positions(direction, 67, 50) for direction in (0, 1))
    exact = float_warp(source.codes, (x / ONE).astype(np.float64), (y / ONE).astype(np.float64))
    # The position's rounding, 1/512 of a sample, moves along the picture's slope.
    assert np.abs(target.codes - exact).max() <= bound
    rounded = ((position + (1 << 23) >> 24) / 256 for position in (x, y))
    at = [position.astype(np.float64) for position in rounded]
    # At the rounded position only the taps' 14 bits and two roundings remain.
    assert np.abs(target.codes - float_warp(source.codes, at[0], at[1])).max() <= 4.0


def test_warp_refuses_what_is_no_canvas() -> None:
    source, target = Canvas(20, 10, 0), Canvas(20, 10, 0)
    steps = (0, 0, ONE, 0, 0, ONE)
    with pytest.raises(ValueError, match="row range"):
        _kernels.warp(source.plane(), target.plane(), *steps, 0, 11)
    with pytest.raises(ValueError, match="row range"):
        _kernels.warp(source.plane(), target.plane(), *steps, 3, 2)
    with pytest.raises(ValueError, match="memory"):
        _kernels.warp(source.plane(0, 9), source.plane(2, 20), *steps, 0, 10)
    with pytest.raises(ValueError, match="16-bit"):
        _kernels.warp(_kernels.Plane(64, 20, 20, 10, 1), target.plane(), *steps, 0, 10)
    with pytest.raises(ValueError, match="overlap"):
        _kernels.warp(_kernels.Plane(64, 38, 20, 10, 2), target.plane(), *steps, 0, 10)
    with pytest.raises(ValueError, match="aligned"):
        _kernels.warp(_kernels.Plane(65, 40, 20, 10, 2), target.plane(), *steps, 0, 10)
    with pytest.raises(ValueError, match="65536"):
        _kernels.warp(_kernels.Plane(64, 1 << 18, 65537, 10, 2), target.plane(), *steps, 0, 10)
    with pytest.raises(TypeError):
        _kernels.warp(source.plane(), target.plane(), 1 << 63, *steps[1:], 0, 10)
