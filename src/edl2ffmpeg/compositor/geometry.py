"""Where a source goes on the output, in exact numbers; it touches no pixels.

Sizes are those of the upright picture: ``upright`` turns a stored size first.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from edl2ffmpeg.settings import Fit

__all__ = ["Fit", "Placement", "Rectangle", "place", "upright"]

# A container stores the aspect as a ratio of small integers; the float came from one.
_LARGEST_ASPECT_TERM = 10_000


@dataclass(frozen=True, slots=True)
class Rectangle:
    """``[left, right) x [top, bottom)`` in pixels of the output."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns covered."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows covered."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Placement:
    """The part of the source that is shown, and the output pixels that show it.

    The crop is ``[crop_left, crop_left + crop_width)`` and likewise down, in source pixels
    and not rounded; its edges fall on the edges of ``target``.
    """

    crop_left: Fraction
    crop_top: Fraction
    crop_width: Fraction
    crop_height: Fraction
    target: Rectangle


def upright(
    width: int, height: int, sample_aspect_ratio: float, rotation: int
) -> tuple[int, int, Fraction]:
    """(width, height, sample aspect ratio) after turning the stored picture upright."""
    aspect = Fraction(sample_aspect_ratio).limit_denominator(_LARGEST_ASPECT_TERM)
    if aspect <= 0:
        aspect = Fraction(1)
    if rotation % 180 == 90:
        return height, width, 1 / aspect
    return width, height, aspect


def place(
    source: tuple[int, int, Fraction],
    output_size: tuple[int, int],
    fit: Fit,
    alignment: tuple[int, int] = (1, 1),
) -> Placement:
    """Fit an upright source (width, height, sample aspect ratio) to an output of square pixels.

    The rectangle is centred exactly: its left and top edges are rounded to the nearest
    multiple of ``alignment`` (the chroma subsampling, so that bars end on a chroma sample)
    and the opposite edges mirror them.  That moves an edge by at most half of ``alignment``,
    and a source whose shape is the output's up to that rounding fills it whole, without a
    crop, whatever the fit.
    """
    width, height, aspect = source
    whole = (Fraction(0), Fraction(0), Fraction(width), Fraction(height))
    everything = Rectangle(0, 0, *output_size)
    shape = width * aspect / height
    inside = _contained(shape, output_size, alignment)
    if fit is Fit.STRETCH or inside == everything:
        return Placement(*whole, everything)
    if fit is Fit.CONTAIN:
        return Placement(*whole, inside)
    output_shape = Fraction(*output_size)
    shown_width = min(Fraction(width), width * output_shape / shape)
    shown_height = min(Fraction(height), height * shape / output_shape)
    left, top = (width - shown_width) / 2, (height - shown_height) / 2
    return Placement(left, top, shown_width, shown_height, everything)


def _contained(
    shape: Fraction, output_size: tuple[int, int], alignment: tuple[int, int]
) -> Rectangle:
    across, down = output_size
    left = _margin(across, min(Fraction(across), down * shape), alignment[0])
    top = _margin(down, min(Fraction(down), across / shape), alignment[1])
    return Rectangle(left, top, across - left, down - top)


def _margin(available: int, wanted: Fraction, alignment: int) -> int:
    nearest = floor((available - wanted) / 2 / alignment + Fraction(1, 2)) * alignment
    # However thin the source, at least one aligned pair of edges is left to draw.
    widest = (available - 1) // 2 // alignment * alignment
    return min(nearest, widest)
