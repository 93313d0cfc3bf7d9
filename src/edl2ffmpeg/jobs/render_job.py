"""Renders a timeline to a movie: checks, renders, publishes, reports."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edl2ffmpeg._version import __version__
from edl2ffmpeg.devices.selection import DeviceDecision, allows_cpu
from edl2ffmpeg.errors import (
    DeviceError,
    EdlValidationError,
    MediaOpenError,
    Problem,
    SettingsError,
)
from edl2ffmpeg.jobs.check import MAX_PROBLEMS, MediaNotes, check_media
from edl2ffmpeg.jobs.device_choice import choose_stages, software_choice, without_pictures
from edl2ffmpeg.jobs.publish import PublishGuard, published
from edl2ffmpeg.jobs.subtitles import SubtitleJob
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_formats import AudioOutput, audio_output
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.formats import (
    ContainerFormat,
    VideoOutput,
    container_for,
    device_of_codec,
    refuse_picture_options,
    subtitle_codec,
)
from edl2ffmpeg.media.loudness_meter import Loudness
from edl2ffmpeg.media.verify import verify_frame_count, verify_sample_count
from edl2ffmpeg.media.versions import library_versions
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.rendering.hardware import opened_hardware
from edl2ffmpeg.rendering.loudness_pass import measure_mix
from edl2ffmpeg.rendering.progress import ProgressCallback
from edl2ffmpeg.rendering.session import RenderSession, SessionResult
from edl2ffmpeg.rendering.sound import loudness_report, stream_titles
from edl2ffmpeg.settings import RenderSettings, Subtitles
from edl2ffmpeg.timeline.media_use import lut_files, media_segments
from edl2ffmpeg.timeline.model import Timeline
from edl2ffmpeg.timing import format_seconds, frame_at

__all__ = ["RenderResult", "access_rules", "render_timeline", "with_overrides"]


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


def access_rules(settings: RenderSettings) -> AccessRules:
    """What the settings allow an EDL to open."""
    return AccessRules(settings.allow_protocols, settings.restrict, settings.locations)


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


@dataclass(frozen=True)
class _Job:
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


@dataclass(frozen=True)
class _Gain:
    """What the sound is multiplied by, and the measurement that asked for it."""

    decibels: float = 0.0
    measured: Loudness | None = None
    warnings: tuple[str, ...] = ()


def render_timeline(
    timeline: Timeline,
    output: Path,
    settings: RenderSettings,
    progress: ProgressCallback | None = None,
    guard: PublishGuard | None = None,
) -> RenderResult:
    """Renders ``timeline`` to ``output``, which appears only when it is whole.

    ``guard`` is told when there is something to clean up, and when nothing may stop any more.

    Raises an ``Edl2FfmpegError``; then nothing is left behind, and a file that was there
    before is untouched.
    """
    job = _prepare(timeline, output, settings)
    _refuse_output(job.timeline, output, settings, "output")
    for name in job.subtitles.files:
        _refuse_output(job.timeline, name, settings, "subtitle file")
    try:
        return _render(job, output, settings, progress, guard)
    except DeviceError as error:
        if not job.device.is_cuda or not allows_cpu(settings):
            raise
        reason = str(error)
    return _render(_on_the_cpu(job, settings, reason), output, settings, progress, guard)


def _on_the_cpu(job: _Job, settings: RenderSettings, reason: str) -> _Job:
    """``job`` without the device that has failed."""
    assert job.video is not None
    size = (job.video.width, job.video.height)
    device, video = software_choice(settings, job.container, size, job.video.frame_rate, reason)
    return replace(job, device=device, video=video)


def _render(
    job: _Job,
    output: Path,
    settings: RenderSettings,
    progress: ProgressCallback | None,
    guard: PublishGuard | None,
) -> RenderResult:
    with (
        opened_hardware(job.device) as hardware,
        DecoderPool(job.access, settings.threads, hardware.decoding) as decoders,
        # Named after the movie: subtitles without one are of no use.
        job.subtitles.files_published(replace=settings.overwrite) as write_subtitles,
        published(output, replace=settings.overwrite, guard=guard) as partial,
    ):
        notes = check_media(
            job.timeline,
            job.access,
            decoders,
            audio=settings.audio,
            pictures=job.video is not None,
            audio_channels=settings.audio_channels,
        )
        refuse_warnings(job.timeline, notes, settings)
        gain = _gain(job, settings, progress)
        with RenderSession(
            job.timeline,
            job.planner,
            settings,
            job.access,
            decoders,
            job.frame_range,
            partial,
            job.container,
            job.video,
            job.audio,
            gain.decibels,
            hardware,
            job.subtitles.embedded,
        ) as session:
            result = session.run(progress)
        if job.video is not None:
            verify_frame_count(partial, result.frames)
        elif job.audio is not None:
            verify_sample_count(partial, result.samples, job.audio.sample_rate)
        write_subtitles()
    # What was foretold of the sources' ends has been measured by now, or did not come true.
    measured = [*result.warnings, *gain.warnings, *_missed(settings, gain, result)]
    measured += _device_warnings(job.device, settings)
    warnings = all_warnings(job.timeline, MediaNotes(notes.odd), measured)
    return _result(job, output, settings, result, gain, hardware.decision, warnings)


def _device_warnings(device: DeviceDecision, settings: RenderSettings) -> list[str]:
    """That something else is used than was asked for, and why."""
    if not device.is_cuda and device.requested == "cuda":
        return [f"rendered on the CPU and not on a GPU: {device.reason}"]
    if not device.encodes and (settings.hw_encode or device_of_codec(settings)):
        return [f"encoded on the CPU and not on a GPU: {device.encode.reason}"]
    return []


def _missed(settings: RenderSettings, gain: _Gain, session: SessionResult) -> list[str]:
    """That limiting the peaks has kept the mix from the loudness that was asked for."""
    if settings.loudness is None or gain.measured is None or len(session.sound) != 1:
        return []
    found = session.sound[0]["integrated_lufs"]
    if found is None or gain.measured.integrated is None or found > settings.loudness - 1:
        return []
    return [
        f"the sound comes to {found:.1f} LUFS and not to {settings.loudness:g}, because its peaks "
        "are limited; ask for less loudness, or a higher --peak-limit"
    ]


def _prepare(timeline: Timeline, output: Path, settings: RenderSettings) -> _Job:
    timeline = with_overrides(timeline, settings)
    container = container_for(output)
    if settings.subtitles is Subtitles.EMBED:
        subtitle_codec(container)
    device, video, audio = _outputs(timeline, container, settings)
    planner = FramePlanner(timeline, burn_subtitles=settings.burns_subtitles)
    frames = frame_range_of(timeline, settings, planner.frame_count)
    access = access_rules(settings)
    subtitles = SubtitleJob.of(timeline, frames, output, settings)
    return _Job(timeline, planner, frames, container, video, audio, device, access, subtitles)


def _outputs(
    timeline: Timeline, container: ContainerFormat, settings: RenderSettings
) -> tuple[DeviceDecision, VideoOutput | None, AudioOutput | None]:
    """How pictures and sound are made and encoded; None where there are none."""
    titles = stream_titles(timeline, settings)
    # Judged even where the EDL has no sound: what is asked for must be possible.
    audio = audio_output(settings, container, titles or ("",))
    if not container.is_sound_only:
        size = (timeline.width, timeline.height)
        device, video = choose_stages(settings, container, size, timeline.frame_rate)
        return device, video, audio if titles else None
    refuse_picture_options(settings, container)
    if not titles:
        why = "--no-audio asks for none" if not settings.audio else "the EDL has no audio track"
        raise SettingsError(f".{container.extensions[0]} holds sound alone, but {why}")
    return without_pictures(settings), None, audio


def _gain(job: _Job, settings: RenderSettings, progress: ProgressCallback | None) -> _Gain:
    """What brings the sound to the loudness that was asked for."""
    if settings.loudness is None:
        return _Gain()
    if job.audio is None:
        return _Gain(warnings=("there is no sound; the loudness asked for has no effect",))
    measured = measure_mix(job.timeline, settings, job.access, job.audio, job.frame_range, progress)
    if measured.integrated is None:
        why = "the sound is silent, or too short to measure; its loudness stays as it is"
        return _Gain(measured=measured, warnings=(why,))
    return _Gain(settings.loudness - measured.integrated, measured)


def refuse_warnings(timeline: Timeline, notes: MediaNotes, settings: RenderSettings) -> None:
    """With ``strict``, raises the warnings as an error."""
    problems = [
        Problem(entry.json_path, entry.message) for entry in (*timeline.warnings, *notes.warnings)
    ]
    if settings.strict and problems:
        omitted = max(len(problems) - MAX_PROBLEMS, 0)
        raise EdlValidationError(problems[:MAX_PROBLEMS], omitted)


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
    for location, json_path in _locations(timeline).items():
        # No file has a zero byte in its name; opening it is refused later.
        if "\0" not in location and os.path.realpath(location) == real:
            raise MediaOpenError(
                f"{json_path}: the {what} {path} is also a source of this EDL; give another name",
                str(path),
            )


def _locations(timeline: Timeline) -> dict[str, str]:
    """Every location the timeline reads, and the first place that names it."""
    tracks = timeline.picture_tracks + timeline.audio_tracks
    found: dict[str, str] = {}
    for segment, source in media_segments(tracks):
        found.setdefault(source.location, segment.json_path)
    return found | lut_files(tracks)


def _result(
    job: _Job,
    output: Path,
    settings: RenderSettings,
    session: SessionResult,
    gain: _Gain,
    device: DeviceDecision,
    warnings: list[str],
) -> RenderResult:
    duration = float(session.frames / job.timeline.frame_rate)
    frames = session.frames if job.video is not None else 0
    report = {
        "edl2ffmpeg": __version__,
        "versions": {"python": platform.python_version(), **library_versions()},
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "output": str(output),
        "bytes": output.stat().st_size,
        "settings": _settings_report(settings, job),
        "device": device.report() | {"decoders": session.decoders},
        "timeline": {
            "frame_rate": str(job.timeline.frame_rate),
            "width": job.timeline.width,
            "height": job.timeline.height,
            "first_frame": job.frame_range[0],
        },
        "frames": frames,
        "samples": session.samples,
        "duration_seconds": duration,
        "elapsed_seconds": round(session.elapsed_seconds, 3),
        "stage_seconds": {name: round(value, 3) for name, value in session.stage_seconds.items()},
        "counters": session.counters,
        "held_frames": session.held,
        "subtitles": job.subtitles.report,
        "sound": _sound_report(job, session, gain),
        "warnings": warnings,
    }
    return RenderResult(output, frames, duration, session.elapsed_seconds, tuple(warnings), report)


def _sound_report(job: _Job, session: SessionResult, gain: _Gain) -> dict[str, Any] | None:
    audio = job.audio
    if audio is None:
        return None
    return {
        "codec": audio.codec.encoder,
        "bitrate": audio.bitrate,
        "sample_rate": audio.sample_rate,
        "channels": audio.channels,
        "gain_db": round(gain.decibels, 2),
        "measured": loudness_report(gain.measured) if gain.measured is not None else None,
        "streams": session.sound,
    }


def _settings_report(settings: RenderSettings, job: _Job) -> dict[str, Any]:
    video = job.video
    return {
        "container": job.container.muxer,
        "codec": video.encoder if video is not None else None,
        "pixel_format": video.pixel_format.name if video is not None else None,
        "encoder_options": video.options if video is not None else {},
        "bitrate": settings.bitrate,
        "audio": settings.audio,
        "audio_codec": job.audio.codec.encoder if job.audio is not None else None,
        "audio_tracks": settings.audio_tracks.value,
        "audio_speed": settings.audio_speed.value,
        "loudness": settings.loudness,
        "peak_limit": settings.peak_limit,
        "fit": settings.fit.value,
        "threads": settings.threads,
        "strict": settings.strict,
    }
