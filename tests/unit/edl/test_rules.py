"""One bad EDL for each rule of the format: the place and the gist of the sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edl2ffmpeg.edl import parse_edl
from edl2ffmpeg.errors import EdlValidationError, Problem
from edl2ffmpeg.timeline import build_timeline, load_timeline_file

VIDEO = {"type": "video", "number": 1}
AUDIO = {"type": "audio", "number": 1}
SUBTITLE = {"type": "subtitle", "number": 1}
MEDIA = {"uri": "a.mp4", "in": 0, "out": 10}


def clip(**changes: Any) -> dict[str, Any]:
    return {"in": 0, "out": 10, "track": VIDEO, "source": MEDIA, **changes}


def source(**changes: Any) -> dict[str, Any]:
    return clip(source={**MEDIA, **changes})


def generated(**generate: Any) -> dict[str, Any]:
    return clip(source={"generate": generate, "in": 0, "out": 10})


def sub(kind: str, subtype: str, source: Any, **changes: Any) -> dict[str, Any]:
    return clip(track={"type": kind, "number": 1, "subtype": subtype}, source=source, **changes)


def effect(**effect: Any) -> dict[str, Any]:
    return clip(effects=[effect])


def transform(**point: Any) -> dict[str, Any]:
    return sub("video", "transform", {"controlPoints": [{"point": 0, **point}]})


def problems_of(edl: Any, tmp_path: Path) -> list[Problem]:
    path = tmp_path / "cut.json"
    path.write_text(edl if isinstance(edl, str) else json.dumps(edl))
    with pytest.raises(EdlValidationError) as caught:
        load_timeline_file(path, resolve=lambda uri, folder: str(folder / uri))
    return list(caught.value.problems)


IN_DOCUMENT: list[tuple[str, Any, str, str]] = [
    ("clips missing", {}, "clips", "required and missing"),
    ("clips misspelt", {"clip": []}, "clip", "did you mean 'clips'?"),
    ("clips no list", {"clips": {}}, "clips", "must be a list, found an object"),
    ("clips null", {"clips": None}, "clips", "required and missing"),
    ("no clips", {"clips": []}, "clips", "nothing to show or sound"),
    ("unknown key", {"clips": [], "frames": 2}, "frames", "known are 'fps'"),
    ("fps zero", {"fps": 0, "clips": []}, "fps", "above 0"),
    ("fps negative", {"fps": -25, "clips": []}, "fps", "found '-25'"),
    ("fps words", {"fps": "fast", "clips": []}, "fps", "found 'fast'"),
    ("fps by zero", {"fps": "30/0", "clips": []}, "fps", "'30/0'"),
    ("fps huge text", {"fps": "1e999999999", "clips": []}, "fps", "frame rate"),
    ("fps bool", {"fps": True, "clips": []}, "fps", "found true"),
    ("fps NaN", '{"fps": NaN, "clips": []}', "fps", "nan"),
    ("fps list", {"fps": [25], "clips": []}, "fps", "number of frames per second"),
    ("width zero", {"width": 0, "clips": []}, "width", "at least 1, found the number 0"),
    ("width negative", {"width": -2, "clips": []}, "width", "at least 1"),
    (
        "width fraction",
        {"width": 2.5, "clips": []},
        "width",
        "a whole number, found the number 2.5",
    ),
    ("width huge", {"width": 10**9, "clips": []}, "width", "at most 32768"),
    ("width digits", {"width": 10**300, "clips": []}, "width", "too many digits"),
    ("height text", {"height": "1080", "clips": []}, "height", "without quotes"),
    ("height bool", {"height": True, "clips": []}, "height", "found true"),
    ("repeated key", '{"clips": [], "fps": 25, "fps": 30}', "fps", "given twice"),
    ("clip null", {"clips": [None]}, "clips[0]", "must be an object, found null"),
    ("odd key", {"clips": [], "a b": 1}, '["a b"]', "known"),
    ("half a character", {"clips": [], "\ud800": 1}, "", "surrogate"),
]

IN_CLIP: list[tuple[str, dict[str, Any], str, str]] = [
    ("in missing", {"out": 1, "track": VIDEO, "source": MEDIA}, "in", "required and missing"),
    ("in null", clip(**{"in": None}), "in", "required and missing"),
    ("in negative", clip(**{"in": -1}), "in", "at least 0, found the number -1"),
    ("in text", clip(**{"in": "0"}), "in", "write it without quotes"),
    ("in words", clip(**{"in": "abc"}), "in", "must be a number, found the text 'abc'"),
    ("in bool", clip(**{"in": False}), "in", "must be a number, found false"),
    ("out before in", clip(**{"in": 5, "out": 3}), "out", "later than 'in' (5), found 3"),
    ("out equals in", clip(**{"in": 5, "out": 5}), "out", "later than 'in'"),
    ("out infinite", clip(out=float("inf")), "out", "finite"),
    ("out NaN", clip(out=float("nan")), "out", "found NaN"),
    ("out beyond", clip(out=1e300), "out", "at most 10000000"),
    ("out digits", clip(out=10**400), "out", "too many digits"),
    ("track missing", {"in": 0, "out": 1, "source": MEDIA}, "track", "required and missing"),
    ("track text", clip(track="V1"), "track", "must be an object, found the text 'V1'"),
    ("track type", clip(track={"type": "vidio", "number": 1}), "track.type", "mean 'video'?"),
    ("track no type", clip(track={"number": 1}), "track.type", "required and missing"),
    ("track list type", clip(track={"type": [], "number": 1}), "track.type", "found a list"),
    ("track no number", clip(track={"type": "video"}), "track.number", "required and missing"),
    ("track zero", clip(track={**VIDEO, "number": 0}), "track.number", "at least 1"),
    ("track fraction", clip(track={**VIDEO, "number": 1.0}), "track.number", "whole number"),
    ("track bool", clip(track={**VIDEO, "number": True}), "track.number", "found true"),
    ("subtype", clip(track={**VIDEO, "subtype": "level"}), "track.subtype", "'effects' or"),
    ("caption subtype", clip(track={"type": "caption", "number": 1, "subtype": "x"}),
     "track.subtype", "it has none"),
    ("subnumber alone", clip(track={**VIDEO, "subnumber": 1}), "track.subnumber", "needs a 'subt"),
    ("subnumber zero", clip(track={**VIDEO, "subtype": "effects", "subnumber": 0},
     source={"type": "blur", "value": 1, "in": 0, "out": 1}), "track.subnumber", "at least 1"),
    ("track key", clip(track={**VIDEO, "numbr": 1}), "track.numbr", "did you mean 'number'?"),
    ("no source", clip(source=None), "", "neither 'source' nor 'sources'"),
    ("both sources", clip(sources=[MEDIA]), "sources", "exactly one of the two"),
    ("empty sources", clip(source=None, sources=[]), "sources", "at least 1 entry"),
    ("sources object", clip(source=None, sources=MEDIA), "sources", "must be a list"),
    ("source list", clip(source=[MEDIA]), "source", "must be an object, found a list of 1"),
    ("sub-track sources", sub("video", "colour", {"filters": []}, sources=[]), "sources",
     "does not belong on a clip of a 'video / colour' track"),
    ("clip key", clip(topfade=1), "topfade", "did you mean 'topFade'?"),
    ("topFade negative", clip(topFade=-1), "topFade", "at least 0"),
    ("tailFade text", clip(tailFade="1"), "tailFade", "without quotes"),
    ("fade colour", clip(topFade=1, topFadeYUV="10808"), "topFadeYUV", "six hex digits"),
    ("fade colour hash", clip(tailFadeYUV="#108080"), "tailFadeYUV", "six hex digits"),
    ("fade colour alpha", clip(tailFadeYUV="FF108080"), "tailFadeYUV", "six hex digits"),
    ("fade colour number", clip(topFadeYUV=108080), "topFadeYUV", "write it in quotes"),
    ("sync text", clip(sync="1"), "sync", "whole number"),
    ("channelMap on video", clip(channelMap={"1": 1}), "channelMap", "only of 'audio'"),
    ("font on video", clip(font="Arial"), "font", "only of 'subtitle or burnin'"),
    ("fade on sub-track", sub("video", "colour", {"filters": []}, topFade=1), "topFade",
     "does not belong"),
    ("channelMap empty", clip(track=AUDIO, channelMap={}), "channelMap", "at least 1 entry"),
    ("channelMap key", clip(track=AUDIO, channelMap={"0": 1}), "channelMap[\"0\"]",
     "number of a channel"),
    ("channelMap value", clip(track=AUDIO, channelMap={"1": "x"}), "channelMap[\"1\"]",
     "must be a number"),
    ("channelMap inner", clip(track=AUDIO, channelMap={"1": {"2": None, "3": True}}),
     "channelMap[\"1\"][\"3\"]", "found true"),
    ("effects on audio", clip(track=AUDIO, effects=[]), "effects", "does not belong"),
    ("text source on video", clip(source={"text": "x", "in": 0, "out": 10}), "source.text",
     "belongs on a subtitle or burnin track"),
    ("media on subtitle", clip(track=SUBTITLE), "source.uri", "whose sources are texts"),
    ("text no text", clip(track=SUBTITLE, source={"text": 5, "in": 0, "out": 10}), "source.text",
     "write it in quotes"),
    ("font and fonts", clip(track=SUBTITLE, source={"text": "x", "in": 0, "out": 10}, font="A",
     fonts=["B"]), "fonts", "one of the two"),
    ("text size", clip(track=SUBTITLE, source={"text": "x", "in": 0, "out": 10},
     textFormat={"fontSize": 0}), "textFormat.fontSize", "above 0"),
    ("text colour", clip(track=SUBTITLE, source={"text": "x", "in": 0, "out": 10},
     textFormat={"textAYUV": "1234567"}), "textFormat.textAYUV", "six or eight hex digits"),
    ("text align", clip(track=SUBTITLE, source={"text": "x", "in": 0, "out": 10},
     textFormat={"halign": "centre"}), "textFormat.halign", "'left', 'middle' or 'right'"),
]  # fmt: skip

IN_SOURCE: list[tuple[str, dict[str, Any], str, str]] = [
    ("uri missing", clip(source={"in": 0, "out": 10}), "uri", "'generate' or 'location'"),
    ("uri misspelt", clip(source={"url": "a", "in": 0, "out": 10}), "url", "did you mean 'uri'?"),
    ("uri empty", source(uri=""), "uri", "must not be empty"),
    ("uri zero", source(uri="a\0b"), "uri", "zero character"),
    ("uri number", source(uri=5), "uri", "must be text, found the number 5"),
    ("uri half", source(uri="\ud800"), "uri", "surrogate"),
    ("source out", source(out=0), "out", "later than 'in'"),
    ("source in", source(**{"in": None}), "in", "required and missing"),
    ("two kinds", source(generate={"type": "black"}), "generate", "one or the other"),
    ("trackId", source(trackId="V0"), "trackId", "V or A and a number from 1"),
    ("trackId lower", source(trackId="v1"), "trackId", "such as 'V1'"),
    ("trackId kind", source(trackId="A1"), "trackId", "is an audio stream, but the clip is on a v"),
    ("speed zero", source(speed=0), "speed", "at least 0.001"),
    ("speed negative", source(speed=-1), "speed", "at least 0.001"),
    ("speed huge", source(speed=1e9), "speed", "at most 1000"),
    ("gamma", source(gamma=-0.1), "gamma", "at least 0"),
    ("hint width", source(width=0), "width", "at least 1"),
    ("hint fps", source(fps="x"), "fps", "frame rate"),
    ("audiomix value", {**source(audiomix="sum"), "track": AUDIO}, "audiomix", "must be 'avg'"),
    ("audiomix and trackId", {**source(audiomix="avg", trackId="A1"), "track": AUDIO}, "audiomix",
     "excludes 'trackId'"),
    ("audiomix on video", source(audiomix="avg"), "audiomix", "belongs on audio tracks"),
    ("generate text", clip(source={"generate": "black", "in": 0, "out": 10}), "generate",
     "must be an object"),
    ("generator", generated(type="blak"), "generate.type", "did you mean 'black'?"),
    ("generator none", generated(), "generate.type", "required and missing"),
    ("generator key", generated(type="black", yuv="108080"), "generate.yuv", "not a known key"),
    ("colour none", generated(type="colour"), "generate", "give 'yuv' or 'rgb'"),
    ("colour both", generated(type="colour", yuv="108080", rgb="000000"), "generate.rgb",
     "exactly one of the two"),
    ("colour hex", generated(type="colour", rgb="red"), "generate.rgb", "six hex digits"),
    ("alpha", generated(type="colour", rgb="FF0000", alpha=2), "generate.alpha", "at most 1"),
    ("generated width", clip(source={"generate": {"type": "demo"}, "in": 0, "out": 10, "width": 0}),
     "width", "at least 1"),
    ("location id", clip(source={"location": {"type": "s3"}, "in": 0, "out": 10}), "location.id",
     "required and missing"),
    ("location unknown", clip(source={"location": {"id": "x"}, "in": 0, "out": 10}), "location.id",
     "--locations"),
]  # fmt: skip

IN_FEATURES: list[tuple[str, dict[str, Any], str, str]] = [
    ("effect type", effect(type="blurr"), "effects[0].type", "did you mean 'blur'?"),
    ("effect list", effect(type="blurr"), "effects[0].type", "'oldFilm' and 'highlight'"),
    ("effect text", clip(effects=["blur"]), "effects[0]", "must be an object"),
    ("effect range on clip", effect(type="blur", value=1, out=2), "effects[0].out", "not a known"),
    ("effect without number", effect(type="contrast"), "effects[0]", "give it a 'value'"),
    ("effect both names", effect(type="contrast", value=1, strength=1), "effects[0].strength",
     "the same as 'value'"),
    ("effect curve and number", effect(type="brightness", value=1, linear=[{"src": 0, "dst": 0}]),
     "effects[0]", "'linear' or 'value'"),
    ("effect curve order", effect(type="y", linear=[{"src": 1, "dst": 0}, {"src": 1, "dst": 1}]),
     "effects[0].linear[1].src", "more than that of the entry before"),
    ("effect curve missing", effect(type="u"), "effects[0].linear", "required"),
    ("blur negative", effect(type="blur", value=-1), "effects[0].value", "at least 0"),
    ("crop", effect(type="crop", left=1.5), "effects[0].left", "at most 1"),
    ("borders colour", effect(type="borders", width=0.1, yuv="x"), "effects[0].yuv", "six hex"),
    ("lut uri", effect(type="lut"), "effects[0].uri", "required"),
    ("film seed", effect(type="oldFilm", seed=1.5), "effects[0].seed", "whole number"),
    ("point order", effect(type="blur", controlPoints=[{"point": 2, "value": 1}, {"point": 1,
     "value": 1}]), "effects[0].controlPoints[1].point", "sort the list by 'point'"),
    ("point key", effect(type="blur", controlPoints=[{"point": 2, "amount": 1}]),
     "effects[0].controlPoints[0].amount", "not a known key"),
    ("points empty", effect(type="blur", controlPoints=[]), "effects[0].controlPoints",
     "at least 1 entry"),
    ("interpolation", effect(type="blur", value=1, interpolation="cubic"),
     "effects[0].interpolation", "'linear', 'smooth' or 'hold'"),
    ("highlight inside highlight", effect(type="highlight", insideMaskFilters=[{"type":
     "highlight"}]), "effects[0].insideMaskFilters[0].type", "no known filter"),
    ("effect source range", sub("video", "effects", {"type": "blur", "value": 1, "out": 1}),
     "source.in", "required"),
    ("effect source type", sub("video", "effects", {"type": 5, "in": 0, "out": 1}), "source.type",
     "must be one of"),
    ("filters", sub("video", "colour", {"filters": [{"type": "sepia"}]}),
     "source.filters[0].type", "no known filter"),
    ("transform points", sub("video", "transform", {"controlPoints": []}),
     "source.controlPoints", "at least 1 entry"),
    ("transform key", transform(panX=1), "source.controlPoints[0].panX", "mean 'panx'?"),
    ("opacity", transform(opacity=1.1), "source.controlPoints[0].opacity", "at most 1"),
    ("bezier length", transform(bezier=[0, 0, 1]), "source.controlPoints[0].bezier", "4 entries"),
    ("bezier range", transform(bezier=[0, 0, 2, 1]), "source.controlPoints[0].bezier[2]",
     "must lie in 0..1"),
    ("flip", sub("video", "transform", {"controlPoints": [{"point": 0}], "flip": 1}),
     "source.flip", "true or false"),
    ("motion key", clip(motion={"panx": 1}), "motion.panx", "did you mean 'panX'?"),
    ("motion duration", clip(motion={"duration": 0}), "motion.duration", "above 0"),
    ("motion curve", clip(motion={"bezier": [{"srcTime": 0, "dstTime": 1}, {"srcTime": 1,
     "dstTime": 0}]}), "motion.bezier[1].dstTime", "at least that of the entry before"),
    ("motion curve handle", clip(motion={"bezier": [{"srcTime": 0, "dstTime": time} for time in
     (0, 2, 1, 3)]}), "motion.bezier[2].dstTime", "at least that of the entry before (2)"),
    ("motion of sources", clip(source=None, sources=[MEDIA, MEDIA], motion={"duration": 1}),
     "motion.duration", "the clip has 2"),
    ("motion on audio", clip(track=AUDIO, motion={"panX": 1}), "motion.panX", "not a known key"),
    ("transition type", clip(transition={"type": "wype", "duration": 1}), "transition.type",
     "did you mean 'wipe'?"),
    ("transition length", clip(transition={"type": "wipe"}), "transition",
     "no 'duration' and no 'source'"),
    ("transition zero", clip(transition={"type": "dip", "duration": 0}), "transition.duration",
     "above 0"),
    ("transition both", clip(transition={"type": "dip", "source": MEDIA, "sources": [MEDIA]}),
     "transition.sources", "exactly one"),
    ("transition duration", clip(transition={"type": "dip", "source": MEDIA, "duration": 4}),
     "transition.duration", "it is 4 s, the clip 10 s"),
    ("transition source", clip(transition={"type": "dip", "source": {**MEDIA, "out": 0}}),
     "transition.source.out", "later than 'in'"),
    ("iris", clip(transition={"type": "iris", "duration": 1, "points": 2}), "transition.points",
     "0 for a circle or at least 3"),
    ("audio transition", clip(track=AUDIO, transition={"type": "wipe", "duration": 1}),
     "transition.type", "no known audio transition"),
    ("level db", sub("audio", "level", {"controlPoints": [{"point": 0, "db": "-inf"}]}),
     "source.controlPoints[0].db", "'-Infinity'"),
    ("level db number text", sub("audio", "level", {"controlPoints": [{"point": 0, "db": "-6"}]}),
     "source.controlPoints[0].db", "a number of decibels"),
    ("pan", sub("audio", "pan", {"pan": 1.5}), "source.pan", "at most 1"),
    ("pan none", sub("audio", "pan", {}), "source", "neither 'pan' nor 'controlPoints'"),
    ("sub-track range", sub("audio", "pan", {"pan": 1, "in": 3, "out": 2}), "source.out",
     "later than 'in'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edl", "path", "gist"), [pytest.param(*c[1:], id=c[0]) for c in IN_DOCUMENT]
)
def test_document_rule(edl: Any, path: str, gist: str, tmp_path: Path) -> None:
    first = problems_of(edl, tmp_path)[0]
    assert first.json_path == path
    assert gist in first.message


@pytest.mark.parametrize(
    ("bad", "path", "gist"),
    [pytest.param(*c[1:], id=c[0]) for c in IN_CLIP + IN_FEATURES]
    + [pytest.param(c[1], f"source.{c[2]}", c[3], id=c[0]) for c in IN_SOURCE],
)
def test_clip_rule(bad: dict[str, Any], path: str, gist: str, tmp_path: Path) -> None:
    # A good clip first, so that the index of the bad one is not the default.
    good = clip(**{"in": 100, "out": 110})
    problems = problems_of({"clips": [good, bad]}, tmp_path)
    dotted = f".{path}" if path else ""
    assert [problem.json_path for problem in problems] == [f"clips[1]{dotted}"]
    assert gist in problems[0].message
    assert "Input should" not in problems[0].message


def test_every_rule_is_also_found_by_the_two_steps_of_the_api(tmp_path: Path) -> None:
    for _, bad, path, _ in IN_CLIP:
        with pytest.raises(EdlValidationError) as caught:
            build_timeline(
                parse_edl(json.dumps({"clips": [bad]})),
                base_folder=tmp_path,
                resolve=lambda uri, folder: str(folder / uri),
            )
        assert caught.value.problems[0].json_path == ".".join(filter(None, ("clips[0]", path)))
