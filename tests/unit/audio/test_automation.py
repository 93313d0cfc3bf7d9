"""Levels and pans of blocks are those of the whole, whatever the block."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from edl2ffmpeg.audio.automation import Automation
from edl2ffmpeg.plan.mix_planner import ControlSpan
from edl2ffmpeg.timeline.animation import Animation, Interpolation, Keyframe

RATE = 48_000
SILENT = float("-inf")


def span(start: int, end: int, *keys: Keyframe, how: Interpolation = Interpolation.LINEAR):
    return ControlSpan(start, end, Animation(keys, how))


def key(time: float, value: float, *easing: float) -> Keyframe:
    return Keyframe(Fraction(str(time)), (value,), easing or None)  # type: ignore[arg-type]


def level_gains(spans, start: int, end: int, rate: int):
    return Automation(spans, rate, is_level=True).gains(start, end)


def pan_positions(sub_tracks, start: int, end: int, rate: int):
    positions = None
    for spans in sub_tracks:
        positions = Automation(spans, rate, is_level=False).positions(start, end, positions)
    return positions


SPANS = (
    span(100, 3000, key(0.01, -6, 0.4, 0, 0.2, 1), key(0.05, SILENT), key(0.06, 3)),
    span(3000, 5000, key(0.07, 1), key(0.07, -3), key(0.1, -9), how=Interpolation.SMOOTH),
    span(5100, 6000, key(0, SILENT), key(1, SILENT), how=Interpolation.HOLD),
)


@pytest.mark.parametrize("block", [1, 77, 1000, 4096])
def test_blocks_are_parts_of_the_whole(block: int) -> None:
    whole = level_gains(SPANS, 0, 7000, RATE)
    assert whole is not None
    for start in range(0, 7000, block):
        end = min(start + block, 7000)
        part = level_gains(SPANS, start, end, RATE)
        if part is None:
            part = np.ones(end - start)
        assert np.array_equal(part, whole[start:end])


def test_they_are_what_the_timeline_says_at_every_sample() -> None:
    smooth = span(0, 4800, key(0, -20), key(0.1, -3), how=Interpolation.SMOOTH)
    eased = span(0, 4800, key(0, -20, 0.3, -0.2, 0.6, 1.3), key(0.1, -3))
    for one in (smooth, eased):
        gains = level_gains([one], 0, 4800, RATE)
        assert gains is not None
        for sample in range(0, 4800, 37):
            (wanted,) = one.animation.at(Fraction(sample, RATE))
            assert 20 * np.log10(gains[sample]) == pytest.approx(wanted, abs=1e-6)


def test_easing_that_overshoots_is_kept_in_bounds() -> None:
    up = span(0, 4800, key(0, SILENT, 0.3, -1, 0.6, 1), key(0.1, 0))
    gains = level_gains([up], 0, 4800, RATE)
    assert gains is not None
    assert gains.min() == 0
    wide = span(0, 4800, key(0, -1, 0.3, -1, 0.6, 2), key(0.1, 1))
    positions = pan_positions([[wide]], 0, 4800, RATE)
    assert positions is not None
    assert (positions.min(), positions.max()) == (-1, 1)


def test_of_several_pans_the_last_counts_and_elsewhere_none() -> None:
    low = [span(100, 300, key(0, -1))]
    high = [span(200, 400, key(0, 0.5))]
    positions = pan_positions([low, high], 0, 500, RATE)
    assert positions is not None
    assert np.isnan(positions[:100]).all()
    assert (positions[100:200] == -1).all()
    assert (positions[200:400] == 0.5).all()
    assert np.isnan(positions[400:]).all()
    assert pan_positions([low, high], 400, 500, RATE) is None
    assert level_gains(SPANS, 6000, 7000, RATE) is None
