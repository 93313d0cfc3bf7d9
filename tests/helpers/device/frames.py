"""The same frame in both memories: copies to a device and back, every byte of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.compositor.cuda_kernels import CudaKernels
from edl2ffmpeg.compositor.planes import row_bytes
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.frame import Frame, Plane

__all__ = ["TwinFrame", "download", "same_bytes", "samples"]

Bytes = npt.NDArray[np.uint8]


def _lengths(frame: Frame) -> list[int]:
    return [
        plane.pitch * (plane.rows - 1) + row_bytes(frame.format, index, frame.width)
        for index, plane in enumerate(frame.planes)
    ]


def samples(frame: Frame) -> list[Bytes]:
    """Bytes of the planes of a host frame, from the first sample to the last."""
    found = []
    for length, plane in zip(_lengths(frame), frame.planes, strict=True):
        interface = {
            "data": (plane.address, True), "shape": (length,), "typestr": "|u1", "version": 3
        }  # fmt: skip
        view = type("View", (), {"__array_interface__": interface})()
        found.append(np.array(view))
    return found


def download(device: CudaDevice, frame: Frame) -> list[Bytes]:
    """The same bytes of a frame on a device."""
    frame.wait()
    device.synchronise()
    found = []
    for length, plane in zip(_lengths(frame), frame.planes, strict=True):
        memory = device.pinned(length)
        device.download_rows((memory.ctypes.data, length), (plane.address, length), length, 1)
        device.synchronise()
        found.append(memory.copy())
    return found


def to_host(device: CudaDevice, frame: Frame) -> Frame:
    """A host frame with the bytes of one on a device."""
    planes = download(device, frame)
    places = tuple(
        Plane(memory.ctypes.data, plane.pitch, plane.rows)
        for memory, plane in zip(planes, frame.planes, strict=True)
    )
    return Frame(frame.width, frame.height, frame.format, frame.colour, places, planes)


def same_bytes(expected: Sequence[Bytes], found: Sequence[Bytes]) -> bool:
    """Whether all are equal; padding between rows counts."""
    return len(expected) == len(found) and all(
        bool((one == other).all()) for one, other in zip(expected, found, strict=True)
    )


class TwinFrame:
    """A host frame and its copy on a device."""

    def __init__(self, kernels: CudaKernels, device: CudaDevice, host: Frame) -> None:
        self.host, self.copy = host, kernels.uploaded(host)
        self._device = device

    def are_equal(self) -> bool:
        """Whether both still hold the same bytes."""
        return same_bytes(samples(self.host), download(self._device, self.copy))
