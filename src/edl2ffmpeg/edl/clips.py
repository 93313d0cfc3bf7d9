"""The clips of every kind of track, and the document that holds them.

Rules that need two clips, or more than the file, are not here but in ``timeline``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator

from edl2ffmpeg.edl.animation import (
    LevelSource,
    Motion,
    PanSource,
    TimeMotion,
    TransformSource,
)
from edl2ffmpeg.edl.effects import AnyEffect, AnyEffectSource, ColourSource
from edl2ffmpeg.edl.sources import FrameRate, PlainSource, TextSource
from edl2ffmpeg.edl.tracks import (
    AnyTrack,
    AudioTrack,
    CaptionTrack,
    ColourTrack,
    EffectsTrack,
    LevelTrack,
    PanTrack,
    TextTrack,
    TextTransformTrack,
    TransformTrack,
    VideoTrack,
)
from edl2ffmpeg.edl.transitions import AnyTransition, AudioTransition
from edl2ffmpeg.edl.values import (
    ChannelMap,
    HexAyuv,
    HexColour,
    NonNegative,
    OneOrMany,
    Pixels,
    Positive,
    Seconds,
    SourceRange,
    Strict,
    Text,
    refuse,
    tagged_union,
)
from edl2ffmpeg.timing import parse_frame_rate

__all__ = [
    "CLIP_MODELS",
    "AnyClip",
    "AudioClip",
    "CaptionClip",
    "Clip",
    "ClipPlace",
    "ColourClip",
    "Document",
    "EffectsClip",
    "LevelClip",
    "PanClip",
    "PlainClip",
    "TextClip",
    "TextFormat",
    "TransformClip",
    "VideoClip",
]

_MAX_RATE_TERM = 2**31 - 1


class Clip(SourceRange):
    """What every clip has: its range on the timeline; a ``track`` in every subclass."""

    sync: int | None = Field(None, description="Links clips; no effect on the picture.")


class PlainClip(Clip):
    """A clip that shows or sounds something."""

    top_fade: Seconds | None = Field(None, description="Seconds of the fade at the start.")
    tail_fade: Seconds | None = Field(None, description="Seconds of the fade at the end.")
    top_fade_yuv: HexColour | None = Field(
        None, alias="topFadeYUV", description="Colour the start fades from, YYUUVV."
    )
    tail_fade_yuv: HexColour | None = Field(
        None, alias="tailFadeYUV", description="Colour the end fades to, YYUUVV."
    )


class VideoClip(PlainClip, OneOrMany[PlainSource]):
    """A clip of a video track."""

    noun = "video"

    track: VideoTrack = Field(description="Where the clip stands.")
    motion: Motion | None = Field(None, description="Transform and timing.")
    transition: AnyTransition | None = Field(None, description="The way into this clip.")
    effects: list[AnyEffect] | None = Field(None, description="Effects, applied in order.")


class AudioClip(PlainClip, OneOrMany[PlainSource]):
    """A clip of an audio track."""

    noun = "audio"

    track: AudioTrack = Field(description="Where the clip stands.")
    motion: TimeMotion | None = Field(None, description="Timing.")
    transition: AudioTransition | None = Field(None, description="The way into this clip.")
    channel_map: ChannelMap | None = Field(
        None, description="Gains of source channels into output channels."
    )


class TextFormat(Strict):
    """How a text looks."""

    font: Text | None = Field(None, description="Family, or a font file.")
    font_size: Positive | None = Field(None, description="In points at 1080 lines.")
    text_ayuv: HexAyuv | None = Field(
        None, alias="textAYUV", description="Colour, AAYYUUVV or YYUUVV."
    )
    back_ayuv: HexAyuv | None = Field(
        None, alias="backAYUV", description="Background, AAYYUUVV or YYUUVV."
    )
    left_margin: NonNegative | None = Field(None, description="In pixels at 1080 lines.")
    right_margin: NonNegative | None = Field(None, description="In pixels at 1080 lines.")
    top_margin: NonNegative | None = Field(None, description="In pixels at 1080 lines.")
    bottom_margin: NonNegative | None = Field(None, description="In pixels at 1080 lines.")
    halign: Literal["left", "middle", "right"] | None = Field(None, description="Horizontally.")
    valign: Literal["top", "middle", "bottom"] | None = Field(None, description="Vertically.")
    background: Literal["ragged", "rectangle", "wide"] | None = Field(
        None, description="Per line, one block, or the full width."
    )
    line_breaks: Literal["auto", "manual"] | None = Field(
        None, description="Wrap, or only where the text says."
    )


class TextClip(PlainClip, OneOrMany[TextSource]):
    """A clip of a subtitle or burnin track."""

    noun = "subtitle or burnin"

    track: TextTrack = Field(description="Where the clip stands.")
    motion: Motion | None = Field(None, description="Transform and timing.")
    transition: AnyTransition | None = Field(None, description="The way into this clip.")
    effects: list[AnyEffect] | None = Field(None, description="Effects, applied in order.")
    text_format: TextFormat | None = Field(None, description="How the text looks.")
    font: Text | None = Field(None, description="Family, or a font file.")
    fonts: Annotated[list[Text], Field(min_length=1)] | None = Field(
        None, description="Families or font files, tried in order."
    )

    @field_validator("fonts")
    @classmethod
    def _font_or_fonts(cls, fonts: list[str] | None, info: ValidationInfo) -> list[str] | None:
        if fonts is not None and info.data.get("font", ...) is not None:
            raise refuse("is given beside 'font'; give one of the two")
        return fonts


class EffectsClip(Clip):
    """An effect on a video track."""

    noun = "video / effects"

    track: EffectsTrack = Field(description="Where the clip stands.")
    source: AnyEffectSource = Field(description="The effect.")


class TransformClip(Clip):
    """A transform of a video track or of text."""

    noun = "video / transform"

    track: TransformTrack | TextTransformTrack = Field(
        description="Where the clip stands.", discriminator="type"
    )
    source: TransformSource = Field(description="The transform.")


class ColourClip(Clip):
    """Colour correction of a video track."""

    noun = "video / colour"

    track: ColourTrack = Field(description="Where the clip stands.")
    source: ColourSource = Field(description="The filters.")


class LevelClip(Clip):
    """Gain of an audio track."""

    noun = "audio / level"

    track: LevelTrack = Field(description="Where the clip stands.")
    source: LevelSource = Field(description="The gain.")


class PanClip(Clip):
    """Position of an audio track."""

    noun = "audio / pan"

    track: PanTrack = Field(description="Where the clip stands.")
    source: PanSource = Field(description="The position.")


class CaptionClip(Clip):
    """A clip that is accepted and ignored, whatever else it holds."""

    model_config = ConfigDict(extra="ignore")
    noun = "caption"

    track: CaptionTrack = Field(description="Where the clip stands.")


class ClipPlace(SourceRange):
    """A clip's track and range alone.

    It says what is wrong with a clip whose track is unknown, and lets a clip with other
    mistakes still take its place among the others.
    """

    model_config = ConfigDict(extra="ignore")

    track: AnyTrack


_BY_TRACK: dict[tuple[str, str | None], type[Clip]] = {
    ("video", None): VideoClip,
    ("audio", None): AudioClip,
    ("subtitle", None): TextClip,
    ("burnin", None): TextClip,
    ("caption", None): CaptionClip,
    ("video", "effects"): EffectsClip,
    ("video", "transform"): TransformClip,
    ("subtitle", "transform"): TransformClip,
    ("burnin", "transform"): TransformClip,
    ("video", "colour"): ColourClip,
    ("audio", "level"): LevelClip,
    ("audio", "pan"): PanClip,
}
CLIP_MODELS = tuple(dict.fromkeys(_BY_TRACK.values()))


def _pick(value: Any) -> type[Strict]:
    track = value.get("track") if isinstance(value, dict) else None
    if not isinstance(track, dict):
        return ClipPlace
    try:
        return _BY_TRACK.get((track.get("type"), track.get("subtype")), ClipPlace)  # type: ignore[arg-type]
    except TypeError:  # a list or an object where text belongs
        return ClipPlace


if TYPE_CHECKING:
    AnyClip = (
        VideoClip
        | AudioClip
        | TextClip
        | EffectsClip
        | TransformClip
        | ColourClip
        | LevelClip
        | PanClip
        | CaptionClip
    )
else:
    AnyClip = tagged_union(_pick, *CLIP_MODELS, fallback=ClipPlace)


class Document(Strict):
    """A whole publishing EDL, as its file says it."""

    fps: FrameRate = Field(30, description="Frames per second; 29.97 and its like are NTSC.")
    width: Pixels = Field(1920, description="Of the output, in pixels.")
    height: Pixels = Field(1080, description="Of the output, in pixels.")
    clips: list[AnyClip] = Field(description="In any order.")

    # The parsed JSON, for the order in which the file says things.
    _written: Any = PrivateAttr(default=None)

    @property
    def frame_rate(self) -> Fraction:
        """The exact rate, as two terms that FFmpeg can hold."""
        rate = parse_frame_rate(self.fps)
        if max(rate.numerator, rate.denominator) > _MAX_RATE_TERM:
            rate = rate.limit_denominator(1_000_000)
        return rate
