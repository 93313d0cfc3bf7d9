"""Finds out, in a process of its own, what a CUDA device really does: ``python -m`` this module,
with a folder for the trials' files.

A driver that is broken can take a process with it, so nothing of this runs in the program's own.
It prints one JSON object: the devices, and for each the codecs that it decodes and encodes, or why
it does not.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["ProbedDevice", "probe_devices"]

_LIMIT_SECONDS = 60


@dataclass(frozen=True)
class ProbedDevice:
    """One CUDA device: ``decodes`` and ``encodes`` map codecs to "" or why they do not work."""

    number: int
    name: str
    compute_capability: str
    memory_bytes: int
    free_bytes: int
    decodes: dict[str, str] = field(default_factory=dict)
    encodes: dict[str, str] = field(default_factory=dict)


def probe_devices() -> tuple[list[ProbedDevice], str]:
    """The CUDA devices; where there are none, why."""
    command = [sys.executable, "-m", "edl2ffmpeg.rendering.device_probe"]
    try:
        # Made here, so that it goes even where the process is lost.
        with tempfile.TemporaryDirectory(prefix="edl2ffmpeg-probe-") as folder:
            run = subprocess.run(
                [*command, folder],
                capture_output=True,
                timeout=_LIMIT_SECONDS,
                stdin=subprocess.DEVNULL,
            )
    except subprocess.TimeoutExpired:
        return [], f"the driver has not answered for {_LIMIT_SECONDS} s"
    if run.returncode != 0:
        return [], f"asking the driver ended with {_ending(run.returncode)}"
    found = json.loads(run.stdout.splitlines()[-1])
    return [ProbedDevice(**entry) for entry in found["devices"]], found["reason"]


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


class _NoKernels:
    """A launcher for a device on which nothing is drawn."""

    def launch(self, kernel: str, columns: int, rows: int, parameters: bytes) -> None:
        raise NotImplementedError(kernel)

    def close(self) -> None:
        pass


def _probe(folder: Path) -> dict[str, Any]:
    from edl2ffmpeg.devices.cuda import CudaDevice, count_cuda_devices
    from edl2ffmpeg.errors import DeviceError

    try:
        count = count_cuda_devices()
    except DeviceError as error:
        return {"devices": [], "reason": str(error)}
    if not count:
        return {"devices": [], "reason": "the driver knows of none"}
    from edl2ffmpeg.media.device_trial import decodable, encodable

    devices: list[dict[str, Any]] = []
    for number in range(count):
        try:
            with CudaDevice(lambda _: _NoKernels(), number) as device:
                free, total = device.call("cuMemGetInfo")
                name, capability = device.description, device.architecture
        except DeviceError as error:
            return {"devices": devices, "reason": str(error)}
        devices.append(
            {
                "number": number,
                "name": name,
                "compute_capability": f"{capability[:-1]}.{capability[-1]}",
                "memory_bytes": total,
                "free_bytes": free,
                "decodes": decodable(number, folder),
                "encodes": encodable(number),
            }
        )
    return {"devices": devices, "reason": ""}


if __name__ == "__main__":
    print(json.dumps(_probe(Path(sys.argv[1]))))
