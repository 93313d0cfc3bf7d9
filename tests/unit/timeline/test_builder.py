"""From document to timeline: exact times, fades, tracks, and the errors of the edit."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from edl2ffmpeg.edl import parse_edl
from edl2ffmpeg.errors import EdlSyntaxError, EdlValidationError
from edl2ffmpeg.timeline import build_timeline, load_timeline_file
from edl2ffmpeg.timeline.model import (
    Fade,
    GeneratedSource,
    Generator,
    MediaSource,
    StreamKind,
    StreamSelector,
    TextKind,
    TextSource,
    Timeline,
    TimeRange,
    YuvColour,
)


def clip(start: float, end: float, kind: str = "video", number: int = 1, **more: Any) -> Any:
    track = {"type": kind, "number": number}
    source = {"uri": "a.mp4", "in": 0, "out": round(end - start, 3)}
    return {"in": start, "out": end, "track": track, "source": source, **more}


def build(*clips: Any, locations: dict[str, str] | None = None, **head: Any) -> Timeline:
    return build_timeline(
        parse_edl(json.dumps({**head, "clips": clips})),
        base_folder=Path("/edl"),
        resolve=lambda uri, folder: str(folder / uri),
        locations=locations or {},
    )


def refused(*clips: Any, **head: Any) -> list[str]:
    with pytest.raises(EdlValidationError) as caught:
        build(*clips, **head)
    return [str(problem) for problem in caught.value.problems]


def test_decimals_are_exact() -> None:
    (track,) = build(clip(0.1, 0.7), clip(0.7, 1.1, topFade=0.3)).video_tracks
    first, second = track.clips
    assert first.range_in_parent == TimeRange(Fraction(1, 10), Fraction(7, 10))
    assert second.range_in_parent == TimeRange(Fraction(7, 10), Fraction(11, 10))
    assert second.top_fade == Fade(Fraction(3, 10))
    assert second.segments[0].source_range.end == Fraction(4, 10)


def test_head() -> None:
    timeline = build(clip(1, 2), fps=29.97, width=640, height=360)
    assert timeline.frame_rate == Fraction(30000, 1001)
    assert (timeline.width, timeline.height) == (640, 360)
    assert timeline.base_folder == Path("/edl")
    assert timeline.warnings == ()


def test_clips_are_sorted_per_track_and_tracks_by_number() -> None:
    timeline = build(
        clip(5, 6),
        clip(0, 1, "audio", 3),
        clip(1, 2),
        clip(0, 9, "audio", 1),
        clip(7, 8, "audio", 3),
    )
    (video,) = timeline.video_tracks
    assert [c.json_path for c in video.clips] == ["clips[2]", "clips[0]"]
    assert [(t.kind, t.number, len(t.clips)) for t in timeline.audio_tracks] == [
        (StreamKind.AUDIO, 1, 1),
        (StreamKind.AUDIO, 3, 2),
    ]
    assert timeline.duration == 9


def test_captions_are_ignored() -> None:
    caption = {**clip(0, 100), "track": {"type": "caption", "number": 1}}
    assert build(clip(0, 1), caption, caption).duration == 1


def test_media() -> None:
    source = {"uri": "b.mov", "in": 3, "out": 5, "speed": 2, "gamma": 0.5, "trackId": "V2"}
    segment = build(clip(10, 11, source=source)).video_tracks[0].clips[0].segments[0]
    selector = StreamSelector(StreamKind.VIDEO, 2)
    assert segment.source == MediaSource("b.mov", "/edl/b.mov", selector, Fraction(1, 2))
    assert segment.speed == 2
    assert segment.source_time(Fraction(21, 2)) == 4
    assert segment.json_path == "clips[0].source"


def test_default_streams_and_channel_average() -> None:
    mix = {"uri": "a.mp4", "in": 0, "out": 1, "audiomix": "avg"}
    timeline = build(clip(0, 1), clip(0, 1, "audio"), clip(0, 1, "audio", 2, source=mix))
    video, plain, mixed = (
        track.clips[0].segments[0].source
        for track in (*timeline.video_tracks, *timeline.audio_tracks)
    )
    assert isinstance(video, MediaSource) and str(video.stream) == "V1"
    assert isinstance(plain, MediaSource) and str(plain.stream) == "A1"
    assert not plain.average_channels
    assert isinstance(mixed, MediaSource) and mixed.average_channels


def test_equal_media_share_one_value() -> None:
    first, second = build(clip(0, 1), clip(1, 2)).video_tracks[0].clips
    assert first.segments[0].source is second.segments[0].source


def test_generated_sources() -> None:
    def source(**generate: Any) -> Any:
        made = {"generate": generate, "in": 0, "out": 1, "width": 64, "height": 32}
        return build(clip(0, 1, source=made)).video_tracks[0].clips[0].segments[0].source

    assert source(type="demo") == GeneratedSource(Generator.DEMO, 64, 32)
    assert source(type="colour", yuv="515AF0", alpha=0.1) == GeneratedSource(
        Generator.COLOUR, 64, 32, YuvColour(0x51, 0x5A, 0xF0), Fraction(1, 10)
    )
    assert source(type="colour", rgb="FF0000").colour == YuvColour(63, 102, 240)


def test_locations() -> None:
    source = {"location": {"id": "x"}, "in": 0, "out": 1}
    timeline = build(clip(0, 1, source=source), locations={"x": "s3://b/x.mov"})
    found = timeline.video_tracks[0].clips[0].segments[0].source
    assert isinstance(found, MediaSource)
    assert found.uri == "s3://b/x.mov"
    assert refused(clip(0, 1, source=source)) == [
        "clips[0].source.location.id: there is no entry for 'x' in the table of locations; add it "
        "to the file given with --locations"
    ]


def test_an_address_that_cannot_be_resolved_is_a_problem() -> None:
    def resolve(uri: str, folder: Path) -> str:
        raise ValueError("Invalid IPv6 URL")

    document = parse_edl(json.dumps({"clips": [clip(0, 1)]}))
    with pytest.raises(EdlValidationError, match=r"clips\[0\]\.source\.uri: 'a\.mp4' is no path"):
        build_timeline(document, base_folder=Path("/"), resolve=resolve)


def test_fades() -> None:
    made = build(clip(0, 1, topFade=3, tailFade=0, topFadeYUV="000000")).video_tracks[0].clips[0]
    assert made.top_fade == Fade(Fraction(3), YuvColour(16, 128, 128))
    assert made.tail_fade is None


def test_warnings() -> None:
    timeline = build(
        clip(0, 1, topFadeYUV="108080"),
        clip(1, 2, tailFade=0, tailFadeYUV="108080"),
        clip(0, 1, "audio", topFade=1, topFadeYUV="108080"),
        clip(1, 2, "audio", source={"uri": "a", "in": 0, "out": 1, "gamma": 2}),
    )
    assert [str(warning) for warning in timeline.warnings] == [
        "clips[0].topFadeYUV: has no effect without 'topFade'",
        "clips[1].tailFadeYUV: has no effect without 'tailFade'",
        "clips[2].topFadeYUV: has no effect on sound",
        "clips[3].source.gamma: has no effect on sound",
    ]
    assert timeline.audio_tracks[0].clips[0].top_fade == Fade(Fraction(1))


def test_texts_are_tracks_above_all_video() -> None:
    text = {"text": "Hello", "in": 0, "out": 1}
    timeline = build(
        clip(0, 1, "subtitle", source=text),
        clip(0, 2, "burnin", source={**text, "out": 2}, textFormat={"fontSize": 20}),
        {
            **clip(0, 1, "burnin", source={"controlPoints": [{"point": 0, "rotate": 5}]}),
            "track": {"type": "burnin", "number": 1, "subtype": "transform"},
        },
    )
    burnt_in, subtitle = timeline.text_tracks
    assert (burnt_in.kind, subtitle.kind) == (TextKind.BURN_IN, TextKind.SUBTITLE)
    assert timeline.duration == 2
    source = burnt_in.clips[0].segments[0].source
    assert isinstance(source, TextSource)
    assert (source.text, source.format.size_points) == ("Hello", 20)
    assert len(burnt_in.sub_tracks) == 1 and not subtitle.sub_tracks
    assert not timeline.warnings


def test_nothing_to_render() -> None:
    caption = {**clip(0, 100), "track": {"type": "caption", "number": 1}}
    assert refused(caption)[0].startswith("clips: hold nothing to show or sound")
    short = {"uri": "a.mp4", "in": 0, "out": 0.01}
    assert "less than half a frame" in refused(clip(0, 0.01, source=short))[0]


def test_transition_with_a_source_is_as_long_as_its_clip() -> None:
    source = {"uri": "a.mp4", "in": 0, "out": 10}
    wrong = clip(0, 10, transition={"type": "dip", "duration": 9, "source": source})
    assert any("must equal the clip's length" in problem for problem in refused(wrong))
    build(clip(0.001, 10, transition={"type": "dip", "duration": 10, "source": source}))


def test_documents_without_a_file_keep_the_order_of_clips() -> None:
    from edl2ffmpeg.edl import Document

    clips = [clip(0, 2), clip(1, 3), clip(2.5, 4)]
    document = Document.model_validate({"clips": clips})
    with pytest.raises(EdlValidationError) as caught:
        build_timeline(document, base_folder=Path("/"), resolve=lambda uri, folder: uri)
    assert [p.json_path for p in caught.value.problems] == ["clips[1]", "clips[2]"]


def test_load_timeline_file(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text(json.dumps({"clips": [clip(0, 1)]}))
    timeline = load_timeline_file(str(path), resolve=lambda uri, folder: str(folder / uri))
    source = timeline.video_tracks[0].clips[0].segments[0].source
    assert timeline.base_folder == tmp_path
    assert isinstance(source, MediaSource) and source.location == str(tmp_path / "a.mp4")
    with pytest.raises(EdlSyntaxError):
        load_timeline_file(tmp_path / "none.json", resolve=lambda uri, folder: uri)


def test_the_values_are_had_without_the_models_of_the_format() -> None:
    import subprocess
    import sys

    code = "import sys, edl2ffmpeg.timeline.model; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
