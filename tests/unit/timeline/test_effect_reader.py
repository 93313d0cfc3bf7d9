"""Effects as the file says them and as the timeline holds them."""

from __future__ import annotations

import json
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import pytest

from edl2ffmpeg.edl import parse_edl
from edl2ffmpeg.errors import EdlValidationError
from edl2ffmpeg.timeline import build_timeline
from edl2ffmpeg.timeline.animation import Animation, Interpolation, Keyframe
from edl2ffmpeg.timeline.colour import BLACK
from edl2ffmpeg.timeline.effects import EFFECT_VALUES, Effect, EffectKind
from edl2ffmpeg.timeline.model import YuvColour
from unit.edl.test_clips import EFFECTS
from unit.timeline.test_builder import build, clip


def effects(*written: Any, start: float = 10) -> tuple[Effect, ...]:
    return build(clip(start, start + 5, effects=list(written))).video_tracks[0].clips[0].effects


def effect(kind: str, **parameters: Any) -> Effect:
    (only,) = effects({"type": kind, **parameters})
    return only


def test_a_number_under_either_name() -> None:
    for name in ("value", "strength"):
        found = effect("contrast", **{name: 0.9})
        assert (found.kind, found.animation) == (EffectKind.CONTRAST, Animation.constant(0.9))
        assert effect("vignette", **{name: 0.2}).animation.at(F(0)) == (0.2, 0.5, 0.5)
        assert effect("lut", uri="a.cube", **{name: 0.2}).animation.at(F(0)) == (0.2,)


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ({"type": "blackAndWhite"}, (1.0,)),
        ({"type": "rgbBalance", "green": 0.5}, (1.0, 0.5, 1.0)),
        ({"type": "white", "v": -0.1}, (0.0, -0.1)),
        ({"type": "sharpen", "value": 1}, (1.0, 2.0)),
        ({"type": "vignette"}, (0.5, 0.5, 0.5)),
        ({"type": "crop", "top": 0.25}, (0.0, 0.0, 0.25, 0.0)),
        ({"type": "borders"}, (0.05,)),
        ({"type": "lut", "uri": "x.cube"}, (1.0,)),
        ({"type": "oldFilm", "grain": 0}, (0.0, 0.3, 0.3)),
        ({"type": "highlight", "feather": 3}, (3.0,)),
        ({"type": "y", "linear": [{"src": 0, "dst": 1}]}, ()),
    ],
)
def test_what_is_left_out_is_the_default(written: Any, values: tuple[float, ...]) -> None:
    (found,) = effects(written)
    assert found.animation.at(F(12)) == values


def test_points_count_from_the_clips_in() -> None:
    points = [
        {"point": 0.1, "value": 1, "bezier": [0.4, 0, 0.6, 1]},
        {"point": 2, "strength": 8},
    ]
    found = effect("blur", controlPoints=points, interpolation="smooth")
    assert found.animation == Animation(
        (
            Keyframe(F(101, 10), (1.0,), (0.4, 0.0, 0.6, 1.0)),
            Keyframe(F(12), (8.0,)),
        ),
        Interpolation.SMOOTH,
    )


def test_a_point_without_a_number_takes_the_effects_own_and_then_the_default() -> None:
    points = [{"point": 0, "value": 3}, {"point": 1}, {"point": 2, "radius": 7}]
    fixed = effect("sharpen", value=5, controlPoints=points)
    assert [key.values for key in fixed.animation.keyframes] == [(3, 2), (5, 2), (5, 7)]
    bare = effect("sharpen", controlPoints=points)
    assert [key.values for key in bare.animation.keyframes] == [(3, 2), (0, 2), (0, 7)]
    # The models of these points have defaults of their own, which must not win.
    gains = effect("rgbBalance", red=2, controlPoints=[{"point": 0, "blue": 3}])
    assert gains.animation.keyframes[0].values == (2, 1, 3)
    grey = effect("blackAndWhite", amount=0.25, controlPoints=[{"point": 0}])
    assert grey.animation.keyframes[0].values == (0.25,)


def test_control_points_win_over_the_fixed_number() -> None:
    assert effect("blur", value=9, controlPoints=[{"point": 0, "value": 1}]).animation.at(
        F(10)
    ) == (1.0,)


def test_curves() -> None:
    linear = [{"src": 0, "dst": 0.1}, {"src": 1, "dst": 0.9}]
    for kind in ("brightness", "saturation", "y", "u", "v"):
        assert effect(kind, linear=linear).curve == ((0.0, 0.1), (1.0, 0.9))
    assert effect("brightness", value=1.1).curve == ()


def test_colour_and_seed() -> None:
    assert effect("borders", yuv="515AF0").colour == YuvColour(0x51, 0x5A, 0xF0)
    assert effect("borders").colour == BLACK
    assert effect("oldFilm", seed=2**40).seed == 2**40


def test_order_and_paths() -> None:
    first, second = effects({"type": "gamma", "value": 2}, {"type": "blur", "value": 1})
    assert (first.kind, first.json_path) == (EffectKind.GAMMA, "clips[0].effects[0]")
    assert (second.kind, second.json_path) == (EffectKind.BLUR, "clips[0].effects[1]")


def test_a_look_up_table_is_found_as_media_are() -> None:
    assert effect("lut", uri="looks/film.cube").lut == "/edl/looks/film.cube"


def test_a_look_up_table_that_cannot_be_resolved_is_a_problem() -> None:
    def resolve(uri: str, folder: Path) -> str:
        if uri.endswith(".cube"):
            raise ValueError("Invalid IPv6 URL")
        return str(folder / uri)

    inner = {"type": "highlight", "insideMaskFilters": [{"type": "lut", "uri": "b.cube"}]}
    written = clip(0, 1, effects=[{"type": "lut", "uri": "a.cube"}, inner])
    document = parse_edl(json.dumps({"clips": [written]}))
    with pytest.raises(EdlValidationError) as caught:
        build_timeline(document, base_folder=Path("/"), resolve=resolve)
    assert [str(problem) for problem in caught.value.problems] == [
        "clips[0].effects[0].uri: 'a.cube' is no path or address that can be read: Invalid IPv6 "
        "URL",
        "clips[0].effects[1].insideMaskFilters[0].uri: 'b.cube' is no path or address that can be "
        "read: Invalid IPv6 URL",
    ]


def test_highlight() -> None:
    found = effect(
        "highlight",
        insideMaskFilters=[{"type": "blur", "controlPoints": [{"point": 1, "value": 2}]}],
        outsideMaskFilters=[{"type": "blackAndWhite"}, {"type": "gamma", "value": 2}],
        controlPoints=[{"point": 0, "panx": 0.5}, {"point": 1, "zoomx": 0.5, "shape": 0}],
        interpolation="hold",
        feather=0.5,
    )
    assert found.animation == Animation.constant(0.5)
    assert [inner.kind.value for inner in found.inside + found.outside] == [
        "blur",
        "blackAndWhite",
        "gamma",
    ]
    assert found.inside[0].animation.keyframes[0].time == 11
    assert found.outside[1].json_path == "clips[0].effects[0].outsideMaskFilters[1]"
    assert found.mask is not None
    assert found.mask.json_path == "clips[0].effects[0].controlPoints"
    assert found.mask.animation == Animation(
        (
            Keyframe(F(10), (0.5, 0, 1, 1, 0, 1, 1)),
            Keyframe(F(11), (0, 0, 0.5, 1, 0, 0, 1)),
        ),
        Interpolation.HOLD,
    )


def test_a_highlight_without_points_has_no_mask() -> None:
    assert effect("highlight", insideMaskFilters=[{"type": "blackAndWhite"}]).mask is None


def test_the_opacity_of_a_mask_is_a_warning() -> None:
    points = [{"point": 0}, {"point": 1, "opacity": 0.5}]
    timeline = build(clip(0, 1, effects=[{"type": "highlight", "controlPoints": points}]))
    assert [str(warning) for warning in timeline.warnings] == [
        "clips[0].effects[0].controlPoints[1].opacity: has no effect on a mask"
    ]


@pytest.mark.parametrize("kind", EFFECTS)
def test_every_effect_has_as_many_numbers_as_the_table_names(kind: str) -> None:
    found = effect(kind, **EFFECTS[kind])
    for keyframe in found.animation.keyframes:
        assert len(keyframe.values) == len(EFFECT_VALUES[found.kind])
