"""The colours of the pages that the program draws, and the words on them."""

from __future__ import annotations

import unicodedata

from PIL import ImageFont

__all__ = [
    "ACCENT",
    "BRIGHT",
    "CARD",
    "EDGE",
    "PAPER",
    "QUIET",
    "Colour",
    "Font",
    "ellipsised",
    "file_name",
    "plain",
]

Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

PAPER: Colour = (17, 19, 23)
CARD: Colour = (27, 30, 36)
EDGE: Colour = (42, 46, 54)
BRIGHT: Colour = (232, 234, 237)
QUIET: Colour = (140, 147, 158)
ACCENT: Colour = (230, 173, 92)


def plain(text: str) -> str:
    """``text`` in the letters that Pillow's own font has: accents dropped, the rest as "?"."""
    letters = (
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter)
    )
    return "".join(letter if letter.isascii() or letter == "\u00b7" else "?" for letter in letters)


def ellipsised(text: str, font: Font, room: int) -> str:
    """``text``, or as much of its beginning and end as fits into ``room`` pixels."""
    if font.getlength(text) <= room:
        return text
    low, high = 0, len(text) - 1
    while low < high:
        kept = (low + high + 1) // 2
        if font.getlength(_without_middle(text, kept)) <= room:
            low = kept
        else:
            high = kept - 1
    return _without_middle(text, low) if low else ""


def _without_middle(text: str, kept: int) -> str:
    head = (kept + 1) // 2
    return text[:head] + "\u2026" + text[len(text) - (kept - head) :]


def file_name(uri: str) -> str:
    """The last part of a path or an address, to be shown."""
    if "://" in uri:
        # What follows the path of an address is long, and may be a secret.
        uri = uri.split("?", 1)[0].split("#", 1)[0]
    return uri.rstrip("/").rsplit("/", 1)[-1] or uri
