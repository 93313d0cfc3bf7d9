"""Splits frames into chunks, and tells by a digest what a chunk draws; it draws nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from fractions import Fraction
from hashlib import sha256
from typing import Any

from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.plan.model import (
    EffectPlan,
    LayerPlan,
    MediaPicture,
    TextPicture,
    TransitionPlan,
)
from edl2ffmpeg.timing import frame_at

__all__ = ["Chunk", "Drawn", "PlanDigest", "canonical", "clips_of", "split"]

# Where the EDL says a thing, and in which words, changes no picture.
_PLACES = frozenset({"json_path", "clip_path", "uri"})


@dataclass(frozen=True, slots=True)
class Chunk:
    """Output frames ``[start, end)`` of the timeline; ``number`` counts chunks from 0."""

    number: int
    start: int
    end: int

    @property
    def frames(self) -> int:
        """How many they are."""
        return self.end - self.start


def split(frame_range: tuple[int, int], rate: Fraction, seconds: Fraction) -> tuple[Chunk, ...]:
    """The chunks of these frames, each of ``seconds`` but for the last; 0 is a single one."""
    start, end = frame_range
    length = max(frame_at(seconds, rate), 1) if seconds else end - start
    starts = range(start, end, length)
    return tuple(
        Chunk(number, first, min(first + length, end)) for number, first in enumerate(starts)
    )


def canonical(value: Any) -> str:
    """A text that is the same for values that mean the same, wherever their EDL has them."""
    if is_dataclass(value) and not isinstance(value, type):
        inner = ",".join(
            canonical(getattr(value, field.name))
            for field in fields(value)
            if field.name not in _PLACES
        )
        return f"{type(value).__name__}({inner})"
    if isinstance(value, (tuple, list)):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{canonical(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return repr(value)


@dataclass(frozen=True)
class Drawn:
    """What a chunk draws: a digest of it, and what it reads for that.

    ``media`` and ``luts`` are locations, ``fonts`` families and files as the EDL names them; a
    text may also be drawn with fonts that it does not name.
    """

    digest: str
    media: tuple[str, ...] = ()
    luts: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    has_text: bool = False


class PlanDigest:
    """Digests of what chunks draw: their frame plans without numbers, times and places.

    Frames at another time of the timeline, or of an edited EDL, that draw the same have the
    same digest.  A layer costs some 20 us, since what stays from frame to frame is kept.
    """

    def __init__(self, planner: FramePlanner) -> None:
        self._planner = planner
        # Kept with the object itself, whose id must not be given to another one.
        self._known: dict[int, tuple[Any, str]] = {}

    def of(self, chunk: Chunk) -> Drawn:
        """What the frames of a chunk draw."""
        digest = sha256()
        media: set[str] = set()
        luts: set[str] = set()
        fonts: set[str] = set()
        has_text = False
        for number in range(chunk.start, chunk.end):
            plan = self._planner.frame(number)
            for layer in plan.layers:
                digest.update(self._layer(layer).encode("utf-8", "surrogatepass"))
            digest.update(b"\n")
            for shown in plan.pictures:
                if isinstance(shown.picture, MediaPicture):
                    media.add(shown.picture.source.location)
                elif isinstance(shown.picture, TextPicture):
                    has_text = True
                    fonts.update(shown.picture.source.format.fonts)
                luts.update(_luts(shown.effects))
        self._known.clear()
        return Drawn(digest.hexdigest(), _ordered(media), _ordered(luts), _ordered(fonts), has_text)

    def _layer(self, layer: LayerPlan | TransitionPlan) -> str:
        if isinstance(layer, TransitionPlan):
            legs = (
                self._layer(leg) if leg is not None else "-"
                for leg in (layer.outgoing, layer.incoming)
            )
            return f"T({canonical(layer.look)},{layer.progress},{layer.track},{','.join(legs)})"
        picture = layer.picture
        shown = f"{type(picture).__name__}({self._kept(picture.source)}"
        if isinstance(picture, MediaPicture):
            shown += f",{picture.source_time},{picture.may_hold})"
        elif isinstance(picture, TextPicture):
            shown += ")"
        else:
            shown += f",{picture.frame})"
        done = (layer.gamma, layer.colour_mix, layer.opacity, layer.effects, layer.transforms)
        # A leg above the first track keeps what is beneath it.
        return f"L({shown},{layer.track},{layer.track_kind},{canonical(done)})"

    def _kept(self, source: Any) -> str:
        known = self._known.get(id(source))
        if known is None:
            known = self._known[id(source)] = (source, canonical(source))
        return known[1]


def _ordered(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _luts(effects: tuple[EffectPlan, ...]) -> Iterator[str]:
    for effect in effects:
        if effect.lut is not None:
            yield effect.lut
        yield from _luts(effect.inside + effect.outside)


def clips_of(planner: FramePlanner, chunk: Chunk) -> Iterator[str]:
    """Where the EDL has the clips that a chunk shows, each once."""
    seen: set[str] = set()
    for segment in planner.segments_between(chunk.start, chunk.end):
        place = segment.json_path.split(".source", 1)[0]
        if place not in seen:
            seen.add(place)
            yield place
