"""What a render owes its surroundings: signals, closed or full streams, odd encodings."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.edl_factory import document, generated, video_clip, write_edl

FAST = ("-p", "ultrafast")


def pattern_edl(folder: Path, seconds: float, size: tuple[int, int] = (64, 36)) -> Path:
    width, height = size
    clip = video_clip(generated("demo", seconds, width, height), 0, seconds)
    return write_edl(folder, document(clip, fps=25, width=width, height=height))


def command_of(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "edl2ffmpeg", *map(str, arguments)]


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, **(pipes | options))
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_was_ignored_stays_ignored(tmp_path: Path, number: signal.Signals) -> None:
    """As under nohup, or for Ctrl-C in a shell's background job."""
    edl = pattern_edl(tmp_path, 4, (640, 360))
    trapped = f"trap '' {number.name.removeprefix('SIG')}; exec \"$@\""
    command = command_of(edl, tmp_path / "movie.mp4", *FAST, "--progress", "json")
    with running(["sh", "-c", trapped, "sh", *command]) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["frames_done"] < 100
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert "movie.mp4: 100 frames" in errors
    assert (tmp_path / "movie.mp4").exists()
