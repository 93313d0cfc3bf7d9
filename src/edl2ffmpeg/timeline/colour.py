"""The format's hex colours as BT.709 limited-range values; it converts no pictures."""

from __future__ import annotations

from fractions import Fraction

from edl2ffmpeg.timeline.model import YuvColour
from edl2ffmpeg.timing import round_half_up

__all__ = ["BLACK", "WHITE", "parse_ayuv", "parse_rgb", "parse_yuv"]

BLACK = YuvColour(16, 128, 128)
WHITE = YuvColour(235, 128, 128)

# Real files write these two; neither is a colour of limited range.
_SPECIAL = {"000000": BLACK, "FFFFFF": WHITE}

_RED, _GREEN, _BLUE = Fraction(2126, 10_000), Fraction(7152, 10_000), Fraction(722, 10_000)


def parse_yuv(text: str) -> YuvColour:
    """``YYUUVV``; ``000000`` and ``FFFFFF`` mean black and white."""
    special = _SPECIAL.get(text.upper())
    return special or YuvColour(int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16))


def parse_ayuv(text: str) -> YuvColour:
    """``AAYYUUVV``, or ``YYUUVV``, which is opaque."""
    colour = parse_yuv(text[-6:])
    alpha = int(text[:2], 16) if len(text) == 8 else 255
    return YuvColour(colour.y, colour.u, colour.v, alpha)


def parse_rgb(text: str) -> YuvColour:
    """``RRGGBB``, full range, as the nearest BT.709 limited-range values."""
    red, green, blue = (Fraction(int(text[i : i + 2], 16), 255) for i in (0, 2, 4))
    luma = _RED * red + _GREEN * green + _BLUE * blue
    u = (blue - luma) / (2 * (1 - _BLUE))
    v = (red - luma) / (2 * (1 - _RED))
    return YuvColour(
        round_half_up(16 + 219 * luma),
        round_half_up(128 + 224 * u),
        round_half_up(128 + 224 * v),
    )
