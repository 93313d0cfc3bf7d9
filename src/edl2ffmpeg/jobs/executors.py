"""What carries out tasks, in this process or in others; it knows no chunk from another.

An executor takes a task and gives a future of its result.  Whoever submits decides what is
tried again: an executor tries once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from edl2ffmpeg.jobs.movie_task import MovieTask
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.rendering.chunk import (
    ChunkRenderer,
    ChunkResult,
    ChunkTask,
    SoundResult,
    SoundTask,
    render_sound,
)
from edl2ffmpeg.rendering.progress import Progress
from edl2ffmpeg.rendering.recipe import Recipe

__all__ = [
    "Activity",
    "Executor",
    "InProcessExecutor",
    "Task",
    "TaskFuture",
    "TaskResult",
]

Task = ChunkTask | SoundTask | MovieTask
TaskResult = ChunkResult | SoundResult


class TaskFuture(Future[Any]):
    """A future that also tells which worker has had its task, from 0."""

    worker = 0


@dataclass(frozen=True)
class Activity:
    """What one worker is at: its process, its task, and how many frames of that are done.

    ``host`` is the address of a cluster's worker, whose process is not known.
    """

    process: int
    task: Task
    frames: int
    stage: str = ""
    host: str = ""


class Executor(Protocol):
    """Carries out tasks."""

    def submit(self, task: Task) -> Future[Any]:
        """A future of the task's result; a failure is its exception."""

    def activities(self) -> list[Activity]:
        """What is being done just now."""

    def close(self) -> None:
        """Stops all work, and returns when nothing of it is left."""


class InProcessExecutor(Owner):
    """Chunks in the calling thread, each done when ``submit`` returns; the sound beside them.

    ``between`` is called after every frame, with how many of its chunk are done, and may raise
    to stop everything.
    """

    def __init__(self, between: Callable[[ChunkTask, int], None]) -> None:
        self._between = between
        self._renderer: tuple[Recipe, ChunkRenderer] | None = None
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def submit(self, task: Task) -> Future[Any]:
        """See ``Executor``."""
        future: Future[Any] = Future()
        if isinstance(task, SoundTask):
            thread = threading.Thread(target=self._make_sound, args=(task, future), name="mix")
            self._threads.append(thread)
            thread.start()
            return future
        assert isinstance(task, ChunkTask)
        try:
            renderer = self._renderer_of(task)
            future.set_result(
                renderer.render(task, lambda progress: self._between(task, progress.frames_done))
            )
        except Exception as error:
            # What has failed may be in any state.
            self._close_renderer()
            future.set_exception(error)
        return future

    def _make_sound(self, task: SoundTask, future: Future[Any]) -> None:
        try:
            future.set_result(render_sound(task, self._check))
        except BaseException as error:
            future.set_exception(error)

    def _check(self, progress: Progress) -> None:
        if self._stopping:
            raise _StoppedError

    def _renderer_of(self, task: ChunkTask) -> ChunkRenderer:
        assert task.recipe is not None
        if self._renderer is None or self._renderer[0] is not task.recipe:
            self._close_renderer()
            self._renderer = (task.recipe, ChunkRenderer(task.recipe, task.cores))
        return self._renderer[1]

    def _close_renderer(self) -> None:
        renderer, self._renderer = self._renderer, None
        if renderer is not None:
            renderer[1].close()

    def activities(self) -> list[Activity]:
        """Nothing: what is done is told by ``between``."""
        return []

    def close(self) -> None:
        """Stops the sound, and closes the device and the decoders.  May be called twice."""
        self._stopping = True
        for thread in self._threads:
            # One whose start was interrupted cannot be joined.
            with suppress(RuntimeError):
                thread.join()
        self._close_renderer()


class _StoppedError(BaseException):
    """Nobody wants the sound any more."""
