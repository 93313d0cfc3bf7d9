"""Worker processes: starts them, gives them tasks, and ends those that hang or take too much.

It does not say what is tried again: a task that was lost is an error of its future.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import CancelledError, Future
from concurrent.futures import wait as wait_for
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, Pipe, wait
from time import monotonic
from typing import Any

from edl2ffmpeg.errors import DeviceLostError, WorkerError
from edl2ffmpeg.jobs.executors import Activity, Task, TaskFuture
from edl2ffmpeg.jobs.movie_task import MovieTask
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.rendering.chunk import ChunkTask
from edl2ffmpeg.rendering.recipe import Recipe
from edl2ffmpeg.rendering.worker import start_command

__all__ = ["WorkerPool"]

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
# A process that has to load everything first, on a machine that is busy.
_START_SECONDS = 60.0
# From being asked to stop to being killed.
_ORDERLY_SECONDS = 0.5


@dataclass(eq=False)
class _Worker:
    """One process: its connection, the recipes it has had, and what it is at.

    ``number`` is the lowest that no other one has; whoever takes its place has it next.
    """

    number: int
    process: subprocess.Popen[bytes]
    connection: Connection
    since: float
    is_ready: bool = False
    recipes: set[str] = field(default_factory=set)
    entry: tuple[int, Task, TaskFuture] | None = None
    frames: int = 0
    stage: str = "starting"


class WorkerPool(Owner):
    """At most ``workers`` processes that live until ``close()``; see ``Executor``.

    ``stall_seconds`` without progress, or more than ``memory_bytes`` resident, end a process, and
    its task with it; None sets no limit.
    """

    def __init__(
        self, workers: int, stall_seconds: float | None = None, memory_bytes: int | None = None
    ) -> None:
        self._most = workers
        self._stall = stall_seconds
        self._memory = memory_bytes
        self._queue: deque[tuple[int, Task, TaskFuture]] = deque()
        self._packed: dict[int, tuple[Any, str, bytes]] = {}
        self._workers: list[_Worker] = []
        self._unwanted: set[Future[Any]] = set()
        self._forgotten: deque[Recipe] = deque()
        self._changed = threading.Lock()
        self._stopping = False
        self._numbers = 0
        self._wake_reader, self._wake_writer = Pipe(duplex=False)
        # It starts the processes: Linux ends these when the thread that started them ends.
        self._thread = threading.Thread(target=self._supervise, name="workers", daemon=True)
        self._thread.start()

    def submit(self, task: Task) -> Future[Any]:
        """See ``Executor``."""
        future = TaskFuture()
        with self._changed:
            if self._stopping:
                raise ValueError("the worker pool is closed")
            self._numbers += 1
            self._queue.append((self._numbers, task, future))
            self._wake_writer.send_bytes(b"task")
        return future

    def cancel(self, futures: Iterable[Future[Any]], recipes: Iterable[Recipe] = ()) -> None:
        """Ends these tasks, and returns when nothing of them is left; ``recipes`` are done with.

        A process that is at one of them is killed.
        """
        pending = [future for future in futures if not future.done()]
        with self._changed:
            if not self._stopping:
                self._unwanted.update(pending)
                self._forgotten.extend(recipes)
                self._wake_writer.send_bytes(b"cancel")
        wait_for(pending)

    def activities(self) -> list[Activity]:
        """What each busy process is at."""
        # Its thread may take an entry away between two looks at it.
        seen = [(worker, worker.entry) for worker in tuple(self._workers)]
        return [
            Activity(worker.process.pid, entry[1], worker.frames, worker.stage)
            for worker, entry in seen
            if entry is not None
        ]

    def close(self) -> None:
        """Ends all processes: asks them to stop, then kills them.  May be called twice."""
        with self._changed:
            if self._stopping:
                return
            self._stopping = True
            self._wake_writer.send_bytes(b"stop")
        self._thread.join()
        self._wake_reader.close()
        self._wake_writer.close()

    # -- the thread -----------------------------------------------------------

    def _supervise(self) -> None:
        try:
            while not self._stopping:
                self._end_unwanted()
                self._give_tasks()
                self._listen(_LOOK_SECONDS)
                self._judge()
        except BaseException as error:
            # Whoever waits for a future must hear of it.
            self._fail_all(error)
            raise
        finally:
            self._end_all()

    def _end_unwanted(self) -> None:
        with self._changed:
            unwanted, self._unwanted = self._unwanted, set()
            dropped = [entry for entry in self._queue if entry[2] in unwanted]
            self._queue = deque(entry for entry in self._queue if entry[2] not in unwanted)
            forgotten = [self._packed.pop(id(recipe), None) for recipe in self._forgotten]
            self._forgotten.clear()
        for worker in tuple(self._workers):
            if worker.entry is not None and worker.entry[2] in unwanted:
                dropped.append(worker.entry)
                self._drop(worker)
        for _, _, future in dropped:
            future.set_exception(CancelledError())
        for _, name, _ in filter(None, forgotten):
            for worker in self._workers:
                if name in worker.recipes:
                    worker.recipes.remove(name)
                    with suppress(OSError):
                        worker.connection.send_bytes(pickle.dumps(("forget", name)))

    def _give_tasks(self) -> None:
        with self._changed:
            while self._queue:
                idle = [worker for worker in self._workers if worker.entry is None]
                if not idle and len(self._workers) >= self._most:
                    return
                entry = self._queue.popleft()
                try:
                    worker = idle[0] if idle else self._start()
                except OSError as error:
                    why = f"a worker process cannot be started: {error.strerror}"
                    entry[2].set_exception(WorkerError(why))
                    continue
                worker.entry = entry
                entry[2].worker = worker.number
                worker.since, worker.frames, worker.stage = monotonic(), 0, "beginning with it"
                # One that has just ended is found out by listening to it.
                with suppress(OSError):
                    self._send_task(worker, entry)

    def _start(self) -> _Worker:
        ours, theirs = Pipe()
        descriptor = theirs.fileno()
        command = start_command(
            json.dumps(sys.path), descriptor, os.getpid(), logging.getLogger().getEffectiveLevel()
        )
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                # Standard output is for the progress of the whole render.
                stdout=subprocess.DEVNULL,
                pass_fds=(descriptor,),
                # Not reached by the terminal's Ctrl-C.
                process_group=0,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        taken = {worker.number for worker in self._workers}
        number = next(number for number in range(self._most) if number not in taken)
        worker = _Worker(number, process, ours, monotonic())
        self._workers.append(worker)
        _log.debug("started worker %d", process.pid)
        return worker

    def _send_task(self, worker: _Worker, entry: tuple[int, Task, TaskFuture]) -> None:
        number, task, _ = entry
        if isinstance(task, MovieTask):
            worker.connection.send_bytes(pickle.dumps(("task", number, task)))
            return
        recipe = task.recipe
        known = self._packed.get(id(recipe))
        if known is None and recipe is not None:
            # Kept with the recipe, whose id must not be given to another one.
            known = self._packed[id(recipe)] = (recipe, *recipe.packed())
        assert known is not None
        _, name, data = known
        if name not in worker.recipes:
            worker.recipes.add(name)
            worker.connection.send_bytes(pickle.dumps(("recipe", name, data)))
        light = replace(task, recipe=None, recipe_name=name)
        if isinstance(light, ChunkTask):
            light = replace(light, worker=worker.number)
        worker.connection.send_bytes(pickle.dumps(("task", number, light)))

    def _listen(self, seconds: float) -> None:
        by_connection = {worker.connection: worker for worker in self._workers}
        for ready in wait([self._wake_reader, *by_connection], seconds):
            if ready is self._wake_reader:
                self._wake_reader.recv_bytes()
                continue
            assert isinstance(ready, Connection)
            worker = by_connection[ready]
            try:
                kind, *content = pickle.loads(worker.connection.recv_bytes())
            except (EOFError, OSError):
                self._lose(worker, self._ending(worker))
                continue
            self._answered(worker, kind, content)

    def _answered(self, worker: _Worker, kind: str, content: list[Any]) -> None:
        worker.since = monotonic()
        if kind == "ready":
            worker.is_ready = True
            return
        number, *rest = content
        if worker.entry is None or worker.entry[0] != number:
            return
        if kind == "beat":
            worker.frames, worker.stage = rest
            return
        future = worker.entry[2]
        worker.entry = None
        if kind == "done":
            future.set_result(rest[0])
        else:
            if isinstance(rest[0], DeviceLostError):
                # Only a new process can use the device again.
                self._drop(worker)
            future.set_exception(rest[0])

    def _judge(self) -> None:
        """Ends workers that have passed a limit."""
        now = monotonic()
        for worker in tuple(self._workers):
            if worker.entry is None:
                continue
            limit = self._stall
            if not worker.is_ready:
                limit = None if limit is None else max(limit, _START_SECONDS)
            used = _resident_bytes(worker.process.pid) if self._memory is not None else 0
            if limit is not None and now - worker.since > limit:
                self._lose(
                    worker,
                    f"made no progress for {limit:g} s (--stall-timeout) while {worker.stage}",
                    stalled=True,
                )
            elif self._memory is not None and used > self._memory:
                self._lose(
                    worker,
                    f"took {used / 2**20:.0f} MiB of memory while {worker.stage}, and "
                    f"--worker-memory allows {self._memory / 2**20:.0f}",
                )

    def _ending(self, worker: _Worker) -> str:
        """How a process that has closed its connection has ended."""
        with suppress(subprocess.TimeoutExpired):
            worker.process.wait(_ORDERLY_SECONDS)
        code = worker.process.poll()
        what = f"exited with {code}"
        if code is None:
            what = "closed its connection"
        elif code < 0:
            what = f"was ended by {signal.Signals(-code).name}"
        return f"{what} while {worker.stage}"

    def _lose(self, worker: _Worker, why: str, *, stalled: bool = False) -> None:
        entry = worker.entry
        self._drop(worker)
        _log.info("worker %d %s", worker.process.pid, why)
        if entry is not None:
            entry[2].set_exception(
                WorkerError(f"a worker process {why}", worker.stage, stalled=stalled)
            )

    def _drop(self, worker: _Worker) -> None:
        """Kills the process, and forgets it."""
        worker.process.kill()
        # In a driver that hangs, the system itself may not get it to end.
        with suppress(subprocess.TimeoutExpired):
            worker.process.wait(_ORDERLY_SECONDS)
        worker.connection.close()
        worker.entry = None
        self._workers.remove(worker)

    def _end_all(self) -> None:
        with self._changed:
            left = [worker.entry for worker in self._workers if worker.entry is not None]
            left += self._queue
            self._queue.clear()
        for worker in self._workers:
            with suppress(OSError):
                worker.connection.send_bytes(pickle.dumps(("stop",)))
        until = monotonic() + _ORDERLY_SECONDS
        for worker in tuple(self._workers):
            with suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(until - monotonic(), 0))
            if worker.process.poll() is None:
                _log.debug("killing worker %d, which does not stop", worker.process.pid)
            self._drop(worker)
        # Nobody may wait for ever for what will not come.
        for _, _, future in left:
            if not future.done():
                future.set_exception(CancelledError())

    def _fail_all(self, error: BaseException) -> None:
        entries = [worker.entry for worker in self._workers if worker.entry is not None]
        with self._changed:
            self._stopping = True
            entries += self._queue
            self._queue.clear()
        for _, _, future in entries:
            future.set_exception(error)


def _resident_bytes(process: int) -> int:
    """The memory of a process that is in use, or 0 where the system does not say."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
