"""Frames as the kernels see them: planes by address, and frames on memory of our own."""

from __future__ import annotations

import numpy as np

from edl2ffmpeg.compositor._kernels import Plane
from edl2ffmpeg.compositor.backend import Kernels, RowJob
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.resampling import sample_grids
from edl2ffmpeg.frame import Colour, Frame, PixelFormat
from edl2ffmpeg.frame import Plane as MemoryPlane

__all__ = [
    "component_plane",
    "component_rectangle",
    "copy_job",
    "fill_job",
    "interleaved_chroma",
    "mirrored_plane",
    "new_frame",
    "plane_layout",
    "rectangle_plane",
    "row_bytes",
]

# Wide enough for any vector register, so that every row starts aligned.
_ROW_ALIGNMENT_BYTES = 64


def component_plane(frame: Frame, component: int) -> Plane:
    """One whole component of ``frame``."""
    width, height = frame.format.component_size(component, frame.width, frame.height)
    return rectangle_plane(frame, component, Rectangle(0, 0, width, height))


def mirrored_plane(frame: Frame, component: int, across: bool, down: bool) -> Plane:
    """One whole component, read from right to left or from the bottom up."""
    part = frame.format.components[component]
    memory = frame.planes[part.plane]
    size = frame.format.bytes_per_sample
    width, height = frame.format.component_size(component, frame.width, frame.height)
    start = memory.address + part.offset * size
    if across:
        start += (width - 1) * part.step * size
    if down:
        start += (height - 1) * memory.pitch
    return Plane(
        start,
        -memory.pitch if down else memory.pitch,
        width,
        height,
        size,
        -part.step if across else part.step,
        part.shift,
    )


def component_rectangle(layout: PixelFormat, component: int, pixels: Rectangle) -> Rectangle:
    """The samples of a component that belong to a rectangle of pixels."""
    across, down = sample_grids(layout, component, pixels.right, pixels.bottom)
    return Rectangle(
        -(-pixels.left // across.spacing),
        -(-pixels.top // down.spacing),
        across.count,
        down.count,
    )


def rectangle_plane(frame: Frame, component: int, samples: Rectangle) -> Plane:
    """A rectangle of samples of one component of ``frame``."""
    part = frame.format.components[component]
    memory = frame.planes[part.plane]
    size = frame.format.bytes_per_sample
    start = memory.address + samples.top * memory.pitch
    return Plane(
        start + (part.offset + samples.left * part.step) * size,
        memory.pitch,
        samples.width,
        samples.height,
        size,
        part.step,
        part.shift,
    )


def interleaved_chroma(frame: Frame, samples: Rectangle) -> Plane | None:
    """Both components of a rectangle of chroma as one plane, where they are stored in turn.

    Their order is the format's.
    """
    parts = frame.format.components
    if len(parts) < 3 or frame.format.is_rgb or parts[1].plane != parts[2].plane:
        return None
    first = min(parts[1:3], key=lambda part: part.offset)
    if (first.offset, first.step, abs(parts[1].offset - parts[2].offset)) != (0, 2, 1):
        return None
    memory = frame.planes[first.plane]
    size = frame.format.bytes_per_sample
    start = memory.address + samples.top * memory.pitch + samples.left * 2 * size
    return Plane(start, memory.pitch, 2 * samples.width, samples.height, size, 1, first.shift)


def copy_job(source: Frame, target: Frame, component: int) -> RowJob:
    """Copies one component between frames of one layout and size."""
    plane, other = component_plane(source, component), component_plane(target, component)

    def run(kernels: Kernels, row_start: int, row_end: int) -> None:
        kernels.affine(plane, other, 1, 0, 0, 0xFFFF, False, row_start, row_end)

    return RowJob(other.height, run)


def fill_job(target: Frame, component: int, code: int) -> RowJob:
    """Fills one component."""
    plane = component_plane(target, component)
    return RowJob(plane.height, lambda kernels, *rows: kernels.fill(plane, code, *rows))


def row_bytes(layout: PixelFormat, plane: int, width: int) -> int:
    """Bytes that the samples of a row take in memory plane ``plane``."""
    parts = [number for number, part in enumerate(layout.components) if part.plane == plane]
    columns, _ = layout.component_size(parts[0], width, 1)
    return columns * max(layout.components[part].step for part in parts) * layout.bytes_per_sample


def plane_layout(width: int, height: int, layout: PixelFormat) -> list[tuple[int, int]]:
    """(pitch, rows) of each memory plane of a frame of our own."""
    found = []
    for index in range(layout.plane_count):
        part = next(n for n, part in enumerate(layout.components) if part.plane == index)
        pitch = -(-row_bytes(layout, index, width) // _ROW_ALIGNMENT_BYTES) * _ROW_ALIGNMENT_BYTES
        found.append((pitch, layout.component_size(part, width, height)[1]))
    return found


def new_frame(width: int, height: int, layout: PixelFormat, colour: Colour) -> Frame:
    """A frame on memory of its own, not from any pool."""
    planes = []
    arrays = []
    for pitch, rows in plane_layout(width, height, layout):
        memory = np.empty(rows * pitch + _ROW_ALIGNMENT_BYTES, np.uint8)
        arrays.append(memory)
        address = -(-memory.ctypes.data // _ROW_ALIGNMENT_BYTES) * _ROW_ALIGNMENT_BYTES
        planes.append(MemoryPlane(address, pitch, rows))
    return Frame(width, height, layout, colour, tuple(planes), arrays)
