"""What a layer does to its pixels, and the fixed-point numbers that make the kernels do it.

It is pure: no frames, no memory.  This is the one place where exact weights become integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import floor

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.compositor.component_maps import Map, Values
from edl2ffmpeg.compositor.conversion import CodeScale, code_scale
from edl2ffmpeg.compositor.resampling import WEIGHT_BITS
from edl2ffmpeg.plan.model import GeneratedPicture, LayerPlan
from edl2ffmpeg.timeline.model import YuvColour

__all__ = [
    "BLACK",
    "NO_OPERATION",
    "CodeAffine",
    "CoverageWeights",
    "LayerOperation",
    "OutputWeights",
    "affine_of",
    "code_affine",
    "code_table",
    "code_values",
    "coverage_weights",
    "fixed",
    "output_weights",
]

BLACK = YuvColour(16, 128, 128)

_ONE = 1 << WEIGHT_BITS
_HALF = Fraction(1, 2)
_WORKING_DEPTH = 15
_WORKING_HALF = 1 << (_WORKING_DEPTH - 1)
# Both sides deeper than this need products of more than 31 bits for correct rounding.
_NARROW_DEPTH = 12
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class LayerOperation:
    """Gamma, then ``share`` of the layer plus a ``constant``, then coverage by ``opacity``.

    ``constant`` is (y, u, v) in 8-bit limited code values, already multiplied by its weight.
    """

    gamma: Fraction
    share: Fraction
    constant: tuple[Fraction, Fraction, Fraction]
    opacity: Fraction

    @classmethod
    def of(cls, layer: LayerPlan) -> LayerOperation:
        """What ``layer`` asks for."""
        opacity = layer.opacity
        if isinstance(layer.picture, GeneratedPicture):
            opacity = opacity * layer.picture.source.opacity
        mix = layer.colour_mix
        if mix is None or mix.weight >= 1:
            nothing = (Fraction(0), Fraction(0), Fraction(0))
            return cls(layer.gamma, Fraction(1), nothing, opacity)
        return cls(layer.gamma, mix.weight, _weighted(mix.colour, 1 - mix.weight), opacity)

    @property
    def is_nothing(self) -> bool:
        """Whether the layer comes out as it went in."""
        return self.gamma == 1 and self.share == 1 and self.opacity == 1

    def over_black(self) -> LayerOperation:
        """The same result on black, with opacity as a mix: no coverage is needed then."""
        if self.opacity == 1:
            return self
        black = _weighted(BLACK, 1 - self.opacity)
        y, u, v = (
            self.opacity * own + beneath for own, beneath in zip(self.constant, black, strict=True)
        )
        return LayerOperation(self.gamma, self.opacity * self.share, (y, u, v), Fraction(1))


NO_OPERATION = LayerOperation(Fraction(1), Fraction(1), (Fraction(0),) * 3, Fraction(1))
"""What leaves a layer as it is."""


@dataclass(frozen=True, slots=True)
class CodeAffine:
    """``(code * scale + offset) >> shift``, clipped to ``[minimum, maximum]``."""

    scale: int
    offset: int
    shift: int
    maximum: int
    wide: bool
    minimum: int = 0


@dataclass(frozen=True, slots=True)
class OutputWeights:
    """Share and constant of one component on working samples (see ``quantise`` in the kernels)."""

    scale: int
    opaque_offset: int
    blend_offset: int


@dataclass(frozen=True, slots=True)
class CoverageWeights:
    """Alpha working samples to coverage, at most ``most``, which is the opacity alone."""

    scale: int
    offset: int
    most: int


def fixed(value: Fraction | float, bits: int) -> int:
    """``value`` with ``bits`` fractional bits, rounded to nearest."""
    return floor(Fraction(value) * (1 << bits) + _HALF)


def code_affine(
    operation: LayerOperation, component: int, source: CodeScale, depths: tuple[int, int]
) -> CodeAffine:
    """Depth, range and mix of one component, from code value to code value.

    ``source`` says what the source's codes mean; ``depths`` are the source's and the output's.
    """
    depth = depths[1]
    target = code_scale(depth, full_range=False, chroma=component > 0)
    gain = operation.share * target.one / source.one
    step = Fraction(1 << depth, 256)
    base = operation.share * target.zero + operation.constant[component] * step
    wide = min(depths) > _NARROW_DEPTH
    shift = 30 if wide else 30 - depth
    offset = base - gain * source.zero + _HALF
    return CodeAffine(fixed(gain, shift), fixed(offset, shift), shift, (1 << depth) - 1, wide)


def code_values(
    operation: LayerOperation,
    found: Map,
    component: int,
    source: CodeScale,
    depths: tuple[int, int],
) -> Values:
    """What a map of one component, and then the mix, make of each code value of the source.

    In code values of the output, neither rounded nor clipped.
    """
    size = 1 << depths[0]
    values = (np.arange(size, dtype=np.float64) - float(source.zero)) / float(source.one)
    target = code_scale(8, full_range=False, chroma=component > 0)
    code = float(target.zero) + float(target.one) * found(values)
    mixed = float(operation.share) * code + float(operation.constant[component])
    return np.asarray(mixed * 2.0 ** (depths[1] - 8))


def code_table(values: Values, depth: int) -> npt.NDArray[np.uint16]:
    """``code_values`` as a table of codes of ``depth``."""
    return np.clip(np.floor(values + 0.5), 0, (1 << depth) - 1).astype(np.uint16)


def affine_of(values: Values, depth: int) -> CodeAffine | None:
    """The step that gives exactly the codes of ``code_table``, if there is one.

    Brightness, contrast and saturation are straight lines between two limits, and a vectorised
    product is several times as fast as a look-up.
    """
    table = code_table(values, depth).astype(np.int64)
    inside = np.flatnonzero((values > values.min() + _CLOSE) & (values < values.max() - _CLOSE))
    if len(inside) < 2 or len(values) > 1 << _NARROW_DEPTH:
        return None
    first, last = int(inside[0]), int(inside[-1])
    slope = float(values[last] - values[first]) / (last - first)
    shift = 30 - depth
    scale, offset = fixed(slope, shift), fixed(float(values[first]) - slope * first + 0.5, shift)
    # Multiplied in 32 bits: a line that is too steep for them is left to the table.
    if abs(scale) * len(values) + abs(offset) >= 1 << 31:
        return None
    low, high = int(table.min()), int(table.max())
    products = np.arange(len(values)) * scale
    # Values half way between two codes fall to the side of the last bits.
    for nudge in (0, 16, -16, 256, -256):
        made = np.clip((products + offset + nudge) >> shift, low, high)
        if (made == table).all():
            return CodeAffine(scale, offset + nudge, shift, high, False, low)
    return None


@lru_cache(maxsize=256)
def output_weights(operation: LayerOperation, component: int, depth: int) -> OutputWeights:
    """Share and constant of one component, from working sample to the output's code value."""
    shift = WEIGHT_BITS + _WORKING_DEPTH - depth
    centre = operation.share * (1 << (depth - 1))
    code = centre + operation.constant[component] * Fraction(1 << depth, 256)
    working = (
        operation.share * _WORKING_HALF
        + operation.constant[component] * (1 << (_WORKING_DEPTH - 8))
        - _WORKING_HALF
    )
    return OutputWeights(
        scale=fixed(operation.share, WEIGHT_BITS),
        opaque_offset=fixed(code + _HALF, shift),
        blend_offset=fixed(working + _HALF, WEIGHT_BITS),
    )


@lru_cache(maxsize=256)
def coverage_weights(opacity: Fraction, alpha_depth: int | None) -> CoverageWeights:
    """Coverage of a layer with ``opacity``, and alpha of this depth (None: no alpha)."""
    most = fixed(opacity, WEIGHT_BITS)
    if alpha_depth is None:
        return CoverageWeights(0, 0, most)
    # The largest alpha code is opaque, and a working sample of it is short of full scale.
    full = Fraction(((1 << alpha_depth) - 1) << _WORKING_DEPTH, 1 << alpha_depth)
    gain = opacity * _ONE / full
    return CoverageWeights(
        fixed(gain, WEIGHT_BITS), fixed(gain * _WORKING_HALF + _HALF, WEIGHT_BITS), most
    )


def _weighted(colour: YuvColour, weight: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    return colour.y * weight, colour.u * weight, colour.v * weight
