"""Tells what hardware there is: CUDA devices and what they do, and FFmpeg's other accelerators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from edl2ffmpeg.devices.cpu import usable_cores
from edl2ffmpeg.media.versions import hardware_kinds
from edl2ffmpeg.rendering.device_probe import ProbedDevice, probe_devices
from edl2ffmpeg.settings import HardwareAcceleration

__all__ = ["devices_as_text", "find_devices"]

_USED = [kind.value for kind in HardwareAcceleration]


def find_devices() -> dict[str, Any]:
    """What there is, as ``edl2ffmpeg devices --json`` prints it."""
    devices, reason = probe_devices()
    return {
        "cpu_cores": usable_cores(),
        "cuda": [asdict(device) for device in devices],
        "cuda_reason": reason,
        "other_accelerators": [name for name in hardware_kinds() if name != "cuda"],
    }


def devices_as_text(found: dict[str, Any]) -> str:
    """The same for people."""
    lines = [f"CPU: {found['cpu_cores']} cores; decodes, draws and encodes everything"]
    for entry in found["cuda"]:
        lines += _device_lines(ProbedDevice(**entry))
    if not found["cuda"]:
        lines.append(f"CUDA: none: {found['cuda_reason']}")
    elif found["cuda_reason"]:
        lines.append(f"CUDA: no more: {found['cuda_reason']}")
    others = found["other_accelerators"]
    used = [name for name in others if name in _USED]
    if used:
        lines.append(f"For --hw-accel, in this build of FFmpeg, not tried here: {', '.join(used)}")
    unused = [name for name in others if name not in _USED]
    if unused:
        lines.append(f"In this build of FFmpeg, and not used: {', '.join(unused)}")
    return "\n".join(lines)


def _device_lines(device: ProbedDevice) -> list[str]:
    gigabytes = [size / 2**30 for size in (device.memory_bytes, device.free_bytes)]
    return [
        f"cuda:{device.number}: {device.name}, compute capability {device.compute_capability}, "
        f"{gigabytes[0]:.1f} GB, {gigabytes[1]:.1f} GB of it free",
        *_codec_lines("decodes", device.decodes),
        *_codec_lines("encodes", device.encodes),
    ]


def _codec_lines(verb: str, codecs: dict[str, str]) -> list[str]:
    works = [name for name, reason in codecs.items() if not reason]
    lines = [f"  {verb} {', '.join(works) or 'nothing'}"]
    by_reason: dict[str, list[str]] = {}
    for name, reason in codecs.items():
        if reason:
            by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        lines.append(f"    not {', '.join(names)}: {reason}")
    return lines
