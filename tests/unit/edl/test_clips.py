"""Every construct of the format is read; what is not rendered yet is one sentence each."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from edl2ffmpeg.edl import parse_edl
from edl2ffmpeg.edl.clips import CaptionClip, VideoClip
from edl2ffmpeg.edl.effects import EFFECT_TYPES
from edl2ffmpeg.edl.transitions import TRANSITION_TYPES
from edl2ffmpeg.timeline import build_timeline

VIDEO = {"type": "video", "number": 1}
AUDIO = {"type": "audio", "number": 1}
MEDIA = {"uri": "a.mp4", "in": 0, "out": 10}
TEXT = {"text": "Hello", "in": 0, "out": 10}
POINT = {"point": 0, "panx": 0.5, "pany": -1, "zoomx": 2, "zoomy": 2, "rotate": 45, "shape": 0.5,
         "opacity": 0.5, "bezier": [0.2, 0, 0.8, 1]}  # fmt: skip


def clip(**changes: Any) -> dict[str, Any]:
    return {"in": 0, "out": 10, "track": VIDEO, "source": MEDIA, **changes}


def sub(kind: str, subtype: str, source: Any, subnumber: int = 1) -> dict[str, Any]:
    track = {"type": kind, "number": 1, "subtype": subtype, "subnumber": subnumber}
    return clip(track=track, source=source)


def generated(**generate: Any) -> dict[str, Any]:
    return clip(source={"generate": generate, "in": 0, "out": 10, "width": 640, "height": 360})


EFFECTS: dict[str, dict[str, Any]] = {
    "brightness": {"value": 1.1},
    "contrast": {"strength": 0.9, "controlPoints": [{"point": 0, "value": 1}]},
    "saturation": {"linear": [{"src": 0, "dst": 0}, {"src": 1, "dst": 0.5}]},
    "gamma": {"value": 2.2},
    "blackAndWhite": {"amount": 0.5, "controlPoints": [{"point": 1, "amount": 1}]},
    "rgbBalance": {"red": 1.1, "green": 1, "blue": 0.9},
    "white": {"u": 0.01, "v": -0.01},
    "y": {"linear": [{"src": 0, "dst": 1}, {"src": 1, "dst": 0}]},
    "u": {"linear": [{"src": 0, "dst": 1}]},
    "v": {"linear": [{"src": 0, "dst": 1}]},
    "blur": {"controlPoints": [{"point": 0, "value": 0}, {"point": 5, "value": 8}],
             "interpolation": "smooth"},
    "sharpen": {"value": 1, "radius": 2},
    "mosaic": {"value": 16},
    "vignette": {"strength": 0.5, "radius": 0.7, "softness": 0.3},
    "crop": {"left": 0.1, "right": 0.1, "top": 0, "bottom": 0},
    "borders": {"width": 0.05, "yuv": "108080"},
    "lut": {"uri": "film.cube", "strength": 0.8},
    "oldFilm": {"grain": 0.5, "scratches": 0.2, "flicker": 0.1, "seed": 7},
    "highlight": {"insideMaskFilters": [{"type": "blur", "value": 4}], "feather": 3,
                  "outsideMaskFilters": [{"type": "blackAndWhite"}], "controlPoints": [POINT]},
}  # fmt: skip

TRANSITIONS: dict[str, dict[str, Any]] = {
    "dissolve": {},
    "dip": {"yuv": "EB8080"},
    "wipe": {"angle": 90, "softness": 0.1, "invert": True},
    "slide": {"angle": 45, "invert": False},
    "push": {"angle": 0},
    "iris": {"points": 5, "softness": 0, "invert": True},
    "squares": {"xsquares": 16, "invert": True},
}

RENDERED: dict[str, dict[str, Any]] = {
    "media": clip(sync=3),
    "media with hints": clip(source={**MEDIA, "width": 1, "height": 2, "fps": "24000/1001"}),
    "speed and gamma": clip(source={**MEDIA, "speed": 0.5, "gamma": 0, "trackId": "V2"}),
    "sources": clip(source=None, sources=[MEDIA, MEDIA]),
    "nulls": clip(sources=None, topFade=None, motion=None, effects=None, unknown=None),
    "fades": clip(topFade=1, tailFade=20, topFadeYUV="ffffff", tailFadeYUV="108080"),
    "no effects": clip(effects=[]),
    "black": generated(type="black"),
    "yuv": generated(type="colour", yuv="515AF0", alpha=0.5),
    "rgb": generated(type="colour", rgb="ff0000"),
    "test pattern": generated(type="testpattern"),
    "demo": generated(type="demo"),
    "location": clip(source={"location": {"id": "x", "type": "s3", "bucket": "b"}, "in": 0,
                             "out": 10}),
    "audio": clip(track=AUDIO, source={**MEDIA, "trackId": "A2"}),
    "audio 7": clip(track={**AUDIO, "number": 7}, source={**MEDIA, "audiomix": "avg"}),
    "tone": {**generated(type="testpattern"), "track": AUDIO},
    "caption": clip(track={"type": "caption", "number": 1}, source=None, anything={"x": [1]}),
    "video 2": clip(track={"type": "video", "number": 2}),
    "transform": sub("video", "transform", {"controlPoints": [POINT, {"point": 0}], "flip": True,
                                            "in": 0, "out": 10, "interpolation": "hold"}),
    "colour": sub("video", "colour", {"filters": [{"type": "gamma", "value": 2}]}),
    "motion": clip(motion={"panX": 0, "panY": 0, "zoomX": 1, "zoomY": 1, "rotation": 0,
                           "flip": False}),
    "time curve": clip(motion={"offset": -1, "duration": 5, "bezier": [
        {"srcTime": 0, "dstTime": 0}, {"srcTime": 5, "dstTime": 10}]}),
    "transition to a source": clip(transition={"type": "dissolve", "duration": 10,
                                               "sources": [MEDIA]}),
}  # fmt: skip
for name, parameters in EFFECTS.items():
    effect = {"type": name, **parameters}
    RENDERED[f"effect {name} of a clip"] = clip(effects=[effect])
    placed = sub("video", "effects", {**effect, "in": 0, "out": 10}, subnumber=2)
    RENDERED[f"effect {name} on a sub-track"] = placed
for name, parameters in TRANSITIONS.items():
    RENDERED[f"transition {name}"] = clip(transition={"type": name, "duration": 1, **parameters})

RENDERED |= {
    "subtitle": clip(track={"type": "subtitle", "number": 1}, source=TEXT),
    "burnin": clip(
        track={"type": "burnin", "number": 1},
        source={"text": None, "in": 0, "out": 10},
        fonts=["Arial", "fonts/a.ttf"],
        textFormat={
            "font": "Arial", "fontSize": 40, "textAYUV": "80EB8080", "backAYUV": "108080",
            "leftMargin": 1, "rightMargin": 2, "topMargin": 3, "bottomMargin": 4,
            "halign": "middle", "valign": "bottom", "background": "ragged", "lineBreaks": "auto",
        },
    ),
    "text transform": sub("burnin", "transform", {"controlPoints": [POINT]}),
}  # fmt: skip

SOUND: dict[str, dict[str, Any]] = {
    "level": sub("audio", "level", {"controlPoints": [
        {"point": 0, "db": "-Infinity"}, {"point": 1, "db": -6, "bezier": [0, 0, 1, 1]}]}),
    "pan": sub("audio", "pan", {"pan": -0.5}),
    "pan points": sub("audio", "pan", {"controlPoints": [{"point": 0, "pan": 1}]}),
    "audio motion": clip(track=AUDIO, motion={"offset": 1}),
    "audio transition": clip(
        track=AUDIO, transition={"type": "dissolve", "duration": 1, "channelMap": {"1": 1}}
    ),
    "channel map": clip(track=AUDIO, channelMap={"1": 0.5, "2": {"1": 0.5, "2": -0.5}}),
}  # fmt: skip
RENDERED |= SOUND


def build(*clips: dict[str, Any]) -> Any:
    return build_timeline(
        parse_edl(json.dumps({"clips": clips})),
        base_folder=Path("/edl"),
        resolve=lambda uri, folder: str(folder / uri),
        locations={"x": "x.mov"},
    )


def test_the_tables_here_are_complete() -> None:
    assert set(EFFECTS) == set(EFFECT_TYPES)
    assert set(TRANSITIONS) == set(TRANSITION_TYPES)


@pytest.mark.parametrize("name", RENDERED)
def test_rendered_construct(name: str) -> None:
    other = clip(**{"in": 10, "out": 20})
    timeline = build(other, RENDERED[name])
    assert timeline.duration == 20


def test_defaults() -> None:
    document = parse_edl('{"clips": []}')
    assert (document.fps, document.width, document.height) == (30, 1920, 1080)


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("47.952", Fraction(48000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("119.88", Fraction(120000, 1001)),
        ('"30000/1001"', Fraction(30000, 1001)),
        ('"25"', Fraction(25)),
        ("12.5", Fraction(25, 2)),
        ("33.333333333333336", Fraction(100, 3)),
    ],
)
def test_frame_rate(written: str, rate: Fraction) -> None:
    assert parse_edl(f'{{"fps": {written}, "clips": []}}').frame_rate == rate


def test_models_are_chosen_by_track() -> None:
    document = parse_edl(json.dumps({"clips": [clip(), RENDERED["caption"]]}))
    assert [type(c) for c in document.clips] == [VideoClip, CaptionClip]
    assert str(document.clips[0].track) == "video track 1"
