"""What is told of worker processes, which their own thread changes at any time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from edl2ffmpeg.jobs.workers import WorkerPool


class _DoneAtOnce(SimpleNamespace):
    """A worker whose task ends between two looks at it."""

    looks = 0

    @property
    def entry(self) -> Any:
        self.looks += 1
        return (1, "task", None) if self.looks == 1 else None


def test_a_task_may_end_while_it_is_told_of() -> None:
    pool = WorkerPool.__new__(WorkerPool)
    worker: Any = _DoneAtOnce(process=SimpleNamespace(pid=5), frames=2, stage="encoding")
    pool._workers = [worker]
    (told,) = pool.activities()
    assert (told.process, told.task, told.frames) == (5, "task", 2)
