"""The edits that every program draws in the drawing cases: numbers only, no library needed.

``moviepy_cases.py`` runs in an interpreter of its own, so nothing here imports the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

__all__ = [
    "BRIGHTNESS",
    "CONTRAST",
    "DISSOLVE_CLIPS",
    "DISSOLVE_SECONDS",
    "FIRST",
    "FRAME_RATE",
    "LAST",
    "PIP_CORNER",
    "PIP_OPACITY",
    "PIP_PAN",
    "PIP_SIZE",
    "SATURATION",
    "SIZE",
    "TEXT",
    "TEXT_FONT",
    "TEXT_MARGIN",
    "TEXT_SIZE",
    "View",
    "view_at",
]

SIZE = (1920, 1080)
FRAME_RATE = 30

# Chosen so that FFmpeg's eq, which keeps brightness in hundredths, is given 0.05.
BRIGHTNESS, CONTRAST, SATURATION = 1.047, 1.2, 1.3

DISSOLVE_CLIPS, DISSOLVE_SECONDS = 10, 1

# A third of the picture, with its corner on whole chroma cells.
PIP_SIZE = (SIZE[0] // 3, SIZE[1] // 3)
PIP_PAN = (0.625, -0.6)
PIP_CORNER = (1240, 36)
PIP_OPACITY = 0.8

TEXT = "Ten days in the hills, part one"
TEXT_FONT, TEXT_SIZE, TEXT_MARGIN = "DejaVu Sans", 64, 54


@dataclass(frozen=True)
class View:
    """A place of the transform, as the format has it."""

    pan_x: float
    pan_y: float
    zoom: float
    rotation: float

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the scaled and moved picture before it is turned."""
        width, height = SIZE[0] * self.zoom, SIZE[1] * self.zoom
        left = (SIZE[0] * (1 + self.pan_x) - width) / 2
        top = (SIZE[1] * (1 + self.pan_y) - height) / 2
        return left, top, width, height

    def source_of(self, x: float, y: float) -> tuple[float, float]:
        """The point of the source that is shown at ``x``, ``y``."""
        angle = radians(self.rotation)
        x -= SIZE[0] * (1 + self.pan_x) / 2
        y -= SIZE[1] * (1 + self.pan_y) / 2
        across = (x * cos(angle) + y * sin(angle)) / self.zoom
        down = (y * cos(angle) - x * sin(angle)) / self.zoom
        return SIZE[0] / 2 + across, SIZE[1] / 2 + down


# The picture covers the whole frame at all times.
FIRST, LAST = View(0, 0, 1.1, 0), View(0.1, -0.06, 1.5, 10)


def view_at(share: float) -> View:
    """The view when ``share`` of the movie has passed."""

    def between(first: float, last: float) -> float:
        return first + (last - first) * share

    return View(
        between(FIRST.pan_x, LAST.pan_x),
        between(FIRST.pan_y, LAST.pan_y),
        between(FIRST.zoom, LAST.zoom),
        between(FIRST.rotation, LAST.rotation),
    )
