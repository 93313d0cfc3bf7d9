"""What a plain clip plays: media files, generated pictures and sound, locations, text.

It opens nothing and resolves no path.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from edl2ffmpeg.edl.values import (
    TRACK_ID,
    Fraction01,
    HexColour,
    Pixels,
    SourceRange,
    Strict,
    Text,
    refuse,
    tagged_union,
)
from edl2ffmpeg.timing import parse_frame_rate

__all__ = [
    "MAX_FRAME_RATE",
    "FileSource",
    "FrameRate",
    "Generate",
    "GenerateColour",
    "GeneratedSource",
    "Location",
    "LocationSource",
    "MediaSource",
    "PlainSource",
    "TextSource",
    "pick_source",
]

MAX_FRAME_RATE = 1000
_RATE = re.compile(r"\d{1,9}(\.\d{1,12})?|\d{1,9}/\d{1,9}")


def _frame_rate(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        found = json.dumps(value) if isinstance(value, bool) else "a list or an object"
        raise refuse(
            f"must be a number of frames per second or text such as '30000/1001', found {found}"
        )
    text = str(value).strip()
    # Judged before parsing: "1e999999999" would take the parser hours.
    rate = None
    if not isinstance(value, str) or _RATE.fullmatch(text):
        try:
            rate = parse_frame_rate(text if isinstance(value, str) else value)
        except ValueError:
            rate = None
    if rate is None or not 0 < rate <= MAX_FRAME_RATE:
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise refuse(
            f"must be a frame rate above 0 and at most {MAX_FRAME_RATE}, as a number such as 25 "
            f"or text such as '30000/1001', found {shown!r}"
        )
    return value


FrameRate = Annotated[
    int | float | str,
    PlainValidator(_frame_rate),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_FRAME_RATE},
                {"type": "string", "pattern": f"^({_RATE.pattern})$"},
            ]
        }
    ),
]


class FileSource(SourceRange):
    """What media and location sources share: which part of which stream, and how fast."""

    track_id: Annotated[str, Field(pattern=TRACK_ID)] | None = Field(
        None, description="The n-th stream of its kind: V1, A2, ..."
    )
    width: Pixels | None = Field(None, description="A hint; the file is the truth.")
    height: Pixels | None = Field(None, description="A hint; the file is the truth.")
    fps: FrameRate | None = Field(None, description="A hint; the file is the truth.")
    speed: Annotated[float, Field(ge=0.001, le=1000)] = Field(
        1.0, description="2 plays twice as fast."
    )
    gamma: Annotated[float, Field(ge=0)] = Field(
        1.0, description="Maps luma y to y to the power of 1/gamma."
    )
    audiomix: Literal["avg"] | None = Field(
        None, description="Averages all channels to mono; excludes `trackId`."
    )

    @field_validator("audiomix")
    @classmethod
    def _without_track_id(cls, audiomix: str | None, info: ValidationInfo) -> str | None:
        if audiomix is not None and info.data.get("track_id", ...) is not None:
            raise refuse("excludes 'trackId'; remove one of the two")
        return audiomix


class MediaSource(FileSource):
    """A part of a media file."""

    uri: Text = Field(description="A path relative to the EDL's folder, or an address.")


class Location(Strict):
    """A name that the caller's table turns into a uri; further keys are the caller's own."""

    model_config = ConfigDict(extra="allow")

    id: Text = Field(description="What to look up in the table of locations.")
    type: Text | None = Field(None, description="Carried, not judged.")


class LocationSource(FileSource):
    """A part of a media file that is known by an id."""

    location: Location = Field(description="Where the file is, by id.")


class Generate(Strict):
    """What the renderer makes by itself, without parameters."""

    type: Literal["black", "testpattern", "demo"] = Field(description="What to make.")


class GenerateColour(Strict):
    """A picture of one colour; exactly one of ``yuv`` and ``rgb``."""

    type: Literal["colour"] = Field(description="What to make.")
    alpha: Fraction01 = Field(1.0, description="0 is transparent, 1 is opaque.")
    yuv: HexColour | None = Field(None, description="YYUUVV, limited range.")
    rgb: HexColour | None = Field(None, validate_default=True, description="RRGGBB.")

    @field_validator("rgb")
    @classmethod
    def _exactly_one(cls, rgb: str | None, info: ValidationInfo) -> str | None:
        yuv = info.data.get("yuv", ...)
        if rgb is None and yuv is None:
            raise refuse("needs a colour; give 'yuv' or 'rgb' as six hex digits", up=1)
        if rgb is not None and yuv is not None:
            raise refuse("is given beside 'yuv'; give exactly one of the two")
        return rgb


class UnknownGenerate(Strict):
    """Says what is wrong with a generator that is none of the above."""

    model_config = ConfigDict(extra="ignore")
    noun = "generator"

    type: Literal["black", "colour", "testpattern", "demo"]


def _pick_generate(value: Any) -> type[Strict]:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "colour":
        return GenerateColour
    return Generate if kind in ("black", "testpattern", "demo") else UnknownGenerate


if TYPE_CHECKING:
    AnyGenerate = Generate | GenerateColour
else:
    AnyGenerate = tagged_union(_pick_generate, Generate, GenerateColour, fallback=UnknownGenerate)


class GeneratedSource(SourceRange):
    """A picture, or sound, that the renderer makes."""

    generate: AnyGenerate = Field(description="What to make.")
    width: Pixels | None = Field(None, description="In pixels; the output's if absent.")
    height: Pixels | None = Field(None, description="In pixels; the output's if absent.")


class TextSource(SourceRange):
    """A text of a subtitle or burnin track; absent means an empty one."""

    text: str | None = Field(None, description="The text to show.")


def pick_source(value: Any) -> type[Strict]:
    """The model that a source of a plain video or audio track is judged by."""
    if isinstance(value, dict) and "uri" not in value:
        if "generate" in value:
            return GeneratedSource
        if "location" in value:
            return LocationSource
    return MediaSource


if TYPE_CHECKING:
    PlainSource = MediaSource | GeneratedSource | LocationSource
else:
    PlainSource = tagged_union(pick_source, MediaSource, GeneratedSource, LocationSource)
