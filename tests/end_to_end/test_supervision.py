"""Worker processes that hang, die, eat memory or write nonsense; what is told, and what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.edl_factory import document, generated, video_clip, write_edl
from helpers.processes import is_running, worker_fault, workers_of
from helpers.rendering import run_command

CHUNKS = ("-p", "ultrafast", "--chunk-seconds", "0.5", "--jobs", "2")


@pytest.fixture
def edl(tmp_path: Path) -> Path:
    """Four chunks of 15 frames, of two clips."""
    return write_edl(
        tmp_path,
        document(
            video_clip(generated("demo", 1), 0, 1), video_clip(generated("testpattern", 1), 1, 2)
        ),
    )


@pytest.fixture
def undisturbed(edl: Path, tmp_path: Path) -> bytes:
    assert run_command(edl, tmp_path / "good.mp4", *CHUNKS).returncode == 0
    return (tmp_path / "good.mp4").read_bytes()


Render = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def render(edl: Path, tmp_path: Path) -> Iterator[Render]:
    """Renders with workers that meet a fault; no process is left afterwards."""
    output = tmp_path / "movie.mp4"

    def rendered(fault: str, *options: str, times: int = 1) -> subprocess.CompletedProcess[str]:
        environment = os.environ | worker_fault(fault, tmp_path, times)
        return run_command(edl, output, *CHUNKS, *options, env=environment, cwd=tmp_path)

    yield rendered
    assert workers_of(output) == []


@pytest.mark.parametrize(
    ("fault", "options", "told"),
    [
        ("die:1", (), "a worker process was ended by SIGKILL while "),
        ("exit:0", (), "a worker process exited with 3 while "),
        ("hang:2", ("--stall-timeout", "1.5"), "made no progress for 1.5 s (--stall-timeout)"),
        ("eat:3", ("--worker-memory", "600M"), "MiB of memory while "),
        ("break:0", (), "is a damaged file of encoded packets: it is cut off"),
        ("bug:1", (), "met an error of its own: ZeroDivisionError: a mistake"),
    ],
)
def test_a_fault_costs_an_attempt(
    render: Render,
    undisturbed: bytes,
    tmp_path: Path,
    fault: str,
    options: tuple[str, ...],
    told: str,
) -> None:
    result = render(fault, *options, "--report", "report.json")
    assert result.returncode == 0, result.stderr
    assert told in result.stderr
    assert result.stderr.count("trying again (1 of 2)") == 1
    assert "Traceback" not in result.stderr
    assert (tmp_path / "movie.mp4").read_bytes() == undisturbed
    assert '"attempt": 2' in (tmp_path / "report.json").read_text()
    assert not any(path.name.startswith(".") for path in tmp_path.iterdir())


def test_an_encoder_that_computes_for_long_is_no_hang(render: Render) -> None:
    result = render("compute:1", "--stall-timeout", "2.5")
    assert result.returncode == 0
    assert "trying again" not in result.stderr


def test_a_chunk_that_always_fails_is_named(render: Render, edl: Path, tmp_path: Path) -> None:
    result = render("die:2", "--retries", "1", times=9)
    assert result.returncode == 1
    *_, told, kept = result.stderr.splitlines()
    assert kept == "edl2ffmpeg: what is done is kept; the same command goes on from there"
    assert told.startswith(
        "edl2ffmpeg: frames 30 to 44 (clips[1]) failed 2 times: a worker process was ended by "
        "SIGKILL while "
    )
    assert not (tmp_path / "movie.mp4").exists()
    # What was done is kept, and nothing else.
    left = {path.suffix for path in (tmp_path / ".movie.mp4.edl2ffmpeg").iterdir()}
    assert left <= {".packets", ".json", ""}
    again = run_command(edl, tmp_path / "movie.mp4", *CHUNKS)
    assert again.returncode == 0, again.stderr
    assert not any(path.name.startswith(".") for path in tmp_path.iterdir())


def started(*arguments: Any, folder: Path) -> subprocess.Popen[str]:
    """A render that has workers, at least one of them at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edl2ffmpeg", *map(str, arguments), "--progress", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if '"frames_done": 0,' not in line:
            break
    return process


@pytest.fixture
def long_render(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    pattern = generated("demo", 600, 1280, 720)
    edl = document(video_clip(pattern, 0, 600), width=1280, height=720)
    path = write_edl(tmp_path, edl, "long.json")
    options = ("--jobs", "2", "--chunk-seconds", "1", "--fresh")
    process = started(path, "long.mp4", *options, folder=tmp_path)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_at_once(
    long_render: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    workers = workers_of(tmp_path / "long.mp4")
    assert len(workers) == 2
    began = time.perf_counter()
    long_render.send_signal(number)
    _, errors = long_render.communicate(timeout=10)
    assert time.perf_counter() - began < 2
    assert long_render.returncode == 130
    assert "Traceback" not in errors
    assert "interrupted by" in errors
    assert not any(map(is_running, workers))
    assert not list(tmp_path.glob(".*.partial"))
    folder = tmp_path / ".long.mp4.edl2ffmpeg"
    if folder.exists():
        assert "run it again without --fresh to go on with what is done" in errors
        assert not list(folder.glob("*.part"))
    else:
        assert "nothing was written" in errors


def test_workers_end_with_a_parent_that_is_killed(
    long_render: subprocess.Popen[str], tmp_path: Path
) -> None:
    workers = workers_of(tmp_path / "long.mp4")
    long_render.kill()
    until = time.monotonic() + 2
    while any(map(is_running, workers)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(is_running, workers))


def test_two_renders_of_one_name(long_render: subprocess.Popen[str], tmp_path: Path) -> None:
    second = run_command(tmp_path / "long.json", tmp_path / "long.mp4", "--jobs", "1")
    assert second.returncode == 2
    assert second.stderr == (
        f"edl2ffmpeg: {tmp_path / 'long.mp4'}: another render is writing it; wait for its end, or "
        "give another name\n"
    )
    assert long_render.poll() is None
