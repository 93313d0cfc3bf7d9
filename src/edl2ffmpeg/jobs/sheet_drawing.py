"""Draws a contact sheet from thumbnails and labels; it knows no timeline and no files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.jobs.palette import (
    ACCENT,
    BRIGHT,
    CARD,
    EDGE,
    PAPER,
    QUIET,
    Colour,
    Font,
    ellipsised,
    plain,
)

__all__ = ["Cell", "Heading", "SheetLayout", "draw_sheet"]

# A sheet somewhat wider than high is read most easily on a screen.
_SHAPE = 1.5
_MOST_PIXELS = 120_000_000
_LONGEST_SIDE = 65_000
"""JPEG ends at 65 500."""


@dataclass(frozen=True)
class Cell:
    """A thumbnail (height, width, 3) and the four parts of its label."""

    picture: npt.NDArray[np.uint8]
    frame: str
    time: str
    place: str
    source: str


@dataclass(frozen=True)
class Heading:
    """The title of a sheet, and facts in a smaller line below it."""

    name: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class SheetLayout:
    """Where everything goes, in pixels.  A card is a shot: two cells side by side."""

    thumbnail: tuple[int, int]
    cell_width: int
    text_size: int
    columns: int
    rows: int

    @classmethod
    def of(
        cls, size: int, thumbnail: tuple[int, int], cards: int, columns: int | None
    ) -> SheetLayout:
        """The layout of ``cards`` shots in cells of ``size``; ``SettingsError`` if it is too large.

        Without ``columns`` the sheet becomes a little wider than high.
        """
        text_size = min(max(round(size * 0.045), 11), 40)
        one = cls(thumbnail, size, text_size, 1, 1)
        if columns is None:
            columns = round(sqrt(cards * one.card_height / one.card_width * _SHAPE))
        columns = min(max(columns, 1), cards)
        layout = cls(thumbnail, size, text_size, columns, ceil(cards / columns))
        width, height = layout.width, layout.height
        if width * height > _MOST_PIXELS or max(width, height) > _LONGEST_SIDE:
            raise SettingsError(
                f"the sheet would be {width}x{height} pixels; make --size or --max smaller"
            )
        return layout

    @property
    def margin(self) -> int:
        """Around the sheet."""
        return 2 * self.text_size

    @property
    def gap(self) -> int:
        """Between cards."""
        return self.text_size

    @property
    def padding(self) -> int:
        """Around and between the cells of a card."""
        return max(self.text_size // 2, 4)

    @property
    def line_height(self) -> int:
        """Of a label's line."""
        return round(self.text_size * 1.5)

    @property
    def title_size(self) -> int:
        """Of the heading's first line."""
        return round(self.text_size * 1.7)

    @property
    def heading_height(self) -> int:
        """From the upper margin to the first card."""
        return self.title_size + 2 * self.line_height + self.gap // 2

    @property
    def card_width(self) -> int:
        """Two cells."""
        return 2 * self.cell_width + 3 * self.padding

    @property
    def card_height(self) -> int:
        """A thumbnail and two lines."""
        return self.thumbnail[1] + 2 * self.padding + 2 * self.line_height + self.padding // 2

    @property
    def width(self) -> int:
        """Of the whole sheet."""
        return 2 * self.margin + self.columns * (self.card_width + self.gap) - self.gap

    @property
    def height(self) -> int:
        """Of the whole sheet."""
        cards = self.rows * (self.card_height + self.gap) - self.gap
        return 2 * self.margin + self.heading_height + cards

    def card(self, index: int) -> tuple[int, int]:
        """Left and top of a card."""
        row, column = divmod(index, self.columns)
        return (
            self.margin + column * (self.card_width + self.gap),
            self.margin + self.heading_height + row * (self.card_height + self.gap),
        )

    def picture(self, card: int, index: int) -> tuple[int, int]:
        """Left and top of a card's thumbnail, centred in its cell."""
        left, top = self.card(card)
        left += self.padding + index * (self.cell_width + self.padding)
        return left + (self.cell_width - self.thumbnail[0]) // 2, top + self.padding


def draw_sheet(
    layout: SheetLayout, heading: Heading, cards: Sequence[Sequence[Cell]]
) -> npt.NDArray[np.uint8]:
    """The sheet as (height, width, 3) R'G'B'."""
    sheet = Image.new("RGB", (layout.width, layout.height), PAPER)
    pen = _Pen(ImageDraw.Draw(sheet), layout)
    pen.heading(heading)
    for number, cells in enumerate(cards):
        pen.card(*layout.card(number))
        for index, cell in enumerate(cells):
            sheet.paste(Image.fromarray(cell.picture), layout.picture(number, index))
            pen.label(number, index, cell)
    return np.asarray(sheet)


class _Pen:
    """Draws the parts of a sheet that are not thumbnails."""

    def __init__(self, draw: ImageDraw.ImageDraw, layout: SheetLayout) -> None:
        self._draw = draw
        self._layout = layout
        self._font = ImageFont.load_default(layout.text_size)
        self._title = ImageFont.load_default(layout.title_size)

    def heading(self, heading: Heading) -> None:
        layout = self._layout
        left, width = layout.margin, layout.width - 2 * layout.margin
        baseline = layout.margin + layout.title_size
        self._text((left, baseline), heading.name, self._title, BRIGHT, width)
        baseline += layout.line_height + layout.gap // 4
        self._text((left, baseline), "   \u00b7   ".join(heading.facts), self._font, QUIET, width)

    def card(self, left: int, top: int) -> None:
        layout = self._layout
        box = (left, top, left + layout.card_width - 1, top + layout.card_height - 1)
        self._draw.rounded_rectangle(box, layout.padding, CARD, EDGE)

    def label(self, card: int, index: int, cell: Cell) -> None:
        """Frame and time on one line, place and source on the next."""
        layout = self._layout
        left, top = layout.card(card)
        left += layout.padding + index * (layout.cell_width + layout.padding)
        baseline = top + layout.padding + layout.thumbnail[1] + layout.line_height
        # The frame at which something begins is what the eye should find first.
        self._pair((left, baseline), (cell.frame, cell.time), (BRIGHT if index else ACCENT, QUIET))
        baseline += layout.line_height
        self._pair((left, baseline), (cell.place, cell.source), (QUIET, BRIGHT))

    def _pair(
        self, place: tuple[int, int], words: tuple[str, str], colours: tuple[Colour, Colour]
    ) -> None:
        """Two words side by side; the first leaves the second nearly half of the cell."""
        # Never up to the edge: the next cell's label begins there.
        room = self._layout.cell_width - self._layout.text_size // 2
        used = self._text(place, words[0], self._font, colours[0], room * 11 // 20)
        used += self._layout.text_size * 3 // 4
        self._text((place[0] + used, place[1]), words[1], self._font, colours[1], room - used)

    def _text(
        self,
        place: tuple[int, int],
        text: str,
        font: Font,
        colour: Colour,
        room: int,
    ) -> int:
        """Draws what there is room for on the baseline ``place``; gives its width in pixels."""
        shown = ellipsised(plain(text), font, room)
        self._draw.text(place, shown, colour, font, anchor="ls")
        return ceil(font.getlength(shown))
