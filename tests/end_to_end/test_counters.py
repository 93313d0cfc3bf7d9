"""Promises on copies, allocations and threads, proved by counting."""

from __future__ import annotations

import gc
import threading
from fractions import Fraction
from pathlib import Path

import av
import pytest

from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.video_decoder import VideoDecoder
from helpers.edl_factory import audio_clip, document, generated, media, video_clip
from helpers.media_factory import ClipLibrary
from helpers.rendering import render_edl


def test_untouched_frames_are_passed_on_without_a_copy(tmp_path: Path) -> None:
    source = render_edl(tmp_path, document(video_clip(generated("demo", 4), 0, 4)), "hd.mp4").output
    counters = render_edl(
        tmp_path, document(video_clip(media(source, 0, 4), 0, 4)), "copy.mp4"
    ).report["counters"]
    assert counters["passed_through"] == 120
    assert counters["composed"] == 0
    assert counters["frame_buffers"] == 0


def test_output_frames_are_recycled(tmp_path: Path) -> None:
    edl = document(video_clip(generated("demo", 10), 0, 10))
    counters = render_edl(tmp_path, edl).report["counters"]
    assert counters["composed"] == 300
    assert counters["frame_buffers"] <= 8


def test_gaps_and_flat_colours_are_drawn_once(tmp_path: Path) -> None:
    edl = document(
        video_clip(generated("colour", 2, yuv="50A040"), 0, 2),
        video_clip(generated("black", 2), 4, 6),
    )
    counters = render_edl(tmp_path, edl).report["counters"]
    assert counters["composed"] + counters["reused"] == 180
    assert counters["composed"] <= 3


@pytest.mark.parametrize("fails", [False, True])
def test_no_thread_outlives_a_render(clips: ClipLibrary, tmp_path: Path, fails: bool) -> None:
    clip = clips["h264_30_late_mp4"]
    edl = document(
        video_clip(media(clip.path, 0, 2), 0, 2), audio_clip(media(clip.path, 0, 2), 0, 2)
    )

    def stop(progress: object) -> None:
        if fails:
            raise RuntimeError("the caller has had enough")

    before = set(threading.enumerate())
    if fails:
        with pytest.raises(RuntimeError, match="had enough"):
            render_edl(tmp_path, edl, audio=True, progress=stop)
        assert not (tmp_path / "movie.mp4").exists()
    else:
        render_edl(tmp_path, edl, audio=True, progress=stop)
    assert set(threading.enumerate()) == before
    assert not list(tmp_path.glob(".*"))


def test_decoded_frames_are_freed_without_a_collector(clips: ClipLibrary) -> None:
    clip = clips["h264_30_mp4"]
    gc.collect()
    gc.disable()
    try:
        with VideoDecoder(AccessRules(), str(clip.path), threads=1) as decoder:
            for number in range(100):
                decoder.frame_played_at(Fraction(number, 30))
            alive = sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects())
    finally:
        gc.enable()
    # Those being shown and waiting, and the one whose side data was read.
    assert alive <= 6
