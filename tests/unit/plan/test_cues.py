"""When a subtitle is shown, by the frames that would show it, on timelines made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction as F
from typing import Any, cast

import pytest

from edl2ffmpeg.plan.cues import Cue, cues_of, subtitle_tracks
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.plan.model import LayerPlan, TextPicture
from edl2ffmpeg.timeline.model import (
    Clip,
    Segment,
    TextKind,
    TextSource,
    Timeline,
    TimeRange,
    Track,
    Transition,
)
from edl2ffmpeg.timeline.text import TextFormat

Text = tuple[float, float, str]


def segment(start: F, end: F, text: str) -> Segment:
    source = TextSource(text, TextFormat())
    return Segment(source, TimeRange(start, end), TimeRange(F(0), end - start), F(1), text)


def clip(*texts: Text, transition: Transition | None = None) -> Clip:
    """One clip of a segment for each text, which follow each other."""
    segments = [segment(F(str(start)), F(str(end)), text) for start, end, text in texts]
    whole = TimeRange(segments[0].range_in_parent.start, segments[-1].range_in_parent.end)
    return Clip(whole, tuple(segments), "clip", transition=transition)


def track(*clips: Clip, kind: TextKind = TextKind.SUBTITLE, number: int = 1) -> Track:
    return Track(kind, number, clips)


def listed(
    texts: Sequence[Text], rate: F = F(10), frames: tuple[int, int] = (0, 1000)
) -> list[tuple[F, F, str]]:
    made = track(*(clip(entry) for entry in texts))
    return [(cue.start, cue.end, cue.text) for cue in cues_of(made, rate, frames)]


def test_cues_are_those_of_the_edl() -> None:
    assert listed([(0, 1, "one"), (1, 2.5, "two"), (7, 8, "three")]) == [
        (0, 1, "one"),
        (1, F(5, 2), "two"),
        (7, 8, "three"),
    ]


def test_times_are_those_of_the_frames() -> None:
    rate = F(30000, 1001)
    frame = 1 / rate
    assert listed([(1, 2, "a"), (2, 2.01, "no frame"), (2.01, 3, "b")], rate) == [
        (30 * frame, 60 * frame, "a"),
        (60 * frame, 90 * frame, "b"),
    ]


def test_equal_texts_stay_apart() -> None:
    assert listed([(0, 1, "same"), (1, 2, "same")]) == [(0, 1, "same"), (1, 2, "same")]


@pytest.mark.parametrize("text", ["", " ", "\n", " \t\n\u3000", "\0"])
def test_a_text_without_letters_is_none(text: str) -> None:
    assert listed([(0, 1, text), (1, 2, "x")]) == [(1, 2, "x")]


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a\nb", "a\nb"), ("a\r\nb\rc", "a\nb\nc"), ("a\n\n b ", "a\n\n b "), ("a\0b", "ab")],
)
def test_lines_are_kept(text: str, kept: str) -> None:
    assert listed([(0, 1, text)]) == [(0, 1, kept)]


def test_the_rendered_part_cuts_and_shifts() -> None:
    texts = [(0, 1, "before"), (1, 3, "into"), (3, 4, "in"), (4, 6, "out of"), (6, 7, "after")]
    assert listed(texts, frames=(20, 50)) == [
        (0, 1, "into"),
        (1, 2, "in"),
        (2, 3, "out of"),
    ]


def test_sources_of_a_clip_are_cues() -> None:
    made = track(clip((0, 1, "a"), (1, 1.5, ""), (1.5, 2, "b")))
    assert cues_of(made, F(10), (0, 20)) == (
        Cue(F(0), F(1), "a"),
        Cue(F(3, 2), F(2), "b"),
    )


def test_a_transition_to_other_texts_is_cut_in_its_middle() -> None:
    led_to = (segment(F(0), F(1), "c"), segment(F(1), F(2), "d"))
    look = cast(Any, None)
    passage = Transition(look, TimeRange(F(0), F(2)), "transition", led_to)
    made = track(clip((0, 0.5, "a"), (0.5, 2, "b"), transition=passage))
    assert cues_of(made, F(10), (0, 20)) == (
        Cue(F(0), F(1, 2), "a"),
        Cue(F(1, 2), F(1), "b"),
        Cue(F(1), F(2), "d"),
    )


def test_a_transition_from_the_clip_before_changes_nothing() -> None:
    passage = Transition(cast(Any, None), TimeRange(F(1), F(2)), "transition")
    made = track(clip((0, 1, "a")), clip((1, 2, "b"), transition=passage))
    assert cues_of(made, F(10), (0, 20)) == (Cue(F(0), F(1), "a"), Cue(F(1), F(2), "b"))


def timeline(rate: F, *tracks: Track) -> Timeline:
    return Timeline(rate, 64, 36, (), (), F(4), text_tracks=tracks)


def test_only_subtitles_are_listed() -> None:
    burnt = track(clip((0, 1, "burnt")), kind=TextKind.BURN_IN)
    tracks = [track(clip((0, 1, str(number))), number=number) for number in (1, 4)]
    assert subtitle_tracks(timeline(F(25), burnt, *tracks)) == tuple(tracks)


@pytest.mark.parametrize("rate", [F(24000, 1001), F(25), F(30000, 1001), F(60)])
def test_cues_change_with_the_burnt_subtitles(rate: F) -> None:
    texts = [(0.013, 0.4, "a"), (0.4, 0.417, "b"), (0.417, 1.7, " "), (1.7, 2.183, "c")]
    made = track(*(clip(entry) for entry in texts), clip((2.183, 4, "d")))
    planner = FramePlanner(timeline(rate, made))
    cues = cues_of(made, rate, (0, planner.frame_count))
    for number in range(planner.frame_count):
        shown = []
        for layer in planner.frame(number).layers:
            assert isinstance(layer, LayerPlan)
            assert isinstance(layer.picture, TextPicture)
            shown.append(layer.picture.source.text)
        assert shown == [cue.text for cue in cues if cue.start <= number / rate < cue.end]
