"""Order, bounds, errors and closing of the thread that works ahead."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from edl2ffmpeg.rendering.prefetch import Prefetch


def test_items_come_in_order_and_once() -> None:
    with Prefetch((number for number in range(500)), 3, "numbers") as items:
        assert list(items) == list(range(500))
        assert next(items, None) is None


def test_it_works_ahead_by_its_depth_and_no_further() -> None:
    made = 0
    reached = threading.Event()

    def source() -> Generator[int, None, None]:
        nonlocal made
        for number in range(100):
            made = number + 1
            if made == 4:
                reached.set()
            yield number

    with Prefetch(source(), 3, "numbers") as items:
        # Three are ready and a fourth is in the maker's hand.
        assert reached.wait(5)
        time.sleep(0.05)
        assert made == 4
        assert next(items) == 0


def test_an_error_comes_where_its_item_would_have() -> None:
    def source() -> Generator[int, None, None]:
        yield 1
        raise RuntimeError("broken here")

    with Prefetch(source(), 3, "numbers") as items:
        assert next(items) == 1
        with pytest.raises(RuntimeError, match="broken here"):
            next(items)


def test_closing_ends_the_thread_and_the_source() -> None:
    closed = threading.Event()

    def source() -> Generator[int, None, None]:
        try:
            number = 0
            while True:
                yield number
                number += 1
        finally:
            closed.set()

    before = threading.active_count()
    items = Prefetch(source(), 2, "endless")
    assert next(items) == 0
    items.close()
    items.close()
    assert closed.is_set()
    assert threading.active_count() == before


def test_closing_an_upstream_ends_its_consumer() -> None:
    def endless() -> Generator[int, None, None]:
        while True:
            yield 1

    upstream = Prefetch(endless(), 1, "upstream")
    downstream = Prefetch((item for item in upstream), 1, "downstream")
    assert next(downstream) == 1
    upstream.stop()
    downstream.close()
    upstream.close()
