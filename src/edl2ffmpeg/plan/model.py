"""What to draw for one output frame, as values; it knows nothing of files' contents or pixels."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from edl2ffmpeg.timeline.model import GeneratedSource, MediaSource, YuvColour

__all__ = ["ColourMix", "FramePlan", "GeneratedPicture", "LayerPlan", "MediaPicture"]


@dataclass(frozen=True, slots=True)
class MediaPicture:
    """The picture of ``source`` being played at ``source_time`` seconds."""

    source: MediaSource
    source_time: Fraction


@dataclass(frozen=True, slots=True)
class GeneratedPicture:
    """Picture number ``frame`` of a generated source (counted from its own time 0)."""

    source: GeneratedSource
    frame: int


@dataclass(frozen=True, slots=True)
class ColourMix:
    """Mix the layer with ``colour``: ``weight`` 1 is the layer alone, 0 the colour alone."""

    colour: YuvColour
    weight: Fraction


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """One picture and what is done to it, in this order: gamma, colour mix, opacity.

    ``opacity`` 0..1; ``gamma`` g maps luma y to y^(1/g).  ``json_path`` names the source in
    the EDL, ``clip_path`` its clip.
    """

    picture: MediaPicture | GeneratedPicture
    track: int
    json_path: str
    clip_path: str
    gamma: Fraction = Fraction(1)
    colour_mix: ColourMix | None = None
    opacity: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class FramePlan:
    """Output frame ``number`` at ``time`` seconds: its layers in painter order, over black."""

    number: int
    time: Fraction
    layers: tuple[LayerPlan, ...]
