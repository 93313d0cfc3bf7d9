"""What several tests of jobs share."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own, as that of a client does."""
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    # What was cancelled has ended before the loop does.
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), made).result()
    made.call_soon_threadsafe(made.stop)
    thread.join()
    made.close()
