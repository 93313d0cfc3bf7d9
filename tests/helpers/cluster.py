"""A Dask scheduler and workers as processes of their own, which tests may kill."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["Farm"]

_PATIENCE_SECONDS = 30.0


class Farm:
    """A scheduler and so many workers; ``scheduler_file`` is their address."""

    def __init__(
        self, folder: Path, workers: int = 2, environment: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.scheduler_file = folder / "scheduler.json"
        self._environment = environment
        self._started: list[subprocess.Popen[bytes]] = []
        self._log = open(folder / "farm.log", "wb")  # noqa: SIM115
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0",
            "--scheduler-file", str(self.scheduler_file),
        )  # fmt: skip
        self.address = self._address()
        self.workers = [
            self._start(
                "worker", self.address, "--nthreads", "1", "--no-nanny",
                "--local-directory", str(folder / f"worker{number}"),
            )
            for number in range(workers)
        ]  # fmt: skip

    def _start(self, program: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{program}", *options]
        process = subprocess.Popen(
            [*command, "--no-dashboard"],
            stdout=self._log,
            stderr=self._log,
            env=self._environment,
        )
        self._started.append(process)
        return process

    def _address(self) -> str:
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                found: Any = json.loads(self.scheduler_file.read_text())
            except (OSError, ValueError):
                time.sleep(0.05)
                continue
            return str(found["address"])
        raise AssertionError("the scheduler does not start")

    def __enter__(self) -> Farm:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._started):
            process.kill()
            process.wait()
        self._log.close()
