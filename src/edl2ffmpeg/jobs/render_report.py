"""What a finished render has to tell, for its caller and for the JSON report; it writes none."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edl2ffmpeg._version import __version__
from edl2ffmpeg.jobs.job import Job, Outcome, RenderResult
from edl2ffmpeg.media.versions import library_versions
from edl2ffmpeg.rendering.gain import Gain
from edl2ffmpeg.rendering.session import SessionResult
from edl2ffmpeg.rendering.sound import loudness_report
from edl2ffmpeg.settings import RenderSettings

__all__ = ["render_result"]


def render_result(
    output: Path, settings: RenderSettings, outcome: Outcome, warnings: list[str]
) -> RenderResult:
    """The result of a render, whose movie is at ``output``."""
    job, session, gain, device = outcome.job, outcome.session, outcome.gain, outcome.device
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
        "chunks": outcome.chunks,
        "subtitles": job.subtitles.report,
        "sound": _sound_report(job, session, gain),
        "warnings": warnings,
    }
    return RenderResult(output, frames, duration, session.elapsed_seconds, tuple(warnings), report)


def _sound_report(job: Job, session: SessionResult, gain: Gain) -> dict[str, Any] | None:
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


def _settings_report(settings: RenderSettings, job: Job) -> dict[str, Any]:
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
