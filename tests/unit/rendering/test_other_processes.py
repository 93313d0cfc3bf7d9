"""Processes that are started find their modules where this one does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edl2ffmpeg.rendering.device_probe import try_device
from edl2ffmpeg.rendering.worker import start_command

_SPOILT = 77


@pytest.fixture(autouse=True)
def folder_with_a_namesake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The current folder has a module called as one of Python's own."""
    (tmp_path / "json.py").write_text(f"import os\nos._exit({_SPOILT})\n")
    monkeypatch.chdir(tmp_path)


def test_a_worker_imports_nothing_of_the_current_folder() -> None:
    # It ends at once, because its parent is another one.
    command = start_command(json.dumps(sys.path), 0, 0, 30)
    assert subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 1


def test_a_probe_imports_nothing_of_the_current_folder() -> None:
    assert "exit code" not in try_device(0).failure
