"""What a chunk comes to whose packets are on their way when the scheduler is lost."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from edl2ffmpeg.errors import JobError, WorkerError
from edl2ffmpeg.jobs import cluster
from edl2ffmpeg.jobs.cluster import ClusterExecutor


class _Client:
    """A client whose scheduler is lost while it gathers; ``breaks`` says how that shows."""

    def __init__(self, loop: asyncio.AbstractEventLoop, breaks: bool) -> None:
        self.loop = SimpleNamespace(asyncio_loop=loop)
        self.scheduler = SimpleNamespace(gather=self._gather)
        self.status = "running"
        self._breaks = breaks

    async def _gather(self, keys: list[Any]) -> None:
        loop = asyncio.get_running_loop()
        # It is noted only after the connection has failed.
        loop.call_later(0.1, setattr, self, "status", "connecting")
        if self._breaks:
            raise ConnectionResetError("Stream is closed")
        await asyncio.sleep(60)


@pytest.mark.parametrize("breaks", [True, False])
def test_a_lost_scheduler_is_no_fault_of_the_chunk(
    loop: asyncio.AbstractEventLoop, breaks: bool
) -> None:
    executor: Any = ClusterExecutor.__new__(ClusterExecutor)
    executor._client, executor._name = _Client(loop, breaks), "there"
    executor._stop = threading.Event()
    remote = SimpleNamespace(status="finished", key="chunk", release=lambda: None)
    entry = SimpleNamespace(name="0-1-1", future=Future(), remote=remote, stage="")
    entry.task = SimpleNamespace(chunk=SimpleNamespace(number=0))
    executor._coming = {entry.name: entry}
    executor._deliver(entry)
    with pytest.raises(JobError, match="the cluster there: the scheduler was lost"):
        entry.future.result(0)


def delivering(failure: JobError | None = None) -> tuple[Any, Any]:
    """An executor whose scheduler has no result to give, and the chunk that it is asked for."""
    executor: Any = ClusterExecutor.__new__(ClusterExecutor)
    remote = SimpleNamespace(status="finished", key="chunk")
    task = SimpleNamespace(chunk=SimpleNamespace(number=0))
    entry = SimpleNamespace(
        name="0-1-1", future=Future(), remote=remote, stage="", task=task, worker="there",
        unfetched_since=None,
    )  # fmt: skip
    executor._gathered = lambda entry: None
    executor._changed, executor._failure = threading.Lock(), failure
    executor._entries, executor._coming, executor._tried = {}, {entry.name: entry}, {}
    executor._roster = SimpleNamespace(avoid=lambda address, why: None)
    executor._client = SimpleNamespace(cancel=lambda futures, force: None)
    executor._stall = 5.0
    return executor, entry


def test_a_result_that_nobody_gives_is_waited_for_only_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executor, entry = delivering()
    for seconds in (100.0, 103.0):
        monkeypatch.setattr(cluster, "monotonic", lambda seconds=seconds: seconds)
        executor._deliver(entry)
        assert (executor._entries, executor._coming) == ({entry.name: entry}, {})
        executor._coming, executor._entries = executor._entries, {}
    monkeypatch.setattr(cluster, "monotonic", lambda: 105.1)
    executor._deliver(entry)
    with pytest.raises(WorkerError, match="the result of worker there could not be fetched for 5"):
        entry.future.result(0)
    assert executor._tried == {0: {"there"}}


def test_no_result_is_waited_for_after_a_failure_of_all() -> None:
    failure = JobError("no worker left")
    executor, entry = delivering(failure)
    executor._deliver(entry)
    assert entry.future.exception(0) is failure
    assert not executor._entries
