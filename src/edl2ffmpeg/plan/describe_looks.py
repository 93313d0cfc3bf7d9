"""Effects, transforms and transitions of a frame plan as words and as JSON values.

It describes no pictures and no times.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edl2ffmpeg.errors import printable
from edl2ffmpeg.plan.model import EffectPlan, TransformPlan
from edl2ffmpeg.timeline.effects import (
    EFFECT_VALUES,
    EffectKind,
    TransitionKind,
    TransitionLook,
)
from edl2ffmpeg.timeline.model import YuvColour

__all__ = [
    "effect_json",
    "effect_lines",
    "hex_colour",
    "look_json",
    "look_text",
    "transform_json",
    "transform_text",
]

# Which keys mean something to a transition, with the fields that hold them.
_LOOKS: dict[TransitionKind, tuple[tuple[str, str], ...]] = {
    TransitionKind.DISSOLVE: (),
    TransitionKind.DIP: (("yuv", "colour"),),
    TransitionKind.WIPE: (("angle", "angle"), ("softness", "softness"), ("invert", "invert")),
    TransitionKind.SLIDE: (("angle", "angle"), ("invert", "invert")),
    TransitionKind.PUSH: (("angle", "angle"), ("invert", "invert")),
    TransitionKind.IRIS: (("points", "points"), ("softness", "softness"), ("invert", "invert")),
    TransitionKind.SQUARES: (("xsquares", "columns"), ("invert", "invert")),
}


def hex_colour(colour: YuvColour) -> str:
    """``YYUUVV``."""
    return f"{colour.y:02X}{colour.u:02X}{colour.v:02X}"


def effect_json(effect: EffectPlan) -> dict[str, Any]:
    """The effect with the format's own keys."""
    return {"type": effect.kind.value} | _parameters(effect) | _highlight_json(effect)


def _parameters(effect: EffectPlan) -> dict[str, Any]:
    """Everything that the effect goes by, but the parts of a highlight."""
    if effect.curve:
        return {"linear": [{"src": src, "dst": dst} for src, dst in effect.curve]}
    names = [name for name, _ in EFFECT_VALUES[effect.kind]]
    found: dict[str, Any] = dict(zip(names, effect.values, strict=True))
    if effect.colour is not None:
        found["yuv"] = hex_colour(effect.colour)
    if effect.lut is not None:
        found["file"] = effect.lut
    if effect.kind is EffectKind.OLD_FILM:
        found |= {"seed": effect.seed, "frame": effect.frame}
    return found


def _highlight_json(effect: EffectPlan) -> dict[str, Any]:
    if effect.kind is not EffectKind.HIGHLIGHT:
        return {}
    return {
        "mask": transform_json(effect.mask) if effect.mask is not None else None,
        "insideMaskFilters": [effect_json(inner) for inner in effect.inside],
        "outsideMaskFilters": [effect_json(inner) for inner in effect.outside],
    }


def effect_lines(effect: EffectPlan) -> Iterator[str]:
    """``blur: value 2.5``; a highlight has lines for its mask and its filters."""
    words = [f"{name} {_word(value)}" for name, value in _parameters(effect).items()]
    yield ": ".join((effect.kind.value, ", ".join(words)))
    if effect.kind is not EffectKind.HIGHLIGHT:
        return
    mask = "the whole picture" if effect.mask is None else transform_text(effect.mask)
    yield f"  mask: {mask}"
    for name, filters in (("inside", effect.inside), ("outside", effect.outside)):
        for inner in filters:
            yield from (f"  {name}: {line}" for line in effect_lines(inner))


def _word(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f"{point['src']:g}->{point['dst']:g}" for point in value)
    return printable(value) if isinstance(value, str) else f"{value:g}"


def transform_json(transform: TransformPlan) -> dict[str, Any]:
    """The transform with the keys of a control point."""
    return {
        "panx": transform.pan_x,
        "pany": transform.pan_y,
        "zoomx": transform.zoom_x,
        "zoomy": transform.zoom_y,
        "rotate": transform.rotation,
        "shape": transform.shape,
        "flip": transform.flip,
    }


def transform_text(transform: TransformPlan) -> str:
    """What the transform does, in the order in which it does it."""
    parts = []
    if transform.shape != 1:
        parts.append(f"shape {transform.shape:g}")
    if transform.flip:
        parts.append("flip")
    if (transform.zoom_x, transform.zoom_y) != (1, 1):
        parts.append(f"zoom {transform.zoom_x:g} by {transform.zoom_y:g}")
    if transform.rotation:
        parts.append(f"rotate {transform.rotation:g}")
    if (transform.pan_x, transform.pan_y) != (0, 0):
        parts.append(f"pan {transform.pan_x:g} by {transform.pan_y:g}")
    return ", ".join(parts) or "none"


def look_json(look: TransitionLook) -> dict[str, Any]:
    """The transition with the format's own keys."""
    found: dict[str, Any] = {"type": look.kind.value}
    for key, name in _LOOKS[look.kind]:
        value = getattr(look, name)
        found[key] = hex_colour(value) if isinstance(value, YuvColour) else value
    return found


def look_text(look: TransitionLook) -> str:
    """``wipe, angle 90, softness 0.1``."""
    words = look_json(look)
    parts = [words.pop("type")]
    if words.pop("invert", False):
        parts.append("inverted")
    return ", ".join((*parts, *(f"{key} {_word(value)}" for key, value in words.items())))
