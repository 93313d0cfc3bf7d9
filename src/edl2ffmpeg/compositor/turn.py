"""Turns a canvas into place: bicubic sampling under any affine map; it shrinks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from edl2ffmpeg.compositor._kernels import Plane
from edl2ffmpeg.compositor.affine import Affine
from edl2ffmpeg.compositor.backend import Kernels, RowJob
from edl2ffmpeg.compositor.geometry import Rectangle
from edl2ffmpeg.compositor.planes import component_plane, component_rectangle, rectangle_plane
from edl2ffmpeg.compositor.resampling import sample_grids
from edl2ffmpeg.frame import Frame

__all__ = ["turn"]

_POSITION_BITS = 32
# Positions and steps beyond these many samples are beyond every picture.
_FARTHEST, _LONGEST = float(1 << 21), float(1 << 15)


def turn(source: Frame, target: Frame, affine: Affine, region: Rectangle) -> Iterator[RowJob]:
    """What draws canvas ``source`` into ``region`` of canvas ``target``, of the same layout.

    ``affine`` places the whole of ``source`` on ``target``.
    """
    to_picture = affine.inverse()
    for component in range(len(source.format.components)):
        samples = component_rectangle(target.format, component, region)
        if samples.width < 1 or samples.height < 1:
            continue
        across, down = sample_grids(target.format, component, target.width, target.height)
        from_across, from_down = sample_grids(source.format, component, source.width, source.height)
        x = float(across.first) + samples.left * across.spacing
        y = float(down.first) + samples.top * down.spacing
        # From picture coordinates to pixels of the source, and to its samples.
        half_x, half_y = (
            source.width / 2 / from_across.spacing,
            source.height / 2 / from_down.spacing,
        )
        p = to_picture.xx * x + to_picture.xy * y + to_picture.x0
        q = to_picture.yx * x + to_picture.yy * y + to_picture.y0
        places = (
            (p + 1) * half_x - float(from_across.first) / from_across.spacing,
            (q + 1) * half_y - float(from_down.first) / from_down.spacing,
            to_picture.xx * across.spacing * half_x,
            to_picture.yx * across.spacing * half_y,
            to_picture.xy * down.spacing * half_x,
            to_picture.yy * down.spacing * half_y,
        )
        yield RowJob(
            samples.height,
            partial(
                _warp,
                component_plane(source, component),
                rectangle_plane(target, component, samples),
                _numbers(places),
            ),
        )


def _numbers(
    places: tuple[float, float, float, float, float, float],
) -> tuple[int, int, int, int, int, int]:
    x, y, column_x, column_y, row_x, row_y = places
    return (
        _fixed(x, _FARTHEST),
        _fixed(y, _FARTHEST),
        _fixed(column_x, _LONGEST),
        _fixed(column_y, _LONGEST),
        _fixed(row_x, _LONGEST),
        _fixed(row_y, _LONGEST),
    )


def _fixed(value: float, most: float) -> int:
    return round(min(max(value, -most), most) * (1 << _POSITION_BITS))


def _warp(
    source: Plane,
    target: Plane,
    numbers: tuple[int, int, int, int, int, int],
    kernels: Kernels,
    row_start: int,
    row_end: int,
) -> None:
    kernels.warp(source, target, *numbers, row_start, row_end)
