"""Reads how a picture is to be turned and mirrored from its display matrix; it moves no samples."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from math import atan2, degrees

import av
from av.sidedata.sidedata import SideDataContainer, Type

__all__ = ["Orientation", "orientation_of", "read_matrix"]

# The matrix is in 16.16 fixed point, which cannot hold most angles exactly.
_ANGLE_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Orientation:
    """What makes a stored picture upright: rows in reverse if ``flipped``, then the turn.

    ``rotation`` is clockwise: 0, 90, 180 or 270.  ``angle`` is what the matrix says, in degrees.
    """

    rotation: int = 0
    flipped: bool = False
    angle: float = 0.0

    @property
    def is_quarter_turn(self) -> bool:
        """Whether ``rotation`` is the whole turn that was asked for."""
        return abs((self.angle - self.rotation + 180) % 360 - 180) < _ANGLE_TOLERANCE


class _KnownSideData(SideDataContainer):
    """A frame's side data up to the first of a type that PyAV has no name for.

    PyAV's own list of it is an error as soon as there is one (EXIF is such a type).
    """

    def __init__(self, frame: av.VideoFrame) -> None:
        with suppress(ValueError):
            super().__init__(frame)  # type: ignore[call-arg]


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """The orientation in the side data of ``frame``; upright where there is none.

    FFmpeg gives that of EXIF as a display matrix too, and puts it before the rest.
    """
    for data in _KnownSideData(frame):
        with suppress(ValueError):
            if data.type is Type.DISPLAYMATRIX:
                return read_matrix(bytes(data))
    # It may lie behind what has no name; how far it turns is then all that is known of it.
    angle = -frame.rotation % 360
    return Orientation(round(angle / 90) % 4 * 90, False, angle)


def read_matrix(content: bytes) -> Orientation:
    """The orientation in a display matrix of nine native 32-bit integers."""
    if len(content) < 36:
        return Orientation()
    a, b, _, c, d, *_ = struct.unpack_from("=9i", content)
    determinant = a * d - b * c
    if determinant == 0:
        # It would squeeze the picture into a line: no turn can be meant.
        return Orientation()
    # Reversing the rows first changes the sign of c and d only, so the angle of the first
    # column is the turn that is left to do, mirrored or not.
    angle = degrees(atan2(b, a)) % 360
    return Orientation(round(angle / 90) % 4 * 90, determinant < 0, angle)
