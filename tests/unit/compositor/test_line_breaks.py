from __future__ import annotations

import pytest

from edl2ffmpeg.compositor.line_breaks import break_places, clean_text, paragraphs


def parts(text: str) -> list[str]:
    places, _ = break_places(text)
    return [text[a:b] for a, b in zip([0, *places], places, strict=False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two  three", ["one ", "two  ", "three"]),
        ("twenty-five -5 2-3 a - b", ["twenty-", "five ", "-5 ", "2-3 ", "a ", "- ", "b"]),
        ("10\u00a0km\u2060x", ["10\u00a0km\u2060x"]),
        ("zero\u200bwidth", ["zero\u200b", "width"]),
        ("\u6f22\u5b57\u3002\u300c\u4eee\u300d", ["\u6f22", "\u5b57\u3002", "\u300c\u4eee\u300d"]),
        ("\u304d\u3087\u3046", ["\u304d\u3087", "\u3046"]),
        ("\ud55c\uad6d\uc5b4 \uc790\ub9c9", ["\ud55c\uad6d\uc5b4 ", "\uc790\ub9c9"]),
        ("", [""]),
    ],
)
def test_lines_may_end_where_the_language_allows(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


def test_spaces_at_the_end_of_a_line_take_no_room() -> None:
    assert break_places("ab  cd ") == ([4, 7], [2, 6])


def test_control_characters_go_and_line_ends_become_one_kind() -> None:
    assert clean_text("a\x00\x07b\r\nc\rd\u2028e\tf\x85g\x1b[0m") == "ab\nc\nd\ne    f\ng[0m"
    assert clean_text("\ud800x") == "\ufffdx"


def test_line_ends_around_a_text_are_dropped_and_those_inside_are_kept() -> None:
    assert paragraphs("\na\n\nb\n\n") == ["a", "", "b"]
