"""Effects and transforms at one time; it applies none of them.

What does nothing at that time is left out, so that untouched pictures can be passed on.
Numbers that easing carries past their limits are put back to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from edl2ffmpeg.plan.model import EffectPlan, TransformPlan
from edl2ffmpeg.timeline.effects import (
    EFFECT_LIMITS,
    TRANSFORM_LIMITS,
    TRANSFORM_VALUES,
    Effect,
    EffectKind,
    Transform,
)

__all__ = ["plan_effects", "plan_transform"]

# At these numbers a picture stays as it is.  The kinds that are not here need a look at more.
_NEUTRAL = {
    EffectKind.BRIGHTNESS: (1.0,),
    EffectKind.CONTRAST: (1.0,),
    EffectKind.SATURATION: (1.0,),
    EffectKind.GAMMA: (1.0,),
    EffectKind.BLACK_AND_WHITE: (0.0,),
    EffectKind.RGB_BALANCE: (1.0, 1.0, 1.0),
    EffectKind.WHITE: (0.0, 0.0),
    EffectKind.BLUR: (0.0,),
    EffectKind.MOSAIC: (0.0,),
    EffectKind.CROP: (0.0, 0.0, 0.0, 0.0),
    EffectKind.BORDERS: (0.0,),
    EffectKind.LUT: (0.0,),
    EffectKind.OLD_FILM: (0.0, 0.0, 0.0),
}
_CHROMA = (EffectKind.U, EffectKind.V)
_OPACITY = [name for name, _ in TRANSFORM_VALUES].index("opacity")


def plan_effects(
    effects: Iterable[Effect],
    time: Fraction,
    frame: int,
    steady: dict[int, EffectPlan] | None = None,
) -> tuple[EffectPlan, ...]:
    """What ``effects`` do at timeline ``time``, which is output frame number ``frame``.

    ``steady`` keeps those that do the same at all times, by the effect's identity: it must not
    live longer than they do.
    """
    known = {} if steady is None else steady
    planned = []
    for effect in effects:
        plan = known.get(id(effect))
        if plan is None:
            plan = _plan_effect(effect, time, frame)
            if _is_steady(effect):
                known[id(effect)] = plan
        if not _does_nothing(plan):
            planned.append(plan)
    return tuple(planned)


def plan_transform(transform: Transform, time: Fraction) -> tuple[TransformPlan, Fraction]:
    """Where ``transform`` puts the picture at timeline ``time``, and how opaque it makes it."""
    values = _within(transform.animation.at(time), TRANSFORM_LIMITS)
    pan_x, pan_y, zoom_x, zoom_y, rotation, shape, opacity = values
    return (
        TransformPlan(pan_x, pan_y, zoom_x, zoom_y, rotation, shape, transform.flip),
        Fraction(opacity),
    )


def _plan_effect(effect: Effect, time: Fraction, frame: int) -> EffectPlan:
    kind = effect.kind
    is_film = kind is EffectKind.OLD_FILM
    return EffectPlan(
        kind,
        _within(effect.animation.at(time), EFFECT_LIMITS[kind]),
        curve=effect.curve,
        colour=effect.colour if kind is EffectKind.BORDERS else None,
        lut=effect.lut,
        seed=effect.seed if is_film else 0,
        frame=frame if is_film else 0,
        mask=plan_transform(effect.mask, time)[0] if effect.mask is not None else None,
        inside=plan_effects(effect.inside, time, frame),
        outside=plan_effects(effect.outside, time, frame),
    )


def _is_steady(effect: Effect) -> bool:
    return (
        len(effect.animation.keyframes) == 1
        and effect.kind not in (EffectKind.OLD_FILM, EffectKind.HIGHLIGHT)
        and effect.mask is None
    )


def _within(
    values: tuple[float, ...], limits: tuple[tuple[float, float], ...]
) -> tuple[float, ...]:
    # The limit comes first, since what is not a number is never more than it.
    return tuple(
        min(max(low, value), high) for value, (low, high) in zip(values, limits, strict=True)
    )


def _does_nothing(plan: EffectPlan) -> bool:
    if plan.curve:
        return _keeps_all(plan.curve, (-0.5, 0.5) if plan.kind in _CHROMA else (0.0, 1.0))
    if plan.kind is EffectKind.SHARPEN:
        return 0.0 in plan.values  # no amount, or of a radius that reaches nothing
    if plan.kind is EffectKind.VIGNETTE:
        return plan.value("strength") == 0
    if plan.kind is EffectKind.HIGHLIGHT:
        return not plan.inside and (plan.mask is None or not plan.outside)
    return plan.values == _NEUTRAL.get(plan.kind)


def _keeps_all(curve: tuple[tuple[float, float], ...], reach: tuple[float, float]) -> bool:
    """Whether a curve, held outside of its points, maps each value of ``reach`` to itself."""
    low, high = curve[0][0], curve[-1][0]
    return low <= reach[0] and high >= reach[1] and all(src == dst for src, dst in curve)
