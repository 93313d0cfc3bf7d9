"""Composites on a CUDA device, with the CPU's pixel functions; it neither decodes nor encodes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from edl2ffmpeg.compositor.backend import RowJob
from edl2ffmpeg.compositor.composer import FrameComposer
from edl2ffmpeg.compositor.conversion import OUTPUT_COLOUR
from edl2ffmpeg.compositor.cuda_kernels import CudaKernels
from edl2ffmpeg.compositor.geometry import Fit
from edl2ffmpeg.compositor.planes import row_bytes
from edl2ffmpeg.compositor.text import TextRenderer
from edl2ffmpeg.devices.cuda import CudaDevice, CudaEvent
from edl2ffmpeg.devices.cuda_copies import DelayedCopy
from edl2ffmpeg.devices.cuda_memory import Lease
from edl2ffmpeg.devices.cuda_program import CudaProgram, KernelSources
from edl2ffmpeg.frame import Frame, FrameAllocator, Memory, PixelFormat, Plane
from edl2ffmpeg.plan.model import FramePlan

__all__ = ["KERNEL_SOURCES", "CudaCompositor", "open_cuda_device"]

KERNEL_SOURCES = KernelSources(Path(__file__).parent / "kernels", "device/kernels.h")
"""The pixel functions and the kernels around them."""


def open_cuda_device(number: int = 0) -> CudaDevice:
    """CUDA device ``number`` with these kernels; see :class:`CudaDevice`."""
    return CudaDevice(partial(CudaProgram, sources=KERNEL_SOURCES), number)


class CudaCompositor(FrameComposer):
    """A :class:`Compositor` on ``device``, for one thread.

    Frames are drawn on device frames that ``allocate`` gives, such as those of a
    ``SurfaceRing``.  With ``download`` instead they are host frames, in pinned memory, that
    ``download`` gives.  Either way ``Frame.wait`` says when their samples are there.
    Pictures may be in either memory: those of the host are copied, and kept for as long as
    frame after frame shows them.
    """

    def __init__(
        self,
        device: CudaDevice,
        width: int,
        height: int,
        format: PixelFormat,
        allocate: FrameAllocator | None = None,
        fit: Fit = Fit.CONTAIN,
        texts: TextRenderer | None = None,
        download: FrameAllocator | None = None,
    ) -> None:
        """Exactly one of ``allocate`` and ``download`` is given."""
        if (allocate is None) == (download is None):
            raise ValueError("frames stay on the device, or are downloaded: choose one")
        self._device = device
        self._readings: deque[tuple[CudaEvent, list[Any]]] = deque()
        self._downloads: _Downloads | None = None
        with ExitStack() as stack:
            self._cuda_kernels = stack.enter_context(CudaKernels(device))
            if download is not None:
                self._downloads = _Downloads(
                    device, self._cuda_kernels, (width, height), format, download
                )
                stack.callback(self._downloads.close)
                allocate = self._downloads.surface
            assert allocate is not None
            self._uploaded = _Uploads(self._cuda_kernels)
            stack.callback(self._uploaded.clear)
            super().__init__(width, height, format, self._cuda_kernels, allocate, fit, texts)
            self._stack = stack.pop_all()

    def compose(self, plan: FramePlan, pictures: Sequence[Frame | None]) -> Frame:
        """Draw ``plan``; see :meth:`Compositor.compose`."""
        for picture in pictures:
            if picture is not None and isinstance(picture.arrival, DelayedCopy):
                picture.arrival.start()
        drawn = self.counters.composed
        result = super().compose(plan, pictures)
        self._uploaded.next_frame()
        self._cuda_kernels.next_frame()
        if self.counters.composed != drawn:
            self._keep_until_read(pictures)
        return result

    def close(self) -> None:
        """Wait for the device, then give up its memory; see :meth:`Compositor.close`."""
        if self._closed:
            return
        try:
            self._device.synchronise()
        finally:
            super().close()
            self._readings.clear()
            self._stack.close()

    def _run(self, jobs: Iterable[RowJob]) -> None:
        for job in jobs:
            job.run(self._cuda_kernels, 0, job.rows)

    def _present(self, picture: Frame) -> Frame:
        return picture if picture.memory is Memory.CUDA else self._uploaded.copy_of(picture)

    def _may_pass(self, picture: Frame) -> bool:
        wanted = Memory.CUDA if self._downloads is None else Memory.HOST
        return picture.memory is wanted

    def _finished(self, target: Frame) -> Frame:
        if self._downloads is not None:
            return self._downloads.start(target)
        target.arrival = self._device.mark(self._device.stream)
        return target

    def _keep_until_read(self, pictures: Sequence[Frame | None]) -> None:
        """A decoder may write to a surface again as soon as nobody holds it.

        What is leased is written in order with what reads it.
        """
        held = [
            picture.native
            for picture in pictures
            if picture is not None
            and picture.memory is Memory.CUDA
            and not isinstance(picture.native, Lease)
        ]
        if held:
            self._readings.append((self._device.mark(self._device.stream), held))
        while self._readings and self._readings[0][0].is_past():
            self._readings.popleft()


class _Uploads:
    """Copies of host pictures, each kept while frame after frame shows it."""

    def __init__(self, kernels: CudaKernels) -> None:
        self._kernels = kernels
        self._last: dict[int, tuple[Any, Frame]] = {}
        self._current: dict[int, tuple[Any, Frame]] = {}

    def copy_of(self, picture: Frame) -> Frame:
        """The picture in device memory.

        The same memory is the same picture, as long as somebody holds it: this does.
        """
        key = id(picture.native)
        found = self._current.get(key) or self._last.get(key)
        if found is None:
            found = (picture.native, self._kernels.uploaded(picture))
        self._current[key] = found
        return found[1]

    def next_frame(self) -> None:
        """Forgets what neither this frame nor the one before it showed."""
        self._last, self._current = self._current, {}

    def clear(self) -> None:
        self._last, self._current = {}, {}


class _Downloads:
    """Takes drawn frames to host frames while the next one is drawn: there are two surfaces."""

    def __init__(
        self,
        device: CudaDevice,
        kernels: CudaKernels,
        size: tuple[int, int],
        format: PixelFormat,
        allocate: FrameAllocator,
    ) -> None:
        self._device, self._allocate = device, allocate
        self._surfaces = deque(kernels.new_frame(*size, format, OUTPUT_COLOUR) for _ in range(2))

    def surface(self) -> Frame:
        """The one to draw on next, when its download is over."""
        self._surfaces.rotate()
        surface = self._surfaces[0]
        if isinstance(surface.arrival, CudaEvent):
            self._device.order(self._device.stream, surface.arrival)
        return surface

    def start(self, surface: Frame) -> Frame:
        """The host frame that ``surface`` is on its way to."""
        device, stream = self._device, self._device.download_stream
        target = self._allocate()
        device.order(stream, device.mark(device.stream))
        for index, (source, plane) in enumerate(zip(surface.planes, target.planes, strict=True)):
            width = row_bytes(surface.format, index, surface.width)
            device.download_rows(_place(plane), _place(source), width, source.rows)
        target.arrival = surface.arrival = device.mark(stream)
        return target

    def close(self) -> None:
        self._surfaces.clear()


def _place(plane: Plane) -> tuple[int, int]:
    return plane.address, plane.pitch
