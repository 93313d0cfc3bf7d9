"""Exact time: parsing to Fractions, and the only rounding to frames and samples.

Everything between the parser and this module is a ``Fraction`` of a second.  It knows
nothing about clips or files.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import floor

__all__ = [
    "NTSC_TOLERANCE",
    "format_seconds",
    "format_timecode",
    "frame_at",
    "frame_time",
    "parse_frame_rate",
    "parse_seconds",
    "parse_timecode",
    "pts_at",
    "round_half_up",
    "sample_at",
]

NTSC_TOLERANCE = Fraction(5, 1000)
_NTSC_NOMINAL = (24, 30, 48, 60, 120)
_TIMECODE = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)")
# Text beyond these is no rate, and "1e999999999" alone would take hours to work out.
_LONGEST_RATE = 64
_HUGE_EXPONENT = re.compile(r".*[eE][+-]?0*[1-9][\d_]{3,}\s*", re.DOTALL)
_RATIONAL = re.compile(r"\s*(\d+)\s*/\s*(\d+)\s*")


def round_half_up(value: Fraction) -> int:
    """Nearest integer; halves go up, so that equal steps stay equal across zero."""
    return floor(value + Fraction(1, 2))


def parse_seconds(value: int | float | str) -> Fraction:
    """The exact decimal a file spells: ``0.1`` is 1/10, not the double nearest to it."""
    return Fraction(value) if isinstance(value, int) else Fraction(str(value))


def parse_timecode(text: str) -> Fraction:
    """Seconds from ``12.5``, ``MM:SS.mmm`` or ``H:MM:SS.mmm``; ``ValueError`` otherwise."""
    match = _TIMECODE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a time such as 12.5 or 1:02:03.5")
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + Fraction(seconds)


def parse_frame_rate(value: int | float | str) -> Fraction:
    """Frames per second, with the NTSC spellings made rational.

    23.976, 23.98, 29.97, 47.952, 59.94 and 119.88 (within 0.005) become n*1000/1001; a
    string may be ``"30000/1001"`` or a number.  Raises ``ValueError`` when it is no rate.
    """
    if isinstance(value, str):
        if len(value) > _LONGEST_RATE or _HUGE_EXPONENT.fullmatch(value):
            shown = value if len(value) <= 40 else value[:37] + "..."
            raise ValueError(f"{shown!r} is not a frame rate such as 25 or 30000/1001")
        match = _RATIONAL.fullmatch(value)
        if match:
            if int(match[2]) == 0:
                raise ValueError(f"{value!r} divides by zero")
            rate = Fraction(int(match[1]), int(match[2]))
            if rate <= 0:
                raise ValueError(f"{value!r} is not above zero")
            return rate
    try:
        rate = parse_seconds(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{value!r} is not a frame rate such as 25 or 30000/1001") from None
    if rate <= 0:
        raise ValueError(f"{value!r} is not above zero")
    for nominal in _NTSC_NOMINAL:
        ntsc = Fraction(nominal * 1000, 1001)
        if rate.denominator != 1 and abs(rate - ntsc) <= NTSC_TOLERANCE:
            return ntsc
    return rate


def frame_at(time: Fraction, rate: Fraction) -> int:
    """Number of the frame whose start is nearest to ``time`` seconds."""
    # round_half_up(time * rate) without making fractions: long edits ask for it very often.
    product = time.numerator * rate.numerator
    whole = time.denominator * rate.denominator
    return (2 * product + whole) // (2 * whole)


def frame_time(frame: int, rate: Fraction) -> Fraction:
    """Start of frame number ``frame`` in seconds."""
    return frame / rate


def sample_at(time: Fraction, sample_rate: int) -> int:
    """Number of the audio sample nearest to ``time`` seconds."""
    return round_half_up(time * sample_rate)


def pts_at(time: Fraction, time_base: Fraction) -> int:
    """Timestamp nearest to ``time`` seconds in units of ``time_base`` seconds."""
    return round_half_up(time / time_base)


def format_seconds(time: Fraction) -> str:
    """``time`` for a message: seconds with up to three decimals, ``12.5 s``."""
    text = f"{float(time):.3f}".rstrip("0").rstrip(".")
    return f"{text} s"


def format_timecode(time: Fraction) -> str:
    """``time`` as ``[H:]MM:SS.mmm`` for people."""
    milliseconds = round_half_up(time * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
    return f"{hours}:{text}" if hours else text
