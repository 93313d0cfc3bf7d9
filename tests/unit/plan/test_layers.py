"""Tracks in painter order, sub-tracks, transforms and transitions of whole edits."""

from __future__ import annotations

import time
from fractions import Fraction as F
from typing import Any

import pytest

from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.plan.model import (
    EffectPlan,
    GeneratedPicture,
    LayerPlan,
    MediaPicture,
    TransformPlan,
    TransitionPlan,
)
from edl2ffmpeg.timeline.effects import EffectKind, TransitionKind
from edl2ffmpeg.timeline.model import YuvColour
from unit.timeline.test_builder import build
from unit.timeline.test_sub_tracks import sub

Json = dict[str, Any]


def clip(start: float, end: float, uri: str = "a", number: int = 1, **more: Any) -> Json:
    """A clip whose source time is the timeline's."""
    return {
        "in": start,
        "out": end,
        "track": {"type": "video", "number": number},
        "source": {"uri": uri, "in": start, "out": end},
        **more,
    }


def planner(*clips: Json, fps: float | str = 25) -> FramePlanner:
    return FramePlanner(build(*clips, fps=fps))


def layer(plans: FramePlanner, number: int) -> LayerPlan:
    (only,) = plans.frame(number).layers
    assert isinstance(only, LayerPlan)
    return only


def passage(plans: FramePlanner, number: int) -> TransitionPlan:
    (only,) = plans.frame(number).layers
    assert isinstance(only, TransitionPlan)
    return only


def shown(layer: LayerPlan | None) -> tuple[str, F, bool] | None:
    """File, source time and whether it may be held."""
    if layer is None:
        return None
    assert isinstance(layer.picture, MediaPicture)
    return layer.picture.source.uri, layer.picture.source_time, layer.picture.may_hold


# -- tracks -------------------------------------------------------------------


def test_tracks_are_layers_from_the_lowest_number_up() -> None:
    plans = planner(clip(0, 2, "c", 7), clip(1, 2, "a"), clip(0, 1, "b", 2))
    assert [entry.track for entry in plans.frame(0).layers] == [2, 7]
    assert [shown(entry) for entry in plans.frame(30).pictures] == [
        ("a", F(6, 5), False),
        ("c", F(6, 5), False),
    ]


def test_gaps_show_what_is_beneath() -> None:
    plans = planner(clip(0, 3), clip(1, 2, "b", 2))
    assert [len(plans.frame(number).layers) for number in (24, 25, 49, 50)] == [1, 2, 2, 1]


# -- sub-tracks and clips' own effects ----------------------------------------


def test_effects_of_the_clip_then_colour_then_effects() -> None:
    blur = {"type": "blur", "value": 2, "in": 0, "out": 1}
    plans = planner(
        clip(0, 1, effects=[{"type": "contrast", "value": 2}, {"type": "gamma", "value": 1}]),
        sub(0, 1, "effects", blur, subnumber=2),
        sub(0, 1, "effects", {**blur, "type": "mosaic"}),
        sub(0, 1, "colour", {"filters": [{"type": "saturation", "value": 0}]}),
    )
    assert [effect.kind.value for effect in layer(plans, 0).effects] == [
        "contrast",
        "saturation",
        "mosaic",
        "blur",
    ]


def test_a_sub_track_acts_from_its_rounded_in_to_its_rounded_out() -> None:
    blur = {"type": "blur", "value": 2, "in": 0, "out": 1}
    # 0.419 s is frame 10.475, 0.62 s frame 15.5.
    plans = planner(clip(0, 1), sub(0.419, 0.62, "effects", blur))
    acting = [number for number in range(25) if layer(plans, number).effects]
    assert acting == list(range(10, 16))


def test_a_sub_track_acts_on_no_other_track() -> None:
    grey = {"type": "blackAndWhite", "in": 0, "out": 1}
    plans = planner(clip(0, 1), clip(0, 1, "b", 2), sub(0, 1, "effects", grey, number=2))
    below, above = plans.frame(0).pictures
    assert (below.effects, len(above.effects)) == ((), 1)


def test_animated_effects_are_exact_at_their_points() -> None:
    points = [{"point": 0.2, "value": 0}, {"point": 1, "value": 8}]
    blur = {"type": "blur", "in": 0, "out": 2, "controlPoints": points}
    plans = planner(clip(0, 4), sub(1, 3, "effects", blur))

    def value(number: int) -> float:
        return sum(effect.value("value") for effect in layer(plans, number).effects)

    assert [value(number) for number in (24, 29, 30, 40, 50, 74, 75)] == [0, 0, 0, 4, 8, 8, 0]


def test_old_film_counts_output_frames() -> None:
    film = {"type": "oldFilm", "seed": 5}
    found = layer(planner(clip(0, 2, effects=[film])), 33).effects
    assert found == (EffectPlan(EffectKind.OLD_FILM, (0.3, 0.3, 0.3), seed=5, frame=33),)


def test_transforms_of_the_clip_come_before_those_of_the_track() -> None:
    points = {"controlPoints": [{"point": 0, "panx": 0}, {"point": 2, "panx": 1}]}
    plans = planner(
        clip(0, 2, motion={"zoomX": 2, "flip": True}),
        sub(0, 2, "transform", points, subnumber=2),
        sub(0, 2, "transform", {"controlPoints": [{"point": 0, "rotate": 90}]}),
    )
    assert layer(plans, 0).transforms == (
        TransformPlan(zoom_x=2, flip=True),
        TransformPlan(rotation=90),
    )
    assert layer(plans, 25).transforms[2] == TransformPlan(pan_x=0.5)


def test_opacities_multiply_and_leave_no_transform_behind() -> None:
    half = {"controlPoints": [{"point": 0, "opacity": 0.5}]}
    falling = {"controlPoints": [{"point": 0, "opacity": 1}, {"point": 2, "opacity": 0}]}
    plans = planner(
        clip(0, 2, topFade=1),
        sub(0, 2, "transform", half),
        sub(0, 2, "transform", falling, subnumber=2),
    )
    assert [layer(plans, number).opacity for number in (0, 10, 25)] == [
        0,
        F(10, 25) / 2 * F(0.8),
        F(1, 4),
    ]
    assert layer(plans, 10).transforms == ()


def test_an_untouched_frame_stays_untouched() -> None:
    nothing = {"type": "blur", "value": 0, "in": 0, "out": 1}
    plans = planner(
        clip(0, 1, effects=[{"type": "brightness", "value": 1}], motion={"panX": 0}),
        sub(0, 1, "effects", nothing),
        sub(0, 1, "transform", {"controlPoints": [{"point": 0}]}),
    )
    found = layer(plans, 3)
    assert (found.effects, found.transforms, found.opacity) == ((), (), 1)


def test_generated_pictures_before_their_first_are_the_first() -> None:
    source = {"generate": {"type": "demo"}, "in": 0, "out": 2}
    plans = planner(clip(0, 2, source=source, motion={"offset": -1}))
    frames = [layer(plans, number).picture for number in (0, 25, 30)]
    assert [entry.frame for entry in frames if isinstance(entry, GeneratedPicture)] == [0, 0, 5]


def test_media_times_may_be_negative() -> None:
    plans = planner(clip(0, 2, motion={"offset": -1}))
    assert shown(layer(plans, 0)) == ("a", F(-1), False)


# -- transitions over a duration ----------------------------------------------


def dissolve(duration: float = 0.4, **more: Any) -> Json:
    return {"type": "dissolve", "duration": duration, **more}


def test_from_the_clip_before_to_this_one() -> None:
    plans = planner(clip(0, 1), clip(1, 2, "b", transition=dissolve()))
    kinds = [type(plans.frame(number).layers[0]) for number in range(50)]
    assert kinds.index(TransitionPlan) == 25
    assert kinds.count(TransitionPlan) == 10
    first, last = passage(plans, 25), passage(plans, 34)
    assert (first.progress, last.progress) == (F(1, 20), F(19, 20))
    assert (first.track, first.json_path) == (1, "clips[1].transition")
    assert first.look.kind is TransitionKind.DISSOLVE
    # The one before plays on past its out, and may end while it does.
    assert shown(first.outgoing) == ("a", F(1), True)
    assert shown(last.outgoing) == ("a", F(34, 25), True)
    assert shown(first.incoming) == ("b", F(1), False)
    assert [entry.clip_path for entry in plans.frame(25).pictures] == ["clips[0]", "clips[1]"]


def test_progress_counts_the_rounded_frames() -> None:
    # At 29.97 the cut at 1 s is frame 30 (29.97) and the end at 1.35 s frame 40 (40.46).
    plans = planner(clip(0, 1), clip(1, 2, "b", transition=dissolve(0.35)), fps=29.97)
    during = [
        entry
        for number in range(plans.frame_count)
        for entry in plans.frame(number).layers
        if isinstance(entry, TransitionPlan)
    ]
    assert [entry.progress for entry in during] == [F(2 * k + 1, 20) for k in range(10)]


def test_the_outgoing_media_keep_their_speed() -> None:
    fast = {"uri": "a", "in": 0, "out": 2, "speed": 2}
    plans = planner(clip(0, 1, source=fast), clip(1, 2, "b", transition=dissolve()))
    assert shown(passage(plans, 30).outgoing) == ("a", F(60, 25), True)


def test_the_last_of_several_sources_goes_out() -> None:
    parts = [{"uri": "a", "in": 0, "out": 0.5}, {"uri": "c", "in": 7, "out": 7.5}]
    several = clip(0, 1, sources=parts)
    del several["source"]
    plans = planner(several, clip(1, 2, "b", transition=dissolve()))
    assert shown(passage(plans, 25).outgoing) == ("c", F(15, 2), True)


@pytest.mark.parametrize("gap", [0, 0.5])
def test_from_black_without_a_clip_that_ends_there(gap: float) -> None:
    before = [clip(0, 1)] if gap else []
    start = 1 + gap if gap else 0
    plans = planner(*before, clip(start, 3, "b", transition=dissolve()))
    first = round(start * 25 + 0.1)
    found = passage(plans, first)
    assert found.outgoing is None
    assert found.legs == plans.frame(first).pictures
    assert shown(found.incoming) is not None


def test_above_other_tracks_it_is_from_black_as_well() -> None:
    plans = planner(clip(0, 2), clip(0, 2, "b", 2, transition=dissolve()))
    below, above = plans.frame(0).layers
    assert isinstance(below, LayerPlan)
    assert isinstance(above, TransitionPlan)
    assert (above.outgoing, above.track) == (None, 2)


def test_ends_that_round_to_one_frame_meet() -> None:
    plans = planner(clip(0, 0.99), clip(1, 2, "b", transition=dissolve()))
    assert shown(passage(plans, 25).outgoing) == ("a", F(1), True)
    # 0.97 s is frame 24.25, so frame 24 lies between.
    plans = planner(clip(0, 0.97), clip(1, 2, "b", transition=dissolve()))
    assert passage(plans, 25).outgoing is None


def test_another_output_rate_decides_anew_what_meets() -> None:
    from dataclasses import replace

    timeline = build(clip(0, 0.97), clip(1, 2, "b", transition=dissolve()), fps=25)
    plans = FramePlanner(replace(timeline, frame_rate=F(10)))
    assert shown(passage(plans, 10).outgoing) == ("a", F(1), True)


def test_the_outgoing_clip_keeps_what_is_done_to_it() -> None:
    source = {"uri": "a", "in": 0, "out": 1, "gamma": 2}
    blur = {"type": "blur", "controlPoints": [{"point": 0, "value": 0}, {"point": 2, "value": 2}]}
    plans = planner(
        clip(0, 1, source=source, motion={"panX": 1}, effects=[blur], topFade=4,
             topFadeYUV="EB8080"),
        clip(1, 2, "b", transition=dissolve()),
    )  # fmt: skip
    out, into = plans.frame(30).pictures
    assert out.gamma == 2
    assert out.transforms == (TransformPlan(pan_x=1),)
    assert out.effects[0].value("value") == pytest.approx(1.2)
    assert out.colour_mix is not None
    assert (out.colour_mix.colour, out.colour_mix.weight) == (YuvColour(235, 128, 128), F(3, 10))
    assert (into.gamma, into.transforms, into.effects, into.colour_mix) == (1, (), (), None)


def test_the_outgoing_clips_tail_fade_has_come_to_its_end() -> None:
    plans = planner(clip(0, 1, tailFade=0.5), clip(1, 2, "b", transition=dissolve(), topFade=1))
    out, into = plans.frame(30).pictures
    assert (out.opacity, into.opacity) == (0, F(1, 5))


def test_the_tracks_sub_tracks_act_on_both() -> None:
    grey = {"type": "blackAndWhite", "in": 0, "out": 9}
    turned = {"controlPoints": [{"point": 0, "rotate": 5, "opacity": 0.5}]}
    plans = planner(
        clip(0, 1),
        clip(1, 2, "b", transition=dissolve()),
        sub(1.2, 9, "effects", grey),
        sub(1.2, 9, "transform", turned),
    )
    for number, count in ((29, 0), (30, 1)):
        for leg in plans.frame(number).pictures:
            assert (len(leg.effects), len(leg.transforms)) == (count, count)
            assert leg.opacity == (F(1, 2) if count else 1)


def test_chains() -> None:
    plans = planner(
        clip(0, 1),
        clip(1, 2, "b", transition=dissolve(9)),
        clip(2, 3, "c", transition=dissolve(1)),
    )
    assert passage(plans, 49).progress == F(49, 50)
    assert shown(passage(plans, 50).outgoing) == ("b", F(2), True)
    assert shown(passage(plans, 74).incoming) == ("c", F(74, 25), False)


# -- transitions with sources -------------------------------------------------


def wipe(*uris: str, length: float = 1) -> Json:
    share = length / len(uris)
    parts = [{"uri": uri, "in": 50, "out": 50 + share} for uri in uris]
    return {"type": "wipe", "sources": parts}


def test_from_the_clips_source_to_the_transitions() -> None:
    plans = planner(clip(0, 1), clip(1, 2, "b", transition=wipe("x", "y")), clip(2, 3, "c"))
    assert [type(plans.frame(n).layers[0]) for n in (24, 25, 49, 50)] == [
        LayerPlan,
        TransitionPlan,
        TransitionPlan,
        LayerPlan,
    ]
    found = passage(plans, 25)
    assert found.progress == F(1, 50)
    assert (shown(found.outgoing), shown(found.incoming)) == (("b", F(1), False), ("x", 50, False))
    found = passage(plans, 49)
    assert found.progress == F(49, 50)
    # 0.5 s after 1 s rounds to frame 38 (37.5).
    assert shown(found.incoming) == ("y", 50 + F(49, 25) - F(3, 2), False)
    assert found.incoming is not None
    assert found.incoming.json_path == "clips[1].transition.sources[1]"
    assert found.incoming.clip_path == "clips[1]"


def test_the_clips_own_looks_are_on_both() -> None:
    plans = planner(
        clip(0, 1, transition=wipe("x"), topFade=1, motion={"zoomY": 2},
             effects=[{"type": "blur", "value": 1}]),
    )  # fmt: skip
    for leg in plans.frame(5).pictures:
        assert leg.opacity == F(1, 5)
        assert leg.transforms == (TransformPlan(zoom_y=2),)
        assert len(leg.effects) == 1


def test_its_last_source_is_what_goes_out_of_it() -> None:
    plans = planner(clip(0, 1, transition=wipe("x", "y")), clip(1, 2, "b", transition=dissolve()))
    assert shown(passage(plans, 25).outgoing) == ("y", F(101, 2), True)


# -- look-ups -----------------------------------------------------------------


def test_segments_between_include_those_of_transitions() -> None:
    plans = planner(
        clip(0, 1), clip(1, 2, "b", transition=dissolve()), clip(2, 3, "c", transition=wipe("x"))
    )

    def between(start: int, end: int) -> list[str]:
        return [segment.json_path for segment in plans.segments_between(start, end)]

    assert between(25, 30) == ["clips[1].source", "clips[0].source"]
    assert between(0, 75) == [
        "clips[0].source",
        "clips[1].source",
        "clips[2].source",
        "clips[2].transition.sources[0]",
    ]
    assert between(35, 50) == ["clips[1].source"]


def test_a_long_edit_is_planned_fast() -> None:
    clips: list[Json] = []
    for start in range(0, 4000):
        blur = {"type": "blur", "in": 0, "out": 1, "controlPoints": [{"point": 0, "value": 1}]}
        clips += [
            clip(start, start + 1, transition=dissolve(1)),
            sub(start, start + 1, "effects", blur),
            sub(start, start + 1, "transform", {"controlPoints": [{"point": 0, "panx": 1}]}),
        ]
    plans = planner(*clips)
    began = time.process_time()
    for number in range(0, plans.frame_count, 100):
        plans.frame(number)
    # A tenth of a millisecond is usual; the promise is one.
    assert (time.process_time() - began) / 1000 < 0.001
