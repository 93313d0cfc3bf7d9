"""Carries out chunks on the workers of a Dask cluster; what is tried again is not for it to say.

Note [Cluster]: workers that are lost are the scheduler's matter: it gives their chunks to others
(``distributed.scheduler.allowed-failures`` times).  The recipe is a task of its own and not
scattered data, since data that is scattered is gone with the worker that holds it.  Tasks tell how
far they are by events of the scheduler, by which they are also known to have begun.  The keys of
chunks are of one group, which the recipe is no part of: tasks of a large group that depends on
little are held back by the scheduler until a worker is free; others are all given to the worker
that has the recipe, until the rest takes them away from it.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any
from uuid import uuid4

from edl2ffmpeg.errors import (
    DeviceLostError,
    DeviceUnavailableError,
    Edl2FfmpegError,
    JobError,
    WorkerError,
)
from edl2ffmpeg.jobs.chunk_store import versions
from edl2ffmpeg.jobs.cluster_client import asked, connected, let_go
from edl2ffmpeg.jobs.cluster_roster import Roster, needed_resources
from edl2ffmpeg.jobs.cluster_storage import ClusterStorage
from edl2ffmpeg.jobs.cluster_work import ClusterTask, Delivery, kept, render_on_worker
from edl2ffmpeg.jobs.executors import Activity, Task
from edl2ffmpeg.jobs.path_maps import PathMaps
from edl2ffmpeg.media.packet_file import save_packets
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.rendering.chunk import ChunkResult, ChunkTask
from edl2ffmpeg.rendering.recipe import Recipe

__all__ = ["ClusterExecutor"]

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.05
_WORKERS_SECONDS = 1.0
_NOTING_SECONDS = 1.0
_FETCHING_THREADS = 4
# Waiting for their turn beside those in work: so that a cluster that grows by demand sees some.
_FEWEST_AHEAD = 32


@dataclass(eq=False)
class _Entry:
    """A chunk on the cluster: our future and Dask's; who is at it, how far, since when.

    ``allowed`` are the workers that it is for, None is any; while there is none of them it has no
    ``remote``, and waits here.
    """

    task: ChunkTask
    future: Future[Any]
    name: str = ""
    allowed: frozenset[str] | None = None
    remote: Any = None
    store_at: str = ""
    worker: str = ""
    frames: int = 0
    stage: str = ""
    since: float = field(default_factory=monotonic)
    unfetched_since: float | None = None

    @property
    def has_ended(self) -> bool:
        """Whether there is a result or an error; one that is lost again is made again."""
        return self.remote is not None and self.remote.status not in ("pending", "lost")


class ClusterExecutor(Owner):
    """Renders chunks of ``recipe`` on the cluster that its settings name; see ``Executor``.

    Raises ``SettingsError`` where that names none or the library is missing, and ``JobError``
    where the scheduler cannot be reached.  A lost scheduler is a ``JobError`` of every future; so
    is, after the limit for stalls, a cluster without workers or whose workers all hang, and one
    whose workers lack a resource a ``DeviceUnavailableError``.
    """

    def __init__(self, recipe: Recipe) -> None:
        settings = recipe.settings
        assert settings.cluster is not None
        self._name = settings.cluster
        self._stall = settings.stall_timeout or None
        self._needs = needed_resources(recipe)
        self._job = uuid4().hex[:12]
        self._topic = f"edl2ffmpeg-{self._job}"
        self._entries: dict[str, _Entry] = {}
        # Those that have ended, whose results are on their way; whoever takes one out of here
        # settles its future.
        self._coming: dict[str, _Entry] = {}
        self._changed = threading.Lock()
        self._failure: Edl2FfmpegError | None = None
        self._numbers = 0
        # The workers that have had each chunk before, by its number.
        self._tried: dict[int, set[str]] = {}
        self._stop = threading.Event()
        self._storage: ClusterStorage | None = None
        if settings.cluster_storage is not None:
            self._storage = ClusterStorage(settings.cluster_storage, self._topic)
        self._names = PathMaps(settings.path_maps)
        _, packed = self._names.as_workers_see(recipe).packed()
        self._client = connected(self._name)
        self._roster = Roster(self._client, self._job, self._needs, self._stall, self._stop)
        self._fetching = ThreadPoolExecutor(_FETCHING_THREADS, "cluster-results")
        self._watching = threading.Thread(target=self._watch, name="cluster", daemon=True)
        try:
            self._client.subscribe_topic(self._topic, self._beat)
            self._packed = packed
            self._send_recipe(None)
            self._roster.look((), waiting=False)
            self._watching.start()
        except BaseException:
            self.close()
            raise

    @property
    def workers(self) -> int:
        """The largest number of workers that there have been."""
        return self._roster.most

    @property
    def ahead(self) -> int:
        """How many tasks are to be here at a time."""
        return max(3 * self._roster.most, _FEWEST_AHEAD)

    @property
    def failure(self) -> Edl2FfmpegError | None:
        """What every future has come to, for which no worker can be blamed."""
        return self._failure

    @property
    def can_go_on(self) -> bool:
        """Whether there is a worker for another try."""
        return self._failure is None and bool(self._roster.able)

    def submit(self, task: Task) -> Future[Any]:
        """See ``Executor``; chunks alone."""
        assert isinstance(task, ChunkTask)
        entry = _Entry(task, Future())
        with self._changed:
            if self._failure is not None:
                entry.future.set_exception(self._failure)
            else:
                self._send(entry, self._roster.able)
        return entry.future

    def _send_recipe(self, allowed: frozenset[str] | None) -> None:
        self._numbers += 1
        key = (f"edl2ffmpeg_recipe-{self._job}", self._numbers)
        self._recipe = self._client.submit(
            kept, self._packed, key=key, workers=allowed and [*allowed]
        )
        self._recipe_at = allowed

    def _send(self, entry: _Entry, able: frozenset[str]) -> None:
        """Sends it under a new name, so that nothing of an earlier one is taken for its own."""
        task = entry.task
        self._numbers += 1
        entry.name = name = f"{task.chunk.number}-{task.attempt}-{self._numbers}"
        entry.allowed, entry.remote = self._allowed(task, able), None
        entry.store_at = self._storage.address(name) if self._storage is not None else ""
        self._entries[name] = entry
        if entry.allowed is not None and not entry.allowed:
            return
        sharing, asked = self._roster.sharing, versions()
        sent = ClusterTask(
            task.chunk, task.attempt, name, self._topic, sharing, entry.store_at, asked
        )
        try:
            entry.remote = self._client.submit(
                render_on_worker,
                self._recipe,
                sent,
                key=(f"edl2ffmpeg_chunk-{self._job}", *name.split("-")),
                resources=self._needs or None,
                workers=entry.allowed and [*entry.allowed],
                # In the order of their numbers, of which the first is joined first.
                fifo_timeout=0,
                pure=False,
            )
        except Exception as error:
            _log.debug("a task cannot be sent", exc_info=error)
            del self._entries[name]
            entry.future.set_exception(self._lost())

    def _allowed(self, task: ChunkTask, able: frozenset[str]) -> frozenset[str] | None:
        """The workers that a chunk is for; another try is for others, if there are."""
        tried = self._tried.get(task.chunk.number, set()) if task.attempt > 1 else set()
        if not tried and not self._roster.avoids:
            return None
        return able - tried or able

    def activities(self) -> list[Activity]:
        """What each busy worker is at."""
        return [
            Activity(0, entry.task, entry.frames, entry.stage, entry.worker)
            for entry in tuple(self._entries.values())
            if entry.worker
        ]

    # -- in threads -----------------------------------------------------------

    def _beat(self, event: tuple[float, dict[str, Any]]) -> None:
        """Called by the client's thread with what a task tells."""
        message = event[1]
        self._roster.heard(message["worker"])
        entry = self._entries.get(message["name"])
        if entry is not None:
            entry.worker, entry.frames = message["worker"], message["frames"]
            entry.stage, entry.since = message["stage"], monotonic()
            entry.unfetched_since = None

    def _watch(self) -> None:
        looked = monotonic()
        try:
            while not self._stop.wait(_LOOK_SECONDS):
                if self._client.status != "running":
                    self._fail_all(self._lost())
                for entry in tuple(self._entries.values()):
                    if entry.has_ended:
                        self._coming[entry.name] = entry
                        self._entries.pop(entry.name, None)
                        self._fetching.submit(self._deliver, entry)
                if monotonic() - looked > _WORKERS_SECONDS and self._failure is None:
                    self._look()
                    looked = monotonic()
                self._place_again()
        except BaseException as error:
            # Whoever waits for a future must hear of it.
            _log.debug("watching the cluster failed", exc_info=error)
            self._fail_all(self._lost())

    def _look(self) -> None:
        """Sees who is there, and ends what has passed a limit."""
        entries = tuple(self._entries.values())
        busy = {entry.worker for entry in entries}
        if self._roster.look(busy, waiting="" in busy):
            self._judge(entries)
        else:
            # What is done meanwhile is not heard of.
            for entry in entries:
                entry.since = monotonic()
        failure = self._roster.failure(self._name, bool(entries or self._coming))
        if failure is not None and self._client.status == "running":
            self._fail_all(failure)

    def _judge(self, entries: tuple[_Entry, ...]) -> None:
        now = monotonic()
        for entry in entries:
            if not entry.worker or entry.has_ended:
                # It has not begun, or has just ended.
                continue
            if entry.worker not in self._roster:
                _log.info("worker %s is gone", entry.worker)
                entry.worker, entry.frames, entry.since = "", 0, now
            elif self._stall is not None and now - entry.since > self._stall:
                self._entries.pop(entry.name, None)
                why = f"worker {entry.worker} made no progress for {self._stall:g} s"
                self._end_stalled(entry, f"{why} (--stall-timeout) while {entry.stage}")
        for entry in tuple(self._coming.values()):
            silent = self._roster.is_silent(entry.worker)
            if silent and self._coming.pop(entry.name, None) is not None:
                why = self._roster.why_silent(entry.worker)
                self._end_stalled(entry, f"{why} while its chunk was fetched")

    def _end_stalled(self, entry: _Entry, why: str) -> None:
        self._has_tried(entry, entry.worker)
        self._roster.avoid(entry.worker, why)
        with suppress(Exception):
            self._client.cancel([entry.remote], force=True)
        entry.future.set_exception(WorkerError(why, entry.stage, stalled=True))

    def _has_tried(self, entry: _Entry, worker: str) -> None:
        self._tried.setdefault(entry.task.chunk.number, set()).add(worker)

    def _place_again(self) -> None:
        """Sends what has not begun to those who may have it by now; see Note [Hung workers]."""
        with self._changed:
            if self._failure is not None:
                return
            able = self._roster.able
            place = able if self._roster.avoids else None
            was = self._recipe_at
            lost = place is not None and (was is None or not was <= place)
            moved = place not in (was, frozenset()) and (lost or self._recipe.status != "finished")
            if moved:
                # It may be with one that hangs as well, and with nobody else: Dask drops copies.
                self._send_recipe(place)
                self._roster.wait_anew()
            for entry in tuple(self._entries.values()):
                if entry.worker or entry.has_ended:
                    continue
                if moved or self._allowed(entry.task, able) != entry.allowed:
                    del self._entries[entry.name]
                    if entry.remote is not None:
                        self._client.cancel([entry.remote], force=True)
                    self._send(entry, able)

    def _lost(self) -> JobError:
        return JobError(
            f"the cluster {self._name}: the scheduler was lost during the render; look whether it "
            "runs, or start another"
        )

    def _fail_all(self, error: Edl2FfmpegError) -> None:
        with self._changed:
            self._failure = self._failure or error
            entries = list(self._entries.values())
            self._entries.clear()
            for name in tuple(self._coming):
                entries += filter(None, [self._coming.pop(name, None)])
        for entry in entries:
            entry.future.set_exception(error)

    def _deliver(self, entry: _Entry) -> None:
        """Brings the packets of a task that has ended to where they are wanted."""
        outcome: Delivery | BaseException | None
        try:
            outcome = self._gathered(entry)
        except BaseException as error:
            outcome = error
        if outcome is None:
            self._is_missing(entry)
            return
        if self._coming.pop(entry.name, None) is None:
            # It was given up meanwhile.
            return
        try:
            entry.future.set_result(self._kept(entry, outcome))
        except BaseException as error:
            _log.debug("chunk %d was not delivered", entry.task.chunk.number, exc_info=error)
            entry.future.set_exception(error)
        finally:
            with suppress(Exception):
                entry.remote.release()

    def _is_missing(self, entry: _Entry) -> None:
        """A result that is gone with its worker, or will be seen to be, Dask makes again.

        One that a worker has, but never gives, is waited for only so long.
        """
        since = entry.unfetched_since = entry.unfetched_since or monotonic()
        with self._changed:
            if self._coming.pop(entry.name, None) is None:
                return  # it was given up meanwhile
            is_early = self._stall is None or monotonic() - since <= self._stall
            if self._failure is not None:
                entry.future.set_exception(self._failure)
                return
            if is_early:
                self._entries[entry.name] = entry
                return
        why = f"the result of worker {entry.worker} could not be fetched for {self._stall:g} s"
        self._end_stalled(entry, f"{why} (--stall-timeout)")

    def _kept(self, entry: _Entry, outcome: Delivery | BaseException) -> ChunkResult:
        if isinstance(outcome, BaseException):
            # A client that has noted it fails in ways of its own.
            is_lost = isinstance(outcome, CancelledError) or self._client.status != "running"
            if is_lost or (isinstance(outcome, OSError) and self._has_lost_scheduler()):
                raise self._lost() from outcome
            _log.debug("a task failed", exc_info=outcome)
            if type(outcome).__name__ == "KilledWorker":
                what = "every worker that began with it died"
            else:
                what = f"the cluster could not carry it out: {type(outcome).__name__}: {outcome}"
            raise WorkerError(what, entry.stage) from outcome
        delivery = outcome
        self._has_tried(entry, delivery.worker)
        if isinstance(delivery.error, (DeviceLostError, DeviceUnavailableError)):
            self._roster.avoid(delivery.worker, str(delivery.error), delivery.error)
        if delivery.error is not None:
            raise delivery.error
        result, path = delivery.result, entry.task.path
        assert result is not None and path is not None
        data, result.data = result.data, None
        if self._storage is not None:
            self._storage.fetch(entry.store_at, path, self._stop)
        else:
            assert data is not None
            save_packets(path, [data])
        for held in result.held:
            held.location = self._names.here(held.location)
        result.broken = [
            replace(broken, location=self._names.here(broken.location)) for broken in result.broken
        ]
        return result

    def _gathered(self, entry: _Entry) -> Delivery | None:
        """What the worker has delivered; None where that cannot be had just now.

        A lost scheduler would be asked for it for long, and ``Client.gather`` would ask for several
        at once: one on a worker that hangs would hold the others back.
        """
        client, remote = self._client, entry.remote
        if remote.status == "cancelled":
            raise CancelledError
        if remote.status == "error":
            raise remote.exception()
        answer = asked(
            client,
            client.scheduler.gather(keys=[remote.key]),
            lambda: (
                entry.name in self._coming
                and not self._stop.is_set()
                and client.status == "running"
            ),
        )
        if answer["status"] != "OK":
            return None
        [delivery] = answer["data"].values()
        assert isinstance(delivery, Delivery)
        return delivery

    def _has_lost_scheduler(self) -> bool:
        """Whether a connection that broke was the scheduler's, which the client notes later."""
        until = monotonic() + _NOTING_SECONDS
        while self._client.status == "running" and monotonic() < until:
            if self._stop.wait(_LOOK_SECONDS):
                break
        return bool(self._client.status != "running")

    def close(self) -> None:
        """Cancels what is on the cluster, and lets go of it.  May be called twice."""
        if self._stop.is_set():
            return
        self._stop.set()
        if self._watching.is_alive():
            self._watching.join()
        entries = list(self._entries.values())
        with suppress(Exception):
            if self._client.status == "running":
                self._client.cancel(
                    [entry.remote for entry in entries if entry.remote is not None], force=True
                )
        self._fetching.shutdown(cancel_futures=True)
        self._roster.close()
        let_go(self._client)
        if self._storage is not None:
            self._storage.close()
