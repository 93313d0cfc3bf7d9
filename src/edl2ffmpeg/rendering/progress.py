"""Progress of a render as events; it prints nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Progress", "ProgressCallback"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a render is: frames done of ``frames_total``, after ``elapsed_seconds``.

    ``stage`` is empty for the render itself, and says what is done before it or instead: sound
    that is measured, or written without pictures.  With chunks, ``workers`` are at work, and
    ``chunks_done`` of ``chunks_total`` are done, of which ``chunks_reused`` were found done with
    ``frames_reused``; ``retries`` is how many failed and were tried again.
    """

    frames_done: int
    frames_total: int
    elapsed_seconds: float
    frame_rate: Fraction
    stage: str = ""
    workers: int = 0
    chunks_done: int = 0
    chunks_total: int = 1
    chunks_reused: int = 0
    frames_reused: int = 0
    retries: int = 0

    @property
    def frames_per_second(self) -> float:
        """Mean speed so far; what was found done does not count."""
        made = self.frames_done - self.frames_reused
        return made / self.elapsed_seconds if self.elapsed_seconds > 0 else 0.0

    @property
    def speed(self) -> float:
        """Seconds of movie made per second."""
        return self.frames_per_second / float(self.frame_rate)

    @property
    def remaining_seconds(self) -> float | None:
        """Estimated time to go; None before the first frame."""
        rate = self.frames_per_second
        return (self.frames_total - self.frames_done) / rate if rate > 0 else None


ProgressCallback = Callable[[Progress], None]
