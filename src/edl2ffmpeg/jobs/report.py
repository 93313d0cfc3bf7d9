"""Writes the JSON report of a render, where that destroys nothing; it decides no contents."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edl2ffmpeg.errors import EncodeError, SettingsError
from edl2ffmpeg.jobs.publish import PublishGuard, published
from edl2ffmpeg.jobs.render_job import refuse_own_files, refuse_sources
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline

__all__ = ["batch_report_to", "report_to"]


@contextmanager
def report_to(
    path: Path | None,
    timeline: Timeline,
    others: Mapping[str, Path | None],
    settings: RenderSettings,
    guard: PublishGuard | None = None,
) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A function that writes the report to ``path``; it does nothing when that is None.

    The place is tried before the block runs, so that a report that cannot be written is found
    out before the render.  ``others`` are files that the report must not replace, by what they
    are called.
    """
    if path is None:
        yield lambda report: None
        return
    refuse_own_files(path, "report", others)
    refuse_sources(timeline, path, "report")
    with _written(path, settings, guard, "the movie is done, but its") as write:
        yield write


@contextmanager
def batch_report_to(
    path: Path | None,
    others: Mapping[str, Path | None],
    settings: RenderSettings,
    guard: PublishGuard | None = None,
) -> Iterator[Callable[[dict[str, Any]], None]]:
    """The same for the report of a batch, before any of its EDLs is read.

    What it replaces may be a report alone: any other file might be a source of an EDL.
    """
    if path is None:
        yield lambda report: None
        return
    refuse_own_files(path, "report", others)
    if settings.overwrite and os.path.exists(path) and not _is_batch_report(path):
        raise SettingsError(f"{path}: is no report of a batch; give the report another name")
    with _written(path, settings, guard, "the movies are done, but their") as write:
        yield write


def _is_batch_report(path: Path) -> bool:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and {"edl2ffmpeg", "totals", "movies"} <= set(found)


@contextmanager
def _written(
    path: Path, settings: RenderSettings, guard: PublishGuard | None, done: str
) -> Iterator[Callable[[dict[str, Any]], None]]:
    if os.path.exists(path) and not settings.overwrite:
        raise SettingsError(f"{path}: exists already; add --overwrite to replace it")
    with published(path, guard=guard) as partial:

        def write(report: dict[str, Any]) -> None:
            try:
                partial.write_text(
                    json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8"
                )
            except OSError as error:
                raise EncodeError(
                    f"{path}: {done} report cannot be written: {error.strerror}",
                    str(path),
                ) from error

        yield write
