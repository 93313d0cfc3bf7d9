"""What is told of a process that asks the driver when it hangs, or cannot be started."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from edl2ffmpeg.rendering import device_probe


def test_a_process_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "program"
    # What it leaves behind holds its output open.
    program.write_text("#!/bin/sh\nsleep 60 & sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(device_probe, "_LIMIT_SECONDS", 0.5)
    began = time.monotonic()
    assert device_probe.try_device(0).failure == "the driver has not answered for 0.5 s"
    assert time.monotonic() - began < 10


def test_a_process_that_cannot_be_started_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    found = device_probe.try_device(0).failure
    assert found == "no process to ask the driver can be started: No such file or directory"
