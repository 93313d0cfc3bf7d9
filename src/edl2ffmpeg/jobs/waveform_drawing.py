"""Draws the waveform of a mix and the clips it is made of; it knows no timeline and no files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from edl2ffmpeg.jobs.palette import (
    ACCENT,
    BRIGHT,
    CARD,
    EDGE,
    PAPER,
    QUIET,
    Colour,
    ellipsised,
    plain,
)

__all__ = ["ClipBox", "Envelope", "TrackStrip", "WaveformPage", "draw_waveform"]

_PEAK: Colour = (58, 110, 140)
_RMS: Colour = (116, 190, 222)
_CLIPPED: Colour = (226, 92, 84)
_BLOCK: Colour = (45, 62, 74)
_TEXT = 15
_TITLE = 24
_MARGIN = 28
_GUTTER = 58  # left of the lanes, for what they are
_LANE_GAP = 10
_STRIP = 30
_RULER = 30
_HALF = 10 ** (-6 / 20)
_TICK_SECONDS = (
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200,
)  # fmt: skip
_TICK_DISTANCE = 110


@dataclass(frozen=True)
class Envelope:
    """One channel by columns: its lowest and highest sample and its RMS, full scale 1."""

    lowest: npt.NDArray[np.float32]
    highest: npt.NDArray[np.float32]
    rms: npt.NDArray[np.float32]


@dataclass(frozen=True)
class ClipBox:
    """A clip from one column to another, with its name."""

    left: float
    right: float
    name: str


@dataclass(frozen=True)
class TrackStrip:
    """An audio track of the EDL: its name and its clips."""

    name: str
    clips: tuple[ClipBox, ...]


@dataclass(frozen=True)
class WaveformPage:
    """All that is drawn; ``start`` and ``end`` are in seconds of the timeline."""

    title: str
    facts: tuple[str, ...]
    channels: tuple[Envelope, ...]
    strips: tuple[TrackStrip, ...]
    start: float
    end: float
    lane_height: int


def draw_waveform(page: WaveformPage) -> npt.NDArray[np.uint8]:
    """The page as (height, width, 3) R'G'B'."""
    return _Painter(page).draw()


class _Painter:
    def __init__(self, page: WaveformPage) -> None:
        self._page = page
        self._columns = len(page.channels[0].lowest)
        self._left = _MARGIN + _GUTTER
        self._top = _MARGIN + _TITLE + 2 * _TEXT + 16
        lanes = len(page.channels) * (page.lane_height + _LANE_GAP)
        self._ruler_top = self._top + lanes
        self._strips_top = self._ruler_top + _RULER
        height = self._strips_top + len(page.strips) * (_STRIP + 6) + _MARGIN
        self._sheet = Image.new("RGB", (self._left + self._columns + _MARGIN, height), PAPER)
        self._pen = ImageDraw.Draw(self._sheet)
        self._font = ImageFont.load_default(_TEXT)
        self._small = ImageFont.load_default(_TEXT - 3)

    def draw(self) -> npt.NDArray[np.uint8]:
        self._heading()
        for number, envelope in enumerate(self._page.channels):
            self._lane(number, envelope)
        self._ruler()
        for number, strip in enumerate(self._page.strips):
            self._strip(number, strip)
        return np.asarray(self._sheet)

    def _heading(self) -> None:
        title = ImageFont.load_default(_TITLE)
        room = self._sheet.width - 2 * _MARGIN
        baseline = _MARGIN + _TITLE - 4
        shown = ellipsised(plain(self._page.title), title, room)
        self._pen.text((_MARGIN, baseline), shown, BRIGHT, title, anchor="ls")
        facts = ellipsised(plain("   \u00b7   ".join(self._page.facts)), self._font, room)
        self._pen.text((_MARGIN, baseline + _TEXT + 14), facts, QUIET, self._font, anchor="ls")

    def _lane(self, number: int, envelope: Envelope) -> None:
        height = self._page.lane_height
        top = self._top + number * (height + _LANE_GAP)
        middle = top + height // 2
        half = height / 2 - 2
        box = (self._left, top, self._left + self._columns - 1, top + height - 1)
        self._pen.rectangle(box, CARD)
        for level in (_HALF, -_HALF):
            y = round(middle - level * half)
            self._pen.line((self._left, y, box[2], y), EDGE)
        self._cuts(top, top + height - 1)
        for column in range(self._columns):
            self._column(column, envelope, middle, half)
        names = {1: ("mono",), 2: ("left", "right")}.get(len(self._page.channels))
        name = names[number] if names else f"ch {number + 1}"
        self._pen.text((_MARGIN, middle), name, QUIET, self._font, anchor="lm")
        if height >= 5 * _TEXT:
            y = round(middle - _HALF * half)
            self._pen.text((self._left - 6, y), "-6", QUIET, self._small, anchor="rm")

    def _column(self, column: int, envelope: Envelope, middle: int, half: float) -> None:
        low, high = float(envelope.lowest[column]), float(envelope.highest[column])
        rms = min(float(envelope.rms[column]), 1.0)
        is_clipped = max(high, -low) > 1.0
        x = self._left + column
        ends = (
            round(middle - min(max(high, -1.0), 1.0) * half),
            round(middle - min(max(low, -1.0), 1.0) * half),
        )
        self._pen.line((x, ends[0], x, ends[1]), _CLIPPED if is_clipped else _PEAK)
        if rms * half >= 1 and not is_clipped:
            top, bottom = round(middle - rms * half), round(middle + rms * half)
            self._pen.line((x, max(top, ends[0]), x, min(bottom, ends[1])), _RMS)

    def _cuts(self, top: int, bottom: int) -> None:
        edges = {
            round(edge)
            for strip in self._page.strips
            for clip in strip.clips
            for edge in (clip.left, clip.right)
            if 0 < edge < self._columns
        }
        for edge in edges:
            self._pen.line((self._left + edge, top, self._left + edge, bottom), ACCENT)

    def _ruler(self) -> None:
        start, length = self._page.start, self._page.end - self._page.start
        per_second = self._columns / length
        step = next(
            (step for step in _TICK_SECONDS if step * per_second >= _TICK_DISTANCE),
            _TICK_SECONDS[-1],
        )
        number = int(np.ceil(start / step - 1e-9))
        while (time := number * step) <= self._page.end + 1e-9:
            x = self._left + round((time - start) * per_second)
            self._pen.line((x, self._ruler_top - 4, x, self._ruler_top + 2), QUIET)
            label = _clock(time, step)
            if x + self._small.getlength(label) / 2 <= self._sheet.width - 4:
                place = (x, self._ruler_top + 6)
                self._pen.text(place, label, QUIET, self._small, anchor="mt")
            number += 1

    def _strip(self, number: int, strip: TrackStrip) -> None:
        top = self._strips_top + number * (_STRIP + 6)
        middle = top + _STRIP // 2
        self._pen.text((_MARGIN, middle), strip.name, QUIET, self._font, anchor="lm")
        for clip in strip.clips:
            left = self._left + max(round(clip.left), 0)
            right = self._left + min(round(clip.right), self._columns) - 1
            box = (left, top, max(right, left), top + _STRIP - 1)
            self._pen.rectangle(box, _BLOCK, PAPER)
            room = right - left - 14
            name = ellipsised(plain(clip.name), self._font, room) if room > 0 else ""
            # Less than a few letters tells nothing.
            if len(name) >= min(len(clip.name), 4):
                self._pen.text((left + 8, middle), name, BRIGHT, self._font, anchor="lm")


def _clock(time: float, step: float) -> str:
    minutes, seconds = divmod(round(time, 3), 60)
    if step < 1:
        decimals = 1 if step >= 0.1 else 2
        return f"{int(minutes)}:{seconds:0{3 + decimals}.{decimals}f}"
    hours, minutes = divmod(int(minutes), 60)
    clock = f"{minutes:02d}:{int(seconds):02d}" if hours else f"{minutes}:{int(seconds):02d}"
    return f"{hours}:{clock}" if hours else clock
