"""The limiter: no peak over the limit, nothing else changed, the same in any blocks."""

from __future__ import annotations

import numpy as np
import pytest

from edl2ffmpeg.audio.limiter import Limiter
from edl2ffmpeg.audio.samples import Samples
from edl2ffmpeg.media.loudness_meter import LoudnessMeter

RATE = 48_000


def limited(sound: Samples, limit: float, block: int = 8192, rate: int = RATE) -> Samples:
    limiter = Limiter(limit, rate, sound.shape[1])
    parts = [limiter.process(sound[at : at + block]) for at in range(0, len(sound), block)]
    return np.concatenate([*parts, limiter.flush()])


def true_peak_db(sound: Samples) -> float:
    """By sixteen times as many samples, through the spectrum."""
    count = len(sound)
    spectrum = np.fft.rfft(sound.astype(np.float64), axis=0)
    padded = np.zeros((count * 8 + 1, sound.shape[1]), complex)
    padded[: len(spectrum)] = spectrum
    fine = np.fft.irfft(padded, count * 16, axis=0) * 16
    return float(20 * np.log10(np.abs(fine).max()))


def tones(*parts: tuple[float, float, float]) -> Samples:
    time = np.arange(RATE) / RATE
    fade = np.minimum(1, np.minimum(time, 1 - time) * 20)
    line = sum(peak * np.sin(2 * np.pi * f * time + phase) for f, peak, phase in parts) * fade
    return np.stack([line, line * 0.5], axis=1).astype(np.float32)


def hostile() -> Samples:
    """Noise, single samples far over it, and the fastest alternation there is."""
    sound = np.random.default_rng(3).standard_normal((RATE, 2)) * 0.5
    sound[10_000::7_919] = 3
    sound[20_000:20_100] = np.array([2, -2] * 50)[:, None]
    sound *= np.minimum(1, np.minimum(np.arange(RATE), np.arange(RATE)[::-1]) / 2000)[:, None]
    return sound.astype(np.float32)


def measured_peak(sound: Samples, rate: int) -> float:
    meter = LoudnessMeter(rate, 2)
    meter.add(sound)
    peak = meter.finish().true_peak
    assert peak is not None
    return peak


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_the_meter_agrees(rate: int) -> None:
    assert measured_peak(limited(hostile(), -1, rate=rate), rate) <= -1


@pytest.mark.parametrize(
    "sound",
    [
        tones((1000, 2.0, 0)),
        tones((12_000, 1.2, np.pi / 4)),
        tones((19_000, 0.9, 0.3), (50, 0.8, 0)),
        tones((100, 0.9, 0), (1500, 0.7, 1)),
    ],
)
@pytest.mark.parametrize("limit", [-1.0, -9.0])
def test_no_true_peak_is_over_the_limit(sound: Samples, limit: float) -> None:
    result = limited(sound, limit)
    assert result.shape == sound.shape
    assert true_peak_db(sound) > limit
    assert limit - 0.8 < true_peak_db(result) <= limit


def test_what_is_below_stays_bit_for_bit() -> None:
    sound = tones((997, 0.5, 0))
    assert np.array_equal(limited(sound, -3), sound)
    spike = sound.copy()
    spike[24_000] = 2.0
    result = limited(spike, -3)
    reach = round(0.005 * RATE) + 16
    assert np.array_equal(result[: 24_000 - reach], spike[: 24_000 - reach])
    # 40 dB a second: the 9 dB are back after less than a quarter of one.
    assert np.array_equal(result[36_500:], spike[36_500:])
    assert np.abs(result[24_000]).max() <= 10 ** (-3 / 20)


def test_both_channels_are_turned_down_alike() -> None:
    sound = tones((200, 1.5, 0))
    result = limited(sound, -6)
    loud = np.abs(sound[:, 1]) > 0.01
    assert np.allclose(result[loud, 0] / result[loud, 1], 2, rtol=1e-5)


@pytest.mark.parametrize("block", [1, 100, 1000, 20_000])
def test_blocks_make_no_difference(block: int) -> None:
    sound = tones((100, 0.9, 0), (3000, 0.7, 1))[: 20_000 if block > 1 else 1500]
    assert np.abs(limited(sound, -6, block) - limited(sound, -6)).max() <= 1e-7


@pytest.mark.parametrize("count", [0, 1, 10, 300])
def test_short_sounds_come_out_whole(count: int) -> None:
    sound = np.full((count, 2), 1.5, np.float32)
    result = limited(sound, -1)
    assert result.shape == sound.shape
    assert not count or np.abs(result).max() <= 10 ** (-1 / 20)
