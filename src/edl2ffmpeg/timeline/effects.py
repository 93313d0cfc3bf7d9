"""What effects, transforms and transitions mean, as immutable values; it draws nothing."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from edl2ffmpeg.timeline.animation import Animation
from edl2ffmpeg.timeline.colour import BLACK
from edl2ffmpeg.timeline.model import YuvColour

__all__ = [
    "EFFECT_VALUES",
    "TRANSFORM_VALUES",
    "Effect",
    "EffectKind",
    "TimeCurve",
    "Transform",
    "TransitionKind",
    "TransitionLook",
]


class EffectKind(Enum):
    """The effects, by their name in the format."""

    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    SATURATION = "saturation"
    GAMMA = "gamma"
    BLACK_AND_WHITE = "blackAndWhite"
    RGB_BALANCE = "rgbBalance"
    WHITE = "white"
    Y = "y"
    U = "u"
    V = "v"
    BLUR = "blur"
    SHARPEN = "sharpen"
    MOSAIC = "mosaic"
    VIGNETTE = "vignette"
    CROP = "crop"
    BORDERS = "borders"
    LUT = "lut"
    OLD_FILM = "oldFilm"
    HIGHLIGHT = "highlight"


EFFECT_VALUES: dict[EffectKind, tuple[tuple[str, float], ...]] = {
    EffectKind.BRIGHTNESS: (("value", 1.0),),
    EffectKind.CONTRAST: (("value", 1.0),),
    EffectKind.SATURATION: (("value", 1.0),),
    EffectKind.GAMMA: (("value", 1.0),),
    EffectKind.BLACK_AND_WHITE: (("amount", 1.0),),
    EffectKind.RGB_BALANCE: (("red", 1.0), ("green", 1.0), ("blue", 1.0)),
    EffectKind.WHITE: (("u", 0.0), ("v", 0.0)),
    EffectKind.Y: (),
    EffectKind.U: (),
    EffectKind.V: (),
    EffectKind.BLUR: (("value", 0.0),),
    EffectKind.SHARPEN: (("value", 0.0), ("radius", 2.0)),
    EffectKind.MOSAIC: (("value", 0.0),),
    EffectKind.VIGNETTE: (("strength", 0.5), ("radius", 0.5), ("softness", 0.5)),
    EffectKind.CROP: (("left", 0.0), ("right", 0.0), ("top", 0.0), ("bottom", 0.0)),
    EffectKind.BORDERS: (("width", 0.05),),
    EffectKind.LUT: (("strength", 1.0),),
    EffectKind.OLD_FILM: (("grain", 0.3), ("scratches", 0.3), ("flicker", 0.3)),
    EffectKind.HIGHLIGHT: (("feather", 0.0),),
}
"""The numbers of each effect that may be animated, in order, with their defaults.

Where ``value`` and ``strength`` mean the same the first name stands for both.
"""

TRANSFORM_VALUES: tuple[tuple[str, float], ...] = (
    ("panx", 0.0),
    ("pany", 0.0),
    ("zoomx", 1.0),
    ("zoomy", 1.0),
    ("rotate", 0.0),
    ("shape", 1.0),
    ("opacity", 1.0),
)
"""The numbers of a transform's control point, in order, with their defaults."""


@dataclass(frozen=True)
class Transform:
    """A transform over time: ``TRANSFORM_VALUES`` animated; ``flip`` mirrors horizontally."""

    animation: Animation
    flip: bool = False
    json_path: str = ""


@dataclass(frozen=True)
class Effect:
    """One effect over time.

    ``animation`` gives the numbers that ``EFFECT_VALUES`` names.  ``curve`` is a piecewise
    linear map (source, result), ``colour`` the borders', ``lut`` the absolute path of a .cube
    file.  ``inside``, ``outside`` and ``mask`` (None: all is inside) belong to ``HIGHLIGHT``.
    """

    kind: EffectKind
    animation: Animation
    json_path: str
    curve: tuple[tuple[float, float], ...] = ()
    colour: YuvColour = BLACK
    lut: str | None = None
    seed: int = 0
    mask: Transform | None = None
    inside: tuple[Effect, ...] = ()
    outside: tuple[Effect, ...] = ()


class TransitionKind(Enum):
    """The transitions, by their name in the format."""

    DISSOLVE = "dissolve"
    DIP = "dip"
    WIPE = "wipe"
    SLIDE = "slide"
    PUSH = "push"
    IRIS = "iris"
    SQUARES = "squares"


@dataclass(frozen=True, slots=True)
class TransitionLook:
    """What a transition looks like; fields that its kind has no use for keep their defaults.

    ``colour`` is the dip's; ``angle`` in degrees, 0 is left to right; ``softness`` is a
    fraction of the way; ``points`` 0 is a circle; ``columns`` are the squares'.
    """

    kind: TransitionKind
    colour: YuvColour = BLACK
    angle: float = 0.0
    softness: float = 0.0
    invert: bool = False
    points: int = 0
    columns: int = 16


@dataclass(frozen=True, slots=True)
class TimeCurve:
    """A map from clip time to source time through ``points`` (clip time, source time).

    With ``is_bezier`` there are 3k+1 points of k cubic curves, else straight lines; held
    outside.
    """

    points: tuple[tuple[Fraction, Fraction], ...]
    is_bezier: bool = False

    def at(self, time: Fraction) -> Fraction:
        """Source time in seconds at clip ``time``."""
        times = [point[0] for point in self.points]
        index = min(max(bisect_right(times, time), 1), len(self.points) - 1)
        (x0, y0), (x1, y1) = self.points[index - 1 : index + 1]
        return y0 + (y1 - y0) * min(max((time - x0) / (x1 - x0), Fraction(0)), Fraction(1))
