"""The sound of a render: a mix, or a stream for each track, made ahead in a thread and measured.

It encodes nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from math import log10
from typing import Any

from edl2ffmpeg.audio.master import Clipping
from edl2ffmpeg.audio.samples import Samples
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_formats import AudioOutput
from edl2ffmpeg.media.loudness_meter import Loudness, LoudnessMeter
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.mix_planner import sample_range_of_frames
from edl2ffmpeg.rendering.audio_pipeline import AudioPipeline
from edl2ffmpeg.rendering.prefetch import Prefetch
from edl2ffmpeg.settings import AudioSpeed, AudioTracks, RenderSettings
from edl2ffmpeg.timeline.model import Timeline
from edl2ffmpeg.timing import format_seconds

__all__ = ["Blocks", "SoundTracks", "loudness_report", "stream_titles"]

Blocks = tuple[Samples, ...]

_BLOCKS_AHEAD = 4


@dataclass(frozen=True)
class _Stream:
    """One stream of sound: what mixes it, and what measures it."""

    title: str
    pipeline: AudioPipeline
    meter: LoudnessMeter


class SoundTracks(Owner):
    """An iterator over blocks, one of each stream, of equal length; the owner of what makes them.

    ``gain_db`` is for every stream, so that separate ones keep their balance.
    """

    def __init__(
        self,
        timeline: Timeline,
        settings: RenderSettings,
        access: AccessRules,
        output: AudioOutput,
        frame_range: tuple[int, int],
        gain_db: float = 0.0,
    ) -> None:
        self._rate = output.sample_rate
        self.samples = 0
        sample_range = sample_range_of_frames(*frame_range, timeline.frame_rate, self._rate)
        with ExitStack() as stack:
            self._streams = [
                _Stream(
                    title,
                    stack.enter_context(
                        AudioPipeline(
                            timeline,
                            access,
                            sample_rate=output.sample_rate,
                            channels=output.channels,
                            sample_range=sample_range,
                            track=track,
                            keep_pitch=settings.audio_speed is AudioSpeed.PITCH,
                            gain_db=gain_db,
                            peak_limit_db=settings.peak_limit,
                        )
                    ),
                    LoudnessMeter(output.sample_rate, output.channels),
                )
                for title, track in zip(
                    output.titles, _track_numbers(timeline, settings), strict=True
                )
            ]
            self._ahead: Prefetch[Blocks] = stack.enter_context(
                Prefetch(self._blocks(), _BLOCKS_AHEAD, "sound")
            )
            self._stack = stack.pop_all()

    def _blocks(self) -> Generator[Blocks, None, None]:
        for blocks in zip(*(stream.pipeline for stream in self._streams), strict=True):
            for stream, block in zip(self._streams, blocks, strict=True):
                stream.meter.add(block)
            yield blocks

    def __iter__(self) -> Iterator[Blocks]:
        return self

    def __next__(self) -> Blocks:
        blocks = next(self._ahead)
        self.samples += len(blocks[0])
        return blocks

    @property
    def seconds(self) -> Fraction:
        """How much was given so far, in seconds."""
        return Fraction(self.samples, self._rate)

    @property
    def busy_seconds(self) -> float:
        """How long mixing took so far."""
        return self._ahead.busy_seconds

    @property
    def clipped_samples(self) -> int:
        """How many samples, of any stream and channel, were over full scale."""
        return sum(stream.pipeline.clipping.samples for stream in self._streams)

    @property
    def warnings(self) -> list[str]:
        """Sources that ended early or are damaged, and sound over full scale."""
        found: dict[str, None] = {}
        for stream in self._streams:
            found |= dict.fromkeys(map(str, stream.pipeline.warnings))
        clipping = (self._clipping_warning(stream) for stream in self._streams)
        return [*found, *(warning for warning in clipping if warning)]

    def _clipping_warning(self, stream: _Stream) -> str:
        clipping = stream.pipeline.clipping
        if clipping.first_sample is None:
            return ""
        what = f"the sound of {stream.title}" if stream.title else "the sound"
        return (
            f"{what} is louder than full scale in {clipping.samples} "
            f"sample{'s' if clipping.samples != 1 else ''}, the first at "
            f"{self._time(clipping)}, by up to {20 * log10(clipping.peak):.1f} dB; lower the "
            "sources, or use --peak-limit -1"
        )

    def _time(self, clipping: Clipping) -> str:
        return format_seconds(Fraction(clipping.first_sample or 0, self._rate))

    def report(self) -> list[dict[str, Any]]:
        """Each stream's loudness and clipping; to be asked once, when all sound was made."""
        return [self._stream_report(stream) for stream in self._streams]

    def _stream_report(self, stream: _Stream) -> dict[str, Any]:
        clipping = stream.pipeline.clipping
        first = clipping.first_sample
        return {
            "title": stream.title or None,
            **loudness_report(stream.meter.finish()),
            "clipped_samples": clipping.samples,
            "first_clipped_seconds": None if first is None else round(first / self._rate, 6),
        }

    def close(self) -> None:
        """Stops the thread and closes the files.  May be called twice."""
        self._stack.close()


def loudness_report(loudness: Loudness) -> dict[str, Any]:
    """A measurement with the report's names and decimals."""
    numbers = {
        "integrated_lufs": loudness.integrated,
        "range_lu": loudness.range,
        "true_peak_dbtp": loudness.true_peak,
    }
    return {name: None if number is None else round(number, 2) for name, number in numbers.items()}


def stream_titles(timeline: Timeline, settings: RenderSettings) -> tuple[str, ...]:
    """The names of a movie's streams of sound, none where it has no sound."""
    numbers = _track_numbers(timeline, settings)
    return tuple("" if number is None else f"audio track {number}" for number in numbers)


def _track_numbers(timeline: Timeline, settings: RenderSettings) -> list[int | None]:
    """The EDL's track of each stream; None is a mix of all."""
    if not settings.audio or not timeline.audio_tracks:
        return []
    if settings.audio_tracks is AudioTracks.MIX:
        return [None]
    return [track.number for track in timeline.audio_tracks]
