"""Decides which device a render is asked to use, and says why; it opens no device."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edl2ffmpeg.errors import DeviceUnavailableError, SettingsError
from edl2ffmpeg.settings import HardwareAcceleration, RenderSettings

__all__ = ["DeviceDecision", "choose_device", "require_cpu"]

_CUDA_DEVICE = re.compile(r"(?:cuda:)?(\d{1,3})")


@dataclass(frozen=True)
class DeviceDecision:
    """What was asked for, what is used, and why.

    ``number`` is which CUDA device; ``decodes`` says that it decodes what it can.
    """

    requested: str
    used: str
    reason: str
    number: int | None = None
    decodes: bool = False

    @property
    def is_cuda(self) -> bool:
        """Whether a CUDA device draws the pictures."""
        return self.number is not None


def choose_device(settings: RenderSettings) -> DeviceDecision:
    """The device of a render.

    Raises ``DeviceUnavailableError`` or ``SettingsError`` when it cannot be meant; whether the
    device is there is found out by opening it.
    """
    asked = settings.hw_accel
    if asked is HardwareAcceleration.NONE:
        if _wants_stage(settings):
            raise DeviceUnavailableError(
                "--hw-accel none contradicts --hw-encode, --hw-decode, --hw-device and "
                "--async-depth; leave one side out",
                asked.value,
            )
        return DeviceDecision("none", "cpu", "asked for")
    if settings.hw_encode or settings.async_depth is not None:
        option = "--hw-encode" if settings.hw_encode else "--async-depth"
        raise DeviceUnavailableError(
            f"{option} is not there yet: this version encodes on the CPU; leave it out",
            asked.value,
        )
    if asked is HardwareAcceleration.CUDA:
        decodes = settings.hw_decode is not False
        number = _cuda_number(settings.hw_device)
        return DeviceDecision("cuda", f"cuda:{number}", "asked for", number, decodes)
    if asked is HardwareAcceleration.AUTO and not _wants_stage(settings):
        reason = "this version uses a GPU when it is asked for: --hw-accel cuda"
        return DeviceDecision("auto", "cpu", reason)
    if asked is HardwareAcceleration.AUTO:
        raise SettingsError(
            "--hw-device and --hw-decode need a kind of device: add --hw-accel cuda"
        )
    raise DeviceUnavailableError(
        f"{asked.value} acceleration is not there yet: use --hw-accel cuda, auto or none",
        asked.value,
    )


def require_cpu(settings: RenderSettings) -> None:
    """Raises where pictures are asked of a device that only a render uses."""
    if choose_device(settings).is_cuda:
        raise DeviceUnavailableError(
            "single pictures and frames for programs are drawn on the CPU; leave hw_accel out",
            settings.hw_accel.value,
        )


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
