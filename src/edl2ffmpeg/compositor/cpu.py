"""Composites on the CPU with the shared kernels; it does not decode, encode or plan."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from fractions import Fraction
from itertools import pairwise
from queue import SimpleQueue

from edl2ffmpeg.compositor import _kernels
from edl2ffmpeg.compositor._kernels import Scratch
from edl2ffmpeg.compositor.compositor import CompositorCounters
from edl2ffmpeg.compositor.generate import STATIC_GENERATORS, PictureGenerator
from edl2ffmpeg.compositor.geometry import Fit, Rectangle
from edl2ffmpeg.compositor.operations import BLACK, LayerOperation
from edl2ffmpeg.compositor.planes import component_rectangle, rectangle_plane
from edl2ffmpeg.compositor.route import LayerRoute, OutputShape, RowJob, SourceShape
from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.frame import Frame, FrameAllocator, PixelFormat
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.model import FramePlan, GeneratedPicture, LayerPlan
from edl2ffmpeg.timeline.model import GeneratedSource

__all__ = ["CpuCompositor"]

# A timeline mixes few kinds of source at a time; a route holds some hundred kilobytes.
_ROUTES_KEPT = 16
_STATIC_FRAMES_KEPT = 4

_StaticKey = tuple[tuple[GeneratedSource, Fraction], ...]


class CpuCompositor(Owner):
    """A :class:`Compositor` on the CPU.

    Output frames come from ``allocate``, which must give frames of ``width`` x ``height`` in
    ``format`` that nobody reads any more.  Frames that may be returned again (black, static
    colours) are allocated once and kept.  With ``threads`` above 1 the rows of a frame are
    shared between that many threads.
    """

    def __init__(
        self,
        width: int,
        height: int,
        format: PixelFormat,
        allocate: FrameAllocator,
        fit: Fit = Fit.CONTAIN,
        threads: int = 1,
    ) -> None:
        """Raise ``SettingsError`` when ``format`` cannot be drawn to."""
        if format.is_rgb or format.has_alpha or len(format.components) != 3:
            raise SettingsError(
                f"cannot composite to pixel format {format.name!r}: choose one of the "
                "Y'CbCr formats without alpha, such as yuv420p or yuv422p10le"
            )
        self.counters = CompositorCounters()
        self._shape = OutputShape(width, height, format, fit)
        self._allocate = allocate
        self._generator = PictureGenerator(width, height, format)
        self._routes: OrderedDict[SourceShape, LayerRoute] = OrderedDict()
        self._static: OrderedDict[_StaticKey, Frame] = OrderedDict()
        self._threads = max(1, threads)
        self._scratches: SimpleQueue[Scratch] = SimpleQueue()
        for _ in range(self._threads):
            self._scratches.put(Scratch())
        self._executor = (
            ThreadPoolExecutor(self._threads, "compositor") if self._threads > 1 else None
        )
        self._closed = False

    def compose(self, plan: FramePlan, pictures: Sequence[Frame | None]) -> Frame:
        """Draw ``plan``; see :meth:`Compositor.compose`."""
        if self._closed:
            raise ValueError("the compositor is closed: it cannot compose any more")
        drawn = plan.pictures
        if len(pictures) != len(drawn):
            raise ValueError(
                f"frame {plan.number} has {len(drawn)} layers, got {len(pictures)} pictures"
            )
        layers = [
            (layer, picture, operation)
            for layer, picture in zip(drawn, pictures, strict=True)
            if (operation := LayerOperation.of(layer)).opacity > 0
        ]
        if len(layers) == 1 and self._passes_through(*layers[0]):
            self.counters.passed_through += 1
            assert layers[0][1] is not None
            return layers[0][1]
        key = _static_key(layers)
        if key is None:
            self.counters.composed += 1
            return self._draw(layers)
        if key in self._static:
            self.counters.reused += 1
            self._static.move_to_end(key)
        else:
            self.counters.composed += 1
            self._static[key] = self._draw(layers)
            if len(self._static) > _STATIC_FRAMES_KEPT:
                self._static.popitem(last=False)
        return self._static[key]

    def close(self) -> None:
        """Give up buffers and threads; see :meth:`Compositor.close`."""
        self._closed = True
        if self._executor is not None:
            self._executor.shutdown()
        self._routes.clear()
        self._static.clear()
        self._generator.close()

    def _passes_through(
        self, layer: LayerPlan, picture: Frame | None, operation: LayerOperation
    ) -> bool:
        # A generated frame belongs to its generator, which will draw on it again.
        if picture is None or isinstance(layer.picture, GeneratedPicture):
            return False
        return operation.is_nothing and self._route(picture).keeps_samples

    def _draw(self, layers: Sequence[tuple[LayerPlan, Frame | None, LayerOperation]]) -> Frame:
        target = self._allocate()
        everything = Rectangle(0, 0, self._shape.width, self._shape.height)
        if not layers:
            self._fill_black(target, [everything])
        for index, (layer, picture, operation) in enumerate(layers):
            frame = self._picture(layer, picture)
            route = self._route(frame)
            if index == 0:
                operation = operation if route.has_alpha else operation.over_black()
                covered = route.placement.target
                beneath = [everything] if route.has_alpha else _around(covered, everything)
                self._fill_black(target, beneath)
            self._run(route.jobs(frame, target, operation))
        return target

    def _picture(self, layer: LayerPlan, picture: Frame | None) -> Frame:
        if isinstance(layer.picture, GeneratedPicture):
            return self._generator.draw(layer.picture)
        if picture is None:
            raise ValueError(f"no picture was given for the media layer {layer.json_path}")
        return picture

    def _route(self, frame: Frame) -> LayerRoute:
        shape = SourceShape.of(frame)
        route = self._routes.get(shape)
        if route is None:
            self.counters.prepared += 1
            route = self._routes[shape] = LayerRoute(shape, self._shape)
            if len(self._routes) > _ROUTES_KEPT:
                self._routes.popitem(last=False)
        else:
            self._routes.move_to_end(shape)
        return route

    def _fill_black(self, target: Frame, rectangles: Iterable[Rectangle]) -> None:
        layout = target.format
        codes = [code << (layout.depth - 8) for code in (BLACK.y, BLACK.u, BLACK.v)]
        for pixels in rectangles:
            for component, code in enumerate(codes):
                samples = component_rectangle(layout, component, pixels)
                if samples.width > 0 and samples.height > 0:
                    plane = rectangle_plane(target, component, samples)
                    _kernels.fill(plane, code, 0, samples.height)

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
        scratch = self._scratches.get()
        try:
            job.run(scratch, row_start, row_end)
        finally:
            self._scratches.put(scratch)


def _static_key(
    layers: Sequence[tuple[LayerPlan, Frame | None, LayerOperation]],
) -> _StaticKey | None:
    """What makes an unchanging picture the same; None where time or a file has a say."""
    key = []
    for layer, _, operation in layers:
        picture = layer.picture
        if not isinstance(picture, GeneratedPicture):
            return None
        # The weight of a fade differs from frame to frame: keeping those would only use memory.
        if picture.source.generator not in STATIC_GENERATORS or operation.share != 1:
            return None
        if layer.opacity != 1:
            return None
        key.append((picture.source, layer.gamma))
    return tuple(key)


def _around(inner: Rectangle, outer: Rectangle) -> list[Rectangle]:
    """The bars that ``inner`` leaves of ``outer``."""
    return [
        bar
        for bar in (
            Rectangle(outer.left, outer.top, outer.right, inner.top),
            Rectangle(outer.left, inner.bottom, outer.right, outer.bottom),
            Rectangle(outer.left, inner.top, inner.left, inner.bottom),
            Rectangle(inner.right, inner.top, outer.right, inner.bottom),
        )
        if bar.width > 0 and bar.height > 0
    ]


def _bands(rows: int, count: int) -> list[tuple[int, int]]:
    edges = [rows * index // count for index in range(count + 1)]
    return [band for band in pairwise(edges) if band[0] < band[1]]
