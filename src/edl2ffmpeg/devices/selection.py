"""Which device a render is asked to use, and the words for what was decided; it opens none."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
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
_ACCELERATORS = (
    HardwareAcceleration.VAAPI,
    HardwareAcceleration.QSV,
    HardwareAcceleration.VIDEOTOOLBOX,
)


@dataclass(frozen=True)
class StageDecision:
    """What does one stage of a render, and why that."""

    used: str
    reason: str


# More than two keep no engine of an encoder busier, and its sessions may be few.
_WORKERS_PER_ENCODER = 2
# Of a process that draws: its context and kernels, and frames of decoders and in work.
_BYTES_PER_WORKER = 700 * 2**20
_FRAMES_PER_WORKER = 60

CPU_ENCODES = StageDecision("cpu", "nothing else was asked for")


@dataclass(frozen=True)
class DeviceDecision:
    """What was asked for, what is used, and why.

    ``number`` is which CUDA device; ``decodes`` says that it decodes what it can, and ``encode``
    what encodes the pictures.  ``accelerator`` is another kind of device, with which FFmpeg
    decodes and encodes to and from host memory; ``accelerator_device`` is which of them.
    ``may_use_cpu`` says that the CPU may take the device's place where it fails.  ``numbers`` are
    the CUDA devices that worker processes are spread over, where there are several.
    ``encoder_identity`` tells devices apart whose encoders may write other bytes, and
    ``is_encoder_refused`` that the device's could not do what the settings ask for.
    ``free_bytes`` is the memory that was free on the device when it was tried; None if that is
    not known.
    """

    requested: str
    used: str
    reason: str
    number: int | None = None
    decodes: bool = False
    encode: StageDecision = field(default=CPU_ENCODES)
    accelerator: str = ""
    accelerator_device: str | None = None
    may_use_cpu: bool = False
    encoder_identity: str = ""
    is_encoder_refused: bool = False
    numbers: tuple[int, ...] = ()
    free_bytes: int | None = None

    def most_workers(self, frame_bytes: int) -> int | None:
        """How many processes the devices have room for, of output frames of ``frame_bytes``.

        None sets no limit.
        """
        if not self.is_cuda:
            return None
        limits = [_WORKERS_PER_ENCODER] if self.encodes else []
        if self.free_bytes is not None:
            each = _BYTES_PER_WORKER + _FRAMES_PER_WORKER * frame_bytes
            limits.append(max(self.free_bytes // each, 1))
        return min(limits) * max(len(self.numbers), 1) if limits else None

    def on_device(self, number: int) -> DeviceDecision:
        """The same on another CUDA device."""
        if number == self.number:
            return self
        used = f"cuda:{number}"
        encode = replace(self.encode, used=used) if self.encodes else self.encode
        return replace(self, number=number, used=used, encode=encode)

    @property
    def is_cuda(self) -> bool:
        """Whether a CUDA device draws the pictures."""
        return self.number is not None

    @property
    def device_id(self) -> int | str | None:
        """Which device of its kind, as FFmpeg wants to know it."""
        return self.accelerator_device if self.accelerator else self.number

    @property
    def uses_hardware(self) -> bool:
        """Whether any driver takes part, which may hang or take its process along."""
        return self.is_cuda or bool(self.accelerator)

    @property
    def encodes(self) -> bool:
        """Whether the device also encodes them."""
        return self.uses_hardware and self.encode.used == self.used

    @property
    def stages(self) -> dict[str, StageDecision]:
        """What decodes, draws and encodes."""
        why = StageDecision(self.used, self.reason)
        if not self.uses_hardware:
            return {"decode": why, "draw": why, "encode": self.encode}
        if self.decodes:
            decode = StageDecision(self.used, "each stream that it decodes exactly")
        else:
            decode = StageDecision("cpu", "--no-hw-decode asks for it")
        if self.accelerator:
            why = StageDecision("cpu", f"frames of {self.accelerator} are in host memory")
        return {"decode": decode, "draw": why, "encode": self.encode}

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

    ``number`` None is no CUDA device at all, ``accelerator_device`` which one of another kind.
    ``encodes`` None leaves it to what is there.  ``is_pinned`` asks for this device by its name.
    """

    kind: HardwareAcceleration
    number: int | None = None
    decodes: bool = False
    encodes: bool | None = False
    accelerator_device: str | None = None
    is_pinned: bool = False

    @property
    def accelerator(self) -> str:
        """The kind of device that FFmpeg uses from host memory; empty for others."""
        return self.kind.value if self.kind in _ACCELERATORS else ""


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
        pinned = settings.hw_device is not None
        return DeviceRequest(asked, number, decodes, settings.hw_encode, is_pinned=pinned)
    decodes = settings.hw_decode is not False
    return DeviceRequest(asked, None, decodes, settings.hw_encode, settings.hw_device)


def allows_cpu(settings: RenderSettings) -> bool:
    """Whether the CPU may do what a device was to do."""
    if settings.hw_fallback is HardwareFallback.ALLOW:
        return True
    return settings.hw_accel is HardwareAcceleration.AUTO and not _wants_stage(settings)


def require_cpu(settings: RenderSettings) -> None:
    """Raises where pictures are asked of a device that only a render uses."""
    request = requested_device(settings)
    if request.kind is HardwareAcceleration.CUDA or request.accelerator:
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
