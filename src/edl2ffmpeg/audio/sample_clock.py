"""Which sample a timestamp means, for streams whose ticks may be coarser than samples.

Pure arithmetic: it reads no files.

Note [Sample positions]: while packets follow each other, sound is placed by counting samples,
because containers round timestamps (Matroska to milliseconds, 48 samples) and following
them would insert and drop samples.  A timestamp that disagrees with the count by more than
the tolerance is a real hole or overlap.  After a seek there is no count; then the timestamp
itself is exact (ticks no coarser than samples), or it is rounded to the grid of the codec's
equally long frames, which is the same sample that counting from the start gives.  Where
neither holds ``finds_samples`` is false and the position must be reached by counting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from edl2ffmpeg.timing import round_half_up, sample_at

__all__ = ["SampleClock"]

_TOLERANCE = Fraction(5, 1000)


@dataclass(frozen=True)
class SampleClock:
    """Positions of one stream: sample 0 is the first that sounds, at ``first_pts``.

    ``frame_samples`` is the length of every frame but the first and the last, or ``None``
    if they differ; ``first_samples`` is the first frame's, shorter where priming was cut.
    """

    sample_rate: int
    time_base: Fraction
    first_pts: int
    first_samples: int = 0
    frame_samples: int | None = None
    samples_per_tick: Fraction = field(init=False)
    tolerance: int = field(init=False)

    def __post_init__(self) -> None:
        """Derives the length of a tick, and by how many samples a timestamp may be off."""
        tick = self.time_base * self.sample_rate
        object.__setattr__(self, "samples_per_tick", tick)
        least = sample_at(_TOLERANCE, self.sample_rate)
        object.__setattr__(self, "tolerance", max(least, floor(tick * 3 / 2)))

    @property
    def finds_samples(self) -> bool:
        """Whether a timestamp alone tells the sample."""
        return self.samples_per_tick <= 1 or self._has_grid

    @property
    def _has_grid(self) -> bool:
        frame, tick = self.frame_samples, self.samples_per_tick
        return frame is not None and (frame >= 4 * tick or (frame / tick).denominator == 1)

    def estimate(self, pts: int) -> Fraction:
        """The position that ``pts`` spells, as it stands."""
        return (pts - self.first_pts) * self.samples_per_tick

    def pts_before(self, position: int) -> int:
        """The latest timestamp that is not after ``position``."""
        return self.first_pts + floor(position / self.samples_per_tick)

    def follows(self, pts: int, expected: int) -> bool:
        """Whether a frame at ``pts`` can be the one that counting expects at ``expected``."""
        # In integers: this is asked for every frame.
        tick = self.samples_per_tick
        off = (pts - self.first_pts) * tick.numerator - expected * tick.denominator
        return abs(off) <= self.tolerance * tick.denominator

    def position(self, pts: int) -> int:
        """The sample at ``pts`` where counting does not help."""
        estimate = self.estimate(pts)
        nearest = round_half_up(estimate)
        if self.frame_samples is None or not self._has_grid or self.samples_per_tick.numerator == 1:
            return nearest
        frames = round_half_up((estimate - self.first_samples) / self.frame_samples)
        on_grid = self.first_samples + frames * self.frame_samples
        # Off the grid there was a hole before: the timestamp is all there is.
        return on_grid if abs(on_grid - estimate) <= self.tolerance else nearest
