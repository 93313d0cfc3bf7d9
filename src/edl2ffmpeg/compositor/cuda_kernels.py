"""The pixel functions on a CUDA device, with the same bits as on the CPU; it chooses nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.compositor import _kernels
from edl2ffmpeg.compositor._kernels import (
    Channel,
    Coverage,
    MixSource,
    Moments,
    Outline,
    Output,
    Plane,
    Program,
)
from edl2ffmpeg.compositor.planes import plane_layout, row_bytes
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.devices.cuda_memory import Block, BlockPool, UploadRing
from edl2ffmpeg.frame import Colour, Frame, Memory, PixelFormat
from edl2ffmpeg.frame import Plane as MemoryPlane
from edl2ffmpeg.ownership import Owner

__all__ = ["CudaKernels"]

_TABLE_BUDGET_BYTES = 64 * 2**20
_FRAMES_KEPT = 8

_Launches = list[tuple[str, int, int, bytes]]


@dataclass(slots=True)
class _Table:
    """An array of the host on the device, and the last frame that used it."""

    block: Block
    frame: int


class CudaKernels(Owner):
    """:class:`Kernels` on ``device``, for one thread.

    Calls return when their work has been queued.  Tables that never change (filter taps, tables
    of effects, cubes) are copied to the device once, and kept within a budget while frames use
    them.
    """

    def __init__(self, device: CudaDevice) -> None:
        self._device = device
        self.pool = BlockPool(device)
        self._uploads = UploadRing(device)
        self._tables: OrderedDict[tuple[int, int], _Table] = OrderedDict()
        self._table_bytes = 0
        self._frame = 0
        self._closed = False
        self._borrowed: list[Block] = []

    def close(self) -> None:
        """Waits for the device and gives its memory back.  May be called twice."""
        if self._closed:
            return
        self._closed = True
        try:
            self._device.synchronise()
            while self._tables:
                self._forget_oldest()
        finally:
            self.pool.close()

    def next_frame(self) -> None:
        """Gives up tables that no frame has used for a while."""
        self._frame += 1
        while self._tables:
            oldest = next(iter(self._tables.values()))
            if oldest.frame >= self._frame - _FRAMES_KEPT:
                break
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, table = self._tables.popitem(last=False)
        self._table_bytes -= table.block.size
        self.pool.give_back(table.block)

    # -- memory ---------------------------------------------------------------

    def new_frame(self, width: int, height: int, layout: PixelFormat, colour: Colour) -> Frame:
        """See :meth:`Kernels.new_frame`."""
        sizes = plane_layout(width, height, layout)
        return self._lent_frame(width, height, layout, colour, sizes)

    def uploaded(self, picture: Frame) -> Frame:
        """A copy of a frame in host memory; the frame may be changed as soon as this returns."""
        picture.wait()
        sizes = [(plane.pitch, plane.rows) for plane in picture.planes]
        shape = (picture.width, picture.height, picture.format, picture.colour)
        copy = self._lent_frame(*shape, sizes)
        copy.sample_aspect_ratio, copy.rotation = picture.sample_aspect_ratio, picture.rotation
        for index, (plane, target) in enumerate(zip(picture.planes, copy.planes, strict=True)):
            # The last row may end with its last sample.
            size = plane.pitch * (plane.rows - 1) + row_bytes(picture.format, index, picture.width)
            self._uploads.upload(target.address, plane.address, size)
        return copy

    def _lent_frame(
        self,
        width: int,
        height: int,
        layout: PixelFormat,
        colour: Colour,
        sizes: list[tuple[int, int]],
    ) -> Frame:
        lease = self.pool.lend(sum(pitch * rows for pitch, rows in sizes))
        address, planes = lease.block.address, []
        for pitch, rows in sizes:
            planes.append(MemoryPlane(address, pitch, rows))
            address += pitch * rows
        return Frame(width, height, layout, colour, tuple(planes), lease, memory=Memory.CUDA)

    def _table(self, number: int, part: int, address: int, size: int) -> int:
        """An array of the host on the device; number 0 is used for one call."""
        key = (number, part)
        table = self._tables.get(key)
        if table is not None:
            table.frame = self._frame
            self._tables.move_to_end(key)
            return table.block.address
        block = self.pool.take(size)
        self._uploads.upload(block.address, address, size)
        if number == 0:
            self._borrowed.append(block)
        else:
            self._tables[key] = _Table(block, self._frame)
            self._table_bytes += block.size
        return block.address

    def _array(self, values: npt.NDArray[np.uint16] | npt.NDArray[np.float32]) -> int:
        contiguous = np.ascontiguousarray(values)
        return self._table(0, 0, contiguous.ctypes.data, contiguous.nbytes)

    def _scratch(self, size: int) -> int:
        self._borrowed.append(self.pool.take(size))
        return self._borrowed[-1].address

    def _launch(self, launches: _Launches) -> None:
        """Queues kernels, and gives back what was lent for them alone."""
        try:
            for kernel, columns, rows, parameters in launches:
                if columns > 0 and rows > 0:
                    self._device.launch(kernel, columns, rows, parameters)
        finally:
            while self._borrowed:
                self.pool.give_back(self._borrowed.pop())
            while self._table_bytes > _TABLE_BUDGET_BYTES:
                self._forget_oldest()

    # -- functions; see Kernels -------------------------------------------------

    def draw(
        self,
        channels: Sequence[Channel],
        outputs: Sequence[Output],
        coverage: Coverage | None,
        row_start: int,
        row_end: int,
        program: Program | None = None,
    ) -> None:
        """See :meth:`Kernels.draw`."""
        rows = (row_start, row_end)
        self._launch(_kernels.draw_job(channels, outputs, coverage, *rows, program, self._table))

    def mix(
        self,
        outgoing: MixSource,
        incoming: MixSource,
        weights: Plane | None,
        weight: int,
        targets: list[Plane],
        depth: int,
        row_start: int,
        row_end: int,
    ) -> None:
        """See :meth:`Kernels.mix`."""
        rows = (row_start, row_end)
        self._launch(_kernels.mix_job(outgoing, incoming, weights, weight, targets, depth, *rows))

    def fill(self, target: Plane, value: int, row_start: int, row_end: int) -> None:
        """See :meth:`Kernels.fill`."""
        self._launch(_kernels.fill_job(target, value, row_start, row_end))

    def write(self, target: Plane, samples: npt.NDArray[np.uint16]) -> None:
        """See :meth:`Kernels.write`."""
        if samples.shape != (target.height, target.width):
            raise ValueError("there are not as many samples as the target plane has")
        self._launch(_kernels.write_job(target, self._array(samples)))

    def affine(
        self,
        source: Plane,
        target: Plane,
        scale: int,
        offset: int,
        shift: int,
        maximum: int,
        wide: bool,
        row_start: int,
        row_end: int,
        minimum: int = 0,
    ) -> None:
        """See :meth:`Kernels.affine`."""
        numbers = (scale, offset, shift, maximum, wide, row_start, row_end, minimum)
        self._launch(_kernels.affine_job(source, target, *numbers))

    def look_up(
        self,
        source: Plane,
        target: Plane,
        table: npt.NDArray[np.uint16],
        row_start: int,
        row_end: int,
    ) -> None:
        """See :meth:`Kernels.look_up`."""
        address = self._array(table)
        rows = (row_start, row_end)
        self._launch(_kernels.look_up_job(source, target, address, len(table), *rows))

    def cross(
        self,
        outgoing: Plane,
        incoming: Plane,
        target: Plane,
        weight: int,
        row_start: int,
        row_end: int,
    ) -> None:
        """See :meth:`Kernels.cross`."""
        rows = (row_start, row_end)
        self._launch(_kernels.cross_job(outgoing, incoming, target, weight, *rows))

    def premultiply(self, colour: Plane, alpha: Plane, row_start: int, row_end: int) -> None:
        """See :meth:`Kernels.premultiply`."""
        self._launch(_kernels.premultiply_job(colour, alpha, row_start, row_end))

    def outline(self, outline: Outline, target: Plane, row_start: int, row_end: int) -> None:
        """See :meth:`Kernels.outline`."""
        self._launch(_kernels.outline_job(outline, target, row_start, row_end))

    def rotate(self, source: Plane, target: Plane, quarter_turns: int) -> None:
        """See :meth:`Kernels.rotate`."""
        self._launch(_kernels.rotate_job(source, target, quarter_turns))

    def pattern(
        self,
        target: Plane,
        phase_x: npt.NDArray[np.uint16],
        phase_y: npt.NDArray[np.uint16],
        phase_sum: npt.NDArray[np.uint16],
        sum_step_x: int,
        sum_step_y: int,
        palette: npt.NDArray[np.uint16],
        row_start: int,
        row_end: int,
    ) -> None:
        """See :meth:`Kernels.pattern`."""
        arrays = (phase_x, phase_y, phase_sum, palette)
        addresses = [self._array(values) for values in arrays]
        sizes = [len(values) for values in arrays]
        steps = (sum_step_x, sum_step_y, row_start, row_end)
        self._launch(_kernels.pattern_job(target, addresses, sizes, *steps))

    def warp(
        self,
        source: Plane,
        target: Plane,
        origin_x: int,
        origin_y: int,
        column_x: int,
        column_y: int,
        row_x: int,
        row_y: int,
        row_start: int,
        row_end: int,
    ) -> None:
        """See :meth:`Kernels.warp`."""
        numbers = (origin_x, origin_y, column_x, column_y, row_x, row_y, row_start, row_end)
        self._launch(_kernels.warp_job(source, target, *numbers))

    def blur(self, source: Plane, target: Plane, sigma_x: float, sigma_y: float) -> None:
        """See :meth:`Kernels.blur`."""
        memory = (self._table, self._scratch)
        self._launch(_kernels.blur_job(source, target, sigma_x, sigma_y, *memory))

    def mosaic(
        self,
        source: Plane,
        target: Plane,
        columns: npt.NDArray[np.int32],
        rows: npt.NDArray[np.int32],
    ) -> None:
        """See :meth:`Kernels.mosaic`."""
        blocks = (columns.tolist(), rows.tolist())
        memory = (self._table, self._scratch)
        self._launch(_kernels.mosaic_job(source, target, *blocks, *memory))

    def unsharp(
        self,
        original: Plane,
        blurred: Plane,
        target: Plane,
        amount: int,
        low: int,
        high: int,
        row_start: int,
        row_end: int,
    ) -> None:
        """See :meth:`Kernels.unsharp`."""
        numbers = (amount, low, high, row_start, row_end)
        self._launch(_kernels.unsharp_job(original, blurred, target, *numbers))

    def crop_alpha(
        self, alpha: Plane, across: npt.NDArray[np.float32], down: npt.NDArray[np.float32]
    ) -> None:
        """See :meth:`Kernels.crop_alpha`."""
        addresses = (self._array(across), self._array(down))
        self._launch(_kernels.crop_alpha_job(alpha, *addresses, len(across), len(down)))

    def reach(
        self,
        moments: Moments,
        target: Plane,
        reached: float,
        soft: float,
        inverts: bool,
        row_start: int,
        row_end: int,
    ) -> None:
        """See :meth:`Kernels.reach`."""
        numbers = (reached, soft, inverts, row_start, row_end)
        self._launch(_kernels.reach_job(moments, target, *numbers, self._table))

    def weigh(
        self, shares: Plane, outside: Plane, inside: Plane, spacing_x: int, spacing_y: int
    ) -> None:
        """See :meth:`Kernels.weigh`."""
        self._launch(_kernels.weigh_job(shares, outside, inside, spacing_x, spacing_y))
