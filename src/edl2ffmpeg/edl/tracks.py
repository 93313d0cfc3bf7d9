"""Where a clip stands: tracks and sub-tracks by type and number; it holds no clips."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from edl2ffmpeg.edl.values import Strict, refuse

__all__ = [
    "SUBTYPES",
    "AnyTrack",
    "AudioTrack",
    "CaptionTrack",
    "ColourTrack",
    "EffectsTrack",
    "LevelTrack",
    "PanTrack",
    "TextTrack",
    "TextTransformTrack",
    "Track",
    "TransformTrack",
    "VideoTrack",
]

SUBTYPES = {
    "video": ("effects", "transform", "colour"),
    "audio": ("level", "pan"),
    "subtitle": ("transform",),
    "burnin": ("transform",),
    "caption": (),
}

Number = Annotated[int, Field(ge=1, le=1_000_000)]


class Track(Strict):
    """What every track has; sub-tracks have ``subtype`` and ``subnumber`` as well."""

    type: str
    number: Number = Field(description="From 1; video track 1 is at the bottom.")

    @property
    def key(self) -> tuple[str, int, str, int]:
        """What tells one track from another."""
        own: dict[str, Any] = self.__dict__
        return (self.type, self.number, own.get("subtype") or "", own.get("subnumber", 1))

    def __str__(self) -> str:
        """As a message names it: ``video track 2 / effects 1``."""
        kind, number, subtype, subnumber = self.key
        return f"{kind} track {number}" + (f" / {subtype} {subnumber}" if subtype else "")


class VideoTrack(Track):
    """A plain video track."""

    type: Literal["video"]


class AudioTrack(Track):
    """A plain audio track."""

    type: Literal["audio"]


class TextTrack(Track):
    """A plain track of subtitles or burnt-in text."""

    type: Literal["subtitle", "burnin"]


class CaptionTrack(Track):
    """A track that is accepted and ignored."""

    type: Literal["caption"]


class _SubTrack(Track):
    subnumber: Number = Field(1, description="Order among sub-tracks of one kind.")


class EffectsTrack(_SubTrack):
    """Effects on a video track."""

    type: Literal["video"]
    subtype: Literal["effects"]


class TransformTrack(_SubTrack):
    """Transforms of a video track."""

    type: Literal["video"]
    subtype: Literal["transform"]


class ColourTrack(_SubTrack):
    """Colour correction of a video track."""

    type: Literal["video"]
    subtype: Literal["colour"]


class TextTransformTrack(_SubTrack):
    """Transforms of a track of text."""

    type: Literal["subtitle", "burnin"]
    subtype: Literal["transform"]


class LevelTrack(_SubTrack):
    """Gain of an audio track."""

    type: Literal["audio"]
    subtype: Literal["level"]


class PanTrack(_SubTrack):
    """Position of an audio track."""

    type: Literal["audio"]
    subtype: Literal["pan"]


class AnyTrack(Track):
    """Says what is wrong with a track that is none of the above, and reads every other."""

    noun = "track"

    type: Literal["video", "audio", "subtitle", "burnin", "caption"]
    subtype: str | None = None
    subnumber: Number = 1

    @field_validator("subtype")
    @classmethod
    def _subtype_of_type(cls, subtype: str | None, info: ValidationInfo) -> str | None:
        known = SUBTYPES.get(info.data.get("type", ""))
        if subtype is not None and known is not None and subtype not in known:
            shown = subtype if len(subtype) <= 40 else subtype[:37] + "..."
            what = f"use {' or '.join(map(repr, known))}" if known else "it has none"
            raise refuse(f"is no sub-track of a {info.data['type']} track: {shown!r}; {what}")
        return subtype
