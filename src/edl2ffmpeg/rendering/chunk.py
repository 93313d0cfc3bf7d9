"""Renders one chunk of a movie, or its sound, into a packet file; it knows no other chunk.

``render_chunk`` and ``render_sound`` are all that another process or another machine has to
call: a task and a result are small and can be pickled, and everything else is in files.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from edl2ffmpeg.devices.cpu import compositor_share, decoder_share, usable_cores
from edl2ffmpeg.errors import EncodeError
from edl2ffmpeg.media.decoder_pool import BrokenStream, DecoderPool
from edl2ffmpeg.media.packet_encoder import PictureFileEncoder, SoundFileEncoder
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.chunks import Chunk
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.rendering.compositing import Compositing
from edl2ffmpeg.rendering.gain import Gain, gain_of
from edl2ffmpeg.rendering.hardware import opened_hardware
from edl2ffmpeg.rendering.progress import Progress, ProgressCallback
from edl2ffmpeg.rendering.recipe import Recipe
from edl2ffmpeg.rendering.session import vars_of
from edl2ffmpeg.rendering.sound import SoundTracks
from edl2ffmpeg.rendering.video_pipeline import HeldPicture, VideoPipeline
from edl2ffmpeg.rendering.watch import Watch
from edl2ffmpeg.timing import frame_at

__all__ = [
    "ChunkRenderer",
    "ChunkResult",
    "ChunkTask",
    "SoundResult",
    "SoundTask",
    "render_chunk",
    "render_sound",
]


@dataclass(frozen=True)
class ChunkTask:
    """One chunk to render.

    ``path`` is where its packets go; None asks for them as bytes in the result.  ``cores`` is
    how many processor cores it may count on, which changes its speed and no byte of it.
    A worker that has had the recipe ``recipe_name`` before gets the task without it.

    ``devices`` are the CUDA devices to choose from, by which of the workers has it (``worker``,
    from 0); without them it is the recipe's.
    """

    recipe: Recipe | None
    chunk: Chunk
    path: Path | None = None
    cores: int = 0
    attempt: int = 1
    recipe_name: str = ""
    devices: tuple[int, ...] = ()
    worker: int = 0

    @property
    def device(self) -> int | None:
        """The CUDA device for it; None is the recipe's."""
        return self.devices[self.worker % len(self.devices)] if self.devices else None


@dataclass
class ChunkResult:
    """What came of a chunk: counts, times, and what there is to know.

    ``size`` and ``digest`` (SHA-256) are of the packet file, ``worker`` the number of the process,
    ``host`` the address of the cluster's worker that it is; empty on this machine.
    """

    number: int
    frames: int
    size: int
    digest: str
    attempt: int
    worker: int
    device: str
    reason: str
    elapsed_seconds: float
    stage_seconds: dict[str, float]
    counters: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    held: list[HeldPicture] = field(default_factory=list)
    broken: list[BrokenStream] = field(default_factory=list)
    decoders: list[dict[str, Any]] = field(default_factory=list)
    data: bytes | None = None
    host: str = ""


@dataclass(frozen=True)
class SoundTask:
    """The sound of the whole movie, to be encoded into the packet file ``path``."""

    recipe: Recipe | None
    path: Path
    attempt: int = 1
    recipe_name: str = ""


@dataclass
class SoundResult:
    """What came of the sound; ``streams`` are their reports."""

    samples: int
    size: int
    digest: str
    attempt: int
    busy_seconds: float
    clipped_samples: int
    gain: Gain
    warnings: list[str] = field(default_factory=list)
    streams: list[dict[str, Any]] = field(default_factory=list)


def render_chunk(task: ChunkTask, progress: ProgressCallback | None = None) -> ChunkResult:
    """Renders one chunk; raises an ``Edl2FfmpegError``."""
    assert task.recipe is not None
    with ChunkRenderer(task.recipe, task.cores, task.device) as renderer:
        return renderer.render(task, progress)


class ChunkRenderer(Owner):
    """Renders chunks of one recipe one after another, and keeps device and decoders open.

    ``watch`` says what is being done.  ``device`` is a CUDA device other than the recipe's.
    """

    def __init__(self, recipe: Recipe, cores: int = 0, device: int | None = None) -> None:
        self.watch = Watch()
        self.watch.makes("opening the device")
        self._recipe = recipe
        self._encoder: PictureFileEncoder | None = None
        settings = recipe.settings
        cores = cores or usable_cores()
        self._device = recipe.device if device is None else recipe.device.on_device(device)
        with ExitStack() as stack:
            self._hardware = stack.enter_context(opened_hardware(self._device))
            self._decoders = stack.enter_context(
                DecoderPool(
                    recipe.access,
                    decoder_share(settings.threads, cores),
                    self._hardware.decoding,
                )
            )
            self._planner = FramePlanner(recipe.timeline, burn_subtitles=settings.burns_subtitles)
            self._compositing = stack.enter_context(
                Compositing(
                    recipe.timeline,
                    replace(settings, threads=compositor_share(settings.threads, cores)),
                    recipe.access,
                    recipe.video.pixel_format,
                    self._hardware.device,
                    recipe.video.surfaces,
                )
            )
            self._stack = stack.pop_all()
        self.watch.counts = self._counts
        self.watch.makes("idle")

    def _counts(self) -> tuple[int, ...]:
        encoder = self._encoder
        made = (encoder.frames, encoder.packets) if encoder is not None else (0, 0)
        stats = self._decoders.stats
        return (*made, stats.packets_read, stats.pictures_decoded)

    def render(
        self, task: ChunkTask, progress: ProgressCallback | None = None, folder: str | None = None
    ) -> ChunkResult:
        """Renders one chunk of this recipe; raises an ``Edl2FfmpegError``.

        Packets that are asked for as bytes are in ``folder`` meanwhile, or the system's for
        temporary files.
        """
        if task.path is not None:
            return self._render(task, task.path, progress)
        with tempfile.TemporaryDirectory(prefix="edl2ffmpeg-", dir=folder) as made:
            path = Path(made) / "chunk"
            result = self._render(task, path, progress)
            result.data = path.read_bytes()
            return result

    def _render(
        self, task: ChunkTask, path: Path, progress: ProgressCallback | None
    ) -> ChunkResult:
        recipe, chunk, watch = self._recipe, task.chunk, self.watch
        in_software = not self._device.encodes
        started = perf_counter()
        encode_seconds = 0.0
        before = self._counters()
        self._compositing.forget_warnings()
        broken_before = {entry.location: entry.packets for entry in self._decoders.broken_streams}
        watch.makes(f"opening the encoder of frames {chunk.start} to {chunk.end - 1}")
        with (
            PictureFileEncoder(
                path,
                recipe.container,
                recipe.video,
                recipe.encoder_threads,
                self._device.device_id,
            ) as encoder,
            VideoPipeline(
                self._planner,
                self._decoders,
                self._compositing.compositor,
                (chunk.start, chunk.end),
                strict=recipe.settings.strict,
            ) as frames,
        ):
            self._encoder = encoder
            rate = recipe.timeline.frame_rate
            watch.makes(f"making frame {chunk.start}")
            for done, frame in enumerate(frames, start=1):
                number = chunk.start + done - 1
                watch.encodes(f"encoding frame {number}", in_software=in_software)
                now = perf_counter()
                encoder.write_frame(frame)
                del frame
                encode_seconds += perf_counter() - now
                watch.makes(f"making frame {number + 1}")
                if progress is not None:
                    elapsed = perf_counter() - started
                    progress(Progress(done, chunk.frames, elapsed, rate))
            what = f"finishing frames {chunk.start} to {chunk.end - 1}"
            watch.encodes(what, in_software=in_software)
            now = perf_counter()
            encoder.finish()
            encode_seconds += perf_counter() - now
            if encoder.packets != chunk.frames:
                raise EncodeError(
                    f"{chunk.frames} frames were planned, but {encoder.packets} were written; "
                    "render again"
                )
            self._encoder = None
            stages = frames.stage_seconds
            held = list(frames.held.values())
        watch.makes("idle")
        stages["encode"] = encode_seconds
        decision = self._hardware.decision
        return ChunkResult(
            chunk.number,
            chunk.frames,
            encoder.bytes,
            encoder.digest,
            task.attempt,
            os.getpid(),
            decision.used,
            decision.reason,
            perf_counter() - started,
            stages,
            _since(self._counters(), before),
            list(self._compositing.warnings),
            held,
            [
                replace(entry, packets=entry.packets - broken_before.get(entry.location, 0))
                for entry in self._decoders.broken_streams
                if entry.packets > broken_before.get(entry.location, 0)
            ],
            [vars_of(entry) for entry in self._decoders.decoded_by],
        )

    def _counters(self) -> dict[str, Any]:
        found = vars_of(self._decoders.stats)
        found |= vars_of(self._compositing.compositor.counters)
        found["frame_buffers"] = self._compositing.buffers
        return found | self._hardware.counters

    def close(self) -> None:
        """Closes everything, in order.  May be called twice."""
        self._stack.close()


def _since(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return {name: value - before.get(name, 0) for name, value in now.items()}


def render_sound(task: SoundTask, progress: ProgressCallback | None = None) -> SoundResult:
    """Mixes and encodes the sound; raises an ``Edl2FfmpegError``."""
    recipe = task.recipe
    assert recipe is not None
    audio, settings, timeline = recipe.audio, recipe.settings, recipe.timeline
    assert audio is not None
    first, end = recipe.frame_range
    rate = timeline.frame_rate
    started = perf_counter()
    gain = gain_of(timeline, settings, recipe.access, audio, (first, end), progress)
    with (
        SoundFileEncoder(task.path, recipe.container, audio) as encoder,
        SoundTracks(timeline, settings, recipe.access, audio, (first, end), gain.decibels) as sound,
    ):
        for blocks in sound:
            encoder.write_samples(blocks)
            if progress is not None:
                done = min(frame_at(sound.seconds, rate), end - first)
                elapsed = perf_counter() - started
                progress(Progress(done, end - first, elapsed, rate, "writing sound"))
        encoder.finish()
        return SoundResult(
            sound.samples,
            encoder.bytes,
            encoder.digest,
            task.attempt,
            sound.busy_seconds,
            sound.clipped_samples,
            gain,
            list(sound.warnings),
            sound.report(),
        )
