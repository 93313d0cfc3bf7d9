"""FFmpeg's other kinds of device: VAAPI, QSV, VideoToolbox, with frames in host memory.

FFmpeg copies to and from them by itself, and owns what it opens there: a device lives as long as
a decoder or an encoder on it.
"""

from __future__ import annotations

from av.codec.hwaccel import HWAccel, hwdevices_available

__all__ = ["accelerator", "encoder_accelerator", "why_not_built"]

# The encoders of the others take frames of the host as they are.
_UPLOADS_FIRST = ("vaapi",)


def why_not_built(kind: str) -> str:
    """Why this build of FFmpeg cannot use this kind of device; empty if it can."""
    there = hwdevices_available()
    if kind in there:
        return ""
    return f"this build of FFmpeg has no {kind}, but {', '.join(there) or 'no device at all'}"


def accelerator(kind: str, device: str | None) -> HWAccel:
    """What PyAV takes to decode on it, or on the CPU where it cannot."""
    return HWAccel(kind, device=device, allow_software_fallback=True)


def encoder_accelerator(kind: str, device: str | None) -> HWAccel | None:
    """What PyAV takes to encode on it."""
    if kind not in _UPLOADS_FIRST:
        return None
    return HWAccel(kind, device=device, allow_software_fallback=False)
