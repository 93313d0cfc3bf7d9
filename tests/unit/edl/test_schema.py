"""The JSON Schema is strict, complete and free of what only serves messages."""

from __future__ import annotations

import json
import re
from typing import Any

from edl2ffmpeg.edl import json_schema
from edl2ffmpeg.edl.effects import EFFECT_TYPES


def test_every_object_is_strict_but_the_two_open_ones() -> None:
    definitions = json_schema()["$defs"]
    opened = {n for n, d in definitions.items() if d.get("additionalProperties") is not False}
    assert opened == {"CaptionClip", "Location"}


def test_every_reference_leads_somewhere() -> None:
    schema = json_schema()
    for name in re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema)):
        assert name in schema["$defs"]


def test_models_that_only_explain_mistakes_are_left_out() -> None:
    assert not [name for name in json_schema()["$defs"] if re.match("Unknown|Any|ClipPlace", name)]


def test_every_key_is_described_and_what_may_be_absent_may_be_null() -> None:
    schema = json_schema()
    for definition in (schema, *schema["$defs"].values()):
        required = definition.get("required", ())
        for key, rule in definition.get("properties", {}).items():
            if key not in ("type", "subtype"):
                assert "description" in rule, (definition.get("title"), key)
            if key not in required:
                assert {"type": "null"} in rule["anyOf"], (definition.get("title"), key)


def test_effect_types_are_listed() -> None:
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            found.update(value.get("enum", ()))
            found.add(value.get("const", ""))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(json_schema())
    assert set(EFFECT_TYPES) <= found


def test_head() -> None:
    schema = json_schema()
    assert schema["required"] == ["clips"]
    assert schema["$schema"].endswith("2020-12/schema")
    json.dumps(schema, allow_nan=False)
