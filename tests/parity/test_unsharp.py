"""Sharpening of canvases: the exact integers, and the definition in float64."""

from __future__ import annotations

import numpy as np
import pytest

from edl2ffmpeg.compositor import _kernels
from helpers.canvas import MOST_CODE, SIZES, Canvas, picture

ONE = 1 << 14


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("amount", [0, 1, ONE // 3, ONE, 3 * ONE + 77, 100 * ONE - 1, 100 * ONE])
@pytest.mark.parametrize("limits", [(0, MOST_CODE), (2048, 30080), (9000, 9000)])
def test_unsharp_is_its_definition(
    size: tuple[int, int], amount: int, limits: tuple[int, int]
) -> None:
    for kind in ("random", "noise of extremes"):
        original = Canvas(*size, picture(kind, *size, seed=1))
        blurred = Canvas(*size, picture(kind, *size, seed=2))
        target = Canvas(*size)
        samples, lost = original.codes, original.codes - blurred.codes
        _kernels.unsharp(
            original.plane(), blurred.plane(), target.plane(), amount, *limits, 0, size[1]
        )
        expected = np.clip(samples + (lost * amount + (1 << 13) >> 14), *limits)
        assert (target.codes == expected).all()
        exact = np.clip(samples + lost * (amount / ONE), *limits)
        assert np.abs(target.codes - exact).max() <= 0.5
        for start, end in ((1, size[1]), (0, 1)):
            _kernels.unsharp(
                original.plane(), blurred.plane(), original.plane(), amount, *limits, start, end
            )
        assert (original.array == target.array).all()
        assert target.padding_is_untouched
        assert original.padding_is_untouched


def test_unsharp_refuses_what_it_cannot_do() -> None:
    original, blurred = Canvas(20, 10, 0), Canvas(20, 10, 0)
    planes = (original.plane(), blurred.plane(), original.plane())
    for amount in (-1, 100 * ONE + 1):
        with pytest.raises(ValueError, match="amount"):
            _kernels.unsharp(*planes, amount, 0, MOST_CODE, 0, 10)
    for limits in ((-1, 5), (5, 4), (0, MOST_CODE + 1)):
        with pytest.raises(ValueError, match="low and high"):
            _kernels.unsharp(*planes, ONE, *limits, 0, 10)
    with pytest.raises(ValueError, match="row range"):
        _kernels.unsharp(*planes, ONE, 0, MOST_CODE, 0, 11)
    with pytest.raises(ValueError, match="memory"):
        _kernels.unsharp(planes[0], planes[1], planes[1], ONE, 0, MOST_CODE, 0, 10)
    with pytest.raises(ValueError, match="size"):
        _kernels.unsharp(original.plane(0, 19), planes[1], planes[2], ONE, 0, MOST_CODE, 0, 10)
