"""Mixes a timeline once to learn how loud it is, before it is mixed again to be written."""

from __future__ import annotations

from time import perf_counter

from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_formats import AudioOutput
from edl2ffmpeg.media.loudness_meter import Loudness, LoudnessMeter
from edl2ffmpeg.plan.mix_planner import sample_range_of_frames
from edl2ffmpeg.rendering.audio_pipeline import AudioPipeline
from edl2ffmpeg.rendering.progress import Progress, ProgressCallback
from edl2ffmpeg.settings import AudioSpeed, RenderSettings
from edl2ffmpeg.timeline.model import Timeline

__all__ = ["measure_mix"]


def measure_mix(
    timeline: Timeline,
    settings: RenderSettings,
    access: AccessRules,
    output: AudioOutput,
    frame_range: tuple[int, int],
    progress: ProgressCallback | None = None,
) -> Loudness:
    """The loudness of all tracks together, as they are before any gain."""
    started = perf_counter()
    first, end = sample_range_of_frames(*frame_range, timeline.frame_rate, output.sample_rate)
    frames = frame_range[1] - frame_range[0]
    meter = LoudnessMeter(output.sample_rate, output.channels)
    done = 0
    with AudioPipeline(
        timeline,
        access,
        sample_rate=output.sample_rate,
        channels=output.channels,
        sample_range=(first, end),
        keep_pitch=settings.audio_speed is AudioSpeed.PITCH,
    ) as pipeline:
        for block in pipeline:
            meter.add(block)
            done += len(block)
            if progress is not None:
                elapsed = perf_counter() - started
                # One short of the end, which only a movie's last frame reaches.
                shown = min(done * frames // (end - first), frames - 1)
                progress(Progress(shown, frames, elapsed, timeline.frame_rate, "measuring sound"))
    return meter.finish()
