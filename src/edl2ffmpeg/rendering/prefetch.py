"""Runs an iterator ahead of its consumer in a thread; it knows nothing of frames.

Holds at most ``depth`` finished items beside the one being made and the one being used.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import suppress
from time import perf_counter
from typing import Generic, TypeVar

from edl2ffmpeg.ownership import Owner

__all__ = ["Prefetch"]

Item = TypeVar("Item")


class Prefetch(Owner, Generic[Item]):
    """An iterator over ``source`` that a thread keeps filled.

    An exception of the source is raised where its item would have come.  ``close()`` stops
    the thread after the item it is making, closes the source in that thread, and joins it.
    ``busy_seconds`` is the time spent making items, ``waited_seconds`` the consumer's wait.
    """

    def __init__(self, source: Generator[Item, None, None], depth: int, name: str) -> None:
        self._source = source
        self._depth = depth
        self._ready: deque[Item] = deque()
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._finished = False
        self._stopping = False
        self.busy_seconds = 0.0
        self.waited_seconds = 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        try:
            self._thread.start()
        except BaseException:
            # An interrupt while it is waited for: nobody else will ever stop it.
            self.stop()
            with suppress(RuntimeError):
                self._thread.join()
            raise

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            while True:
                started = perf_counter()
                item = next(self._source, _END)
                self.busy_seconds += perf_counter() - started
                if item is _END or not self._put(item):  # type: ignore[arg-type]
                    break
                # The loop must not keep the last item alive while it makes the next.
                del item
        except BaseException as raised:
            error = raised
        try:
            self._source.close()
        except BaseException as raised:
            error = error or raised
        with self._changed:
            self._error = error
            self._finished = True
            self._changed.notify_all()

    def _put(self, item: Item) -> bool:
        with self._changed:
            while len(self._ready) >= self._depth and not self._stopping:
                self._changed.wait()
            if self._stopping:
                return False
            self._ready.append(item)
            self._changed.notify_all()
            return True

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        with self._changed:
            if not self._ready and not self._finished:
                started = perf_counter()
                while not self._ready and not self._finished:
                    self._changed.wait()
                self.waited_seconds += perf_counter() - started
            if self._ready:
                item = self._ready.popleft()
                self._changed.notify_all()
                return item
            error, self._error = self._error, None
        if error is not None:
            raise error
        raise StopIteration

    def stop(self) -> None:
        """Tells the thread to stop after the item it is making; does not wait for it."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def close(self) -> None:
        """Stops and joins the thread and drops what it had made.  May be called twice."""
        self.stop()
        self._thread.join()
        self._ready.clear()


class _End:
    """The type of the one value that no source yields."""


_END = _End()
