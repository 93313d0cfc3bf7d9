"""Lays text out: runs of one font, script and direction, shaped and broken into lines.

It draws nothing.  Everything is about linear in the length of the text: a paragraph is shaped
once to find its lines, and only lines that are drawn are shaped again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import uharfbuzz as hb

from edl2ffmpeg.compositor.bidi import embedding_levels, paragraph_level, visual_order
from edl2ffmpeg.compositor.font_files import FontFace
from edl2ffmpeg.compositor.fonts import FontStack, is_ignorable
from edl2ffmpeg.compositor.line_breaks import break_places, joins_previous

__all__ = ["Glyph", "Line", "Paragraph"]

# How much text around a run shaping may see: letters join across runs.
_CONTEXT = 8

# More marks than this on one letter begin a new cluster, so that clusters stay short.
_LONGEST_CLUSTER = 32

_HAN = {"Hani", "Hira", "Kana", "Bopo", "Hang"}


class Glyph(NamedTuple):
    """A glyph of ``face``, its origin ``x``, ``y`` pixels from the line's start, y upward."""

    face: FontFace
    number: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Run:
    """Characters ``[start, end)`` of a paragraph with one level, script and font."""

    start: int
    end: int
    level: int
    script: str
    face: FontFace


@dataclass(frozen=True, slots=True)
class Line:
    """Characters ``[start, end)`` of a paragraph, without the spaces at its end."""

    paragraph: Paragraph
    start: int
    end: int

    def glyphs(self) -> tuple[list[Glyph], float]:
        """The line's glyphs from left to right, and its width in pixels."""
        return self.paragraph.shape_line(self.start, self.end)


class Paragraph:
    """A line of text as the text says it: its runs, and the places where it can be broken."""

    def __init__(self, text: str, fonts: FontStack, size: float) -> None:
        """``size`` is the em's height in pixels."""
        self.text = text
        self._fonts = fonts
        self._size = size

    def lines(self, width: float | None) -> list[Line]:
        """The paragraph in lines of at most ``width`` pixels; in one line without.

        A word that is wider than a line is broken between its characters.
        """
        if width is None:
            return [Line(self, 0, len(self.text.rstrip()))]
        places, ends = map(np.array, break_places(self.text))
        reach = self._reach
        # A thousandth more, for what sums of floating point numbers round.
        room = width + self._size / 1000
        end_reach = reach[ends]
        lines: list[Line] = []
        start = place = 0
        while start < len(self.text):
            limit = reach[start] + room
            fitting = int(np.searchsorted(end_reach, limit, "right")) - 1
            if fitting >= place:
                # Nothing is left of a word but the spaces after it, if a break went before them.
                if ends[fitting] > start or not lines:
                    lines.append(Line(self, start, max(int(ends[fitting]), start)))
                start, place = int(places[fitting]), fitting + 1
            else:
                end = self._emergency_break(start, limit)
                lines.append(Line(self, start, end))
                start = end
                place = int(np.searchsorted(places, start, "right"))
        return lines or [Line(self, 0, 0)]

    @cached_property
    def base_level(self) -> int:
        """1 if the paragraph runs from right to left, else 0."""
        return paragraph_level(self.text)

    @cached_property
    def _codepoints(self) -> list[int]:
        return list(map(ord, self.text))

    @cached_property
    def _runs(self) -> list[Run]:
        levels = embedding_levels(self.text, self.base_level)
        return list(_runs(self.text, levels, self._fonts))

    @cached_property
    def _language(self) -> str:
        """The language whose shapes of Han characters the paragraph wants."""
        scripts = {run.script for run in self._runs}
        if scripts & {"Hira", "Kana"}:
            return "ja"
        return "ko" if "Hang" in scripts else "zh-hans"

    @cached_property
    def _reach(self) -> npt.NDArray[np.float64]:
        """The width in pixels of all clusters that begin before each position, summed."""
        advances = np.zeros(len(self.text) + 1)
        for run in self._runs:
            infos, positions = self._shape(run.start, run.end, run)
            scale = self._size / run.face.units_per_em
            clusters = [info.cluster for info in infos]
            widths = [max(position.x_advance, 0) * scale for position in positions]
            np.add.at(advances, np.array(clusters, np.intp) + 1, widths)
        return np.cumsum(advances)

    def _emergency_break(self, start: int, limit: float) -> int:
        """The last end of a cluster before ``limit``, at least one cluster after ``start``."""
        reach = self._reach
        end = int(np.searchsorted(reach, limit, "right")) - 1
        end = max(end, start + 1)
        while end < len(self.text) and joins_previous(self.text[end]):
            end += 1
        return end

    def shape_line(self, start: int, end: int) -> tuple[list[Glyph], float]:
        """The glyphs of ``[start, end)`` from left to right, and their width in pixels."""
        runs = [run for run in self._runs if max(run.start, start) < min(run.end, end)]
        glyphs = []
        pen = 0.0
        for run in visual_order(runs, [run.level for run in runs]):
            infos, positions = self._shape(max(run.start, start), min(run.end, end), run)
            scale = self._size / run.face.units_per_em
            for info, position in zip(infos, positions, strict=True):
                x, y = pen + position.x_offset * scale, position.y_offset * scale
                glyphs.append(Glyph(run.face, info.codepoint, x, y))
                pen += position.x_advance * scale
        return glyphs, pen

    def _shape(self, start: int, end: int, run: Run) -> tuple[Sequence[Any], Sequence[Any]]:
        """HarfBuzz's glyphs and positions for a part of a run, in visual order."""
        before = max(start - _CONTEXT, 0)
        buffer = hb.Buffer()
        buffer.add_codepoints(
            self._codepoints[before : end + _CONTEXT], start - before, end - start
        )
        buffer.direction = "rtl" if run.level & 1 else "ltr"
        buffer.script = run.script
        # Never the locale's, which would make the picture differ from machine to machine.
        buffer.language = self._language if run.script in _HAN else "und"
        hb.shape(run.face.font, buffer)
        # None and not an empty list where there are no glyphs at all.
        infos = buffer.glyph_infos or []
        if before:
            infos = [_Moved(info.codepoint, info.cluster + before) for info in infos]
        return infos, buffer.glyph_positions or []


class _Moved(NamedTuple):
    codepoint: int
    cluster: int


@lru_cache(8192)
def _script(letter: str) -> str:
    """The script of a character as ISO 15924 has it; nothing for what all scripts share."""
    buffer = hb.Buffer()
    buffer.add_codepoints([ord(letter)])
    buffer.guess_segment_properties()
    return buffer.script or ""


def _runs(text: str, levels: Sequence[int], fonts: FontStack) -> Iterator[Run]:
    """The runs of a paragraph, in the order of the text."""
    scripts = _resolved_scripts(text)
    faces = _faces(text, fonts)
    start = 0
    for index in range(1, len(text) + 1):
        if (
            index == len(text)
            or faces[index] is not faces[start]
            or levels[index] != levels[start]
            or scripts[index] != scripts[start]
        ):
            yield Run(start, index, levels[start], scripts[start], faces[start])
            start = index


def _resolved_scripts(text: str) -> list[str]:
    """Every character's script; those that all scripts share take the one before them."""
    scripts = [_script(letter) for letter in text]
    current = next(filter(None, scripts), "Zyyy")
    for index, script in enumerate(scripts):
        current = scripts[index] = script or current
    return scripts


def _faces(text: str, fonts: FontStack) -> list[FontFace]:
    """Every character's font: one for a letter and its marks; spaces go with what is before."""
    faces: list[FontFace] = []
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and _continues(text, start, end):
            continue
        cluster = text[start:end]
        ignorable = is_ignorable(cluster[0])
        # Spaces inside of words' runs keep them whole; a symbol font's may be very wide.
        in_words = cluster[0].isspace() and start > 0 and _is_word_part(text[start - 1])
        if faces and (ignorable or (in_words and faces[-1].has(cluster[0]))):
            face = faces[-1]
        else:
            face = fonts.primary if ignorable else fonts.face_for(cluster)
        faces += [face] * (end - start)
        start = end
    return faces


def _continues(text: str, start: int, index: int) -> bool:
    """Whether ``text[index]`` belongs to the cluster that began at ``start``."""
    if index - start >= _LONGEST_CLUSTER:
        return False
    return (
        joins_previous(text[index])
        or _is_variation(text[index])
        or (text[index - 1] == "\u200d" and text[index].isprintable() and not text[index].isalnum())
    )


def _is_word_part(letter: str) -> bool:
    """Whether a character is a letter, a mark or a digit."""
    return unicodedata.category(letter)[0] in "LMN"


def _is_variation(letter: str) -> bool:
    """Whether a character chooses a variant of the one before it."""
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
