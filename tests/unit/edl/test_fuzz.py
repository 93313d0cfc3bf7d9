"""Whatever the text, only an ``EdlError`` comes out."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edl2ffmpeg.edl.parser import parse_edl
from edl2ffmpeg.errors import EdlError, EdlValidationError
from edl2ffmpeg.plan.describe import plan_as_json, plan_as_text
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.timeline import build_timeline
from edl2ffmpeg.timeline.builder import load_timeline_file
from unit.edl.test_clips import EFFECTS, RENDERED

KEYS = st.sampled_from(
    ["in", "out", "track", "type", "number", "subtype", "subnumber", "source", "sources", "uri",
     "generate", "location", "id", "text", "clips", "fps", "effects", "linear", "controlPoints",
     "point", "value", "strength", "channelMap", "1", "motion", "transition", "duration", "yuv",
     "bezier", "db", "pan", "video", "subtitle", "filters", "speed", "trackId", "audiomix"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["video", "audio", "burnin", "effects", "level", "blur", "colour", "black", "V1", "-Infinity",
     "108080", "dissolve", "highlight", "30000/1001", "a.mp4", "file://[", "\ud800", "\0", ""]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.text(max_size=5),
    st.sampled_from([10**400, -0.0, 1e308, 5e-324, 2**63]),
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(KEYS, st.text(max_size=4)), inner, max_size=6),
    ),
    max_leaves=25,
)
GOOD = list(RENDERED.values())


def judge(text: str | bytes) -> None:
    try:
        document = parse_edl(text)
        timeline = build_timeline(
            document, base_folder=Path("/edl"), resolve=lambda uri, folder: str(folder / uri)
        )
        planner = FramePlanner(timeline)
        for number in {0, planner.frame_count // 2, planner.frame_count - 1}:
            plan = planner.frame(number)
            json.dumps(plan_as_json(plan), allow_nan=False)
            assert plan_as_text(plan)
    except EdlError as error:
        assert str(error)
        str(error).encode("utf-8")  # no half characters reach a terminal
        if isinstance(error, EdlValidationError):
            assert len(error.problems) <= 20
            assert "Input should" not in str(error)
            assert "something else" not in str(error)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_any_json(value: Any) -> None:
    judge(json.dumps(value))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=8), JSON)
def test_any_clip(clip: Any, track: Any) -> None:
    judge(json.dumps({"clips": [clip, {**clip, "track": track}], "fps": clip.get("fps")}))


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(GOOD), JSON, st.data())
def test_one_value_of_a_good_clip_is_replaced(clip: Any, value: Any, data: st.DataObject) -> None:
    clip = copy.deepcopy(clip)
    inner = clip
    while True:
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        key = data.draw(st.sampled_from(keys))
        deeper = isinstance(inner[key], (dict, list)) and inner[key] and data.draw(st.booleans())
        if not deeper:
            break
        inner = inner[key]
    inner[key] = value
    # A sub-track alone has nothing to act on.
    plain = {**RENDERED["media"], "in": 10, "out": 20}
    judge(json.dumps({"clips": [clip, plain]}))


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.binary()))
def test_any_text(text: str | bytes) -> None:
    judge(text)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(EFFECTS)), st.dictionaries(KEYS, JSON, max_size=4))
def test_any_effect(name: str, parameters: dict[str, Any]) -> None:
    track = {"type": "video", "number": 1}
    judge(json.dumps({"clips": [{"track": track, "effects": [{**parameters, "type": name}]}]}))


def test_a_mistake_anywhere_in_a_large_file_is_found(tmp_path: Path) -> None:
    track = {"type": "video", "number": 1}
    source = {"uri": "a", "in": 0, "out": 1}
    clips = [{"in": i, "out": i + 1, "track": track, "source": source} for i in range(5000)]
    clips[4321] = {**clips[4321], "topfade": 1}
    path = tmp_path / "cut.json"
    path.write_text(json.dumps({"clips": clips}))
    try:
        load_timeline_file(path, resolve=lambda uri, folder: uri)
    except EdlValidationError as error:
        assert error.json_path == "clips[4321].topfade"
    else:
        raise AssertionError("the mistake was not found")
