"""Renders one frame range to one file in one process; it does not name or publish the file.

``RenderSession`` owns every native resource of the render through one ``ExitStack``, which
closes them in this order: the threads that make pictures, those that make sound, muxer and
encoders, compositor, output frames, decoders.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from math import log10
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.audio.mixer import Clipping
from edl2ffmpeg.errors import EncodeError
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.formats import ContainerFormat, VideoOutput
from edl2ffmpeg.media.muxer import Muxer
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.cues import Cue
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.rendering.audio_pipeline import AudioPipeline
from edl2ffmpeg.rendering.compositing import Compositing
from edl2ffmpeg.rendering.prefetch import Prefetch
from edl2ffmpeg.rendering.progress import Progress, ProgressCallback
from edl2ffmpeg.rendering.video_pipeline import VideoPipeline
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline
from edl2ffmpeg.timing import format_seconds, frame_time, sample_at

__all__ = ["AUDIO_CHANNELS", "AUDIO_RATE", "RenderSession", "SessionResult"]

_log = logging.getLogger(__name__)

AUDIO_RATE = 48_000
AUDIO_CHANNELS = 2
_AUDIO_BLOCKS_AHEAD = 4


@dataclass
class SessionResult:
    """What a finished session can tell: counts, times, and what was held or broken."""

    frames: int
    samples: int
    elapsed_seconds: float
    stage_seconds: dict[str, float]
    counters: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)


class RenderSession(Owner):
    """One render of output frames ``frame_range`` of ``timeline`` into the file ``path``.

    ``decoders`` may come with files already open (from the check); the session takes them over.
    ``subtitles`` are the cues of each text track that the file is to have.
    """

    def __init__(
        self,
        timeline: Timeline,
        planner: FramePlanner,
        settings: RenderSettings,
        access: AccessRules,
        decoders: DecoderPool,
        frame_range: tuple[int, int],
        path: Path,
        container: ContainerFormat,
        video: VideoOutput,
        subtitles: Sequence[Sequence[Cue]] = (),
    ) -> None:
        self._timeline = timeline
        self._range = frame_range
        self._audio: AudioPipeline | None = None
        self._blocks: Prefetch[npt.NDArray[np.float32]] | None = None
        with ExitStack() as stack:
            self._decoders = stack.enter_context(decoders)
            self._compositing = stack.enter_context(
                Compositing(timeline, settings, access, video.pixel_format)
            )
            has_sound = settings.audio and bool(timeline.audio_tracks)
            self._muxer = stack.enter_context(
                Muxer(
                    path,
                    container,
                    video,
                    audio_rate=AUDIO_RATE if has_sound else None,
                    audio_channels=AUDIO_CHANNELS,
                    threads=settings.threads,
                    subtitles=subtitles,
                )
            )
            if has_sound:
                self._open_audio(stack, access)
            self._video = stack.enter_context(
                VideoPipeline(
                    planner,
                    decoders,
                    self._compositing.compositor,
                    frame_range,
                    strict=settings.strict,
                )
            )
            self._stack = stack.pop_all()

    def _open_audio(self, stack: ExitStack, access: AccessRules) -> None:
        rate = self._timeline.frame_rate
        start, end = (sample_at(frame_time(frame, rate), AUDIO_RATE) for frame in self._range)
        self._audio = stack.enter_context(
            AudioPipeline(
                self._timeline,
                access,
                sample_rate=AUDIO_RATE,
                channels=AUDIO_CHANNELS,
                sample_range=(start, end),
            )
        )
        self._blocks = stack.enter_context(
            Prefetch(_blocks(self._audio), _AUDIO_BLOCKS_AHEAD, "sound")
        )

    def run(self, progress: ProgressCallback | None = None) -> SessionResult:
        """Renders every frame and sample, completes the file, and tells what happened."""
        started = perf_counter()
        total = self._range[1] - self._range[0]
        muxer = self._muxer
        encode_seconds = 0.0
        samples = 0
        for done, frame in enumerate(self._video, start=1):
            before = perf_counter()
            muxer.write_frame(frame)
            while self._blocks is not None and samples < muxer.audio_wanted_until:
                block = next(self._blocks, None)
                if block is None:
                    break
                muxer.write_samples(block)
                samples += len(block)
            now = perf_counter()
            encode_seconds += now - before
            if progress is not None:
                progress(Progress(done, total, now - started, self._timeline.frame_rate))
        for block in self._blocks or ():
            muxer.write_samples(block)
            samples += len(block)
        before = perf_counter()
        _log.debug("draining the encoders: %d frames in flight", muxer.video.in_flight)
        muxer.finish()
        _log.debug("finished the file: %d frames in flight", muxer.video.in_flight)
        encode_seconds += perf_counter() - before
        self._require_whole(total)
        return self._result(samples, perf_counter() - started, encode_seconds)

    def _require_whole(self, total: int) -> None:
        made = self._muxer.video.packets_received
        if made != total:
            raise EncodeError(f"{total} frames were planned, but {made} were written; render again")

    def _result(self, samples: int, elapsed: float, encode_seconds: float) -> SessionResult:
        stages = dict(self._video.stage_seconds)
        if self._blocks is not None:
            stages["sound"] = self._blocks.busy_seconds
        stages["encode"] = encode_seconds
        held = list(self._video.held.values())
        warnings = self._video.warnings + self._compositing.warnings
        if self._audio is not None:
            warnings += [str(warning) for warning in self._audio.warnings]
            warnings += _clipping_warning(self._audio.clipping)
        counters = {
            **vars_of(self._decoders.stats),
            **vars_of(self._compositing.compositor.counters),
            "clipped_samples": self._audio.clipping.samples if self._audio else 0,
            "frame_buffers": self._compositing.pool.buffers,
        }
        return SessionResult(
            self._muxer.video.packets_received,
            samples,
            elapsed,
            stages,
            counters,
            warnings,
            [
                {
                    "json_path": entry.json_path,
                    "file": entry.location,
                    "first_frame": entry.first_frame,
                    "frames": entry.frames,
                }
                for entry in held
            ],
        )

    def close(self) -> None:
        """Stops the threads and closes everything, in order.  May be called twice."""
        self._stack.close()
        _log.debug("closed the session")


def _clipping_warning(clipping: Clipping) -> list[str]:
    if clipping.first_sample is None:
        return []
    time = format_seconds(Fraction(clipping.first_sample, AUDIO_RATE))
    return [
        f"the sound is louder than full scale in {clipping.samples} samples, the first at {time}, "
        f"by up to {20 * log10(clipping.peak):.1f} dB; lower the sources"
    ]


def _blocks(pipeline: AudioPipeline) -> Generator[npt.NDArray[np.float32], None, None]:
    yield from pipeline


def vars_of(counters: object) -> dict[str, Any]:
    """The fields of a counters object by name."""
    names = getattr(type(counters), "__slots__", None) or vars(counters)
    return {name: getattr(counters, name) for name in names}
