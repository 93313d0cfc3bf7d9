"""Colour conversion to the output's BT.709 limited range, as numbers for the kernels.

It converts Y'CbCr encodings and ranges; it does not change primaries or transfer curves.

Note [Code values]

Limited range, depth d: Y = (16 + 219 y) 2^(d-8), C = (128 + 224 c) 2^(d-8).  Full range:
Y = y (2^d - 1), C = 2^(d-1) + c (2^d - 1).  RGB and alpha are always full range.  y is in
[0, 1], c in [-1/2, 1/2].
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.frame import Colour, Matrix, PixelFormat

__all__ = [
    "OUTPUT_COLOUR",
    "CodeScale",
    "WorkingConversion",
    "code_scale",
    "is_full_range",
    "rgb_to_ycbcr",
    "source_matrix",
    "working_conversion",
    "ycbcr_to_rgb",
]

OUTPUT_COLOUR = Colour(Matrix.BT709, full_range=False)

_WORKING_DEPTH = 15
_WORKING_HALF = 1 << (_WORKING_DEPTH - 1)


@dataclass(frozen=True, slots=True)
class CodeScale:
    """``code = zero + one * value`` for y or c of Note [Code values]."""

    zero: Fraction
    one: Fraction


@dataclass(frozen=True, slots=True)
class WorkingConversion:
    """``out = weights @ in + offsets`` on working samples, weights not yet fixed-point."""

    weights: npt.NDArray[np.float64]
    offsets: npt.NDArray[np.float64]


def is_full_range(layout: PixelFormat, colour: Colour) -> bool:
    """Whether code values run over the whole depth; the format's name may say so by itself."""
    return layout.is_rgb or colour.full_range or layout.name.startswith("yuvj")


def source_matrix(layout: PixelFormat, colour: Colour) -> Matrix:
    """The matrix that pixels really have: a tag that contradicts the layout is not believed."""
    if layout.is_rgb:
        return Matrix.RGB
    return Matrix.BT709 if colour.matrix is Matrix.RGB else colour.matrix


def code_scale(depth: int, full_range: bool, chroma: bool) -> CodeScale:
    """How code values of one component mean y or c."""
    if full_range:
        zero = Fraction(1 << (depth - 1)) if chroma else Fraction(0)
        return CodeScale(zero, Fraction((1 << depth) - 1))
    step = Fraction(1 << depth, 256)
    return CodeScale(128 * step, 224 * step) if chroma else CodeScale(16 * step, 219 * step)


def working_conversion(layout: PixelFormat, colour: Colour) -> WorkingConversion:
    """From working samples of the source's components to those of the output."""
    full = is_full_range(layout, colour)
    count = 1 if len(layout.components) == 1 else 3
    to_value, from_zero = _working_scales(layout.depth, full, layout.is_rgb, count)
    to_code, zero = _working_scales(layout.depth, False, False, 3)
    if count == 1:
        mixing = np.array([[1.0], [0.0], [0.0]])
    else:
        mixing = rgb_to_ycbcr(Matrix.BT709) @ ycbcr_to_rgb(source_matrix(layout, colour))
        # Equal matrices must give exact zeros, not rounding noise that costs a term.
        mixing[np.abs(mixing) < 1e-12] = 0.0
    weights = to_code[:, None] * mixing / to_value[None, :]
    return WorkingConversion(weights, zero - weights @ from_zero)


def _working_scales(
    depth: int, full: bool, rgb: bool, count: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(working samples per unit, working sample of zero) of each component."""
    scales = [code_scale(depth, full, chroma=index > 0 and not rgb) for index in range(count)]
    factor = 2.0 ** (_WORKING_DEPTH - depth)
    units = np.array([float(scale.one) * factor for scale in scales])
    zeros = np.array([float(scale.zero) * factor - _WORKING_HALF for scale in scales])
    return units, zeros


def rgb_to_ycbcr(matrix: Matrix) -> npt.NDArray[np.float64]:
    """(y, u, v) of R'G'B' in 0..1; the identity for ``Matrix.RGB``."""
    if matrix.value is None:
        return np.eye(3)
    red, blue = matrix.value
    luma = np.array([red, 1 - red - blue, blue])
    first = (np.array([0.0, 0.0, 1.0]) - luma) / (2 * (1 - blue))
    second = (np.array([1.0, 0.0, 0.0]) - luma) / (2 * (1 - red))
    return np.stack([luma, first, second])


def ycbcr_to_rgb(matrix: Matrix) -> npt.NDArray[np.float64]:
    """R'G'B' of (y, u, v); the inverse of the above."""
    return np.asarray(np.linalg.inv(rgb_to_ycbcr(matrix)), np.float64)
