"""Renders one frame range to one file in one process; it does not name or publish the file.

``RenderSession`` owns every native resource of the render through one ``ExitStack``, which
closes them in this order: the threads that make pictures, those that make sound, muxer and
encoders, compositor, output frames, decoders.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from edl2ffmpeg.errors import EncodeError
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_formats import AudioOutput
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.formats import ContainerFormat, VideoOutput
from edl2ffmpeg.media.muxer import Muxer
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.cues import Cue
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.rendering.compositing import Compositing
from edl2ffmpeg.rendering.hardware import Hardware
from edl2ffmpeg.rendering.progress import Progress, ProgressCallback
from edl2ffmpeg.rendering.sound import SoundTracks
from edl2ffmpeg.rendering.video_pipeline import HeldPicture, VideoPipeline
from edl2ffmpeg.rendering.watch import Watch
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline
from edl2ffmpeg.timing import frame_at

__all__ = ["RenderSession", "SessionResult", "held_report", "vars_of"]

_log = logging.getLogger(__name__)


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
    sound: list[dict[str, Any]] = field(default_factory=list)
    decoders: list[dict[str, Any]] = field(default_factory=list)


class RenderSession(Owner):
    """One render of output frames ``frame_range`` of ``timeline`` into the file ``path``.

    Without ``video`` the file has the sound of these frames alone, without ``audio`` their
    pictures; ``gain_db`` is for all sound.  ``decoders`` may come with files already open (from
    the check); the session takes them over.  ``hardware`` draws the pictures, and is the caller's.
    ``subtitles`` are the cues of each text track that the file is to have.  ``watch`` is told what
    is being done.
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
        video: VideoOutput | None,
        audio: AudioOutput | None = None,
        gain_db: float = 0.0,
        hardware: Hardware | None = None,
        subtitles: Sequence[Sequence[Cue]] = (),
        watch: Watch | None = None,
    ) -> None:
        self._timeline = timeline
        self._watch = watch or Watch()
        self._range = frame_range
        self._hardware = hardware
        self._sound: SoundTracks | None = None
        self._video: VideoPipeline | None = None
        with ExitStack() as stack:
            self._decoders = stack.enter_context(decoders)
            if video is not None:
                self._compositing = stack.enter_context(
                    Compositing(
                        timeline,
                        settings,
                        access,
                        video.pixel_format,
                        hardware.device if hardware is not None else None,
                        video.surfaces,
                    )
                )
            self._muxer = stack.enter_context(
                Muxer(
                    path,
                    container,
                    video,
                    audio=audio,
                    threads=settings.threads,
                    subtitles=subtitles,
                    device=hardware.decision.device_id if hardware is not None else None,
                )
            )
            if audio is not None:
                self._sound = stack.enter_context(
                    SoundTracks(timeline, settings, access, audio, frame_range, gain_db)
                )
            if video is not None:
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
        self._in_software = hardware is None or not hardware.decision.encodes
        self._watch.counts = self._counts

    def _counts(self) -> tuple[int, ...]:
        stats = self._decoders.stats
        samples = self._sound.samples if self._sound is not None else 0
        packets = self._muxer.video.packets_received if self._video is not None else 0
        return (packets, samples, stats.packets_read, stats.pictures_decoded)

    def run(self, progress: ProgressCallback | None = None) -> SessionResult:
        """Renders every frame and sample, completes the file, and tells what happened."""
        started = perf_counter()
        encode_seconds = 0.0
        if self._video is not None:
            encode_seconds = self._write_frames(self._video, progress, started)
        encode_seconds += self._write_rest_of_sound(progress, started)
        before = perf_counter()
        if self._video is not None:
            _log.debug("draining the encoders: %d frames in flight", self._muxer.video.in_flight)
        self._watch.encodes("finishing the movie", in_software=self._in_software)
        self._muxer.finish()
        if self._video is not None:
            _log.debug("finished the file: %d frames in flight", self._muxer.video.in_flight)
            self._require_whole(self._range[1] - self._range[0])
        encode_seconds += perf_counter() - before
        return self._result(perf_counter() - started, encode_seconds)

    def _write_frames(
        self, frames: VideoPipeline, progress: ProgressCallback | None, started: float
    ) -> float:
        """Writes every frame, and the sound up to its end; gives the seconds of encoding."""
        first, end = self._range
        muxer, sound, watch = self._muxer, self._sound, self._watch
        total = end - first
        encode_seconds = 0.0
        watch.makes(f"making frame {first}")
        for done, frame in enumerate(frames, start=1):
            before = perf_counter()
            watch.encodes(f"encoding frame {first + done - 1}", in_software=self._in_software)
            muxer.write_frame(frame)
            watch.makes(f"making frame {first + done}")
            while sound is not None and sound.samples < muxer.audio_wanted_until:
                blocks = next(sound, None)
                if blocks is None:
                    break
                muxer.write_samples(blocks)
            now = perf_counter()
            encode_seconds += now - before
            if progress is not None:
                progress(Progress(done, total, now - started, self._timeline.frame_rate))
        return encode_seconds

    def _write_rest_of_sound(self, progress: ProgressCallback | None, started: float) -> float:
        """Writes what no frame has asked for; gives the seconds of encoding."""
        total = self._range[1] - self._range[0]
        rate = self._timeline.frame_rate
        encode_seconds = 0.0
        self._watch.makes("writing sound")
        for blocks in self._sound or ():
            before = perf_counter()
            self._muxer.write_samples(blocks)
            now = perf_counter()
            encode_seconds += now - before
            if progress is not None and self._video is None and self._sound is not None:
                done = min(frame_at(self._sound.seconds, rate), total)
                progress(Progress(done, total, now - started, rate, "writing sound"))
        return encode_seconds

    def _require_whole(self, total: int) -> None:
        made = self._muxer.video.packets_received
        if made != total:
            raise EncodeError(f"{total} frames were planned, but {made} were written; render again")

    def _result(self, elapsed: float, encode_seconds: float) -> SessionResult:
        total = self._range[1] - self._range[0]
        result = SessionResult(total, 0, elapsed, {}, vars_of(self._decoders.stats))
        if self._video is not None:
            result.stage_seconds |= self._video.stage_seconds
            result.counters |= vars_of(self._compositing.compositor.counters)
            result.counters["frame_buffers"] = self._compositing.buffers
            result.warnings += self._video.warnings + self._compositing.warnings
            result.held += [held_report(entry) for entry in self._video.held.values()]
        if self._hardware is not None:
            result.counters |= self._hardware.counters
        result.decoders += [vars_of(entry) for entry in self._decoders.decoded_by]
        result.counters["clipped_samples"] = 0
        if self._sound is not None:
            result.samples = self._sound.samples
            result.stage_seconds["sound"] = self._sound.busy_seconds
            result.counters["clipped_samples"] = self._sound.clipped_samples
            result.warnings += self._sound.warnings
            result.sound = self._sound.report()
        result.stage_seconds["encode"] = encode_seconds
        return result

    def close(self) -> None:
        """Stops the threads and closes everything, in order.  May be called twice."""
        self._stack.close()
        _log.debug("closed the session")


def held_report(entry: HeldPicture) -> dict[str, Any]:
    """What the report of a render says of a picture that was held."""
    return {
        "json_path": entry.json_path,
        "file": entry.location,
        "first_frame": entry.first_frame,
        "frames": entry.frames,
    }


def vars_of(counters: object) -> dict[str, Any]:
    """The fields of a counters object by name."""
    names = getattr(type(counters), "__slots__", None) or vars(counters)
    return {name: getattr(counters, name) for name in names}
