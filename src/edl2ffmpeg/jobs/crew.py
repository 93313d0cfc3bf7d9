"""Worker processes that several renders share; it does not know what they render.

Each render has leases: executors of its own on the same processes.  Closing a lease ends what
that render has left to do, and nothing of the others'.
"""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any

from edl2ffmpeg.jobs.device_choice import DeviceTrials
from edl2ffmpeg.jobs.executors import Activity, Task
from edl2ffmpeg.jobs.movie_task import MovieTask
from edl2ffmpeg.jobs.workers import WorkerPool
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.rendering.recipe import Recipe
from edl2ffmpeg.settings import RenderSettings

__all__ = ["Crew"]


class Crew(Owner):
    """``size`` processes for pictures and one for sound, within the limits of ``settings``.

    ``trials`` are those of devices, made once for all renders.
    """

    def __init__(self, size: int, settings: RenderSettings, trials: DeviceTrials) -> None:
        self.size = size
        self.trials = trials
        limits = (settings.stall_timeout or None, settings.worker_memory)
        with ExitStack() as stack:
            self._pictures = stack.enter_context(WorkerPool(size, *limits))
            self._sound = stack.enter_context(WorkerPool(1, *limits))
            self._stack = stack.pop_all()

    def pictures(self) -> _Lease:
        """An executor of chunks and of whole movies, to be closed by its render."""
        return _Lease(self._pictures)

    def sound(self) -> _Lease:
        """An executor of sound, to be closed by its render."""
        return _Lease(self._sound)

    def close(self) -> None:
        """Ends all processes.  May be called twice."""
        self._stack.close()


class _Lease(Owner):
    """An ``Executor`` on a pool of others'."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._tasks: dict[Future[Any], Task] = {}
        self._recipes: dict[int, Recipe] = {}

    def submit(self, task: Task) -> Future[Any]:
        """See ``Executor``."""
        self._tasks = {future: old for future, old in self._tasks.items() if not future.done()}
        if not isinstance(task, MovieTask) and task.recipe is not None:
            self._recipes[id(task.recipe)] = task.recipe
        future = self._pool.submit(task)
        self._tasks[future] = task
        return future

    def activities(self) -> list[Activity]:
        """What is being done of this render."""
        own = set(map(id, self._tasks.values()))
        return [entry for entry in self._pool.activities() if id(entry.task) in own]

    def close(self) -> None:
        """See ``Executor``.  May be called twice."""
        recipes = tuple(self._recipes.values())
        self._recipes.clear()
        self._pool.cancel(self._tasks, recipes)
