"""The strict base model and the scalar types that every part of the format is made of.

It knows no clip, source or effect, and it writes no message but those of its own rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

__all__ = [
    "HEX_YUV",
    "HEX_YUV_OR_AYUV",
    "MAX_PIXELS",
    "MAX_SECONDS",
    "REFUSED",
    "TAG_MARK",
    "TRACK_ID",
    "ChannelGain",
    "ChannelMap",
    "Easing",
    "Fraction01",
    "HexAyuv",
    "HexColour",
    "Interpolation",
    "NonNegative",
    "OneOrMany",
    "Pixels",
    "Positive",
    "Refusal",
    "Seconds",
    "SourceRange",
    "Strict",
    "Text",
    "ascending",
    "models_by_tag",
    "refuse",
    "tagged_union",
]

# About four months: far beyond any edit, and small enough that a slip of the keyboard
# cannot ask for more frames than a counter holds.
MAX_SECONDS = 10_000_000
# 80 dB, of a channel.
MAX_GAIN = 10_000
# Twice what any encoder accepts.
MAX_PIXELS = 32_768

# pydantic puts the tag of a union's member into the error's location; the mark tells it
# from a key of the file, which cannot be expected to hold a zero character.
TAG_MARK = "\0"

HEX_YUV = r"^[0-9A-Fa-f]{6}$"
HEX_YUV_OR_AYUV = r"^([0-9A-Fa-f]{2})?[0-9A-Fa-f]{6}$"
TRACK_ID = r"^[VA][1-9][0-9]{0,3}$"
CHANNEL = r"^[1-9][0-9]{0,2}$"
PATH = r"^[^\x00]+$"

REFUSED = "refused"

models_by_tag: dict[str, type[Strict]] = {}


class Strict(BaseModel):
    """An object of the format: no unknown key, no coercion, no NaN, never changed."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        defer_build=True,
        frozen=True,
        allow_inf_nan=False,
        alias_generator=to_camel,
    )

    noun: ClassVar[str] = ""


class Refusal(PydanticCustomError):
    """A broken rule in our own words.

    The location is the validated value's, ``up`` steps further out, then ``down`` the keys given.
    """


def refuse(sentence: str, *, up: int = 0, down: tuple[str | int, ...] = ()) -> Refusal:
    """The error to raise in a validator for a rule that pydantic has no words for."""
    return Refusal(REFUSED, "{sentence}", {"sentence": sentence, "up": up, "down": down})


def tagged_union(
    pick: Callable[[Any], type[Strict]], *models: type[Strict], fallback: type[Strict] | None = None
) -> Any:
    """A union in which ``pick`` names the one model a value is judged by.

    So a mistake is told once, not once per member.  ``fallback`` is a model that serves only
    to say what is wrong with a value no member fits; editors' schemas leave it out.
    """
    members: list[Any] = [Annotated[model, Tag(TAG_MARK + model.__name__)] for model in models]
    if fallback is not None:
        unlisted: Any = SkipJsonSchema
        members.append(Annotated[unlisted[fallback], Tag(TAG_MARK + fallback.__name__)])
    for model in (*models, fallback):
        if model is not None:
            models_by_tag[TAG_MARK + model.__name__] = model

    def tag(value: Any) -> str:
        model = type(value) if isinstance(value, Strict) else pick(value)
        return TAG_MARK + model.__name__

    return Annotated[Union[tuple(members)], Discriminator(tag)]  # noqa: UP007


Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Fraction01 = Annotated[float, Field(ge=0, le=1)]
Pixels = Annotated[int, Field(ge=1, le=MAX_PIXELS)]
Text = Annotated[str, Field(pattern=PATH)]
HexColour = Annotated[str, Field(pattern=HEX_YUV)]
HexAyuv = Annotated[str, Field(pattern=HEX_YUV_OR_AYUV)]
Interpolation = Literal["linear", "smooth", "hold"]


def _easing(values: list[float]) -> list[float]:
    for index in (0, 2):
        if not 0 <= values[index] <= 1:
            raise refuse(
                f"is the time of a handle and must lie in 0..1, found {values[index]:g}",
                down=(index,),
            )
    return values


Easing = Annotated[
    list[float], Field(min_length=4, max_length=4), AfterValidator(_easing)
]  # x1, y1, x2, y2 of a CSS-like easing curve


def _gain_kind(value: Any) -> str:
    return TAG_MARK + ("outputs" if isinstance(value, dict) else "gain")


_Gain = Annotated[float, Field(ge=-MAX_GAIN, le=MAX_GAIN)]
ChannelGain = Annotated[
    Annotated[_Gain, Tag(TAG_MARK + "gain")]
    | Annotated[
        dict[Annotated[str, Field(pattern=CHANNEL)], _Gain],
        Field(min_length=1),
        Tag(TAG_MARK + "outputs"),
    ],
    Discriminator(_gain_kind),
]
ChannelMap = Annotated[
    dict[Annotated[str, Field(pattern=CHANNEL)], ChannelGain], Field(min_length=1)
]

_Item = TypeVar("_Item")


def ascending(key: str, *, strictly: bool = False) -> AfterValidator:
    """Checks that the items of a list rise by their ``key`` (its spelling in the file)."""

    def check(items: list[_Item]) -> list[_Item]:
        previous: float | None = None
        for index, item in enumerate(items):
            value = next(
                getattr(item, name)
                for name, field in type(item).model_fields.items()  # type: ignore[attr-defined]
                if (field.alias or name) == key
            )
            if previous is not None and (value < previous or (strictly and value == previous)):
                bound = "more than" if strictly else "at least"
                raise refuse(
                    f"must be {bound} that of the entry before ({previous:g}), found {value:g}; "
                    f"sort the list by {key!r}",
                    down=(index, key),
                )
            previous = value
        return items

    return AfterValidator(check)


class SourceRange(Strict):
    """What part of a source, or of the timeline, is meant: ``[in, out)`` in seconds."""

    in_: Seconds = Field(alias="in", description="Start in seconds.")
    out: Seconds = Field(description="End in seconds; later than `in`, itself not included.")

    # A validator of the field and not of the model: it runs even when other keys are wrong.
    @field_validator("out")
    @classmethod
    def _out_after_in(cls, out: float, info: ValidationInfo) -> float:
        start = info.data.get("in_")
        if start is not None and out <= start:
            raise refuse(f"must be later than 'in' ({start:g}), found {out:g}")
        return out


_Source = TypeVar("_Source")


class OneOrMany(Strict, Generic[_Source]):
    """Exactly one of ``source`` and ``sources``."""

    source: _Source | None = Field(None, description="The one source.")
    sources: Annotated[list[_Source], Field(min_length=1)] | None = Field(
        None, validate_default=True, description="Sources played one after the other."
    )

    @field_validator("sources")
    @classmethod
    def _exactly_one(
        cls, sources: list[_Source] | None, info: ValidationInfo
    ) -> list[_Source] | None:
        source = info.data.get("source", ...)
        if sources is None and source is None and cls._needs_source():
            raise refuse("has neither 'source' nor 'sources'; give exactly one of them", up=1)
        # An absent entry in ``data`` means that a source was given but is itself wrong.
        if sources is not None and source is not None:
            raise refuse("is given beside 'source'; give exactly one of the two")
        return sources

    @classmethod
    def _needs_source(cls) -> bool:
        return True
