"""What the sound of a render is multiplied by to have the loudness asked for; it mixes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_formats import AudioOutput
from edl2ffmpeg.media.loudness_meter import Loudness
from edl2ffmpeg.rendering.loudness_pass import measure_mix
from edl2ffmpeg.rendering.progress import ProgressCallback
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline

__all__ = ["Gain", "gain_of", "missed_loudness"]


@dataclass(frozen=True)
class Gain:
    """What the sound is multiplied by, and the measurement that asked for it."""

    decibels: float = 0.0
    measured: Loudness | None = None
    warnings: tuple[str, ...] = ()


def gain_of(
    timeline: Timeline,
    settings: RenderSettings,
    access: AccessRules,
    audio: AudioOutput | None,
    frame_range: tuple[int, int],
    progress: ProgressCallback | None,
) -> Gain:
    """What brings the sound to the loudness that was asked for; it measures the mix for that."""
    if settings.loudness is None:
        return Gain()
    if audio is None:
        return Gain(warnings=("there is no sound; the loudness asked for has no effect",))
    measured = measure_mix(timeline, settings, access, audio, frame_range, progress)
    if measured.integrated is None:
        why = "the sound is silent, or too short to measure; its loudness stays as it is"
        return Gain(measured=measured, warnings=(why,))
    return Gain(settings.loudness - measured.integrated, measured)


def missed_loudness(
    settings: RenderSettings, gain: Gain, streams: Sequence[dict[str, Any]]
) -> list[str]:
    """That limiting the peaks has kept the mix from the loudness that was asked for.

    ``streams`` are the reports of the streams of sound.
    """
    if settings.loudness is None or gain.measured is None or len(streams) != 1:
        return []
    found = streams[0]["integrated_lufs"]
    if found is None or gain.measured.integrated is None or found > settings.loudness - 1:
        return []
    return [
        f"the sound comes to {found:.1f} LUFS and not to {settings.loudness:g}, because its peaks "
        "are limited; ask for less loudness, or a higher --peak-limit"
    ]
