"""Shows progress on a terminal or as JSON lines, and what came of it; it renders nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from edl2ffmpeg.errors import printable
from edl2ffmpeg.jobs.batch import BatchProgressCallback
from edl2ffmpeg.jobs.batch_result import BatchMovie, BatchProgress, BatchResult
from edl2ffmpeg.jobs.render_job import RenderResult
from edl2ffmpeg.rendering.progress import Progress, ProgressCallback
from edl2ffmpeg.standard_streams import discard

if TYPE_CHECKING:
    from rich.progress import TaskID

__all__ = ["batch_display", "progress_display", "tell_batch", "tell_rendered"]

_REFRESH_SECONDS = 0.1
_JSON_SECONDS = 0.5
_NARROW = 70
_TITLED = 90
# Left free, so that an echoed ^C does not wrap the line.
_MARGIN = 3
# Of a batch: rows of movies in work, and the widths of their columns.
_ROWS = 8
_NAME_LETTERS = 28
_STATUS_LETTERS = 42
_WIDE = 100


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
        parts.append(f"ETA {_clock(remaining)}")
    return "  ".join(parts)


def _clock(remaining: float) -> str:
    minutes, seconds = divmod(round(remaining), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


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
        has_reader = _print_json(_json_of(progress))

    return show


def _print_json(line: dict[str, Any]) -> bool:
    try:
        print(json.dumps(line), flush=True)
    except OSError:
        # Its reader has gone, or the disk is full: the movie is wanted all the same.
        discard(sys.stdout)
        return False
    return True


def _json_of(progress: Progress) -> dict[str, Any]:
    remaining = progress.remaining_seconds
    return {
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


def tell_rendered(result: RenderResult) -> None:
    """Says in a line what was made, and in another how loud it is where that was asked for."""
    for line in _rendered_lines(result):
        print(line, file=sys.stderr)


def _rendered_lines(result: RenderResult) -> Iterator[str]:
    speed = result.duration_seconds / max(result.elapsed_seconds, 1e-9)
    made = f"{_frames(result.frames)}, " if result.frames else ""
    yield (
        f"{result.output}: {made}{result.duration_seconds:.2f} s, made in "
        f"{result.elapsed_seconds:.1f} s ({speed:.1f}x real time)"
    )
    sound = result.report["sound"]
    if sound is not None and sound["measured"] is not None:
        for stream in sound["streams"]:
            what = stream["title"] or "sound"
            loudness, peak = stream["integrated_lufs"], stream["true_peak_dbtp"]
            yield (
                f"{result.output}: {what}: "
                + ("silent" if loudness is None else f"{loudness:.1f} LUFS")
                + ("" if peak is None else f", true peak {peak:.1f} dBTP")
                + f", {sound['gain_db']:+.1f} dB"
            )


def _frames(count: int) -> str:
    return f"{count} frame{'s' if count != 1 else ''}"


# -- batches ------------------------------------------------------------------


@contextmanager
def batch_display(
    kind: str, check: Callable[[], None], *, quiet: bool
) -> Iterator[BatchProgressCallback]:
    """A callback for a batch, of the kinds of ``progress_display``.

    With every kind each movie that is finished is told in a line on standard error, with
    ``quiet`` those alone that failed, and warnings.
    """
    if kind == "auto":
        kind = "bar" if sys.stderr.isatty() else "none"
    with ExitStack() as stack:
        show: BatchProgressCallback | None = None
        say: Callable[[str], None] = _say
        if kind == "bar":
            show, say = stack.enter_context(_batch_screen())
        elif kind == "json":
            show = _batch_json_lines()

        def callback(progress: BatchProgress) -> None:
            check()
            if progress.finished is not None:
                for line in _movie_lines(progress.finished, quiet):
                    say(line)
            if show is not None:
                show(progress)

        yield callback


def tell_batch(result: BatchResult, again: str) -> None:
    """Says in a line what came of all movies, and that those that failed are gone on with.

    ``again`` are the options with which they are.
    """
    totals = result.totals
    parts = [f"{totals[name]} {name}" for name in ("done", "failed", "skipped") if totals[name]]
    speed = totals["duration_seconds"] / max(result.elapsed_seconds, 1e-9)
    _say(
        f"{_movies(totals['movies'])}: {', '.join(parts)}; {_frames(totals['frames'])}, "
        f"{totals['duration_seconds']:.2f} s, made in {result.elapsed_seconds:.1f} s "
        f"({speed:.1f}x real time)"
    )
    if any(getattr(movie.error, "__notes__", ()) for movie in result.movies):
        _say(f"chunks of what failed are kept; the same command with {again} goes on from there")


def _movies(count: int) -> str:
    return f"{count} movie{'s' if count != 1 else ''}"


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _movie_lines(movie: BatchMovie, quiet: bool) -> Iterator[str]:
    for line in str(movie.error).splitlines() if movie.error is not None else ():
        where = "" if str(movie.edl) in line else f"{movie.edl}: "
        yield f"edl2ffmpeg: {printable(where + line)}"
    if movie.result is not None:
        for warning in movie.result.warnings:
            yield f"edl2ffmpeg: warning: {printable(f'{movie.edl}: {warning}')}"
        if not quiet:
            yield from map(printable, _rendered_lines(movie.result))
    if movie.status == "skipped" and not quiet:
        yield printable(f"{movie.output}: is there already")


@contextmanager
def _batch_screen() -> Iterator[tuple[BatchProgressCallback, Callable[[str], None]]]:
    """Shows all movies in one row and each that is in work in its own; and says lines above."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column

    width = max(Console(stderr=True).width - _MARGIN, 20)
    console = Console(stderr=True, width=width)
    names = min(width // 4, _NAME_LETTERS)
    narrow = width < _WIDE
    columns = (
        TextColumn("{task.description}", markup=False, table_column=Column(width=names)),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn(
            "{task.fields[status]}",
            markup=False,
            table_column=Column(width=None if narrow else _STATUS_LETTERS, no_wrap=True),
        ),
    )
    with RichProgress(*columns, console=console, expand=True, auto_refresh=False) as screen:
        overall = screen.add_task("movies", total=1.0, status="")
        rows: dict[Path, TaskID] = {}
        shown_at = 0.0

        def show(progress: BatchProgress) -> None:
            nonlocal shown_at
            last = progress.movies_finished == progress.movies_total
            if not last and monotonic() - shown_at < _REFRESH_SECONDS:
                return
            shown_at = monotonic()
            shown = {entry.edl: entry for entry in progress.in_work[:_ROWS]}
            for edl in [edl for edl in rows if edl not in shown]:
                screen.remove_task(rows.pop(edl))
            for edl, entry in shown.items():
                if edl not in rows:
                    rows[edl] = screen.add_task(_short(edl.stem, names), total=None, status="")
                told = entry.progress
                screen.update(
                    rows[edl],
                    total=told.frames_total if told is not None else 1,
                    completed=told.frames_done if told is not None and not told.stage else 0,
                    status=_movie_status(told, narrow),
                )
            screen.update(
                overall,
                description=f"{progress.movies_finished}/{_movies(progress.movies_total)}",
                completed=progress.share_done,
                status=_batch_status(progress, narrow),
            )
            screen.refresh()

        def say(line: str) -> None:
            screen.console.print(line, markup=False, highlight=False, soft_wrap=True)

        yield show, say


def _short(name: str, letters: int) -> str:
    name = printable(name)
    if len(name) <= letters:
        return name
    # Names of one series differ at their ends.
    end = letters // 3
    return f"{name[: letters - 3 - end]}...{name[-end:]}"


def _movie_status(progress: Progress | None, narrow: bool) -> str:
    if progress is None:
        return "reading"
    if progress.stage:
        return progress.stage
    return "" if narrow else f"{progress.frames_done}/{progress.frames_total} frames"


def _batch_status(progress: BatchProgress, narrow: bool) -> str:
    parts = [f"{progress.movies_failed} failed"] if progress.movies_failed else []
    if not narrow:
        parts += [f"{progress.frames_per_second:.1f} fps", f"{progress.speed:.2f}x"]
    if progress.remaining_seconds is not None:
        parts.append(f"ETA {_clock(progress.remaining_seconds)}")
    return "  ".join(parts)


def _batch_json_lines() -> BatchProgressCallback:
    shown_at = 0.0
    has_reader = True

    def show(progress: BatchProgress) -> None:
        nonlocal shown_at, has_reader
        movie = progress.finished
        if movie is not None and has_reader:
            line = movie.report
            del line["report"]
            has_reader = _print_json({"event": "movie"} | line)
        last = progress.movies_finished == progress.movies_total
        if has_reader and (last or monotonic() - shown_at >= _JSON_SECONDS):
            shown_at = monotonic()
            has_reader = _print_json(_batch_json_of(progress))

    return show


def _batch_json_of(progress: BatchProgress) -> dict[str, Any]:
    remaining = progress.remaining_seconds
    return {
        "event": "progress",
        "movies_total": progress.movies_total,
        "movies_done": progress.movies_done,
        "movies_failed": progress.movies_failed,
        "movies_skipped": progress.movies_skipped,
        "frames_done": progress.frames_done,
        "elapsed_seconds": round(progress.elapsed_seconds, 3),
        "frames_per_second": round(progress.frames_per_second, 2),
        "speed": round(progress.speed, 3),
        "remaining_seconds": None if remaining is None else round(remaining, 1),
        "in_work": [
            {"edl": str(entry.edl), "output": str(entry.output)}
            | (_json_of(entry.progress) if entry.progress is not None else {"stage": "reading"})
            for entry in progress.in_work
        ],
    }
