"""A frame: planes, pixel format and colour, in host or device memory; it owns no pool.

A frame from a decoder, from a pool and from a generator are the same type, so that a frame
that needs no work can be passed on by reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = [
    "PIXEL_FORMATS",
    "Arrival",
    "Colour",
    "Component",
    "Frame",
    "FrameAllocator",
    "Matrix",
    "Memory",
    "PixelFormat",
    "Plane",
    "pixel_format",
]


class Matrix(Enum):
    """Luma coefficients (Kr, Kb) of a Y'CbCr encoding; ``RGB`` has none."""

    BT601 = (0.299, 0.114)
    BT709 = (0.2126, 0.0722)
    BT2020 = (0.2627, 0.0593)
    SMPTE240M = (0.212, 0.087)
    FCC = (0.30, 0.11)
    RGB = None


@dataclass(frozen=True, slots=True)
class Colour:
    """How sample values mean colours: the matrix, and full or limited range."""

    matrix: Matrix = Matrix.BT709
    full_range: bool = False


@dataclass(frozen=True, slots=True)
class Component:
    """Where a component's samples lie: plane index, first sample, distance, left shift.

    ``offset`` and ``step`` count samples (of 1 or 2 bytes); ``shift`` counts low padding bits.
    """

    plane: int
    offset: int = 0
    step: int = 1
    shift: int = 0


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """Layout of one FFmpeg pixel format.

    ``components`` are Y, U, V (or R, G, B; or grey alone), then alpha if ``has_alpha``.
    ``chroma_shift`` is log2 of the horizontal and vertical chroma subsampling.
    """

    name: str
    depth: int
    chroma_shift: tuple[int, int]
    components: tuple[Component, ...]
    is_rgb: bool = False
    has_alpha: bool = False

    @property
    def bytes_per_sample(self) -> int:
        """1 for 8-bit formats, else 2 (little endian)."""
        return 1 if self.depth == 8 else 2

    @property
    def is_planar(self) -> bool:
        """Whether every component has a plane to itself."""
        return all(part.step == 1 and part.shift == 0 for part in self.components)

    @property
    def plane_count(self) -> int:
        """Number of memory planes."""
        return 1 + max(part.plane for part in self.components)

    def component_size(self, index: int, width: int, height: int) -> tuple[int, int]:
        """(width, height) of component ``index`` in a picture of this size, rounded up."""
        if index in (1, 2) and not self.is_rgb:
            across, down = self.chroma_shift
            return -(-width >> across), -(-height >> down)
        return width, height


def _planar(name: str, depth: int, shift: tuple[int, int], alpha: bool = False) -> PixelFormat:
    parts = tuple(Component(index) for index in range(4 if alpha else 3))
    return PixelFormat(name, depth, shift, parts, has_alpha=alpha)


def _formats() -> dict[str, PixelFormat]:
    table = []
    parts: tuple[Component, ...]
    for label, shift in (("420", (1, 1)), ("422", (1, 0)), ("444", (0, 0))):
        table += [_planar(f"yuv{label}p", 8, shift), _planar(f"yuvj{label}p", 8, shift)]
        table += [_planar(f"yuva{label}p", 8, shift, alpha=True)]
        for depth in (9, 10, 12, 14, 16):
            table.append(_planar(f"yuv{label}p{depth}le", depth, shift))
        for depth in (9, 10, 12, 16):
            if depth == 12 and label == "420":
                continue
            table.append(_planar(f"yuva{label}p{depth}le", depth, shift, alpha=True))
    table += [_planar("yuv440p", 8, (0, 1)), _planar("yuvj440p", 8, (0, 1))]
    table += [_planar("yuv411p", 8, (2, 0)), _planar("yuv410p", 8, (2, 2))]
    for depth in (8, 9, 10, 12, 14, 16):
        suffix = "" if depth == 8 else f"{depth}le"
        table.append(PixelFormat(f"gray{suffix}", depth, (0, 0), (Component(0),)))
        # FFmpeg stores planar RGB as G, B, R.
        planes = (Component(2), Component(0), Component(1))
        table.append(PixelFormat(f"gbrp{suffix}", depth, (0, 0), planes, is_rgb=True))
        if depth in (8, 10, 12, 14, 16):
            parts = (*planes, Component(3))
            table.append(
                PixelFormat(f"gbrap{suffix}", depth, (0, 0), parts, is_rgb=True, has_alpha=True)
            )
    for name, first, second in (("nv12", 0, 1), ("nv21", 1, 0)):
        parts = (Component(0), Component(1, first, 2), Component(1, second, 2))
        table.append(PixelFormat(name, 8, (1, 1), parts))
    semi = (Component(0), Component(1, 0, 2), Component(1, 1, 2))
    table += [PixelFormat("nv16", 8, (1, 0), semi), PixelFormat("nv24", 8, (0, 0), semi)]
    for name, shift in (("p010le", (1, 1)), ("p210le", (1, 0)), ("p410le", (0, 0))):
        parts = (Component(0, 0, 1, 6), Component(1, 0, 2, 6), Component(1, 1, 2, 6))
        table.append(PixelFormat(name, 10, shift, parts))
    for order in ("rgb24", "bgr24", "rgba", "bgra", "argb", "abgr", "rgb0", "bgr0", "0rgb", "0bgr"):
        letters = order.removesuffix("24")
        parts = tuple(
            Component(0, letters.index(letter), len(letters))
            for letter in "rgba"
            if letter in letters
        )
        table.append(PixelFormat(order, 8, (0, 0), parts, is_rgb=True, has_alpha="a" in letters))
    for name in ("rgb48le", "rgba64le"):
        letters = name[:4] if "a" in name else "rgb"
        parts = tuple(Component(0, index, len(letters)) for index in range(len(letters)))
        table.append(PixelFormat(name, 16, (0, 0), parts, is_rgb=True, has_alpha="a" in letters))
    table.append(
        PixelFormat(
            "yuyv422", 8, (1, 0), (Component(0, 0, 2), Component(0, 1, 4), Component(0, 3, 4))
        )
    )
    table.append(
        PixelFormat(
            "uyvy422", 8, (1, 0), (Component(0, 1, 2), Component(0, 0, 4), Component(0, 2, 4))
        )
    )
    return {entry.name: entry for entry in table}


PIXEL_FORMATS = _formats()
"""Every pixel format that can be composited directly, by FFmpeg's name."""


def pixel_format(name: str) -> PixelFormat:
    """The layout of FFmpeg's pixel format ``name``; ``KeyError`` when it is not in the table."""
    return PIXEL_FORMATS[name]


class Memory(Enum):
    """Where the planes of a frame are: addresses of one are nothing to the other."""

    HOST = "host"
    CUDA = "cuda"


class Arrival(Protocol):
    """The moment when samples that are on their way have arrived."""

    def wait(self) -> None:
        """Returns when they are there; other threads run meanwhile."""
        ...


@dataclass(frozen=True, slots=True)
class Plane:
    """One plane of memory: its address, bytes from row to row, rows."""

    address: int
    pitch: int
    rows: int


@dataclass(slots=True)
class Frame:
    """A picture in host memory, or in that of a device (``memory``).

    ``native`` keeps the memory alive (an ``av.VideoFrame``, an array, a lease); nobody but
    ``media`` looks inside.  Samples with an ``arrival`` may be read after ``wait``.
    ``sample_aspect_ratio`` is pixel width over height.
    ``rotation`` is how far the picture must be turned clockwise to be upright, in degrees
    (0, 90, 180 or 270).
    """

    width: int
    height: int
    format: PixelFormat
    colour: Colour
    planes: tuple[Plane, ...]
    native: Any
    sample_aspect_ratio: float = 1.0
    rotation: int = 0
    memory: Memory = Memory.HOST
    arrival: Arrival | None = None

    def wait(self) -> None:
        """Returns when the samples are there, which a device may still be working on."""
        if self.arrival is not None:
            self.arrival.wait()

    def array(self, component: int) -> npt.NDArray[Any]:
        """A view of one component in host memory, (height, width), uint8 or little-endian uint16.

        The view shares the frame's memory and keeps it alive.  Samples of formats with a
        ``shift`` come unshifted.
        """
        if self.memory is not Memory.HOST:
            raise ValueError(f"a frame in {self.memory.value} memory has no arrays")
        part = self.format.components[component]
        plane = self.planes[part.plane]
        width, height = self.format.component_size(component, self.width, self.height)
        size = self.format.bytes_per_sample
        interface = {
            "data": (plane.address + part.offset * size, False),
            "shape": (height, width),
            "strides": (plane.pitch, part.step * size),
            "typestr": "|u1" if size == 1 else "<u2",
            "version": 3,
        }
        return np.asarray(_ArrayView(interface, self.native))


FrameAllocator = Callable[[], Frame]
"""Gives a writable output frame of one fixed size, format and colour."""


class _ArrayView:
    """Carries an array interface and the owner of its memory to NumPy."""

    def __init__(self, interface: dict[str, Any], owner: object) -> None:
        self.__array_interface__ = interface
        self._owner = owner
