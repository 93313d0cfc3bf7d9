"""Output frames in device memory that an encoder can register: a fixed ring of NV12 or P010."""

from __future__ import annotations

import weakref
from queue import Empty, SimpleQueue

from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.devices.cuda_memory import Block, Lease
from edl2ffmpeg.errors import DeviceError, SettingsError
from edl2ffmpeg.frame import Colour, Frame, Memory, PixelFormat, Plane
from edl2ffmpeg.ownership import Owner

__all__ = ["SurfaceRing"]

_MOST_SURFACES = 64  # NVENC remembers that many
_PITCH_ALIGNMENT = 256
_PATIENCE_SECONDS = 60.0


class SurfaceRing(Owner):
    """Lends surfaces, each of one allocation with chroma at luma + pitch x height.

    A surface comes back when the last reference to its frame's ``native`` is dropped.  Encoders
    know surfaces by address, so the ring must outlive them.
    """

    def __init__(
        self,
        device: CudaDevice,
        size: tuple[int, int],
        format: PixelFormat,
        count: int,
        colour: Colour | None = None,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        """``size`` is (width, height); all surfaces are allocated at once."""
        if format.plane_count != 2 or format.chroma_shift != (1, 1):
            raise SettingsError(
                f"surfaces are NV12 or P010, not {format.name}: choose nv12 or p010le"
            )
        if not 1 <= count <= _MOST_SURFACES:
            raise SettingsError(f"a ring has 1 to {_MOST_SURFACES} surfaces, not {count}")
        self._device = device
        self._size, self._format = size, format
        self._colour = colour or Colour()
        self._patience = patience_seconds
        row = size[0] + size[0] % 2
        self.pitch = -(-row * format.bytes_per_sample // _PITCH_ALIGNMENT) * _PITCH_ALIGNMENT
        self._chroma_rows = (size[1] + 1) // 2
        self._blocks: list[Block] = []
        self._free: SimpleQueue[Block] = SimpleQueue()
        bytes_each = self.pitch * (size[1] + self._chroma_rows)
        try:
            for _ in range(count):
                self._blocks.append(Block(device.allocate(bytes_each), bytes_each))
                self._free.put(self._blocks[-1])
        except DeviceError:
            self.close()
            raise

    @property
    def count(self) -> int:
        """How many surfaces there are."""
        return len(self._blocks)

    @property
    def free_surfaces(self) -> int:
        """How many are not lent."""
        return self._free.qsize()

    def allocate(self) -> Frame:
        """A frame to draw on; waits for one to come back where all are lent."""
        if not self._blocks:
            raise ValueError("the ring of surfaces is closed")
        try:
            block = self._free.get(timeout=self._patience)
        except Empty:
            raise DeviceError(
                f"none of {len(self._blocks)} surfaces on {self._device.device_name} came back "
                f"in {self._patience:g} s: the encoder holds more than the ring has",
                self._device.device_name,
            ) from None
        lease = Lease(block)
        weakref.finalize(lease, self._free.put, block).atexit = False
        width, height = self._size
        planes = (
            Plane(block.address, self.pitch, height),
            Plane(block.address + self.pitch * height, self.pitch, self._chroma_rows),
        )
        return Frame(width, height, self._format, self._colour, planes, lease, memory=Memory.CUDA)

    def close(self) -> None:
        """Frees the surfaces.  May be called twice.

        What is still lent may be known to an encoder: the device frees it when it closes.
        """
        is_whole = self.free_surfaces == len(self._blocks)
        while self._blocks:
            block = self._blocks.pop()
            if is_whole:
                self._device.free(block.address)
