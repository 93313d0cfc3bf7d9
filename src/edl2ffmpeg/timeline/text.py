"""How a text looks, every default filled in; it draws nothing and looks for no font."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from edl2ffmpeg.timeline.colour import WHITE, parse_ayuv
from edl2ffmpeg.timeline.model import YuvColour

if TYPE_CHECKING:
    from edl2ffmpeg.edl.clips import TextClip
    from edl2ffmpeg.edl.clips import TextFormat as FormatModel

__all__ = [
    "DEFAULT_MARGIN",
    "DEFAULT_SIZE_POINTS",
    "REFERENCE_LINES",
    "BackgroundShape",
    "HorizontalAlignment",
    "TextFormat",
    "VerticalAlignment",
    "text_format",
]

HorizontalAlignment = Literal["left", "middle", "right"]
VerticalAlignment = Literal["top", "middle", "bottom"]
BackgroundShape = Literal["ragged", "rectangle", "wide"]

REFERENCE_LINES = 1080
"""Sizes and margins are those of a picture with so many lines."""

DEFAULT_SIZE_POINTS = Fraction(48)

DEFAULT_MARGIN = Fraction(5 * REFERENCE_LINES, 100)
"""What title-safe areas leave free above and below, on all four sides."""


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How a text looks.

    One point is one pixel of em height in a picture of 1080 lines; sizes and margins grow
    with the picture's height.  ``fonts`` are families or font files, the wanted one first.
    Without ``background`` (or with one of alpha 0) no boxes are drawn.  ``wraps`` tells
    whether lines are broken to fit between the margins, or only where the text says.
    """

    fonts: tuple[str, ...] = ()
    size_points: Fraction = DEFAULT_SIZE_POINTS
    colour: YuvColour = WHITE
    background: YuvColour | None = None
    left_margin: Fraction = DEFAULT_MARGIN
    right_margin: Fraction = DEFAULT_MARGIN
    top_margin: Fraction = DEFAULT_MARGIN
    bottom_margin: Fraction = DEFAULT_MARGIN
    halign: HorizontalAlignment = "middle"
    valign: VerticalAlignment = "bottom"
    background_shape: BackgroundShape = "ragged"
    wraps: bool = True


def text_format(clip: TextClip) -> TextFormat:
    """The format of ``clip``'s text: what the file says, and the defaults for the rest."""
    said = clip.text_format
    fonts = _fonts(clip)
    if said is None:
        return TextFormat(fonts)
    return TextFormat(
        fonts,
        _or(said.font_size, DEFAULT_SIZE_POINTS),
        WHITE if said.text_ayuv is None else parse_ayuv(said.text_ayuv),
        _background(said),
        _or(said.left_margin, DEFAULT_MARGIN),
        _or(said.right_margin, DEFAULT_MARGIN),
        _or(said.top_margin, DEFAULT_MARGIN),
        _or(said.bottom_margin, DEFAULT_MARGIN),
        said.halign or "middle",
        said.valign or "bottom",
        said.background or "ragged",
        said.line_breaks != "manual",
    )


def _fonts(clip: TextClip) -> tuple[str, ...]:
    """The format's own font, then the clip's, each once."""
    said = clip.text_format
    first = [said.font] if said is not None and said.font is not None else []
    then = clip.fonts or ([clip.font] if clip.font is not None else [])
    return tuple(dict.fromkeys([*first, *then]))


def _background(said: FormatModel) -> YuvColour | None:
    if said.back_ayuv is None:
        return None
    colour = parse_ayuv(said.back_ayuv)
    return colour if colour.alpha else None


def _or(value: float | None, default: Fraction) -> Fraction:
    # The decimal that the file spells, not the double nearest to it.
    return default if value is None else Fraction(str(value))
