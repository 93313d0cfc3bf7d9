"""What sounds when: rounded boundaries, exact offsets, searches."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edl2ffmpeg.plan.mix_planner import MixPlan, plan_mix, sample_range_of_frames
from edl2ffmpeg.timeline.model import (
    Clip,
    Fade,
    MediaSource,
    Segment,
    StreamKind,
    StreamSelector,
    Timeline,
    TimeRange,
    Track,
)

RATE = 48000
SOURCE = MediaSource("a.wav", "/a.wav", StreamSelector(StreamKind.AUDIO))


def clip(
    start: Fraction,
    end: Fraction,
    source_start: Fraction,
    speed: Fraction = Fraction(1),
    *,
    top_fade: Fade | None = None,
    tail_fade: Fade | None = None,
) -> Clip:
    segment = Segment(
        SOURCE,
        TimeRange(start, end),
        TimeRange(source_start, source_start + (end - start) * speed),
        speed,
        "clips[0].source",
    )
    return Clip(TimeRange(start, end), (segment,), "clips[0]", top_fade, tail_fade)


def plan(*clips: Clip, rate: int = RATE) -> MixPlan:
    track = Track(StreamKind.AUDIO, 1, clips)
    end = max(one.range_in_parent.end for one in clips)
    return plan_mix(Timeline(Fraction(25), 64, 48, (), (track,), end), rate)


@pytest.mark.parametrize("frame_rate", ["24000/1001", "25", "30000/1001", "60000/1001"])
def test_boundaries_are_the_nearest_samples(frame_rate: str) -> None:
    rate = Fraction(frame_rate)
    cuts = [frame / rate for frame in range(0, 3000, 7)]
    mix = plan(*(clip(a, b, a) for a, b in pairwise(cuts)))
    parts = mix.tracks[0].segments
    for part, cut in zip(parts, cuts, strict=False):
        assert abs(part.start_sample - cut * RATE) <= Fraction(1, 2)
    for one, other in pairwise(parts):
        assert one.end_sample == other.start_sample
    assert mix.total_samples == parts[-1].end_sample


@given(
    st.lists(st.fractions(0, 100, max_denominator=1001), min_size=2, unique=True),
    st.fractions(0, 50, max_denominator=997),
)
def test_clips_that_continue_in_the_source_continue_in_the_mix(
    cuts: list[Fraction], offset: Fraction
) -> None:
    cuts.sort()
    mix = plan(*(clip(a, b, a + offset) for a, b in pairwise(cuts)))
    assert len({part.source_shift(RATE) for part in mix.tracks[0].segments}) <= 1
    for part in mix.tracks[0].segments:
        exact = part.source_time(Fraction(part.start_sample, RATE)) * RATE
        assert abs(part.source_first_sample(RATE) - exact) <= Fraction(1, 2)


@given(st.data())
def test_search_finds_what_a_scan_finds(data: st.DataObject) -> None:
    points = st.integers(0, 500)
    cuts = sorted(data.draw(st.lists(points, min_size=2, max_size=40, unique=True)))
    pairs = list(pairwise(cuts))[::2]
    mix = plan(*(clip(Fraction(a), Fraction(b), Fraction(0)) for a, b in pairs), rate=1)
    start = data.draw(points)
    end = start + data.draw(st.integers(1, 50))
    found = list(mix.tracks[0].sounding(start, end))
    wanted = [p for p in mix.tracks[0].segments if p.start_sample < end and p.end_sample > start]
    assert found == wanted


def test_fades_and_speed_are_carried() -> None:
    fade = Fade(Fraction(1, 2))
    mix = plan(
        clip(Fraction(1), Fraction(3), Fraction(5), Fraction(2), top_fade=fade, tail_fade=fade),
        clip(Fraction(3), Fraction(4), Fraction(0)),
    )
    first, second = mix.tracks[0].segments
    assert first.fades is not None and second.fades is None
    assert (first.fades.start, first.fades.end) == (1, 3)
    assert (first.fades.top, first.fades.tail) == (Fraction(1, 2), Fraction(1, 2))
    assert first.source_time(Fraction(2)) == 7
    assert first.source_first_sample(RATE) == 5 * RATE


def test_frames_to_samples() -> None:
    assert sample_range_of_frames(0, 30000, Fraction(30000, 1001), RATE) == (0, 1001 * RATE)
    assert sample_range_of_frames(1, 2, Fraction(30000, 1001), RATE) == (1602, 3203)


def test_a_segment_shorter_than_a_sample_is_dropped() -> None:
    tiny = Fraction(1, 10**6)
    assert plan(clip(tiny, 2 * tiny, Fraction(0))).tracks[0].segments == ()
