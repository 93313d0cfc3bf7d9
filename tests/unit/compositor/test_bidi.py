"""Levels and order, judged by python-bidi, which wraps an implementation in Rust."""

from __future__ import annotations

import time
import unicodedata

import pytest
from bidi import get_display
from hypothesis import given, settings
from hypothesis import strategies as st

from edl2ffmpeg.compositor.bidi import embedding_levels, paragraph_level, visual_order

LETTERS = "ab \u05d0\u05d1 \u0639\u0631 12\u0663 .,-+$%()[]{}<>\u0301!?:/"
DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
REMOVED = {"LRE", "RLE", "LRO", "RLO", "PDF", "BN"}
TRIMMED = {*REMOVED, "WS", "LRI", "RLI", "FSI", "PDI"}


def displayed(text: str) -> str:
    base = paragraph_level(text)
    levels = embedding_levels(text, base)
    # Rule L1, which layout needs not, since it trims the ends of lines.
    end = len(text)
    while end and unicodedata.bidirectional(text[end - 1]) in TRIMMED:
        end -= 1
        levels[end] = base
    return without_removed("".join(visual_order(text, levels)))


def without_removed(text: str) -> str:
    return "".join(letter for letter in text if unicodedata.bidirectional(letter) not in REMOVED)


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(st.text(LETTERS + DIRECTIONS, min_size=1, max_size=16))
def test_the_order_is_the_reference_implementations(text: str) -> None:
    # At the end of a line the reference forgets that rule L1 goes by a character's own type, where
    # an override has given it another.
    while text and unicodedata.bidirectional(text[-1]) in TRIMMED:
        text = text[:-1]
    assert displayed(text) == without_removed(get_display(text))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.text(LETTERS, min_size=1, max_size=40))
def test_text_without_direction_marks_too(text: str) -> None:
    assert displayed(text) == get_display(text)


@pytest.mark.parametrize(
    ("text", "level"),
    [("", 0), ("12 a", 0), ("12 \u05d0 a", 1), ("\u2067\u05d0\u2069 a", 0), ("\u0639", 1)],
)
def test_the_first_strong_character_gives_the_paragraphs_direction(text: str, level: int) -> None:
    assert paragraph_level(text) == level


@pytest.mark.parametrize(
    "text",
    ["\u2068" * 50_000, "\u05d0" + "()" * 25_000, "\u05d0" + "(" * 50_000, "\u202b\u05d0" * 25_000],
)
def test_time_does_not_grow_by_the_square(text: str) -> None:
    started = time.process_time()
    embedding_levels(text, 0)
    assert time.process_time() - started < 5
