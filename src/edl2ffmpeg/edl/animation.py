"""Values that change over a clip: control points, transforms, motion, level and pan.

It interpolates nothing.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema, field_validator

from edl2ffmpeg.edl.values import (
    MAX_SECONDS,
    Easing,
    Fraction01,
    Interpolation,
    Seconds,
    SourceRange,
    Strict,
    ascending,
    refuse,
)

__all__ = [
    "Animated",
    "ControlPoint",
    "Decibels",
    "LevelPoint",
    "LevelSource",
    "Motion",
    "PanPoint",
    "PanSource",
    "TimeMotion",
    "TimePoint",
    "TransformPoint",
    "TransformSource",
]


class ControlPoint(Strict):
    """What holds at ``point`` seconds after the clip's ``in``."""

    point: Seconds = Field(description="Seconds after the clip's `in`.")
    bezier: Easing | None = Field(
        None, description="x1, y1, x2, y2: eases the way to the next control point."
    )


_Point = TypeVar("_Point", bound=ControlPoint)


class Animated(Strict, Generic[_Point]):
    """Control points, sorted by time, and the way between them."""

    control_points: Annotated[list[_Point], Field(min_length=1), ascending("point")] | None = Field(
        None, description="Values over time, held before the first and after the last."
    )
    interpolation: Interpolation = Field("linear", description="The way between control points.")


class OptionalRange(Strict):
    """A range that a sub-track's source may carry; the clip's own range is what counts."""

    in_: Seconds | None = Field(None, alias="in", description="Start in seconds.")
    out: Seconds | None = Field(None, description="End in seconds; later than `in`.")

    _out_after_in = field_validator("out")(SourceRange._out_after_in.__func__)  # type: ignore[attr-defined]


class TransformPoint(ControlPoint):
    """Where the layer is, how large, how turned and how opaque."""

    panx: float = Field(0.0, description="+1 puts the centre on the right edge.")
    pany: float = Field(0.0, description="+1 puts the centre on the bottom edge.")
    zoomx: float = Field(1.0, description="Horizontal scale.")
    zoomy: float = Field(1.0, description="Vertical scale.")
    rotate: float = Field(0.0, description="Degrees, clockwise on screen.")
    shape: Fraction01 = Field(1.0, description="Mask: 1 rectangle, 0 ellipse.")
    opacity: Fraction01 = Field(1.0, description="Multiplies the layer's alpha.")


class TransformSource(OptionalRange, Animated[TransformPoint]):
    """The source of a `transform` sub-track."""

    control_points: Annotated[list[TransformPoint], Field(min_length=1), ascending("point")] = (
        Field(description="The transform over time.")
    )
    flip: bool = Field(False, description="Mirrors horizontally.")


class TimePoint(Strict):
    """A point of a time curve: at ``dst_time`` of the clip, ``src_time`` of the source."""

    src_time: Annotated[float, Field(ge=-MAX_SECONDS, le=MAX_SECONDS)] = Field(
        description="Source time in seconds."
    )
    dst_time: Annotated[float, Field(ge=-MAX_SECONDS, le=MAX_SECONDS)] = Field(
        description="Clip time in seconds."
    )


class TimeMotion(Strict):
    """Which source time is shown when."""

    offset: Annotated[float, Field(ge=-MAX_SECONDS, le=MAX_SECONDS)] = Field(
        0.0, description="Seconds added to the source time."
    )
    duration: Annotated[float, Field(gt=0, le=MAX_SECONDS)] | None = Field(
        None, description="Seconds of the source shown over the clip."
    )
    bezier: Annotated[list[TimePoint], Field(min_length=2), ascending("dstTime")] | None = Field(
        None, description="3k+1 points: k cubic curves; otherwise straight lines."
    )


class Motion(TimeMotion):
    """A transform that holds for a whole clip, and its timing."""

    pan_x: float = Field(0.0, description="+1 puts the centre on the right edge.")
    pan_y: float = Field(0.0, description="+1 puts the centre on the bottom edge.")
    zoom_x: float = Field(1.0, description="Horizontal scale.")
    zoom_y: float = Field(1.0, description="Vertical scale.")
    rotation: float = Field(0.0, description="Degrees, clockwise on screen.")
    flip: bool = Field(False, description="Mirrors horizontally.")


# Beyond it a sum of a few sounds would leave what 32-bit samples can hold.
MAX_DECIBELS = 100


def _decibels(value: Any) -> float | str:
    if value == "-Infinity":
        return "-Infinity"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise refuse("must be a number of decibels or the text '-Infinity'")
    if not -1000 <= value <= MAX_DECIBELS:
        raise refuse(
            f"must lie in -1000..{MAX_DECIBELS} dB or be the text '-Infinity', found {value:g}"
        )
    return float(value)


Decibels = Annotated[
    float | Literal["-Infinity"],
    PlainValidator(_decibels),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": -1000, "maximum": MAX_DECIBELS},
                {"const": "-Infinity"},
            ]
        }
    ),
]


class LevelPoint(ControlPoint):
    """A gain at a time."""

    db: Decibels = Field(description="Gain in decibels; the text `-Infinity` is silence.")


class LevelSource(OptionalRange, Animated[LevelPoint]):
    """The source of a `level` sub-track."""

    control_points: Annotated[list[LevelPoint], Field(min_length=1), ascending("point")] = Field(
        description="The gain over time."
    )


Pan = Annotated[float, Field(ge=-1, le=1)]


class PanPoint(ControlPoint):
    """A position at a time."""

    pan: Pan = Field(description="-1 is left, 1 is right.")


class PanSource(OptionalRange):
    """The source of a `pan` sub-track: one ``pan``, or ``control_points``."""

    interpolation: Interpolation = Field("linear", description="The way between control points.")
    pan: Pan | None = Field(None, description="-1 is left, 1 is right.")
    control_points: Annotated[list[PanPoint], Field(min_length=1), ascending("point")] | None = (
        Field(None, validate_default=True, description="The position over time.")
    )

    @field_validator("control_points")
    @classmethod
    def _exactly_one(
        cls, points: list[PanPoint] | None, info: ValidationInfo
    ) -> list[PanPoint] | None:
        pan = info.data.get("pan", ...)
        if points is None and pan is None:
            raise refuse("has neither 'pan' nor 'controlPoints'; give one of them", up=1)
        if points is not None and pan is not None:
            raise refuse("is given beside 'pan'; give exactly one of the two")
        return points
