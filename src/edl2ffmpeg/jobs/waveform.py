"""Makes a picture of a timeline's mix: what sounds how loud, and where it is cut.

It mixes and measures; ``waveform_drawing`` puts it on paper.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edl2ffmpeg.audio.samples import Samples
from edl2ffmpeg.errors import EdlValidationError, Problem, SettingsError, printable
from edl2ffmpeg.jobs.check import check_media
from edl2ffmpeg.jobs.palette import file_name
from edl2ffmpeg.jobs.picture_file import picture_file
from edl2ffmpeg.jobs.publish import PublishGuard
from edl2ffmpeg.jobs.render_job import (
    access_rules,
    all_warnings,
    frame_range_of,
    refuse_warnings,
    with_overrides,
)
from edl2ffmpeg.jobs.waveform_drawing import (
    ClipBox,
    Envelope,
    TrackStrip,
    WaveformPage,
    draw_waveform,
)
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.loudness_meter import Loudness, LoudnessMeter
from edl2ffmpeg.plan.mix_planner import sample_range_of_frames
from edl2ffmpeg.rendering.audio_pipeline import AudioPipeline
from edl2ffmpeg.settings import AudioSpeed, RenderSettings
from edl2ffmpeg.timeline.model import GeneratedSource, MediaSource, Segment, Timeline, Track
from edl2ffmpeg.timing import format_timecode, frame_at, frame_time

__all__ = ["WaveformResult", "write_waveform"]

_MOST_STRIPS = 12
_MOST_PIXELS = 60_000_000


@dataclass(frozen=True)
class WaveformResult:
    """A finished picture: its size in pixels, how loud the mix is, and warnings."""

    width: int
    height: int
    loudness: Loudness
    warnings: tuple[str, ...]


class _Columns:
    """Lowest and highest sample and power of each channel, gathered column by column."""

    def __init__(self, sample_range: tuple[int, int], width: int, channels: int) -> None:
        start, end = sample_range
        self.count = min(width, end - start)
        # As integers, so that hours of samples fall into columns exactly.
        self._edges = start + np.arange(self.count + 1, dtype=np.int64) * (end - start) // (
            self.count
        )
        self._position = start
        self._low = np.full((self.count, channels), np.inf, np.float32)
        self._high = np.full((self.count, channels), -np.inf, np.float32)
        self._power = np.zeros((self.count, channels))

    def add(self, block: Samples) -> None:
        """The next samples."""
        stop = self._position + len(block)
        first = int(np.searchsorted(self._edges, self._position, side="right")) - 1
        last = int(np.searchsorted(self._edges, stop, side="left"))
        cuts = np.maximum(self._edges[first:last] - self._position, 0)
        rows = slice(first, last)
        np.minimum(self._low[rows], np.minimum.reduceat(block, cuts), out=self._low[rows])
        np.maximum(self._high[rows], np.maximum.reduceat(block, cuts), out=self._high[rows])
        self._power[rows] += np.add.reduceat(block.astype(np.float64) ** 2, cuts)
        self._position = stop

    def envelopes(self) -> tuple[Envelope, ...]:
        """One of each channel."""
        rms = np.sqrt(self._power / np.diff(self._edges)[:, None]).astype(np.float32)
        return tuple(
            Envelope(self._low[:, channel], self._high[:, channel], rms[:, channel])
            for channel in range(rms.shape[1])
        )


def write_waveform(
    timeline: Timeline,
    name: str,
    output: Path,
    settings: RenderSettings,
    *,
    width: int = 1600,
    lane_height: int = 160,
    between: Callable[[], None] = lambda: None,
    guard: PublishGuard | None = None,
) -> WaveformResult:
    """Writes the picture titled ``name`` to ``output``, which appears only when it is whole.

    The waveform is ``width`` pixels across and each channel ``lane_height`` high.  ``between``
    is called before each block of sound; an exception that it raises stops the work, and
    nothing is left behind.
    """
    if width * lane_height * settings.audio_channels > _MOST_PIXELS:
        raise SettingsError(
            f"the picture would have {settings.audio_channels} channels of {width}x{lane_height} "
            "pixels; make --width or --height smaller"
        )
    timeline = with_overrides(timeline, settings)
    if not timeline.audio_tracks:
        raise EdlValidationError(
            [Problem("clips", "no clip is on an audio track; there is no sound")]
        )
    frames = frame_range_of(timeline, settings, frame_at(timeline.duration, timeline.frame_rate))
    access = access_rules(settings)
    with picture_file(timeline, output, settings, guard) as write:
        with DecoderPool(access, threads=1) as decoders:
            notes = check_media(
                timeline, access, decoders, pictures=False, audio_channels=settings.audio_channels
            )
        refuse_warnings(timeline, notes, settings)
        sample_range = sample_range_of_frames(*frames, timeline.frame_rate, settings.audio_rate)
        columns = _Columns(sample_range, width, settings.audio_channels)
        meter = LoudnessMeter(settings.audio_rate, settings.audio_channels)
        with AudioPipeline(
            timeline,
            access,
            sample_rate=settings.audio_rate,
            channels=settings.audio_channels,
            sample_range=sample_range,
            keep_pitch=settings.audio_speed is AudioSpeed.PITCH,
        ) as pipeline:
            for block in pipeline:
                between()
                columns.add(block)
                meter.add(block)
        loudness = meter.finish()
        picture = draw_waveform(
            _page(timeline, name, frames, columns, loudness, pipeline, lane_height)
        )
        write(picture)
    warnings = [*all_warnings(timeline, notes, list(map(str, pipeline.warnings)))]
    if pipeline.clipping.samples:
        warnings.append(
            f"the sound is louder than full scale in {pipeline.clipping.samples} samples, drawn in "
            "red"
        )
    return WaveformResult(picture.shape[1], picture.shape[0], loudness, tuple(warnings))


def _page(
    timeline: Timeline,
    name: str,
    frames: tuple[int, int],
    columns: _Columns,
    loudness: Loudness,
    pipeline: AudioPipeline,
    lane_height: int,
) -> WaveformPage:
    start, end = (frame_time(frame, timeline.frame_rate) for frame in frames)
    per_second = columns.count / float(end - start)

    def box(segment: Segment) -> ClipBox:
        placed = segment.range_in_parent
        left, right = (float(time - start) * per_second for time in (placed.start, placed.end))
        return ClipBox(left, right, printable(_name(segment)))

    def strip(track: Track) -> TrackStrip:
        boxes = (box(segment) for clip in track.clips for segment in clip.segments)
        shown = tuple(entry for entry in boxes if entry.right > 0 and entry.left < columns.count)
        return TrackStrip(f"A{track.number}", shown)

    return WaveformPage(
        printable(name),
        _facts(format_timecode(end - start), pipeline, loudness),
        columns.envelopes(),
        tuple(map(strip, timeline.audio_tracks[:_MOST_STRIPS])),
        float(start),
        float(end),
        lane_height,
    )


def _facts(length: str, pipeline: AudioPipeline, loudness: Loudness) -> tuple[str, ...]:
    facts = [length, f"{pipeline.sample_rate / 1000:g} kHz"]
    if loudness.integrated is not None:
        facts.append(f"{loudness.integrated:.1f} LUFS")
    if loudness.range is not None:
        facts.append(f"range {loudness.range:.1f} LU")
    if loudness.true_peak is not None:
        facts.append(f"true peak {loudness.true_peak:.1f} dBTP")
    if pipeline.clipping.samples:
        facts.append(f"{pipeline.clipping.samples} samples clip")
    return tuple(facts)


def _name(segment: Segment) -> str:
    source = segment.source
    if isinstance(source, GeneratedSource):
        return source.generator.value
    assert isinstance(source, MediaSource)  # texts stand on tracks of their own
    return file_name(source.uri)
