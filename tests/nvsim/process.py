"""Runs Python code on the simulated driver, in a process of its own and under a time limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nvsim.build import build
from nvsim.faults import Fault
from nvsim.report import SimulatorReport, read_report

_TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class SimulatorRun:
    """How a process ended, what it wrote, and what the driver saw of it.

    ``returncode`` is that of the process, negative for a signal; ``timed_out`` tells that the
    signal was ours. ``report`` is of the process itself, ``others`` are of those that it started
    and that loaded the driver, by their process numbers.
    """

    returncode: int
    timed_out: bool
    stdout: str
    stderr: str
    report: SimulatorReport
    others: Mapping[int, SimulatorReport]

    def checked(self) -> SimulatorRun:
        """This run, if the process ended well and in time."""
        ending = "was killed at its time limit" if self.timed_out else f"gave {self.returncode}"
        assert self.returncode == 0, f"the process {ending}\n{self.stdout}\n{self.stderr}"
        return self


def environment_for(
    log: Path,
    *,
    faults: Iterable[Fault] = (),
    session_limit: int | None = None,
    devices: int | None = None,
    memory_mb: int | None = None,
) -> dict[str, str]:
    """The variables that put a process on the simulated driver, for a caller's own subprocess.

    ``%p`` in the log's name becomes the process number.
    """
    others = os.environ.get("LD_LIBRARY_PATH", "")
    chosen = {
        "NVSIM_SESSION_LIMIT": session_limit,
        "NVSIM_DEVICES": devices,
        "NVSIM_MEMORY_MB": memory_mb,
    }
    return {
        "LD_LIBRARY_PATH": os.pathsep.join(filter(None, [str(build()), others])),
        "NVSIM_LOG": str(log),
        "NVSIM_FAULTS": ";".join(fault.rule for fault in faults),
        **{name: str(value) for name, value in chosen.items() if value is not None},
    }


def run(
    code: str,
    arguments: Sequence[str] = (),
    *,
    faults: Iterable[Fault] = (),
    session_limit: int | None = None,
    devices: int | None = None,
    memory_mb: int | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float = 60,
) -> SimulatorRun:
    """Runs a snippet with this interpreter; it can import what tests can (``nvsim``, helpers)."""
    command = ["-c", textwrap.dedent(code), *arguments]
    return run_python(
        command,
        faults=faults,
        session_limit=session_limit,
        devices=devices,
        memory_mb=memory_mb,
        environment=environment,
        timeout_seconds=timeout_seconds,
    )


def run_python(
    command: Sequence[str],
    *,
    faults: Iterable[Fault] = (),
    session_limit: int | None = None,
    devices: int | None = None,
    memory_mb: int | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float = 60,
) -> SimulatorRun:
    """Runs ``python COMMAND...``, such as ``["-m", "package", "argument"]``, on the simulator.

    Processes that it starts are on the simulator too, each with state, faults and a log of its own.
    """
    with tempfile.TemporaryDirectory(prefix="nvsim-log-") as folder:
        log = Path(folder) / "%p.jsonl"
        settings = environment_for(
            log, faults=faults, session_limit=session_limit, devices=devices, memory_mb=memory_mb
        )
        paths = [str(_TESTS), os.environ.get("PYTHONPATH", "")]
        settings["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        process = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, **settings, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        stdout, stderr, timed_out = _wait(process, timeout_seconds)
        reports = {int(file.stem): read_report(file) for file in sorted(Path(folder).iterdir())}
        report = reports.pop(process.pid, SimulatorReport())
        return SimulatorRun(process.returncode, timed_out, stdout, stderr, report, reports)


def _wait(process: subprocess.Popen[str], timeout_seconds: float) -> tuple[str, str, bool]:
    try:
        return (*process.communicate(timeout=timeout_seconds), False)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # and whatever it started
        return (*process.communicate(), True)
