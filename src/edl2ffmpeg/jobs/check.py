"""Checks a timeline's media, tables and fonts before anything is rendered; it writes nothing.

Every file is opened once, whatever the number of clips, and every problem is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from edl2ffmpeg.compositor.cube import read_cube
from edl2ffmpeg.compositor.fonts import is_font_file
from edl2ffmpeg.errors import (
    EdlValidationError,
    MediaAccessError,
    MediaError,
    MediaOpenError,
    Problem,
)
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_decoder import AudioDecoder
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.rendering.compositing import open_fonts
from edl2ffmpeg.timeline.media_use import font_names, lut_files, media_segments
from edl2ffmpeg.timeline.model import (
    MediaSource,
    Segment,
    StreamKind,
    Timeline,
    TimelineWarning,
    Track,
)
from edl2ffmpeg.timing import format_seconds

__all__ = ["MAX_PROBLEMS", "MediaNotes", "check_media"]

MAX_PROBLEMS = 20

_StreamKey = tuple[str, str]


@dataclass
class MediaNotes:
    """What the check has to say of good media: oddities, and sources that will end early."""

    odd: list[TimelineWarning] = field(default_factory=list)
    short: list[TimelineWarning] = field(default_factory=list)

    @property
    def warnings(self) -> list[TimelineWarning]:
        """All of it."""
        return [*self.odd, *self.short]


def check_media(
    timeline: Timeline, access: AccessRules, decoders: DecoderPool, *, audio: bool = True
) -> MediaNotes:
    """Opens every stream that the timeline uses, and tells what is odd about it.

    Look-up tables and font files are read as well; a font's family is looked for when a text
    is drawn, since another font can take its place.

    Raises ``MediaOpenError`` with one line per file that cannot be used (at most 20).  The
    decoders stay open in ``decoders``.
    """
    tracks = timeline.picture_tracks + (timeline.audio_tracks if audio else ())
    ends: dict[_StreamKey, Fraction | None] = {}
    failed: set[_StreamKey] = set()
    failed_locations: list[str] = []
    problems: list[Problem] = []
    found = MediaNotes()
    for segment, source in media_segments(tracks):
        key = (source.location, str(source.stream))
        if key in failed:
            continue
        if key not in ends:
            try:
                ends[key], notes = _open(source, access, decoders)
            except MediaError as error:
                failed.add(key)
                failed_locations.append(source.location)
                problems.append(Problem(segment.json_path, str(error)))
                continue
            found.odd += [
                TimelineWarning(segment.json_path, f"{source.location} {note}") for note in notes
            ]
        found.short += _short_source(segment, source, ends[key], timeline.frame_rate)
    _check_luts(timeline.picture_tracks, access, problems, failed_locations)
    _check_fonts(timeline, access, problems, failed_locations)
    if problems:
        shown = problems[:MAX_PROBLEMS]
        told = EdlValidationError(shown, len(problems) - len(shown))
        raise MediaOpenError(str(told), failed_locations[0])
    return found


def _check_luts(
    tracks: tuple[Track, ...], access: AccessRules, problems: list[Problem], failed: list[str]
) -> None:
    """Whether each .cube file may be read, and holds a table."""
    for location, json_path in lut_files(tracks).items():
        try:
            if not access.check(location).startswith("file:"):
                raise MediaAccessError(f"{location}: a look-up table must be a local file")
            read_cube(location)
        except MediaError as error:
            failed.append(location)
            problems.append(Problem(json_path, str(error)))


def _check_fonts(
    timeline: Timeline, access: AccessRules, problems: list[Problem], failed: list[str]
) -> None:
    """Whether each font file that a text names may be read, and is a font."""
    files = {
        name: json_path
        for name, json_path in font_names(timeline.text_tracks).items()
        if is_font_file(name)
    }
    with open_fonts(access, timeline.base_folder) as library:
        for name, json_path in files.items():
            try:
                library.stack((name,))
            except MediaError as error:
                failed.append(error.path or name)
                problems.append(Problem(json_path, str(error)))


def _open(
    source: MediaSource, access: AccessRules, decoders: DecoderPool
) -> tuple[Fraction | None, list[str]]:
    """Opens the stream of ``source``: its end in seconds from time 0, and what is odd about it."""
    if source.stream.kind is StreamKind.VIDEO:
        video = decoders.decoder(source)
        return video.duration, video.notes
    with AudioDecoder(access, source.location, source.stream) as audio:
        return audio.duration, []


def _short_source(
    segment: Segment, source: MediaSource, end: Fraction | None, rate: Fraction
) -> Iterator[TimelineWarning]:
    wanted = segment.latest_source_time
    if end is not None and wanted > end + segment.speed / rate:
        what = (
            "its last picture will be held"
            if source.stream.kind is StreamKind.VIDEO
            else "the rest will be silent"
        )
        yield TimelineWarning(
            segment.json_path,
            f"{source.location} ends at {format_seconds(end)}, but the clip plays it to "
            f"{format_seconds(wanted)}; {what}",
        )
