"""The self-test without a device, and what becomes of a process that hangs or dies."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.jobs import doctor
from helpers.processes import is_running


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
    monkeypatch.setattr(sys, "executable", str(program))


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


def test_lines_that_come_together_are_all_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in(
        monkeypatch,
        tmp_path,
        'os.write(1, b\'{"begins": "decode"}\\n{"begins": "draw"}\\n\')\ntime.sleep(60)',
    )
    found = doctor.diagnose(20, limit_seconds=1)
    assert [entry.name for entry in found.findings] == ["draw"]


def test_many_complaints_are_no_hang(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(monkeypatch, tmp_path, "os.write(2, b'x' * 200_000 + b'\\nlast')\nsys.exit(3)")
    found = doctor.diagnose(20, limit_seconds=10)
    assert found.findings[0].detail == "the process ended with exit code 3: last"


def test_what_it_has_started_is_killed_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    stand_in(
        monkeypatch,
        tmp_path,
        f"import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(pid)!r}, 'w').write(str(child.pid))\ntime.sleep(60)",
    )
    doctor.diagnose(20, limit_seconds=1)
    until = time.monotonic() + 10
    while is_running(int(pid.read_text())):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_nothing_found_is_no_pass(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(monkeypatch, tmp_path, "")
    assert not doctor.diagnose(20).passed


def test_frames_have_limits() -> None:
    with pytest.raises(SettingsError, match="--frames 5: 10 to 4096"):
        doctor.diagnose(5)
