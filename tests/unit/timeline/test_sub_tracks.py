"""Effects, colour and transform sub-tracks of video tracks."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

from edl2ffmpeg.timeline.model import Timeline, TimeRange
from unit.timeline.test_builder import build, clip, refused

POINTS = {"controlPoints": [{"point": 0}, {"point": 1, "panx": 1}]}
BLUR = {"type": "blur", "value": 3, "in": 0, "out": 1}
GAMMA = {"filters": [{"type": "gamma", "value": 2}, {"type": "blackAndWhite"}]}


def sub(start: float, end: float, subtype: str, source: Any, **track: Any) -> Any:
    place = {"type": "video", "number": 1, "subtype": subtype, **track}
    return {"in": start, "out": end, "track": place, "source": source}


def kinds(timeline: Timeline) -> list[list[str]]:
    """What the sub-tracks of track 1 hold, in order."""
    return [
        [
            "+".join(effect.kind.value for effect in span.effects) or "transform"
            for span in sub_track.spans
        ]
        for sub_track in timeline.video_tracks[0].sub_tracks
    ]


def test_colour_then_effects_then_transforms_each_by_subnumber() -> None:
    timeline = build(
        sub(0, 1, "transform", POINTS),
        sub(0, 1, "effects", BLUR, subnumber=10),
        sub(0, 1, "effects", {**BLUR, "type": "mosaic"}, subnumber=9),
        sub(0, 1, "effects", {**BLUR, "type": "sharpen"}),
        sub(0, 1, "colour", GAMMA, subnumber=2),
        clip(0, 1),
    )
    assert kinds(timeline) == [
        ["gamma+blackAndWhite"],
        ["sharpen"],
        ["mosaic"],
        ["blur"],
        ["transform"],
    ]
    assert not timeline.warnings


def test_spans_are_sorted_and_have_the_clips_range() -> None:
    far = {**BLUR, "in": 70, "out": 90}
    timeline = build(
        clip(0, 9), sub(4, 5.5, "effects", far), sub(1, 2, "effects", {**far, "type": "mosaic"})
    )
    (effects,) = timeline.video_tracks[0].sub_tracks
    assert [span.range_in_parent for span in effects.spans] == [
        TimeRange(F(1), F(2)),
        TimeRange(F(4), F(11, 2)),
    ]
    assert kinds(timeline) == [["mosaic", "blur"]]


def test_points_count_from_the_sub_tracks_clip() -> None:
    animated = {**BLUR, "controlPoints": [{"point": 0.5, "value": 1}]}
    filters = {"filters": [{"type": "gamma", "controlPoints": [{"point": 0.5, "value": 1}]}]}
    timeline = build(
        clip(0, 9),
        sub(2, 3, "transform", {**POINTS, "flip": True, "in": 0, "out": 1}),
        sub(3, 4, "effects", animated),
        sub(4, 5, "colour", filters),
    )
    colour, effects, transform = (s.spans[0] for s in timeline.video_tracks[0].sub_tracks)
    assert colour.effects[0].animation.keyframes[0].time == F(9, 2)
    assert colour.effects[0].json_path == "clips[3].source.filters[0]"
    assert effects.effects[0].animation.keyframes[0].time == F(7, 2)
    assert effects.effects[0].json_path == "clips[2].source"
    assert transform.transform is not None
    assert [key.time for key in transform.transform.animation.keyframes] == [2, 3]
    assert (transform.transform.flip, transform.transform.json_path) == (True, "clips[1].source")


def test_sub_tracks_do_not_lengthen_the_movie() -> None:
    assert build(clip(0, 1), sub(0, 100, "effects", BLUR)).duration == 1
    assert refused(sub(0, 100, "effects", BLUR))[0].startswith("clips: hold nothing to show")


def test_each_track_has_its_own() -> None:
    timeline = build(clip(0, 1), clip(0, 1, number=3), sub(0, 1, "effects", BLUR, number=3))
    assert [len(track.sub_tracks) for track in timeline.video_tracks] == [0, 1]
    assert build(clip(0, 1, "audio"), clip(0, 1)).audio_tracks[0].sub_tracks == ()


def test_a_sub_track_that_acts_on_nothing_is_told_once() -> None:
    timeline = build(
        clip(0, 2),
        clip(0, 2, "audio", number=2),
        sub(0, 1, "effects", BLUR, number=2, subnumber=4),
        sub(1, 2, "effects", BLUR, number=2, subnumber=4),
        sub(1, 2, "colour", GAMMA, number=2),
    )
    assert [str(warning) for warning in timeline.warnings] == [
        "clips[2].track: video track 2 / effects 4 has no effect: there is no clip on video track "
        "2",
        "clips[4].track: video track 2 / colour 1 has no effect: there is no clip on video track 2",
    ]


def test_ends_that_were_rounded_are_trimmed() -> None:
    timeline = build(
        clip(0, 40),
        sub(0, 33.367, "effects", BLUR),
        sub(33.366, 40, "effects", BLUR),
        fps=29.97,
    )
    first, second = timeline.video_tracks[0].sub_tracks[0].spans
    assert first.range_in_parent.end == second.range_in_parent.start == F(33366, 1000)
    (problem,) = refused(clip(0, 9), sub(0, 3, "colour", GAMMA), sub(2, 4, "colour", GAMMA))
    assert problem.startswith("clips[2]: overlaps clips[1] on video track 1 / colour 1")
