"""Where lines of a text may end; it measures nothing.

The rules are a part of UAX #14: after spaces and hyphens, and between ideographs except
where their punctuation forbids.  Words of Thai, Lao, Khmer and Burmese, which have no spaces
between them, would need a dictionary.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["break_places", "clean_text", "joins_previous", "paragraphs"]

_LINE_ENDS = str.maketrans(dict.fromkeys("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\n"))
_TAB = " " * 4

_SPACES = frozenset(
    " \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u205f\u3000"
)
_ZERO_WIDTH_SPACE = "\u200b"
_GLUE = frozenset("\u00a0\u202f\u2007\u2060\ufeff\u200d")
_HYPHENS = frozenset("-\u2010\u2012\u2013\u2014")

# What may not begin a line of Chinese or Japanese, beside closing punctuation.
_NOT_FIRST = frozenset(
    "、。，．・：；？！゛゜ヽヾゝゞ々ー〜…‥ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ"  # noqa: RUF001
    "｡､･ｰ,.:;?!%"
)
_CLOSING, _OPENING = {"Pe", "Pf"}, {"Ps", "Pi"}


def clean_text(text: str) -> str:
    """``text`` with line ends as line feeds, tabs as four spaces, no control characters.

    Halves of surrogate pairs, which JSON can spell, become the replacement character.
    """
    text = text.replace("\r\n", "\n").translate(_LINE_ENDS).replace("\t", _TAB)
    kinds = unicodedata.category
    return "".join(
        "\ufffd" if kind == "Cs" else letter
        for letter in text
        if (kind := kinds(letter)) != "Cc" or letter == "\n"
    )


def paragraphs(text: str) -> list[str]:
    """The lines that a cleaned text says itself; line ends around the whole are dropped."""
    return text.strip("\n").split("\n")


@lru_cache(4096)
def _kind(letter: str) -> str:
    """What a character is to line breaking: space, break, glue, hyphen, wide or other."""
    if letter in _SPACES:
        return "space"
    if letter == _ZERO_WIDTH_SPACE:
        return "break"
    if letter in _GLUE:
        return "glue"
    if letter in _HYPHENS:
        return "hyphen"
    wide = unicodedata.east_asian_width(letter) in "WF"
    hangul = unicodedata.name(letter, "").startswith("HANGUL")
    return "wide" if wide and not hangul else "other"


@lru_cache(4096)
def joins_previous(letter: str) -> bool:
    """Whether a character belongs to the one before it: marks, joiners, skin tones."""
    return (
        unicodedata.category(letter) in ("Mn", "Me", "Mc")
        or letter in "\u200c\u200d"
        or "\U0001f3fb" <= letter <= "\U0001f3ff"
    )


def break_places(text: str) -> tuple[list[int], list[int]]:
    """Where a line may end: the positions after it, and where its last ink ends.

    Spaces at the end of a line take no room.  The end of the text is the last place.
    """
    places, ends = [], []
    kinds = [_kind(letter) for letter in text]
    ink = 0
    for index in range(len(text)):
        if index and kinds[index] != "space" and _may_break(text, kinds, index):
            places.append(index)
            ends.append(ink)
        if kinds[index] != "space":
            ink = index + 1
    return [*places, len(text)], [*ends, ink]


def _may_break(text: str, kinds: Sequence[str], index: int) -> bool:
    """Whether a line may end before ``text[index]``, which is no space."""
    before, after, letter = kinds[index - 1], kinds[index], text[index]
    if before in ("space", "break"):
        return True
    if "glue" in (before, after) or joins_previous(letter):
        return False
    if before == "hyphen":
        # Not in a range of numbers, nor after the sign of one or a dash that opens a line.
        follows_word = index > 1 and kinds[index - 2] != "space"
        return follows_word and letter.isalpha()
    if "wide" not in (before, after):
        return False
    if letter in _NOT_FIRST or unicodedata.category(letter) in _CLOSING:
        return False
    return unicodedata.category(text[index - 1]) not in _OPENING
