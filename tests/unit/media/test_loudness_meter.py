"""Loudness after EBU R 128: the signals of EBU Tech 3341, and what cannot be measured."""

from __future__ import annotations

import numpy as np
import pytest

from edl2ffmpeg.media.loudness_meter import Loudness, LoudnessMeter


def sine(seconds: float, level_db: float, rate: int = 48_000, channels: int = 2):
    time = np.arange(round(seconds * rate)) / rate
    line = 10 ** (level_db / 20) * np.sin(2 * np.pi * 1000 * time)
    return np.repeat(line.astype(np.float32)[:, None], channels, axis=1)


def measured(*parts, rate: int = 48_000, block: int = 8192) -> Loudness:
    sound = np.concatenate(parts)
    meter = LoudnessMeter(rate, sound.shape[1])
    for at in range(0, len(sound), block):
        meter.add(sound[at : at + block])
    return meter.finish()


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ([(20, -23)], -23.0),
        ([(20, -33)], -33.0),
        ([(10, -36), (60, -23), (10, -36)], -23.0),
        ([(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23.0),
        ([(20, -26), (20.1, -20), (20, -26)], -23.0),
    ],
)
def test_signals_of_ebu_tech_3341(parts: list[tuple[float, float]], wanted: float) -> None:
    found = measured(*(sine(*part) for part in parts))
    assert found.integrated == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_the_rate_and_the_blocks_make_no_difference(rate: int) -> None:
    found = [measured(sine(5, -20, rate), rate=rate, block=block) for block in (777, 100_000)]
    assert found[0].integrated == pytest.approx(-20, abs=0.1)
    assert found[0] == found[1]


def test_one_channel_and_many() -> None:
    assert measured(sine(5, -20, channels=1)).integrated == pytest.approx(-23, abs=0.1)
    for channels in (3, 8, 9, 13, 16):
        assert measured(sine(2, -20, channels=channels)).integrated is not None


def test_the_true_peak_lies_between_samples() -> None:
    time = np.arange(48_000) / 48_000
    fade = np.minimum(1, np.minimum(time, 1 - time) * 50)
    line = (0.5 * np.sin(2 * np.pi * 12_000 * time + np.pi / 4) * fade).astype(np.float32)
    peak = measured(np.repeat(line[:, None], 2, axis=1)).true_peak
    assert np.abs(line).max() == pytest.approx(0.5 * 0.5**0.5, abs=1e-3)
    assert peak == pytest.approx(-6.02, abs=0.2)


def test_what_cannot_be_measured_is_none() -> None:
    assert measured(sine(0.3, -20)).integrated is None
    assert measured(sine(3, -80)).integrated is None
    assert measured(np.zeros((48_000, 2), np.float32)) == Loudness()
    assert LoudnessMeter(48_000, 2).finish() == Loudness()
    last = np.zeros((96_100, 2), np.float32)
    last[-1] = 0.9
    assert measured(last).true_peak == pytest.approx(20 * np.log10(0.9), abs=0.3)


@pytest.mark.parametrize("seconds", [2.9, 3.0, 3.1, 3.6, 4, 6])
def test_a_steady_tone_has_no_range(seconds: float) -> None:
    found = measured(sine(seconds, -20))
    assert found.integrated == pytest.approx(-20, abs=0.1)
    assert found.range == (None if seconds < 4 else 0.0)
