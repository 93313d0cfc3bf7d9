"""What a render has decided before it opens its first file, and what comes of it, as values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edl2ffmpeg.devices.selection import DeviceDecision
from edl2ffmpeg.errors import EdlValidationError, Problem
from edl2ffmpeg.jobs.check import MAX_PROBLEMS, MediaNotes
from edl2ffmpeg.jobs.device_choice import software_choice
from edl2ffmpeg.jobs.subtitles import SubtitleJob
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_formats import AudioOutput
from edl2ffmpeg.media.formats import ContainerFormat, VideoOutput
from edl2ffmpeg.plan.chunks import Chunk
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.rendering.gain import Gain
from edl2ffmpeg.rendering.session import SessionResult
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline

__all__ = ["Job", "Outcome", "RenderResult", "refuse_warnings"]


@dataclass(frozen=True)
class RenderResult:
    """A finished render: the file, its length, and what there is to know about it.

    ``frames`` is 0 for a file of sound alone.
    """

    output: Path
    frames: int
    duration_seconds: float
    elapsed_seconds: float
    warnings: tuple[str, ...]
    report: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Job:
    """Everything decided before the first file is opened."""

    timeline: Timeline
    planner: FramePlanner
    frame_range: tuple[int, int]
    container: ContainerFormat
    video: VideoOutput | None
    audio: AudioOutput | None
    device: DeviceDecision
    access: AccessRules
    subtitles: SubtitleJob
    chunks: tuple[Chunk, ...]

    def on_the_cpu(self, settings: RenderSettings, reason: str) -> Job:
        """The same without the device, which has failed for ``reason``."""
        video = self.video
        assert video is not None
        size = (video.width, video.height)
        device, output = software_choice(
            settings, self.container, size, video.frame_rate, reason, is_replacement=True
        )
        return replace(self, device=device, video=output)


@dataclass(frozen=True)
class Outcome:
    """What a render has come to, whichever way it went.

    ``job`` is what was rendered in the end.  ``warnings`` are those that were measured, ``chunks``
    what the report says of them.
    """

    job: Job
    session: SessionResult
    gain: Gain
    device: DeviceDecision
    notes: MediaNotes
    warnings: list[str]
    chunks: dict[str, Any]


def refuse_warnings(timeline: Timeline, notes: MediaNotes, settings: RenderSettings) -> None:
    """With ``strict``, raises the warnings as an error."""
    problems = [
        Problem(entry.json_path, entry.message) for entry in (*timeline.warnings, *notes.warnings)
    ]
    if settings.strict and problems:
        omitted = max(len(problems) - MAX_PROBLEMS, 0)
        raise EdlValidationError(problems[:MAX_PROBLEMS], omitted)
