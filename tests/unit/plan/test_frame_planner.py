"""Which picture a frame shows, by the contract, and that look-ups stay cheap."""

from __future__ import annotations

from fractions import Fraction
from fractions import Fraction as F
from typing import Any

import pytest

from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.plan.model import GeneratedPicture, LayerPlan, MediaPicture
from edl2ffmpeg.timeline.model import (
    Clip,
    Fade,
    GeneratedSource,
    Generator,
    MediaSource,
    Segment,
    Source,
    StreamKind,
    StreamSelector,
    Timeline,
    TimeRange,
    Track,
    YuvColour,
)

A = MediaSource("a.mp4", "/a.mp4", StreamSelector(StreamKind.VIDEO))
B = MediaSource("b.mp4", "/b.mp4", StreamSelector(StreamKind.VIDEO), gamma=F(2))


def segment(source: Source, start: F, end: F, source_start: F = F(0), speed: F = F(1)) -> Segment:
    length = (end - start) * speed
    return Segment(
        source,
        TimeRange(start, end),
        TimeRange(source_start, source_start + length),
        speed,
        f"{start}",
    )


def clip(*segments: Segment, top: Fade | None = None, tail: Fade | None = None) -> Clip:
    whole = TimeRange(segments[0].range_in_parent.start, segments[-1].range_in_parent.end)
    return Clip(whole, segments, "clips[0]", top, tail)


def planner(*clips: Clip, rate: F = F(30)) -> FramePlanner:
    track = Track(StreamKind.VIDEO, 1, clips)
    end = max(entry.range_in_parent.end for entry in clips)
    return FramePlanner(Timeline(rate, 64, 36, (track,), (), end))


def layer(plans: FramePlanner, number: int) -> LayerPlan:
    (only,) = plans.frame(number).layers
    assert isinstance(only, LayerPlan)
    return only


def source_time(plans: FramePlanner, number: int) -> Fraction:
    picture = layer(plans, number).picture
    assert isinstance(picture, MediaPicture)
    return picture.source_time


def test_source_time_is_exact_at_ntsc_rates() -> None:
    plans = planner(clip(segment(A, F(1), F(601), F(5), F(1, 2))), rate=F(30000, 1001))
    number = 17_000
    assert source_time(plans, number) == 5 + (number * F(1001, 30000) - 1) / 2


def test_clip_edges_round_to_the_nearest_frame() -> None:
    plans = planner(
        clip(segment(A, F("0.016"), F("0.99"))), clip(segment(B, F("0.99"), F("2.017"))), rate=F(30)
    )
    # 0.016 s is frame 0.48, 0.99 s is 29.7, 2.017 s is 60.51.
    assert source_time(plans, 0) == -F("0.016")
    assert layer(plans, 29).picture.source is A
    assert layer(plans, 30).picture.source is B
    assert plans.frame_count == 61


def test_gaps_and_the_head_have_no_layer() -> None:
    plans = planner(clip(segment(A, F(1), F(2))), clip(segment(A, F(3), F(4))))
    empty = [number for number in range(plans.frame_count) if not plans.frame(number).layers]
    assert empty == [*range(0, 30), *range(60, 90)]


def test_segments_follow_each_other() -> None:
    plans = planner(clip(segment(A, F(0), F(1)), segment(B, F(1), F(2), F(7), F(2))))
    assert source_time(plans, 29) == F(29, 30)
    assert source_time(plans, 31) == 7 + F(2, 30)
    assert layer(plans, 31).gamma == 2


@pytest.mark.parametrize(
    ("number", "weight"), [(0, F(0)), (15, F(1, 2)), (30, F(1)), (45, F(1)), (75, F(1, 2))]
)
def test_fades_without_a_colour_are_opacity(number: int, weight: Fraction) -> None:
    plans = planner(clip(segment(A, F(0), F(3)), top=Fade(F(1)), tail=Fade(F(1))))
    found = layer(plans, number)
    assert (found.opacity, found.colour_mix) == (weight, None)


def test_the_smaller_weight_wins_with_its_own_colour() -> None:
    white = YuvColour(235, 128, 128)
    plans = planner(clip(segment(A, F(0), F(1)), top=Fade(F(2), white), tail=Fade(F(1, 2))))
    early, late = layer(plans, 6), layer(plans, 27)
    assert early.opacity == 1
    assert early.colour_mix is not None
    assert (early.colour_mix.colour, early.colour_mix.weight) == (white, F(6, 30) / 2)
    assert (late.opacity, late.colour_mix) == (F(3, 30) * 2, None)


def test_generated_pictures_count_output_frames_of_their_own_time() -> None:
    bars = GeneratedSource(Generator.TEST_PATTERN)
    plans = planner(clip(segment(bars, F(1), F(3), F(10))), rate=F(25))
    picture = layer(plans, 30).picture
    assert isinstance(picture, GeneratedPicture)
    assert picture.frame == 250 + 5


def test_frames_outside_are_refused() -> None:
    plans = planner(clip(segment(A, F(0), F(1))))
    for number in (-1, 30):
        with pytest.raises(IndexError, match=r"outside 0\.\.29"):
            plans.frame(number)


def test_segments_between_finds_what_a_range_shows() -> None:
    plans = planner(*(clip(segment(A, F(i), F(i + 1))) for i in range(10)))
    assert [s.json_path for s in plans.segments_between(30, 60)] == ["1"]
    assert [s.json_path for s in plans.segments_between(45, 91)] == ["1", "2", "3"]


def test_a_look_up_touches_few_clips_whatever_their_number() -> None:
    touched = 0

    class CountingList(list[int]):
        def __getitem__(self, index: Any) -> Any:
            nonlocal touched
            touched += 1
            return super().__getitem__(index)

    plans = planner(*(clip(segment(A, F(i, 30), F(i + 1, 30))) for i in range(4096)))
    index = plans._tracks[0].shots
    index._starts = CountingList(index._starts)
    assert source_time(plans, 4000) == 0
    assert touched <= 16
