"""Which share of each sample a transition has reached, and how far its pictures have moved.

It draws nothing.  Shares have 14 fractional bits, 2^14 is the incoming picture alone.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, cos, hypot, pi, radians, sin

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.compositor.resampling import WEIGHT_BITS, SampleGrid
from edl2ffmpeg.timeline.effects import TransitionKind, TransitionLook

__all__ = ["incoming_share", "moves"]

Shares = npt.NDArray[np.uint16]
_Floats = npt.NDArray[np.float32]
_Grids = tuple[SampleGrid, SampleGrid]

_ONE = 1 << WEIGHT_BITS
_INNER = 0.5
_ORDER_SEED = 20_260_101


def incoming_share(
    look: TransitionLook, progress: float, grids: _Grids, size: tuple[int, int]
) -> Shares | None:
    """Shares of the samples of ``grids`` on a picture of ``size``; None if all have the same."""
    if look.kind is TransitionKind.WIPE:
        return _soft_edge(_along(look.angle, look.invert, grids, size), look, progress, size)
    if look.kind is TransitionKind.IRIS:
        away = _away(look.points, grids, size)
        if look.invert:
            return np.asarray(_ONE - _soft_edge(away, look, 1 - progress, size), np.uint16)
        return _soft_edge(away, look, progress, size)
    if look.kind is TransitionKind.SQUARES:
        order, cells = _cell_order(look.columns, grids, size)
        rank = cells - 1 - order if look.invert else order
        return np.where(rank + 0.5 < progress * cells, _ONE, 0).astype(np.uint16)
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


def _soft_edge(
    when: _Floats, look: TransitionLook, progress: float, size: tuple[int, int]
) -> Shares:
    """Shares of places that are reached at progress ``when``; the edge is a pixel wide at least."""
    soft = np.float32(max(look.softness, 1 / hypot(*size)))
    reached = (np.float32(progress) * (1 + soft) - when) / soft
    return np.asarray(np.rint(np.clip(reached, 0, 1) * _ONE), np.uint16)


def _centred(grids: _Grids, size: tuple[int, int]) -> tuple[_Floats, _Floats]:
    """Columns and rows in pixels from the picture's centre."""
    columns, rows = (
        (float(grid.first) + np.arange(grid.count) * grid.spacing - length / 2).astype(np.float32)
        for grid, length in zip(grids, size, strict=True)
    )
    return columns, rows


@lru_cache(maxsize=4)
def _along(angle: float, invert: bool, grids: _Grids, size: tuple[int, int]) -> _Floats:
    """0 to 1 from one side of the picture to the other."""
    across, down = cos(radians(angle)), sin(radians(angle))
    length = abs(across) * size[0] + abs(down) * size[1]
    columns, rows = _centred(grids, size)
    along = (columns * across)[None, :] / length + (rows * down)[:, None] / length
    return np.asarray(0.5 - along if invert else 0.5 + along, np.float32)


@lru_cache(maxsize=4)
def _away(points: int, grids: _Grids, size: tuple[int, int]) -> _Floats:
    """0 at the centre to 1 where a growing circle or star covers the last corner."""
    columns, rows = _centred(grids, size)
    distance = np.hypot(columns[None, :], rows[:, None]) / (hypot(*size) / 2)
    if points < 3:
        return np.asarray(distance, np.float32)
    # Angle from the nearest outer point, the first of which is at the top.
    turn = np.arctan2(columns[None, :], -rows[:, None])
    sector = np.abs((turn + pi / points) % (2 * pi / points) - pi / points)
    half = pi / points
    # The straight edge from the outer point (1, 0) to the inner one (_INNER, half).
    edge = _INNER * sin(half) / (np.sin(sector) + _INNER * np.sin(half - sector))
    return np.asarray(distance * _INNER / edge, np.float32)


@lru_cache(maxsize=4)
def _cell_order(
    columns: int, grids: _Grids, size: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], int]:
    """When each sample's cell changes: 0 first; and the number of cells."""
    # Cells smaller than a pixel are not seen, but there may be very many.
    columns = min(columns, size[0])
    side = size[0] / columns
    rows = max(ceil(size[1] / side - 1e-9), 1)
    order = np.random.Generator(np.random.PCG64(_ORDER_SEED)).permutation(columns * rows)
    numbers = []
    for grid, count in zip(grids, (columns, rows), strict=True):
        cells = (np.arange(grid.count) + 0.5) * grid.spacing / side
        numbers.append(np.minimum(cells.astype(np.int64), count - 1))
    return order[numbers[1][:, None] * columns + numbers[0][None, :]], columns * rows
