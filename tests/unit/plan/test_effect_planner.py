"""Effects and transforms at one time: exact values, limits, and what is left out."""

from __future__ import annotations

import math
from fractions import Fraction as F
from typing import Any

import pytest

from edl2ffmpeg.plan.effect_planner import plan_effects, plan_transform
from edl2ffmpeg.plan.model import EffectPlan, TransformPlan
from edl2ffmpeg.timeline.animation import Animation, Easing, Keyframe
from edl2ffmpeg.timeline.effects import (
    EFFECT_LIMITS,
    EFFECT_VALUES,
    TRANSFORM_LIMITS,
    TRANSFORM_VALUES,
    Effect,
    EffectKind,
    Transform,
)
from edl2ffmpeg.timeline.model import YuvColour

K = EffectKind


def effect(kind: EffectKind, *values: float, **more: Any) -> Effect:
    return Effect(kind, Animation.constant(*values), "effects[0]", **more)


def moving(*keys: tuple[int, tuple[float, ...]], easing: Easing | None = None) -> Animation:
    return Animation(tuple(Keyframe(F(time), values, easing) for time, values in keys))


def plan(*effects: Effect, time: F = F(0), frame: int = 0) -> tuple[EffectPlan, ...]:
    return plan_effects(effects, time, frame)


@pytest.mark.parametrize(
    "nothing",
    [
        effect(K.BRIGHTNESS, 1),
        effect(K.CONTRAST, 1),
        effect(K.SATURATION, 1),
        effect(K.GAMMA, 1),
        effect(K.BLACK_AND_WHITE, 0),
        effect(K.RGB_BALANCE, 1, 1, 1),
        effect(K.WHITE, 0, 0),
        effect(K.BLUR, 0),
        effect(K.SHARPEN, 0, 2),
        effect(K.SHARPEN, 3, 0),
        effect(K.MOSAIC, 0),
        effect(K.VIGNETTE, 0, 0.5, 0.5),
        effect(K.CROP, 0, 0, 0, 0),
        effect(K.BORDERS, 0),
        effect(K.LUT, 0, lut="/a.cube"),
        effect(K.OLD_FILM, 0, 0, 0),
        effect(K.HIGHLIGHT, 0),
        effect(K.HIGHLIGHT, 0, inside=(effect(K.BLUR, 0),)),
        effect(K.HIGHLIGHT, 0, outside=(effect(K.BLUR, 3),)),
        effect(K.BRIGHTNESS, 1, curve=((0.0, 0.0), (1.0, 1.0))),
        effect(K.Y, curve=((-1.0, -1.0), (0.3, 0.3), (2.0, 2.0))),
        effect(K.U, curve=((-0.5, -0.5), (0.5, 0.5))),
    ],
    ids=lambda nothing: nothing.kind.value,
)
def test_what_does_nothing_is_left_out(nothing: Effect) -> None:
    assert plan(nothing) == ()


@pytest.mark.parametrize(
    "something",
    [
        effect(K.BRIGHTNESS, 1.01),
        effect(K.GAMMA, 0),
        effect(K.RGB_BALANCE, 1, 0.9, 1),
        effect(K.WHITE, 0, 0.01),
        effect(K.VIGNETTE, 0.1, 0, 0),
        effect(K.CROP, 0, 0, 0, 0.01),
        effect(K.OLD_FILM, 0, 0, 0.1),
        effect(K.BRIGHTNESS, 1, curve=((0.0, 0.0), (1.0, 0.9))),
        effect(K.BRIGHTNESS, 1, curve=((0.1, 0.1), (1.0, 1.0))),
        effect(K.U, curve=((0.0, 0.0), (0.5, 0.5))),
        effect(K.Y, curve=((0.5, 0.5),)),
        effect(K.HIGHLIGHT, 0, inside=(effect(K.BLUR, 1),)),
        effect(
            K.HIGHLIGHT,
            0,
            outside=(effect(K.BLUR, 1),),
            mask=Transform(Animation.constant(0, 0, 1, 1, 0, 0, 1)),
        ),
    ],
    ids=lambda something: something.kind.value,
)
def test_what_does_something_stays(something: Effect) -> None:
    (found,) = plan(something)
    assert found.kind is something.kind


def test_values_are_those_of_the_time() -> None:
    blur = Effect(K.BLUR, moving((1, (0.0,)), (3, (8.0,))), "e")
    assert plan(blur, time=F(1)) == ()
    assert plan(blur, time=F(3, 2))[0].value("value") == 2
    assert plan(blur, time=F(9))[0].value("value") == 8


def test_order_is_kept() -> None:
    found = plan(effect(K.BLUR, 1), effect(K.GAMMA, 1), effect(K.MOSAIC, 4), effect(K.BLUR, 2))
    assert [(entry.kind, entry.values) for entry in found] == [
        (K.BLUR, (1,)),
        (K.MOSAIC, (4,)),
        (K.BLUR, (2,)),
    ]


def test_what_only_some_have() -> None:
    colour = YuvColour(81, 90, 240)
    film, borders, lut, blur = plan(
        effect(K.OLD_FILM, 1, 0, 0, seed=7),
        effect(K.BORDERS, 0.1, colour=colour),
        effect(K.LUT, 0.5, lut="/a.cube"),
        effect(K.BLUR, 1),
        frame=123,
    )
    assert (film.seed, film.frame, film.colour) == (7, 123, None)
    assert (borders.colour, borders.frame) == (colour, 0)
    assert lut.lut == "/a.cube"
    assert (blur.seed, blur.frame, blur.colour, blur.lut) == (0, 0, None, None)


def test_highlight_is_planned_with_all_in_it() -> None:
    mask = Transform(moving((0, (0, 0, 1, 1, 0, 0, 1)), (2, (1, 0, 0.5, 1, 90, 0, 1))))
    (found,) = plan(
        effect(
            K.HIGHLIGHT,
            0.2,
            inside=(effect(K.OLD_FILM, 1, 1, 1, seed=3), effect(K.GAMMA, 1)),
            outside=(effect(K.BLUR, 5),),
            mask=mask,
        ),
        time=F(1),
        frame=30,
    )
    assert found.mask == TransformPlan(0.5, 0, 0.75, 1, 45, 0)
    assert [(inner.kind, inner.frame) for inner in found.inside] == [(K.OLD_FILM, 30)]
    assert [inner.values for inner in found.outside] == [(5,)]


def test_overshoot_is_kept_within_the_limits() -> None:
    wild = (0.3, 4.0, 0.7, -3.0)
    seen = set()
    for number in range(1, 60):
        time = F(number, 60)
        grey = Effect(K.BLACK_AND_WHITE, moving((0, (0.0,)), (1, (1.0,)), easing=wild), "e")
        seen |= {entry.value("amount") for entry in plan(grey, time=time)} or {0.0}
        ways = moving((0, (0, 0, 1, 1, 0, 0, 0)), (1, (1, 0, 2, 1, 0, 1, 1)), easing=wild)
        transform, opacity = plan_transform(Transform(ways), time)
        assert 0 <= transform.shape <= 1
        assert 0 <= opacity <= 1
    assert (min(seen), max(seen)) == (0, 1)


def test_size_and_place_may_overshoot() -> None:
    ways = moving((0, (0,) * 7), (1, (1,) * 7), easing=(0.3, 4.0, 0.7, 4.0))
    transform, _ = plan_transform(Transform(ways), F(1, 2))
    assert min(transform.pan_x, transform.zoom_x, transform.rotation) > 1


@pytest.mark.parametrize("y", [1e308, -1e308])
def test_numbers_are_finite_whatever_the_file_asks_for(y: float) -> None:
    easing = (0.5, y, 0.5, -y)
    for kind, names in EFFECT_VALUES.items():
        size = len(names)
        animation = moving((0, (-1e308,) * size), (1, (1e308,) * size), easing=easing)
        for entry in plan(Effect(kind, animation, "e"), time=F(1, 3)):
            assert all(map(math.isfinite, entry.values))
    size = len(TRANSFORM_VALUES)
    animation = moving((0, (-1e308,) * size), (1, (1e308,) * size), easing=easing)
    transform, opacity = plan_transform(Transform(animation), F(1, 3))
    assert math.isfinite(transform.pan_x * transform.zoom_y)
    assert 0 <= opacity <= 1


def test_limits_are_parallel_to_the_values() -> None:
    assert {kind: len(names) for kind, names in EFFECT_VALUES.items()} == {
        kind: len(limits) for kind, limits in EFFECT_LIMITS.items()
    }
    assert len(TRANSFORM_VALUES) == len(TRANSFORM_LIMITS)
    for kind, names in EFFECT_VALUES.items():
        for (_, default), (low, high) in zip(names, EFFECT_LIMITS[kind], strict=True):
            assert low <= default <= high


def test_transform() -> None:
    still = Transform(Animation.constant(0.5, -0.5, 2, 3, 45, 0.25, 0.75), flip=True)
    assert plan_transform(still, F(5)) == (
        TransformPlan(0.5, -0.5, 2, 3, 45, 0.25, True),
        F(3, 4),
    )
    assert plan_transform(Transform(Animation.constant(0, 0, 1, 1, 0, 1, 1)), F(0))[0].is_nothing
