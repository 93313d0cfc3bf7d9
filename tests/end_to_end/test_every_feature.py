"""Ten layers that use every feature of the format at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edl2ffmpeg.edl.effects import EFFECT_TYPES
from edl2ffmpeg.edl.transitions import TRANSITION_TYPES
from helpers.edl_factory import Json, generated, media, video_clip
from helpers.layers import edit, sub
from helpers.looks import LookMedia
from helpers.rendering import render_edl


def every_effect(look_media: LookMedia) -> list[Json]:
    curve = [{"src": 0, "dst": 0.1}, {"src": 1, "dst": 0.9}]
    moving = {"controlPoints": [{"point": 0, "value": 1}, {"point": 1, "value": 1.4}]}
    return [
        {"type": "brightness", **moving},
        {"type": "contrast", "value": 1.1, "interpolation": "smooth"},
        {"type": "saturation", "linear": curve},
        {"type": "gamma", "value": 1.1},
        {"type": "blackAndWhite", "amount": 0.2},
        {"type": "rgbBalance", "red": 1.1, "blue": 0.9},
        {"type": "white", "u": 0.02, "v": -0.02},
        *({"type": name, "linear": [{"src": -0.5, "dst": -0.4}, {"src": 1, "dst": 1}]}
          for name in "yuv"),
        {"type": "blur", "value": 6},
        {"type": "sharpen", "value": 0.5, "radius": 6},
        {"type": "mosaic", "value": 12},
        {"type": "vignette", "strength": 0.4},
        {"type": "crop", "left": 0.05, "top": 0.05},
        {"type": "borders", "width": 0.04, "yuv": "80A050"},
        {"type": "lut", "uri": str(look_media.cube), "strength": 0.7},
        {"type": "oldFilm", "grain": 0.2, "scratches": 0.5, "flicker": 0.2, "seed": 7},
        {"type": "highlight", "insideMaskFilters": [{"type": "blur", "value": 20}],
         "outsideMaskFilters": [{"type": "lut", "uri": str(look_media.line)}], "feather": 30,
         "controlPoints": [{"point": 0, "zoomx": 0.4, "zoomy": 0.4, "shape": 0},
                           {"point": 1, "zoomx": 0.4, "zoomy": 0.4, "panx": 0.5}]},
    ]  # fmt: skip


def every_feature(look_media: LookMedia, length: float) -> Json:
    """Ten layers, each with something of its own, for ``length`` seconds."""
    effects = every_effect(look_media)
    assert {entry["type"] for entry in effects} == set(EFFECT_TYPES)
    bar, other, third = (clip.path for clip in look_media.barcoded)
    part = round(length / 8, 6)
    eased = {
        "controlPoints": [
            {"point": 0, "panx": -0.5, "zoomx": 0.5, "zoomy": 0.5, "bezier": [0.4, 0, 0.2, 1.2]},
            {"point": length / 2, "panx": 0.5, "rotate": 40, "zoomx": 0.4, "zoomy": 0.4,
             "shape": 0.4},
            {"point": length, "panx": 0.1, "shape": 0, "opacity": 0.5, "zoomx": 0.6, "zoomy": 0.3},
        ],
        "interpolation": "smooth",
    }  # fmt: skip
    curve = {"bezier": [{"dstTime": length * share, "srcTime": time}
                        for share, time in ((0, 0), (0.3, 1.5), (0.6, 0.2), (1, 2))]}  # fmt: skip
    quarter = {"panX": -0.6, "panY": 0.6, "zoomX": 0.3, "zoomY": 0.3}
    cut = [
        video_clip(media((bar, other, third)[index % 3], 0.5, 0.5 + part),
                   round(index * part, 6), round((index + 1) * part, 6), 4,
                   transition={"type": kind, "duration": part})
        for index, kind in enumerate((*TRANSITION_TYPES, "dissolve"))
    ]  # fmt: skip
    led = [{"type": kind, "source": media(third, 1, 1 + part)} for kind in TRANSITION_TYPES]
    small = [
        video_clip(media(bar, 1, 1 + part), round(index * part, 6), round((index + 1) * part, 6), 5,
                   transition=way, motion=quarter)
        for index, way in enumerate(led)
    ]  # fmt: skip
    return edit(
        video_clip(media(bar, 0, length), 0, length),
        sub(1, "colour", {"filters": [entry for entry in effects if entry["type"] != "highlight"]},
            0, length),
        *({"track": {"type": "video", "number": 1, "subtype": "effects", "subnumber": index + 1},
           "in": 0, "out": length, "source": {"in": 0, "out": length} | entry}
          for index, entry in enumerate(effects)),
        video_clip(media(other, 0.2, 0.2 + length), 0, length, 2, effects=effects,
                   motion={"zoomX": 0.5, "zoomY": 0.5, "rotation": 10}),
        video_clip(media(look_media.still, 0, length), 0, length, 3, topFade=0.1, tailFade=0.1),
        sub(3, "transform", eased, 0, length),
        *cut, sub(4, "transform", {"controlPoints": [{"point": 0, "zoomx": 0.4, "zoomy": 0.4,
                                                      "panx": 0.5}], "flip": True}, 0, length),
        *small,
        video_clip(media(look_media.prores.path, 0, length), 0, length, 6,
                   motion={"zoomX": 0.4, "zoomY": 0.4, "panY": 0.4, "offset": 0.05}),
        video_clip(media(look_media.vp9, 0, 0.8), 0, length, 7,
                   motion={"duration": 0.9, "panX": 0.7, "zoomX": 0.3, "zoomY": 0.3}),
        video_clip(media(bar, 0, 1), 0, length, 8,
                   motion=curve | {"panX": -0.7, "panY": -0.7, "zoomX": 0.25, "zoomY": 0.25}),
        video_clip(generated("colour", length, 40, 40, rgb="20C060", alpha=0.4), 0, length, 9,
                   topFade=0.2, topFadeYUV="FFFFFF"),
        sub(9, "transform", {"controlPoints": [{"point": 0, "shape": 0.3, "rotate": 45,
                                                "zoomx": 0.3, "zoomy": 0.3}]}, 0, length),
        video_clip(generated("testpattern", length, 96, 54), 0, length, 10,
                   motion={"zoomX": 0.2, "zoomY": 0.2, "panX": 0.8, "panY": -0.8}),
        {"track": {"type": "burnin", "number": 1}, "in": 0, "out": length, "topFade": 0.1,
         "source": {"text": "Burnt in\n\u05d0\u05d1", "in": 0, "out": length},
         "textFormat": {"fontSize": 120, "backAYUV": "80108080", "valign": "top"}},
        {"track": {"type": "burnin", "number": 1, "subtype": "transform"}, "in": 0, "out": length,
         "source": {"controlPoints": [{"point": 0, "rotate": 5}, {"point": 1, "rotate": -5}]}},
        {"track": {"type": "subtitle", "number": 1}, "in": 0.1, "out": length,
         "source": {"text": "A subtitle", "in": 0, "out": length - 0.1},
         "effects": [{"type": "blur", "value": 3}]},
    )  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"pixel_format": "yuv422p10le", "codec": "ffv1"}])
def test_ten_layers_with_every_feature_at_once(
    tmp_path: Path, look_media: LookMedia, options: dict[str, str]
) -> None:
    edl = every_feature(look_media, 0.96)
    numbers = {clip["track"]["number"] for clip in edl["clips"] if clip["track"]["type"] == "video"}
    assert numbers == set(range(1, 11))
    name = "movie.mkv" if options else "movie.mp4"
    more: dict[str, Any] = {**options, "preset": None} if options else {}
    result = render_edl(tmp_path, edl, name, **more)
    assert result.frames == 24
    assert result.warnings == ()
    assert json.loads(json.dumps(result.report))["counters"]["composed"] == 24
