"""A frame plan as text and as JSON, for people who wonder why a frame looks as it does.

Effects, transforms and transitions are put into words in ``describe_looks``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from edl2ffmpeg.errors import printable
from edl2ffmpeg.plan.describe_looks import (
    effect_json,
    effect_lines,
    hex_colour,
    look_json,
    look_text,
    transform_json,
    transform_text,
)
from edl2ffmpeg.plan.model import FramePlan, LayerPlan, MediaPicture, TextPicture, TransitionPlan

__all__ = ["plan_as_json", "plan_as_text"]


def plan_as_json(plan: FramePlan) -> dict[str, Any]:
    """The plan as JSON values; exact times are strings such as ``1001/30000``.

    A layer is one with a ``source``, or a ``transition`` of an ``outgoing`` one (null: black)
    and an ``incoming`` one.
    """
    return {
        "frame": plan.number,
        "time": str(plan.time),
        "time_seconds": float(plan.time),
        "layers": [
            _transition(layer) if isinstance(layer, TransitionPlan) else _layer(layer)
            for layer in plan.layers
        ],
    }


def _transition(plan: TransitionPlan) -> dict[str, Any]:
    return {
        "track": f"{plan.track_kind} {plan.track}",
        "transition": look_json(plan.look),
        "json_path": plan.json_path,
        "progress": str(plan.progress),
        "outgoing": _layer(plan.outgoing) if plan.outgoing is not None else None,
        "incoming": _layer(plan.incoming) if plan.incoming is not None else None,
    }


def _layer(layer: LayerPlan) -> dict[str, Any]:
    result: dict[str, Any] = {
        "track": f"{layer.track_kind} {layer.track}",
        "clip": layer.clip_path,
        "source": layer.json_path,
    }
    picture = layer.picture
    if isinstance(picture, MediaPicture):
        result |= {
            "uri": picture.source.uri,
            "file": picture.source.location,
            "stream": str(picture.source.stream),
            "source_time": str(picture.source_time),
            "source_time_seconds": float(picture.source_time),
        }
    elif isinstance(picture, TextPicture):
        result["text"] = picture.source.text
    else:
        result |= {"generate": picture.source.generator.value, "generated_frame": picture.frame}
        if picture.source.colour is not None:
            result["colour"] = hex_colour(picture.source.colour)
    if layer.gamma != 1:
        result["gamma"] = float(layer.gamma)
    if layer.effects:
        result["effects"] = [effect_json(effect) for effect in layer.effects]
    if layer.transforms:
        result["transforms"] = [transform_json(transform) for transform in layer.transforms]
    if layer.colour_mix is not None:
        result["mix"] = {
            "yuv": hex_colour(layer.colour_mix.colour),
            "weight": float(layer.colour_mix.weight),
        }
    result["opacity"] = float(layer.opacity)
    return result


def plan_as_text(plan: FramePlan) -> str:
    """The plan in lines for people."""
    lines = [f"frame {plan.number} at {_seconds(plan.time)}"]
    if not plan.layers:
        lines.append("  black (no clip here)")
    for layer in plan.layers:
        head = f"  {layer.track_kind} {layer.track}: "
        if isinstance(layer, TransitionPlan):
            done = f"{float(layer.progress):.2%} done"
            lines.append(f"{head}{look_text(layer.look)}, {done}  ({layer.json_path})")
            for name, leg in (("from", layer.outgoing), ("to", layer.incoming)):
                lines += _layer_lines(f"    {name}: ", leg, "      ")
        else:
            lines += _layer_lines(head, layer, "    ")
    return "\n".join(lines)


def _layer_lines(head: str, layer: LayerPlan | None, indent: str) -> Iterator[str]:
    if layer is None:
        yield f"{head}black (no clip here)"
        return
    picture = layer.picture
    if isinstance(picture, MediaPicture):
        name, time = printable(picture.source.uri), _seconds(picture.source_time)
        what = f"{name} {picture.source.stream} at {time}"
    elif isinstance(picture, TextPicture):
        what = f"text {picture.source.text!r}"
    else:
        what = f"generated {picture.source.generator.value}, picture {picture.frame}"
    yield f"{head}{what}  ({layer.json_path})"
    yield from (f"{indent}{note}" for note in _notes(layer))


def _notes(layer: LayerPlan) -> list[str]:
    """What is done to the picture, in the order in which it is done."""
    notes = []
    if layer.gamma != 1:
        notes.append(f"gamma {float(layer.gamma):g}")
    for effect in layer.effects:
        notes += effect_lines(effect)
    notes += [f"transform: {transform_text(transform)}" for transform in layer.transforms]
    if layer.colour_mix is not None:
        mix = layer.colour_mix
        notes.append(f"mixed with {hex_colour(mix.colour)}, {float(mix.weight):.2%} picture")
    if layer.opacity != 1:
        notes.append(f"opacity {float(layer.opacity):.2%}")
    return notes


def _seconds(time: Fraction) -> str:
    exact = "" if time.denominator in (1, 2, 4, 5, 10, 100, 1000) else f" ({time})"
    return f"{float(time):.6f}".rstrip("0").rstrip(".") + " s" + exact
