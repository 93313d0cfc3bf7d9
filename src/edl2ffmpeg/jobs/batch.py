"""Renders many EDLs by the same workers, each as a render of its own; it prints nothing.

A thread for each EDL that is open reads it and waits for workers; a few more are open than there
are workers, so that none of these waits for an EDL to be read or for a movie to be joined.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from time import monotonic, perf_counter

from edl2ffmpeg.devices.cpu import worker_count
from edl2ffmpeg.errors import Edl2FfmpegError, JobError, MediaOpenError, SettingsError
from edl2ffmpeg.jobs.batch_result import BatchMovie, BatchProgress, BatchResult, MovieProgress
from edl2ffmpeg.jobs.crew import Crew
from edl2ffmpeg.jobs.device_choice import DeviceTrials, choose_stages
from edl2ffmpeg.jobs.publish import KeptWork, PublishGuard
from edl2ffmpeg.jobs.render_job import (
    locations_of,
    read_timeline,
    refuse_own_files,
    render_timeline,
)
from edl2ffmpeg.jobs.subtitles import refuse_sidecar_names
from edl2ffmpeg.media.formats import container_for
from edl2ffmpeg.media.storage import local_path
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.rendering.progress import Progress
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline

__all__ = ["Batch", "BatchProgressCallback"]

_log = logging.getLogger(__name__)

BatchProgressCallback = Callable[[BatchProgress], None]

_LOOK_SECONDS = 0.1
# EDLs that are open beside those that the workers are at: one being read, one being joined.
_OPEN_AHEAD = 2
_MOST_OPEN = 24
_MANY = 1000
# A thread that waits inside of FFmpeg for a server cannot be stopped.
_PATIENCE_SECONDS = 1.5
# Of a frame, by which memory is judged before any EDL is read.
_USUAL_SIZE = (1920, 1080)
_USUAL_RATE = Fraction(30)


class _StoppedError(BaseException):
    """Nobody wants the movie any more."""


@dataclass
class _Guard:
    """What one movie tells of its files; its end ends nothing of the others'."""

    guard: PublishGuard | None
    work: list[KeptWork] = field(default_factory=list)

    def holds(self, partial: Path) -> None:
        if self.guard is not None:
            self.guard.holds(partial)

    def keeps(self, work: KeptWork) -> None:
        self.work.append(work)

    def commits(self) -> None:
        """Only the main thread is interrupted."""


class Batch(Owner):
    """The renders of ``edls`` to ``out_dir/STEM.FORMAT``; call ``run`` once, and close it.

    ``reserved`` are files that no movie may be written to.  With ``skip_existing`` movies that
    are there are left alone.  Raises ``SettingsError`` for what can work for no EDL.
    """

    def __init__(
        self,
        edls: Sequence[Path],
        out_dir: Path,
        settings: RenderSettings,
        *,
        format: str = "mp4",
        skip_existing: bool = False,
        reserved: Sequence[Path] = (),
        guard: PublishGuard | None = None,
    ) -> None:
        if not edls:
            raise SettingsError("there is no EDL to render; name at least one")
        extension = format.removeprefix(".")
        self._container = container_for(Path(f"movie.{extension}"))
        self._edls = edls
        self._outputs = [out_dir / f"{edl.stem}.{extension}" for edl in edls]
        self._settings = settings
        self._skips = skip_existing
        # What is rendered in this run, by the paths of the movies.
        self._made: dict[str, int] = {}
        self._reserved = {os.path.realpath(path): path for path in (*edls, *reserved)}
        self._guard = guard
        self._started = perf_counter()
        self._stopping = threading.Event()
        self._todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._finished: queue.SimpleQueue[tuple[int, BatchMovie]] = queue.SimpleQueue()
        self._movies: dict[int, BatchMovie] = {}
        self._in_work: dict[int, Progress | None] = {}
        self._kept: list[KeptWork] = []
        self._threads: list[threading.Thread] = []
        self._crew: Crew | None = None
        self._stack = ExitStack()
        try:
            out_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"{out_dir}: cannot be a folder for movies: {error.strerror}"
            ) from None
        if guard is not None:
            guard.keeps(self)

    @property
    def is_kept(self) -> bool:
        """Whether another run would find something done."""
        done = any(movie.status == "done" for movie in self._movies.values())
        return done or any(work.is_kept for work in self._kept)

    @property
    def counts(self) -> tuple[int, int]:
        """How many movies are done, and of how many."""
        done = sum(movie.status != "failed" for movie in self._movies.values())
        return done, len(self._edls)

    def run(self, progress: BatchProgressCallback | None = None) -> BatchResult:
        """Renders all of them; a movie that fails is part of the result.

        ``progress`` is called in this thread, about ten times a second and for every movie that
        is finished; what it raises stops everything.
        """
        trials = DeviceTrials()
        workers = self._worker_count(trials)
        if workers:
            self._crew = self._stack.enter_context(Crew(workers, self._settings, trials))
        self._hand_out()
        most = min(workers + _OPEN_AHEAD, _MOST_OPEN) if workers else 1
        for number in range(min(most, self._todo.qsize())):
            thread = threading.Thread(target=self._work, name=f"movie {number}", daemon=True)
            self._threads.append(thread)
            thread.start()
        while len(self._movies) < len(self._edls):
            finished: BatchMovie | None = None
            try:
                number, finished = self._finished.get(timeout=_LOOK_SECONDS)
                self._movies[number] = finished
            except queue.Empty:
                pass
            if progress is not None:
                progress(self._progress(finished))
        movies = tuple(self._movies[number] for number in range(len(self._edls)))
        return BatchResult(movies, perf_counter() - self._started)

    def _worker_count(self, trials: DeviceTrials) -> int:
        """How many processes render; 0 is none but this one."""
        settings = self._settings
        if settings.jobs is not None:
            return settings.jobs
        size = (settings.width or _USUAL_SIZE[0], settings.height or _USUAL_SIZE[1])
        frame_bytes = size[0] * size[1] * 3
        # Any movie may have many chunks, unless it is to be one.
        parts = _MANY if settings.seconds_per_chunk else 1
        count = worker_count(len(self._edls) * parts, frame_bytes)
        if self._container.is_sound_only:
            return count
        with suppress(Edl2FfmpegError):
            # What does not work is told of each movie.
            rate = settings.frame_rate or _USUAL_RATE
            device, _ = choose_stages(settings, self._container, size, rate, trials)
            most = device.most_workers(frame_bytes)
            count = count if most is None else min(count, most)
        return count

    def _hand_out(self) -> None:
        """What has a name of its own is to be rendered."""
        first: dict[str, int] = {}
        for number, output in enumerate(self._outputs):
            path = os.path.realpath(output)
            other = first.setdefault(path, number)
            if other == number:
                if not os.path.exists(output) or (self._settings.overwrite and not self._skips):
                    self._made[path] = number
                self._todo.put(number)
                continue
            error = SettingsError(
                f"{output}: is the movie of {self._edls[other]} already; give one of the EDLs "
                "another name"
            )
            self._finished.put((number, self._failed(number, error, 0.0)))

    # -- the threads ----------------------------------------------------------

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                number = self._todo.get_nowait()
            except queue.Empty:
                return
            started = perf_counter()
            try:
                movie = self._movie(number)
            except _StoppedError:
                return
            except Edl2FfmpegError as error:
                movie = self._failed(number, error, perf_counter() - started)
            except Exception as error:
                if self._stopping.is_set():
                    # The workers are being ended.
                    return
                _log.debug("%s", self._edls[number], exc_info=True)
                what = f"{self._outputs[number]}: an error of the program's own: "
                own = JobError(f"{what}{type(error).__name__}: {error}")
                movie = self._failed(number, own, perf_counter() - started)
            self._in_work.pop(number, None)
            self._finished.put((number, movie))

    def _movie(self, number: int) -> BatchMovie:
        edl, output, settings = self._edls[number], self._outputs[number], self._settings
        if self._skips and os.path.exists(output):
            return BatchMovie(edl, output, "skipped")
        self._in_work[number] = None
        started = perf_counter()
        own = self._reserved.get(os.path.realpath(output))
        if own is not None:
            raise SettingsError(f"{output}: the movie cannot have the name of {own}")
        refuse_own_files(output, "movie", {"EDL": edl})
        if os.path.exists(output) and not settings.overwrite:
            raise SettingsError(
                f"{output}: exists already; add --overwrite to replace it, or --skip-existing"
            )
        timeline = read_timeline(edl, settings)
        self._refuse_movies_of_others(timeline, number)
        refuse_sidecar_names(timeline, output, settings, tuple(self._reserved.values()))
        guard = _Guard(self._guard, self._kept)
        result = render_timeline(
            timeline, output, settings, lambda told: self._tell(number, told), guard, self._crew
        )
        return BatchMovie(edl, output, "done", seconds=perf_counter() - started, result=result)

    def _refuse_movies_of_others(self, timeline: Timeline, number: int) -> None:
        """What this EDL would show depended on which of them is done first."""
        for location, json_path in locations_of(timeline).items():
            path = local_path(location)
            # No file has a zero byte in its name; opening it is refused later.
            other = None if "\0" in path else self._made.get(os.path.realpath(path))
            if other is not None and other != number:
                raise MediaOpenError(
                    f"{json_path}: {location} is the movie of {self._edls[other]}, which this "
                    "batch renders; render the EDLs that show it in a batch after it",
                    location,
                )

    def _tell(self, number: int, progress: Progress) -> None:
        if self._stopping.is_set():
            raise _StoppedError
        self._in_work[number] = progress

    def _failed(self, number: int, error: Edl2FfmpegError, seconds: float) -> BatchMovie:
        return BatchMovie(self._edls[number], self._outputs[number], "failed", error, seconds)

    # -- progress and the end -------------------------------------------------

    def _progress(self, finished: BatchMovie | None) -> BatchProgress:
        in_work = tuple(
            MovieProgress(self._edls[number], self._outputs[number], progress)
            for number, progress in sorted(self._in_work.copy().items())
        )
        return BatchProgress.of(
            len(self._edls),
            tuple(self._movies.values()),
            in_work,
            perf_counter() - self._started,
            finished,
        )

    def close(self) -> None:
        """Stops what is not done, and ends the processes.  May be called twice."""
        self._stopping.set()
        self._stack.close()
        until = monotonic() + _PATIENCE_SECONDS
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(until - monotonic(), 0))
