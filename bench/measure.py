"""Runs one command and measures it: CPU of it and its children, wall time, peak memory."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Measurement", "measure"]

_SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Measurement:
    """What a command cost.

    ``peak_mb`` is the larger of the biggest process's peak resident set and of the sum over
    all processes with shared pages counted once; both are sampled, as ``ru_maxrss`` of a
    child starts at what its parent had.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    exit_code: int
    last_line: str


def measure(command: Sequence[str], log: Path) -> Measurement:
    """Runs ``command`` with its output in ``log``; a failure is reported, not raised."""
    with open(log, "wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        sampler = _MemorySampler(process.pid)
        sampler.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            sampler.stop()
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    lines = log.read_text(errors="replace").strip().splitlines()
    return Measurement(
        usage.ru_utime + usage.ru_stime,
        wall,
        sampler.peak_mb,
        process.returncode,
        lines[-1] if lines else "",
    )


class _MemorySampler(threading.Thread):
    """Watches the memory of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self._pid = pid
        self._stopped = threading.Event()

    def run(self) -> None:
        while True:
            family = _family(self._pid)
            together = sum(_kilobytes(pid, "smaps_rollup", "Pss:") for pid in family)
            largest = max(_kilobytes(pid, "status", "VmHWM:") for pid in family)
            self.peak_mb = max(self.peak_mb, together / 1024, largest / 1024)
            if self._stopped.wait(_SAMPLE_SECONDS):
                return

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def _family(pid: int) -> list[int]:
    """``pid`` and its descendants; processes that end meanwhile are left out."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in children.read_text().split())
            except OSError:
                continue
    return found


def _kilobytes(pid: int, file: str, key: str) -> int:
    """A field of ``/proc/PID/file``; 0 once the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(key)), 0)
