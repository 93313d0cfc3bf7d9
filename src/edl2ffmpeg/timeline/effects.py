"""What effects, transforms and transitions mean, as immutable values; it draws nothing."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

from edl2ffmpeg.timeline.animation import Animation, bezier_parameter
from edl2ffmpeg.timeline.colour import BLACK
from edl2ffmpeg.timeline.model import YuvColour

__all__ = [
    "EFFECT_LIMITS",
    "EFFECT_VALUES",
    "TRANSFORM_LIMITS",
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

# Far beyond any use, but finite: easing may multiply the largest doubles.
_MOST = 1e9
_NO_LIMIT = (-_MOST, _MOST)
_NOT_NEGATIVE = (0.0, _MOST)
_SHARE = (0.0, 1.0)
_LIMITS_BY_NAME = {
    **dict.fromkeys(("radius", "softness", "feather"), _NOT_NEGATIVE),
    **dict.fromkeys(("amount", "strength", "left", "right", "top", "bottom", "width"), _SHARE),
    **dict.fromkeys(("grain", "scratches", "flicker", "shape", "opacity"), _SHARE),
}
_NOT_NEGATIVE_KINDS = (EffectKind.GAMMA, EffectKind.BLUR, EffectKind.SHARPEN, EffectKind.MOSAIC)

EFFECT_LIMITS: dict[EffectKind, tuple[tuple[float, float], ...]] = {
    kind: tuple(
        _NOT_NEGATIVE
        if name == "value" and kind in _NOT_NEGATIVE_KINDS
        else _LIMITS_BY_NAME.get(name, _NO_LIMIT)
        for name, _ in values
    )
    for kind, values in EFFECT_VALUES.items()
}
"""What each number of ``EFFECT_VALUES`` is kept within, as easing may overshoot."""

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

TRANSFORM_LIMITS = tuple(_LIMITS_BY_NAME.get(name, _NO_LIMIT) for name, _ in TRANSFORM_VALUES)
"""What each of them is kept within; places, sizes and turns may overshoot."""


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


_TimePoint = tuple[Fraction, Fraction]
_NANOSECONDS = 10**9


@dataclass(frozen=True, slots=True)
class TimeCurve:
    """A map from clip time to source time through ``points`` (clip time, source time).

    With ``is_bezier`` there are 3k+1 points of k cubic curves, else straight lines; held
    outside.  Clip times never fall, those of the curves' inner points included, so no curve
    turns back; where two ends of a line or curve have one time, there is a jump.
    """

    points: tuple[_TimePoint, ...]
    is_bezier: bool = False
    _times: tuple[Fraction, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keeps the times of the lines' or curves' ends for the search."""
        ends = self.points[:: 3 if self.is_bezier else 1]
        object.__setattr__(self, "_times", tuple(time for time, _ in ends))

    def at(self, time: Fraction) -> Fraction:
        """Source time in seconds at clip ``time``; exact on lines, to 1 ns on curves."""
        index = bisect_right(self._times, time)
        if index == 0:
            return self.points[0][1]
        if index == len(self._times):
            return self.points[-1][1]
        if self.is_bezier:
            return _on_curve(self.points[3 * index - 3 : 3 * index + 1], time)
        (x0, y0), (x1, y1) = self.points[index - 1 : index + 1]
        return y0 + (y1 - y0) * (time - x0) / (x1 - x0)

    def latest(self, length: Fraction) -> Fraction:
        """The latest source time at clip time 0, at ``length`` and at every end between."""
        inside = (time for time in self._times if 0 < time < length)
        return max(self.at(time) for time in (Fraction(0), length, *inside))


def _on_curve(piece: tuple[_TimePoint, ...], time: Fraction) -> Fraction:
    """Source time on one cubic curve, whose ends have different clip times."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = piece
    length = x3 - x0
    inner = float((x1 - x0) / length), float((x2 - x0) / length)
    t = bezier_parameter(*inner, float((time - x0) / length))
    rest = 1 - t
    passed = 3 * rest * t * (rest * float(y1 - y0) + t * float(y2 - y0)) + t**3 * float(y3 - y0)
    # From here on source times are exact again; a double's tail would only look exact.
    return y0 + Fraction(round(passed * _NANOSECONDS), _NANOSECONDS)
