"""Makes a contact sheet of a timeline: the first and the last frame of what each cut begins.

It chooses, composes and names the pictures; ``sheet_drawing`` puts them on paper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edl2ffmpeg.errors import EdlValidationError, Problem, printable
from edl2ffmpeg.jobs.palette import file_name
from edl2ffmpeg.jobs.picture_file import picture_file
from edl2ffmpeg.jobs.publish import PublishGuard
from edl2ffmpeg.jobs.render_job import with_overrides
from edl2ffmpeg.jobs.sheet_drawing import Cell, Heading, SheetLayout, draw_sheet
from edl2ffmpeg.jobs.stills import StillReader
from edl2ffmpeg.plan.cut_points import Shot, shots
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.plan.model import FramePlan, LayerPlan, MediaPicture, TextPicture
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline
from edl2ffmpeg.timing import format_timecode

__all__ = ["SheetResult", "cells_of", "chosen_shots", "thumbnail_size", "write_contact_sheet"]

# Of a picture that is a tall strip, a thumbnail is at most this many times as high as wide.
_TALLEST = 2


@dataclass(frozen=True)
class SheetResult:
    """A finished sheet: its size in pixels, what it shows of how many shots, and warnings."""

    width: int
    height: int
    shots_shown: int
    shots: int
    warnings: tuple[str, ...]


def write_contact_sheet(
    timeline: Timeline,
    name: str,
    output: Path,
    settings: RenderSettings,
    *,
    columns: int | None = None,
    size: int = 320,
    most: int = 60,
    between: Callable[[], None] = lambda: None,
    guard: PublishGuard | None = None,
) -> SheetResult:
    """Writes the sheet titled ``name`` to ``output``, which appears only when it is whole.

    It has ``columns`` shots side by side (None: by their number), thumbnails of ``size``
    pixels across, and at most ``most`` shots, evenly chosen.  ``between`` is called before
    each picture; an exception that it raises stops the work, and nothing is left behind.
    """
    timeline = with_overrides(timeline, settings)
    found = shots(timeline)
    if not found:
        raise EdlValidationError(
            [Problem("clips", "no clip shows a picture; there is nothing to put on a sheet")]
        )
    chosen = chosen_shots(found, most)
    layout = SheetLayout.of(size, thumbnail_size(timeline, size), len(chosen), columns)
    with picture_file(timeline, output, settings, guard) as write:
        cells, warnings = cells_of(timeline, chosen, layout.thumbnail, settings, between)
        write(draw_sheet(layout, _heading(timeline, name, len(chosen), len(found)), cells))
    if len(chosen) < len(found):
        warnings.append(
            f"{len(found) - len(chosen)} of {len(found)} shots are left out; {len(chosen)} evenly "
            "chosen ones are shown (--max)"
        )
    return SheetResult(layout.width, layout.height, len(chosen), len(found), tuple(warnings))


def chosen_shots(found: Sequence[Shot], most: int) -> list[Shot]:
    """At most ``most`` shots, evenly spread by their place in the list, first and last included."""
    if len(found) <= most:
        return list(found)
    steps = max(most - 1, 1)
    return [found[index * (len(found) - 1) // steps] for index in range(most)]


def thumbnail_size(timeline: Timeline, width: int) -> tuple[int, int]:
    """(width, height) in pixels of the timeline's shape; narrower where it would be too tall."""
    height = round(width * timeline.height / timeline.width)
    if height > _TALLEST * width:
        height = _TALLEST * width
        width = round(height * timeline.width / timeline.height)
    return max(width, 1), max(height, 1)


def cells_of(
    timeline: Timeline,
    chosen: Sequence[Shot],
    thumbnail: tuple[int, int],
    settings: RenderSettings,
    between: Callable[[], None] = lambda: None,
) -> tuple[list[list[Cell]], list[str]]:
    """The pictures of each shot with their labels, and warnings about what they show.

    They are composed at the thumbnail's size: nothing is drawn large and then shrunk.
    """
    width, height = thumbnail
    small = replace(settings, width=width, height=height)
    numbers = [number for shot in chosen for number in shot.edges]
    planner = FramePlanner(timeline, burn_subtitles=settings.burns_subtitles)
    with StillReader(timeline, small, numbers) as reader:
        cells = []
        for shot in chosen:
            row = []
            for number in shot.edges:
                between()
                row.append(_cell(planner.frame(number), reader))
            cells.append(row)
        return cells, reader.warnings


def _cell(plan: FramePlan, reader: StillReader) -> Cell:
    place, source = "no clip", "black"
    if plan.layers:
        top = plan.layers[-1]
        shown = top if isinstance(top, LayerPlan) else top.incoming
        source = _source_name(shown) if shown is not None else "black"
        place = top.json_path.removesuffix(".source")
    if len(plan.layers) > 1:
        place += f" +{len(plan.layers) - 1}"
    return Cell(
        reader.picture(plan.number),
        str(plan.number),
        format_timecode(plan.time),
        place,
        printable(source),
    )


def _source_name(layer: LayerPlan) -> str:
    picture = layer.picture
    if isinstance(picture, TextPicture):
        return repr(picture.source.text)
    if not isinstance(picture, MediaPicture):
        return picture.source.generator.value
    return file_name(picture.source.uri)


def _heading(timeline: Timeline, name: str, shown: int, total: int) -> Heading:
    frames = FramePlanner(timeline).frame_count
    of_all = f"{shown} of {total}" if shown < total else str(total)
    facts = (
        format_timecode(timeline.duration),
        f"{frames} frame{'s' if frames != 1 else ''}",
        f"{timeline.width} x {timeline.height}",
        f"{float(timeline.frame_rate):.5g} fps",
        f"{of_all} shot{'s' if total != 1 else ''}",
    )
    return Heading(printable(name), facts)
