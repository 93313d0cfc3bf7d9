"""The ways from one clip to the next, seen and heard; it mixes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from edl2ffmpeg.edl.sources import PlainSource
from edl2ffmpeg.edl.values import (
    MAX_SECONDS,
    ChannelMap,
    HexColour,
    NonNegative,
    OneOrMany,
    Strict,
    refuse,
    tagged_union,
)

__all__ = ["TRANSITION_TYPES", "AnyTransition", "AudioTransition", "Transition"]


class Transition(OneOrMany[PlainSource]):
    """From the clip's own source to ``source``, or over ``duration`` from the clip before."""

    type: str
    duration: Annotated[float, Field(gt=0, le=MAX_SECONDS)] | None = Field(
        None, description="Seconds, from the clip's `in`."
    )

    @classmethod
    def _needs_source(cls) -> bool:
        return False

    @model_validator(mode="after")
    def _has_a_length(self) -> Transition:
        if self.duration is None and self.source is None and self.sources is None:
            raise refuse("has no 'duration' and no 'source'; give one of them")
        return self


class Dissolve(Transition):
    """A mix."""

    type: Literal["dissolve"]


class Dip(Transition):
    """Through a colour."""

    type: Literal["dip"]
    yuv: HexColour | None = Field(None, description="YYUUVV; black if absent.")


class Wipe(Transition):
    """A moving edge."""

    type: Literal["wipe"]
    angle: float = Field(0.0, description="Degrees; 0 is left to right.")
    softness: NonNegative = Field(0.0, description="Of the edge.")
    invert: bool = Field(False, description="The other way round.")


class Slide(Transition):
    """New over old, or new pushes old."""

    type: Literal["slide", "push"]
    angle: float = Field(0.0, description="Degrees; 0 is left to right.")
    invert: bool = Field(False, description="The other way round.")


class Iris(Transition):
    """A growing circle or star."""

    type: Literal["iris"]
    points: Annotated[int, Field(ge=0, le=1000)] = Field(
        0, description="0 is a circle, 3 or more a star."
    )
    softness: NonNegative = Field(0.0, description="Of the edge.")
    invert: bool = Field(False, description="The other way round.")

    @field_validator("points")
    @classmethod
    def _circle_or_star(cls, points: int) -> int:
        if points in (1, 2):
            raise refuse(f"must be 0 for a circle or at least 3 for a star, found {points}")
        return points


class Squares(Transition):
    """Cells that change one after another."""

    type: Literal["squares"]
    xsquares: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None, description="Columns of the grid."
    )
    invert: bool = Field(False, description="The other way round.")


_BY_TYPE: dict[str, type[Transition]] = {
    "dissolve": Dissolve,
    "dip": Dip,
    "wipe": Wipe,
    "slide": Slide,
    "push": Slide,
    "iris": Iris,
    "squares": Squares,
}
TRANSITION_TYPES = tuple(_BY_TYPE)


class UnknownTransition(Strict):
    """Says what is wrong with a transition that is none of the above."""

    model_config = ConfigDict(extra="ignore")
    noun = "transition"

    type: Literal[TRANSITION_TYPES]  # type: ignore[valid-type]


def _pick(value: Any) -> type[Strict]:
    kind = value.get("type") if isinstance(value, dict) else None
    return _BY_TYPE.get(kind, UnknownTransition) if isinstance(kind, str) else UnknownTransition


if TYPE_CHECKING:
    AnyTransition = Transition
else:
    AnyTransition = tagged_union(
        _pick, *dict.fromkeys(_BY_TYPE.values()), fallback=UnknownTransition
    )


class AudioTransition(Transition):
    """An equal-power crossfade."""

    noun = "audio transition"

    type: Literal["dissolve"] = Field("dissolve", description="The only one for sound.")
    channel_map: ChannelMap | None = Field(
        None, description="Gains of source channels into output channels."
    )
