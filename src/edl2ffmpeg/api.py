"""The Python interface: load, render, and read composed frames; no logic of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.devices.selection import require_cpu
from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.frame import PIXEL_FORMATS, Frame, PixelFormat
from edl2ffmpeg.jobs.batch import Batch, BatchProgressCallback
from edl2ffmpeg.jobs.batch_result import BatchResult
from edl2ffmpeg.jobs.check import MediaNotes, check_media
from edl2ffmpeg.jobs.render_job import (
    RenderResult,
    access_rules,
    all_warnings,
    frame_range_of,
    read_timeline,
    refuse_own_files,
    refuse_warnings,
    render_timeline,
    with_overrides,
)
from edl2ffmpeg.jobs.stills import still_of
from edl2ffmpeg.jobs.subtitles import refuse_sidecar_names
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.frames import rgb_array
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.rendering.compositing import Compositing
from edl2ffmpeg.rendering.progress import ProgressCallback
from edl2ffmpeg.rendering.video_pipeline import VideoPipeline
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline
from edl2ffmpeg.timing import frame_time

__all__ = [
    "ComposedFrame",
    "FrameReader",
    "load_timeline",
    "open_frames",
    "render",
    "render_batch",
    "still",
]


def load_timeline(path: str | Path, settings: RenderSettings | None = None) -> Timeline:
    """Reads and validates the EDL at ``path``; opens no media.

    Of the settings, what may be opened counts, and the frame rate, at which the edit is judged.

    Raises ``EdlSyntaxError`` when it is not JSON, ``EdlValidationError`` with every problem
    (at most 20).
    """
    return read_timeline(Path(path), settings or RenderSettings())


def render(
    edl: str | Path | Timeline,
    output: str | Path,
    settings: RenderSettings | None = None,
    *,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> RenderResult:
    """Renders an EDL to the file ``output``, which appears only when it is whole.

    ``options`` are fields of ``RenderSettings`` (``crf=20``, ``overwrite=True``) and win over
    ``settings``.  ``progress`` is called after every frame, in the calling thread; an
    exception it raises stops the render.  Raises an ``Edl2FfmpegError``; nothing is left
    behind then but, of several chunks, those that are done: the next render goes on from them.
    """
    chosen = replace(settings or RenderSettings(), **options)
    if not isinstance(edl, Timeline):
        refuse_own_files(Path(output), "output", {"EDL": Path(edl)})
    timeline = edl if isinstance(edl, Timeline) else load_timeline(edl, chosen)
    if not isinstance(edl, Timeline):
        refuse_sidecar_names(timeline, Path(output), chosen, (Path(edl),))
    return render_timeline(timeline, Path(output), chosen, progress)


def render_batch(
    edls: Iterable[str | Path],
    out_dir: str | Path,
    settings: RenderSettings | None = None,
    *,
    format: str = "mp4",
    skip_existing: bool = False,
    progress: BatchProgressCallback | None = None,
    **options: Any,
) -> BatchResult:
    """Renders EDLs to ``out_dir/STEM.FORMAT`` by the same worker processes, several at a time.

    ``settings`` and ``options`` are those of ``render``, for all of them.  An EDL that fails is
    an entry of the result and stops no other.  With ``skip_existing`` movies that are there are
    left alone.  ``progress`` is called in the calling thread, about ten times a second and for
    every movie that is finished; an exception it raises stops all.  Raises ``SettingsError``
    for what can work for no EDL.
    """
    chosen = replace(settings or RenderSettings(), **options)
    paths = [Path(edl) for edl in edls]
    with Batch(paths, Path(out_dir), chosen, format=format, skip_existing=skip_existing) as batch:
        return batch.run(progress)


@dataclass(frozen=True)
class ComposedFrame:
    """One composed output frame.

    ``array`` is (height, width, 3) uint8 R'G'B' for a reader in ``rgb24``; otherwise it is the
    luma and ``planes`` holds Y, U and V, uint8 or uint16, BT.709 limited range.  The arrays
    are read-only and stay valid for as long as they are kept.
    """

    number: int
    time: Fraction
    array: npt.NDArray[Any]
    planes: tuple[npt.NDArray[Any], ...]


class FrameReader(Owner):
    """An iterator over composed frames, and the owner of what makes them; close it."""

    def __init__(self, timeline: Timeline, settings: RenderSettings, format: str) -> None:
        require_cpu(settings)
        timeline = with_overrides(timeline, settings)
        planner = FramePlanner(timeline, burn_subtitles=settings.burns_subtitles)
        start, end = frame_range_of(timeline, settings, planner.frame_count)
        access = access_rules(settings)
        layout = _reader_layout(format, timeline.width, timeline.height)
        self._format = format
        self._timeline = timeline
        self._number = start
        self._rate = timeline.frame_rate
        self._closed = False
        with ExitStack() as stack:
            decoders = stack.enter_context(DecoderPool(access, settings.threads))
            self._notes = check_media(timeline, access, decoders, audio=False)
            refuse_warnings(timeline, self._notes, settings)
            self._compositing = stack.enter_context(Compositing(timeline, settings, access, layout))
            compositor = self._compositing.compositor
            self._pipeline = stack.enter_context(
                VideoPipeline(planner, decoders, compositor, (start, end), strict=settings.strict)
            )
            self._frames = iter(self._pipeline)
            self._stack = stack.pop_all()
        self.frame_count = end - start

    def __iter__(self) -> Iterator[ComposedFrame]:
        return self

    def __next__(self) -> ComposedFrame:
        if self._closed:
            raise ValueError("the frame reader is closed")
        try:
            frame = next(self._frames)
        except StopIteration:
            # What was foretold of the sources' ends has been measured, or did not come true.
            self._notes = MediaNotes(self._notes.odd)
            raise
        number = self._number
        self._number += 1
        array, planes = self._arrays(frame)
        return ComposedFrame(number, frame_time(number, self._rate), array, planes)

    def _arrays(self, frame: Frame) -> tuple[npt.NDArray[Any], tuple[npt.NDArray[Any], ...]]:
        if self._format == "rgb24":
            return _read_only(rgb_array(frame)), ()
        planes = tuple(_read_only(frame.array(index)) for index in range(3))
        return planes[0], planes

    @property
    def warnings(self) -> list[str]:
        """What is odd about the timeline and its media, and what was held or broken so far."""
        measured = self._pipeline.warnings + self._compositing.warnings
        return all_warnings(self._timeline, self._notes, measured)

    def close(self) -> None:
        """Stops the threads and closes the files.  May be called twice."""
        self._closed = True
        self._stack.close()


def open_frames(
    edl: str | Path | Timeline,
    settings: RenderSettings | None = None,
    *,
    format: str = "rgb24",
    **options: Any,
) -> FrameReader:
    """Composed frames of an EDL as NumPy arrays, in order; use it in a ``with`` block.

    ``format`` is ``rgb24`` or a planar YUV pixel format such as ``yuv420p`` or
    ``yuv422p10le``.  ``options`` are fields of ``RenderSettings``: ``start=`` and ``end=`` (in
    seconds, as Fractions) choose a part.
    """
    chosen = replace(settings or RenderSettings(), **options)
    timeline = edl if isinstance(edl, Timeline) else load_timeline(edl, chosen)
    return FrameReader(timeline, chosen, format)


def still(
    edl: str | Path | Timeline,
    frame: int,
    settings: RenderSettings | None = None,
    **options: Any,
) -> npt.NDArray[np.uint8]:
    """Frame ``frame`` of an EDL, counted from 0, as (height, width, 3) uint8 R'G'B'.

    It is what ``open_frames`` gives for that frame, but no other frame is composed, and media
    that it does not show need not exist.  ``options`` are fields of ``RenderSettings``;
    ``start`` and ``end`` are of no account.
    """
    chosen = replace(settings or RenderSettings(), **options)
    timeline = edl if isinstance(edl, Timeline) else load_timeline(edl, chosen)
    return still_of(timeline, frame, chosen)[0]


def _reader_layout(format: str, width: int, height: int) -> PixelFormat:
    """The layout to compose in for a reader in ``format`` of frames of this size."""
    name = "yuv444p" if format == "rgb24" else format
    layout = PIXEL_FORMATS.get(name)
    if layout is None or not _is_readable(layout):
        possible = ", ".join(entry.name for entry in PIXEL_FORMATS.values() if _is_readable(entry))
        raise SettingsError(f"frames cannot be read as {format!r}; use rgb24, {possible}")
    across, down = layout.chroma_shift
    if width % (1 << across) or height % (1 << down):
        raise SettingsError(
            f"frames of {width}x{height} cannot be read as {format!r}, which needs an even width"
            f"{' and height' if down else ''}; use rgb24 or yuv444p, or give width and height"
        )
    return layout


def _is_readable(layout: PixelFormat) -> bool:
    """Whether frames of this layout are three arrays of limited-range Y'CbCr."""
    return (
        layout.is_planar
        and not layout.is_rgb
        and not layout.has_alpha
        and len(layout.components) == 3
        and not layout.name.startswith("yuvj")
    )


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array = np.asarray(array)
    array.flags.writeable = False
    return array
