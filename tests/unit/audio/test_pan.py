"""The laws of panning: constant power, the middle, the ends."""

from __future__ import annotations

import numpy as np
import pytest

from edl2ffmpeg.audio.pan import pan_mono, pan_stereo

POSITIONS = np.linspace(-1, 1, 201)


def test_one_sound_keeps_its_power() -> None:
    ones = np.ones((201, 3), np.float32)
    panned = pan_mono(ones, POSITIONS)
    assert np.allclose((panned[:, :2] ** 2).sum(axis=1), 1, atol=1e-6)
    assert panned[0].tolist() == pytest.approx([1, 0, 1], abs=1e-7)
    assert panned[100, :2].tolist() == pytest.approx([0.5**0.5] * 2)
    assert panned[-1].tolist() == pytest.approx([0, 1, 1], abs=1e-7)
    assert (ones == 1).all()


def test_two_sounds_are_folded_to_one_side() -> None:
    samples = np.zeros((201, 2), np.float32)
    samples[:, 0], samples[:, 1] = 0.25, 0.5
    panned = pan_stereo(samples, POSITIONS)
    assert panned[0].tolist() == pytest.approx([0.75, 0], abs=1e-7)
    assert panned[100].tolist() == [0.25, 0.5]
    assert panned[-1].tolist() == pytest.approx([0, 0.75], abs=1e-7)
    # Of each sound on its own the power stays.
    only_right = samples * np.array([0, 1], np.float32)
    moved = pan_stereo(only_right, POSITIONS)
    assert np.allclose((moved[:101] ** 2).sum(axis=1), 0.25, atol=1e-6)


def test_where_there_is_no_position_nothing_changes() -> None:
    samples = np.random.default_rng(2).uniform(-1, 1, (50, 2)).astype(np.float32)
    positions = np.full(50, np.nan)
    positions[20:30] = -1
    for law in (pan_mono, pan_stereo):
        panned = law(samples, positions)
        untouched = np.isnan(positions)
        assert np.array_equal(panned[untouched], samples[untouched])
        assert not panned[20:30, 1].any()
