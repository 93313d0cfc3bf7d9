"""Shows progress on a terminal or as JSON lines, and what came of it; it renders nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic

from edl2ffmpeg.jobs.render_job import RenderResult
from edl2ffmpeg.rendering.progress import Progress, ProgressCallback
from edl2ffmpeg.standard_streams import discard

__all__ = ["progress_display", "tell_rendered"]

_REFRESH_SECONDS = 0.1
_JSON_SECONDS = 0.5
_NARROW = 70
_TITLED = 90
# Left free, so that an echoed ^C does not wrap the line.
_MARGIN = 3


@contextmanager
def progress_display(
    kind: str, output: Path, check: Callable[[], None]
) -> Iterator[ProgressCallback]:
    """A progress callback of ``kind``: auto, bar (stderr), json (lines on stdout) or none.

    ``check`` is called with every frame, and may raise to stop the render.
    """
    if kind == "auto":
        kind = "bar" if sys.stderr.isatty() else "none"
    with ExitStack() as stack:
        show: ProgressCallback | None = None
        if kind == "bar":
            show = stack.enter_context(_bar(output))
        elif kind == "json":
            show = _json_lines()

        def callback(progress: Progress) -> None:
            check()
            if show is not None:
                show(progress)

        yield callback


@contextmanager
def _bar(output: Path) -> Iterator[ProgressCallback]:
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as RichProgress

    width = Console(stderr=True).width - _MARGIN
    console = Console(stderr=True, width=max(width, 20))
    columns: list[ProgressColumn] = [
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[status]}"),
    ]
    if width >= _TITLED:
        columns.insert(0, TextColumn("{task.description}"))
    # Refreshed by the callback: a thread of its own would cost the render its turns.
    with RichProgress(*columns, console=console, expand=True, auto_refresh=False) as bar:
        task = bar.add_task(output.name.replace("[", "\\["), total=None, status="opening media")
        bar.refresh()
        shown_at = 0.0

        def show(progress: Progress) -> None:
            nonlocal shown_at
            done = progress.frames_done == progress.frames_total
            if not done and monotonic() - shown_at < _REFRESH_SECONDS:
                return
            shown_at = monotonic()
            bar.update(
                task,
                total=progress.frames_total,
                completed=progress.frames_done,
                status="finishing" if done else _status(progress, width < _NARROW),
            )
            bar.refresh()

        yield show


def _status(progress: Progress, narrow: bool) -> str:
    remaining = progress.remaining_seconds
    parts = [progress.stage] if progress.stage and not narrow else []
    if progress.stage:
        parts.append(f"{progress.speed:.0f}x")
    elif not narrow:
        parts = [
            f"{progress.frames_done}/{progress.frames_total} frames",
            f"{progress.frames_per_second:.1f} fps",
            f"{progress.speed:.2f}x",
        ]
        if progress.workers > 1:
            parts.append(f"{progress.workers} workers")
    if remaining is not None:
        minutes, seconds = divmod(round(remaining), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"
        parts.append(f"ETA {clock}")
    return "  ".join(parts)


def _json_lines() -> ProgressCallback:
    shown_at = 0.0
    has_reader = True

    def show(progress: Progress) -> None:
        nonlocal shown_at, has_reader
        if not has_reader:
            return
        done = progress.frames_done == progress.frames_total
        if not done and monotonic() - shown_at < _JSON_SECONDS:
            return
        shown_at = monotonic()
        remaining = progress.remaining_seconds
        line = {
            "stage": progress.stage or "rendering",
            "frames_done": progress.frames_done,
            "frames_total": progress.frames_total,
            "elapsed_seconds": round(progress.elapsed_seconds, 3),
            "frames_per_second": round(progress.frames_per_second, 2),
            "speed": round(progress.speed, 3),
            "remaining_seconds": None if remaining is None else round(remaining, 1),
            "workers": progress.workers,
            "chunks_done": progress.chunks_done,
            "chunks_total": progress.chunks_total,
            "chunks_reused": progress.chunks_reused,
            "retries": progress.retries,
        }
        try:
            print(json.dumps(line), flush=True)
        except OSError:
            # Its reader has gone, or the disk is full: the movie is wanted all the same.
            has_reader = False
            discard(sys.stdout)

    return show


def tell_rendered(result: RenderResult) -> None:
    """Says in a line what was made, and in another how loud it is where that was asked for."""
    speed = result.duration_seconds / max(result.elapsed_seconds, 1e-9)
    made = f"{result.frames} frame{'s' if result.frames != 1 else ''}, " if result.frames else ""
    print(
        f"{result.output}: {made}{result.duration_seconds:.2f} s, made in "
        f"{result.elapsed_seconds:.1f} s ({speed:.1f}x real time)",
        file=sys.stderr,
    )
    sound = result.report["sound"]
    if sound is not None and sound["measured"] is not None:
        for stream in sound["streams"]:
            what = stream["title"] or "sound"
            loudness, peak = stream["integrated_lufs"], stream["true_peak_dbtp"]
            print(
                f"{result.output}: {what}: "
                + ("silent" if loudness is None else f"{loudness:.1f} LUFS")
                + ("" if peak is None else f", true peak {peak:.1f} dBTP")
                + f", {sound['gain_db']:+.1f} dB",
                file=sys.stderr,
            )
