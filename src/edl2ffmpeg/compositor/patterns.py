"""The pictures of the generated sources: bars, counter digits, the demo's waves; it caches nothing.

Everything is integers, or floating point without transcendental functions, so that every
machine draws the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.compositor.backend import Kernels
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.operations import BLACK
from edl2ffmpeg.compositor.planes import component_plane, component_rectangle, rectangle_plane
from edl2ffmpeg.frame import Frame, Matrix
from edl2ffmpeg.timeline.model import YuvColour

__all__ = ["FEWEST_DIGITS", "Counter", "draw_bars", "draw_demo", "fill_rectangle"]

_CYCLE = 1024
"""Steps of one turn of a wave and of the demo's palette."""

_WHITE = YuvColour(235, 128, 128)
FEWEST_DIGITS = 6

_GREY, _YELLOW, _CYAN, _GREEN = (1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0)
_MAGENTA, _RED, _BLUE, _NONE = (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)
_BARS = (_GREY, _YELLOW, _CYAN, _GREEN, _MAGENTA, _RED, _BLUE)
_REVERSED_BARS = (_BLUE, _NONE, _MAGENTA, _NONE, _CYAN, _NONE, _GREY)
_BAR_LEVEL = 0.75
# Just below, at and just above black: a display is set so that only the last one shows.
_PLUGE_LUMA = (9, 16, 25)

# Segments: top, upper right, lower right, bottom, lower left, upper left, middle.
_SEGMENTS = (
    "abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg",
)  # fmt: skip


def bt709_colour(red: float, green: float, blue: float) -> YuvColour:
    """The limited-range colour of R'G'B' in 0..1."""
    assert Matrix.BT709.value is not None
    kr, kb = Matrix.BT709.value
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    u = 128 + 224 * (blue - luma) / (2 * (1 - kb))
    v = 128 + 224 * (red - luma) / (2 * (1 - kr))
    return YuvColour(round(16 + 219 * luma), round(u), round(v))


def fill_rectangle(kernels: Kernels, frame: Frame, pixels: Rectangle, colour: YuvColour) -> None:
    """Fill a rectangle of a frame."""
    for component, code in enumerate((colour.y, colour.u, colour.v)):
        area = component_rectangle(frame.format, component, pixels)
        if area.width > 0 and area.height > 0:
            plane = rectangle_plane(frame, component, area)
            kernels.fill(plane, code << (frame.format.depth - 8), 0, area.height)


def draw_bars(kernels: Kernels, frame: Frame) -> None:
    """SMPTE-like bars: 75 % colours, the same reversed, then a ramp, white and near-blacks."""
    columns = _edges(frame.width, 7, frame.format.chroma_shift[0])
    rows = [edge * frame.height // 12 for edge in (0, 8, 9, 12)]
    step = 1 << frame.format.chroma_shift[1]
    top, middle, lower, bottom = (*(row // step * step for row in rows[:3]), frame.height)
    for bars, start, end in ((_BARS, top, middle), (_REVERSED_BARS, middle, lower)):
        for index, on in enumerate(bars):
            red, green, blue = (_BAR_LEVEL * channel for channel in on)
            area = Rectangle(columns[index], start, columns[index + 1], end)
            fill_rectangle(kernels, frame, area, bt709_colour(red, green, blue))
    fill_rectangle(kernels, frame, Rectangle(0, lower, frame.width, bottom), BLACK)
    _draw_ramp(kernels, frame, Rectangle(0, lower, columns[4], bottom))
    fill_rectangle(kernels, frame, Rectangle(columns[4], lower, columns[5], bottom), _WHITE)
    thirds = _edges(columns[6] - columns[5], 3, 0)
    for index, luma in enumerate(_PLUGE_LUMA):
        left, right = (columns[5] + edge for edge in thirds[index : index + 2])
        if left < right and lower < bottom:
            plane = rectangle_plane(frame, 0, Rectangle(left, lower, right, bottom))
            kernels.fill(plane, luma << (frame.format.depth - 8), 0, bottom - lower)


def _draw_ramp(kernels: Kernels, frame: Frame, area: Rectangle) -> None:
    if area.width <= 0 or area.height <= 0:
        return
    scale = 1 << (frame.format.depth - 8)
    position = np.arange(area.width)
    ramp = 16 * scale + position * 219 * scale // max(1, area.width - 1)
    rows = np.tile(ramp.astype(np.uint16), (area.height, 1))
    kernels.write(rectangle_plane(frame, 0, area), rows)


def _edges(length: int, parts: int, shift: int) -> list[int]:
    edges = [length * index // parts >> shift << shift for index in range(parts)]
    return [*edges, length]


@dataclass(frozen=True)
class Counter:
    """Where the frame counter stands in a picture, and how large its digits are."""

    box: Rectangle
    digits: int
    digit_width: int
    digit_height: int
    stroke: int

    @classmethod
    def of(cls, frame: Frame, digits: int) -> Counter:
        """A counter of ``digits`` digits, centred in the upper part of ``frame``."""
        # A digit's cell is 6 x 9 strokes (5 x 9 drawn), with two strokes around the whole.
        across = frame.width * 7 // 10 // (6 * digits + 3)
        stroke = max(1, min(across, frame.height // 4 // 13))
        width = (6 * digits + 3) * stroke
        height = 13 * stroke
        left = max(0, (frame.width - width) // 2) // 4 * 4
        top = max(0, frame.height // 3 - height // 2) // 4 * 4
        right, bottom = min(left + width, frame.width), min(top + height, frame.height)
        return cls(Rectangle(left, top, right, bottom), digits, 5 * stroke, 9 * stroke, stroke)

    def draw(self, kernels: Kernels, frame: Frame, number: int) -> None:
        """Write ``number`` into the box, whose chroma is neutral already."""
        depth = frame.format.depth
        black, white = BLACK.y << (depth - 8), _WHITE.y << (depth - 8)
        box = np.full((self.box.height, self.box.width), black, np.uint16)
        for index, digit in enumerate(f"{number:0{self.digits}d}"):
            left = (2 + 6 * index) * self.stroke
            cell = box[2 * self.stroke :, left:]
            for segment in _SEGMENTS[int(digit)]:
                rows, columns = self._segment(segment)
                cell[rows, columns] = white
        if box.size:
            kernels.write(rectangle_plane(frame, 0, self.box), box)

    def _segment(self, name: str) -> tuple[slice, slice]:
        stroke, width, height = self.stroke, self.digit_width, self.digit_height
        middle = (height - stroke) // 2
        left, right = slice(0, stroke), slice(width - stroke, width)
        upper, lower = slice(0, middle + stroke), slice(middle, height)
        across = slice(0, width)
        return {
            "a": (slice(0, stroke), across),
            "b": (upper, right),
            "c": (lower, right),
            "d": (slice(height - stroke, height), across),
            "e": (lower, left),
            "f": (upper, left),
            "g": (slice(middle, middle + stroke), across),
        }[name]


def wave(phase: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A sine's likeness from parabolas: period 1024, amplitude 1024."""
    turn = phase & (_CYCLE - 1)
    half = turn & (_CYCLE // 2 - 1)
    height = half * (_CYCLE // 2 - half) >> 6
    return np.where(turn < _CYCLE // 2, height, -height)


def demo_palette(depth: int) -> npt.NDArray[np.uint16]:
    """Y, U and V of the demo's 1024 colours, a closed loop through the warm and the cold."""
    turn = np.arange(_CYCLE, dtype=np.int64)
    red = 0.52 + 0.46 * wave(turn) / 1024
    green = 0.42 + 0.36 * wave(turn + 160 + (wave(turn * 2) >> 4)) / 1024
    blue = 0.54 + 0.42 * wave(turn + 400) / 1024
    assert Matrix.BT709.value is not None
    kr, kb = Matrix.BT709.value
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    u = 128 + 224 * (blue - luma) / (2 * (1 - kb))
    v = 128 + 224 * (red - luma) / (2 * (1 - kr))
    codes = np.stack([16 + 219 * luma, u, v]) * (1 << (depth - 8))
    return np.floor(codes + 0.5).astype(np.uint16)


def demo_phases(width: int, height: int, number: int) -> list[npt.NDArray[np.uint16]]:
    """The waves of picture ``number`` along x, y and the diagonal x + y, in pixels."""
    size = max(1, height)
    x = np.arange(width, dtype=np.int64) * _CYCLE // size
    y = np.arange(height, dtype=np.int64) * _CYCLE // size
    diagonal = np.arange(width + height - 1, dtype=np.int64) * _CYCLE // size
    across = (wave(x * 5 // 8 + number * 3) * 3 >> 3) + number * 2
    down = wave(y * 3 // 4 - number * 4) * 3 >> 3
    slant = (wave(diagonal // 2 + number * 5) >> 2) + (wave(diagonal * 2 - number * 7) >> 5)
    return [(phase & (_CYCLE - 1)).astype(np.uint16) for phase in (across, down, slant)]


def draw_demo(kernels: Kernels, frame: Frame, palette: npt.NDArray[np.uint16], number: int) -> None:
    """Picture ``number`` of the moving pattern, all components at their own sample sites."""
    across, down, slant = demo_phases(frame.width, frame.height, number)
    for component in range(3):
        step_x, step_y = (1 << shift if component else 1 for shift in frame.format.chroma_shift)
        plane = component_plane(frame, component)
        rows = frame.format.component_size(component, frame.width, frame.height)[1]
        kernels.pattern(
            plane,
            np.ascontiguousarray(across[::step_x]),
            np.ascontiguousarray(down[::step_y]),
            slant,
            step_x,
            step_y,
            palette[component],
            0,
            rows,
        )
