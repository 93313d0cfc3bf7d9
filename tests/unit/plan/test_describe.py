"""Plans in words and as JSON, compared with what they should read like."""

from __future__ import annotations

import json
from typing import Any

from edl2ffmpeg.plan.describe import plan_as_json, plan_as_text
from edl2ffmpeg.plan.frame_planner import FramePlanner
from unit.plan.test_layers import clip, dissolve, planner
from unit.timeline.test_sub_tracks import sub

HIGHLIGHT = {
    "type": "highlight",
    "feather": 0.5,
    "controlPoints": [{"point": 0, "panx": 0.5, "zoomx": 0.25, "zoomy": 0.5, "shape": 0}],
    "insideMaskFilters": [{"type": "blur", "value": 4}],
    "outsideMaskFilters": [
        {"type": "blackAndWhite", "amount": 0.5},
        {"type": "lut", "uri": "film.cube", "strength": 0.8},
    ],
}
EVERYTHING: list[dict[str, Any]] = [
    {"type": "brightness", "value": 1.1},
    {"type": "saturation", "linear": [{"src": 0, "dst": 0}, {"src": 1, "dst": 0.5}]},
    {"type": "rgbBalance", "red": 1.25},
    {"type": "borders", "width": 0.1, "yuv": "EB8080"},
    {"type": "oldFilm", "seed": 7},
    HIGHLIGHT,
]
MOTION = {"panX": 0.5, "zoomX": 2, "zoomY": 2, "rotation": -10, "flip": True}
SCENE = [
    clip(0, 1, "a.mp4", effects=EVERYTHING),
    clip(
        1,
        2,
        "b.mp4",
        motion=MOTION,
        topFade=1,
        transition={"type": "wipe", "duration": 0.4, "angle": 90, "softness": 0.1, "invert": True},
    ),
    clip(0, 2, "top.mov", number=2, transition=dissolve(2)),
    sub(0, 2, "transform", {"controlPoints": [{"point": 0, "opacity": 0.5, "shape": 0.5}]},
        number=2),
]  # fmt: skip

TEXT = """\
frame 26 at 1.04 s
  video 1: wipe, inverted, angle 90, softness 0.1, 15.00% done  (clips[1].transition)
    from: a.mp4 V1 at 1.04 s  (clips[0].source)
      brightness: value 1.1
      saturation: linear 0->0 1->0.5
      rgbBalance: red 1.25, green 1, blue 1
      borders: width 0.1, yuv EB8080
      oldFilm: grain 0.3, scratches 0.3, flicker 0.3, seed 7, frame 26
      highlight: feather 0.5
        mask: shape 0, zoom 0.25 by 0.5, pan 0.5 by 0
        inside: blur: value 4
        outside: blackAndWhite: amount 0.5
        outside: lut: strength 0.8, file /edl/film.cube
    to: b.mp4 V1 at 1.04 s  (clips[1].source)
      transform: flip, zoom 2 by 2, rotate -10, pan 0.5 by 0
      opacity 4.00%
  video 2: dissolve, 53.00% done  (clips[2].transition)
    from: black (no clip here)
    to: top.mov V1 at 1.04 s  (clips[2].source)
      transform: shape 0.5
      opacity 50.00%"""


def test_text() -> None:
    # 1.04 is 26/25, which is no round fraction to those who read decimals.
    assert plan_as_text(planner(*SCENE).frame(26)).replace(" (26/25)", "") == TEXT


def test_json_of_a_transition() -> None:
    lower, upper = plan_as_json(planner(*SCENE).frame(26))["layers"]
    assert {key: lower[key] for key in ("track", "transition", "json_path", "progress")} == {
        "track": "video 1",
        "transition": {"type": "wipe", "angle": 90.0, "softness": 0.1, "invert": True},
        "json_path": "clips[1].transition",
        "progress": "3/20",
    }
    assert upper["outgoing"] is None
    assert upper["transition"] == {"type": "dissolve"}
    assert lower["incoming"] == {
        "track": "video 1",
        "clip": "clips[1]",
        "source": "clips[1].source",
        "uri": "b.mp4",
        "file": "/edl/b.mp4",
        "stream": "V1",
        "source_time": "26/25",
        "source_time_seconds": 1.04,
        "transforms": [
            {"panx": 0.5, "pany": 0.0, "zoomx": 2.0, "zoomy": 2.0, "rotate": -10.0, "shape": 1.0,
             "flip": True}
        ],
        "opacity": 0.04,
    }  # fmt: skip


def test_json_of_effects() -> None:
    lower, _ = plan_as_json(planner(*SCENE).frame(26))["layers"]
    effects = lower["outgoing"]["effects"]
    assert effects[:5] == [
        {"type": "brightness", "value": 1.1},
        {"type": "saturation", "linear": [{"src": 0.0, "dst": 0.0}, {"src": 1.0, "dst": 0.5}]},
        {"type": "rgbBalance", "red": 1.25, "green": 1.0, "blue": 1.0},
        {"type": "borders", "width": 0.1, "yuv": "EB8080"},
        {"type": "oldFilm", "grain": 0.3, "scratches": 0.3, "flicker": 0.3, "seed": 7, "frame": 26},
    ]
    assert effects[5] == {
        "type": "highlight",
        "feather": 0.5,
        "mask": {"panx": 0.5, "pany": 0.0, "zoomx": 0.25, "zoomy": 0.5, "rotate": 0.0,
                 "shape": 0.0, "flip": False},
        "insideMaskFilters": [{"type": "blur", "value": 4.0}],
        "outsideMaskFilters": [
            {"type": "blackAndWhite", "amount": 0.5},
            {"type": "lut", "strength": 0.8, "file": "/edl/film.cube"},
        ],
    }  # fmt: skip


def test_everything_is_json() -> None:
    plans = planner(*SCENE)
    for number in range(plans.frame_count):
        json.dumps(plan_as_json(plans.frame(number)), allow_nan=False)


def test_looks_name_what_means_something() -> None:
    def look(**transition: Any) -> str:
        plans = planner(clip(0, 1, transition={"duration": 1, **transition}))
        return plan_as_text(plans.frame(0)).splitlines()[1].split(", 2.00% done")[0].strip()

    assert look(type="dissolve") == "video 1: dissolve"
    assert look(type="dip", yuv="515AF0") == "video 1: dip, yuv 515AF0"
    assert look(type="push") == "video 1: push, angle 0"
    assert look(type="iris", points=5, invert=True) == (
        "video 1: iris, inverted, points 5, softness 0"
    )
    assert look(type="squares") == "video 1: squares, xsquares 16"


def test_names_cannot_move_the_cursor() -> None:
    lut = {"type": "lut", "uri": "\x1b[2J.cube"}
    text = plan_as_text(planner(clip(0, 1, effects=[lut])).frame(0))
    assert "\x1b" not in text
    assert len(text.splitlines()) == 3


def test_no_clip_and_a_mask_of_everything() -> None:
    whole = {"type": "highlight", "insideMaskFilters": [{"type": "mosaic", "value": 9}]}
    plans: FramePlanner = planner(clip(1, 2, effects=[whole]))
    assert plan_as_text(plans.frame(0)).splitlines()[1] == "  black (no clip here)"
    assert plan_as_text(plans.frame(25)).splitlines()[2:] == [
        "    highlight: feather 0",
        "      mask: the whole picture",
        "      inside: mosaic: value 9",
    ]
