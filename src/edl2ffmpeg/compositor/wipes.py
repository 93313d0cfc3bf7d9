"""When a transition reaches each sample, and how far its pictures have moved; it draws nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, cos, hypot, pi, radians, sin

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.compositor._kernels import Moments
from edl2ffmpeg.compositor.resampling import SampleGrid
from edl2ffmpeg.timeline.effects import TransitionKind, TransitionLook

__all__ = ["Mask", "moves", "transition_mask"]

_Floats = npt.NDArray[np.float32]
_Grids = tuple[SampleGrid, SampleGrid]

_INNER = 0.5
_ORDER_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Mask:
    """Shares of the incoming picture: when the turn of each sample comes, and how far it is.

    ``soft`` is how long a turn lasts; with ``inverts`` what is missing from the whole is meant.
    """

    moments: Moments
    reached: float
    soft: float = 0.0
    inverts: bool = False


def transition_mask(
    look: TransitionLook, progress: float, grids: _Grids, size: tuple[int, int]
) -> Mask | None:
    """The mask for the samples of ``grids`` on a picture of ``size``; None if all are alike."""
    if look.kind is TransitionKind.WIPE:
        moments = _along(look.angle, look.invert, grids, size)
        return Mask(moments, *_soft_edge(look, progress, size))
    if look.kind is TransitionKind.IRIS:
        moments = _away(look.points, grids, size)
        gone = 1 - progress if look.invert else progress
        return Mask(moments, *_soft_edge(look, gone, size), look.invert)
    if look.kind is TransitionKind.SQUARES:
        order, cells = _cell_order(look.columns, look.invert, grids, size)
        return Mask(order, float(ceil(progress * cells - 0.5)))
    return None


def moves(
    look: TransitionLook, progress: float, size: tuple[int, int], cell: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """How far the outgoing and the incoming picture are moved, in pixels, whole chroma cells."""
    direction = (cos(radians(look.angle)), sin(radians(look.angle)))
    longest = max(abs(direction[0]), abs(direction[1]))
    way = [part / longest * length for part, length in zip(direction, size, strict=True)]
    outgoing = incoming = (0.0, 0.0)
    if look.kind is TransitionKind.PUSH:
        sign = -1 if look.invert else 1
        outgoing = (sign * way[0] * progress, sign * way[1] * progress)
        incoming = (-sign * way[0] * (1 - progress), -sign * way[1] * (1 - progress))
    elif look.kind is TransitionKind.SLIDE and look.invert:
        outgoing = (way[0] * progress, way[1] * progress)
    elif look.kind is TransitionKind.SLIDE:
        incoming = (-way[0] * (1 - progress), -way[1] * (1 - progress))
    return _whole(outgoing, cell), _whole(incoming, cell)


def _whole(move: tuple[float, float], cell: tuple[int, int]) -> tuple[int, int]:
    across, down = (round(part / side) * side for part, side in zip(move, cell, strict=True))
    return across, down


def _soft_edge(look: TransitionLook, progress: float, size: tuple[int, int]) -> tuple[float, float]:
    """How far an edge is, and how wide: a pixel at least."""
    soft = np.float32(max(look.softness, 1 / hypot(*size)))
    return float(np.float32(progress) * (1 + soft)), float(soft)


def _centred(grids: _Grids, size: tuple[int, int]) -> tuple[_Floats, _Floats]:
    """Columns and rows in pixels from the picture's centre."""
    columns, rows = (
        (float(grid.first) + np.arange(grid.count) * grid.spacing - length / 2).astype(np.float32)
        for grid, length in zip(grids, size, strict=True)
    )
    return columns, rows


@lru_cache(maxsize=4)
def _along(angle: float, invert: bool, grids: _Grids, size: tuple[int, int]) -> Moments:
    """0 to 1 from one side of the picture to the other."""
    across, down = cos(radians(angle)), sin(radians(angle))
    length = abs(across) * size[0] + abs(down) * size[1]
    columns, rows = _centred(grids, size)
    along = (columns * across)[None, :] / length + (rows * down)[:, None] / length
    return Moments(np.asarray(0.5 - along if invert else 0.5 + along, np.float32))


@lru_cache(maxsize=4)
def _away(points: int, grids: _Grids, size: tuple[int, int]) -> Moments:
    """0 at the centre to 1 where a growing circle or star covers the last corner."""
    columns, rows = _centred(grids, size)
    distance = np.hypot(columns[None, :], rows[:, None]) / (hypot(*size) / 2)
    if points < 3:
        return Moments(np.asarray(distance, np.float32))
    # Angle from the nearest outer point, the first of which is at the top.
    turn = np.arctan2(columns[None, :], -rows[:, None])
    sector = np.abs((turn + pi / points) % (2 * pi / points) - pi / points)
    half = pi / points
    # The straight edge from the outer point (1, 0) to the inner one (_INNER, half).
    edge = _INNER * sin(half) / (np.sin(sector) + _INNER * np.sin(half - sector))
    return Moments(np.asarray(distance * _INNER / edge, np.float32))


@lru_cache(maxsize=4)
def _cell_order(
    columns: int, invert: bool, grids: _Grids, size: tuple[int, int]
) -> tuple[Moments, int]:
    """When each sample's cell changes: 0 first; and the number of cells."""
    # Cells smaller than a pixel are not seen, but there may be very many.
    columns = min(columns, size[0])
    side = size[0] / columns
    rows = max(ceil(size[1] / side - 1e-9), 1)
    cells = columns * rows
    order = np.random.Generator(np.random.PCG64(_ORDER_SEED)).permutation(cells)
    if invert:
        order = cells - 1 - order
    numbers = []
    for grid, count in zip(grids, (columns, rows), strict=True):
        places = (np.arange(grid.count) + 0.5) * grid.spacing / side
        numbers.append(np.minimum(places.astype(np.int64), count - 1))
    changes = order[numbers[1][:, None] * columns + numbers[0][None, :]]
    return Moments(changes.astype(np.float32)), cells
