"""Runs a module of the package in a process of its own, which may hang or be lost.

Note [Helpers]: a call into a driver may never come back, and a process in such a call may not even
be ended by the system.  So a helper is the head of a process group, all of which is killed, and
that it has ended is waited for only so long.  It dies with the thread that started it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

__all__ = ["end_helper", "end_with_parent", "start_helper"]

_ENDING_SECONDS = 2.0
_KILL_ON_PARENTS_DEATH = 1
_START = (
    "import json, runpy, sys; path, module, *sys.argv[1:] = sys.argv[1:]; "
    "sys.path[:] = json.loads(path); runpy.run_module(module, run_name='__main__', alter_sys=True)"
)


def start_helper(
    module: str, arguments: Sequence[str], errors: IO[bytes] | int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Starts ``python -m module`` with a pipe for its output, and ``errors`` for its complaints.

    It finds modules where this process does, and so none in the current folder.  The caller has to
    call ``end_helper``.  Raises ``OSError``.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _START, json.dumps(sys.path), module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        # What it reads of the pipe must not wait in a buffer where nothing can look for it.
        bufsize=0,
        process_group=0,
    )


def end_helper(process: subprocess.Popen[bytes]) -> None:
    """Kills it with all that it has started, if anything of it is left."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_ENDING_SECONDS)
    if process.stdout is not None:
        process.stdout.close()


def end_with_parent() -> None:
    """Asks the system (Linux) to kill this process when the thread that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_KILL_ON_PARENTS_DEATH, int(signal.SIGKILL))
