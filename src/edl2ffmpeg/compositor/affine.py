"""Where a transformed layer lies on the output, as an affine map; it samples nothing.

Picture coordinates (p, q) run from -1 to 1 over what is shown of the upright source; output
coordinates are pixels from the top left corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, isfinite, radians, sin

from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.plan.model import TransformPlan

__all__ = ["Affine", "layer_affine"]

# A picture that is thinner than this, in pixels, has no pixel to show.
_THINNEST = 1e-6
# Beyond this many pixels a layer's edges cannot be told from infinity.
_FARTHEST = 1e9
_STRAIGHT = 1e-7


@dataclass(frozen=True, slots=True)
class Affine:
    """x = xx p + xy q + x0, y = yx p + yy q + y0."""

    xx: float
    xy: float
    x0: float
    yx: float
    yy: float
    y0: float

    @property
    def is_straight(self) -> bool:
        """Whether the picture's edges are the output's directions (it may be mirrored)."""
        return abs(self.xy) < _STRAIGHT and abs(self.yx) < _STRAIGHT

    @property
    def is_visible(self) -> bool:
        """Whether it leaves anything to see, and numbers that can be worked with."""
        terms = (self.xx, self.xy, self.x0, self.yx, self.yy, self.y0)
        if not all(isfinite(term) and abs(term) < _FARTHEST for term in terms):
            return False
        longest = max(self.across, self.down)
        return longest > 0 and abs(self.determinant) / longest > _THINNEST

    @property
    def determinant(self) -> float:
        """How much area one unit of picture covers, negative if mirrored."""
        return self.xx * self.yy - self.xy * self.yx

    @property
    def across(self) -> float:
        """Half the length of the picture's upper edge, in pixels."""
        return hypot(self.xx, self.yx)

    @property
    def down(self) -> float:
        """Half the length of the picture's left edge, in pixels."""
        return hypot(self.xy, self.yy)

    def after(self, scale: tuple[float, float, float, float], move: tuple[float, float]) -> Affine:
        """This map, then x' = a x + b y + move, y' = c x + d y + move."""
        a, b, c, d = scale
        return Affine(
            a * self.xx + b * self.yx,
            a * self.xy + b * self.yy,
            a * self.x0 + b * self.y0 + move[0],
            c * self.xx + d * self.yx,
            c * self.xy + d * self.yy,
            c * self.x0 + d * self.y0 + move[1],
        )

    def inverse(self) -> Affine:
        """From pixels to picture coordinates."""
        size = self.determinant
        xx, xy = self.yy / size, -self.xy / size
        yx, yy = -self.yx / size, self.xx / size
        return Affine(xx, xy, -xx * self.x0 - xy * self.y0, yx, yy, -yx * self.x0 - yy * self.y0)

    def bounds(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the picture in pixels, ``margin`` around it."""
        wide = abs(self.xx) + abs(self.xy) + margin
        high = abs(self.yx) + abs(self.yy) + margin
        return self.x0 - wide, self.y0 - high, self.x0 + wide, self.y0 + high


def layer_affine(
    placed: Rectangle, output: tuple[int, int], transforms: Sequence[TransformPlan]
) -> Affine:
    """The map of a picture that was fitted into ``placed`` and is then transformed in order."""
    width, height = output
    centre = ((placed.left + placed.right) / 2, (placed.top + placed.bottom) / 2)
    result = Affine(placed.width / 2, 0.0, centre[0], 0.0, placed.height / 2, centre[1])
    for step in transforms:
        turn = _quarter(step.rotation) or (cos(radians(step.rotation)), sin(radians(step.rotation)))
        zoom_x = -step.zoom_x if step.flip else step.zoom_x
        # y points down, so that a positive angle is clockwise on screen.
        a, b = turn[0] * zoom_x, -turn[1] * step.zoom_y
        c, d = turn[1] * zoom_x, turn[0] * step.zoom_y
        middle_x, middle_y = width / 2, height / 2
        move_x = middle_x - a * middle_x - b * middle_y + step.pan_x * width / 2
        move_y = middle_y - c * middle_x - d * middle_y + step.pan_y * height / 2
        result = result.after((a, b, c, d), (move_x, move_y))
    return result


def _quarter(degrees: float) -> tuple[float, float] | None:
    """Exact cosine and sine of quarter turns; others are left to the functions."""
    if degrees % 90:
        return None
    return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(degrees % 360) // 90]
