"""A movie of one chunk as a task of a worker process; it does not know how that renders it."""

from __future__ import annotations

import logging
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from edl2ffmpeg.devices.selection import DeviceDecision
from edl2ffmpeg.errors import JobError, WorkerError
from edl2ffmpeg.jobs.job import Job, RenderResult
from edl2ffmpeg.jobs.publish import remove_abandoned
from edl2ffmpeg.media.formats import VideoOutput
from edl2ffmpeg.rendering.progress import Progress, ProgressCallback
from edl2ffmpeg.rendering.watch import Watch
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline

if TYPE_CHECKING:
    from edl2ffmpeg.jobs.crew import Crew

__all__ = ["MovieTask", "render_by_crew"]

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class MovieTask:
    """A movie to render in one process, into ``output`` itself, by the stages that were chosen."""

    timeline: Timeline
    output: Path
    settings: RenderSettings
    device: DeviceDecision
    video: VideoOutput | None

    def carry_out(self, progress: ProgressCallback, watch: Watch) -> RenderResult:
        """Renders it in this process, and tells ``watch``; raises an ``Edl2FfmpegError``."""
        # What renders knows this task.
        from edl2ffmpeg.jobs.render_job import render_whole

        return render_whole(self, progress, watch)


def render_by_crew(
    task: MovieTask, crew: Crew, job: Job, progress: ProgressCallback | None
) -> RenderResult:
    """Renders the movie of ``job`` in a worker, in another one if that is lost.

    Raises an ``Edl2FfmpegError``; nothing is left behind then.
    """
    attempt = 1
    while True:
        try:
            return _attempted(task, crew, job, progress)
        except WorkerError as error:
            retries = task.settings.retries
            if attempt > retries:
                times = f"{attempt} time{'s' if attempt > 1 else ''}"
                raise JobError(f"{task.output}: failed {times}: {error}") from error
            _log.warning("%s: %s; trying again (%d of %d)", task.output, error, attempt, retries)
            attempt += 1


def _attempted(
    task: MovieTask, crew: Crew, job: Job, progress: ProgressCallback | None
) -> RenderResult:
    started = perf_counter()
    total = job.frame_range[1] - job.frame_range[0]
    try:
        with crew.pictures() as executor:
            future = executor.submit(task)
            while not wait([future], _LOOK_SECONDS).done:
                activities = executor.activities()
                if progress is None:
                    continue
                # The last one is done when the movie is.
                frames = min(sum(entry.frames for entry in activities), total - 1)
                elapsed = perf_counter() - started
                progress(
                    Progress(
                        frames,
                        total,
                        elapsed,
                        job.timeline.frame_rate,
                        stage="" if activities else "waiting",
                        workers=len(activities),
                    )
                )
            result: RenderResult = future.result()
            return result
    except BaseException:
        # A process that was killed has left what it wrote.
        for path in (task.output, *job.subtitles.files):
            remove_abandoned(path)
        raise
