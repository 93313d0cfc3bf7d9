"""Renders a timeline to a movie: checks, renders, publishes, reports."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from edl2ffmpeg.devices.selection import DeviceDecision
from edl2ffmpeg.errors import (
    DeviceError,
    EdlValidationError,
    MediaOpenError,
    Problem,
    SettingsError,
)
from edl2ffmpeg.jobs.check import MediaNotes
from edl2ffmpeg.jobs.crew import Crew
from edl2ffmpeg.jobs.device_choice import DeviceTrials, choose_stages, without_pictures
from edl2ffmpeg.jobs.job import Job, Outcome, RenderResult, refuse_warnings
from edl2ffmpeg.jobs.movie_task import MovieTask, render_by_crew
from edl2ffmpeg.jobs.publish import PublishGuard
from edl2ffmpeg.jobs.render_report import render_result
from edl2ffmpeg.jobs.subtitles import SubtitleJob
from edl2ffmpeg.jobs.ways import render_at_once, render_in_chunks
from edl2ffmpeg.media.audio_formats import AudioOutput, audio_output
from edl2ffmpeg.media.formats import (
    ContainerFormat,
    VideoOutput,
    container_for,
    refuse_picture_options,
    subtitle_codec,
)
from edl2ffmpeg.media.storage import local_path
from edl2ffmpeg.plan.chunks import split
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.rendering.progress import ProgressCallback
from edl2ffmpeg.rendering.recipe import access_rules
from edl2ffmpeg.rendering.sound import stream_titles
from edl2ffmpeg.rendering.watch import Watch
from edl2ffmpeg.settings import RenderSettings, Subtitles
from edl2ffmpeg.timeline import load_timeline_file
from edl2ffmpeg.timeline.media_use import lut_files, media_segments
from edl2ffmpeg.timeline.model import Timeline
from edl2ffmpeg.timing import format_seconds, frame_at

__all__ = [
    "RenderResult",
    "access_rules",
    "locations_of",
    "read_timeline",
    "refuse_warnings",
    "render_timeline",
    "render_whole",
    "with_overrides",
]

_Stages = tuple[DeviceDecision, VideoOutput | None]


def read_timeline(path: Path, settings: RenderSettings) -> Timeline:
    """The EDL at ``path``, read and validated as the settings ask for; opens no media."""
    rules = access_rules(settings)
    return load_timeline_file(
        path,
        resolve=rules.resolve,
        locations=rules.locations,
        frame_rate=settings.frame_rate,
    )


def with_overrides(timeline: Timeline, settings: RenderSettings) -> Timeline:
    """The timeline with the settings' size and frame rate in place of the EDL's."""
    return replace(
        timeline,
        frame_rate=settings.frame_rate or timeline.frame_rate,
        width=settings.width or timeline.width,
        height=settings.height or timeline.height,
    )


def frame_range_of(timeline: Timeline, settings: RenderSettings, count: int) -> tuple[int, int]:
    """Output frames ``[start, end)`` that ``--start`` and ``--end`` leave of the timeline."""
    rate = timeline.frame_rate
    start = frame_at(settings.start, rate) if settings.start is not None else 0
    end = min(frame_at(settings.end, rate), count) if settings.end is not None else count
    if count == 0:
        raise EdlValidationError(
            [Problem("clips", "no clip shows or sounds anything; there is nothing to render")]
        )
    if start < 0 or start >= end:
        asked = format_seconds(settings.start or timeline.duration * 0)
        until = format_seconds(settings.end if settings.end is not None else timeline.duration)
        raise SettingsError(
            f"the part from {asked} to {until} holds no frame; the timeline is "
            f"{format_seconds(timeline.duration)} long"
        )
    return start, end


def render_timeline(
    timeline: Timeline,
    output: Path,
    settings: RenderSettings,
    progress: ProgressCallback | None = None,
    guard: PublishGuard | None = None,
    crew: Crew | None = None,
) -> RenderResult:
    """Renders ``timeline`` to ``output``, which appears only when it is whole.

    ``guard`` is told when there is something to clean up, what is kept, and when nothing may
    stop any more.  With a ``crew`` its workers render: chunks of it, or a movie of one chunk as a
    whole.

    Raises an ``Edl2FfmpegError``; then a file that was there before is untouched, and nothing is
    left behind but, of several chunks, those that are done: the next render goes on from them.
    """
    job = _prepare(timeline, output, settings, trials=crew.trials if crew is not None else None)
    _refuse_output(job.timeline, output, settings, "output")
    for name in job.subtitles.files:
        _refuse_output(job.timeline, name, settings, "subtitle file")
    if crew is not None and not _goes_by_chunks(job, settings):
        task = MovieTask(timeline, output, settings, job.device, job.video)
        return render_by_crew(task, crew, job, progress)
    outcome: Outcome | None
    try:
        outcome = _render(job, output, settings, progress, guard, crew)
    except DeviceError as error:
        if crew is not None:
            crew.trials.forget()
        # Workers have tried it again by now, and on the CPU where they may.
        if settings.jobs != 0 or not job.device.may_use_cpu:
            raise
        reason = str(error)
        outcome = None
    if outcome is None:
        on_cpu = job.on_the_cpu(settings, reason)
        outcome = _render(on_cpu, output, settings, progress, guard, crew)
    if crew is not None and outcome.job.device is not job.device:
        # It has failed, and was given up.
        crew.trials.forget()
    return _result(output, settings, outcome)


def render_whole(task: MovieTask, progress: ProgressCallback, watch: Watch) -> RenderResult:
    """Renders the movie of ``task`` in this process, and tells ``watch``.

    Raises an ``Edl2FfmpegError``; nothing is left behind then.
    """
    settings = task.settings
    job = _prepare(task.timeline, task.output, settings, chosen=(task.device, task.video))
    outcome = render_at_once(job, task.output, settings, progress, None, watch)
    return _result(task.output, settings, outcome)


def _result(output: Path, settings: RenderSettings, outcome: Outcome) -> RenderResult:
    # What was foretold of the sources' ends has been measured by now, or did not come true.
    notes = MediaNotes(outcome.notes.odd)
    warnings = all_warnings(outcome.job.timeline, notes, outcome.warnings)
    return render_result(output, settings, outcome, warnings)


def _render(
    job: Job,
    output: Path,
    settings: RenderSettings,
    progress: ProgressCallback | None,
    guard: PublishGuard | None,
    crew: Crew | None,
) -> Outcome:
    if _goes_by_chunks(job, settings):
        return render_in_chunks(job, output, settings, progress, guard, crew)
    return render_at_once(job, output, settings, progress, guard)


def _goes_by_chunks(job: Job, settings: RenderSettings) -> bool:
    in_chunks = len(job.chunks) > 1 or (job.device.uses_hardware and settings.jobs != 0)
    in_chunks = in_chunks or settings.cluster is not None
    return job.video is not None and in_chunks


def _prepare(
    timeline: Timeline,
    output: Path,
    settings: RenderSettings,
    *,
    trials: DeviceTrials | None = None,
    chosen: _Stages | None = None,
) -> Job:
    """All that is decided beforehand; the device by ``trials``, unless it is ``chosen``."""
    timeline = with_overrides(timeline, settings)
    container = container_for(output)
    if settings.subtitles is Subtitles.EMBED:
        subtitle_codec(container)
    audio = _sound_output(timeline, container, settings)
    device, video = chosen or _picture_stages(timeline, container, settings, trials)
    planner = FramePlanner(timeline, burn_subtitles=settings.burns_subtitles)
    frames = frame_range_of(timeline, settings, planner.frame_count)
    access = access_rules(settings)
    subtitles = SubtitleJob.of(timeline, frames, output, settings)
    seconds = settings.seconds_per_chunk if video is not None else Fraction(0)
    chunks = split(frames, timeline.frame_rate, seconds)
    return Job(
        timeline, planner, frames, container, video, audio, device, access, subtitles, chunks
    )


def _sound_output(
    timeline: Timeline, container: ContainerFormat, settings: RenderSettings
) -> AudioOutput | None:
    """How the sound is encoded; None where there is none."""
    titles = stream_titles(timeline, settings)
    # Judged even where the EDL has no sound: what is asked for must be possible.
    audio = audio_output(settings, container, titles or ("",))
    if container.is_sound_only:
        refuse_picture_options(settings, container)
        if not titles:
            why = "--no-audio asks for none" if not settings.audio else "the EDL has no audio track"
            raise SettingsError(f".{container.extensions[0]} holds sound alone, but {why}")
    return audio if titles else None


def _picture_stages(
    timeline: Timeline,
    container: ContainerFormat,
    settings: RenderSettings,
    trials: DeviceTrials | None,
) -> _Stages:
    """What makes the pictures, and how they are encoded; None where there are none."""
    if container.is_sound_only:
        return without_pictures(settings), None
    size = (timeline.width, timeline.height)
    return choose_stages(settings, container, size, timeline.frame_rate, trials)


def all_warnings(timeline: Timeline, notes: MediaNotes, measured: list[str]) -> list[str]:
    """Every warning once: a short source that was measured is not foretold as well."""
    places = {text.split(": ", 1)[0] for text in measured}
    short = [entry for entry in notes.short if entry.json_path not in places]
    return [*map(str, (*timeline.warnings, *notes.odd, *short)), *measured]


def _refuse_output(timeline: Timeline, output: Path, settings: RenderSettings, what: str) -> None:
    if os.path.exists(output) and not settings.overwrite:
        raise SettingsError(f"{output}: exists already; add --overwrite to replace it")
    refuse_sources(timeline, output, what)


def refuse_own_files(path: Path, what: str, own: Mapping[str, Path | None]) -> None:
    """Raises when ``path``, to be written, is a file that the caller gave to be read.

    ``own`` are those files by what they are called.
    """
    for name, other in own.items():
        if other is not None and _is_same_file(path, other):
            raise SettingsError(f"{path}: the {what} cannot have the name of the {name}")


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        # Also where capital letters do not count, or a folder has two names.
        return os.path.samefile(one, other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)
    except ValueError:
        # A zero byte, which is refused later.
        return False


def refuse_sources(timeline: Timeline, path: Path, what: str) -> None:
    """Raises ``MediaOpenError`` when ``path``, to be written, is a source of the timeline."""
    if "\0" in str(path):
        raise SettingsError(f"{str(path)!r}: the {what}'s name holds a zero byte")
    real = os.path.realpath(path)
    for location, json_path in locations_of(timeline).items():
        # No file has a zero byte in its name; opening it is refused later.
        if "\0" not in location and os.path.realpath(local_path(location)) == real:
            raise MediaOpenError(
                f"{json_path}: the {what} {path} is also a source of this EDL; give another name",
                str(path),
            )


def locations_of(timeline: Timeline) -> dict[str, str]:
    """Every location the timeline reads, and the first place that names it."""
    tracks = timeline.picture_tracks + timeline.audio_tracks
    found: dict[str, str] = {}
    for segment, source in media_segments(tracks):
        found.setdefault(source.location, segment.json_path)
    return found | lut_files(tracks)
