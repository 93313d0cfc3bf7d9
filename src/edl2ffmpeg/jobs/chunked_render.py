"""Renders the chunks and the sound of a movie by an executor, and tries again what fails.

It does not know how tasks are carried out (``jobs.executors``), nor where results are kept
(``jobs.chunk_store``), and it muxes nothing.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from edl2ffmpeg.devices.cpu import usable_cores, worker_count
from edl2ffmpeg.errors import (
    DeviceError,
    DeviceLostError,
    DeviceUnavailableError,
    Edl2FfmpegError,
    EncodeError,
    JobError,
    MediaReadError,
    WorkerError,
)
from edl2ffmpeg.jobs.chunk_store import ChunkStore, DonePart
from edl2ffmpeg.jobs.cluster import ClusterExecutor
from edl2ffmpeg.jobs.crew import Crew
from edl2ffmpeg.jobs.executors import Executor, InProcessExecutor, TaskFuture
from edl2ffmpeg.jobs.job import Job
from edl2ffmpeg.jobs.job_folder import JobFolder
from edl2ffmpeg.jobs.workers import WorkerPool
from edl2ffmpeg.media.chunk_check import check_chunk
from edl2ffmpeg.plan.chunks import Chunk, clips_of
from edl2ffmpeg.rendering.chunk import ChunkResult, ChunkTask, SoundResult, SoundTask
from edl2ffmpeg.rendering.progress import Progress, ProgressCallback
from edl2ffmpeg.rendering.recipe import Recipe

__all__ = ["ChunkedRender", "Rendered"]

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
_CLIPS_NAMED = 5
# What cannot be helped by trying again.
_FULL_DISK = "no space left on the device"


@dataclass
class Rendered:
    """What came of all parts: results in order, where their packets are, what was tried again.

    ``attempts`` tell of failures, ``warnings`` of what was done about them.
    """

    chunks: list[ChunkResult] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    sound: SoundResult | None = None
    sound_path: Path | None = None
    reused: int = 0
    workers: int = 0
    attempts: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    elapsed_seconds: float = 0.0


@dataclass
class _Pending:
    """A task that was submitted; ``chunk`` is None for the sound.

    ``devices`` are the CUDA devices that it may choose from; none where there is one at most.
    """

    chunk: Chunk | None
    part: DonePart
    path: Path
    attempt: int
    devices: tuple[int, ...] = ()


class _UseCpuError(Exception):
    """The device has failed for good, and the CPU may take its place."""


class ChunkedRender:
    """One render of ``job`` with ``recipe``; call ``run`` once.

    With a ``crew`` its workers render, else those that the settings ask for.
    """

    def __init__(
        self,
        job: Job,
        recipe: Recipe,
        folder: JobFolder,
        store: ChunkStore,
        progress: ProgressCallback | None,
        crew: Crew | None = None,
    ) -> None:
        self._job = job
        self._crew = crew
        self._recipe = recipe
        self._chunks = job.chunks
        self._planner = job.planner
        self._folder = folder
        self._store = store
        self._progress = progress
        self._settings = recipe.settings
        self._started = perf_counter()
        self._results: dict[int, tuple[ChunkResult, DonePart]] = {}
        self._sound: tuple[SoundResult, DonePart] | None = None
        # With the devices that an attempt that failed has left.
        self._todo: deque[tuple[Chunk | None, int, tuple[int, ...]]] = deque()
        self._devices = recipe.device.numbers
        self._pending: dict[Future[Any], _Pending] = {}
        self._executor: Executor | None = None
        self._rendered = Rendered()
        self._reused_frames = 0

    @property
    def job(self) -> Job:
        """What was rendered in the end."""
        return self._job

    def run(self) -> Rendered:
        """Renders what is not done yet; raises an ``Edl2FfmpegError``, the first that counts."""
        try:
            self._run_all()
        except _UseCpuError as error:
            why = f"rendered on the CPU and not on a GPU: {error}"
            _log.info("%s", why)
            self._rendered.warnings.append(why)
            self._use_cpu(str(error))
            self._run_all()
        rendered = self._rendered
        for chunk in self._chunks:
            result, part = self._results[chunk.number]
            rendered.chunks.append(result)
            rendered.paths.append(self._folder.packets(part.key))
        if self._sound is not None:
            rendered.sound = self._sound[0]
            rendered.sound_path = self._folder.packets(self._sound[1].key)
        rendered.elapsed_seconds = perf_counter() - self._started
        return rendered

    def _use_cpu(self, reason: str) -> None:
        """Goes on without the device; what its encoder has made fits no other encoder's."""
        encoded = self._job.device.encodes
        self._job = self._job.on_the_cpu(self._settings, reason)
        assert self._job.video is not None
        self._recipe = replace(self._recipe, device=self._job.device, video=self._job.video)
        if encoded:
            self._results.clear()
            # None of what was found is part of the movie any more.
            self._rendered.reused = self._reused_frames = 0
        self._devices = ()

    def _run_all(self) -> None:
        self._todo = deque(
            (chunk, 1, ()) for chunk in self._chunks if chunk.number not in self._results
        )
        self._pending.clear()
        crew = self._crew
        workers = crew.size if crew is not None else self._worker_count(len(self._todo))
        self._rendered.workers = workers
        with ExitStack() as stack:
            video, audio = self._executors(stack, workers)
            if self._recipe.audio is not None and self._sound is None:
                self._submit_sound(audio, 1)
            place = f"{workers} worker processes" if workers else "in this process"
            if isinstance(video, ClusterExecutor):
                place = f"{video.workers} workers of the cluster {self._settings.cluster}"
            _log.info("%d chunks, %s", len(self._chunks), place)
            self._executor = video
            while self._todo or self._pending:
                while self._todo and self._chunks_pending < self._ahead(video, workers):
                    chunk, attempt, devices = self._todo.popleft()
                    if chunk is None:
                        self._submit_sound(audio, attempt)
                    else:
                        self._submit_chunk(video, chunk, attempt, workers, devices)
                    self._take_finished(0)
                self._take_finished(_LOOK_SECONDS)
                self._tell(video)
            if isinstance(video, ClusterExecutor):
                self._rendered.workers = video.workers

    def _ahead(self, executor: Executor, workers: int) -> int:
        """How many chunks are given away at a time."""
        if isinstance(executor, ClusterExecutor):
            return executor.ahead
        # One waits for each worker, so that none waits for us.
        return max(2 * workers, 1)

    def _worker_count(self, chunks: int) -> int:
        """How many processes render; 0 is none but this one."""
        jobs, video = self._settings.jobs, self._recipe.video
        if not sys.executable:
            # Python is part of another program: there is nothing to start workers with.
            return 0
        if jobs is None:
            frame = video.width * video.height * 3 * (1 if video.pixel_format.depth == 8 else 2)
            jobs = worker_count(chunks, frame)
            most = self._recipe.device.most_workers(frame)
            jobs = jobs if most is None else min(jobs, most)
        jobs = min(jobs, chunks)
        # A driver that hangs can only be helped by ending its process.
        supervised = self._recipe.device.uses_hardware and self._settings.jobs != 0
        return jobs if jobs > 1 else int(supervised)

    def _executors(self, stack: ExitStack, workers: int) -> tuple[Executor, Executor]:
        """What renders chunks, and what makes the sound."""
        if self._settings.cluster is not None:
            # The sound is made here, beside them: its task cannot be divided.
            return (
                stack.enter_context(ClusterExecutor(self._recipe)),
                stack.enter_context(WorkerPool(1, self._settings.stall_timeout or None)),
            )
        if not workers:
            single = stack.enter_context(InProcessExecutor(self._between))
            return single, single
        if self._crew is not None:
            return (
                stack.enter_context(self._crew.pictures()),
                stack.enter_context(self._crew.sound()),
            )
        limits = (self._settings.stall_timeout or None, self._settings.worker_memory)
        return (
            stack.enter_context(WorkerPool(workers, *limits)),
            stack.enter_context(WorkerPool(1, *limits)),
        )

    @property
    def _chunks_pending(self) -> int:
        return sum(entry.chunk is not None for entry in self._pending.values())

    def _submit_chunk(
        self,
        executor: Executor,
        chunk: Chunk,
        attempt: int,
        workers: int,
        devices: tuple[int, ...],
    ) -> None:
        devices = devices or self._devices
        try:
            part = self._store.chunk(self._recipe, chunk)
        except MediaReadError as error:
            self._failed(self._not_begun(chunk, attempt, devices), error, 0)
            return
        found = self._store.found_chunk(part, chunk)
        if found is not None:
            self._results[chunk.number] = (found, part)
            self._rendered.reused += 1
            self._reused_frames += chunk.frames
            return
        path = self._folder.part(part.key, chunk.number, attempt)
        cores = max(usable_cores() // max(workers, 1), 1)
        task = ChunkTask(self._recipe, chunk, path, cores, attempt, devices=devices)
        self._pending[executor.submit(task)] = _Pending(chunk, part, path, attempt, devices)

    def _submit_sound(self, executor: Executor, attempt: int) -> None:
        try:
            part = self._store.sound(self._recipe)
        except MediaReadError as error:
            self._failed(self._not_begun(None, attempt), error, 0)
            return
        found = self._store.found_sound(part)
        if found is not None:
            self._sound = (found, part)
            return
        path = self._folder.part(part.key, 0, attempt)
        future = executor.submit(SoundTask(self._recipe, path, attempt))
        self._pending[future] = _Pending(None, part, path, attempt)

    def _not_begun(
        self, chunk: Chunk | None, attempt: int, devices: tuple[int, ...] = ()
    ) -> _Pending:
        """What stands for a task of which it is not even known what it reads."""
        path = self._folder.part("unknown", chunk.number if chunk is not None else 0, attempt)
        return _Pending(chunk, DonePart("", []), path, attempt, devices)

    # -- results --------------------------------------------------------------

    def _take_finished(self, seconds: float) -> None:
        done, _ = wait(self._pending, seconds, FIRST_COMPLETED)
        for future in done:
            pending = self._pending.pop(future)
            try:
                self._take(pending, future.result())
            except (WorkerError, DeviceError, EncodeError, MediaReadError) as error:
                self._failed(pending, error, future.worker if isinstance(future, TaskFuture) else 0)
            except Edl2FfmpegError:
                self._remove(pending)
                raise

    def _take(self, pending: _Pending, result: Any) -> None:
        if pending.chunk is None:
            self._store.keep_sound(pending.part, pending.path, result)
            self._sound = (result, pending.part)
            return
        try:
            check_chunk(pending.path, pending.chunk.frames)
        except EncodeError as error:
            if result.host:
                error.args = (f"worker {result.host}: {error}",)
            raise
        self._store.keep_chunk(pending.part, pending.path, pending.chunk, result)
        self._results[pending.chunk.number] = (result, pending.part)
        _log.info(
            "frames %d to %d: done by %s on %s in %.1f s",
            pending.chunk.start, pending.chunk.end - 1,
            f"worker {result.host}" if result.host else f"process {result.worker}", result.device,
            result.elapsed_seconds,
        )  # fmt: skip

    def _remove(self, pending: _Pending) -> None:
        with suppress(OSError):
            pending.path.unlink(missing_ok=True)

    def _failed(self, pending: _Pending, error: Edl2FfmpegError, worker: int) -> None:
        """Tries it again, on another device if there is one, or raises what it comes to."""
        self._remove(pending)
        device = self._recipe.device
        others: tuple[int, ...] = ()
        if pending.devices:
            number = pending.devices[worker % len(pending.devices)]
            device = device.on_device(number)
            others = tuple(other for other in pending.devices if other != number)
        # What the sound is made with is no device, and what media are on is none either.
        on_device = device.uses_hardware and pending.chunk is not None
        on_device = on_device and not isinstance(error, MediaReadError)
        stalled = isinstance(error, WorkerError) and error.stalled
        self._rendered.attempts.append(
            {"part": self._name(pending), "attempt": pending.attempt, "device": device.used}
            | {"error": str(error)}
        )
        # That of another machine may be full as well, and others' have room.
        is_ours = isinstance(error, EncodeError) and str(self._folder.path) in error.path
        if is_ours and _FULL_DISK in str(error):
            raise EncodeError(
                f"{self._folder.path}: {_FULL_DISK}, which has to hold what is done of the render "
                "beside the movie; make room and run it again",
                str(self._folder.path),
            ) from error
        is_missing = isinstance(error, DeviceUnavailableError)
        if others and (stalled or is_missing or isinstance(error, DeviceLostError)):
            # It would fail the others' chunks too, and each that hangs costs the whole limit.
            self._devices = tuple(entry for entry in self._devices if entry != number) or others
        elsewhere = bool(others) or (on_device and self._has_other_workers)
        is_whole = isinstance(self._executor, ClusterExecutor) and error is self._executor.failure
        is_final = pending.attempt > self._settings.retries or (is_missing and not elsewhere)
        is_final = is_final or is_whole
        may_use_cpu = on_device and device.may_use_cpu
        if may_use_cpu and (is_final or (stalled and not elsewhere)):
            raise _UseCpuError(self._on_device(error, device.used)) from error
        if is_whole or (is_missing and is_final):
            raise error
        if is_final:
            what = f"{self._name(pending)} failed {pending.attempt} time"
            what += f"{'s' if pending.attempt > 1 else ''}: "
            if on_device and not isinstance(error, EncodeError):
                raise DeviceError(f"{device.used}: {what}{error}", device.used) from error
            raise JobError(f"{what}{error}") from error
        _log.warning(
            "%s: %s; trying again (%d of %d)",
            self._name(pending), error, pending.attempt, self._settings.retries,
        )  # fmt: skip
        self._todo.appendleft((pending.chunk, pending.attempt + 1, others))

    @property
    def _has_other_workers(self) -> bool:
        """Whether there are workers whose devices are others than the one that has failed."""
        return isinstance(self._executor, ClusterExecutor) and self._executor.can_go_on

    def _on_device(self, error: Edl2FfmpegError, name: str) -> str:
        text = str(error)
        return text if isinstance(error, DeviceError) else f"{name}: {text}"

    def _name(self, pending: _Pending) -> str:
        """The frames of a chunk and what they show, for a sentence."""
        chunk = pending.chunk
        if chunk is None:
            return "the sound"
        places = list(clips_of(self._planner, chunk))
        named = ", ".join(places[:_CLIPS_NAMED])
        if len(places) > _CLIPS_NAMED:
            named += f" and {len(places) - _CLIPS_NAMED} more"
        what = f"frames {chunk.start} to {chunk.end - 1}"
        return f"{what} ({named})" if named else what

    # -- progress -------------------------------------------------------------

    def _between(self, task: ChunkTask, frames: int) -> None:
        self._report(frames, 0)

    def _tell(self, executor: Executor) -> None:
        activities = executor.activities()
        self._report(sum(entry.frames for entry in activities), len(activities))

    def _report(self, frames_in_work: int, workers: int) -> None:
        if self._progress is None:
            return
        done = sum(result.frames for result, _ in self._results.values())
        total = sum(chunk.frames for chunk in self._chunks)
        self._progress(
            Progress(
                # The last one is done when the movie is.
                min(done + frames_in_work, total - 1),
                total,
                perf_counter() - self._started,
                self._recipe.timeline.frame_rate,
                workers=workers,
                chunks_done=len(self._results),
                chunks_total=len(self._chunks),
                chunks_reused=self._rendered.reused,
                frames_reused=self._reused_frames,
                retries=len(self._rendered.attempts),
            )
        )
