"""Which device a render is asked to use, and the words for what was decided; it opens none."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any

from edl2ffmpeg.errors import DeviceUnavailableError, SettingsError
from edl2ffmpeg.settings import HardwareAcceleration, HardwareFallback, RenderSettings

__all__ = [
    "CPU_ENCODES",
    "DeviceDecision",
    "DeviceRequest",
    "StageDecision",
    "allows_cpu",
    "requested_device",
    "require_cpu",
    "why_no_cuda",
]

_CUDA_DEVICE = re.compile(r"(?:cuda:)?(\d{1,3})")
_DRIVER = "libcuda.so.1"


@dataclass(frozen=True)
class StageDecision:
    """What does one stage of a render, and why that."""

    used: str
    reason: str


CPU_ENCODES = StageDecision("cpu", "nothing else was asked for")


@dataclass(frozen=True)
class DeviceDecision:
    """What was asked for, what is used, and why.

    ``number`` is which CUDA device; ``decodes`` says that it decodes what it can, and ``encode``
    what encodes the pictures.
    """

    requested: str
    used: str
    reason: str
    number: int | None = None
    decodes: bool = False
    encode: StageDecision = field(default=CPU_ENCODES)

    @property
    def is_cuda(self) -> bool:
        """Whether a CUDA device draws the pictures."""
        return self.number is not None

    @property
    def encodes(self) -> bool:
        """Whether the device also encodes them."""
        return self.is_cuda and self.encode.used == self.used

    @property
    def stages(self) -> dict[str, StageDecision]:
        """What decodes, draws and encodes."""
        if not self.is_cuda:
            why = StageDecision(self.used, self.reason)
            return {"decode": why, "draw": why, "encode": self.encode}
        if self.decodes:
            decode = StageDecision(self.used, "each stream that it decodes exactly")
        else:
            decode = StageDecision("cpu", "--no-hw-decode asks for it")
        return {
            "decode": decode,
            "draw": StageDecision(self.used, self.reason),
            "encode": self.encode,
        }

    def report(self) -> dict[str, Any]:
        """As a render's report has it."""
        stages = {
            name: {"used": stage.used, "reason": stage.reason}
            for name, stage in self.stages.items()
        }
        return {
            "requested": self.requested,
            "used": self.used,
            "reason": self.reason,
            "stages": stages,
        }


@dataclass(frozen=True)
class DeviceRequest:
    """What the settings ask for, before anybody has looked whether it is there.

    ``number`` None is no CUDA device at all.  ``encodes`` None leaves it to what is there.
    """

    kind: HardwareAcceleration
    number: int | None = None
    decodes: bool = False
    encodes: bool | None = False


def requested_device(settings: RenderSettings) -> DeviceRequest:
    """What the settings ask for.

    Raises ``DeviceUnavailableError`` or ``SettingsError`` when it cannot be meant.
    """
    asked = settings.hw_accel
    if asked is HardwareAcceleration.NONE:
        if _wants_stage(settings):
            raise DeviceUnavailableError(
                "--hw-accel none contradicts --hw-encode, --hw-decode, --hw-device and "
                "--async-depth; leave one side out",
                asked.value,
            )
        return DeviceRequest(asked)
    if asked in (HardwareAcceleration.CUDA, HardwareAcceleration.AUTO):
        number = _cuda_number(settings.hw_device)
        decodes = settings.hw_decode is not False
        return DeviceRequest(asked, number, decodes, settings.hw_encode)
    raise DeviceUnavailableError(
        f"{asked.value} acceleration is not there yet: use --hw-accel cuda, auto or none",
        asked.value,
    )


def allows_cpu(settings: RenderSettings) -> bool:
    """Whether the CPU may do what a device was to do."""
    if settings.hw_fallback is HardwareFallback.ALLOW:
        return True
    return settings.hw_accel is HardwareAcceleration.AUTO and not _wants_stage(settings)


def require_cpu(settings: RenderSettings) -> None:
    """Raises where pictures are asked of a device that only a render uses."""
    if requested_device(settings).kind is HardwareAcceleration.CUDA:
        raise DeviceUnavailableError(
            "single pictures and frames for programs are drawn on the CPU; leave hw_accel out",
            settings.hw_accel.value,
        )


def why_no_cuda() -> str:
    """Why there cannot be a CUDA device here; empty if there may be one.

    It looks for the driver's files alone: most machines without a GPU have none, and a process to
    try the driver in takes time.
    """
    folders = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    places = [os.path.join(folder, _DRIVER) for folder in folders if folder]
    places += ["/dev/nvidiactl", "/dev/dxg"]
    return "" if any(map(os.path.exists, places)) else "this machine has no NVIDIA driver"


def _wants_stage(settings: RenderSettings) -> bool:
    wants_stage = settings.hw_encode or settings.hw_decode or settings.hw_device is not None
    return bool(wants_stage) or settings.async_depth is not None


def _cuda_number(name: str | None) -> int:
    if name is None:
        return 0
    match = _CUDA_DEVICE.fullmatch(name)
    if match is None:
        raise SettingsError(f"--hw-device {name!r} is not a CUDA device such as 0 or cuda:1")
    return int(match[1])
