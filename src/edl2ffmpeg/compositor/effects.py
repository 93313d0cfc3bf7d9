"""Effects of single samples as steps for the kernels.

It draws nothing.  Below y is in [0, 1], u and v in [-1/2, 1/2] (Note [Code values] in
``conversion``), and working samples are those of Note [Working samples] in the kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from edl2ffmpeg.compositor import _kernels
from edl2ffmpeg.compositor._kernels import PictureGrid, Step
from edl2ffmpeg.compositor.component_maps import is_component_wise, working_tables
from edl2ffmpeg.compositor.conversion import rgb_to_ycbcr, ycbcr_to_rgb
from edl2ffmpeg.compositor.cube import Cube
from edl2ffmpeg.frame import Matrix
from edl2ffmpeg.plan.model import EffectPlan
from edl2ffmpeg.timeline.effects import EffectKind
from edl2ffmpeg.timeline.model import YuvColour

__all__ = [
    "SPATIAL",
    "Site",
    "crop_edges",
    "crops_inside",
    "effect_steps",
    "working_colour",
]

SPATIAL = frozenset({EffectKind.BLUR, EffectKind.SHARPEN, EffectKind.MOSAIC, EffectKind.HIGHLIGHT})
"""Effects whose result at a place depends on other places, or that need two pictures."""

_LUMA_ZERO, _LUMA_ONE, _CHROMA_ONE = -14336.0, 28032.0, 28672.0
_MAGNITUDES = 20_480
_GRAIN = 0.25
_FLICKER = 0.3
_SCRATCH = 0.5
_MOST_SCRATCHES = 6


@dataclass(frozen=True, slots=True)
class Site:
    """Where a grid's samples lie on the picture, and how large the picture is.

    ``grid`` maps sample numbers to -1..1 over the picture; ``across`` and ``down`` are half
    the picture's size in samples; ``height`` is the picture's height in pixels and ``aspect``
    its width over height.
    """

    grid: PictureGrid
    across: float
    down: float
    height: float
    aspect: float


# -- steps --------------------------------------------------------------------


def effect_steps(
    effects: Sequence[EffectPlan], gamma: Fraction, site: Site, cubes: Callable[[str], Cube]
) -> list[Step]:
    """The kernels' steps for ``effects`` that are not ``SPATIAL``, after the source's gamma.

    Neighbouring component-wise effects become one table for each component.
    """
    steps: list[Step] = []
    waiting: list[EffectPlan] = []
    for effect in effects:
        if is_component_wise(effect):
            waiting.append(effect)
            continue
        steps += _table_steps(waiting, gamma)
        waiting, gamma = [], Fraction(1)
        step = _STEPS[effect.kind](effect, site, cubes)
        if step is not None:
            steps.append(step)
    return steps + _table_steps(waiting, gamma)


def _table_steps(effects: Sequence[EffectPlan], gamma: Fraction) -> list[Step]:
    if not effects and gamma == 1:
        return []
    return [_table_step(tuple(effects), gamma)]


@lru_cache(maxsize=8)
def _table_step(effects: tuple[EffectPlan, ...], gamma: Fraction) -> Step:
    return _kernels.table_step(*working_tables(effects, gamma))


def _saturation_curve(effect: EffectPlan, site: Site, cubes: Callable[[str], Cube]) -> Step:
    magnitude = np.maximum(np.arange(_MAGNITUDES) / _CHROMA_ONE, 1e-6)
    sources, results = zip(*effect.curve, strict=True)
    gains = np.maximum(np.interp(magnitude, sources, results), 0.0) / magnitude
    return _kernels.chroma_step(gains.astype(np.float32))


def _rgb_balance(effect: EffectPlan, site: Site, cubes: Callable[[str], Cube]) -> Step:
    gains = np.diag([effect.value(name) for name in ("red", "green", "blue")])
    mixing = rgb_to_ycbcr(Matrix.BT709) @ gains @ ycbcr_to_rgb(Matrix.BT709)
    one = np.array([_LUMA_ONE, _CHROMA_ONE, _CHROMA_ONE])
    zero = np.array([_LUMA_ZERO, 0.0, 0.0])
    weights = one[:, None] * mixing / one[None, :]
    return _kernels.matrix_step(weights.ravel().tolist(), (zero - weights @ zero).tolist())


def _vignette(effect: EffectPlan, site: Site, cubes: Callable[[str], Cube]) -> Step:
    return _kernels.vignette_step(
        site.grid, effect.value("strength"), effect.value("radius"), effect.value("softness")
    )


def _borders(effect: EffectPlan, site: Site, cubes: Callable[[str], Cube]) -> Step:
    width = effect.value("width")
    # From the share of the height to the shares of half the height and half the width.
    inner_q = 1 - 2 * width
    inner_p = 1 - 2 * width / site.aspect
    colour = effect.colour or YuvColour(16, 128, 128)
    return _kernels.border_step(
        site.grid, inner_p, inner_q, site.across, site.down, working_colour(colour)
    )


def working_colour(colour: YuvColour) -> list[float]:
    """A colour as three working samples."""
    return [128.0 * code - (1 << 14) for code in (colour.y, colour.u, colour.v)]


def _lut(effect: EffectPlan, site: Site, cubes: Callable[[str], Cube]) -> Step:
    return _cube_step(cubes(effect.lut or ""), effect.value("strength"))


@lru_cache(maxsize=8)
def _cube_step(cube: Cube, strength: float) -> Step:
    to_rgb = ycbcr_to_rgb(Matrix.BT709)
    one = np.array([_LUMA_ONE, _CHROMA_ONE, _CHROMA_ONE])
    zero = np.array([_LUMA_ZERO, 0.0, 0.0])
    span = cube.domain_high - cube.domain_low
    reading = to_rgb / one[None, :] / span[:, None]
    reading_offset = -(reading @ zero) - cube.domain_low / span
    writing = rgb_to_ycbcr(Matrix.BT709) * one[:, None]
    return _kernels.cube_step(
        cube.entries,
        cube.size,
        cube.is_3d,
        strength,
        np.column_stack([reading, reading_offset]).ravel().tolist(),
        np.column_stack([writing, zero]).ravel().tolist(),
    )


def _old_film(effect: EffectPlan, site: Site, cubes: Callable[[str], Cube]) -> Step:
    """Noise over the whole picture; scratches and flicker are chosen by seed and frame."""
    rng = np.random.Generator(np.random.PCG64([effect.seed, effect.frame]))
    flicker = 1 - effect.value("flicker") * _FLICKER * rng.random()
    scratches: list[float] = []
    for _ in range(_MOST_SCRATCHES):
        place, width, light, chance = rng.random(4)
        if chance < effect.value("scratches"):
            # One to three pixels wide at 1080 lines.
            half = (1 + 2 * width) / (1080 * site.aspect)
            scratches += [2 * place - 1, half, (light - 0.3) * _SCRATCH * _LUMA_ONE]
    return _kernels.film_step(
        site.grid,
        int(rng.integers(1 << 32)),
        effect.value("grain") * _GRAIN * _LUMA_ONE,
        round(1080 * site.aspect),
        1080.0,
        flicker,
        scratches,
    )


def _nothing(effect: EffectPlan, site: Site, cubes: Callable[[str], Cube]) -> None:
    """A crop is part of the coverage; see ``crop_edges``."""


_STEPS: dict[EffectKind, Callable[[EffectPlan, Site, Callable[[str], Cube]], Step | None]] = {
    EffectKind.SATURATION: _saturation_curve,
    EffectKind.RGB_BALANCE: _rgb_balance,
    EffectKind.VIGNETTE: _vignette,
    EffectKind.BORDERS: _borders,
    EffectKind.LUT: _lut,
    EffectKind.OLD_FILM: _old_film,
    EffectKind.CROP: _nothing,
}


def crops_inside(effect: EffectPlan) -> bool:
    """Whether a highlight crops the inside or the outside of its mask alone."""
    within = (*effect.inside, *effect.outside)
    return any(inner.kind is EffectKind.CROP or crops_inside(inner) for inner in within)


def crop_edges(effects: Sequence[EffectPlan]) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of what all crops leave, in -1..1 over the picture."""
    left, top, right, bottom = -1.0, -1.0, 1.0, 1.0
    for effect in effects:
        if effect.kind is EffectKind.CROP:
            left = max(left, -1 + 2 * effect.value("left"))
            right = min(right, 1 - 2 * effect.value("right"))
            top = max(top, -1 + 2 * effect.value("top"))
            bottom = min(bottom, 1 - 2 * effect.value("bottom"))
    return left, top, right, bottom
