"""What a chunk comes to whose packets are on their way when the scheduler is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from edl2ffmpeg.errors import JobError
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


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    # What was cancelled has ended before the loop does.
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), made).result()
    made.call_soon_threadsafe(made.stop)
    thread.join()
    made.close()


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
