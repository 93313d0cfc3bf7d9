"""Render an edit decision list (EDL) to a finished movie, exact to the frame and the sample.

>>> import edl2ffmpeg
>>> result = edl2ffmpeg.render("cut.json", "movie.mp4")           # doctest: +SKIP
>>> with edl2ffmpeg.open_frames("cut.json") as frames:            # doctest: +SKIP
...     for frame in frames:
...         print(frame.number, frame.array.shape)

Names are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from edl2ffmpeg._version import __version__

if TYPE_CHECKING:
    from edl2ffmpeg.api import (
        ComposedFrame,
        FrameReader,
        load_timeline,
        open_frames,
        render,
        render_batch,
        still,
    )
    from edl2ffmpeg.errors import (
        DecodeError,
        DeviceError,
        DeviceLostError,
        DeviceUnavailableError,
        Edl2FfmpegError,
        EdlError,
        EdlSyntaxError,
        EdlValidationError,
        EncodeError,
        JobError,
        JobInterruptedError,
        KernelCompileError,
        MediaAccessError,
        MediaError,
        MediaOpenError,
        MediaReadError,
        Problem,
        SeekError,
        SettingsError,
    )
    from edl2ffmpeg.jobs.batch_result import BatchMovie, BatchProgress, BatchResult
    from edl2ffmpeg.jobs.render_job import RenderResult
    from edl2ffmpeg.plan.frame_planner import FramePlanner
    from edl2ffmpeg.plan.model import FramePlan
    from edl2ffmpeg.rendering.progress import Progress
    from edl2ffmpeg.settings import (
        AudioSpeed,
        AudioTracks,
        Fit,
        HardwareAcceleration,
        HardwareFallback,
        RenderSettings,
        Subtitles,
    )
    from edl2ffmpeg.timeline.model import Timeline

__all__ = [
    "AudioSpeed",
    "AudioTracks",
    "BatchMovie",
    "BatchProgress",
    "BatchResult",
    "ComposedFrame",
    "DecodeError",
    "DeviceError",
    "DeviceLostError",
    "DeviceUnavailableError",
    "Edl2FfmpegError",
    "EdlError",
    "EdlSyntaxError",
    "EdlValidationError",
    "EncodeError",
    "Fit",
    "FramePlan",
    "FramePlanner",
    "FrameReader",
    "HardwareAcceleration",
    "HardwareFallback",
    "JobError",
    "JobInterruptedError",
    "KernelCompileError",
    "MediaAccessError",
    "MediaError",
    "MediaOpenError",
    "MediaReadError",
    "Problem",
    "Progress",
    "RenderResult",
    "RenderSettings",
    "SeekError",
    "SettingsError",
    "Subtitles",
    "Timeline",
    "__version__",
    "load_timeline",
    "open_frames",
    "render",
    "render_batch",
    "still",
]

_HOMES = {
    "AudioSpeed": "settings",
    "AudioTracks": "settings",
    "BatchMovie": "jobs.batch_result",
    "BatchProgress": "jobs.batch_result",
    "BatchResult": "jobs.batch_result",
    "ComposedFrame": "api",
    "Fit": "settings",
    "FramePlan": "plan.model",
    "FramePlanner": "plan.frame_planner",
    "FrameReader": "api",
    "HardwareAcceleration": "settings",
    "HardwareFallback": "settings",
    "Progress": "rendering.progress",
    "RenderResult": "jobs.render_job",
    "RenderSettings": "settings",
    "Subtitles": "settings",
    "Timeline": "timeline.model",
    "load_timeline": "api",
    "open_frames": "api",
    "render": "api",
    "render_batch": "api",
    "still": "api",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'edl2ffmpeg' has no attribute {name!r}")
    return getattr(import_module(f"edl2ffmpeg.{_HOMES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return __all__
