"""Finds out, in a process of its own, what a CUDA device really does: ``python -m`` this module.

A driver that is broken can take a process with it, so nothing of this runs in the program's own.
With a folder for the trials' files it prints one JSON object: the devices, and for each the codecs
that it decodes and encodes, or why it does not.  With ``--trial NUMBER [ENCODER]`` it opens one
device with its kernels, and prints its description, or why it cannot, and the same of the encoder;
with ``--accelerator KIND DEVICE [ENCODER]`` the same of one of FFmpeg's other kinds of device.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edl2ffmpeg.rendering.helper_process import end_helper, end_with_parent, start_helper

__all__ = ["DeviceTrial", "ProbedDevice", "probe_devices", "try_accelerator", "try_device"]

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


@dataclass(frozen=True)
class DeviceTrial:
    """How opening a device went: ``failure`` and ``encoder_failure`` are empty if it went well.

    ``devices`` is how many the driver knows, ``alike`` the numbers of those of the same model, and
    ``identity`` model and driver, on which an encoder's bytes depend.  ``free_bytes`` of its memory
    were left with the device open; None if nobody asked.
    """

    description: str = ""
    failure: str = ""
    encoder_failure: str = ""
    devices: int = 1
    alike: Sequence[int] = ()
    identity: str = ""
    free_bytes: int | None = None


def probe_devices() -> tuple[list[ProbedDevice], str]:
    """The CUDA devices; where there are none, why."""
    # Made here, so that it goes even where the process is lost.
    with tempfile.TemporaryDirectory(prefix="edl2ffmpeg-probe-") as folder:
        found, failure = _asked([folder])
    if found is None:
        return [], failure
    return [ProbedDevice(**entry) for entry in found["devices"]], found["reason"]


def try_device(number: int, encoder: str | None = None) -> DeviceTrial:
    """Opens device ``number`` as a render does, and with ``encoder`` that one of NVENC's."""
    found, failure = _asked(["--trial", str(number), *([encoder] if encoder else [])])
    return DeviceTrial(failure=failure) if found is None else DeviceTrial(**found)


def try_accelerator(kind: str, device: str | None, encoder: str | None = None) -> DeviceTrial:
    """Opens another kind of device (``qsv``, ...), and with ``encoder`` that one of it."""
    found, failure = _asked(["--accelerator", kind, device or "", *([encoder] if encoder else [])])
    return DeviceTrial(failure=failure) if found is None else DeviceTrial(**found)


def _asked(arguments: list[str]) -> tuple[dict[str, Any] | None, str]:
    """What the process says, or why it says nothing."""
    try:
        process = start_helper("edl2ffmpeg.rendering.device_probe", arguments)
    except OSError as error:
        return None, f"no process to ask the driver can be started: {error.strerror}"
    try:
        output, _ = process.communicate(timeout=_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        return None, f"the driver has not answered for {_LIMIT_SECONDS} s"
    finally:
        end_helper(process)
    if process.returncode != 0:
        return None, f"asking the driver ended with {_ending(process.returncode)}"
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found, ""


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


def _trial(number: int, encoder: str | None) -> dict[str, Any]:
    from edl2ffmpeg.devices.cuda import cuda_device_names
    from edl2ffmpeg.devices.selection import DeviceDecision
    from edl2ffmpeg.errors import DeviceError
    from edl2ffmpeg.media.device_trial import encodable
    from edl2ffmpeg.rendering.hardware import opened_hardware

    try:
        with opened_hardware(DeviceDecision("cuda", f"cuda:{number}", "", number)) as hardware:
            assert hardware.device is not None
            found: dict[str, Any] = {"description": hardware.device.description}
            found["free_bytes"] = hardware.device.call("cuMemGetInfo")[0]
            names = cuda_device_names()
            found["devices"] = len(names)
            found["alike"] = [n for n, name in enumerate(names) if name == names[number]]
            found["identity"] = f"{hardware.device.description}, {_driver_version()}"
    except DeviceError as error:
        return {"failure": str(error)}
    if encoder is not None:
        found["encoder_failure"] = encodable(number, [encoder])[encoder]
    return found


def _driver_version() -> str:
    try:
        return Path("/proc/driver/nvidia/version").read_text().splitlines()[0]
    except (OSError, IndexError):
        return "a driver that does not tell its version"


def _answer(arguments: list[str]) -> dict[str, Any]:
    if arguments[0] == "--trial":
        return _trial(int(arguments[1]), next(iter(arguments[2:]), None))
    if arguments[0] == "--accelerator":
        from edl2ffmpeg.media.accelerators import why_not_built
        from edl2ffmpeg.media.device_trial import accelerator_failure, encodable_with

        kind, device = arguments[1], arguments[2] or None
        failure = why_not_built(kind)
        if failure:
            return {"failure": failure}
        failure = accelerator_failure(kind, device)
        if len(arguments) == 3:
            return {"description": kind, "failure": failure and f"{kind}: {failure}"}
        encoder_failure = encodable_with(kind, device, arguments[3])
        if failure and encoder_failure:
            return {"failure": f"{kind}: {failure}"}
        return {"description": kind, "encoder_failure": encoder_failure}
    return _probe(Path(arguments[0]))


if __name__ == "__main__":
    end_with_parent()
    print(json.dumps(_answer(sys.argv[1:])))
