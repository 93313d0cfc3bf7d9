"""Settings as a caller writes them, and what is in the files that come out."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import edl2ffmpeg
from helpers.edl_factory import audio_clip, document, generated, media, video_clip, write_edl
from helpers.media_factory import ClipLibrary
from helpers.rendering import run_command

SIZE = (320, 180)


def tiny_edl(folder: Path, *, sound: bool = True) -> Path:
    clips = [video_clip(generated("testpattern", 0.4, *SIZE), 0, 0.4)]
    if sound:
        clips.append(audio_clip(generated("testpattern", 0.4), 0, 0.4))
    return write_edl(folder, document(*clips, fps=25, width=SIZE[0], height=SIZE[1]))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", {"preset": "ultrafast"}),
        ("a.mp4", {"codec": "libx265", "preset": "ultrafast"}),
        ("a.mp4", {"codec": "libsvtav1", "preset": "12"}),
        ("a.mov", {"preset": "ultrafast"}),
        ("a.mov", {"codec": "prores"}),
        ("a.mov", {"codec": "dnxhr"}),
        ("a.mkv", {"preset": "ultrafast"}),
        ("a.mkv", {"codec": "ffv1"}),
        ("a.webm", {"preset": "realtime"}),
        ("a.mxf", {}),
        ("a.mxf", {"codec": "prores"}),
        ("a.ts", {"preset": "ultrafast"}),
        ("a.ts", {"codec": "mpeg2"}),
    ],
    ids=str,
)
def test_the_same_edl_gives_the_same_bytes(
    tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    edl = tiny_edl(tmp_path)
    sums = set()
    for turn in range(2):
        folder = tmp_path / str(turn)
        folder.mkdir()
        edl2ffmpeg.render(edl, folder / name, **options)
        sums.add(hashlib.sha256((folder / name).read_bytes()).hexdigest())
        # Dates in files have seconds.
        time.sleep(1.1 * (1 - turn))
    assert len(sums) == 1


def test_a_restriction_written_as_text_confines(clips: ClipLibrary, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    safe.mkdir()
    clip = clips["h264_30_mp4"].path
    edl = write_edl(tmp_path, document(video_clip(media(clip, 0, 0.2), 0, 0.2)))
    restrict: Any
    for restrict in (str(safe), safe, [str(safe)]):
        with pytest.raises(edl2ffmpeg.MediaOpenError, match="--restrict"):
            edl2ffmpeg.render(edl, tmp_path / "a.mp4", restrict=restrict)


def test_times_and_rates_as_people_write_them(tmp_path: Path) -> None:
    result = edl2ffmpeg.render(
        tiny_edl(tmp_path), tmp_path / "a.mp4", frame_rate="50", start=0.1, end="0:00.3"
    )
    assert result.frames == 10
    with edl2ffmpeg.open_frames(tmp_path / "cut.json", start=0.2, fit="cover") as reader:
        assert len(list(reader)) == 5


@pytest.mark.parametrize(
    "options", [("--fps", "1e999999999"), ("--fps", "5000"), ("--threads", "1025")]
)
def test_numbers_out_of_reach_are_one_sentence(tmp_path: Path, options: tuple[str, str]) -> None:
    result = run_command(tiny_edl(tmp_path), tmp_path / "a.mp4", *options)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(("sound", "audio"), [(True, True), (True, False), (False, True)])
def test_the_report_names_an_audio_codec_only_with_an_audio_track(
    tmp_path: Path, sound: bool, audio: bool
) -> None:
    edl = tiny_edl(tmp_path, sound=sound)
    result = edl2ffmpeg.render(edl, tmp_path / "a.mp4", preset="ultrafast", audio=audio)
    with av.open(str(tmp_path / "a.mp4")) as movie:
        tracks = len(movie.streams.audio)
    assert tracks == (sound and audio)
    assert result.report["settings"]["audio_codec"] == ("aac" if tracks else None)


@pytest.mark.parametrize("uri", ["file:%00/tmp", "file:///a%00.mp4", "a\0b.mp4", "http://a\0b"])
def test_a_zero_byte_in_a_uri_is_one_sentence(tmp_path: Path, uri: str) -> None:
    edl = write_edl(tmp_path, document(video_clip(media(uri, 0, 1), 0, 1)))
    result = run_command(edl, tmp_path / "a.mp4")
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert "clips[0].source.uri" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_zero_byte_in_the_outputs_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(edl2ffmpeg.SettingsError, match="zero byte"):
        edl2ffmpeg.render(tiny_edl(tmp_path), str(tmp_path / "a\0b.mp4"))


def test_a_jpeg_is_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "still.jpg"
    with av.open(str(picture), "w", format="mjpeg") as output:
        stream = output.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuvj420p"
        red = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        red[:, :, 0] = 255
        output.mux(stream.encode(av.VideoFrame.from_ndarray(red, "rgb24")))
        output.mux(stream.encode(None))
    clip = video_clip(media(picture, 0, 0.2), 0, 0.2)
    edl = write_edl(tmp_path, document(clip, width=SIZE[0], height=SIZE[1]))
    with edl2ffmpeg.open_frames(edl) as reader:
        frames = [frame.array.copy() for frame in reader]
    assert len(frames) == 6
    for frame in frames:
        red_mean, green_mean, blue_mean = frame.reshape(-1, 3).mean(axis=0)
        assert red_mean > 220
        assert max(green_mean, blue_mean) < 60


@pytest.mark.parametrize(
    ("size", "format", "needs"),
    [
        ((319, 180), "yuv420p", "an even width and height"),
        ((320, 181), "yuv420p10le", "an even width and height"),
        ((319, 181), "yuv422p", "an even width;"),
    ],
)
def test_a_reader_of_odd_sizes_in_halved_chroma_is_one_sentence(
    size: tuple[int, int], format: str, needs: str, tmp_path: Path
) -> None:
    # Refused before the file, which is not there, is looked for.
    clip = video_clip(media("none.mp4", 0, 0.2), 0, 0.2)
    edl = write_edl(tmp_path, document(clip, width=size[0], height=size[1]))
    with pytest.raises(edl2ffmpeg.SettingsError, match=f"{size[0]}x{size[1]} .*{format}.* {needs}"):
        edl2ffmpeg.open_frames(edl, format=format)


@pytest.mark.parametrize(
    ("size", "format"), [((319, 181), "rgb24"), ((319, 181), "yuv444p"), ((320, 181), "yuv422p")]
)
def test_a_reader_takes_odd_sizes_where_it_can(
    size: tuple[int, int], format: str, tmp_path: Path
) -> None:
    clip = video_clip(generated("testpattern", 0.2), 0, 0.2)
    edl = write_edl(tmp_path, document(clip, width=size[0], height=size[1]))
    with edl2ffmpeg.open_frames(edl, format=format) as reader:
        assert next(iter(reader)).array.shape[:2] == (size[1], size[0])


def test_an_unreadable_kind_of_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "still.tga").write_bytes(bytes([0, 0, 2]) + bytes(9) + b"\x04\0\x04\0\x18\0" * 9)
    edl = write_edl(tmp_path, document(video_clip(media("still.tga", 0, 1), 0, 1)))
    result = run_command(edl, tmp_path / "a.mp4")
    assert result.returncode == 2
    assert "not among those that an EDL may open" in result.stderr
    assert json.loads(edl.read_text())["clips"][0]["source"]["uri"] == "still.tga"
