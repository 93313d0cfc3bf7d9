"""Decides where a movie's subtitles go, and writes those that go beside it; it muxes nothing."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from edl2ffmpeg.errors import EncodeError, SettingsError
from edl2ffmpeg.jobs.publish import published
from edl2ffmpeg.media.subtitle_encoder import without_blank_lines
from edl2ffmpeg.plan.cues import Cue, cues_of, subtitle_tracks
from edl2ffmpeg.settings import RenderSettings, Subtitles
from edl2ffmpeg.timeline.model import Timeline
from edl2ffmpeg.timing import round_half_up

__all__ = ["SubtitleJob", "refuse_sidecar_names", "sidecar_names", "srt_text"]

_log = logging.getLogger(__name__)


def sidecar_names(timeline: Timeline, output: Path) -> list[Path]:
    """A name for each subtitle track in order: ``movie.srt``, ``movie.2.srt``, ..."""
    return [
        output.with_suffix(".srt" if number == 1 else f".{number}.srt")
        for number in range(1, len(subtitle_tracks(timeline)) + 1)
    ]


def refuse_sidecar_names(
    timeline: Timeline, output: Path, settings: RenderSettings, taken: Sequence[Path | None]
) -> None:
    """Raises ``SettingsError`` when a file of subtitles would have one of the ``taken`` names."""
    if settings.subtitles is not Subtitles.SIDECAR or "\0" in str(output):
        return
    others = {os.path.realpath(path) for path in taken if path is not None}
    for name in sidecar_names(timeline, output):
        if os.path.realpath(name) in others:
            raise SettingsError(
                f"{name}: the subtitles would have the name of the EDL or the report; give the "
                "movie another name"
            )


@dataclass(frozen=True)
class SubtitleJob:
    """The subtitles of one render: how they are shown, the cues of each track that has any.

    ``files`` are the names of the tracks' files where they go beside the movie, else empty.
    """

    mode: Subtitles
    tracks: tuple[tuple[Cue, ...], ...]
    files: tuple[Path, ...] = ()

    @classmethod
    def of(
        cls,
        timeline: Timeline,
        frame_range: tuple[int, int],
        output: Path,
        settings: RenderSettings,
    ) -> SubtitleJob:
        """What the settings mean for the movie ``output`` of these frames."""
        mode = settings.subtitles
        if mode is Subtitles.OFF:
            return cls(mode, ())
        found = []
        for track, name in zip(
            subtitle_tracks(timeline), sidecar_names(timeline, output), strict=True
        ):
            cues = cues_of(track, timeline.frame_rate, frame_range)
            if cues:
                found.append((cues, name))
            elif mode is not Subtitles.BURN:
                missing = name if mode is Subtitles.SIDECAR else "its track in the movie"
                _log.info("subtitle track %d has no text: %s is not made", track.number, missing)
        files = tuple(name for _, name in found) if mode is Subtitles.SIDECAR else ()
        return cls(mode, tuple(cues for cues, _ in found), files)

    @property
    def embedded(self) -> tuple[tuple[Cue, ...], ...]:
        """The cues of the text tracks inside the movie."""
        return self.tracks if self.mode is Subtitles.EMBED else ()

    @contextmanager
    def files_published(self, *, replace: bool) -> Iterator[Callable[[], None]]:
        """A function that writes the files, which have their names when the block has ended.

        An exception in the block leaves none of them, and older ones as they were.
        """
        with ExitStack() as stack:
            partials = [
                stack.enter_context(published(name, replace=replace)) for name in self.files
            ]

            def write() -> None:
                for name, partial, cues in zip(self.files, partials, self.tracks, strict=False):
                    _write(name, partial, cues)

            yield write

    @property
    def report(self) -> dict[str, Any]:
        """What the report of the render says of them."""
        return {
            "mode": self.mode.value,
            "tracks": len(self.tracks),
            "cues": sum(map(len, self.tracks)),
            "files": [str(name) for name in self.files],
        }


def _write(name: Path, partial: Path, cues: Sequence[Cue]) -> None:
    try:
        partial.write_bytes(srt_text(cues).encode("utf-8", "replace"))
    except OSError as error:
        raise EncodeError(f"{name}: cannot be written: {error.strerror}", str(name)) from error
    _log.info("%s: %d subtitles", name, len(cues))


def srt_text(cues: Sequence[Cue]) -> str:
    """The cues as a SubRip file, times to the nearest millisecond."""
    return "\n".join(
        f"{number}\n{_time(cue.start)} --> {_time(cue.end)}\n{without_blank_lines(cue.text)}\n"
        for number, cue in enumerate(cues, start=1)
    )


def _time(time: Fraction) -> str:
    seconds, milliseconds = divmod(round_half_up(time * 1000), 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d},{milliseconds:03d}"
