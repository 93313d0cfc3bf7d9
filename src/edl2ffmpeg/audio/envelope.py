"""Fades and crossfades, evaluated at the exact time of every sample; it applies nothing."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from edl2ffmpeg.plan.mix_planner import Crossfade

__all__ = ["FadeEnvelope", "crossfade_gains"]


@dataclass(frozen=True, slots=True)
class FadeEnvelope:
    """The linear fades of a clip that lasts ``[start, end)`` seconds.

    ``top`` and ``tail`` are the fades' lengths in seconds; 0 is no fade.  Where both apply
    the smaller weight wins.
    """

    start: Fraction
    end: Fraction
    top: Fraction = Fraction(0)
    tail: Fraction = Fraction(0)

    def is_flat(self, first_sample: int, end_sample: int, sample_rate: int) -> bool:
        """Whether every gain in ``[first_sample, end_sample)`` is 1."""
        begins = self.start + self.top
        ends = self.end - self.tail
        return (not self.top or Fraction(first_sample, sample_rate) >= begins) and (
            not self.tail or Fraction(end_sample - 1, sample_rate) <= ends
        )

    def gains(self, first_sample: int, end_sample: int, sample_rate: int) -> NDArray[np.float32]:
        """The gain of each sample k of ``[first_sample, end_sample)``, at time k / rate."""
        # From absolute sample numbers, so that a gain does not depend on where a block began.
        samples = np.arange(first_sample, end_sample, dtype=np.float64)
        gains = np.ones(len(samples))
        if self.top:
            np.minimum(gains, _ramp(samples, self.start, self.top, sample_rate), out=gains)
        if self.tail:
            np.minimum(gains, _ramp(samples, self.end, -self.tail, sample_rate), out=gains)
        return np.clip(gains, 0.0, 1.0, out=gains).astype(np.float32)


def crossfade_gains(fade: Crossfade, first_sample: int, end_sample: int) -> NDArray[np.float64]:
    """The gain of each sample of ``[first_sample, end_sample)``; 0 or 1 outside of the fade."""
    length = fade.end_sample - fade.start_sample
    samples = np.arange(first_sample, end_sample, dtype=np.float64)
    share = np.clip((samples - fade.start_sample + 0.5) / length, 0.0, 1.0)
    angle = share * (np.pi / 2)
    return np.sin(angle) if fade.rises else np.cos(angle)


def _ramp(
    samples: NDArray[np.float64], origin: Fraction, duration: Fraction, sample_rate: int
) -> NDArray[np.float64]:
    """(k / rate - origin) / duration."""
    return (samples - float(origin * sample_rate)) / float(duration * sample_rate)
