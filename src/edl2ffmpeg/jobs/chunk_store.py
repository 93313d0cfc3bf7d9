"""What is done of a render: keys of its parts, and their results in a job folder."""

from __future__ import annotations

import platform
from contextlib import suppress
from dataclasses import asdict
from fractions import Fraction
from functools import cache, cached_property
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from edl2ffmpeg._version import __version__
from edl2ffmpeg.compositor.fonts import installed_fonts
from edl2ffmpeg.jobs.job_folder import JobFolder
from edl2ffmpeg.jobs.media_identity import MediaIdentity
from edl2ffmpeg.media.audio_formats import AudioOutput
from edl2ffmpeg.media.decoder_pool import BrokenStream
from edl2ffmpeg.media.loudness_meter import Loudness
from edl2ffmpeg.media.versions import library_versions
from edl2ffmpeg.plan.chunks import Chunk, Drawn, PlanDigest, canonical
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.rendering.chunk import ChunkResult, SoundResult
from edl2ffmpeg.rendering.gain import Gain
from edl2ffmpeg.rendering.recipe import Recipe
from edl2ffmpeg.rendering.video_pipeline import HeldPicture
from edl2ffmpeg.timeline.media_use import media_segments
from edl2ffmpeg.timeline.model import MediaSource

__all__ = ["ChunkStore", "DonePart", "versions"]

# What draws texts, and the fonts that come with it; the last one is an extra.
_TEXT_PACKAGES = ("uharfbuzz", "manimgx-fonts", "manimgx-fonts-cjk")


class DonePart:
    """A part by its key, and the files that it was made of."""

    def __init__(self, key: str, files: list[str]) -> None:
        self.key = key
        self.files = files


class ChunkStore:
    """Finds and keeps parts of one render.

    A key is a digest of the part's plan, of the settings and versions that matter, and of the
    identity of the files it reads; not of where in the EDL anything stands.
    """

    def __init__(self, folder: JobFolder, planner: FramePlanner, identity: MediaIdentity) -> None:
        self._folder = folder
        self._planner = planner
        self._digests = PlanDigest(planner)
        self._identity = identity

    @cached_property
    def _fonts(self) -> str:
        """Any font may help out where a text's own lack a character."""
        return installed_fonts()

    def chunk(self, recipe: Recipe, chunk: Chunk) -> DonePart:
        """The key and the files of a chunk; ``MediaOpenError`` where one is missing.

        Raises ``MediaReadError`` where a server or storage does not answer.
        """
        drawn: Drawn = self._digests.of(chunk)
        files = self._identity.files_of(drawn)
        video = recipe.video
        how = (
            versions(),
            recipe.container.muxer,
            (video.encoder, video.pixel_format.name, video.width, video.height),
            (video.frame_rate, video.bitrate, sorted(video.options.items())),
            (recipe.encoder_threads, recipe.settings.fit, recipe.settings.strict, drawn.fonts),
            self._fonts if drawn.has_text else "",
            recipe.device.encoder_identity,
        )
        return DonePart(_key(canonical(how), drawn.digest, self._identity.of(files)), files)

    def sound(self, recipe: Recipe) -> DonePart:
        """The key and the files of the sound."""
        audio: AudioOutput | None = recipe.audio
        tracks, settings = recipe.timeline.audio_tracks, recipe.settings
        files = sorted({source.location for _, source in media_segments(tracks)})
        how = (
            versions(),
            recipe.container.muxer,
            audio,
            (recipe.frame_range, recipe.timeline.frame_rate, settings.audio_tracks),
            (settings.audio_speed, settings.loudness, settings.peak_limit),
        )
        return DonePart(_key(canonical(how), canonical(tracks), self._identity.of(files)), files)

    def found_chunk(self, part: DonePart, chunk: Chunk) -> ChunkResult | None:
        """What came of the chunk when it was made; None if it has to be made."""
        stored = self._folder.found(part.key)
        if stored is None:
            return None
        try:
            result = _chunk_result(stored, chunk)
        except (KeyError, TypeError, ValueError):
            return None
        # Its warnings name places of the EDL, which must still be those.
        shown = {
            (segment.json_path, segment.source.location)
            for segment in self._planner.segments_between(chunk.start, chunk.end)
            if isinstance(segment.source, MediaSource)
        }
        if any((held.json_path, held.location) not in shown for held in result.held):
            return None
        return result

    def found_sound(self, part: DonePart) -> SoundResult | None:
        """What came of the sound when it was made; None if it has to be made."""
        stored = self._folder.found(part.key)
        if stored is None or stored.get("warnings"):
            # Warnings name places of the EDL, which may be others by now.
            return None
        try:
            gain = stored.pop("gain")
            measured = gain["measured"]
            made = Gain(gain["decibels"], Loudness(**measured) if measured else None)
            return SoundResult(gain=made, **stored)
        except (KeyError, TypeError):
            return None

    def keep_chunk(self, part: DonePart, made: Path, chunk: Chunk, result: ChunkResult) -> None:
        """The chunk is whole: from here on it is found."""
        self._identity.require_unchanged(part.files)
        stored = asdict(result) | {"data": None}
        for held in stored["held"]:
            held["first_frame"] -= chunk.start
        for broken in stored["broken"]:
            broken["first_time"] = str(broken["first_time"])
        self._folder.accept(part.key, made, stored)

    def keep_sound(self, part: DonePart, made: Path, result: SoundResult) -> None:
        """The sound is whole: from here on it is found."""
        self._identity.require_unchanged(part.files)
        self._folder.accept(part.key, made, asdict(result))


def _chunk_result(stored: dict[str, Any], chunk: Chunk) -> ChunkResult:
    held = [HeldPicture(**entry) for entry in stored.pop("held")]
    for entry in held:
        entry.first_frame += chunk.start
    broken = [
        BrokenStream(entry["location"], entry["packets"], Fraction(entry["first_time"]))
        for entry in stored.pop("broken")
    ]
    return ChunkResult(**(stored | {"number": chunk.number}), held=held, broken=broken)


@cache
def versions() -> tuple[str, ...]:
    """What the bytes of any part depend on, of a machine: names with their versions."""
    libraries = (f"{name} {number}" for name, number in library_versions().items())
    texts = []
    for name in _TEXT_PACKAGES:
        with suppress(PackageNotFoundError):
            texts.append(f"{name} {version(name)}")
    return (f"edl2ffmpeg {__version__}", platform.machine(), *libraries, *texts)


def _key(*parts: str) -> str:
    digest = sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()[:40]
