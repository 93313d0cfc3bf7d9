"""A Dask scheduler and workers as processes of their own, which tests may kill."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from helpers.edl_factory import document, generated, video_clip, write_edl

__all__ = ["LONG_OPTIONS", "Farm", "long_edl", "long_render"]

LONG_OPTIONS = ("-p", "ultrafast", "--chunk-seconds", "0.5")

_PATIENCE_SECONDS = 30.0


class Farm:
    """A scheduler and so many workers; ``scheduler_file`` is their address.

    ``port`` is the scheduler's, 0 for any; with ``nanny`` workers have one.
    """

    def __init__(
        self,
        folder: Path,
        workers: int = 2,
        environment: dict[str, str] | None = None,
        port: int = 0,
        nanny: bool = False,
    ) -> None:
        self.folder = folder
        self._nanny = "--nanny" if nanny else "--no-nanny"
        self.scheduler_file = folder / "scheduler.json"
        self.scheduler_file.unlink(missing_ok=True)
        self._environment = environment
        self._started: list[subprocess.Popen[bytes]] = []
        self._log = open(folder / "farm.log", "ab")  # noqa: SIM115
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(port),
            "--scheduler-file", str(self.scheduler_file),
        )  # fmt: skip
        self.address = self._address()
        self.workers: list[subprocess.Popen[bytes]] = []
        for _ in range(workers):
            self.add_worker()

    def add_worker(self) -> None:
        """Starts another worker."""
        self.workers.append(
            self._start(
                "worker", self.address, "--nthreads", "1", self._nanny,
                "--local-directory", str(self.folder / f"worker{len(self.workers)}"),
            )
        )  # fmt: skip

    def wait_for_workers(self) -> None:
        """Returns when the scheduler knows all that were started."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=_PATIENCE_SECONDS)

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


def long_edl(folder: Path, seconds: float = 20) -> Path:
    """An EDL of two chunks a second."""
    pattern = generated("demo", seconds, 640, 360)
    edl = document(video_clip(pattern, 0, seconds), width=640, height=360)
    return write_edl(folder, edl, "long.json")


def long_render(
    farm: Farm, folder: Path, *options: str, seconds: float = 20
) -> subprocess.Popen[str]:
    """A render of ``long_edl`` to ``long.mp4`` that has several chunks done, and many to do."""
    command = [sys.executable, "-m", "edl2ffmpeg", str(long_edl(folder, seconds)), "long.mp4"]
    process = subprocess.Popen(
        [*command, *LONG_OPTIONS, "--cluster", str(farm.scheduler_file), "--progress", "json",
         *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["chunks_done"] >= 2:
            break
    return process
