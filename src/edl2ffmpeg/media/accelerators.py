"""FFmpeg's other kinds of device: VAAPI, QSV, VideoToolbox, with frames in host memory.

FFmpeg copies to and from them by itself, and owns what it opens there: a device lives as long as
a decoder or an encoder on it.
"""

from __future__ import annotations

from collections.abc import Mapping

import av
from av.codec.context import CodecContext
from av.codec.hwaccel import HWAccel, hwdevices_available

from edl2ffmpeg.frame import Frame
from edl2ffmpeg.media.hardware_decoding import inexact

__all__ = ["AcceleratedDecoding", "encoder_accelerator", "why_not_built"]

# The encoders of the others take frames of the host as they are.
_UPLOADS_FIRST = ("vaapi",)


def why_not_built(kind: str) -> str:
    """Why this build of FFmpeg cannot use this kind of device; empty if it can."""
    there = hwdevices_available()
    if kind in there:
        return ""
    return f"this build of FFmpeg has no {kind}, but {', '.join(there) or 'no device at all'}"


class AcceleratedDecoding:
    """Decoding on a device of ``kind``, whose pictures FFmpeg copies to host memory."""

    decoder_options: Mapping[str, str] = {}
    opens_files: bool = False

    def __init__(self, kind: str, device: str | None) -> None:
        self.kind = kind
        self._device = device

    @property
    def device_name(self) -> str:
        """The kind, and which of them if that was said."""
        return f"{self.kind}:{self._device}" if self._device else self.kind

    def accelerator(self) -> HWAccel:
        """What ``av.open`` takes."""
        # With it FFmpeg would decode on the CPU and let it pass for the device.
        return HWAccel(self.kind, device=self._device, allow_software_fallback=False)

    def refusal(self, frame: av.VideoFrame, decoder: CodecContext) -> str | None:
        """Why a stream, whose ``decoder`` gave ``frame`` first, is not decoded here; or None."""
        if not decoder.is_hwaccel:
            return "the device does not decode it"
        return inexact(decoder)

    def deserted(self, frame: av.VideoFrame) -> str | None:
        """None: without the device decoding fails, and is no other decoder's."""
        return None

    def copied(self, frame: Frame) -> Frame:
        """``frame`` itself, which is a copy already."""
        return frame

    def close(self) -> None:
        """There is nothing to let go of."""


def encoder_accelerator(kind: str, device: str | None) -> HWAccel | None:
    """What PyAV takes to encode on it."""
    if kind not in _UPLOADS_FIRST:
        return None
    return HWAccel(kind, device=device, allow_software_fallback=False)
