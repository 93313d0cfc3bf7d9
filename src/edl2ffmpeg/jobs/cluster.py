"""Carries out chunks on the workers of a Dask cluster; what is tried again is not for it to say.

Note [Cluster]: workers that are lost are the scheduler's matter: it gives their chunks to others
(``distributed.scheduler.allowed-failures`` times).  The recipe is a task of its own and not
scattered data, since data that is scattered is gone with the worker that holds it.  Tasks tell how
far they are by events of the scheduler, by which they are also known to have begun.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any
from uuid import uuid4

from edl2ffmpeg.errors import (
    DeviceUnavailableError,
    Edl2FfmpegError,
    JobError,
    SettingsError,
    WorkerError,
)
from edl2ffmpeg.jobs.chunk_store import versions
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

_CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 0.05
_WORKERS_SECONDS = 1.0
_ANSWER_SECONDS = 5.0
_NOTING_SECONDS = 1.0
_FETCHING_THREADS = 4
# Waiting for their turn beside those in work: so that a cluster that grows by demand sees some.
_FEWEST_AHEAD = 32
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST_AND_PORT = re.compile(r"[^/\s]+:\d{1,5}")


@dataclass(eq=False)
class _Entry:
    """A chunk on the cluster: Dask's future and ours; who is at it, how far, since when."""

    name: str
    task: ChunkTask
    future: Future[Any]
    remote: Any
    store_at: str
    worker: str = ""
    frames: int = 0
    stage: str = ""
    since: float = field(default_factory=monotonic)


class ClusterExecutor(Owner):
    """Renders chunks of ``recipe`` on the cluster that its settings name; see ``Executor``.

    Raises ``SettingsError`` where that names none or the library is missing, and ``JobError``
    where the scheduler cannot be reached.  A lost scheduler is a ``JobError`` of every future; so
    is a cluster without workers, and one whose workers lack a resource, after the limit for
    stalls, a ``DeviceUnavailableError``.
    """

    def __init__(self, recipe: Recipe) -> None:
        settings = recipe.settings
        assert settings.cluster is not None
        self._name = settings.cluster
        self._stall = settings.stall_timeout or None
        self._needs = _resources(recipe)
        self._job = uuid4().hex[:12]
        self._topic = f"edl2ffmpeg-{self._job}"
        self._entries: dict[str, _Entry] = {}
        self._changed = threading.Lock()
        self._failure: Edl2FfmpegError | None = None
        self._numbers = 0
        self._workers: dict[str, dict[str, Any]] = {}
        self._most_workers = 0
        self._lacking_since: float | None = None
        self._stop = threading.Event()
        self._storage: ClusterStorage | None = None
        if settings.cluster_storage is not None:
            self._storage = ClusterStorage(settings.cluster_storage, self._topic)
        self._names = PathMaps(settings.path_maps)
        _, packed = self._names.as_workers_see(recipe).packed()
        self._client = _connected(self._name)
        self._fetching = ThreadPoolExecutor(_FETCHING_THREADS, "cluster-results")
        self._watching = threading.Thread(target=self._watch, name="cluster", daemon=True)
        try:
            self._client.subscribe_topic(self._topic, self._beat)
            self._recipe = self._client.submit(kept, packed, key=f"{self._topic}-recipe")
            self._look_at_workers()
            self._watching.start()
        except BaseException:
            self.close()
            raise

    @property
    def workers(self) -> int:
        """The largest number of workers that there have been."""
        return self._most_workers

    @property
    def ahead(self) -> int:
        """How many tasks are to be here at a time."""
        return max(3 * self._most_workers, _FEWEST_AHEAD)

    def submit(self, task: Task) -> Future[Any]:
        """See ``Executor``; chunks alone."""
        assert isinstance(task, ChunkTask)
        future: Future[Any] = Future()
        self._numbers += 1
        name = f"{task.chunk.number}-{task.attempt}-{self._numbers}"
        store_at = self._storage.address(name) if self._storage is not None else ""
        hosts = [str(entry.get("host")) for entry in self._workers.values()]
        sharing = max((hosts.count(host) for host in set(hosts)), default=1)
        sent = ClusterTask(
            task.chunk, task.attempt, name, self._topic, sharing, store_at, versions()
        )
        with self._changed:
            if self._failure is not None:
                future.set_exception(self._failure)
                return future
            try:
                remote = self._client.submit(
                    render_on_worker,
                    self._recipe,
                    sent,
                    key=f"{self._topic}-{name}",
                    resources=self._needs or None,
                    pure=False,
                )
            except Exception as error:
                _log.debug("a task cannot be sent", exc_info=error)
                future.set_exception(self._lost())
                return future
            self._entries[name] = _Entry(name, task, future, remote, store_at)
        return future

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
        entry = self._entries.get(message["name"])
        if entry is not None:
            entry.worker, entry.frames = message["worker"], message["frames"]
            entry.stage, entry.since = message["stage"], monotonic()

    def _watch(self) -> None:
        looked = monotonic()
        try:
            while not self._stop.wait(_LOOK_SECONDS):
                if self._client.status != "running":
                    self._fail_all(self._lost())
                for entry in tuple(self._entries.values()):
                    if entry.remote.status != "pending":
                        self._entries.pop(entry.name, None)
                        self._fetching.submit(self._deliver, entry)
                if monotonic() - looked > _WORKERS_SECONDS and self._failure is None:
                    self._look_at_workers()
                    self._judge()
                    looked = monotonic()
        except BaseException as error:
            # Whoever waits for a future must hear of it.
            _log.debug("watching the cluster failed", exc_info=error)
            self._fail_all(self._lost())

    def _look_at_workers(self) -> None:
        with suppress(OSError, TimeoutError):
            client = self._client
            found = client.sync(
                client.scheduler.identity, n_workers=-1, callback_timeout=_ANSWER_SECONDS
            )
            self._workers = found["workers"]
            self._most_workers = max(self._most_workers, len(self._workers))

    def _judge(self) -> None:
        """Ends what has passed a limit, and notes which workers are gone."""
        now = monotonic()
        for entry in tuple(self._entries.values()):
            if entry.worker and entry.worker not in self._workers:
                _log.info("worker %s is gone", entry.worker)
                entry.worker, entry.frames, entry.since = "", 0, now
            elif entry.worker and self._stall is not None and now - entry.since > self._stall:
                self._end_stalled(entry)
        able = any(
            all(entry["resources"].get(name, 0) >= count for name, count in self._needs.items())
            for entry in self._workers.values()
        )
        if able or not self._entries:
            self._lacking_since = None
        elif self._lacking_since is None:
            self._lacking_since = now
        elif self._stall is not None and now - self._lacking_since > self._stall:
            self._fail_all(self._no_worker(self._stall))

    def _end_stalled(self, entry: _Entry) -> None:
        self._entries.pop(entry.name, None)
        with suppress(Exception):
            self._client.cancel([entry.remote], force=True)
        entry.future.set_exception(
            WorkerError(
                f"worker {entry.worker} made no progress for {self._stall:g} s (--stall-timeout) "
                f"while {entry.stage}",
                entry.stage,
                stalled=True,
            )
        )

    def _no_worker(self, seconds: float) -> Edl2FfmpegError:
        where = f"the cluster {self._name}"
        limit = f"for {seconds:g} s (--stall-timeout)"
        if not self._needs:
            return JobError(f"{where} had no worker {limit}; start one with 'dask worker ...'")
        wanted = " and ".join(self._needs)
        flags = " ".join(f"{name}={count:g}" for name, count in self._needs.items())
        return DeviceUnavailableError(
            f"{where} had no worker with the resource {wanted} {limit}; start one with "
            f"--resources '{flags}', or render without --hw-accel",
            wanted,
        )

    def _lost(self) -> JobError:
        return JobError(
            f"the cluster {self._name}: the scheduler was lost during the render; run it again "
            "to go on with what is done"
        )

    def _fail_all(self, error: Edl2FfmpegError) -> None:
        with self._changed:
            self._failure = error
            entries = list(self._entries.values())
            self._entries.clear()
        for entry in entries:
            entry.future.set_exception(error)

    def _deliver(self, entry: _Entry) -> None:
        """Brings the packets of a task that has ended to where they are wanted."""
        try:
            entry.future.set_result(self._fetched(entry))
        except BaseException as error:
            entry.future.set_exception(error)
        finally:
            with suppress(Exception):
                entry.remote.release()

    def _fetched(self, entry: _Entry) -> ChunkResult:
        try:
            delivery = self._gathered(entry)
        except CancelledError:
            raise self._lost() from None
        except Exception as error:
            if isinstance(error, OSError) and self._has_lost_scheduler():
                raise self._lost() from error
            _log.debug("a task failed", exc_info=error)
            if type(error).__name__ == "KilledWorker":
                what = "every worker that began with it died"
            else:
                what = f"the cluster could not carry it out: {type(error).__name__}: {error}"
            raise WorkerError(what, entry.stage) from error
        assert isinstance(delivery, Delivery)
        if delivery.error is not None:
            raise delivery.error
        result, path = delivery.result, entry.task.path
        assert result is not None and path is not None
        data, result.data = result.data, None
        if self._storage is not None:
            self._storage.fetch(entry.store_at, path, self._stop)
        else:
            assert data is not None
            save_packets(path, data)
        for held in result.held:
            held.location = self._names.here(held.location)
        result.broken = [
            replace(broken, location=self._names.here(broken.location)) for broken in result.broken
        ]
        return result

    def _gathered(self, entry: _Entry) -> Any:
        """What the worker has delivered; a lost scheduler would be asked for it for long."""
        client = self._client
        asked = asyncio.run_coroutine_threadsafe(
            client.gather(entry.remote, asynchronous=True), client.loop.asyncio_loop
        )
        while not wait([asked], _LOOK_SECONDS).done:
            if self._stop.is_set() or client.status != "running":
                asked.cancel()
                raise self._lost()
        return asked.result()

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
                self._client.cancel([entry.remote for entry in entries], force=True)
        self._fetching.shutdown(cancel_futures=True)
        with suppress(Exception):
            self._client.close(timeout=1)
        if self._storage is not None:
            self._storage.close()


def _resources(recipe: Recipe) -> dict[str, float]:
    """What a worker has to have, by the names that the workers are started with."""
    device = recipe.device
    if not device.uses_hardware:
        return {}
    return {"GPU": 1.0} | ({"NVENC": 1.0} if device.is_cuda and device.encodes else {})


def _connected(name: str) -> Any:
    """A client of the cluster that ``name`` means."""
    try:
        import dask.config

        if not _log.isEnabledFor(logging.INFO):
            # Read when it is first imported: what goes wrong is told in our own words.
            quiet = {"distributed": "critical", "distributed.client": "critical"}
            dask.config.set({"logging": dask.config.get("logging", {}) | quiet})
        import distributed

        client: Any = distributed.Client
    except ImportError as error:
        raise SettingsError(
            f"--cluster needs the package {error.name}: pip install 'edl2ffmpeg[cluster]'"
        ) from None
    options: dict[str, Any] = {"timeout": _CONNECT_SECONDS, "set_as_default": False}
    options["name"] = "edl2ffmpeg"
    try:
        if _URL.match(name) or _HOST_AND_PORT.fullmatch(name):
            return client(name, **options)
        if os.path.isfile(name):
            return client(scheduler_file=name, **options)
        address = dask.config.get(name, None)
        if isinstance(address, str):
            return client(address, **options)
    except (OSError, TimeoutError) as error:
        _log.debug("connecting failed", exc_info=error)
        raise JobError(
            f"the cluster {name}: no scheduler has answered for {_CONNECT_SECONDS:g} s; look "
            "whether it runs and can be reached from here"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"--cluster {name}: is no address of a scheduler: {error}") from None
    raise SettingsError(
        f"--cluster {name}: is neither an address such as tcp://scheduler:8786, nor a scheduler "
        "file, nor an entry of Dask's configuration"
    )
