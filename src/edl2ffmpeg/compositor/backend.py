"""What drawing is made of: pixel functions over planes, on whatever device holds the planes.

The values that the functions take (planes, channels, steps, ...) are plain descriptions; a plane's
address belongs to the device.  Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.compositor._kernels import (
    Channel,
    Coverage,
    MixSource,
    Moments,
    Outline,
    Output,
    Program,
)
from edl2ffmpeg.compositor._kernels import Plane as PlaneView
from edl2ffmpeg.frame import Colour, Frame, PixelFormat

__all__ = ["Kernels", "RowJob"]


class Kernels(Protocol):
    """The pixel functions of ``kernels/*.h`` on one device, and memory to draw in.

    Every implementation gives the same bits.  Functions with ``row_start`` and ``row_end``
    write those rows alone; calls on rows that do not overlap may run at the same time.
    """

    def new_frame(self, width: int, height: int, layout: PixelFormat, colour: Colour) -> Frame:
        """A frame in memory that these functions can draw in; its contents are left over."""
        ...

    def draw(
        self,
        channels: Sequence[Channel],
        outputs: Sequence[Output],
        coverage: Coverage | None,
        row_start: int,
        row_end: int,
        program: Program | None = None,
    ) -> None:
        """The fused pass of a layer: filter, matrix, effects, coverage, blend or quantise."""
        ...

    def mix(
        self,
        outgoing: MixSource,
        incoming: MixSource,
        weights: PlaneView | None,
        weight: int,
        targets: list[PlaneView],
        depth: int,
        row_start: int,
        row_end: int,
    ) -> None:
        """Between two pictures of 15 bits with coverage, over what is in ``targets``."""
        ...

    def fill(self, target: PlaneView, value: int, row_start: int, row_end: int) -> None:
        """One code value everywhere."""
        ...

    def write(self, target: PlaneView, samples: npt.NDArray[np.uint16]) -> None:
        """Code values from an array of the plane's size."""
        ...

    def affine(
        self,
        source: PlaneView,
        target: PlaneView,
        scale: int,
        offset: int,
        shift: int,
        maximum: int,
        wide: bool,
        row_start: int,
        row_end: int,
        minimum: int = 0,
    ) -> None:
        """``(code * scale + offset) >> shift`` within limits; ``wide`` needs 64 bits."""
        ...

    def look_up(
        self,
        source: PlaneView,
        target: PlaneView,
        table: npt.NDArray[np.uint16],
        row_start: int,
        row_end: int,
    ) -> None:
        """Code values through a table."""
        ...

    def cross(
        self,
        outgoing: PlaneView,
        incoming: PlaneView,
        target: PlaneView,
        weight: int,
        row_start: int,
        row_end: int,
    ) -> None:
        """Between two planes of the target's layout."""
        ...

    def premultiply(
        self, colour: PlaneView, alpha: PlaneView, row_start: int, row_end: int
    ) -> None:
        """Multiplies colours of a canvas by their alpha."""
        ...

    def outline(self, outline: Outline, target: PlaneView, row_start: int, row_end: int) -> None:
        """Coverage of an outline, with 14 fractional bits."""
        ...

    def rotate(self, source: PlaneView, target: PlaneView, quarter_turns: int) -> None:
        """A clockwise turn."""
        ...

    def pattern(
        self,
        target: PlaneView,
        phase_x: npt.NDArray[np.uint16],
        phase_y: npt.NDArray[np.uint16],
        phase_sum: npt.NDArray[np.uint16],
        sum_step_x: int,
        sum_step_y: int,
        palette: npt.NDArray[np.uint16],
        row_start: int,
        row_end: int,
    ) -> None:
        """The moving pattern of the ``demo`` source."""
        ...

    def warp(
        self,
        source: PlaneView,
        target: PlaneView,
        origin_x: int,
        origin_y: int,
        column_x: int,
        column_y: int,
        row_x: int,
        row_y: int,
        row_start: int,
        row_end: int,
    ) -> None:
        """Bicubic sampling under an affine map, numbers with 32 fractional bits."""
        ...

    def blur(self, source: PlaneView, target: PlaneView, sigma_x: float, sigma_y: float) -> None:
        """A Gaussian, in samples."""
        ...

    def mosaic(
        self,
        source: PlaneView,
        target: PlaneView,
        columns: npt.NDArray[np.int32],
        rows: npt.NDArray[np.int32],
    ) -> None:
        """Each block's mean; ``columns`` and ``rows`` say which block a sample is in."""
        ...

    def unsharp(
        self,
        original: PlaneView,
        blurred: PlaneView,
        target: PlaneView,
        amount: int,
        low: int,
        high: int,
        row_start: int,
        row_end: int,
    ) -> None:
        """Sharpening by what a blur took away."""
        ...

    def crop_alpha(
        self,
        alpha: PlaneView,
        across: npt.NDArray[np.float32],
        down: npt.NDArray[np.float32],
    ) -> None:
        """Alpha times a share for each column and each row."""
        ...

    def reach(
        self,
        moments: Moments,
        target: PlaneView,
        reached: float,
        soft: float,
        inverts: bool,
        row_start: int,
        row_end: int,
    ) -> None:
        """Shares of samples by whether their moment has come; see ``reached_share``."""
        ...

    def weigh(
        self,
        shares: PlaneView,
        outside: PlaneView,
        inside: PlaneView,
        spacing_x: int,
        spacing_y: int,
    ) -> None:
        """Makes shares of the inside those of what is seen of it, by both sides' alpha."""
        ...


@dataclass(frozen=True, slots=True)
class RowJob:
    """Work on ``rows`` rows that may be cut anywhere: ``run(kernels, row_start, row_end)``."""

    rows: int
    run: Callable[[Kernels, int, int], None]
