"""Every file that a timeline reads, and where it is named first."""

from __future__ import annotations

from edl2ffmpeg.timeline.media_use import lut_files, media_segments
from unit.timeline.test_builder import build, clip
from unit.timeline.test_sub_tracks import sub


def test_media_of_clips_and_of_transitions() -> None:
    other = {"uri": "b.mp4", "in": 0, "out": 1}
    black = {"generate": {"type": "black"}, "in": 0, "out": 1}
    timeline = build(
        clip(0, 1, transition={"type": "dip", "source": other}),
        clip(1, 2, source=black),
        clip(0, 1, number=2),
    )
    found = [(segment.json_path, source.uri) for segment, source in
             media_segments(timeline.video_tracks)]  # fmt: skip
    assert found == [
        ("clips[0].source", "a.mp4"),
        ("clips[0].transition.source", "b.mp4"),
        ("clips[2].source", "a.mp4"),
    ]


def test_look_up_tables_everywhere() -> None:
    def lut(name: str) -> dict[str, str]:
        return {"type": "lut", "uri": f"{name}.cube"}

    masked = {"type": "highlight", "outsideMaskFilters": [lut("a"), lut("b")]}
    timeline = build(
        clip(0, 1, effects=[lut("a"), masked]),
        sub(0, 1, "effects", {**lut("c"), "in": 0, "out": 1}),
        sub(0, 1, "colour", {"filters": [lut("c"), lut("d")]}),
    )
    assert lut_files(timeline.video_tracks) == {
        "/edl/a.cube": "clips[0].effects[0].uri",
        "/edl/b.cube": "clips[0].effects[1].outsideMaskFilters[1].uri",
        "/edl/c.cube": "clips[2].source.filters[0].uri",
        "/edl/d.cube": "clips[2].source.filters[1].uri",
    }
