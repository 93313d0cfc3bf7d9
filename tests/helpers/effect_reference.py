"""What the contract says effects do, in slow float64; it shares no code with the product.

Values are y in [0, 1] and u, v in [-1/2, 1/2]; (p, q) run from -1 to 1 over the picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Components = tuple[Array, Array, Array]


def clipped(y: Array, u: Array, v: Array) -> Components:
    return np.clip(y, 0, 1), np.clip(u, -0.5, 0.5), np.clip(v, -0.5, 0.5)


def piecewise(points: Sequence[tuple[float, float]], values: Array) -> Array:
    """Straight lines through the points, held outside."""
    result = np.empty_like(values)
    for index, value in np.ndenumerate(values):
        before = [point for point in points if point[0] <= value]
        after = [point for point in points if point[0] > value]
        if not before:
            result[index] = points[0][1]
        elif not after:
            result[index] = points[-1][1]
        else:
            (x0, y0), (x1, y1) = before[-1], after[0]
            result[index] = y0 + (y1 - y0) * (value - x0) / (x1 - x0)
    return result


def to_rgb(y: Array, u: Array, v: Array) -> Components:
    red, blue = y + 1.5748 * v, y + 1.8556 * u
    return red, (y - 0.2126 * red - 0.0722 * blue) / 0.7152, blue


def from_rgb(red: Array, green: Array, blue: Array) -> Components:
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return y, (blue - y) / 1.8556, (red - y) / 1.5748


def trilinear_free_cube(
    table: Array, red: Array, green: Array, blue: Array
) -> tuple[Array, Array, Array]:
    """Tetrahedral interpolation, one sample at a time; ``table[b, g, r]`` is a triple."""
    size = len(table)
    out = np.empty((3, *red.shape))
    for index in np.ndindex(red.shape):
        scaled = [min(max(float(c[index]), 0.0), 1.0) * (size - 1) for c in (red, green, blue)]
        base = [min(int(value), size - 2) for value in scaled]
        part = [value - low for value, low in zip(scaled, base, strict=True)]
        corner = list(base)
        value = table[corner[2], corner[1], corner[0]] * 1.0
        for axis in sorted(range(3), key=lambda axis: -part[axis]):
            before = table[corner[2], corner[1], corner[0]]
            corner[axis] += 1
            value = value + part[axis] * (table[corner[2], corner[1], corner[0]] - before)
        out[(slice(None), *index)] = value
    return out[0], out[1], out[2]


def pointwise(
    kind: str, given: Mapping[str, Any], y: Array, u: Array, v: Array, p: Array, q: Array
) -> Components:
    """One effect on samples at (p, q)."""
    value: Any = given.get("value")
    if kind == "brightness":
        return clipped(piecewise(given["curve"], y) if "curve" in given else y + value - 1, u, v)
    if kind == "contrast":
        return clipped(0.5 + (y - 0.5) * value, u, v)
    if kind == "saturation":
        gain: Any = value
        if "curve" in given:
            size = np.maximum(np.hypot(u, v), 1e-9)
            gain = piecewise(given["curve"], size) / size
        return clipped(y, u * gain, v * gain)
    if kind == "gamma":
        return clipped(np.clip(y, 0, 1) ** (1 / value), u, v)
    if kind == "blackAndWhite":
        return clipped(y, u * (1 - given["amount"]), v * (1 - given["amount"]))
    if kind == "rgbBalance":
        red, green, blue = to_rgb(y, u, v)
        return clipped(*from_rgb(red * given["red"], green * given["green"], blue * given["blue"]))
    if kind == "white":
        return clipped(y, u + given["u"], v + given["v"])
    if kind in ("y", "u", "v"):
        parts = [y, u, v]
        index = "yuv".index(kind)
        parts[index] = piecewise(given["curve"], parts[index])
        return clipped(*parts)
    if kind == "vignette":
        distance = np.sqrt((p**2 + q**2) / 2)
        share = np.clip((distance - given["radius"]) / given["softness"], 0, 1)
        light = 1 - given["strength"] * share * share * (3 - 2 * share)
        return clipped(y * light, u * light, v * light)
    if kind == "lut":
        graded = from_rgb(*trilinear_free_cube(given["table"], *to_rgb(y, u, v)))
        share = given["strength"]
        return clipped(*(a + (b - a) * share for a, b in zip((y, u, v), graded, strict=True)))
    raise AssertionError(kind)
