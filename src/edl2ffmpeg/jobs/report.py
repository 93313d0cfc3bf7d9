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

__all__ = ["report_to"]


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
                    f"{path}: the movie is done, but its report cannot be written: "
                    f"{error.strerror}",
                    str(path),
                ) from error

        yield write
