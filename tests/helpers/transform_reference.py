"""Where a transform puts a picture, in slow float64; it shares no code with the product.

Every output sample is looked up through the inverse of the map that the contract describes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.frame import Frame, PixelFormat
from helpers.frames import codes
from helpers.pixel_reference import cubic, sites

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Output pixels of a picture's pixels: x = m00 px + m01 py + m02, likewise y."""

    matrix: Array

    def source_of(self, x: Array, y: Array) -> tuple[Array, Array]:
        back = np.linalg.inv(self.matrix)
        return back[0, 0] * x + back[0, 1] * y + back[0, 2], (
            back[1, 0] * x + back[1, 1] * y + back[1, 2]
        )


def translation(x: float, y: float) -> Array:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def scaling(x: float, y: float) -> Array:
    return np.diag([x, y, 1.0])


def rotation(degrees: float) -> Array:
    """Clockwise on a screen whose y points down."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def place(
    source: tuple[int, int],
    fitted: tuple[float, float, float, float],
    output: tuple[int, int],
    transforms: Sequence[dict[str, float]],
) -> Place:
    """``fitted`` is (left, top, right, bottom) before the transforms."""
    left, top, right, bottom = fitted
    matrix = translation(left, top) @ scaling(
        (right - left) / source[0], (bottom - top) / source[1]
    )
    width, height = output
    for step in transforms:
        mirror = -1.0 if step.get("flip") else 1.0
        matrix = (
            translation(
                width / 2 + step.get("pan_x", 0) * width / 2,
                height / 2 + step.get("pan_y", 0) * height / 2,
            )
            @ rotation(step.get("rotation", 0))
            @ scaling(step.get("zoom_x", 1) * mirror, step.get("zoom_y", 1))
            @ translation(-width / 2, -height / 2)
            @ matrix
        )
    return Place(matrix)


def sampled(
    frame: Frame, component: int, where: Place, output: tuple[PixelFormat, int, int], target: int
) -> Array:
    """Code values of a component at an output component's sites; the filter widens to shrink."""
    layout, width, height = output
    left, top = sites(layout, target, (width, height))
    x, y = np.meshgrid(np.array(left), np.array(top))
    from_x, from_y = sites(frame.format, component, (frame.width, frame.height))
    px, py = where.source_of(x, y)
    step_x = from_x[1] - from_x[0]
    step_y = from_y[1] - from_y[0]
    spacing_x, spacing_y = left[1] - left[0], top[1] - top[0]
    back = np.linalg.inv(where.matrix)
    wide = max(1.0, abs(back[0, 0]) * spacing_x / step_x)
    high = max(1.0, abs(back[1, 1]) * spacing_y / step_y)
    if abs(back[0, 1]) > 1e-9 or abs(back[1, 0]) > 1e-9:
        wide = high = 1.0  # a turned picture is shrunk before; tests of those only enlarge
    return _filtered(
        codes(frame, component), (px - from_x[0]) / step_x, (py - from_y[0]) / step_y, wide, high
    )


def _filtered(samples: Array, x: Array, y: Array, wide: float, high: float) -> Array:
    rows, columns = samples.shape
    result = np.zeros_like(x)
    total = np.zeros_like(x)
    reach_x, reach_y = int(2 * wide) + 2, int(2 * high) + 2
    base_x, base_y = np.floor(x).astype(int), np.floor(y).astype(int)
    weigh = np.vectorize(cubic)
    for j in range(-reach_y, reach_y + 1):
        weight_y = weigh((base_y + j - y) / high)
        row = np.clip(base_y + j, 0, rows - 1)
        for i in range(-reach_x, reach_x + 1):
            weight = weight_y * weigh((base_x + i - x) / wide)
            result += weight * samples[row, np.clip(base_x + i, 0, columns - 1)]
            total += weight
    return result / total


def covered(
    where: Place, source: tuple[int, int], output: tuple[PixelFormat, int, int], target: int
) -> Array:
    """How much of each sample's cell the picture covers, by 16 x 16 points in it."""
    layout, width, height = output
    columns, rows = layout.component_size(target, width, height)
    across, down = (1 << shift for shift in layout.chroma_shift) if target else (1, 1)
    parts = (np.arange(16) + 0.5) / 16
    x = (np.arange(columns)[:, None] + parts[None, :]).ravel() * across
    y = (np.arange(rows)[:, None] + parts[None, :]).ravel() * down
    px, py = where.source_of(*np.meshgrid(x, y))
    inside = (px >= 0) & (px < source[0]) & (py >= 0) & (py < source[1])
    return np.asarray(inside.reshape(rows, 16, columns, 16).mean(axis=(1, 3)))
