"""Turns pydantic's findings into places and sentences of our own; it validates nothing."""

from __future__ import annotations

import json
import math
import re
import typing
from collections import defaultdict
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from edl2ffmpeg.edl import values
from edl2ffmpeg.edl.clips import CLIP_MODELS, Document
from edl2ffmpeg.edl.problems import MAX_KEY_LENGTH, Place, ProblemLog

__all__ = ["add_errors"]

_SOURCE_KEYS = ("uri", "generate", "location", "text")
_PATTERNS = {
    values.HEX_YUV: 'must be a colour of six hex digits such as "108080"',
    values.HEX_YUV_OR_AYUV: 'must be a colour of six or eight hex digits such as "80EB8080"',
    values.TRACK_ID: "must be V or A and a number from 1, such as 'V1' or 'A2'",
    values.CHANNEL: 'must be the number of a channel, from "1"',
    values.PATH: "must not be empty or hold a zero character",
}
_TYPES = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "finite_number": "a finite number",
}
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


def add_errors(log: ProblemLog, errors: list[ErrorDetails]) -> set[int]:
    """Notes every error in ``log``; returns the indices of the clips that have one."""
    broken: set[int] = set()
    unknown: dict[Place, list[ErrorDetails]] = defaultdict(list)
    for error in errors:
        if error["type"] == "extra_forbidden":
            unknown[error["loc"][:-1]].append(error)
    for error in errors:
        location = error["loc"]
        place = _place(error)
        if len(place) > 1 and place[0] == "clips" and isinstance(place[1], int):
            broken.add(place[1])
        if error["type"] == "missing" and _is_misspelt(error, unknown.get(location[:-1], ())):
            continue
        log.add(place, _Sentence(error))
    return broken


class _Sentence:
    """The sentence of an error, written only when it is among those shown."""

    def __init__(self, error: ErrorDetails) -> None:
        self._error = error

    def __call__(self) -> str:
        return _sentence(self._error)


def _place(error: ErrorDetails) -> Place:
    steps = tuple(step for step in error["loc"] if not _is_tag(step))
    if error["type"] == values.REFUSED:
        context = error["ctx"]
        return steps[: len(steps) - context["up"]] + tuple(context["down"])
    if error["loc"][-1:] == ("[key]",):
        return steps[:-1]
    return steps


def _is_tag(step: str | int) -> bool:
    return isinstance(step, str) and step.startswith(values.TAG_MARK)


def _is_misspelt(missing: ErrorDetails, unknown: Any) -> bool:
    """Whether a missing key is told already, by the unknown key that was meant to be it."""
    key = str(missing["loc"][-1])
    for error in unknown:
        found = str(error["loc"][-1])
        if _nearest(found, _known_keys(error["loc"][:-1])) == key:
            return True
        if key == "uri" and _nearest(found, _SOURCE_KEYS):
            return True
    return False


def _sentence(error: ErrorDetails) -> str:
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    if kind == values.REFUSED:
        return str(context["sentence"])
    if kind == "missing":
        return _missing(error["loc"])
    if kind == "extra_forbidden":
        return _unknown_key(error["loc"])
    if kind == "literal_error":
        return _not_among(error["loc"], context["expected"], found)
    if kind in _BOUNDS:
        name, word = _BOUNDS[kind]
        return f"must be {word} {context[name]:.12g}, found {_show(found)}"
    if kind in ("too_short", "too_long"):
        return _wrong_length(kind, context)
    if kind == "string_pattern_mismatch":
        return f"{_PATTERNS[context['pattern']]}, found {_show(found)}"
    if kind == "string_unicode":
        return "holds half of a surrogate pair (\\ud800 to \\udfff), which is no character"
    return _wrong_type(kind, found)


def _wrong_type(kind: str, found: Any) -> str:
    if kind == "float_type" and isinstance(found, int) and not isinstance(found, bool):
        return "must be a number that fits into a double, found one of too many digits"
    wanted = _TYPES.get(kind, "something else")
    hint = ""
    if kind in ("float_type", "int_type") and isinstance(found, str) and _is_number(found):
        hint = "; write it without quotes"
    if kind == "string_type" and isinstance(found, (int, float)):
        hint = "; write it in quotes"
    return f"must be {wanted}, found {_show(found)}{hint}"


def _wrong_length(kind: str, context: dict[str, Any]) -> str:
    if kind == "too_long":
        limit, word = context["max_length"], "at most"
    else:
        limit, word = context["min_length"], "at least"
    entries = "entry" if limit == 1 else "entries"
    return f"must hold {word} {limit} {entries}, found {context['actual_length']}"


def _missing(location: Place) -> str:
    if location[-2:] == (values.TAG_MARK + "MediaSource", "uri"):
        return "is missing; give a 'uri', or 'generate' or 'location' in its place"
    return "is required and missing; add it"


def _unknown_key(location: Place) -> str:
    key = str(location[-1])
    known = _known_keys(location[:-1])
    if _at_clip(location[:-1]):
        belongs = [model.noun for model in CLIP_MODELS if key in _keys_of(model)]
        if belongs:
            return _misplaced(location, belongs)
    if key in ("subtype", "subnumber"):
        return "needs a 'subtype' beside it" if key == "subnumber" else "is not known on this track"
    if key in _SOURCE_KEYS and "out" in known and "in" in known:
        given = next((name for name in _SOURCE_KEYS if name in known), None)
        if given == "text":
            return "does not belong on a subtitle or burnin track, whose sources are texts"
        if key == "text":
            return "belongs on a subtitle or burnin track; this clip needs a 'uri' or 'generate'"
        if given is not None:
            return f"is given beside {given!r}; a source is one or the other"
    nearest = _nearest(key, known)
    if nearest is None and "uri" in known:
        nearest = _nearest(key, _SOURCE_KEYS[:3])
    if nearest is not None:
        return f"is not a known key; did you mean {nearest!r}?"
    return f"is not a known key here; known are {_listed(known)}"


def _misplaced(location: Place, belongs: list[str]) -> str:
    clip = values.models_by_tag[str(location[2])]
    where = " and ".join(f"{noun!r}" for noun in belongs)
    return f"does not belong on a clip of a {clip.noun!r} track, only of {where}; remove it"


def _not_among(location: Place, expected: str, found: Any) -> str:
    choices = re.findall(r"'([^']*)'", expected)
    model = _model_at(location[:-1])
    noun = model.noun if model is not None and location[-1] == "type" else ""
    if not isinstance(found, str):
        return f"must be one of {_listed(choices)}, found {_show(found)}"
    nearest = _nearest(found, tuple(choices))
    hint = f"; did you mean {nearest!r}?" if nearest else ""
    if noun:
        return f"is no known {noun}: {_show(found)}; known are {_listed(choices)}{hint}"
    return f"must be {_listed(choices, 'or')}, found {_show(found)}{hint}"


def _at_clip(location: Place) -> bool:
    return len(location) == 3 and location[0] == "clips"


def _listed(names: typing.Iterable[str], last: str = "and") -> str:
    quoted = [repr(name) for name in names]
    if len(quoted) < 2:
        return "".join(quoted) or "none"
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def _show(value: Any) -> str:
    """``value`` as a message names it: short, and always printable."""
    if isinstance(value, str):
        shown = value if len(value) <= 40 else value[:37] + "..."
        return f"the text {ascii(shown) if not shown.isprintable() else repr(shown)}"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "an infinite one"
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a number of too many digits"
    if isinstance(value, (int, float)):
        return f"the number {value!r}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "an object" if isinstance(value, dict) else type(value).__name__


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*-?\d+(\.\d*)?([eE][+-]?\d+)?\s*", text[:60]) is not None


@lru_cache(maxsize=4096)
def _nearest(key: str, known: tuple[str, ...]) -> str | None:
    if len(key) > MAX_KEY_LENGTH:
        return None
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(key.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def _known_keys(location: Place) -> tuple[str, ...]:
    model = _model_at(location)
    return _keys_of(model) if model is not None else ()


@lru_cache(maxsize=512)
def _keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _model_at(location: Place) -> type[values.Strict] | None:
    """The model that judged the object at ``location``."""
    model: type[values.Strict] | None = Document
    for step in location:
        if isinstance(step, int):
            continue
        if _is_tag(step):
            model = values.models_by_tag.get(step)
        elif model is not None and (step in ("video", "subtitle", "burnin")):
            continue  # pydantic's own tag of a track
        elif model is not None:
            model = _field_model(model, step)
    return model


@lru_cache(maxsize=512)
def _field_model(model: type[values.Strict], key: str) -> type[values.Strict] | None:
    for name, field in model.model_fields.items():
        if (field.alias or name) == key:
            return next(_models_in(field.annotation), None)
    return None


def _models_in(annotation: Any) -> Iterator[type[values.Strict]]:
    if isinstance(annotation, type) and issubclass(annotation, values.Strict):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _models_in(inner)
