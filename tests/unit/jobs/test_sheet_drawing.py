"""A sheet's text stays in its place whatever the names, and its cards have room."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageFont

from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.jobs.palette import ellipsised, plain
from edl2ffmpeg.jobs.sheet_drawing import (
    Cell,
    Heading,
    SheetLayout,
    draw_sheet,
)

LONG = "a_reel_with_the_longest_name_that_anybody_ever_gave_to_one_take_17_final_2.mov"


def cell(size: tuple[int, int], place: str, source: str) -> Cell:
    return Cell(
        np.full((size[1], size[0], 3), 128, np.uint8), "1234567", "12:34:56.789", place, source
    )


@pytest.mark.parametrize("size", [120, 200, 320, 1000])
def test_labels_stay_under_their_pictures(size: int) -> None:
    thumbnail = (size, size * 9 // 16)
    layout = SheetLayout.of(size, thumbnail, 3, 2)
    long = cell(thumbnail, "clips[123456].sources[123456] +12", LONG)
    empty = [[cell(thumbnail, "", "")] for _ in range(3)]
    full = [[long, long], [long, long], [long, long]]
    sheet = draw_sheet(layout, Heading(LONG * 3, (LONG, LONG)), full)
    # Nothing but the card and the paper is in the columns between the cells.
    paper = draw_sheet(layout, Heading("", ()), empty)
    for number in range(3):
        left, top = layout.card(number)
        bottom = top + layout.card_height
        for index in range(2):
            edge = left + layout.padding + index * (size + layout.padding) + size
            strip = slice(edge, edge + layout.padding)
            assert np.array_equal(sheet[top:bottom, strip], paper[top:bottom, strip])
            below = slice(bottom - layout.padding // 2, bottom)
            assert np.array_equal(sheet[below], paper[below])
    margin = layout.width - layout.margin
    assert np.array_equal(sheet[:, margin:], paper[:, margin:])


@pytest.mark.parametrize("cards", [1, 2, 7, 60])
@pytest.mark.parametrize("columns", [None, 1, 3, 99])
@pytest.mark.parametrize("thumbnail", [(320, 180), (320, 640), (3, 640), (320, 1)])
def test_cards_have_room(cards: int, columns: int | None, thumbnail: tuple[int, int]) -> None:
    layout = SheetLayout.of(320, thumbnail, cards, columns)
    assert layout.columns <= cards
    assert layout.columns * (layout.rows - 1) < cards <= layout.columns * layout.rows
    places = {layout.card(number) for number in range(cards)}
    assert len(places) == cards
    assert max(left for left, _ in places) + layout.card_width <= layout.width - layout.margin
    assert max(top for _, top in places) + layout.card_height <= layout.height - layout.margin


def test_a_sheet_may_be_too_large() -> None:
    with pytest.raises(SettingsError, match=r"the sheet would be \d+x\d+ pixels; make --size"):
        SheetLayout.of(4096, (4096, 2304), 60, None)


def test_long_names_lose_their_middle() -> None:
    font = ImageFont.load_default(14)
    assert ellipsised("short.mov", font, 200) == "short.mov"
    for room in range(0, 400, 7):
        shown = ellipsised(LONG, font, room)
        assert font.getlength(shown) <= room
        head, dots, tail = shown.partition("\u2026")
        assert not shown or dots
        assert LONG.startswith(head) and LONG.endswith(tail)
        assert len(head) - len(tail) in (0, 1)


def test_letters_that_the_font_lacks() -> None:
    assert plain("\u00dcberfahrt K\u00f6ln.mp4") == "Uberfahrt Koln.mp4"
    assert plain("\u65e5\u672c.mp4") == "??.mp4"
