"""The self-test without a device, and what becomes of a process that hangs or dies."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.jobs import doctor


def test_the_cpu_passes() -> None:
    told: list[doctor.Finding] = []
    found = doctor.diagnose(20, 1, software=True, tell=told.append)
    assert found.passed, found.findings
    assert told == list(found.findings)
    assert [entry.name for entry in told] == ["clip", "decode", "draw", "encode", "cycles"]
    assert found.measured["frames_and_packets"] == [20, 20]
    assert found.as_json()["passed"] is True


def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> None:
    """The process of the work is one that runs ``code``."""
    program = tmp_path / "program"
    program.write_text(f"#!{sys.executable}\nimport os, sys, time\n{code}")
    program.chmod(0o755)
    monkeypatch.setattr(doctor.sys, "executable", str(program))


def test_a_step_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    stand_in(
        monkeypatch,
        tmp_path,
        f"open({str(pid)!r}, 'w').write(str(os.getpid()))\n"
        'print(\'{"begins": "draw"}\', flush=True)\ntime.sleep(60)',
    )
    started = time.monotonic()
    found = doctor.diagnose(20, limit_seconds=1)
    assert time.monotonic() - started < 5
    assert [(entry.name, entry.passed) for entry in found.findings] == [("draw", False)]
    assert "has not ended for 1 s, and was killed" in found.findings[0].detail
    assert not Path(f"/proc/{pid.read_text()}").exists()


def test_a_process_that_dies_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(
        monkeypatch,
        tmp_path,
        'print(\'{"begins": "decode"}\', flush=True)\nos.kill(os.getpid(), 11)',
    )
    found = doctor.diagnose(20)
    assert not found.passed
    assert found.findings[0].detail == "the process ended with signal 11"
    assert "update it" in doctor.finding_as_text(found.findings[0])


def test_nothing_found_is_no_pass(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(monkeypatch, tmp_path, "")
    assert not doctor.diagnose(20).passed


def test_frames_have_limits() -> None:
    with pytest.raises(SettingsError, match="--frames 5: 10 to 4096"):
        doctor.diagnose(5)
