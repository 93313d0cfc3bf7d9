"""Composes single frames of a timeline as a render would; it decodes nothing else.

It writes no file.  Media that the wanted frames do not show are not opened.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.devices.selection import require_cpu
from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.frame import PIXEL_FORMATS
from edl2ffmpeg.jobs.check import check_media
from edl2ffmpeg.jobs.render_job import access_rules, all_warnings, refuse_warnings, with_overrides
from edl2ffmpeg.media.decode_stats import DecodeStats
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.frames import rgb_array
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.rendering.compositing import Compositing
from edl2ffmpeg.rendering.video_pipeline import VideoPipeline
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline, Track
from edl2ffmpeg.timing import format_seconds, frame_at

__all__ = ["StillReader", "frame_shown_at", "still_of"]


class StillReader(Owner):
    """Gives the frames ``numbers`` of a timeline as R'G'B', each in any order, and owns the files.

    Frames are composed in 4:4:4.  Going through them in ascending order costs fewest seeks.
    Raises ``SettingsError`` for a number that the timeline does not have.
    """

    def __init__(
        self, timeline: Timeline, settings: RenderSettings, numbers: Collection[int]
    ) -> None:
        require_cpu(settings)
        self._timeline = timeline = with_overrides(timeline, settings)
        self._planner = FramePlanner(timeline, burn_subtitles=settings.burns_subtitles)
        for number in numbers:
            _refuse_outside(f"frame {number}", number, self._planner.frame_count)
        self._numbers = frozenset(numbers)
        self._strict = settings.strict
        self._held: dict[str, str] = {}
        self._damage: list[str] = []
        access = access_rules(settings)
        with ExitStack() as stack:
            self._decoders = stack.enter_context(DecoderPool(access, settings.threads))
            shown = _part_shown(timeline, self._planner, self._numbers)
            self._notes = check_media(shown, access, self._decoders, audio=False)
            refuse_warnings(timeline, self._notes, settings)
            self._compositing = stack.enter_context(
                Compositing(timeline, settings, access, PIXEL_FORMATS["yuv444p"])
            )
            self._stack = stack.pop_all()

    def picture(self, number: int) -> npt.NDArray[np.uint8]:
        """Frame ``number``, one of ``numbers``, as (height, width, 3)."""
        if number not in self._numbers:
            raise ValueError(f"frame {number} is not one of those this reader was opened for")
        with VideoPipeline(
            self._planner,
            self._decoders,
            self._compositing.compositor,
            (number, number + 1),
            strict=self._strict,
        ) as pipeline:
            (frame,) = pipeline
            picture = rgb_array(frame)
            for held in pipeline.held.values():
                self._held.setdefault(
                    held.json_path,
                    f"{held.json_path}: {held.location} has ended by frame {number}; its last "
                    "picture is shown",
                )
            self._damage = pipeline.warnings[len(pipeline.held) :]
        return picture

    @property
    def stats(self) -> DecodeStats:
        """What was decoded so far."""
        return self._decoders.stats

    @property
    def warnings(self) -> list[str]:
        """What is odd about the timeline and the media that were read so far."""
        measured = [*self._held.values(), *self._damage, *self._compositing.warnings]
        return all_warnings(self._timeline, self._notes, measured)

    def close(self) -> None:
        """Closes the files.  May be called twice."""
        self._stack.close()


def still_of(
    timeline: Timeline, number: int, settings: RenderSettings
) -> tuple[npt.NDArray[np.uint8], list[str]]:
    """Frame ``number`` as (height, width, 3) uint8 R'G'B', and what there is to warn of."""
    with StillReader(timeline, settings, (number,)) as reader:
        return reader.picture(number), reader.warnings


def frame_shown_at(timeline: Timeline, time: Fraction, settings: RenderSettings) -> int:
    """The frame whose start is nearest to ``time``, which is where a cut at ``time`` falls.

    Raises ``SettingsError`` outside of the timeline.
    """
    timeline = with_overrides(timeline, settings)
    count = FramePlanner(timeline).frame_count
    number = frame_at(time, timeline.frame_rate)
    # Nearer to the end than to the last frame's start is still within the last frame.
    if 0 <= time < timeline.duration:
        number = min(number, count - 1)
    if not 0 <= number < count:
        raise SettingsError(
            f"time {format_seconds(time)}: the timeline ends at {format_seconds(timeline.duration)}"
        )
    return number


def _refuse_outside(asked: str, number: int, count: int) -> None:
    if count == 0:
        raise SettingsError(f"{asked}: the timeline is empty")
    if not 0 <= number < count:
        raise SettingsError(f"{asked}: the timeline has frames 0 to {count - 1}")


def _part_shown(timeline: Timeline, planner: FramePlanner, numbers: Collection[int]) -> Timeline:
    """The timeline without the segments that none of these frames shows."""
    paths = {
        segment.json_path
        for number in numbers
        for segment in planner.segments_between(number, number + 1)
    }
    video, texts = (
        tuple(_track_part(track, paths) for track in tracks)
        for tracks in (timeline.video_tracks, timeline.text_tracks)
    )
    return replace(timeline, video_tracks=video, text_tracks=texts, audio_tracks=())


def _track_part(track: Track, paths: Collection[str]) -> Track:
    parts = []
    for clip in track.clips:
        segments = tuple(part for part in clip.segments if part.json_path in paths)
        if segments:
            parts.append(replace(clip, segments=segments))
    return replace(track, clips=tuple(parts))
