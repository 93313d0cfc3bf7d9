"""A frame plan as text and as JSON, for people who wonder why a frame looks as it does."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from edl2ffmpeg.errors import printable
from edl2ffmpeg.plan.model import FramePlan, LayerPlan, MediaPicture
from edl2ffmpeg.timeline.model import YuvColour

__all__ = ["plan_as_json", "plan_as_text"]


def plan_as_json(plan: FramePlan) -> dict[str, Any]:
    """The plan as JSON values; exact times are strings such as ``1001/30000``."""
    return {
        "frame": plan.number,
        "time": str(plan.time),
        "time_seconds": float(plan.time),
        "layers": [_layer(layer) for layer in plan.layers],
    }


def _layer(layer: LayerPlan) -> dict[str, Any]:
    result: dict[str, Any] = {
        "track": f"video {layer.track}",
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
    else:
        result |= {"generate": picture.source.generator.value, "generated_frame": picture.frame}
        if picture.source.colour is not None:
            result["colour"] = _hex(picture.source.colour)
    if layer.gamma != 1:
        result["gamma"] = float(layer.gamma)
    if layer.colour_mix is not None:
        result["mix"] = {
            "yuv": _hex(layer.colour_mix.colour),
            "weight": float(layer.colour_mix.weight),
        }
    result["opacity"] = float(layer.opacity)
    return result


def _hex(colour: YuvColour) -> str:
    return f"{colour.y:02X}{colour.u:02X}{colour.v:02X}"


def plan_as_text(plan: FramePlan) -> str:
    """The plan in lines for people."""
    lines = [f"frame {plan.number} at {_seconds(plan.time)}"]
    if not plan.layers:
        lines.append("  black (no clip here)")
    for layer in plan.layers:
        picture = layer.picture
        if isinstance(picture, MediaPicture):
            name, time = printable(picture.source.uri), _seconds(picture.source_time)
            what = f"{name} {picture.source.stream} at {time}"
        else:
            what = f"generated {picture.source.generator.value}, picture {picture.frame}"
        lines.append(f"  video {layer.track}: {what}  ({layer.json_path})")
        lines += [f"    {note}" for note in _notes(layer)]
    return "\n".join(lines)


def _notes(layer: LayerPlan) -> list[str]:
    notes = []
    if layer.gamma != 1:
        notes.append(f"gamma {float(layer.gamma):g}")
    if layer.colour_mix is not None:
        mix = layer.colour_mix
        notes.append(f"mixed with {_hex(mix.colour)}, {float(mix.weight):.2%} picture")
    if layer.opacity != 1:
        notes.append(f"opacity {float(layer.opacity):.2%}")
    return notes


def _seconds(time: Fraction) -> str:
    exact = "" if time.denominator in (1, 2, 4, 5, 10, 100, 1000) else f" ({time})"
    return f"{float(time):.6f}".rstrip("0").rstrip(".") + " s" + exact
