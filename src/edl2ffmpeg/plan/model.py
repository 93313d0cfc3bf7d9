"""What to draw for one output frame, as values; it knows nothing of files' contents or pixels."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from edl2ffmpeg.timeline.effects import EFFECT_VALUES, EffectKind, TransitionLook
from edl2ffmpeg.timeline.model import GeneratedSource, MediaSource, TextSource, YuvColour

__all__ = [
    "ColourMix",
    "EffectPlan",
    "FramePlan",
    "GeneratedPicture",
    "LayerPlan",
    "MediaPicture",
    "Picture",
    "TextPicture",
    "TransformPlan",
    "TransitionPlan",
]


@dataclass(frozen=True, slots=True)
class MediaPicture:
    """The picture of ``source`` being played at ``source_time`` seconds.

    ``may_hold``: that the source has ended by then is as it should be (in a transition).
    """

    source: MediaSource
    source_time: Fraction
    may_hold: bool = False


@dataclass(frozen=True, slots=True)
class GeneratedPicture:
    """Picture number ``frame`` of a generated source (counted from its own time 0)."""

    source: GeneratedSource
    frame: int


@dataclass(frozen=True, slots=True)
class TextPicture:
    """A text, as large as its letters are; ``source`` says where it stands."""

    source: TextSource


Picture = MediaPicture | GeneratedPicture | TextPicture


@dataclass(frozen=True, slots=True)
class ColourMix:
    """Mix the layer with ``colour``: ``weight`` 1 is the layer alone, 0 the colour alone."""

    colour: YuvColour
    weight: Fraction


@dataclass(frozen=True, slots=True)
class TransformPlan:
    """Scale about the centre, rotate (degrees, clockwise), move, at one time.

    ``pan_x`` and ``pan_y`` +1 put the centre on the right and bottom edge of the output.
    ``flip`` mirrors the picture first; ``shape`` masks it: 1 rectangle, 0 ellipse, between
    rounded corners.
    """

    pan_x: float = 0.0
    pan_y: float = 0.0
    zoom_x: float = 1.0
    zoom_y: float = 1.0
    rotation: float = 0.0
    shape: float = 1.0
    flip: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether it leaves every picture as it is."""
        return self == _NO_TRANSFORM


_NO_TRANSFORM = TransformPlan()


@dataclass(frozen=True, slots=True)
class EffectPlan:
    """One effect at one time; see ``timeline.effects.Effect`` for the fields.

    ``values`` are in the order of ``EFFECT_VALUES``.  ``frame`` (the output frame's number)
    and ``seed`` choose the noise of ``OLD_FILM`` and are 0 elsewhere.
    """

    kind: EffectKind
    values: tuple[float, ...]
    curve: tuple[tuple[float, float], ...] = ()
    colour: YuvColour | None = None
    lut: str | None = None
    seed: int = 0
    frame: int = 0
    mask: TransformPlan | None = None
    inside: tuple[EffectPlan, ...] = ()
    outside: tuple[EffectPlan, ...] = ()

    def value(self, name: str) -> float:
        """The number called ``name`` in ``EFFECT_VALUES``."""
        names = [entry[0] for entry in EFFECT_VALUES[self.kind]]
        return self.values[names.index(name)]


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """One picture and what is done to it.

    In this order: gamma, ``effects``, ``transforms``, colour mix, opacity.  ``opacity`` is
    0..1; ``gamma`` g maps luma y to y^(1/g).  ``json_path`` names the source in the EDL,
    ``clip_path`` its clip; ``track_kind`` is the format's name of the kind of track.
    """

    picture: Picture
    track: int
    json_path: str
    clip_path: str
    gamma: Fraction = Fraction(1)
    colour_mix: ColourMix | None = None
    opacity: Fraction = Fraction(1)
    effects: tuple[EffectPlan, ...] = ()
    transforms: tuple[TransformPlan, ...] = ()
    track_kind: str = "video"


@dataclass(frozen=True, slots=True)
class TransitionPlan:
    """The way from ``outgoing`` (None: black) to ``incoming``, of which ``progress`` is done.

    ``progress`` is (k + 1/2) / N at picture k of N.
    """

    look: TransitionLook
    progress: Fraction
    outgoing: LayerPlan | None
    incoming: LayerPlan | None
    track: int
    json_path: str
    track_kind: str = "video"

    @property
    def legs(self) -> tuple[LayerPlan, ...]:
        """Those of the two that there are, outgoing first."""
        return tuple(leg for leg in (self.outgoing, self.incoming) if leg is not None)


@dataclass(frozen=True, slots=True)
class FramePlan:
    """Output frame ``number`` at ``time`` seconds: its layers in painter order, over black."""

    number: int
    time: Fraction
    layers: tuple[LayerPlan | TransitionPlan, ...]

    @property
    def pictures(self) -> tuple[LayerPlan, ...]:
        """Every layer that has a picture of its own, in the order of drawing."""
        found: list[LayerPlan] = []
        for layer in self.layers:
            found += layer.legs if isinstance(layer, TransitionPlan) else (layer,)
        return tuple(found)
