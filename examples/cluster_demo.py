"""Renders an EDL on a Dask scheduler and two workers of this machine, which it starts and stops."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORKERS = 2


def main(edl: str, output: str) -> int:
    """Gives the exit code of the render."""
    started: list[subprocess.Popen[bytes]] = []

    def start(program: str, *options: str) -> None:
        module = f"distributed.cli.dask_{program}"
        command = [sys.executable, "-m", module, *options, "--no-dashboard"]
        started.append(subprocess.Popen(command, stdout=log, stderr=log))

    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "log", "w+b") as log:
        address = str(Path(folder) / "scheduler.json")
        try:
            start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", address)
            while not Path(address).exists():
                if started[0].poll() is not None:
                    log.seek(0)
                    print(log.read().decode(), file=sys.stderr)
                    return 1
                time.sleep(0.1)
            local = ("--local-directory", folder)
            for _ in range(WORKERS):
                start(
                    "worker", "--scheduler-file", address, "--nthreads", "1", "--no-nanny", *local
                )
            render = [sys.executable, "-m", "edl2ffmpeg", edl, output, "--overwrite", "-v"]
            return subprocess.run(
                [*render, "--cluster", address, "--chunk-seconds", "2"], check=False
            ).returncode
        finally:
            for process in reversed(started):
                process.kill()
                process.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
