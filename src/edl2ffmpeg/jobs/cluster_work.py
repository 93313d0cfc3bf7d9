"""What a worker of a Dask cluster does of a render: one chunk, and telling how far it is.

It runs in a thread of the worker, which cannot be interrupted: whether the chunk is still wanted
is looked up with every frame.
"""

from __future__ import annotations

import threading
import traceback
from dataclasses import dataclass
from typing import Any

from edl2ffmpeg.devices.cpu import usable_cores
from edl2ffmpeg.errors import Edl2FfmpegError, JobError, MediaOpenError, WorkerError
from edl2ffmpeg.jobs.chunk_store import versions
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.chunks import Chunk
from edl2ffmpeg.rendering.chunk import ChunkRenderer, ChunkResult, ChunkTask
from edl2ffmpeg.rendering.progress import Progress
from edl2ffmpeg.rendering.recipe import Recipe

__all__ = ["ClusterTask", "Delivery", "kept", "render_on_worker"]

_BEAT_SECONDS = 0.25


@dataclass(frozen=True)
class ClusterTask:
    """One chunk for a worker of a cluster.

    ``name`` is what it is called in messages about ``topic``, ``sharing`` how many workers share
    the machine's cores.  ``store_at`` is where the packets go, as an address of fsspec's; empty
    asks for them in the result.  ``versions`` are those that the chunk has to be made with.
    """

    chunk: Chunk
    attempt: int
    name: str
    topic: str
    sharing: int
    store_at: str
    versions: tuple[str, ...]


@dataclass
class Delivery:
    """What came of a task, and on which worker: a result or an error."""

    worker: str
    result: ChunkResult | None = None
    error: Edl2FfmpegError | None = None


def kept(packed: bytes) -> bytes:
    """The packed recipe, as a task's result: workers get it from each other, and it is made again
    when all that had it are lost."""
    return packed


def render_on_worker(packed: bytes, task: ClusterTask) -> Delivery:
    """Renders one chunk in a worker; what goes wrong is in the delivery."""
    from distributed import get_worker

    worker = get_worker()
    address = str(worker.address)
    try:
        _require_versions(task)
        with _Beats(worker, task) as beats:
            result = _rendered(packed, task, beats, worker.local_directory)
    except _UnwantedError:
        # Heard of only where the worker was to end and the chunk is wanted still.
        why = f"worker {address} was ended while it had the chunk"
        return Delivery(address, error=WorkerError(why))
    except Edl2FfmpegError as error:
        error.args = (f"worker {address}: {error}{_advice(error)}",)
        return Delivery(address, error=error)
    except Exception as error:
        what = "".join(traceback.format_exception_only(error)).strip()
        failure = WorkerError(f"worker {address} met an error of its own: {what}")
        return Delivery(address, error=failure)
    result.host = address
    return Delivery(address, result)


def _advice(error: Edl2FfmpegError) -> str:
    if not isinstance(error, MediaOpenError):
        return ""
    return "; --path-map tells where it is on that machine"


def _require_versions(task: ClusterTask) -> None:
    own = versions()
    if own != task.versions:
        here = ", ".join(sorted(set(own) - set(task.versions)))
        there = ", ".join(sorted(set(task.versions) - set(own)))
        raise JobError(
            f"it has other versions ({here}) than this machine ({there}), and would make other "
            "bytes; install the same on both"
        )


def _rendered(packed: bytes, task: ClusterTask, beats: _Beats, folder: str) -> ChunkResult:
    """Renders it by way of ``folder``, which Dask removes even after a worker that was killed."""
    recipe = Recipe.unpacked(packed)
    cores = max(usable_cores() // max(task.sharing, 1), 1)
    with ChunkRenderer(recipe, cores) as renderer:
        beats.renderer = renderer
        result = renderer.render(
            ChunkTask(recipe, task.chunk, None, cores, task.attempt), beats.progress, folder
        )
        beats.renderer = None
    if task.store_at:
        data, result.data = result.data, None
        assert data is not None
        # Its folder is gone with the render, and would be made again.
        beats.look()
        _store(task.store_at, data)
    return result


def _store(name: str, data: bytes) -> None:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(name)
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        with system.open(path, "wb") as file:
            file.write(data)
    except Exception as error:
        # Each kind of storage has errors of its own.
        raise WorkerError(
            f"{name}: a chunk cannot be written there: {type(error).__name__}: {error}; see "
            "--cluster-storage"
        ) from error


class _UnwantedError(BaseException):
    """Nobody waits for the chunk any more."""


class _Beats(Owner):
    """A thread that tells whenever something has been done, and notices when it was cancelled."""

    def __init__(self, worker: Any, task: ClusterTask) -> None:
        self._worker = worker
        self._task = task
        self._key = worker.get_current_task()
        self._frames = 0
        self._unwanted = False
        self._stop = threading.Event()
        self.renderer: ChunkRenderer | None = None
        self._thread = threading.Thread(target=self._tell, name="beats", daemon=True)
        self._thread.start()

    def progress(self, progress: Progress) -> None:
        """To be called with every frame; raises when the chunk is not wanted any more."""
        self._frames = progress.frames_done
        if self._unwanted:
            raise _UnwantedError

    def look(self) -> None:
        """Looks at once; raises when the chunk is not wanted any more."""
        if not self._is_wanted():
            self._unwanted = True
            raise _UnwantedError

    def _tell(self) -> None:
        told: Any = None
        while True:
            renderer = self.renderer
            stage = renderer.watch.stage if renderer is not None else "beginning with it"
            activity = renderer.watch.activity if renderer is not None else ()
            state = (self._frames, stage, activity)
            if state != told:
                told = state
                self._send(stage)
            self._unwanted = not self._is_wanted()
            if self._stop.wait(_BEAT_SECONDS):
                break
        if self._unwanted and self._worker.status.name == "running":
            # Whoever has taken it for hung may use this worker again.
            self._send("idle")

    def _send(self, stage: str) -> None:
        message = {"name": self._task.name, "worker": self._worker.address}
        self._worker.log_event(self._task.topic, message | {"frames": self._frames, "stage": stage})

    def _is_wanted(self) -> bool:
        state = self._worker.state.tasks.get(self._key)
        if state is None or state.state == "cancelled":
            return False
        return self._worker.status.name not in ("closing", "closed", "failed")

    def close(self) -> None:
        """Ends the thread.  May be called twice."""
        self._stop.set()
        self._thread.join()
