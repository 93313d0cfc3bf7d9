"""Movies made of chunks: the same bytes whoever makes them, and no seam to be found."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import edl2ffmpeg
from edl2ffmpeg.jobs.device_choice import on_the_cpu
from edl2ffmpeg.media.chunk_check import check_chunk
from edl2ffmpeg.media.formats import container_for, video_output
from edl2ffmpeg.plan.chunks import Chunk
from edl2ffmpeg.rendering.chunk import ChunkResult, ChunkTask, render_chunk
from edl2ffmpeg.rendering.recipe import Recipe
from helpers.edl_factory import audio_clip, document, generated, media, video_clip, write_edl
from helpers.media_factory import ClipLibrary
from helpers.movies import read_movie
from helpers.rendering import codes_of, run_command

FORMATS = [
    (suffix, codec)
    for suffix, codecs in {
        ".mp4": ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "mpeg2video"),
        ".mov": ("libx264", "libx265", "prores_ks", "dnxhd", "mpeg2video"),
        ".mkv": ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "prores_ks", "ffv1"),
        ".webm": ("libvpx-vp9", "libsvtav1"),
        ".mxf": ("mpeg2video", "prores_ks", "dnxhd", "ffv1"),
        ".ts": ("libx264", "libx265", "mpeg2video"),
    }.items()
    for codec in codecs
]
PRESETS = {
    "libx264": "veryfast", "libx265": "ultrafast", "libsvtav1": "12", "libvpx-vp9": "realtime",
}  # fmt: skip


def cut(clips: ClipLibrary, **more: Any) -> dict[str, Any]:
    """Two seconds at 30 frames a second, with a jump, a gap, a text and sound."""
    clip = clips["h264_30_mp4"]
    track = {"type": "subtitle", "number": 1}
    return document(
        video_clip(media(clip.path, 1, 1.9), 0, 0.9),
        video_clip(media(clip.path, 0.2, 0.9), 0.9, 1.6),
        video_clip(media(clip.path, 2.5, 2.8), 1.7, 2),
        audio_clip(generated("testpattern", 2), 0, 2),
        {"track": track, "in": 0.5, "out": 1.2, "source": {"text": "Hi", "in": 0, "out": 0.7}},
        **more,
    )


@pytest.mark.parametrize(("suffix", "codec"), FORMATS)
def test_chunks_of_every_format_are_as_one(
    clips: ClipLibrary, tmp_path: Path, suffix: str, codec: str
) -> None:
    embeds = suffix in (".mp4", ".mov", ".mkv", ".webm")
    options: dict[str, Any] = {
        "codec": codec,
        "preset": PRESETS.get(codec),
        "audio_tracks": "separate",
        "subtitles": "embed" if embeds else "burn",
        "jobs": 1,
    }
    edl = write_edl(tmp_path, cut(clips))
    whole = edl2ffmpeg.render(edl, tmp_path / f"whole{suffix}", **options)
    # 17 frames are no multiple of any group of pictures, and leave nine for the last chunk.
    parts = edl2ffmpeg.render(edl, tmp_path / f"parts{suffix}", **options, chunk_seconds="0.5667")
    assert (whole.frames, parts.frames) == (60, 60)
    assert [chunk["frames"] for chunk in parts.report["chunks"]["done"]] == [17, 17, 17, 9]
    one, other = read_movie(whole.output), read_movie(parts.output)
    assert one.description == other.description
    assert one.times == other.times
    assert one.sound == other.sound
    assert one.sound_packets == other.sound_packets
    assert one.texts == other.texts
    assert all(a < b for a, b in zip(other.decode_times, other.decode_times[1:], strict=False))
    if codec in ("prores_ks", "dnxhd"):
        # Each picture is encoded on its own: then the seams cannot even be seen in the bytes.
        assert whole.output.read_bytes() == parts.output.read_bytes()
    elif codec != "libsvtav1" and suffix != ".mxf":
        # At this preset AV1 blurs the codes of so small a picture.
        assert codes_of(whole.output) == codes_of(parts.output)


def test_the_bytes_do_not_depend_on_who_makes_them(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = write_edl(tmp_path, cut(clips))
    made = {}
    for jobs in (0, 1, 2, 4):
        result = edl2ffmpeg.render(
            edl, tmp_path / f"jobs{jobs}.mp4", preset="veryfast", jobs=jobs, chunk_seconds="0.1"
        )
        made[jobs] = result.output.read_bytes()
        assert result.report["chunks"]["total"] == 20
        assert result.report["chunks"]["workers"] == (jobs if jobs > 1 else 0)
    assert len(set(made.values())) == 1
    whole = edl2ffmpeg.render(edl, tmp_path / "whole.mp4", preset="veryfast", jobs=4)
    assert whole.report["chunks"]["total"] == 1
    one, many = read_movie(whole.output), read_movie(tmp_path / "jobs4.mp4")
    assert (one.description, one.times, one.sound) == (many.description, many.times, many.sound)
    assert codes_of(whole.output) == codes_of(tmp_path / "jobs4.mp4")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_render_is_the_same_each_time(tmp_path: Path) -> None:
    # x264 with threads that share a picture gives other bytes each time.
    edl = write_edl(tmp_path, document(video_clip(generated("demo", 2), 0, 2)))
    made = {
        edl2ffmpeg.render(edl, tmp_path / "a.mp4", overwrite=True).output.read_bytes()
        for _ in range(4)
    }
    assert len(made) == 1


def test_a_part_of_the_timeline(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = write_edl(tmp_path, cut(clips))
    options: dict[str, Any] = {"preset": "ultrafast", "start": "0.4", "end": "1.5", "jobs": 1}
    whole = edl2ffmpeg.render(edl, tmp_path / "whole.mp4", **options)
    parts = edl2ffmpeg.render(edl, tmp_path / "parts.mp4", **options, chunk_seconds="0.3")
    assert codes_of(whole.output) == codes_of(parts.output)
    assert read_movie(whole.output).sound == read_movie(parts.output).sound


def test_a_scene_that_begins_just_before_a_seam(tmp_path: Path) -> None:
    # Two keyframes after each other, the second of another encoder: TS has nothing between them.
    edl = write_edl(
        tmp_path,
        document(
            video_clip(generated("testpattern", 1), 0, 29 / 30),
            video_clip(generated("demo", 1), 29 / 30, 2),
        ),
    )
    for suffix in (".ts", ".mp4"):
        result = edl2ffmpeg.render(edl, tmp_path / f"a{suffix}", chunk_seconds=1, jobs=1)
        assert len(read_movie(result.output).times) == 60


def test_rate_control_is_not_begun_anew_unless_asked(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, document(video_clip(generated("black", 11), 0, 11), fps=5))
    options: dict[str, Any] = {"preset": "ultrafast", "bitrate": 100_000, "jobs": 1}
    usual = edl2ffmpeg.render(edl, tmp_path / "a.mp4", **options)
    asked = edl2ffmpeg.render(edl, tmp_path / "b.mp4", **options, chunk_seconds=10)
    assert usual.report["chunks"]["total"] == 1
    assert asked.report["chunks"]["total"] == 2


def test_progress_tells_of_chunks_and_workers(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = write_edl(tmp_path, cut(clips))
    result = run_command(
        edl, tmp_path / "a.mp4", "-p", "ultrafast", "--chunk-seconds", "0.5", "--jobs", "2",
        "--progress", "json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["frames_done"] for line in lines[-1:]] == [60]
    assert all(line["chunks_total"] == 4 for line in lines if line["stage"] == "rendering")
    assert {"workers", "chunks_done", "chunks_reused", "retries"} <= set(lines[0])


def test_a_task_and_its_result_can_be_sent_anywhere(clips: ClipLibrary, tmp_path: Path) -> None:
    settings = edl2ffmpeg.RenderSettings(preset="ultrafast")
    timeline = edl2ffmpeg.load_timeline(write_edl(tmp_path, cut(clips)), settings)
    container = container_for(tmp_path / "a.mp4")
    video = video_output(settings, container, 320, 180, timeline.frame_rate)
    device = on_the_cpu("none", "asked for")
    recipe = Recipe(timeline, settings, (0, 60), container, video, None, device, 2)
    task = ChunkTask(recipe, Chunk(1, 20, 40))
    sent = pickle.loads(pickle.dumps(render_chunk(pickle.loads(pickle.dumps(task)))))
    assert isinstance(sent, ChunkResult)
    assert sent.data is not None
    assert (sent.number, sent.frames, sent.size) == (1, 20, len(sent.data))
    assert sent.digest == sha256(sent.data).hexdigest()
    there = render_chunk(replace(task, path=tmp_path / "chunk", cores=7))
    assert there.data is None
    assert (tmp_path / "chunk").read_bytes() == sent.data
    check_chunk(tmp_path / "chunk", 20)
    with pytest.raises(edl2ffmpeg.EncodeError, match="21 frames were planned"):
        check_chunk(tmp_path / "chunk", 21)
