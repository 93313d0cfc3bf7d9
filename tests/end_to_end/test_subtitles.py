"""Subtitles that are not part of the picture: in the movie, beside it, or nowhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

import edl2ffmpeg
from edl2ffmpeg.timing import round_half_up
from helpers.edl_factory import audio_clip, document, generated, media, video_clip, write_edl
from helpers.media_factory import ClipLibrary
from helpers.rendering import codes_of, render_edl, run_command
from helpers.subtitles import Shown, parse_srt, stored_cues

FAST = ("-p", "ultrafast")
NTSC_MS = Fraction(1001, 30)


def subtitle(text: str | None, start: float, end: float, number: int = 1, **more: Any) -> Any:
    track = {"type": "subtitle", "number": number}
    source = {"text": text, "in": 0, "out": end - start}
    return {"track": track, "in": start, "out": end, "source": source} | more


def picture(seconds: float) -> Any:
    return video_clip(generated("black", seconds, 64, 36), 0, seconds)


def small(*clips: Any, seconds: float = 2, fps: float = 25) -> dict[str, Any]:
    return document(picture(seconds), *clips, fps=fps, width=64, height=36)


TWO_TRACKS = (
    subtitle("Hello", 0, 1),
    subtitle("two\nlines", 1, 1.6),
    subtitle("  ", 1.6, 1.8),
    subtitle("Grüße, नमस्ते 😀", 1.8, 2),
    subtitle("other", 0.4, 0.8, number=3),
)
FIRST: list[Shown] = [
    (0, 1000, "Hello"),
    (1000, 1600, "two\nlines"),
    (1800, 2000, "Grüße, नमस्ते 😀"),
]
SECOND: list[Shown] = [(400, 800, "other")]


def text_tracks(movie: Path) -> int:
    with av.open(str(movie)) as container:
        return len(container.streams.subtitles)


def refused(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 2, result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("edl2ffmpeg: ")
    return lines[0].removeprefix("edl2ffmpeg: ")


# -- embed --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "mov_text"), ("a.mov", "mov_text"), ("a.mkv", "srt"), ("a.webm", "webvtt")],
)
def test_embedded(tmp_path: Path, name: str, codec: str) -> None:
    movie = tmp_path / name
    sound = audio_clip(generated("testpattern", 2), 0, 2)
    edl = small(*TWO_TRACKS, sound)
    result = render_edl(tmp_path, edl, name, subtitles="embed", audio=True)
    assert result.report["subtitles"] == {"mode": "embed", "tracks": 2, "cues": 4, "files": []}
    assert result.frames == 50
    assert stored_cues(movie, 0) == FIRST
    assert stored_cues(movie, 1) == SECOND
    with av.open(str(movie)) as container:
        assert {stream.name for stream in container.streams.subtitles} == {codec}
    assert sorted(os.listdir(tmp_path)) == sorted([name, "cut.json"])


def test_embedded_at_an_ntsc_rate_from_the_middle(tmp_path: Path) -> None:
    edl = small(
        subtitle("cut", 0, 1), subtitle("kept", 1, 1.2), subtitle("end", 1.5, 3), seconds=3,
        fps=29.97,
    )  # fmt: skip
    for name in ("a.mp4", "a.mkv"):
        result = render_edl(tmp_path, edl, name, subtitles="embed", start=0.5, end=2.5)
        assert result.frames == 60
        assert stored_cues(tmp_path / name) == [
            (round_half_up(start * NTSC_MS), round_half_up(end * NTSC_MS), text)
            for start, end, text in ((0, 15, "cut"), (15, 21, "kept"), (30, 60, "end"))
        ]


def test_the_pictures_are_the_same_with_and_without(clips: ClipLibrary, tmp_path: Path) -> None:
    clip = clips["h264_30_mp4"]
    edl = document(video_clip(media(clip.path, 0, 2), 0, 2), *TWO_TRACKS)
    for name in ("a.mp4", "a.mkv"):
        render_edl(tmp_path, edl, name, subtitles="embed")
        assert codes_of(tmp_path / name) == [(clip.file_id, n) for n in range(60)]
        assert stored_cues(tmp_path / name) == FIRST


def test_embedded_twice_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.mkv", "a.webm"):
        written = set()
        for _ in range(2):
            render_edl(tmp_path, small(*TWO_TRACKS), name, subtitles="embed")
            written.add((tmp_path / name).read_bytes())
            time.sleep(1.1 if len(written) == 1 and name == "a.mp4" else 0)
        assert len(written) == 1


@pytest.mark.parametrize(("name", "muxer"), [("a.ts", "mpegts"), ("a.mxf", "mxf")])
def test_containers_that_cannot(tmp_path: Path, name: str, muxer: str) -> None:
    edl = write_edl(tmp_path, small(*TWO_TRACKS))
    text = refused(run_command(edl, tmp_path / name, "--subtitles", "embed"))
    assert text == (
        f"subtitles cannot be embedded in {muxer}, only in .mp4 .m4v .mov .mkv .webm; use one of "
        "these, or --subtitles sidecar or burn"
    )
    assert os.listdir(tmp_path) == ["cut.json"]


def test_a_text_too_long_for_mp4(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, small(subtitle("x" * 70_000, 0, 1)))
    text = refused(run_command(edl, tmp_path / "a.mp4", "--subtitles", "embed"))
    assert text.startswith("the subtitle at 00:00.000 has 70000 bytes")
    assert os.listdir(tmp_path) == ["cut.json"]


def test_a_track_without_texts_is_not_embedded(tmp_path: Path) -> None:
    edl = small(subtitle("", 0, 1), subtitle("second", 0, 1, number=2))
    result = render_edl(tmp_path, edl, "a.mp4", subtitles="embed")
    assert result.report["subtitles"]["tracks"] == text_tracks(tmp_path / "a.mp4") == 1
    assert stored_cues(tmp_path / "a.mp4") == [(0, 1000, "second")]


def test_nothing_but_subtitles_is_a_movie(tmp_path: Path) -> None:
    edl = document(subtitle("alone", 1, 2), fps=25, width=64, height=36)
    result = render_edl(tmp_path, edl, "a.mkv", subtitles="embed")
    assert result.frames == 50
    assert stored_cues(tmp_path / "a.mkv") == [(1000, 2000, "alone")]


# -- sidecar and off ----------------------------------------------------------


def test_beside_the_movie(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, small(*TWO_TRACKS))
    report = tmp_path / "report.json"
    movie = tmp_path / "my.movie.ts"
    result = run_command(edl, movie, *FAST, "--subtitles", "sidecar", "--report", report)
    assert result.returncode == 0, result.stderr
    files = [tmp_path / "my.movie.srt", tmp_path / "my.movie.2.srt"]
    assert [parse_srt(path) for path in files] == [FIRST, SECOND]
    assert json.loads(report.read_text())["subtitles"] == {
        "mode": "sidecar",
        "tracks": 2,
        "cues": 4,
        "files": [str(path) for path in files],
    }
    names = ["cut.json", "my.movie.2.srt", "my.movie.srt", "my.movie.ts", "report.json"]
    assert sorted(os.listdir(tmp_path)) == names


def test_the_file_byte_for_byte(tmp_path: Path) -> None:
    edl = small(subtitle("a\r\n\r\nb", 1, 1.1), subtitle("नमस्ते", 3599.96, 3600.5), fps=29.97)
    edl["clips"][0]["out"] = edl["clips"][0]["source"]["out"] = 1.2
    render_edl(tmp_path, edl, "a.mp4", subtitles="sidecar", end=1.2)
    assert (tmp_path / "a.srt").read_bytes() == (
        "1\n00:00:01,001 --> 00:00:01,101\na\n\N{NO-BREAK SPACE}\nb\n".encode()
    )
    render_edl(tmp_path, edl, "a.mp4", subtitles="sidecar", start=3599.5)
    assert parse_srt(tmp_path / "a.srt") == [(467, 1001, "नमस्ते")]


def test_no_texts_no_file(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, small(*TWO_TRACKS))
    options = ("--subtitles", "sidecar", "--start", "1", "--end", "1.4", "-v")
    result = run_command(edl, tmp_path / "a.mp4", *FAST, *options)
    assert result.returncode == 0, result.stderr
    assert f"subtitle track 3 has no text: {tmp_path / 'a.2.srt'} is not made" in result.stderr
    assert parse_srt(tmp_path / "a.srt") == [(0, 400, "two\nlines")]
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "a.srt", "cut.json"]


def test_names_go_by_the_track_in_the_edl(tmp_path: Path) -> None:
    edl = small(subtitle(None, 0, 1), subtitle("second", 0, 1, number=2))
    result = render_edl(tmp_path, edl, "a.mp4", subtitles="sidecar")
    assert result.report["subtitles"]["files"] == [str(tmp_path / "a.2.srt")]
    assert sorted(os.listdir(tmp_path)) == ["a.2.srt", "a.mp4", "cut.json"]


@pytest.mark.parametrize("name", ["a.mp4", "a.mxf"])
def test_off(tmp_path: Path, name: str) -> None:
    result = render_edl(tmp_path, small(*TWO_TRACKS), name, subtitles="off")
    assert result.report["subtitles"] == {"mode": "off", "tracks": 0, "cues": 0, "files": []}
    assert text_tracks(tmp_path / name) == 0
    assert sorted(os.listdir(tmp_path)) == [name, "cut.json"]


@pytest.mark.parametrize("mode", ["embed", "sidecar", "off"])
def test_frames_as_arrays_have_no_subtitles_then(tmp_path: Path, mode: str) -> None:
    edl = write_edl(tmp_path, small(*TWO_TRACKS))
    with edl2ffmpeg.open_frames(edl, subtitles=mode, end=0.2) as frames:
        assert all(int(frame.array.max()) == 0 for frame in frames)
    assert int(edl2ffmpeg.still(edl, 3, subtitles=mode).max()) == 0


# -- what is never replaced, and what is never left ---------------------------


def test_an_existing_file_is_kept_without_overwrite(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, small(*TWO_TRACKS))
    old = tmp_path / "a.2.srt"
    old.write_text("old")
    arguments = (edl, tmp_path / "a.mp4", *FAST, "--subtitles", "sidecar")
    assert refused(run_command(*arguments)) == (
        f"{old}: exists already; add --overwrite to replace it"
    )
    assert old.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["a.2.srt", "cut.json"]
    assert run_command(*arguments, "--overwrite").returncode == 0
    assert parse_srt(old) == SECOND


def test_the_edl_and_the_report_keep_their_names(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, small(*TWO_TRACKS), "a.srt")
    before = edl.read_bytes()
    options = ("--subtitles", "sidecar", "--overwrite")
    words = (
        "the subtitles would have the name of the EDL or the report; give the movie another name"
    )
    assert refused(run_command(edl, tmp_path / "a.mp4", *options)) == f"{edl}: {words}"
    with pytest.raises(edl2ffmpeg.SettingsError, match="the name of the EDL"):
        edl2ffmpeg.render(edl, tmp_path / "a.mp4", subtitles="sidecar", overwrite=True)
    report = tmp_path / "b.2.srt"
    text = refused(run_command(edl, tmp_path / "b.mp4", *options, "--report", report))
    assert text == f"{report}: {words}"
    assert edl.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.srt"]


def test_a_source_keeps_its_name(clips: ClipLibrary, tmp_path: Path) -> None:
    clip = tmp_path / "a.srt"
    clip.write_bytes(clips["h264_30_mp4"].path.read_bytes())
    before = clip.read_bytes()
    edl = write_edl(tmp_path, document(video_clip(media(clip, 0, 1), 0, 1), *TWO_TRACKS[:1]))
    text = refused(run_command(edl, tmp_path / "a.mp4", "--subtitles", "sidecar", "--overwrite"))
    assert text == (
        f"clips[0].source: the subtitle file {clip} is also a source of this EDL; give another name"
    )
    assert clip.read_bytes() == before


def test_a_place_that_cannot_be_written_is_found_before_the_render(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, small(*TWO_TRACKS))
    (tmp_path / "a.srt").mkdir()
    text = refused(run_command(edl, tmp_path / "a.mp4", "--subtitles", "sidecar", "--overwrite"))
    assert text == f"{tmp_path / 'a.srt'}: is a folder; give the name of a file"
    assert sorted(os.listdir(tmp_path)) == ["a.srt", "cut.json"]


def test_a_zero_byte_in_the_outputs_name(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, small(*TWO_TRACKS))
    with pytest.raises(edl2ffmpeg.SettingsError, match="zero byte"):
        edl2ffmpeg.render(edl, f"{tmp_path}/a\0b.mp4", subtitles="sidecar")


@pytest.mark.parametrize("old", [True, False], ids=["old files", "no files"])
def test_a_failure_leaves_nothing_new(tmp_path: Path, old: bool) -> None:
    class StopError(Exception):
        pass

    def stop(progress: edl2ffmpeg.Progress) -> None:
        if progress.frames_done == 20:
            raise StopError

    edl = write_edl(tmp_path, small(*TWO_TRACKS))
    kept = {"a.mp4": b"movie", "a.srt": b"first", "a.2.srt": b"second"} if old else {}
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(StopError):
        edl2ffmpeg.render(
            edl, tmp_path / "a.mp4", subtitles="sidecar", overwrite=True, progress=stop
        )
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "cut.json"])
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept


def test_a_movie_that_is_not_whole_has_no_subtitles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise edl2ffmpeg.EncodeError("a frame is missing", "a.mp4")

    monkeypatch.setattr("edl2ffmpeg.jobs.ways.verify_frame_count", fail)
    with pytest.raises(edl2ffmpeg.EncodeError, match="a frame is missing"):
        render_edl(tmp_path, small(*TWO_TRACKS), "a.mp4", subtitles="sidecar")
    assert os.listdir(tmp_path) == ["cut.json"]


def test_a_movie_that_cannot_get_its_name_has_no_subtitles(tmp_path: Path) -> None:
    def appear(progress: edl2ffmpeg.Progress) -> None:
        (tmp_path / "a.mp4").write_bytes(b"other")

    edl = write_edl(tmp_path, small(*TWO_TRACKS))
    with pytest.raises(edl2ffmpeg.EncodeError, match="appeared while it was rendered"):
        edl2ffmpeg.render(edl, tmp_path / "a.mp4", subtitles="sidecar", progress=appear)
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "cut.json"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_old_subtitles(tmp_path: Path, number: signal.Signals) -> None:
    pattern = video_clip(generated("demo", 600, 1280, 720), 0, 600)
    write_edl(tmp_path, document(pattern, subtitle("x", 0, 600), width=1280, height=720))
    for name in ("a.mp4", "a.srt"):
        (tmp_path / name).write_bytes(b"old")
    options = ("--overwrite", "--progress", "json", "--subtitles", "sidecar")
    process = subprocess.Popen(
        [sys.executable, "-m", "edl2ffmpeg", "cut.json", "a.mp4", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["frames_done"] > 0
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "a.srt", "cut.json"]
    assert (tmp_path / "a.srt").read_bytes() == (tmp_path / "a.mp4").read_bytes() == b"old"


def test_an_unknown_way_is_a_usage_error(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, small())
    result = run_command(edl, tmp_path / "a.mp4", "--subtitles", "soft")
    assert result.returncode == 2
    assert "invalid choice: 'soft'" in result.stderr
