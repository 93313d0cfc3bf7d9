"""The last stage of a mix: one channel, gain, limiter, and a count of what is over full scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edl2ffmpeg.audio.limiter import Limiter
from edl2ffmpeg.audio.samples import Samples

__all__ = ["Clipping", "Master"]

_LOUDEST = 1e6


@dataclass(frozen=True, slots=True)
class Clipping:
    """How many samples (of any channel) are beyond full scale, the first one, and the peak."""

    samples: int = 0
    first_sample: int | None = None
    peak: float = 0.0


class Master:
    """Takes the blocks of a mix from ``first_sample`` on, and gives those to encode.

    ``to_mono`` makes one channel, the mean, of two.  With ``peak_limit_db`` sound comes later
    than it was put in; ``flush`` gives the rest.
    """

    def __init__(
        self,
        first_sample: int,
        sample_rate: int,
        channels: int,
        *,
        to_mono: bool = False,
        gain_db: float = 0.0,
        peak_limit_db: float | None = None,
    ) -> None:
        self._to_mono = to_mono
        self._gain = np.float32(10.0 ** (gain_db / 20))
        self._limiter = None
        if peak_limit_db is not None:
            self._limiter = Limiter(peak_limit_db, sample_rate, 1 if to_mono else channels)
        self._position = first_sample
        self._clipping = Clipping()

    @property
    def clipping(self) -> Clipping:
        """What was over full scale in the blocks given so far."""
        return self._clipping

    def process(self, block: Samples) -> Samples:
        """Takes a block, which may be changed, and gives what is ready."""
        # Gains may multiply beyond what a sample can hold.
        np.nan_to_num(block, copy=False, nan=0.0, posinf=_LOUDEST, neginf=-_LOUDEST)
        np.clip(block, -_LOUDEST, _LOUDEST, out=block)
        if self._to_mono:
            block = (block[:, :1] + block[:, 1:2]) * np.float32(0.5)
        if self._gain != 1:
            block *= self._gain
        return self._counted(block if self._limiter is None else self._limiter.process(block))

    def flush(self) -> Samples | None:
        """What is left inside; None without a limiter, which alone keeps any."""
        return None if self._limiter is None else self._counted(self._limiter.flush())

    def _counted(self, block: Samples) -> Samples:
        if block.size:
            self._count(block)
        self._position += len(block)
        return block

    def _count(self, block: Samples) -> None:
        peak = max(float(block.max()), -float(block.min()))
        seen = self._clipping
        samples, first = seen.samples, seen.first_sample
        if peak > 1.0:
            over = np.abs(block) > 1.0
            samples += int(np.count_nonzero(over))
            if first is None:
                first = self._position + int(over.any(axis=1).argmax())
        self._clipping = Clipping(samples, first, max(peak, seen.peak))
