"""The self-test of the pipeline: makes a clip, renders it, reads it back, counts what is left.

A process of its own does the work (``jobs/doctor_trial.py``): a driver that hangs or dies then
costs that process, and this one says so.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import IO, Any

from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.rendering.helper_process import end_helper, start_helper

__all__ = ["Diagnosis", "Finding", "diagnose", "finding_as_text"]

_LIMIT_SECONDS = 120.0
_MOST_FRAMES = 4096
_BLOCK_BYTES = 1 << 16


@dataclass(frozen=True)
class Finding:
    """One thing that was tried: how it went, and what to do where it did not go well."""

    name: str
    passed: bool
    detail: str
    advice: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All that was tried, in order, and what was measured on the way."""

    findings: tuple[Finding, ...]
    measured: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether everything went well, and to its end."""
        return bool(self.findings) and all(entry.passed for entry in self.findings)

    def as_json(self) -> dict[str, Any]:
        """As ``edl2ffmpeg doctor --json`` prints it."""
        return {
            "passed": self.passed,
            "findings": [asdict(entry) for entry in self.findings],
            "measured": self.measured,
        }


def diagnose(
    frames: int = 100,
    cycles: int = 3,
    *,
    software: bool = False,
    device: int = 0,
    tell: Callable[[Finding], None] = lambda finding: None,
    between: Callable[[], None] = lambda: None,
    limit_seconds: float = _LIMIT_SECONDS,
) -> Diagnosis:
    """Tests the pipeline with ``frames`` frames, ``cycles`` times, on CUDA device ``device``.

    With ``software`` on the CPU.  ``tell`` gets each finding as it comes, ``between`` is called
    several times a second and may raise.  A step that takes longer than ``limit_seconds`` has
    failed.
    """
    if not 10 <= frames <= _MOST_FRAMES:
        raise SettingsError(f"--frames {frames}: 10 to {_MOST_FRAMES} can be told apart")
    with (
        tempfile.TemporaryDirectory(prefix="edl2ffmpeg-doctor-") as folder,
        # A pipe that is read at the end only would stop whoever has much to complain of.
        tempfile.TemporaryFile() as errors,
    ):
        task = {
            "folder": folder, "frames": frames, "cycles": cycles,
            "device": None if software else device,
        }  # fmt: skip
        process = start_helper("edl2ffmpeg.jobs.doctor_trial", [json.dumps(task)], errors)
        try:
            return _followed(process, errors, tell, between, limit_seconds)
        finally:
            end_helper(process)


def finding_as_text(finding: Finding) -> str:
    """One line, and a second one with advice where it failed."""
    line = f"  {'ok  ' if finding.passed else 'FAIL'}  {finding.name:<10} {finding.detail}"
    return line + (f"\n        {'':<10} {finding.advice}" if finding.advice else "")


def _followed(
    process: subprocess.Popen[bytes],
    errors: IO[bytes],
    tell: Callable[[Finding], None],
    between: Callable[[], None],
    limit_seconds: float,
) -> Diagnosis:
    findings: list[Finding] = []
    measured: dict[str, Any] = {}

    def add(finding: Finding) -> None:
        findings.append(finding)
        tell(finding)

    step, since = "start", monotonic()
    assert process.stdout is not None
    for line in _lines(process.stdout, between):
        if line is None:
            if monotonic() - since > limit_seconds:
                add(_hung(step, limit_seconds))
                return Diagnosis(tuple(findings), measured)
            continue
        since = monotonic()
        told = json.loads(line)
        step = told.get("begins", step)
        measured |= told.get("measured", {})
        if "finding" in told:
            add(Finding(**told["finding"]))
    try:
        code = process.wait(limit_seconds)
    except subprocess.TimeoutExpired:
        add(_hung(step, limit_seconds))
    else:
        if code != 0:
            add(_died(step, code, errors))
    return Diagnosis(tuple(findings), measured)


def _lines(stream: IO[bytes], between: Callable[[], None]) -> Iterator[bytes | None]:
    """The lines as they come; None where a fifth of a second has brought none."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            between()
            if not selector.select(0.2):
                yield None
                continue
            read = os.read(stream.fileno(), _BLOCK_BYTES)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            yield from lines


def _hung(step: str, limit_seconds: float) -> Finding:
    return Finding(
        step,
        False,
        f"has not ended for {limit_seconds:g} s, and was killed",
        "a driver that hangs: look at the system's log, reset the GPU or restart the machine",
    )


def _died(step: str, code: int, errors: IO[bytes]) -> Finding:
    errors.seek(max(errors.seek(0, os.SEEK_END) - _BLOCK_BYTES, 0))
    text = errors.read().decode(errors="replace")
    last = (text.strip().splitlines() or [""])[-1]
    ending = f"signal {-code}" if code < 0 else f"exit code {code}"
    return Finding(
        step,
        False,
        f"the process ended with {ending}{': ' + last if last else ''}",
        "a driver that takes its process along: update it, or render with --hw-accel none",
    )
