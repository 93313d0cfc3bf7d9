from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from edl2ffmpeg.compositor.resampling import SampleGrid, axis_taps, map_grid, sample_grids
from edl2ffmpeg.frame import pixel_format


@pytest.mark.parametrize("counts", [(1920, 1280), (640, 1920), (33, 97), (5, 3), (1, 1), (7, 1)])
def test_taps_sum_to_one_and_stay_inside(counts):
    count, source_count = counts
    step = Fraction(source_count, count)
    positions, taps = axis_taps(count, source_count, (step - 1) / 2, step, 8)
    assert (taps.astype(int).sum(axis=1) == 1 << 14).all()
    assert (np.diff(positions) >= 0).all()
    assert positions[0] >= 0
    assert positions[-1] + taps.shape[1] <= source_count


def test_enlarging_takes_four_taps_and_shrinking_a_multiple_of_eight():
    assert axis_taps(90, 60, Fraction(0), Fraction(2, 3), 8)[1].shape == (90, 4)
    assert axis_taps(40, 60, Fraction(0), Fraction(3, 2), 8)[1].shape == (40, 8)
    assert axis_taps(40, 60, Fraction(0), Fraction(3, 2), 2)[1].shape == (40, 6)


def test_an_unscaled_axis_has_no_filter():
    positions, taps = axis_taps(5, 9, Fraction(2), Fraction(1), 8)
    assert positions.tolist() == [2, 3, 4, 5, 6]
    assert taps.tolist() == [[1 << 14]] * 5


def test_a_long_axis_keeps_its_exact_phase():
    # A third of a sample per step: every third output lies on a sample, however far along.
    _, taps = axis_taps(30_000, 10_003, Fraction(1), Fraction(1, 3), 8)
    assert (taps[3:29_990:3].max(axis=1) == 1 << 14).all()


def test_chroma_is_on_even_luma_columns_and_between_rows():
    across, down = sample_grids(pixel_format("yuv420p"), 1, 7, 5)
    assert across == SampleGrid(Fraction(1, 2), 2, 4)
    assert down == SampleGrid(Fraction(1), 2, 3)


def test_mirroring_puts_chroma_on_odd_columns():
    across, _ = sample_grids(pixel_format("yuv420p"), 1, 8, 6)
    assert across.mirrored(8) == SampleGrid(Fraction(3, 2), 2, 4)


def test_chroma_of_a_doubled_picture_moves_a_quarter_sample_across():
    source, _ = sample_grids(pixel_format("yuv420p"), 1, 64, 48)
    target, _ = sample_grids(pixel_format("yuv420p"), 1, 128, 96)
    whole = (Fraction(0), Fraction(64))
    assert map_grid(target, (0, 128), source, whole) == (64, Fraction(-1, 8), Fraction(1, 2))
