"""The JSON Schema of the format, for editors; validation itself does not use it."""

from __future__ import annotations

from typing import Any

from edl2ffmpeg.edl.clips import Document

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """The format as a JSON Schema (draft 2020-12)."""
    schema = Document.model_json_schema(by_alias=True, mode="validation")
    for definition in (schema, *schema.get("$defs", {}).values()):
        _allow_null(definition)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Publishing EDL",
    }


def _allow_null(definition: dict[str, Any]) -> None:
    """Null equals absent, so every key that may be absent may be null."""
    required = definition.get("required", ())
    for key, rule in definition.get("properties", {}).items():
        rule.pop("title", None)
        _close_maps(rule)
        if key in required or _takes_null(rule):
            continue
        outer = {name: rule.pop(name) for name in ("description", "default") if name in rule}
        inner = dict(rule)
        rule.clear()
        rule.update({"anyOf": [inner, {"type": "null"}], **outer})


def _close_maps(rule: Any) -> None:
    """A map's keys are of the pattern given; JSON Schema lets others pass unless told."""
    if isinstance(rule, dict):
        if "patternProperties" in rule:
            rule["additionalProperties"] = False
        for inner in rule.values():
            _close_maps(inner)
    elif isinstance(rule, list):
        for inner in rule:
            _close_maps(inner)


def _takes_null(rule: dict[str, Any]) -> bool:
    return {"type": "null"} in rule.get("anyOf", ())
