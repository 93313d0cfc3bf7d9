"""Decides which device each stage runs on, and says why; it opens no device."""

from __future__ import annotations

from dataclasses import dataclass

from edl2ffmpeg.errors import DeviceUnavailableError
from edl2ffmpeg.settings import HardwareAcceleration, RenderSettings

__all__ = ["DeviceDecision", "choose_device"]


@dataclass(frozen=True)
class DeviceDecision:
    """What was asked for, what is used, and why."""

    requested: str
    used: str
    reason: str


def choose_device(settings: RenderSettings) -> DeviceDecision:
    """The device of a render; ``DeviceUnavailableError`` when the one asked for is not there."""
    asked = settings.hw_accel
    wants_stage = settings.hw_encode or settings.hw_decode or settings.hw_device is not None
    wants_stage = wants_stage or settings.async_depth is not None
    if asked is HardwareAcceleration.NONE:
        if wants_stage:
            raise DeviceUnavailableError(
                "--hw-accel none contradicts --hw-encode, --hw-decode, --hw-device and "
                "--async-depth; leave one side out",
                asked.value,
            )
        return DeviceDecision("none", "cpu", "asked for")
    if asked is HardwareAcceleration.AUTO and not wants_stage:
        return DeviceDecision("auto", "cpu", "this version renders on the CPU alone")
    name = asked.value if asked is not HardwareAcceleration.AUTO else "hardware"
    raise DeviceUnavailableError(
        f"{name} acceleration is not there yet: this version renders on the CPU alone; "
        "use --hw-accel auto or none, without --hw-device, --hw-encode, --hw-decode and "
        "--async-depth",
        asked.value,
    )
