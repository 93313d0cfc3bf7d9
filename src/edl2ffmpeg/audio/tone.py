"""The test tone: a sine of 1 kHz whose peak is 18 dB below full scale; it knows no clips."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from edl2ffmpeg.audio.samples import Samples

__all__ = ["TONE_FREQUENCY", "TONE_PEAK", "tone_samples"]

TONE_FREQUENCY = 1000
TONE_PEAK = 10.0 ** (-18 / 20)


def tone_samples(
    first_sample: int, count: int, sample_rate: int, channels: int, offset: Fraction = Fraction(0)
) -> Samples:
    """Samples of the tone; sample k sounds the sine at the time k / rate + ``offset`` seconds.

    The phase follows from that time alone, so cuts between parts of the tone are seamless.
    """
    # Whole numbers modulo one second keep the phase equal wherever a block begins.
    samples = np.arange(first_sample, first_sample + count, dtype=np.int64) % sample_rate
    cycles = (samples * TONE_FREQUENCY % sample_rate) / sample_rate
    cycles += float(offset * TONE_FREQUENCY % 1)
    sine = (TONE_PEAK * np.sin(2.0 * np.pi * cycles)).astype(np.float32)
    return np.repeat(sine[:, None], channels, axis=1)
