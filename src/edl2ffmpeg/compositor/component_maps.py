"""Maps of one component by the effects that need no other: functions of y, u or v in NumPy.

y is in [0, 1], u and v in [-1/2, 1/2] (Note [Code values] in ``conversion``); results are clipped
to these, as the format has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.plan.model import EffectPlan
from edl2ffmpeg.timeline.effects import EffectKind

__all__ = [
    "ComponentMaps",
    "Map",
    "Values",
    "component_maps",
    "is_component_wise",
    "working_tables",
]

Values = npt.NDArray[np.float64]
Map = Callable[[Values], Values]
ComponentMaps = tuple[Map | None, Map | None, Map | None]
"""What becomes of y, u and v; None changes nothing."""

_WORKING_DEPTH = 15
_LUMA_ZERO, _LUMA_ONE, _CHROMA_ONE = -14336.0, 28032.0, 28672.0


def is_component_wise(effect: EffectPlan) -> bool:
    """Whether each component of the result depends on that component alone, anywhere."""
    if effect.kind is EffectKind.SATURATION:
        return not effect.curve
    return effect.kind in _MAPS


def component_maps(effects: Sequence[EffectPlan], gamma: Fraction) -> ComponentMaps:
    """What component-wise ``effects``, after the source's ``gamma``, make of y, u and v."""
    chains: list[list[Map]] = [[], [], []]
    if gamma != 1:
        chains[0].append(partial(_power, exponent=_exponent(float(gamma))))
    for effect in effects:
        for chain, found in zip(chains, _MAPS[effect.kind](effect), strict=True):
            if found is not None:
                chain.append(found)
    y, u, v = (partial(_run_chain, tuple(chain)) if chain else None for chain in chains)
    return y, u, v


@lru_cache(maxsize=8)
def working_tables(
    effects: tuple[EffectPlan, ...], gamma: Fraction
) -> tuple[npt.NDArray[np.int16] | None, ...]:
    """The same maps over all 2^15 working samples of y, u and v."""
    tables: list[npt.NDArray[np.int16] | None] = []
    for index, found in enumerate(component_maps(effects, gamma)):
        zero, one = (_LUMA_ZERO, _LUMA_ONE) if index == 0 else (0.0, _CHROMA_ONE)
        if found is None:
            tables.append(None)
            continue
        codes = np.arange(1 << _WORKING_DEPTH, dtype=np.float64) - (1 << (_WORKING_DEPTH - 1))
        tables.append(np.rint(found((codes - zero) / one) * one + zero).astype(np.int16))
    return tuple(tables)


def _run_chain(chain: tuple[Map, ...], values: Values) -> Values:
    for found in chain:
        values = found(values)
    return values


def _limited(values: Values, low: float, high: float) -> Values:
    return np.clip(values, low, high)


def _luma(function: Map) -> Map:
    return lambda y: _limited(function(y), 0.0, 1.0)


def _chroma(function: Map) -> Map:
    return lambda c: _limited(function(c), -0.5, 0.5)


def _exponent(gamma: float) -> float:
    return 1 / gamma if gamma > 0 else np.inf


def _power(luma: Values, exponent: float) -> Values:
    clipped = np.clip(luma, 0.0, 1.0)
    if np.isinf(exponent):
        return np.where(clipped < 1.0, 0.0, 1.0)
    return np.asarray(clipped**exponent)


def _interpolated(curve: Sequence[tuple[float, float]], values: Values) -> Values:
    return np.interp(values, [point[0] for point in curve], [point[1] for point in curve])


def _brightness(effect: EffectPlan) -> ComponentMaps:
    if effect.curve:
        return _luma(lambda y: _interpolated(effect.curve, y)), None, None
    return _luma(lambda y: y + (effect.value("value") - 1)), None, None


def _contrast(effect: EffectPlan) -> ComponentMaps:
    return _luma(lambda y: 0.5 + (y - 0.5) * effect.value("value")), None, None


def _gamma(effect: EffectPlan) -> ComponentMaps:
    return partial(_power, exponent=_exponent(effect.value("value"))), None, None


def _scaled_chroma(gain: float) -> ComponentMaps:
    scaled = _chroma(lambda c: c * gain)
    return None, scaled, scaled


def _white(effect: EffectPlan) -> ComponentMaps:
    return (
        None,
        _chroma(lambda c: c + effect.value("u")),
        _chroma(lambda c: c + effect.value("v")),
    )


def _component(effect: EffectPlan) -> ComponentMaps:
    maps: list[Map | None] = [None, None, None]
    index = "yuv".index(effect.kind.value)
    limit = _luma if index == 0 else _chroma
    maps[index] = limit(lambda values: _interpolated(effect.curve, values))
    return maps[0], maps[1], maps[2]


_MAPS: dict[EffectKind, Callable[[EffectPlan], ComponentMaps]] = {
    EffectKind.BRIGHTNESS: _brightness,
    EffectKind.CONTRAST: _contrast,
    EffectKind.SATURATION: lambda effect: _scaled_chroma(effect.value("value")),
    EffectKind.GAMMA: _gamma,
    EffectKind.BLACK_AND_WHITE: lambda effect: _scaled_chroma(1 - effect.value("amount")),
    EffectKind.WHITE: _white,
    EffectKind.Y: _component,
    EffectKind.U: _component,
    EffectKind.V: _component,
}
