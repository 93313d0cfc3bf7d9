"""Turns FFmpeg's frames into ours and back, and owns the pool of output frames."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import CudaContext
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from edl2ffmpeg.compositor._kernels import device_plane
from edl2ffmpeg.devices.cuda_memory import Lease
from edl2ffmpeg.frame import PIXEL_FORMATS, Colour, Frame, Matrix, Memory, PixelFormat, Plane
from edl2ffmpeg.media._display_matrix import orientation_of

__all__ = [
    "FramePool",
    "device_frame",
    "native_frame",
    "progressive_frame",
    "rgb_array",
    "wrap_frame",
]

_ALIGNMENT = 64

_MATRICES = {
    0: Matrix.RGB,
    1: Matrix.BT709,
    4: Matrix.FCC,
    5: Matrix.BT601,
    6: Matrix.BT601,
    7: Matrix.SMPTE240M,
    9: Matrix.BT2020,
    10: Matrix.BT2020,
}
_JPEG_RANGE = 2
_MPEG_RANGE = 1
_HD_LINES = 720


def wrap_frame(frame: av.VideoFrame, sample_aspect_ratio: Fraction | None) -> Frame:
    """Our view of a decoded frame; it shares the memory and keeps it alive.

    A mirrored picture is a copy, for which only the turn is left to do.  A pixel format that
    is not in ``PIXEL_FORMATS`` is unpacked by swscale into one that is and keeps every bit,
    but for floating-point pictures, which become 16-bit integers.
    """
    name = frame.format.name
    if name == "cuda":
        return _device_view(frame, float(sample_aspect_ratio or 1))
    colour = _colour(frame, name)
    orientation = orientation_of(frame)
    if name not in PIXEL_FORMATS:
        frame = frame.reformat(format=_unpacked_format(frame))
    shown = _view(frame, colour, float(sample_aspect_ratio or 1), orientation.rotation)
    return _with_rows_reversed(shown) if orientation.flipped else shown


def _view(frame: av.VideoFrame, colour: Colour, aspect: float, rotation: int) -> Frame:
    planes = tuple(Plane(plane.buffer_ptr, plane.line_size, plane.height) for plane in frame.planes)
    layout = PIXEL_FORMATS[frame.format.name]
    return Frame(frame.width, frame.height, layout, colour, planes, frame, aspect, rotation)


def _device_view(frame: av.VideoFrame, aspect: float) -> Frame:
    """A frame in device memory, of a stream that ``hardware_decoding.refusal`` let pass."""
    assert frame.sw_format is not None
    layout = PIXEL_FORMATS[frame.sw_format.name]
    planes = tuple(Plane(plane.buffer_ptr, plane.line_size, plane.height) for plane in frame.planes)
    colour = _colour(frame, layout.name)
    rotation = orientation_of(frame).rotation
    return Frame(
        frame.width, frame.height, layout, colour, planes, frame, aspect, rotation, Memory.CUDA
    )


def _with_rows_reversed(frame: Frame) -> Frame:
    """A mirrored copy.  Rows, not columns: chroma is sited midway between rows, so it stays."""
    source = native_frame(frame)
    copy = av.VideoFrame(frame.width, frame.height, frame.format.name)
    copy.colorspace, copy.color_range = source.colorspace, source.color_range
    mirrored = _view(copy, frame.colour, frame.sample_aspect_ratio, frame.rotation)
    for component in range(len(frame.format.components)):
        mirrored.array(component)[:] = frame.array(component)[::-1]
    return mirrored


def _colour(frame: av.VideoFrame, name: str) -> Colour:
    """Colour from the frame's own tags; untagged is BT.709 from 720 lines, else BT.601."""
    full = frame.color_range == _JPEG_RANGE or name.startswith("yuvj")
    if PIXEL_FORMATS[name].is_rgb if name in PIXEL_FORMATS else frame.format.is_rgb:
        return Colour(Matrix.RGB, frame.color_range != _MPEG_RANGE)
    if name.startswith("gray"):
        full = frame.color_range != _MPEG_RANGE
    matrix = _MATRICES.get(frame.colorspace)
    if matrix is None or matrix is Matrix.RGB:
        matrix = Matrix.BT709 if frame.height >= _HD_LINES else Matrix.BT601
    return Colour(matrix, full)


def _unpacked_format(frame: av.VideoFrame) -> str:
    has_alpha = any(part.is_alpha for part in frame.format.components)
    deep = any(part.bits > 8 for part in frame.format.components)
    if frame.format.is_rgb or frame.format.has_palette:
        if deep:
            return "gbrap16le" if has_alpha else "gbrp16le"
        return "rgba" if has_alpha or frame.format.has_palette else "gbrp"
    if deep:
        return "yuva444p16le" if has_alpha else "yuv444p16le"
    return "yuva444p" if has_alpha else "yuv444p"


def native_frame(frame: Frame) -> av.VideoFrame:
    """The FFmpeg frame behind ``frame``."""
    assert isinstance(frame.native, av.VideoFrame)
    return frame.native


def progressive_frame(frame: Frame) -> av.VideoFrame:
    """The FFmpeg frame to encode for ``frame``, which says that its lines belong together.

    PyAV cannot take the flag of interlaced pictures off; such a frame gets a second one around
    its memory.  Its format is planar.
    """
    native = native_frame(frame)
    if not native.interlaced_frame:
        return native
    return _planar_frame(frame.format, [frame.array(index) for index in range(len(native.planes))])


def device_frame(frame: Frame, context: CudaContext) -> av.VideoFrame:
    """FFmpeg's frame on the device memory of ``frame``, which it keeps alive; NV12 or P010.

    FFmpeg hands an encoder one address: chroma has to follow luma at the same pitch.
    """
    luma, chroma = frame.planes
    assert chroma.address == luma.address + luma.pitch * frame.height
    assert chroma.pitch == luma.pitch
    if isinstance(frame.native, Lease):
        frame.native.block.is_registered = True
    across, down = frame.format.component_size(1, frame.width, frame.height)
    size = frame.format.bytes_per_sample
    device = context.device_id
    planes = (
        device_plane(
            luma.address, frame.height, frame.width, luma.pitch, size, device, frame.native
        ),
        device_plane(chroma.address, down, 2 * across, chroma.pitch, size, device, frame.native),
    )
    return av.VideoFrame.from_dlpack(
        planes, frame.format.name, frame.width, frame.height, cuda_context=context
    )


def _planar_frame(format: PixelFormat, components: list[npt.NDArray[Any]]) -> av.VideoFrame:
    """FFmpeg's frame on the memory of ``components``, which it keeps alive."""
    order = sorted(range(len(components)), key=lambda index: format.components[index].plane)
    height, width = components[0].shape
    return av.VideoFrame.from_dlpack(
        tuple(components[index] for index in order), format=format.name, width=width, height=height
    )


def rgb_array(frame: Frame) -> npt.NDArray[np.uint8]:
    """A BT.709 limited-range YUV frame as (height, width, 3) uint8 R'G'B'."""
    native = native_frame(frame)
    native.colorspace = Colorspace.ITU709
    native.color_range = ColorRange.MPEG
    converted = native.reformat(
        format="rgb24", interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND
    )
    return converted.to_ndarray()  # type: ignore[return-value]


class FramePool:
    """Gives output frames of one shape and takes each back when its last reader lets go.

    The last reader is often the encoder, which keeps frames after ``encode()`` returned; the
    memory comes back when FFmpeg drops its reference.  ``buffers`` counts the allocations.
    ``new_memory`` gives bytes, such as those that a device can copy to by itself.
    """

    def __init__(
        self,
        width: int,
        height: int,
        format: PixelFormat,
        colour: Colour,
        new_memory: Callable[[int], npt.NDArray[np.uint8]] = lambda size: np.empty(size, np.uint8),
    ) -> None:
        self._new_memory = new_memory
        self._width, self._height = width, height
        self._format, self._colour = format, colour
        self._free: deque[npt.NDArray[np.uint8]] = deque()
        self._lock = threading.Lock()
        self._shapes = [
            format.component_size(index, width, height) for index in range(len(format.components))
        ]
        size = format.bytes_per_sample
        self._pitches = [-(-across * size // _ALIGNMENT) * _ALIGNMENT for across, _ in self._shapes]
        self._sizes = [
            pitch * rows for pitch, (_, rows) in zip(self._pitches, self._shapes, strict=True)
        ]
        self.buffers = 0
        self._closed = False

    def allocate(self) -> Frame:
        """A frame to write into; its contents are whatever was there before."""
        if self._closed:
            raise ValueError("the frame pool is closed")
        try:
            memory = self._free.popleft()
        except IndexError:
            memory = self._new_memory(sum(self._sizes) + _ALIGNMENT)
            with self._lock:
                self.buffers += 1
        lease = _Lease(memory)
        weakref.finalize(lease, self._free.append, memory).atexit = False
        views = self._views(lease)
        order = sorted(range(len(views)), key=lambda index: self._format.components[index].plane)
        native = _planar_frame(self._format, views)
        planes = tuple(
            Plane(views[index].ctypes.data, self._pitches[index], self._shapes[index][1])
            for index in order
        )
        return Frame(self._width, self._height, self._format, self._colour, planes, native)

    def _views(self, lease: _Lease) -> list[npt.NDArray[Any]]:
        """One (height, width) array per component on the leased memory."""
        buffer = np.asarray(lease)
        start = -buffer.ctypes.data % _ALIGNMENT
        dtype = np.uint8 if self._format.bytes_per_sample == 1 else np.uint16
        views = []
        for (across, rows), pitch, size in zip(
            self._shapes, self._pitches, self._sizes, strict=True
        ):
            plane = buffer[start : start + size].view(dtype)
            views.append(plane.reshape(rows, pitch // dtype().itemsize)[:, :across])
            start += size
        return views

    def close(self) -> None:
        """Gives up the free memory; frames still in use stay valid."""
        self._closed = True
        self._free.clear()


class _Lease:
    """Dies when the last view of the memory dies."""

    def __init__(self, memory: npt.NDArray[np.uint8]) -> None:
        self.__array_interface__ = {
            "data": (memory.ctypes.data, False),
            "shape": memory.shape,
            "typestr": "|u1",
            "version": 3,
        }
        self._memory = memory
        assert prod(memory.shape) == memory.nbytes
