"""Every clip shape decodes, straight through, to the pictures and times it is said to have."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from helpers import barcode
from helpers.clip_shapes import FORMAT_SHAPES, SHAPES, TIMING_SHAPES
from helpers.media_factory import ClipInfo, ClipLibrary, make_clip


def _decode(clip: ClipInfo) -> tuple[list[tuple[int, int] | None], list[Fraction]]:
    seen, times = [], []
    with av.open(str(clip.path)) as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None and frame.time_base is not None
            luma = frame.to_ndarray(format="gray")
            seen.append(barcode.read(np.rot90(luma, -clip.shape.rotation // 90)))
            times.append(frame.pts * frame.time_base)
    return seen, times


@pytest.mark.parametrize("shape", SHAPES)
def test_barcodes_and_times_are_as_told(clips: ClipLibrary, shape: str) -> None:
    clip = clips[shape]
    seen, times = _decode(clip)
    assert seen == [(clip.file_id, number) for number in clip.frame_numbers]
    assert clip.start_time is not None
    assert [time - clip.start_time for time in times] == list(clip.presentation_times)
    assert clip.presentation_times[0] == 0


@pytest.mark.parametrize("shape", [name for name in TIMING_SHAPES if name != "h264_vfr_mp4"])
def test_pictures_are_evenly_spaced(clips: ClipLibrary, shape: str) -> None:
    clip = clips[shape]
    for number, time in enumerate(clip.presentation_times):
        assert abs(time - number / clip.frame_rate) <= clip.time_base


@pytest.mark.parametrize(
    ("shape", "start"),
    [
        ("h264_30_mp4", Fraction(0)),
        ("h264_25_offset_ts", Fraction("11.4")),
        ("h264_25_opengop_ts", Fraction("0.08")),
        ("h264_30_late_mp4", Fraction(1, 2)),
        ("h264_30_late_mkv", Fraction(1, 2)),
        ("h264_30_editlist_mp4", Fraction(0)),
    ],
)
def test_start_times(clips: ClipLibrary, shape: str, start: Fraction) -> None:
    assert clips[shape].start_time == start


def test_the_edit_list_hides_the_first_pictures(clips: ClipLibrary) -> None:
    clip = clips["h264_30_editlist_mp4"]
    assert clip.frame_numbers[0] == 17
    assert len(clip.frame_numbers) == 103


@pytest.mark.parametrize("shape", [name for name in TIMING_SHAPES if "opengop" in name])
def test_open_gops_have_leading_pictures(clips: ClipLibrary, shape: str) -> None:
    with av.open(str(clips[shape].path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
    keys = [index for index, packet in enumerate(packets) if packet.is_keyframe][1:-1]
    assert keys
    for index in keys:
        following = packets[index + 1].pts
        key = packets[index].pts
        assert following is not None and key is not None and following < key


def test_variable_durations_are_irregular(clips: ClipLibrary) -> None:
    times = clips["h264_vfr_mp4"].presentation_times
    steps = {later - earlier for earlier, later in pairwise(times)}
    assert len(steps) > 5
    assert min(steps) > Fraction(1, 250)  # a quarter of it is more than the tolerance


@pytest.mark.parametrize("shape", FORMAT_SHAPES)
def test_formats_and_tags(clips: ClipLibrary, shape: str) -> None:
    clip = clips[shape]
    with av.open(str(clip.path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        assert (frame.width, frame.height) == clip.shape.size
        assert (stream.sample_aspect_ratio or 1) == clip.shape.sample_aspect_ratio
        assert -frame.rotation % 360 == clip.shape.rotation
        if clip.shape.colour:
            assert frame.colorspace == clip.shape.colour.matrix
            assert frame.color_range == (2 if clip.shape.colour.full_range else 1)


def test_the_library_makes_a_clip_once_and_shares_its_folder(tmp_path: Path) -> None:
    first = ClipLibrary(tmp_path)["mjpeg_25_mkv"]
    stamp = first.path.stat().st_mtime_ns
    second = ClipLibrary(tmp_path)["mjpeg_25_mkv"]
    assert second == first
    assert second.path.stat().st_mtime_ns == stamp
    assert not list(tmp_path.glob(".making-*"))


def test_a_clip_of_a_given_length_and_id(tmp_path: Path) -> None:
    clip = make_clip(tmp_path, "h264_25_mp4", frames=7, file_id=77)
    assert clip.frame_numbers == tuple(range(7))
    assert _decode(clip)[0][6] == (77, 6)
