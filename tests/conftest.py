"""Fixtures shared by all tests: clips and broken files, made once per test session."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.bad_media import make_bad_media
from helpers.looks import LookMedia, make_look_media
from helpers.media_factory import ClipLibrary
from helpers.storage import CountedStorage, counted_storage


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipLibrary:
    """Barcoded clips by shape name, made when first asked for, shared by all workers."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    return ClipLibrary(base / "clips")


@pytest.fixture
def bad_media(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a broken file by its name in ``BAD_MEDIA``."""
    return lambda kind: make_bad_media(tmp_path, kind)


@pytest.fixture(scope="session")
def look_media(clips: ClipLibrary, tmp_path_factory: pytest.TempPathFactory) -> LookMedia:
    """Sources of every kind, those with alpha included."""
    return make_look_media(tmp_path_factory.mktemp("looks"), clips)


@pytest.fixture
def storage() -> Iterator[type[CountedStorage]]:
    """Storage that counts, empty; every file opened there must be closed in the end."""
    with counted_storage() as found:
        yield found
        assert found.still_open() == 0
