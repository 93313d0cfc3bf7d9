"""Calls of one pixel function on the CPU and on a device, and pictures that are hard for both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edl2ffmpeg.compositor.backend import Kernels
from edl2ffmpeg.compositor.canvas import MASK_LAYOUT, canvas_layout
from edl2ffmpeg.compositor.cpu_kernels import CpuKernels
from edl2ffmpeg.compositor.cuda_kernels import CudaKernels
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.frame import Frame, PixelFormat, pixel_format
from helpers.device.frames import TwinFrame
from helpers.frames import blank_frame, set_component

__all__ = ["ALPHA_CANVAS", "CANVAS", "ONE", "SIZE", "Bench", "Side", "canvas", "shares"]

ONE = 1 << 14
SIZE = (61, 37)
CANVAS = canvas_layout(pixel_format("yuv420p"))
ALPHA_CANVAS = canvas_layout(pixel_format("yuv444p"), has_alpha=True)

Side = Callable[[TwinFrame], Frame]
"""Which of the two frames a call is about."""

Call = Callable[[Kernels, Side], None]


@dataclass
class Bench:
    """Runs one call on both sides."""

    kernels: CudaKernels
    device: CudaDevice

    def twin(self, host: Frame) -> TwinFrame:
        return TwinFrame(self.kernels, self.device, host)

    def compare(self, call: Call, *targets: TwinFrame) -> None:
        call(CpuKernels(), lambda twin: twin.host)
        call(self.kernels, lambda twin: twin.copy)
        for target in targets:
            assert target.are_equal()


def canvas(seed: int, layout: PixelFormat = CANVAS, size: tuple[int, int] = SIZE) -> Frame:
    """Random 15-bit codes; the first rows are the extremes."""
    frame = blank_frame(*size, layout)
    rng = np.random.default_rng(seed)
    for component in range(len(layout.components)):
        rows, columns = frame.array(component).shape
        values = rng.integers(0, 1 << 15, (rows, columns))
        values[: rows // 3] = rng.integers(0, 2, (rows // 3, columns)) * 32767
        set_component(frame, component, values)
    return frame


def shares(seed: int, size: tuple[int, int] = SIZE) -> Frame:
    frame = blank_frame(*size, MASK_LAYOUT)
    rng = np.random.default_rng(seed)
    values = rng.integers(0, ONE + 1, (size[1], size[0]))
    values[:5] = ONE
    values[5:9] = 0
    set_component(frame, 0, values)
    return frame
