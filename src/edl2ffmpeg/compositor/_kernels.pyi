"""Types of the extension module; see ``kernels/`` for what it computes."""

from typing import Any, final

import numpy as np
import numpy.typing as npt

@final
class Plane:
    def __init__(
        self,
        address: int,
        pitch: int,
        width: int,
        height: int,
        sample_bytes: int,
        step: int = 1,
        shift: int = 0,
    ) -> None: ...

@final
class Axis:
    identity: bool
    tap_count: int
    def __init__(
        self,
        positions: np.ndarray[Any, np.dtype[np.int32]],
        taps: np.ndarray[Any, np.dtype[np.int16]],
    ) -> None: ...

@final
class Table:
    def __init__(self, values: npt.NDArray[np.int16]) -> None: ...

@final
class Channel:
    def __init__(self, source: Plane, depth: int, across: Axis, down: Axis) -> None: ...

@final
class Output:
    def __init__(
        self,
        target: Plane,
        depth: int,
        weights: list[int],
        offset: int,
        scale: int,
        opaque_offset: int,
        blend_offset: int,
        table: Table | None = None,
    ) -> None: ...

@final
class Coverage:
    def __init__(self, from_channel: bool, scale: int, offset: int, most: int) -> None: ...

@final
class Scratch:
    size: int
    def __init__(self) -> None: ...

def draw(
    channels: list[Channel],
    outputs: list[Output],
    coverage: Coverage | None,
    scratch: Scratch,
    row_start: int,
    row_end: int,
) -> None: ...
def affine(
    source: Plane,
    target: Plane,
    scale: int,
    offset: int,
    shift: int,
    maximum: int,
    wide: bool,
    row_start: int,
    row_end: int,
) -> None: ...
def look_up(
    source: Plane, target: Plane, table: npt.NDArray[np.uint16], row_start: int, row_end: int
) -> None: ...
def fill(target: Plane, value: int, row_start: int, row_end: int) -> None: ...
def rotate(source: Plane, target: Plane, quarter_turns: int) -> None: ...
def pattern(
    target: Plane,
    phase_x: npt.NDArray[np.uint16],
    phase_y: npt.NDArray[np.uint16],
    phase_sum: npt.NDArray[np.uint16],
    sum_step_x: int,
    sum_step_y: int,
    palette: npt.NDArray[np.uint16],
    row_start: int,
    row_end: int,
) -> None: ...
def warp(
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
) -> None: ...
def blur(
    source: Plane, target: Plane, sigma_x: float, sigma_y: float, scratch: Scratch
) -> None: ...
def mosaic(
    source: Plane, target: Plane, columns: npt.NDArray[np.int32], rows: npt.NDArray[np.int32]
) -> None: ...
def unsharp(
    original: Plane,
    blurred: Plane,
    target: Plane,
    amount: int,
    low: int,
    high: int,
    row_start: int,
    row_end: int,
) -> None: ...
