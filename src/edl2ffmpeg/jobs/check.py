"""Checks a timeline's media, tables and fonts before anything is rendered; it writes nothing.

Every file is opened once, whatever the number of clips, and every problem is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from edl2ffmpeg.compositor.cube import read_cube
from edl2ffmpeg.compositor.fonts import is_font_file
from edl2ffmpeg.errors import (
    EdlValidationError,
    MediaError,
    MediaOpenError,
    Problem,
)
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_decoder import AudioDecoder
from edl2ffmpeg.media.audio_layouts import MOST_CHANNELS
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.rendering.compositing import open_fonts
from edl2ffmpeg.timeline.media_use import font_names, lut_files, media_segments
from edl2ffmpeg.timeline.model import (
    Clip,
    MediaSource,
    Segment,
    StreamKind,
    Timeline,
    TimelineWarning,
    Track,
    Transition,
)
from edl2ffmpeg.timing import format_seconds

__all__ = ["MAX_PROBLEMS", "MediaNotes", "check_media"]

MAX_PROBLEMS = 20
# One channel is mixed as two.
_LEAST_MIXED = 2

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
    timeline: Timeline,
    access: AccessRules,
    decoders: DecoderPool,
    *,
    audio: bool = True,
    pictures: bool = True,
    audio_channels: int = 2,
    progress: Callable[[int], None] | None = None,
) -> MediaNotes:
    """Opens every stream that the timeline uses, and tells what is odd about it.

    ``progress`` is called with the number of streams that were opened.

    Look-up tables and font files are read as well; a font's family is looked for when a text
    is drawn, since another font can take its place.

    Raises ``MediaOpenError`` with one line per file that cannot be used (at most 20).  The
    decoders stay open in ``decoders``.
    """
    seen = timeline.picture_tracks if pictures else ()
    tracks = seen + (timeline.audio_tracks if audio else ())
    ends: dict[_StreamKey, Fraction | None] = {}
    channels: dict[_StreamKey, int] = {}
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
                ends[key], channels[key], notes = _open(source, access, decoders)
            except MediaError as error:
                failed.add(key)
                failed_locations.append(source.location)
                problems.append(Problem(segment.json_path, str(error)))
                continue
            finally:
                if progress is not None:
                    progress(len(ends) + len(failed))
            found.odd += [
                TimelineWarning(segment.json_path, f"{source.location} {note}") for note in notes
            ]
        found.short += _short_source(segment, source, ends[key], timeline.frame_rate)
    if audio:
        found.odd += _idle_gains(timeline.audio_tracks, channels, audio_channels)
    _check_luts(seen, access, problems, failed_locations)
    if pictures:
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
            access.check_local(location, "a look-up table")
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
) -> tuple[Fraction | None, int, list[str]]:
    """Opens the stream of ``source``.

    Gives its end in seconds from time 0, its channels, and what is odd about it.
    """
    if source.stream.kind is StreamKind.VIDEO:
        video = decoders.decoder(source)
        return video.duration, 0, video.notes
    with AudioDecoder(access, source.location, source.stream) as audio:
        return audio.duration, audio.source_channels, []


def _idle_gains(
    tracks: tuple[Track, ...], channels: Mapping[_StreamKey, int], outputs: int
) -> Iterator[TimelineWarning]:
    """Gains of channel maps that name a channel which the source or the output lacks."""
    for clip in (clip for track in tracks for clip in track.clips):
        yield from _idle_gains_of(clip, channels, max(outputs, _LEAST_MIXED))
        if clip.transition is not None and clip.transition.segments:
            yield from _idle_gains_of(clip.transition, channels, max(outputs, _LEAST_MIXED))


def _idle_gains_of(
    holder: Clip | Transition, channels: Mapping[_StreamKey, int], outputs: int
) -> Iterator[TimelineWarning]:
    place = f"{holder.json_path}.channelMap"
    sources = max(_channels(segment, channels) for segment in holder.segments)
    for gain in holder.channel_map or ():
        if gain.source > sources:
            yield TimelineWarning(
                place,
                f"source channel {gain.source} has no effect: the source has {sources} "
                f"channel{'s' if sources != 1 else ''}",
            )
        elif gain.output > outputs:
            yield TimelineWarning(
                place,
                f"output channel {gain.output} has no effect: the movie has {outputs}; see "
                "--audio-channels",
            )


def _channels(segment: Segment, channels: Mapping[_StreamKey, int]) -> int:
    """How many channels the source of a segment has to give."""
    source = segment.source
    if not isinstance(source, MediaSource) or source.average_channels:
        return 1
    return channels.get((source.location, str(source.stream)), MOST_CHANNELS)


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
