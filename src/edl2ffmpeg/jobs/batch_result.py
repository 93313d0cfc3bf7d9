"""How far a batch is, and what came of it, as values and as the contents of its report."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edl2ffmpeg._version import __version__
from edl2ffmpeg.errors import Edl2FfmpegError
from edl2ffmpeg.jobs.job import RenderResult
from edl2ffmpeg.media.versions import library_versions
from edl2ffmpeg.rendering.progress import Progress

__all__ = ["BatchMovie", "BatchProgress", "BatchResult", "MovieProgress"]


@dataclass(frozen=True)
class BatchMovie:
    """What came of one EDL: ``status`` is ``done``, ``failed`` or ``skipped``.

    ``error`` is why it failed, ``seconds`` how long it took, and ``result`` that of its render.
    """

    edl: Path
    output: Path
    status: str
    error: Edl2FfmpegError | None = None
    seconds: float = 0.0
    result: RenderResult | None = None

    @property
    def report(self) -> dict[str, Any]:
        """Its entry in the report of the batch."""
        result = self.result
        return {
            "edl": str(self.edl),
            "output": str(self.output),
            "status": self.status,
            "error": str(self.error) if self.error is not None else None,
            "seconds": round(self.seconds, 3),
            "frames": result.frames if result is not None else 0,
            "warnings": list(result.warnings) if result is not None else [],
            "report": result.report if result is not None else None,
        }


@dataclass(frozen=True)
class BatchResult:
    """What came of all EDLs, in the order in which they were given."""

    movies: tuple[BatchMovie, ...]
    elapsed_seconds: float

    def of_status(self, status: str) -> tuple[BatchMovie, ...]:
        """The movies that are ``done``, ``failed`` or ``skipped``."""
        return tuple(movie for movie in self.movies if movie.status == status)

    @property
    def totals(self) -> dict[str, Any]:
        """Counts of movies, of frames and of warnings, and seconds of movie and of work."""
        results = [movie.result for movie in self.movies if movie.result is not None]
        counts = {status: len(self.of_status(status)) for status in ("done", "failed", "skipped")}
        return {
            "movies": len(self.movies),
            **counts,
            "frames": sum(result.frames for result in results),
            "duration_seconds": sum(result.duration_seconds for result in results),
            "elapsed_seconds": round(self.elapsed_seconds, 3),
            "warnings": sum(len(result.warnings) for result in results),
        }

    @property
    def report(self) -> dict[str, Any]:
        """The contents of the command's ``--report``."""
        return {
            "edl2ffmpeg": __version__,
            "versions": {"python": platform.python_version(), **library_versions()},
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "totals": self.totals,
            "movies": [movie.report for movie in self.movies],
        }


@dataclass(frozen=True, slots=True)
class MovieProgress:
    """A movie in work; ``progress`` is None while its EDL and media are read."""

    edl: Path
    output: Path
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far a batch is after ``elapsed_seconds``.

    ``frames_done`` are those of movies that are done and in work, ``frames_made`` without those
    that were found done, ``seconds_made`` how many seconds of movie these are.  ``share_done`` is
    from 0 to 1, every movie counting the same.  ``finished`` has been finished just now.
    """

    movies_total: int
    movies_done: int
    movies_failed: int
    movies_skipped: int
    elapsed_seconds: float
    frames_done: int
    frames_made: int
    seconds_made: float
    share_done: float
    in_work: tuple[MovieProgress, ...]
    finished: BatchMovie | None = None

    @classmethod
    def of(
        cls,
        total: int,
        movies: Sequence[BatchMovie],
        in_work: tuple[MovieProgress, ...],
        elapsed_seconds: float,
        finished: BatchMovie | None,
    ) -> BatchProgress:
        """The progress of ``total`` movies, of which ``movies`` are finished."""
        results = [movie.result for movie in movies if movie.result is not None]
        told = [entry.progress for entry in in_work if entry.progress is not None]
        reused = sum(progress.frames_reused for progress in told)
        # Sound that is measured is no frame of the movie yet.
        frames = [0 if progress.stage else progress.frames_done for progress in told]
        done = sum(result.frames for result in results)
        seconds = sum(result.duration_seconds for result in results)
        for progress, count in zip(told, frames, strict=True):
            seconds += max(count - progress.frames_reused, 0) / float(progress.frame_rate)
        parts = sum(
            count / progress.frames_total for progress, count in zip(told, frames, strict=True)
        )
        return cls(
            total,
            sum(movie.status == "done" for movie in movies),
            sum(movie.status == "failed" for movie in movies),
            sum(movie.status == "skipped" for movie in movies),
            elapsed_seconds,
            done + sum(frames),
            max(done + sum(frames) - reused, 0),
            seconds,
            min((len(movies) + parts) / total, 1.0),
            in_work,
            finished,
        )

    @property
    def movies_finished(self) -> int:
        """Movies of which nothing more will come."""
        return self.movies_done + self.movies_failed + self.movies_skipped

    @property
    def frames_per_second(self) -> float:
        """Mean speed so far, of all movies together."""
        return self.frames_made / self.elapsed_seconds if self.elapsed_seconds > 0 else 0.0

    @property
    def speed(self) -> float:
        """Seconds of movie made per second."""
        return self.seconds_made / self.elapsed_seconds if self.elapsed_seconds > 0 else 0.0

    @property
    def remaining_seconds(self) -> float | None:
        """Estimated time to go, if others are like those so far; None before the first frame."""
        quick = self.movies_failed + self.movies_skipped
        made = self.share_done * self.movies_total - quick
        if made <= 0:
            return None
        to_go = self.movies_total * (1 - self.share_done)
        return self.elapsed_seconds * to_go / made
