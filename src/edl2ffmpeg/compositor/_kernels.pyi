"""Types of the extension module; see ``kernels/`` for what it computes."""

from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
import numpy.typing as npt

@final
class Plane:
    width: int
    height: int
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
    @staticmethod
    def resampling(
        count: int, source_count: int, first: float, step: float, multiple: int
    ) -> Axis: ...

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
        component: int = 0,
    ) -> None: ...

@final
class MatrixRow:
    def __init__(self, weights: list[int], offset: int) -> None: ...

@final
class PictureGrid:
    def __init__(
        self, scale_x: float, offset_x: float, scale_y: float, offset_y: float
    ) -> None: ...

class Step:
    needs_all: bool

@final
class Program:
    def __init__(
        self, components: list[MatrixRow], steps: list[Step], unpremultiplies: bool = False
    ) -> None: ...

_Triple = tuple[float, float, float]

@final
class Outline:
    def __init__(
        self,
        p: _Triple,
        q: _Triple,
        across: float,
        down: float,
        corner: float,
        soft_p: float,
        soft_q: float,
    ) -> None: ...

@final
class MixSource:
    def __init__(
        self,
        planes: list[Plane],
        coverage: Plane | None = None,
        left: int = 0,
        top: int = 0,
    ) -> None: ...

@final
class Coverage:
    def __init__(
        self,
        from_channel: bool,
        scale: int,
        offset: int,
        most: int,
        across: npt.NDArray[np.int16] | None = None,
        down: npt.NDArray[np.int16] | None = None,
        outlines: list[Outline] = ...,
        mask: Plane | None = None,
        store: Plane | None = None,
    ) -> None: ...

@final
class Scratch:
    size: int
    def __init__(self) -> None: ...

def draw(
    channels: Sequence[Channel],
    outputs: Sequence[Output],
    coverage: Coverage | None,
    scratch: Scratch,
    row_start: int,
    row_end: int,
    program: Program | None = None,
) -> None: ...
def table_step(
    y: npt.NDArray[np.int16] | None,
    u: npt.NDArray[np.int16] | None,
    v: npt.NDArray[np.int16] | None,
) -> Step: ...
def matrix_step(weights: list[float], offsets: list[float]) -> Step: ...
def chroma_step(gains: npt.NDArray[np.float32]) -> Step: ...
def cube_step(
    cube: npt.NDArray[np.float32],
    size: int,
    is_3d: bool,
    strength: float,
    to_rgb: list[float],
    from_rgb: list[float],
) -> Step: ...
def vignette_step(grid: PictureGrid, strength: float, radius: float, softness: float) -> Step: ...
def border_step(
    grid: PictureGrid,
    inner_p: float,
    inner_q: float,
    across: float,
    down: float,
    colour: list[float],
) -> Step: ...
def film_step(
    grid: PictureGrid,
    seed: int,
    grain: float,
    grain_columns: float,
    grain_rows: float,
    flicker: float,
    columns: list[float],
) -> Step: ...
def mix(
    outgoing: MixSource,
    incoming: MixSource,
    weights: Plane | None,
    weight: int,
    targets: list[Plane],
    depth: int,
    row_start: int,
    row_end: int,
) -> None: ...
def premultiply(colour: Plane, alpha: Plane, row_start: int, row_end: int) -> None: ...
def cross(
    outgoing: Plane, incoming: Plane, target: Plane, weight: int, row_start: int, row_end: int
) -> None: ...
def outline(outline: Outline, target: Plane, row_start: int, row_end: int) -> None: ...
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
    minimum: int = 0,
) -> None: ...
def look_up(
    source: Plane, target: Plane, table: npt.NDArray[np.uint16], row_start: int, row_end: int
) -> None: ...
def fill(target: Plane, value: int, row_start: int, row_end: int) -> None: ...
def write(target: Plane, samples: npt.NDArray[np.uint16]) -> None: ...
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

@final
class Moments:
    width: int
    height: int
    def __init__(self, values: npt.NDArray[np.float32]) -> None: ...

def reach(
    moments: Moments,
    target: Plane,
    reached: float,
    soft: float,
    inverts: bool,
    row_start: int,
    row_end: int,
) -> None: ...
def crop_alpha(
    alpha: Plane, across: npt.NDArray[np.float32], down: npt.NDArray[np.float32]
) -> None: ...
def weigh(shares: Plane, outside: Plane, inside: Plane, spacing_x: int, spacing_y: int) -> None: ...

# What a device runs for each of the above: (kernel, columns, rows, parameters) in order.
# ``tables(id, part, address, bytes)`` copies an array to the device, ``scratch(bytes)`` lends
# memory there; both return an address.
_Launches = list[tuple[str, int, int, bytes]]
_Tables = Callable[[int, int, int, int], int]
_TakeScratch = Callable[[int], int]

def draw_job(
    channels: Sequence[Channel],
    outputs: Sequence[Output],
    coverage: Coverage | None,
    row_start: int,
    row_end: int,
    program: Program | None,
    tables: _Tables,
) -> _Launches: ...
def mix_job(
    outgoing: MixSource,
    incoming: MixSource,
    weights: Plane | None,
    weight: int,
    targets: list[Plane],
    depth: int,
    row_start: int,
    row_end: int,
) -> _Launches: ...
def fill_job(target: Plane, value: int, row_start: int, row_end: int) -> _Launches: ...
def write_job(target: Plane, samples: int) -> _Launches: ...
def affine_job(
    source: Plane,
    target: Plane,
    scale: int,
    offset: int,
    shift: int,
    maximum: int,
    wide: bool,
    row_start: int,
    row_end: int,
    minimum: int,
) -> _Launches: ...
def look_up_job(
    source: Plane, target: Plane, table: int, entries: int, row_start: int, row_end: int
) -> _Launches: ...
def cross_job(
    outgoing: Plane, incoming: Plane, target: Plane, weight: int, row_start: int, row_end: int
) -> _Launches: ...
def premultiply_job(colour: Plane, alpha: Plane, row_start: int, row_end: int) -> _Launches: ...
def outline_job(outline: Outline, target: Plane, row_start: int, row_end: int) -> _Launches: ...
def rotate_job(source: Plane, target: Plane, quarter_turns: int) -> _Launches: ...
def pattern_job(
    target: Plane,
    addresses: list[int],
    sizes: list[int],
    step_x: int,
    step_y: int,
    row_start: int,
    row_end: int,
) -> _Launches: ...
def warp_job(
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
) -> _Launches: ...
def blur_job(
    source: Plane,
    target: Plane,
    sigma_x: float,
    sigma_y: float,
    tables: _Tables,
    scratch: _TakeScratch,
) -> _Launches: ...
def mosaic_job(
    source: Plane,
    target: Plane,
    columns: list[int],
    rows: list[int],
    tables: _Tables,
    scratch: _TakeScratch,
) -> _Launches: ...
def unsharp_job(
    original: Plane,
    blurred: Plane,
    target: Plane,
    amount: int,
    low: int,
    high: int,
    row_start: int,
    row_end: int,
) -> _Launches: ...
def crop_alpha_job(alpha: Plane, across: int, down: int, columns: int, rows: int) -> _Launches: ...
def reach_job(
    moments: Moments,
    target: Plane,
    reached: float,
    soft: float,
    inverts: bool,
    row_start: int,
    row_end: int,
    tables: _Tables,
) -> _Launches: ...
def weigh_job(
    shares: Plane, outside: Plane, inside: Plane, spacing_x: int, spacing_y: int
) -> _Launches: ...
def device_plane(
    address: int,
    rows: int,
    columns: int,
    pitch: int,
    sample_bytes: int,
    device: int,
    owner: object,
) -> object: ...
