"""Draws texts as pictures with transparency; it knows no clips and composites onto nothing.

Glyphs are not hinted, so that a text looks the same at every size and on every machine.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import uharfbuzz as hb

from edl2ffmpeg.compositor.conversion import OUTPUT_COLOUR
from edl2ffmpeg.compositor.fonts import FontLibrary, FontStack, is_ignorable, listed_warnings
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.line_breaks import clean_text, paragraphs
from edl2ffmpeg.compositor.planes import new_frame
from edl2ffmpeg.compositor.text_layout import Glyph, Line, Paragraph
from edl2ffmpeg.frame import Frame, pixel_format
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.timeline.model import YuvColour
from edl2ffmpeg.timeline.text import REFERENCE_LINES, TextFormat

__all__ = ["TextPicture", "TextRenderer"]

# What a background box reaches beyond the text, as parts of the font's size.
_PADDING_ACROSS = Fraction(1, 4)
_PADDING_DOWN = Fraction(1, 8)

# Glyphs of this many times the picture's height are as large as any can be told from.
_LARGEST_SIZE = 4

# Ascenders and marks may reach so many ems out of their line.
_OVERSHOOT = 1

_MOST_CHARACTERS = 200_000

_CACHE_BYTES = 64 * 2**20
_CACHE_ENTRIES = 256

_LAYOUT = pixel_format("yuva444p")


@dataclass(frozen=True, slots=True, eq=False)
class TextPicture:
    """A drawn text, straight alpha, and where its top left corner is in the output.

    ``left``, ``top`` and the frame's size are even; in an output of odd size the frame may
    reach one pixel beyond it.
    """

    frame: Frame
    left: int
    top: int


@dataclass(frozen=True, slots=True)
class _Metrics:
    """A format in pixels: the em's height, and the height of lines and of what is above the
    baseline.  Whole lines keep every baseline on the same part of a pixel.
    """

    size: float
    ascent: int
    line_height: int


@dataclass(frozen=True, slots=True)
class _PlacedLine:
    """A line that is drawn: its glyphs, and the box from ascent to descent around them."""

    glyphs: list[Glyph]
    box: Rectangle
    baseline: int


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A text that was drawn, and what was missing for it."""

    picture: TextPicture | None
    missing: dict[str, str]


class TextRenderer(Owner):
    """Draws texts for an output of one size; a text that was drawn is kept and given again.

    The em's height is ``size_points`` pixels at 1080 lines, in proportion at others.  A text
    of less than a pixel is not drawn; one larger than four times the picture's height is
    drawn at that size.  The text's block stands between the margins, its boxes reach beyond
    it by a quarter of the size across and an eighth down.  What lies outside of the picture
    is left out.  With no room between the left and the right margin nothing is drawn.
    """

    def __init__(self, width: int, height: int, fonts: FontLibrary) -> None:
        """The renderer closes ``fonts``."""
        self._width = width
        self._height = height
        self._fonts = fonts
        self._kept: OrderedDict[tuple[str, TextFormat], _Drawn] = OrderedDict()
        self._kept_bytes = 0
        self._closed = False
        self._missing: dict[str, str] = {}
        self.drawn = 0
        """How many texts were drawn, not counting those that were kept."""

    @property
    def warnings(self) -> list[str]:
        """One sentence for each font and character that was missing since ``forget_warnings``."""
        return listed_warnings(self._missing.values())

    def forget_warnings(self) -> None:
        """From here on ``warnings`` are those of what is drawn, or given again, from here on."""
        self._missing.clear()

    def close(self) -> None:
        """Closes the fonts and forgets the pictures; those given out stay valid."""
        self._closed = True
        self._kept.clear()
        self._fonts.close()

    def draw(self, text: str, format: TextFormat) -> TextPicture | None:
        """The picture of ``text``; none for a text without a visible character.

        Raises ``MediaOpenError`` or ``MediaAccessError`` for a font file that cannot or must
        not be used.
        """
        if self._closed:
            raise ValueError("the text renderer is closed: it cannot draw any more")
        key = (text, format)
        drawn = self._kept.get(key)
        if drawn is not None:
            self._kept.move_to_end(key)
        else:
            self._fonts.missing.clear()
            drawn = _Drawn(self._draw(text, format), dict(self._fonts.missing))
            self.drawn += 1
            self._kept[key] = drawn
            self._kept_bytes += _bytes(text, drawn.picture)
            while len(self._kept) > 1 and (
                self._kept_bytes > _CACHE_BYTES or len(self._kept) > _CACHE_ENTRIES
            ):
                (old, _), dropped = self._kept.popitem(last=False)
                self._kept_bytes -= _bytes(old, dropped.picture)
        self._missing |= drawn.missing
        return drawn.picture

    def _draw(self, text: str, format: TextFormat) -> TextPicture | None:
        fonts = self._fonts.stack(format.fonts)
        if len(text) > _MOST_CHARACTERS:
            self._fonts.missing["length"] = (
                f"a text of {len(text)} characters is cut after {_MOST_CHARACTERS}"
            )
            text = text[:_MOST_CHARACTERS]
        text = clean_text(text)
        room = self._width - self._pixels(format.left_margin + format.right_margin)
        metrics = self._metrics(format, fonts)
        visible = any(not (letter.isspace() or is_ignorable(letter)) for letter in text)
        if not visible or metrics is None or room < 1:
            return None
        lines, top = self._lines(text, format, fonts, metrics, float(room))
        placed = self._place(lines, top, format, metrics)
        if not placed:
            return None
        return self._picture(placed, top, len(lines), format, metrics)

    def _pixels(self, length: Fraction) -> Fraction:
        return length * self._height / REFERENCE_LINES

    def _metrics(self, format: TextFormat, fonts: FontStack) -> _Metrics | None:
        size = min(float(self._pixels(format.size_points)), float(_LARGEST_SIZE * self._height))
        if size < 1:
            return None
        scale = size / fonts.primary.units_per_em
        ascent, descent, gap = (part * scale for part in fonts.primary.vertical_extents)
        above = math.ceil(ascent)
        return _Metrics(size, above, max(above + math.ceil(descent) + round(gap), 1))

    def _lines(
        self, text: str, format: TextFormat, fonts: FontStack, metrics: _Metrics, room: float
    ) -> tuple[list[Line], int]:
        """The lines down to where the picture ends, and the top of the first of them.

        Of a block that is pushed out at the top, the lines up to where the picture begins.
        """
        width = room if format.wraps else None
        highest = math.floor(self._pixels(format.top_margin))
        lowest = self._height - math.floor(self._pixels(format.bottom_margin))
        # A line more on either side: ink may reach out of a line.
        most = self._height // metrics.line_height + 2
        said = [Paragraph(part, fonts, metrics.size) for part in paragraphs(text)]
        lines: list[Line] = []
        if format.valign == "bottom":
            for paragraph in reversed(said):
                lines[:0] = paragraph.lines(width)
                if len(lines) > most:
                    break
            return lines, lowest - len(lines) * metrics.line_height
        for paragraph in said:
            lines += paragraph.lines(width)
            if format.valign == "top" and len(lines) > most:
                break
        if format.valign == "top":
            return lines, highest
        return lines, (highest + lowest - len(lines) * metrics.line_height) // 2

    def _place(
        self, lines: Sequence[Line], top: int, format: TextFormat, metrics: _Metrics
    ) -> list[_PlacedLine]:
        """The lines that the picture shows."""
        reach = math.ceil(metrics.size * _OVERSHOOT)
        placed = []
        for number, line in enumerate(lines):
            y = top + number * metrics.line_height
            if y + metrics.line_height + reach <= 0 or y - reach >= self._height:
                continue
            glyphs, width = line.glyphs()
            left = self._line_left(width, format)
            box = Rectangle(left, y, left + math.ceil(width), y + metrics.line_height)
            placed.append(_PlacedLine(glyphs, box, y + metrics.ascent))
        return placed

    def _line_left(self, width: float, format: TextFormat) -> int:
        left = self._pixels(format.left_margin)
        right = self._width - self._pixels(format.right_margin)
        if format.halign == "left":
            return round(left)
        if format.halign == "right":
            return round(float(right) - width)
        return round((float(left + right) - width) / 2)

    def _picture(
        self,
        placed: Sequence[_PlacedLine],
        top: int,
        line_count: int,
        format: TextFormat,
        metrics: _Metrics,
    ) -> TextPicture | None:
        bounds = Rectangle(0, 0, self._width, self._height)
        block = Rectangle(0, top, self._width, top + line_count * metrics.line_height)
        wanted = _boxes(placed, block, format, metrics)
        boxes = [part for box in wanted if (part := _common(box, bounds))]
        ink = _coverage(placed, bounds, metrics.size)
        area = _around([*boxes, *([ink[0]] if ink else [])])
        if area is None:
            return None
        coverage = np.zeros((area.height, area.width), np.uint8)
        if ink:
            _part(coverage, ink[0], area)[:] = ink[1]
        behind = np.zeros((area.height, area.width), bool)
        for box in boxes:
            _part(behind, box, area)[:] = True
        frame = new_frame(area.width, area.height, _LAYOUT, OUTPUT_COLOUR)
        _fill(frame, coverage, behind, format)
        return TextPicture(frame, area.left, area.top)


def _bytes(text: str, picture: TextPicture | None) -> int:
    pixels = picture.frame.width * picture.frame.height if picture else 0
    return len(text) + len(_LAYOUT.components) * pixels


def _boxes(
    placed: Sequence[_PlacedLine], block: Rectangle, format: TextFormat, metrics: _Metrics
) -> list[Rectangle]:
    """The background's boxes; those of empty lines are missing where each has its own."""
    if format.background is None or format.background.alpha == 0:
        return []
    across = round(metrics.size * float(_PADDING_ACROSS))
    down = round(metrics.size * float(_PADDING_DOWN))
    written = [line.box for line in placed if line.box.width]
    if format.background_shape == "ragged":
        return [_grown(box, across, down) for box in written]
    if format.background_shape == "wide":
        return [_grown(block, 0, down)]
    left = min((box.left for box in written), default=0)
    right = max((box.right for box in written), default=0)
    whole = Rectangle(left, block.top, right, block.bottom)
    return [_grown(whole, across, down)] if whole.width else []


def _grown(box: Rectangle, across: int, down: int) -> Rectangle:
    return Rectangle(box.left - across, box.top - down, box.right + across, box.bottom + down)


def _common(one: Rectangle, other: Rectangle) -> Rectangle | None:
    common = Rectangle(
        max(one.left, other.left),
        max(one.top, other.top),
        min(one.right, other.right),
        min(one.bottom, other.bottom),
    )
    return common if common.width > 0 and common.height > 0 else None


def _around(parts: Sequence[Rectangle]) -> Rectangle | None:
    """The smallest rectangle on even pixels around all ``parts``."""
    if not parts:
        return None
    left = min(part.left for part in parts) // 2 * 2
    top = min(part.top for part in parts) // 2 * 2
    right = -(-max(part.right for part in parts) // 2) * 2
    bottom = -(-max(part.bottom for part in parts) // 2) * 2
    return Rectangle(left, top, right, bottom)


def _part(plane: npt.NDArray[Any], part: Rectangle, area: Rectangle) -> npt.NDArray[Any]:
    rows = slice(part.top - area.top, part.bottom - area.top)
    return plane[rows, part.left - area.left : part.right - area.left]


def _coverage(
    placed: Sequence[_PlacedLine], bounds: Rectangle, size: float
) -> tuple[Rectangle, npt.NDArray[np.uint8]] | None:
    """Where there is ink, and how much of each of its pixels is covered, 0 to 255."""
    reach = math.ceil(size * _OVERSHOOT)
    lines = [_grown(line.box, reach, reach) for line in placed]
    area = _around([part for line in lines if (part := _common(line, bounds))])
    area = _common(area, bounds) if area else None
    if area is None:
        return None
    canvas = hb.RasterDraw()
    # HarfBuzz counts rows upward.
    canvas.extents = hb.RasterExtents(area.left, -area.bottom, area.width, area.height, 0)
    for line in placed:
        for face, number, x, y in line.glyphs:
            x += line.box.left
            if -reach * 2 < x < bounds.right + reach * 2:
                scale = size / face.units_per_em
                canvas.transform = (scale, 0, 0, scale, x, y - line.baseline)
                canvas.draw_glyph(face.font, number)
    image = canvas.render()
    rows = np.frombuffer(image.buffer, np.uint8).reshape(area.height, image.extents.stride)
    pixels = rows[::-1, : area.width]
    down, across = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    if not len(down):
        return None
    top, left = int(down[0]), int(across[0])
    bottom, right = int(down[-1]) + 1, int(across[-1]) + 1
    inked = Rectangle(area.left + left, area.top + top, area.left + right, area.top + bottom)
    return inked, pixels[top:bottom, left:right]


def _fill(
    frame: Frame,
    coverage: npt.NDArray[np.uint8],
    behind: npt.NDArray[np.bool_],
    format: TextFormat,
) -> None:
    """Writes colour and alpha: the text over its boxes.

    Where nothing shows, the samples are the text's: a filter then mixes in no other colour.
    """
    text, back = format.colour, format.background or YuvColour(0, 0, 0, 0)
    over = (coverage.astype(np.uint32) * text.alpha + 127) // 255
    under = np.where(behind, np.uint32(back.alpha), np.uint32(0)) * (255 - over)
    total = over * 255 + under
    frame.array(3)[:] = (total + 127) // 255
    weight = np.maximum(total, 1)
    for component, name in enumerate("yuv"):
        front, rear = getattr(text, name), getattr(back, name)
        mixed = (over * 255 * front + under * rear + weight // 2) // weight
        frame.array(component)[:] = np.where(total, mixed, front)
