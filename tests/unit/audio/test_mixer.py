"""Sums in float32, and what is counted beyond full scale."""

from __future__ import annotations

import numpy as np

from edl2ffmpeg.audio.mixer import Mixer


def test_sounds_are_added_where_they_belong() -> None:
    rng = np.random.default_rng(5)
    one, two = rng.uniform(-0.4, 0.4, (2, 100, 2)).astype(np.float32)
    gains = np.linspace(0, 1, 50, dtype=np.float32)
    mixer = Mixer(2)
    mixer.begin(1000, 100)
    mixer.add(1000, one)
    mixer.add(1030, two[:50], gains)
    wanted = one.astype(np.float64)
    wanted[30:80] += two[:50] * gains[:, None].astype(np.float64)
    mixed = mixer.finish()
    assert mixed.dtype == np.float32
    assert np.abs(mixed - wanted).max() <= 1e-6
    assert mixer.clipping.samples == 0


def test_one_sound_comes_through_bit_for_bit() -> None:
    sound = np.random.default_rng(6).uniform(-1, 1, (64, 2)).astype(np.float32)
    mixer = Mixer(2)
    mixer.begin(0, 64)
    mixer.add(0, sound)
    assert np.array_equal(mixer.finish(), sound)


def test_clipping_is_counted_with_its_first_sample() -> None:
    mixer = Mixer(2)
    for block in range(3):
        mixer.begin(block * 10, 10)
        sound = np.zeros((10, 2), np.float32)
        if block:
            sound[3] = (-1.5, 1.25)
        sound[5] = (1.0, -1.0)
        mixer.add(block * 10, sound)
        mixer.finish()
    clipping = mixer.clipping
    assert (clipping.samples, clipping.first_sample, clipping.peak) == (4, 13, 1.5)
    mixer.begin(30, 0)
    assert mixer.finish().shape == (0, 2)
