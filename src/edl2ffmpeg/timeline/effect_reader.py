"""Turns effects as a file says them into the timeline's; it opens no .cube file.

A control point's ``point`` counts from the ``in`` of the clip that holds it.  A number that it
leaves out is the effect's own fixed one where the effect has it, else the default of
``EFFECT_VALUES``; control points win over a fixed number.  A point's ``bezier`` wins over
``interpolation`` on the way to the next point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from edl2ffmpeg.edl.animation import ControlPoint
from edl2ffmpeg.edl.effects import (
    AnyEffect,
    Borders,
    Brightness,
    Component,
    Highlight,
    Lut,
    OldFilm,
    Saturation,
)
from edl2ffmpeg.edl.problems import Place, format_path
from edl2ffmpeg.edl.values import Strict
from edl2ffmpeg.timeline.animation import Animation, Interpolation, Keyframe
from edl2ffmpeg.timeline.colour import BLACK, parse_yuv
from edl2ffmpeg.timeline.effects import EFFECT_VALUES, Effect, EffectKind, Transform
from edl2ffmpeg.timeline.segments import SourceReader, exact
from edl2ffmpeg.timeline.transform_reader import point_easing, transform_animation

__all__ = ["read_effect", "read_effects"]


def read_effects(
    effects: Iterable[AnyEffect], start: Fraction, place: Place, reader: SourceReader
) -> tuple[Effect, ...]:
    """The effects of a list at ``place``, of a clip that begins at ``start`` seconds."""
    found = (
        read_effect(effect, start, (*place, index), reader) for index, effect in enumerate(effects)
    )
    return tuple(effect for effect in found if effect is not None)


def read_effect(
    effect: AnyEffect, start: Fraction, place: Place, reader: SourceReader
) -> Effect | None:
    """The timeline's effect, or ``None`` when a problem was noted."""
    if isinstance(effect, Highlight):
        return _highlight(effect, start, place, reader)
    kind = EffectKind(effect.type)
    lut = None
    if isinstance(effect, Lut):
        lut = reader.location(effect.uri, (*place, "uri"))
        if lut is None:
            return None
    return Effect(
        kind,
        _numbers(effect, kind, start),
        format_path(place),
        curve=_curve(effect),
        colour=parse_yuv(effect.yuv) if isinstance(effect, Borders) and effect.yuv else BLACK,
        lut=lut,
        seed=effect.seed if isinstance(effect, OldFilm) else 0,
    )


def _highlight(effect: Highlight, start: Fraction, place: Place, reader: SourceReader) -> Effect:
    mask = None
    if effect.control_points:
        mask = Transform(
            transform_animation(effect.control_points, effect.interpolation, start),
            json_path=format_path((*place, "controlPoints")),
        )
        for index, point in enumerate(effect.control_points):
            if point.opacity != 1:
                reader.warn((*place, "controlPoints", index, "opacity"), "has no effect on a mask")
    return Effect(
        EffectKind.HIGHLIGHT,
        Animation.constant(float(effect.feather)),
        format_path(place),
        mask=mask,
        inside=read_effects(
            effect.inside_mask_filters, start, (*place, "insideMaskFilters"), reader
        ),
        outside=read_effects(
            effect.outside_mask_filters, start, (*place, "outsideMaskFilters"), reader
        ),
    )


def _numbers(effect: AnyEffect, kind: EffectKind, start: Fraction) -> Animation:
    names = EFFECT_VALUES[kind]
    fixed = tuple(_number(effect, name, default) for name, default in names)
    points: Sequence[ControlPoint] = getattr(effect, "control_points", None) or ()
    if not points:
        return Animation.constant(*fixed)
    keyframes = tuple(
        Keyframe(
            start + exact(point.point),
            tuple(_number(point, name, own) for (name, _), own in zip(names, fixed, strict=True)),
            point_easing(point),
        )
        for point in points
    )
    return Animation(keyframes, Interpolation(getattr(effect, "interpolation", "linear")))


def _number(written: Strict, name: str, default: float) -> float:
    """The number called ``name``, where the file gives it; models have defaults of their own."""
    for spelling in ("value", "strength") if name in ("value", "strength") else (name,):
        if spelling in written.model_fields_set:
            number = getattr(written, spelling)
            if number is not None:
                return float(number)
    return default


def _curve(effect: AnyEffect) -> tuple[tuple[float, float], ...]:
    if not isinstance(effect, (Brightness, Saturation, Component)) or effect.linear is None:
        return ()
    return tuple((float(point.src), float(point.dst)) for point in effect.linear)
