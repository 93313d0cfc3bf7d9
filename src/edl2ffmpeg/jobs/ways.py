"""The two ways from a job to a published movie: at once in this process, or by chunks."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from edl2ffmpeg.compositor.fonts import listed_warnings
from edl2ffmpeg.devices.cpu import CHUNK_ENCODER_THREADS, encoder_threads
from edl2ffmpeg.errors import Edl2FfmpegError, JobInterruptedError
from edl2ffmpeg.jobs.check import MediaNotes, check_media
from edl2ffmpeg.jobs.chunk_store import ChunkStore
from edl2ffmpeg.jobs.chunked_render import ChunkedRender, Rendered
from edl2ffmpeg.jobs.crew import Crew
from edl2ffmpeg.jobs.device_choice import device_warnings
from edl2ffmpeg.jobs.job import Job, Outcome, refuse_warnings
from edl2ffmpeg.jobs.job_folder import JobFolder, remove_job_folder
from edl2ffmpeg.jobs.media_identity import MediaIdentity
from edl2ffmpeg.jobs.publish import PublishGuard, published
from edl2ffmpeg.media.concatenation import PictureChunk, concatenate
from edl2ffmpeg.media.decoder_pool import BrokenStream, DecoderPool
from edl2ffmpeg.media.verify import verify_frame_count, verify_sample_count
from edl2ffmpeg.rendering.gain import Gain, gain_of, missed_loudness
from edl2ffmpeg.rendering.hardware import opened_hardware
from edl2ffmpeg.rendering.progress import Progress, ProgressCallback
from edl2ffmpeg.rendering.recipe import Recipe
from edl2ffmpeg.rendering.session import RenderSession, SessionResult, held_report
from edl2ffmpeg.rendering.video_pipeline import HeldPicture, damage_sentence
from edl2ffmpeg.rendering.watch import Watch
from edl2ffmpeg.settings import RenderSettings

__all__ = ["render_at_once", "render_in_chunks"]

_log = logging.getLogger(__name__)

_JOINING = "joining the chunks"
_JOINED_AT_ONCE = 100


def _checked_media(
    job: Job, settings: RenderSettings, decoders: DecoderPool, watch: Watch | None = None
) -> MediaNotes:
    opened = 0

    def tell(streams: int) -> None:
        nonlocal opened
        opened = streams

    if watch is not None:
        watch.counts = lambda: (opened, decoders.stats.packets_read)
    notes = check_media(
        job.timeline,
        job.access,
        decoders,
        audio=settings.audio,
        pictures=job.video is not None,
        audio_channels=settings.audio_channels,
        progress=tell,
    )
    refuse_warnings(job.timeline, notes, settings)
    return notes


def render_at_once(
    job: Job,
    output: Path,
    settings: RenderSettings,
    progress: ProgressCallback | None,
    guard: PublishGuard | None,
    watch: Watch | None = None,
) -> Outcome:
    """Renders a single chunk, or sound alone, in this process into the movie itself.

    ``watch`` is told what is being done.
    """
    with (
        opened_hardware(job.device) as hardware,
        DecoderPool(job.access, settings.threads, hardware.decoding) as decoders,
        # Named after the movie: subtitles without one are of no use.
        job.subtitles.files_published(replace=settings.overwrite) as write_subtitles,
        published(output, replace=settings.overwrite, guard=guard) as partial,
    ):
        notes = _checked_media(job, settings, decoders, watch)
        gain = gain_of(job.timeline, settings, job.access, job.audio, job.frame_range, progress)
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
            watch,
        ) as session:
            result = session.run(progress)
        if job.video is not None:
            verify_frame_count(partial, result.frames)
        elif job.audio is not None:
            verify_sample_count(partial, result.samples, job.audio.sample_rate)
        write_subtitles()
    remove_job_folder(output)
    warnings = [*result.warnings, *gain.warnings]
    warnings += missed_loudness(settings, gain, result.sound)
    warnings += device_warnings(job.device, settings)
    return Outcome(job, result, gain, hardware.decision, notes, warnings, _chunks_report(job, None))


def render_in_chunks(
    job: Job,
    output: Path,
    settings: RenderSettings,
    progress: ProgressCallback | None,
    guard: PublishGuard | None,
    crew: Crew | None = None,
) -> Outcome:
    """Renders chunks, which are kept beside the output until the movie is made of them.

    With a ``crew`` its workers render them, among those of other movies.
    """
    started = perf_counter()
    recipe = _recipe(job, settings)
    with (
        JobFolder(output, fresh=settings.fresh) as folder,
        _telling_what_is_kept(folder, settings),
    ):
        if guard is not None:
            guard.keeps(folder)
        with (
            job.subtitles.files_published(replace=settings.overwrite) as write_subtitles,
            published(output, replace=settings.overwrite, guard=guard) as partial,
        ):
            # On the CPU: what hangs in a driver must be in a process that can be ended.
            with DecoderPool(job.access, settings.threads) as decoders:
                notes = _checked_media(job, settings, decoders)
            store = ChunkStore(folder, job.planner, MediaIdentity(job.timeline, job.access))
            render = ChunkedRender(job, recipe, folder, store, progress, crew)
            rendered = render.run()
            warnings = device_warnings(job.device, settings)
            job = render.job
            joining = perf_counter()
            _join(job, rendered, partial, progress, started)
            verify_frame_count(partial, job.frame_range[1] - job.frame_range[0])
            write_subtitles()
            joined = perf_counter()
        folder.discard()
    result = _merged(job, rendered)
    result.stage_seconds["join"] = joined - joining
    result.elapsed_seconds = joined - started
    gain = _gain(job, settings, rendered)
    warnings = [*result.warnings, *gain.warnings, *warnings]
    warnings += [*missed_loudness(settings, gain, result.sound), *rendered.warnings]
    device = job.device
    if rendered.chunks and device.is_cuda:
        device = replace(device, reason=rendered.chunks[-1].reason)
    return Outcome(job, result, gain, device, notes, warnings, _chunks_report(job, rendered))


@contextmanager
def _telling_what_is_kept(folder: JobFolder, settings: RenderSettings) -> Iterator[None]:
    """Notes with an error how to go on from what is done, if anything is.

    Where something else has to be asked for than before, the error says that.
    """
    try:
        yield
    except JobInterruptedError:
        # Whoever has interrupted it is told in other words.
        raise
    except Edl2FfmpegError as error:
        if folder.is_kept:
            how = "without --fresh " if settings.fresh else ""
            error.add_note(f"what is done is kept; the same command {how}goes on from there")
        raise


def _recipe(job: Job, settings: RenderSettings) -> Recipe:
    assert job.video is not None
    threads = encoder_threads(settings.threads)
    if len(job.chunks) > 1:
        threads = settings.threads or CHUNK_ENCODER_THREADS
    return Recipe(
        job.timeline,
        settings,
        job.frame_range,
        job.container,
        job.video,
        job.audio,
        job.device,
        threads,
    )


def _join(
    job: Job, rendered: Rendered, partial: Path, progress: ProgressCallback | None, started: float
) -> None:
    total = job.frame_range[1] - job.frame_range[0]

    def tell(done: int) -> None:
        if progress is not None and (done % _JOINED_AT_ONCE == 0 or done == total):
            elapsed = perf_counter() - started
            progress(Progress(done, total, elapsed, job.timeline.frame_rate, _JOINING))

    assert job.video is not None
    first = job.frame_range[0]
    concatenate(
        partial,
        job.container,
        job.video,
        [
            PictureChunk(path, chunk.start - first, chunk.frames)
            for path, chunk in zip(rendered.paths, job.chunks, strict=True)
        ],
        audio=job.audio,
        sound=rendered.sound_path,
        subtitles=job.subtitles.embedded,
        progress=tell,
    )


def _gain(job: Job, settings: RenderSettings, rendered: Rendered) -> Gain:
    if rendered.sound is not None:
        return rendered.sound.gain
    # Without sound nothing is measured; it may be a warning.
    return gain_of(job.timeline, settings, job.access, None, job.frame_range, None)


def _merged(job: Job, rendered: Rendered) -> SessionResult:
    """The results of all chunks and of the sound as that of one session."""
    total = job.frame_range[1] - job.frame_range[0]
    result = SessionResult(total, 0, rendered.elapsed_seconds, {}, {})
    texts: list[str] = []
    for chunk in rendered.chunks:
        _add(result.stage_seconds, chunk.stage_seconds)
        _add(result.counters, chunk.counters)
        texts += chunk.warnings
        result.decoders += [entry for entry in chunk.decoders if entry not in result.decoders]
    held = _merged_held(entry for chunk in rendered.chunks for entry in chunk.held)
    broken = _merged_broken(entry for chunk in rendered.chunks for entry in chunk.broken)
    result.held += [held_report(entry) for entry in held]
    result.warnings += [*map(str, held), *map(damage_sentence, broken)]
    result.warnings += listed_warnings(texts)
    result.counters["clipped_samples"] = 0
    sound = rendered.sound
    if sound is not None:
        result.samples = sound.samples
        result.stage_seconds["sound"] = sound.busy_seconds
        result.counters["clipped_samples"] = sound.clipped_samples
        result.warnings += sound.warnings
        result.sound = sound.streams
    return result


def _add(total: dict[str, Any], part: dict[str, Any]) -> None:
    for name, value in part.items():
        total[name] = total.get(name, 0) + value


def _merged_held(entries: Iterable[HeldPicture]) -> list[HeldPicture]:
    found: dict[str, HeldPicture] = {}
    for entry in entries:
        first = found.setdefault(
            entry.json_path, HeldPicture(entry.json_path, entry.location, entry.first_frame)
        )
        first.first_frame = min(first.first_frame, entry.first_frame)
        first.frames += entry.frames
    return list(found.values())


def _merged_broken(entries: Iterable[BrokenStream]) -> list[BrokenStream]:
    """Damage by file; what two chunks decode is met twice, so the larger number is nearer."""
    found: dict[str, BrokenStream] = {}
    for entry in entries:
        known = found.get(entry.location, entry)
        found[entry.location] = BrokenStream(
            entry.location,
            max(known.packets, entry.packets),
            min(known.first_time, entry.first_time),
        )
    return list(found.values())


def _chunks_report(job: Job, rendered: Rendered | None) -> dict[str, Any]:
    """What the report of the render says of chunks and workers."""
    rate = job.timeline.frame_rate
    report: dict[str, Any] = {
        "total": len(job.chunks),
        "seconds": round(float(job.chunks[0].frames / rate), 6),
        "reused": 0,
        "workers": 0,
        "failures": [],
        "done": [],
    }
    if rendered is not None:
        report |= {
            "reused": rendered.reused,
            "workers": rendered.workers,
            "failures": rendered.attempts,
            "done": [
                {
                    "first_frame": chunk.start,
                    "frames": chunk.frames,
                    "bytes": result.size,
                    "attempt": result.attempt,
                    "process": result.worker,
                    "worker": result.host,
                    "device": result.device,
                    "elapsed_seconds": round(result.elapsed_seconds, 3),
                }
                for chunk, result in zip(job.chunks, rendered.chunks, strict=True)
            ],
        }
    return report
