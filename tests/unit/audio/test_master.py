"""The last stage of a mix: what is counted beyond full scale, one channel, gain, limiter."""

from __future__ import annotations

import numpy as np
import pytest

from edl2ffmpeg.audio.master import Master

RATE = 48_000


def test_clipping_is_counted_with_its_first_sample() -> None:
    master = Master(100, RATE, 2)
    for block in range(3):
        sound = np.zeros((10, 2), np.float32)
        if block:
            sound[3] = (-1.5, 1.25)
        sound[5] = (1.0, -1.0)
        given = master.process(sound.copy())
        assert np.array_equal(given, sound)
    clipping = master.clipping
    assert (clipping.samples, clipping.first_sample, clipping.peak) == (4, 113, 1.5)
    assert master.flush() is None
    assert master.process(np.zeros((0, 2), np.float32)).shape == (0, 2)


def test_one_channel_is_the_mean_of_two() -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, (64, 2)).astype(np.float32)
    given = Master(0, RATE, 1, to_mono=True).process(sound.copy())
    assert given.shape == (64, 1)
    assert np.abs(given[:, 0] - sound.astype(np.float64).mean(axis=1)).max() <= 1e-7


def test_the_gain_comes_before_the_count_and_the_limiter() -> None:
    sound = np.full((4800, 2), 0.5, np.float32)
    loud = Master(0, RATE, 2, gain_db=20)
    assert loud.process(sound.copy()).max() == pytest.approx(5.0, rel=1e-6)
    assert loud.clipping.samples == 9600
    limited = Master(0, RATE, 2, gain_db=20, peak_limit_db=-1)
    first = limited.process(sound.copy())
    rest = limited.flush()
    assert rest is not None
    assert len(first) + len(rest) == 4800
    whole = np.concatenate((first, rest))
    assert whole.max() <= 10 ** (-1 / 20)
    assert whole[1000:-1000].min() > 0.8
    assert limited.clipping.samples == 0
