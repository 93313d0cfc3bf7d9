"""Every effect of the format with its parameters; it applies none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, cast, get_args

from pydantic import (
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from edl2ffmpeg.edl.animation import Animated, ControlPoint, OptionalRange, TransformPoint
from edl2ffmpeg.edl.values import (
    Fraction01,
    HexColour,
    Interpolation,
    NonNegative,
    SourceRange,
    Strict,
    Text,
    ascending,
    refuse,
    tagged_union,
)

__all__ = [
    "EFFECT_TYPES",
    "AnyEffect",
    "AnyEffectSource",
    "Borders",
    "Brightness",
    "ColourSource",
    "Component",
    "Effect",
    "Filter",
    "Highlight",
    "Lut",
    "OldFilm",
    "Saturation",
]


class Effect(Strict):
    """One effect; ``type`` names it in every subclass."""

    type: str


class CurvePoint(Strict):
    """A point of a piecewise-linear map."""

    src: float = Field(description="Value before.")
    dst: float = Field(description="Value after.")


Curve = Annotated[list[CurvePoint], Field(min_length=1), ascending("src", strictly=True)]


class SingleNumber(Strict):
    """The one number of an effect, under either of its names."""

    value: float | None = Field(None, description="The effect's number.")
    strength: float | None = Field(None, description="The same as `value`.")

    @field_validator("strength", check_fields=False)
    @classmethod
    def _one_name(cls, strength: float | None, info: ValidationInfo) -> float | None:
        if strength is not None and info.data.get("value", ...) is not None:
            raise refuse("means the same as 'value'; give one of the two")
        return strength


class NonNegativeNumber(SingleNumber):
    """The same, at least 0."""

    value: NonNegative | None = Field(None, description="The effect's number.")
    strength: NonNegative | None = Field(None, description="The same as `value`.")


class NumberFrom0To1(SingleNumber):
    """The same, in 0..1."""

    value: Fraction01 | None = Field(None, description="The effect's number.")
    strength: Fraction01 | None = Field(None, description="The same as `value`.")


class SinglePoint(ControlPoint, SingleNumber):
    """A control point of an effect with one number."""


class NonNegativePoint(ControlPoint, NonNegativeNumber):
    """A control point of an effect with one number, at least 0."""


class NeedsNumber(Effect):
    """An effect that means nothing without its number, fixed or animated."""

    @model_validator(mode="after")
    def _has_number(self) -> NeedsNumber:
        names = [n for n in ("value", "strength", "linear", "control_points") if hasattr(self, n)]
        given = [name for name in names if getattr(self, name) is not None]
        if not given:
            raise refuse(f"the effect {self.type!r} has no number; give it a 'value'")
        if "linear" in given and len(given) > 1:
            raise refuse(
                f"the effect {self.type!r} has a curve and a number; give 'linear' or 'value'"
            )
        return self


class Brightness(NeedsNumber, SingleNumber, Animated[SinglePoint]):
    """Adds to luma, or maps it."""

    type: Literal["brightness"]
    linear: Curve | None = Field(None, description="Map of luma.")


class Contrast(NeedsNumber, SingleNumber, Animated[SinglePoint]):
    """Spreads luma about its middle."""

    type: Literal["contrast"]


class Saturation(NeedsNumber, SingleNumber, Animated[SinglePoint]):
    """Scales chroma, or maps its magnitude."""

    type: Literal["saturation"]
    linear: Curve | None = Field(None, description="Map of chroma magnitude.")


class Gamma(NeedsNumber, NonNegativeNumber, Animated[NonNegativePoint]):
    """Maps luma by a power."""

    type: Literal["gamma"]


class BlackAndWhitePoint(ControlPoint):
    """Animated ``amount``."""

    amount: Fraction01 = Field(1.0, description="1 removes all colour.")


class BlackAndWhite(Effect, Animated[BlackAndWhitePoint]):
    """Removes colour."""

    type: Literal["blackAndWhite"]
    amount: Fraction01 = Field(1.0, description="1 removes all colour.")


class RgbGains(Strict):
    """Gains of the primaries."""

    red: float = Field(1.0, description="Gain of red.")
    green: float = Field(1.0, description="Gain of green.")
    blue: float = Field(1.0, description="Gain of blue.")


class RgbBalancePoint(ControlPoint, RgbGains):
    """Animated gains."""


class RgbBalance(Effect, RgbGains, Animated[RgbBalancePoint]):
    """Gains of red, green and blue."""

    type: Literal["rgbBalance"]


class ChromaShift(Strict):
    """What is added to chroma."""

    u: float = Field(0.0, description="Added to u.")
    v: float = Field(0.0, description="Added to v.")


class WhitePoint(ControlPoint, ChromaShift):
    """Animated shift."""


class White(Effect, ChromaShift, Animated[WhitePoint]):
    """White balance by a shift of chroma."""

    type: Literal["white"]


class Component(Effect):
    """Maps one component."""

    type: Literal["y", "u", "v"]
    linear: Curve = Field(description="Map of the component.")


class Blur(NeedsNumber, NonNegativeNumber, Animated[NonNegativePoint]):
    """Gaussian blur; the number is sigma in pixels at 1080 lines."""

    type: Literal["blur"]


class SharpenPoint(NonNegativePoint):
    """Animated amount and radius."""

    radius: NonNegative | None = Field(None, description="In pixels at 1080 lines.")


class Sharpen(NeedsNumber, NonNegativeNumber, Animated[SharpenPoint]):
    """Unsharp mask; the number is the amount."""

    type: Literal["sharpen"]
    radius: NonNegative | None = Field(None, description="In pixels at 1080 lines.")


class Mosaic(NeedsNumber, NonNegativeNumber, Animated[NonNegativePoint]):
    """Means over blocks; the number is the block's size in pixels at 1080 lines."""

    type: Literal["mosaic"]


class VignetteShape(NumberFrom0To1):
    """How dark, how far out and how soft."""

    radius: NonNegative | None = Field(None, description="Where the darkening begins.")
    softness: NonNegative | None = Field(None, description="How gradual it is.")


class VignettePoint(ControlPoint, VignetteShape):
    """Animated vignette."""


class Vignette(Effect, VignetteShape, Animated[VignettePoint]):
    """Radial darkening."""

    type: Literal["vignette"]


class Edges(Strict):
    """Fractions of the picture."""

    left: Fraction01 = Field(0.0, description="Fraction of the width.")
    right: Fraction01 = Field(0.0, description="Fraction of the width.")
    top: Fraction01 = Field(0.0, description="Fraction of the height.")
    bottom: Fraction01 = Field(0.0, description="Fraction of the height.")


class CropPoint(ControlPoint, Edges):
    """Animated edges."""


class Crop(Effect, Edges, Animated[CropPoint]):
    """Makes the edges transparent."""

    type: Literal["crop"]


class BordersPoint(ControlPoint):
    """Animated width."""

    width: Fraction01 = Field(description="Fraction of the height.")


class Borders(Effect, Animated[BordersPoint]):
    """A frame drawn inside the picture."""

    type: Literal["borders"]
    width: Fraction01 | None = Field(None, description="Fraction of the height.")
    yuv: HexColour | None = Field(None, description="YYUUVV; black if absent.")


class LutPoint(ControlPoint, NumberFrom0To1):
    """Animated strength."""


class Lut(Effect, NumberFrom0To1, Animated[LutPoint]):
    """A look-up table from a .cube file."""

    type: Literal["lut"]
    uri: Text = Field(description="Path of a .cube file.")


class FilmDamage(Strict):
    """How old the film looks."""

    grain: Fraction01 | None = Field(None, description="0 is none.")
    scratches: Fraction01 | None = Field(None, description="0 is none.")
    flicker: Fraction01 | None = Field(None, description="0 is none.")


class OldFilmPoint(ControlPoint, FilmDamage):
    """Animated damage."""


class OldFilm(Effect, FilmDamage, Animated[OldFilmPoint]):
    """Grain, scratches and flicker, repeatable for a seed."""

    type: Literal["oldFilm"]
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = Field(0, description="Of the random numbers.")


_FILTERS: tuple[type[Effect], ...] = (
    Brightness, Contrast, Saturation, Gamma, BlackAndWhite, RgbBalance, White, Component, Blur,
    Sharpen, Mosaic, Vignette, Crop, Borders, Lut, OldFilm,
)  # fmt: skip


def _types(models: tuple[type[Effect], ...]) -> dict[str, type[Effect]]:
    return {
        name: model for model in models for name in get_args(model.model_fields["type"].annotation)
    }


_FILTER_BY_TYPE = _types(_FILTERS)


class UnknownFilter(Strict):
    """Says what is wrong with a filter that is none of the above."""

    model_config = ConfigDict(extra="ignore")
    noun = "filter"

    type: Literal[tuple(_FILTER_BY_TYPE)]  # type: ignore[valid-type]


def _pick(table: dict[str, type[Any]], unknown: type[Strict], value: Any) -> type[Strict]:
    kind = value.get("type") if isinstance(value, dict) else None
    return table.get(kind, unknown) if isinstance(kind, str) else unknown


if TYPE_CHECKING:
    Filter = Effect
else:
    Filter = tagged_union(
        lambda value: _pick(_FILTER_BY_TYPE, UnknownFilter, value),
        *_FILTERS,
        fallback=UnknownFilter,
    )


class Highlight(Effect):
    """Different filters inside and outside of a moving mask."""

    type: Literal["highlight"]
    inside_mask_filters: list[Filter] = Field(default=[], description="Applied inside.")
    outside_mask_filters: list[Filter] = Field(default=[], description="Applied outside.")
    control_points: Annotated[list[TransformPoint], ascending("point")] = Field(
        default=[], description="The mask over time; none: the whole picture is inside."
    )
    interpolation: Interpolation = Field("linear", description="The way between control points.")
    feather: NonNegative = Field(0.0, description="Softness of the mask's edge.")


_EFFECTS: tuple[type[Effect], ...] = (*_FILTERS, Highlight)
_EFFECT_BY_TYPE = _types(_EFFECTS)
EFFECT_TYPES = tuple(_EFFECT_BY_TYPE)


class UnknownEffect(Strict):
    """Says what is wrong with an effect that is none of the above."""

    model_config = ConfigDict(extra="ignore")
    noun = "effect"

    type: Literal[EFFECT_TYPES]  # type: ignore[valid-type]


def _placed(model: type[Effect]) -> type[Effect]:
    """The same effect as the source of an `effects` sub-track, where it has a range."""
    bases = cast(tuple[type[Effect], ...], (SourceRange, model))
    return create_model(f"{model.__name__}Source", __base__=bases, __doc__=model.__doc__)


_PLACED = tuple(_placed(model) for model in _EFFECTS)
_PLACED_BY_TYPE = _types(_PLACED)

if TYPE_CHECKING:
    AnyEffect = Effect
    AnyEffectSource = Effect
else:
    AnyEffect = tagged_union(
        lambda value: _pick(_EFFECT_BY_TYPE, UnknownEffect, value),
        *_EFFECTS,
        fallback=UnknownEffect,
    )
    AnyEffectSource = tagged_union(
        lambda value: _pick(_PLACED_BY_TYPE, UnknownEffect, value),
        *_PLACED,
        fallback=UnknownEffect,
    )


class ColourSource(OptionalRange):
    """The source of a `colour` sub-track: filters, applied in order."""

    filters: list[Filter] = Field(description="The same filters as effects, but `highlight`.")
