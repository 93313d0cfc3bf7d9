"""The vectorised filters give exactly the integers of the kernels' definition.

The definition is written out once more here, in NumPy's integers; what any device computes
must be equal to it bit for bit.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from edl2ffmpeg.compositor import _kernels
from edl2ffmpeg.compositor.planes import component_plane
from edl2ffmpeg.compositor.resampling import axis_taps
from helpers.frames import blank_frame, codes, padding_is_untouched, random_frame

Integers = npt.NDArray[np.int64]

SOURCES = ["gray", "gray10le", "gray14le", "gray16le"]


def across(samples: Integers, depth: int, positions: Integers, taps: Integers) -> Integers:
    if taps.shape[1] == 1:
        scaled = (samples - (1 << (depth - 1))) * 2.0 ** (15 - depth)
        return np.floor(scaled[:, positions]).astype(np.int64)
    columns = positions[:, None] + np.arange(taps.shape[1])
    if depth == 16:
        total = ((samples - 32768)[:, columns] * taps).sum(axis=2) + (1 << 14)
        return total >> 15
    total = (samples[:, columns] * taps).sum(axis=2) - (1 << (depth - 1 + 14))
    return total + (1 << (depth - 2)) >> (depth - 1)


def down(rows: Integers, positions: Integers, taps: Integers) -> Integers:
    lines = positions[:, None] + np.arange(taps.shape[1])
    return (rows[lines] * taps[:, :, None]).sum(axis=1) + (1 << 13) >> 14


def blended(
    working: Integers, scale: int, offset: int, coverage: int, beneath: int, depth: int
) -> Integers:
    above = working * scale + offset >> 14
    below = (beneath - (1 << (depth - 1))) * 2 ** (15 - depth)
    total = above * coverage + below * ((1 << 14) - coverage)
    shift = 14 + 15 - depth
    return (total + (1 << (shift - 1)) >> shift) + (1 << (depth - 1))


@pytest.mark.parametrize("layout", SOURCES)
@pytest.mark.parametrize("size", [(61, 47), (333, 29), (31, 101), (67, 50)])
@pytest.mark.parametrize("output", ["gray", "gray10le", "gray12le"])
@pytest.mark.parametrize("coverage", [None, 5000])
def test_draw_is_its_integer_definition(
    layout: str, size: tuple[int, int], output: str, coverage: int | None
) -> None:
    source = random_frame(67, 50, layout)
    target = blank_frame(*size, output)
    target.array(0)[...] = 77
    axes = []
    for count, source_count, multiple in ((size[0], 67, 8), (size[1], 50, 2)):
        step = Fraction(source_count, count)
        axes.append(axis_taps(count, source_count, (step - 1) / 2, step, multiple))
    depth, out_depth = source.format.depth, target.format.depth
    scale, constant = 11_000, 1_234
    shift = 14 + 15 - out_depth
    channel = _kernels.Channel(
        component_plane(source, 0), depth, *(_kernels.Axis(*axis) for axis in axes)
    )
    plane = component_plane(target, 0)
    offset = (1 << (out_depth - 1)) << shift
    drawn = _kernels.Output(plane, out_depth, [16_384], 1 << 13, scale, offset, constant)
    covered = None if coverage is None else _kernels.Coverage(False, 0, 0, coverage)
    _kernels.draw([channel], [drawn], covered, _kernels.Scratch(), 0, size[1])

    samples = codes(source, 0).astype(np.int64)
    working = down(across(samples, depth, *(part.astype(np.int64) for part in axes[0])), *(
        part.astype(np.int64) for part in axes[1]
    ))  # fmt: skip
    if coverage is None:
        expected = working * scale + offset >> shift
    else:
        expected = blended(working, scale, constant, coverage, 77, out_depth)
    assert (codes(target, 0) == np.clip(expected, 0, (1 << out_depth) - 1)).all()
    assert padding_is_untouched(target)


def test_kernels_refuse_to_leave_a_plane() -> None:
    source, target = random_frame(20, 10, "gray"), blank_frame(20, 10, "gray")
    plane, other = component_plane(source, 0), component_plane(target, 0)
    with pytest.raises(ValueError, match="row range"):
        _kernels.fill(other, 0, 0, 11)
    long = _kernels.Axis(np.arange(20, dtype=np.int32) + 1, np.full((20, 1), 1 << 14, np.int16))
    short = _kernels.Axis(np.arange(10, dtype=np.int32), np.full((10, 1), 1 << 14, np.int16))
    channel = _kernels.Channel(plane, 8, long, short)
    output = _kernels.Output(other, 8, [1 << 14], 1 << 13, 1 << 14, 0, 0)
    with pytest.raises(ValueError, match="beyond its source"):
        _kernels.draw([channel], [output], None, _kernels.Scratch(), 0, 10)
    with pytest.raises(ValueError, match="smaller"):
        _kernels.affine(
            component_plane(random_frame(19, 10, "gray"), 0), other, 1, 0, 0, 255, False, 0, 10
        )
