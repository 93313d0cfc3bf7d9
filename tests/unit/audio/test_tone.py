"""The test tone: frequency, level, and a phase that cuts do not disturb."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from edl2ffmpeg.audio import tone

TONE_PEAK = tone.TONE_PEAK


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_tone_is_the_sine_of_the_source_time(rate: int) -> None:
    offset = Fraction(1001, 30000)
    first = 3 * 3600 * rate + 17
    samples = tone.tone_samples(first, 500, rate, 2, offset)
    for k in (0, 1, 250, 499):
        cycles = float((Fraction(first + k, rate) + offset) * 1000 % 1)
        assert abs(samples[k, 0] - TONE_PEAK * np.sin(2 * np.pi * cycles)) <= 1e-6
    assert np.array_equal(samples[:, 0], samples[:, 1])


def test_tone_peaks_18_db_below_full_scale() -> None:
    samples = tone.tone_samples(0, 48000, 48000, 1)
    assert abs(20 * np.log10(np.abs(samples).max()) + 18) < 0.01
    spectrum = np.abs(np.fft.rfft(samples[:, 0]))
    assert spectrum.argmax() == 1000


def test_tone_does_not_depend_on_the_block() -> None:
    whole = tone.tone_samples(0, 3000, 44100, 2, Fraction(1, 7))
    parts = [tone.tone_samples(at, 100, 44100, 2, Fraction(1, 7)) for at in range(0, 3000, 100)]
    assert np.array_equal(whole, np.concatenate(parts))
