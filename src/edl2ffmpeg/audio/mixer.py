"""Sums sounds into one block in float32 and counts what is over full scale; it limits nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edl2ffmpeg.audio.samples import Samples, silence

__all__ = ["Clipping", "Mixer"]


@dataclass(frozen=True, slots=True)
class Clipping:
    """How many samples (of any channel) are beyond full scale, the first one, and the peak."""

    samples: int = 0
    first_sample: int | None = None
    peak: float = 0.0


class Mixer:
    """Adds sounds block by block: ``begin``, ``add`` for each sound, ``finish``."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._first_sample = 0
        self._block = silence(0, channels)
        self._clipping = Clipping()

    @property
    def clipping(self) -> Clipping:
        """What was over full scale in the blocks finished so far."""
        return self._clipping

    def begin(self, first_sample: int, count: int) -> None:
        """Starts a silent block at ``first_sample``; the caller owns the one before it."""
        self._first_sample = first_sample
        self._block = silence(count, self._channels)

    def add(
        self, first_sample: int, samples: Samples, gains: NDArray[np.float32] | None = None
    ) -> None:
        """Adds ``samples`` (times ``gains``, one for each) from ``first_sample`` on."""
        offset = first_sample - self._first_sample
        part = self._block[offset : offset + len(samples)]
        part += samples if gains is None else samples * gains[:, None]

    def finish(self) -> Samples:
        """The sum, after counting its clipped samples."""
        block = self._block
        if block.size:
            self._count(block)
        return block

    def _count(self, block: Samples) -> None:
        peak = max(float(block.max()), -float(block.min()))
        seen = self._clipping
        samples, first = seen.samples, seen.first_sample
        if peak > 1.0:
            over = np.abs(block).max(axis=1) > 1.0
            samples += int(np.count_nonzero(np.abs(block) > 1.0))
            if first is None:
                first = self._first_sample + int(over.argmax())
        self._clipping = Clipping(samples, first, max(peak, seen.peak))
