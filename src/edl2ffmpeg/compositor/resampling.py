"""Positions and taps of the resampling filter along one direction; it filters nothing itself.

Note [Chroma siting]

A grid of samples along one direction is ``first + i * spacing``, in pixels from the picture's
edge: luma sample i is at i + 1/2.  Subsampled chroma is sited as in MPEG-2 and most of what
followed: across, chroma sample i lies on luma sample 2i, so first = 1/2; down, midway between
two luma rows, so first = 1 for 4:2:0.  Mapping grid to grid in these coordinates keeps luma and
chroma registered at any scale, crop and quarter turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.frame import PixelFormat

__all__ = ["SampleGrid", "axis_taps", "map_grid", "sample_grids"]

WEIGHT_BITS = 14
"""Fractional bits of taps and weights, as in the kernels (Note [Working samples] there)."""

_SHARPNESS = -0.5  # Catmull-Rom: the cubic that reproduces ramps and parabolas


@dataclass(frozen=True, slots=True)
class SampleGrid:
    """``count`` samples at ``first + i * spacing`` pixels from the picture's edge."""

    first: Fraction
    spacing: int
    count: int

    def mirrored(self, length: int) -> SampleGrid:
        """The same samples after mirroring a picture ``length`` pixels long."""
        last = self.first + (self.count - 1) * self.spacing
        return SampleGrid(length - last, self.spacing, self.count)


def sample_grids(
    layout: PixelFormat, component: int, width: int, height: int
) -> tuple[SampleGrid, SampleGrid]:
    """Grids of one component of a stored picture: across, down (see Note [Chroma siting])."""
    columns, rows = layout.component_size(component, width, height)
    across, down = (0, 0)
    if component in (1, 2) and not layout.is_rgb:
        across, down = layout.chroma_shift
    return (
        SampleGrid(Fraction(1, 2), 1 << across, columns),
        SampleGrid(Fraction(1 << down, 2), 1 << down, rows),
    )


def map_grid(
    target: SampleGrid,
    target_range: tuple[int, int],
    source: SampleGrid,
    source_range: tuple[Fraction, Fraction],
) -> tuple[int, Fraction, Fraction]:
    """How samples of ``target`` inside a range of pixels read ``source``.

    Returns how many samples there are, and the source sample number (a fraction) of the
    first one and the step from one to the next.  ``source_range`` is (start, length).
    """
    start, end = target_range
    first = -(-start // target.spacing)
    count = min(-(-end // target.spacing), target.count) - first
    ratio = source_range[1] / (end - start)
    position = source_range[0] + (target.first + first * target.spacing - start) * ratio
    step = target.spacing * ratio / source.spacing
    return count, (position - source.first) / source.spacing, step


def axis_taps(
    count: int, source_count: int, first: Fraction, step: Fraction, multiple: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int16]]:
    """First source sample and taps of each output sample.

    Taps of one output sum to exactly ``2**WEIGHT_BITS``.  When shrinking, the kernel is
    widened by the step, which removes what the output cannot hold.  Taps beyond the
    picture's edge are added to the edge sample.  The number of taps is rounded up to
    ``multiple`` (more than four) where the source is long enough.
    """
    if step == 1 and first.denominator == 1 and 0 <= first <= source_count - count:
        positions = np.arange(count, dtype=np.int32) + np.int32(first)
        return positions, np.full((count, 1), 1 << WEIGHT_BITS, np.int16)
    floors, fractions = _split(count, first, step)
    stretch = max(1.0, float(step))
    reach = ceil(2 * max(step, Fraction(1)))
    offsets = np.arange(1 - reach, reach + 1)
    weights = _cubic((offsets[None, :] - fractions[:, None]) / stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    taps = 2 * reach if reach == 2 else -(-2 * reach // multiple) * multiple
    taps = min(taps, source_count)
    positions = np.clip(floors + 1 - reach, 0, source_count - taps)
    columns = np.clip(floors[:, None] + offsets[None, :], 0, source_count - 1)
    folded = np.zeros((count, taps))
    slots = np.clip(columns - positions[:, None], 0, taps - 1)
    np.add.at(folded, (np.arange(count)[:, None], slots), weights)
    return positions.astype(np.int32), _quantised(folded)


def _split(
    count: int, first: Fraction, step: Fraction
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Whole and fractional parts of ``first + i * step``, from exact integers."""
    denominator = first.denominator * step.denominator
    start = first.numerator * step.denominator
    advance = step.numerator * first.denominator
    numerators = [start + index * advance for index in range(count)]
    parts = [divmod(value, denominator) for value in numerators]
    floors = np.array([whole for whole, _ in parts], np.int64)
    return floors, np.array([rest / denominator for _, rest in parts])


def _cubic(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    x = np.abs(distance)
    near = ((_SHARPNESS + 2) * x - (_SHARPNESS + 3)) * x * x + 1
    far = _SHARPNESS * (((x - 5) * x + 8) * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _quantised(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.int16]:
    one = 1 << WEIGHT_BITS
    taps = np.rint(weights * one).astype(np.int64)
    rows = np.arange(len(taps))
    # What rounding leaves over goes to the largest tap, where it matters least.
    taps[rows, np.argmax(taps, axis=1)] += one - taps.sum(axis=1)
    return taps.astype(np.int16)
