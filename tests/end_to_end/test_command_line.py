"""The command as a user meets it: exit codes, sentences, and what is left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.codec.hwaccel import hwdevices_available

from helpers.bad_media import BAD_MEDIA
from helpers.edl_factory import audio_clip, document, generated, media, video_clip, write_edl
from helpers.media_factory import ClipLibrary
from helpers.rendering import codes_of, run_command

FAST = ("-p", "ultrafast")


def small_edl(folder: Path, clips: ClipLibrary, **more: Any) -> Path:
    clip = clips["h264_30_mp4"]
    return write_edl(folder, document(video_clip(media(clip.path, 0, 1), 0, 1, **more)))


def assert_refused(result: subprocess.CompletedProcess[str], *words: str) -> str:
    """One or more sentences, exit code 2, and no traceback."""
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    lines = result.stderr.strip().splitlines()
    assert lines
    assert all(line.startswith("edl2ffmpeg: ") for line in lines)
    for word in words:
        assert word in result.stderr, result.stderr
    return result.stderr


def test_render_and_report(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = small_edl(tmp_path, clips)
    report = tmp_path / "report.json"
    result = run_command(edl, tmp_path / "movie.mp4", *FAST, "--report", report)
    assert result.returncode == 0, result.stderr
    assert "movie.mp4: 30 frames, 1.00 s, made in" in result.stderr
    assert codes_of(tmp_path / "movie.mp4") == [
        (clips["h264_30_mp4"].file_id, n) for n in range(30)
    ]
    told = json.loads(report.read_text())
    assert told["frames"] == 30
    assert told["settings"]["codec"] == "libx264"
    device = told["device"]
    assert (device["requested"], device["used"]) == ("auto", "cpu")
    assert device["reason"] == "this machine has no NVIDIA driver"
    assert device["decoders"] == []
    assert {name: stage["used"] for name, stage in device["stages"].items()} == {
        "decode": "cpu",
        "draw": "cpu",
        "encode": "cpu",
    }
    assert {"decode", "compose", "encode"} <= set(told["stage_seconds"])
    assert told["held_frames"] == told["warnings"] == []
    assert sorted(os.listdir(tmp_path)) == ["cut.json", "movie.mp4", "report.json"]


def test_options_reach_the_movie(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = small_edl(tmp_path, clips)
    movie = tmp_path / "movie.mkv"
    options = [
        "-c",
        "h265",
        "--crf",
        "30",
        "--pix-fmt",
        "yuv420p10le",
        "--fps",
        "25",
        "--width",
        "160",
        "--height",
        "90",
    ]
    options += ["--start", "0.2", "--end", "0:00.8", "--threads", "1", "-q"]
    result = run_command(edl, movie, *FAST, *options)
    assert (result.returncode, result.stderr) == (0, "")
    with av.open(str(movie)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert stream.codec_context.name == "hevc"
        assert stream.average_rate == 25
        assert (frames[0].width, frames[0].height, frames[0].format.name) == (
            160,
            90,
            "yuv420p10le",
        )
        assert len(frames) == 15
    first = codes_of(movie)[0]
    assert first == (clips["h264_30_mp4"].file_id, 6)


def test_mp4_can_be_played_while_it_loads(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = small_edl(tmp_path, clips)
    assert run_command(edl, tmp_path / "movie.mp4", *FAST).returncode == 0
    content = (tmp_path / "movie.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(
    "kind", sorted(set(BAD_MEDIA) - {"truncated_mkv", "truncated_ts", "damaged_mkv"})
)
@pytest.mark.parametrize("track", ["video", "audio"])
def test_bad_media_is_one_sentence(
    bad_media: Callable[[str], Path], tmp_path: Path, kind: str, track: str
) -> None:
    path = bad_media(kind)
    if kind == "unreadable" and os.access(path, os.R_OK):
        pytest.skip("root reads every file")
    if kind == "audio_only" and track == "audio":
        pytest.skip("that is good media for an audio track")
    make = video_clip if track == "video" else audio_clip
    edl = write_edl(tmp_path, document(make(media(path, 0, 1), 0, 1)))
    output = tmp_path / "movie.mp4"
    result = run_command(edl, output)
    text = assert_refused(result, str(path), "clips[0].source")
    assert len(text.splitlines()) == 1
    assert not output.exists()
    assert not list(tmp_path.glob(".*partial"))
    checked = run_command("check", edl)
    assert (checked.returncode, checked.stderr) == (2, result.stderr)


def test_media_that_nobody_can_read_is_one_sentence(tmp_path: Path) -> None:
    """A regular file that opens and fails at its first read, even for root."""
    edl = write_edl(tmp_path, document(video_clip(media("/proc/self/mem", 0, 1), 0, 1)))
    for arguments in ((edl, tmp_path / "movie.mp4"), ("check", edl)):
        text = assert_refused(
            run_command(*arguments), "clips[0].source", "/proc/self/mem: cannot be read"
        )
        assert len(text.splitlines()) == 1
    assert os.listdir(tmp_path) == ["cut.json"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"uri": "missing.mp4"}, "there is no such file"),
        ({"uri": "http://127.0.0.1/a.mp4"}, "--allow-protocol http"),
        ({"uri": "rtsp://127.0.0.1/a"}, "--allow-protocol rtsp"),
        ({"trackId": "V4"}, "has no stream V4 (it holds V1)"),
        ({"trackId": "A1"}, "trackId"),
    ],
)
def test_sources_that_cannot_be_had(
    clips: ClipLibrary, tmp_path: Path, source: dict[str, Any], words: str
) -> None:
    whole = media(clips["h264_30_mp4"].path, 0, 1) | source
    edl = write_edl(tmp_path, document(video_clip(whole, 0, 1)))
    assert_refused(run_command(edl, tmp_path / "movie.mp4"), words, "clips[0].source")
    assert os.listdir(tmp_path) == ["cut.json"]


def test_every_problem_is_told_at_once(clips: ClipLibrary, tmp_path: Path) -> None:
    names = [f"missing{number}.mp4" for number in range(25)]
    edl = document(*(video_clip(media(name, 0, 1), n, n + 1) for n, name in enumerate(names)))
    text = assert_refused(run_command(write_edl(tmp_path, edl), tmp_path / "movie.mp4"))
    lines = text.splitlines()
    assert [re.findall(r"missing(\d+)", line)[:1] for line in lines[:20]] == [
        [str(number)] for number in range(20)
    ]
    assert lines[20:] == ["edl2ffmpeg: ... and 5 more problems"]


def test_restrict_names_the_option(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = small_edl(tmp_path, clips)
    result = run_command(edl, tmp_path / "movie.mp4", "--restrict", tmp_path)
    assert_refused(result, "--restrict", str(clips["h264_30_mp4"].path))


def test_locations_are_looked_up(clips: ClipLibrary, tmp_path: Path) -> None:
    clip = clips["h264_30_mp4"]
    source = {"location": {"id": "take-7", "type": "store"}, "in": 0, "out": 0.5}
    edl = write_edl(tmp_path, document(video_clip(source, 0, 0.5)))
    table = tmp_path / "table.json"
    table.write_text(json.dumps({"take-7": str(clip.path)}))
    assert_refused(run_command(edl, tmp_path / "movie.mp4"), "take-7")
    result = run_command(edl, tmp_path / "movie.mp4", *FAST, "--locations", table)
    assert result.returncode == 0, result.stderr
    table.write_text("[1]")
    assert_refused(
        run_command(edl, tmp_path / "other.mp4", "--locations", table), "must be a JSON object"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--crf", "99"], "outside 0 to 51"),
        (["--bitrate", "fast"], "is not a bit rate"),
        (["--bitrate", "1e999999999"], "is not a bit rate"),
        (["--threads", "99999999999"], "threads must be"),
        (["--bitrate", "2M", "--crf", "20"], "exclude each other"),
        (["--fps", "0"], "not above zero"),
        (["--start", "soon"], "is not a time"),
        (["--start", "5"], "holds no frame"),
        (["--hw-accel", "cuda", "--hw-device", "first"], "is not a CUDA device such as 0"),
        (["--hw-device", "0"], "no NVIDIA driver; leave the options of hardware out, or add"),
        (["--hw-accel", "vaapi"], "has no vaapi, but cuda"),
        (["--hw-accel", "warp"], "invalid choice"),
        (["--hw-encode"], "no NVIDIA driver"),
        (["-c", "h264_nvenc"], "no NVIDIA driver"),
        (["-c", "h264_nvenc", "--no-hw-encode"], "contradicts --no-hw-encode"),
        (["-c", "h264_nvenc", "--hw-accel", "none"], "contradicts --hw-accel none"),
        (["-c", "mpeg2", "--hw-encode"], "NVENC does not encode what mpeg2video does"),
        (["-c", "h264_nvenc", "--async-depth", "60"], "can hold 52"),
        (["-c", "h264_nvenc", "-x", "bf=many"], "bf=many is not a whole number"),
        (["-x", "crf=20"], "has a name here: use --crf"),
        (["-x", "tunes=film"], "did you mean tune"),
        (["-x", "tune"], "is not NAME=VALUE"),
        (["-x", "g=many"], "libx264 refuses"),
        (["--hw-accel", "none", "--hw-device", "0"], "contradicts"),
        (["--width", "321"], "even width"),
        (["--codec", "prores"], "cannot hold prores_ks"),
        (["--report", "missing/report.json"], "cannot be written"),
        (["--nonsense"], "--nonsense"),
        (["--over"], "--over"),
        (["--crf", "abc"], "'abc' is not a number"),
        (["--async-depth", "4"], "no NVIDIA driver"),
    ],
)
def test_usage_errors(clips: ClipLibrary, tmp_path: Path, arguments: list[str], words: str) -> None:
    edl = small_edl(tmp_path, clips)
    result = run_command(edl, tmp_path / "movie.mp4", *arguments, cwd=tmp_path)
    assert_refused(result, words)
    assert os.listdir(tmp_path) == ["cut.json"]


def test_a_gpu_that_cannot_be_had_is_an_error_or_the_cpu(
    clips: ClipLibrary, tmp_path: Path
) -> None:
    edl, output = small_edl(tmp_path, clips), tmp_path / "movie.mp4"
    # No machine has so many.
    asked = (*FAST, "--hw-accel", "cuda", "--hw-device", "998")
    assert_refused(run_command(edl, output, *asked), "cuda")
    assert os.listdir(tmp_path) == ["cut.json"]
    result = run_command(edl, output, *asked, "--hw-fallback", "allow")
    assert result.returncode == 0, result.stderr
    assert "warning: rendered on the CPU and not on a GPU: " in result.stderr
    assert len(codes_of(output)) == 30


@pytest.mark.parametrize("name", ["auto", "none"])
def test_the_cpu_can_be_asked_for(clips: ClipLibrary, tmp_path: Path, name: str) -> None:
    result = run_command(
        small_edl(tmp_path, clips), tmp_path / "movie.mp4", *FAST, "--hw-accel", name
    )
    assert result.returncode == 0, result.stderr


def test_an_existing_file_is_kept_without_overwrite(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = small_edl(tmp_path, clips)
    output = tmp_path / "movie.mp4"
    output.write_bytes(b"old")
    assert_refused(run_command(edl, output), "exists already; add --overwrite")
    assert output.read_bytes() == b"old"
    assert run_command(edl, output, *FAST, "--overwrite").returncode == 0
    assert len(codes_of(output)) == 30


def test_a_source_is_never_the_output(clips: ClipLibrary, tmp_path: Path) -> None:
    copy = tmp_path / "clip.mp4"
    copy.write_bytes(clips["h264_30_mp4"].path.read_bytes())
    before = copy.read_bytes()
    edl = write_edl(tmp_path, document(video_clip(media(copy, 0, 1), 0, 1)))
    assert_refused(run_command(edl, copy, "--overwrite"), "also a source")
    assert copy.read_bytes() == before


def test_strict_makes_warnings_errors(clips: ClipLibrary, tmp_path: Path) -> None:
    clip = clips["h264_30_mp4"]
    edl = write_edl(tmp_path, document(video_clip(media(clip.path, 3, 6), 0, 3)))
    loose = run_command(edl, tmp_path / "loose.mp4", *FAST)
    assert loose.returncode == 0
    assert "edl2ffmpeg: warning: clips[0].source" in loose.stderr
    assert_refused(run_command(edl, tmp_path / "strict.mp4", "--strict"), "ends at 4 s")
    assert_refused(run_command("check", edl, "--strict"), "ends at 4 s")
    assert run_command("check", edl).returncode == 0


def test_check_plan_and_schema(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = small_edl(tmp_path, clips, topFade=0.5)
    checked = run_command("check", edl)
    assert checked.returncode == 0
    assert "good; 1 clip on 1 video and 0 audio tracks, 00:01.000 (30 frames" in checked.stdout
    text = run_command("plan", edl, "--frame", "3").stdout
    assert "frame 3 at 0.1 s" in text
    assert "V1 at 0.1 s  (clips[0].source)" in text
    assert "opacity 20.00%" in text
    plan = json.loads(run_command("plan", edl, "--frame", "3", "--json").stdout)
    assert plan["layers"][0]["source_time"] == "1/10"
    assert_refused(run_command("plan", edl, "--frame", "30"), "frames 0 to 29")
    schema = json.loads(run_command("schema").stdout)
    assert "clips" in schema["properties"]


def test_help_is_short_and_quick() -> None:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        result = run_command("--help")
        times.append(time.perf_counter() - started)
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) <= 80
    assert max(map(len, result.stdout.splitlines())) <= 100
    for name in (
        "--codec",
        "--restrict",
        "--progress",
        "check",
        "plan",
        "still",
        "sheet",
        "schema",
    ):
        assert name in result.stdout
    # The promise is 0.3 s; a loaded machine gets room, imports are what is tested elsewhere.
    assert min(times) < 1.0


def test_json_progress_is_lines_of_json(clips: ClipLibrary, tmp_path: Path) -> None:
    result = run_command(
        small_edl(tmp_path, clips), tmp_path / "movie.mp4", *FAST, "--progress", "json"
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines[-1]["frames_done"] == lines[-1]["frames_total"] == 30
    assert {"frames_per_second", "speed", "remaining_seconds"} <= set(lines[-1])


def test_a_report_replaces_nothing_it_should_not(clips: ClipLibrary, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(clips["h264_30_mp4"].path.read_bytes())
    edl = write_edl(tmp_path, document(video_clip(media(clip, 0, 0.2), 0, 0.2)))
    old = tmp_path / "old.json"
    old.write_text("old")
    os.mkfifo(tmp_path / "fifo")
    before = {path: path.read_bytes() for path in (clip, edl, old)}
    movie = tmp_path / "movie.mp4"
    for report, words in (
        (movie, "cannot have the name of the"),
        (edl, "cannot have the name of the"),
        (clip, "is also a source of this EDL"),
        (old, "exists already; add --overwrite"),
    ):
        assert_refused(run_command(edl, movie, *FAST, "--report", report), words)
        assert not movie.exists()
    fifo = run_command(edl, movie, *FAST, "--overwrite", "--report", tmp_path / "fifo")
    assert_refused(fifo, "is not a regular file")
    assert {path: path.read_bytes() for path in before} == before
    assert run_command(edl, movie, *FAST, "--overwrite", "--report", old).returncode == 0
    assert json.loads(old.read_text())["frames"] == 6


def test_the_output_must_be_a_regular_file(clips: ClipLibrary, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.mp4")
    edl = small_edl(tmp_path, clips)
    result = run_command(edl, tmp_path / "fifo.mp4", "--overwrite")
    assert_refused(result, "is not a regular file")
    assert (tmp_path / "fifo.mp4").is_fifo()


def test_clipped_sound_is_told(tmp_path: Path) -> None:
    tones = (audio_clip(generated("testpattern", 1), 0, 1, number=n) for n in range(1, 10))
    edl = write_edl(tmp_path, document(*tones, width=64, height=36))
    report = tmp_path / "report.json"
    result = run_command(edl, tmp_path / "movie.mxf", "--report", report)
    assert result.returncode == 0, result.stderr
    # Nine tones at -18 dBFS in phase peak at 1.13.
    assert "louder than full scale in" in result.stderr
    assert "by up to 1.1 dB" in result.stderr
    assert json.loads(report.read_text())["counters"]["clipped_samples"] > 1000


def test_json_progress_can_be_had_without_the_summary(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = small_edl(tmp_path, clips)
    result = run_command(edl, tmp_path / "movie.mp4", *FAST, "-q", "--progress", "json")
    assert result.stderr == ""
    assert json.loads(result.stdout.splitlines()[-1])["frames_done"] == 30


def test_check_refuses_what_a_render_would(tmp_path: Path) -> None:
    source = media("sound.wav", 0, 1, speed=200)
    edl = write_edl(tmp_path, document(audio_clip(source, 0, 1)))
    result = run_command("check", edl, "--no-media")
    assert_refused(result, "clips[0].source.speed: sound can be played at 0.01 to 100 times")


# -- being stopped ------------------------------------------------------------


@pytest.fixture
def long_edl(tmp_path: Path) -> Path:
    pattern = generated("demo", 600, 1280, 720)
    return write_edl(
        tmp_path, document(video_clip(pattern, 0, 600), width=1280, height=720), "long.json"
    )


@pytest.fixture
def started(long_edl: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A render that has written its first frames over an existing file."""
    (tmp_path / "movie.mp4").write_bytes(b"old")
    command = [sys.executable, "-m", "edl2ffmpeg", long_edl, "movie.mp4", "--overwrite"]
    process = subprocess.Popen(
        [*map(str, command), "--progress", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["frames_done"] > 0
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_behind(
    started: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    began = time.perf_counter()
    started.send_signal(number)
    _, errors = started.communicate(timeout=20)
    assert started.returncode == 130
    assert time.perf_counter() - began < 10
    assert "interrupted by" in errors
    assert "Traceback" not in errors
    assert sorted(os.listdir(tmp_path)) == ["long.json", "movie.mp4"]
    assert (tmp_path / "movie.mp4").read_bytes() == b"old"


def test_kill_9_leaves_the_old_file(started: subprocess.Popen[str], tmp_path: Path) -> None:
    started.kill()
    started.communicate(timeout=20)
    assert (tmp_path / "movie.mp4").read_bytes() == b"old"
    # The next render to that name clears away what the killed one left.
    small = write_edl(tmp_path, document(video_clip(generated("black", 0.2), 0, 0.2)))
    assert run_command(small, tmp_path / "movie.mp4", *FAST, "--overwrite").returncode == 0
    assert sorted(os.listdir(tmp_path)) == ["cut.json", "long.json", "movie.mp4"]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_full_disk_leaves_the_old_file(full_disk: Path, tmp_path: Path, suffix: str) -> None:
    pattern = generated("demo", 20, 640, 360)
    edl = write_edl(tmp_path, document(video_clip(pattern, 0, 20), width=640, height=360))
    output = full_disk / f"movie{suffix}"
    output.write_bytes(b"old")
    result = run_command(edl, output, "-p", "ultrafast", "-b", "40M", "--overwrite")
    assert result.returncode == 1, result.stderr
    assert "no space left" in result.stderr
    assert "Traceback" not in result.stderr
    assert output.read_bytes() == b"old"
    assert os.listdir(full_disk) == [output.name]


def test_rates_of_the_report_are_exact(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, document(video_clip(generated("black", 1), 0, 1), fps=29.97))
    report = tmp_path / "report.json"
    assert run_command(edl, tmp_path / "a.mp4", *FAST, "--report", report).returncode == 0
    assert Fraction(json.loads(report.read_text())["timeline"]["frame_rate"]) == Fraction(
        30000, 1001
    )


# Tells when the command has set its first signal handler.  What Python does with Ctrl-C before
# that, while it imports its own library, no program can change.
_ANNOUNCED = """
import signal, sys
set_handler = signal.signal
def announce(*arguments):
    signal.signal = set_handler
    before = set_handler(*arguments)
    print("begun", flush=True)
    return before
signal.signal = announce
from edl2ffmpeg.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment_of_the_start(
    long_edl: Path, tmp_path: Path, number: signal.Signals
) -> None:
    codes = set()
    for step in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", _ANNOUNCED, str(long_edl), "movie.mp4"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        assert process.stdout is not None and process.stdout.readline() == "begun\n"
        time.sleep(0.08 * step)
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        codes.add(process.returncode)
        assert process.returncode in (130, -number), (step, errors)
        assert "Traceback" not in errors, (step, errors)
        assert os.listdir(tmp_path) == ["long.json"]
    assert 130 in codes


def test_a_misspelt_command_is_not_taken_for_an_edl(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = small_edl(tmp_path, clips)
    for arguments in (["chekc", str(edl)], ["-v", "check", str(edl)]):
        assert_refused(run_command(*arguments), "write 'edl2ffmpeg check ...'")


def test_a_path_that_no_file_can_have(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = small_edl(tmp_path, clips)
    assert_refused(run_command(edl, tmp_path / ("x" * 300 + ".mp4")), "File name too long")


def test_what_an_edl_says_cannot_move_the_cursor(tmp_path: Path) -> None:
    source = media("\x1b[2Jred\nedl2ffmpeg: fake.mp4", 0, 1)
    edl = write_edl(tmp_path, document(video_clip(source, 0, 1)))
    text = assert_refused(run_command(edl, tmp_path / "movie.mp4"), "no such file")
    assert "\x1b" not in text
    assert len(text.splitlines()) == 1
    plan = run_command("plan", edl, "--frame", "0").stdout
    assert "\x1b" not in plan
    assert len(plan.splitlines()) == 2


def test_losing_the_reader_of_progress_does_not_lose_the_movie(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, document(video_clip(generated("demo", 20), 0, 20)))
    command = [sys.executable, "-m", "edl2ffmpeg", str(edl), "movie.mp4", "--progress", "json"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0, errors
    assert "Traceback" not in errors and "BrokenPipe" not in errors
    assert (tmp_path / "movie.mp4").exists()


def test_devices(tmp_path: Path) -> None:
    text = run_command("devices", cwd=tmp_path)
    assert text.returncode == 0, text.stderr
    assert text.stdout.startswith("CPU: ")
    found = json.loads(run_command("devices", "--json", cwd=tmp_path).stdout)
    assert found["cpu_cores"] >= 1
    assert found["cuda"] or found["cuda_reason"]


def test_doctor_without_a_gpu(tmp_path: Path) -> None:
    result = run_command("doctor", "--software", "--frames", "20", "--cycles", "1")
    assert result.returncode == 0, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    assert [line.split()[1] for line in lines[:-1]] == [
        "clip", "decode", "draw", "encode", "cycles"
    ]  # fmt: skip
    assert lines[-1] == "PASS"
    told = json.loads(run_command("doctor", "--device", "998", "--json").stdout)
    assert told["passed"] is False
    assert told["findings"][0]["name"] == "device"
    assert run_command("doctor", "--device", "998").returncode == 1
    assert_refused(run_command("doctor", "--frames", "3"), "--frames 3: 10 to 4096")


def test_plan_tells_what_would_render(clips: ClipLibrary, tmp_path: Path) -> None:
    edl = small_edl(tmp_path, clips)
    plan = ["plan", str(edl), "--frame", "3", "--out", "movie.mp4"]
    assert "  encode: cpu: this machine has no NVIDIA driver\n" in run_command(*plan).stdout
    told = json.loads(run_command(*plan, "--json", "--hw-accel", "none").stdout)["device"]
    assert told["stages"]["encode"] == {"used": "cpu", "reason": "asked for"}
    assert_refused(run_command(*plan, "-c", "h264_nvenc"), "no NVIDIA driver")
    refused = run_command(*plan, "--hw-accel", "vaapi")
    if "vaapi" not in hwdevices_available():
        assert_refused(refused, "this build of FFmpeg has no vaapi")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-c", "libx264", "--async-depth", "4"], "--codec libx264 asks for another encoder"),
        (["-c", "h264_nvenc", "--async-depth", "4", "-x", "rc-lookahead=20"], "25 or more"),
        (["--hw-accel", "videotoolbox", "-x", "g=50"], "no videotoolbox"),
    ],
)
def test_settings_of_devices_that_cannot_work(
    clips: ClipLibrary, tmp_path: Path, arguments: list[str], words: str
) -> None:
    edl = small_edl(tmp_path, clips)
    assert_refused(run_command(edl, tmp_path / "movie.mp4", *arguments, cwd=tmp_path), words)
