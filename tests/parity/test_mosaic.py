"""Mosaics of canvases: block means, exactly and in float64."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from edl2ffmpeg.compositor import _kernels
from helpers.canvas import SIZES, Canvas, Floats, Integers, picture

Blocks = npt.NDArray[np.int32]


def mosaic(source: Integers, columns: Blocks, rows: Blocks) -> Integers:
    height, width = source.shape
    given, target = Canvas(width, height, source), Canvas(width, height)
    _kernels.mosaic(given.plane(), target.plane(), columns, rows)
    assert given.padding_is_untouched
    assert target.padding_is_untouched
    return target.codes


def even_blocks(count: int, size: int, first: int) -> Blocks:
    return ((np.arange(count) + size - first) // size).astype(np.int32)


def random_blocks(count: int, seed: int) -> Blocks:
    steps = np.random.default_rng(seed).random(count) < 0.3
    steps[0] = False
    return np.cumsum(steps).astype(np.int32)


def integer_mosaic(source: Integers, columns: Blocks, rows: Blocks) -> Integers:
    result = np.zeros_like(source)
    for row in range(rows[-1] + 1):
        for column in range(columns[-1] + 1):
            block = np.ix_(rows == row, columns == column)
            count = source[block].size
            result[block] = (int(source[block].sum()) + count // 2) // count
    return result


def mean_mosaic(source: Integers, columns: Blocks, rows: Blocks) -> Floats:
    down = (rows[None, :] == np.arange(rows[-1] + 1)[:, None]).astype(float)
    across = (columns[None, :] == np.arange(columns[-1] + 1)[:, None]).astype(float)
    sums = down @ source @ across.T
    means = sums / np.outer(down.sum(axis=1), across.sum(axis=1))
    result: Floats = means[np.ix_(rows, columns)]
    return result


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("block", [(1, 1), (2, 2), (1, 5), (7, 1), (16, 9), (1000, 1000)])
@pytest.mark.parametrize("kind", ["random", "white"])
def test_mosaic_of_even_blocks(size: tuple[int, int], block: tuple[int, int], kind: str) -> None:
    source = picture(kind, *size)
    for cut in (0, 1):
        first = [max(1, length - cut * (length // 2)) for length in block]
        columns = even_blocks(size[0], block[0], first[0]) - (first[0] == 0)
        rows = even_blocks(size[1], block[1], first[1])
        result = mosaic(source, columns, rows)
        assert (result == integer_mosaic(source, columns, rows)).all()
        assert np.abs(result - mean_mosaic(source, columns, rows)).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(4))
def test_mosaic_of_uneven_blocks(size: tuple[int, int], seed: int) -> None:
    source = picture("random", *size, seed=seed)
    columns, rows = random_blocks(size[0], seed), random_blocks(size[1], seed + 100)
    result = mosaic(source, columns, rows)
    assert (result == integer_mosaic(source, columns, rows)).all()
    assert np.abs(result - mean_mosaic(source, columns, rows)).max() <= 0.5 + 1e-6


def test_sums_of_large_blocks_are_exact() -> None:
    source = picture("white", 1200, 700)
    source[0, 0] = 0
    columns, rows = np.zeros(1200, np.int32), np.zeros(700, np.int32)
    assert (mosaic(source, columns, rows) == 32767).all()
    source[:, 600:] = 0
    assert (mosaic(source, columns, rows) == integer_mosaic(source, columns, rows)).all()


@pytest.mark.parametrize(
    "rows", [[0, 0, 2], [1, 1, 1], [0, 1, 0], [0, 0], [0, 0, 0, 0], [-1, 0, 0]]
)
def test_mosaic_refuses_other_blocks(rows: list[int]) -> None:
    source, target = Canvas(3, 3, 0), Canvas(3, 3, 0)
    good, bad = np.zeros(3, np.int32), np.array(rows, np.int32)
    for blocks in ((good, bad), (bad, good)):
        with pytest.raises(ValueError, match="block numbers"):
            _kernels.mosaic(source.plane(), target.plane(), *blocks)
    with pytest.raises(ValueError, match="memory"):
        _kernels.mosaic(source.plane(), source.plane(), good, good)
    with pytest.raises(ValueError, match="size"):
        _kernels.mosaic(source.plane(0, 2), target.plane(), good, good)
