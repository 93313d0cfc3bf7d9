"""Composites on the CPU with the shared kernels; it does not decode, encode or plan."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise
from queue import SimpleQueue

from edl2ffmpeg.compositor.backend import RowJob
from edl2ffmpeg.compositor.composer import FrameComposer
from edl2ffmpeg.compositor.cpu_kernels import CpuKernels
from edl2ffmpeg.compositor.geometry import Fit
from edl2ffmpeg.compositor.text import TextRenderer
from edl2ffmpeg.frame import FrameAllocator, PixelFormat

__all__ = ["CpuCompositor"]


class CpuCompositor(FrameComposer):
    """A :class:`Compositor` on the CPU.

    With ``threads`` above 1 the rows of a frame are shared between that many threads.
    """

    def __init__(
        self,
        width: int,
        height: int,
        format: PixelFormat,
        allocate: FrameAllocator,
        fit: Fit = Fit.CONTAIN,
        threads: int = 1,
        texts: TextRenderer | None = None,
    ) -> None:
        """See :class:`FrameComposer`."""
        super().__init__(width, height, format, CpuKernels(), allocate, fit, texts)
        self._threads = max(1, threads)
        self._free_kernels: SimpleQueue[CpuKernels] = SimpleQueue()
        for _ in range(self._threads):
            self._free_kernels.put(CpuKernels())
        self._executor = (
            ThreadPoolExecutor(self._threads, "compositor") if self._threads > 1 else None
        )

    def close(self) -> None:
        """Give up buffers and threads; see :meth:`Compositor.close`."""
        if self._executor is not None:
            self._executor.shutdown()
        super().close()

    def _run(self, jobs: Iterable[RowJob]) -> None:
        if self._executor is None:
            for job in jobs:
                self._run_rows(job, 0, job.rows)
            return
        futures = [
            self._executor.submit(self._run_rows, job, *band)
            for job in jobs
            for band in _bands(job.rows, self._threads)
        ]
        # Every band ends before the first error is raised: nobody may still write to the frame.
        wait(futures)
        for future in futures:
            future.result()

    def _run_rows(self, job: RowJob, row_start: int, row_end: int) -> None:
        kernels = self._free_kernels.get()
        try:
            job.run(kernels, row_start, row_end)
        finally:
            self._free_kernels.put(kernels)


def _bands(rows: int, count: int) -> list[tuple[int, int]]:
    edges = [rows * index // count for index in range(count + 1)]
    return [band for band in pairwise(edges) if band[0] < band[1]]
