"""Every output frame of a finished movie shows the frame that the contract names."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.clip_shapes import TIMING_SHAPES
from helpers.edl_factory import document, media, random_edls, sources_clip, uris_of, video_clip
from helpers.media_factory import ClipInfo, ClipLibrary
from helpers.oracle import expected_frames
from helpers.rendering import codes_of, render_edl

RATES = [23.976, 25, "30000/1001", 30, 60]


def assert_exact(folder: Path, edl: Mapping[str, Any], clips: Mapping[str, ClipInfo]) -> None:
    result = render_edl(folder, edl)
    expected = expected_frames(edl, clips)
    assert codes_of(result.output) == expected
    assert result.frames == len(expected)
    assert not result.warnings


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("shape", TIMING_SHAPES)
def test_cuts_forward_and_back_at_every_rate(
    clips: ClipLibrary, tmp_path: Path, shape: str, rate: float | str
) -> None:
    clip = clips[shape]
    edl = document(
        video_clip(media(clip.path, 1.2, 1.7), 0, 0.5),
        video_clip(media(clip.path, 2.6, 3.1), 0.5, 1),
        video_clip(media(clip.path, 0.1, 0.6), 1, 1.5),
        video_clip(media(clip.path, 1.9, 2.1, speed=0.5), 1.7, 2.1),
        video_clip(media(clip.path, 0.8, 1.6, speed=2), 2.1, 2.5),
        sources_clip(
            [media(clip.path, 3.0, 3.2), media(clip.path, 0.4, 0.6), media(clip.path, 2, 2.2)],
            2.5,
            3.1,
        ),
        fps=rate,
    )
    assert_exact(tmp_path, edl, uris_of([clip]))


def test_twenty_cuts_into_one_file_open_it_once(clips: ClipLibrary, tmp_path: Path) -> None:
    clip = clips["h264_2997_opengop_mp4"]
    starts = [(7 * number) % 19 * 0.2 for number in range(20)]
    edl = document(
        *(
            video_clip(media(clip.path, start, start + 0.1), number * 0.1, number * 0.1 + 0.1)
            for number, start in enumerate([round(start, 3) for start in starts])
        )
    )
    result = render_edl(tmp_path, edl)
    assert codes_of(result.output) == expected_frames(edl, uris_of([clip]))
    counters = result.report["counters"]
    # One seek a cut, and a further one where an open GOP's leading pictures are asked for.
    assert counters["seeks"] <= 20
    assert counters["pictures_decoded"] < 20 * 27


def test_exchanging_two_files_frame_by_frame(clips: ClipLibrary, tmp_path: Path) -> None:
    pair = [clips["h264_30_mp4"], clips["h264_25_opengop_ts"]]
    edl = document(
        *(
            video_clip(
                media(pair[number % 2].path, number / 10, number / 10 + 0.1),
                number / 10,
                (number + 1) / 10,
            )
            for number in range(30)
        )
    )
    result = render_edl(tmp_path, edl)
    assert codes_of(result.output) == expected_frames(edl, uris_of(pair))


def test_a_source_that_ends_early_is_held_and_told(clips: ClipLibrary, tmp_path: Path) -> None:
    clip = clips["h264_25_mp4"]
    edl = document(video_clip(media(clip.path, 3, 5), 0, 2), fps=25)
    result = render_edl(tmp_path, edl)
    last = clip.frame_numbers[-1]
    assert codes_of(result.output)[-26:] == [(clip.file_id, last)] * 26
    (warning,) = result.warnings
    assert "clips[0].source" in warning
    assert str(clip.path) in warning
    assert "held for 25 frames" in warning
    (held,) = result.report["held_frames"]
    assert (held["frames"], held["first_frame"]) == (25, 25)


@pytest.fixture(scope="module")
def every_timing(clips: ClipLibrary) -> list[ClipInfo]:
    return [clips[shape] for shape in TIMING_SHAPES]


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_a_hundred_random_edls(every_timing: list[ClipInfo], data: st.DataObject) -> None:
    edl = data.draw(random_edls(every_timing))
    with tempfile.TemporaryDirectory() as folder:
        assert_exact(Path(folder), edl, uris_of(every_timing))
