"""Worker processes of renders: makes faults happen in them, and looks who is still there."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["is_running", "process_state", "worker_fault", "workers_of"]

_TESTS = Path(__file__).parents[1]


def worker_fault(fault: str, folder: Path, times: int = 1, **more: str) -> dict[str, str]:
    """The environment of a render whose workers meet ``fault``, so many times.

    ``folder`` is where they note that, in files of their own.
    """
    notes = folder.parent / f"{folder.name}-strikes"
    notes.mkdir(exist_ok=True)
    paths = [str(_TESTS / "worker_site"), str(_TESTS), os.environ.get("PYTHONPATH", "")]
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "WORKER_FAULT": fault,
        "WORKER_FAULT_FOLDER": str(notes),
        "WORKER_FAULT_TIMES": str(times),
        **more,
    }


def process_state(process: int) -> str:
    """As ``ps`` tells it: Z has ended, T is stopped; empty where there is no such process."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def is_running(process: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    return process_state(process) not in ("", "Z")


def workers_of(output: Path) -> list[int]:
    """The worker processes in whose parent's folder ``output`` lies, by their working folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes()
                folder = os.readlink(entry / "cwd")
            except OSError:
                continue
            if b"rendering.worker" in command and folder == str(output.parent):
                found.append(int(entry.name))
    return found
