"""Lays the sources of one clip, or of its transition, out on the timeline; it knows no other.

Sources follow each other, each lasting (out - in) / speed.  The clip's own length wins:
the last segment is extended or cut there, and what would start later is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from edl2ffmpeg.edl.problems import Place, ProblemLog, format_path
from edl2ffmpeg.edl.sources import (
    FileSource,
    GenerateColour,
    GeneratedSource,
    LocationSource,
    MediaSource,
    PlainSource,
    TextSource,
)
from edl2ffmpeg.edl.values import OneOrMany
from edl2ffmpeg.timeline import model
from edl2ffmpeg.timeline.colour import parse_rgb, parse_yuv
from edl2ffmpeg.timing import format_seconds, parse_seconds

__all__ = ["AnySource", "Resolver", "SourceReader", "exact", "judge_sound_speed", "lay_out"]

Resolver = Callable[[str, Path], str]
AnySource = PlainSource | TextSource

# Times repeat: one clip's end is the next one's start.
exact = lru_cache(maxsize=65_536)(parse_seconds)

# What FFmpeg's tempo filter does in a chain of reasonable length.
_SLOWEST_SOUND, _FASTEST_SOUND = Fraction(1, 100), Fraction(100)
_NORMAL_SPEED = Fraction(1)


@dataclass
class SourceReader:
    """Turns sources as a file says them into the timeline's; equal media share one value."""

    base_folder: Path
    resolve: Resolver
    locations: Mapping[str, str]
    log: ProblemLog
    warnings: list[model.TimelineWarning] = field(default_factory=list)
    _resolved: dict[str, str] = field(default_factory=dict)
    _shared: dict[tuple[object, ...], model.MediaSource] = field(default_factory=dict)

    def read(self, source: AnySource, kind: model.StreamKind, place: Place) -> model.Source | None:
        """The timeline's source, or ``None`` when a problem was noted."""
        assert not isinstance(source, TextSource)
        if isinstance(source, GeneratedSource):
            return _generated(source)
        return self._file(source, kind, place)

    def _file(
        self, source: MediaSource | LocationSource, kind: model.StreamKind, place: Place
    ) -> model.Source | None:
        stream = self._stream(source, kind, place)
        if source.audiomix is not None and kind is model.StreamKind.VIDEO:
            self.log.add(
                (*place, "audiomix"), "belongs on audio tracks; the clip is on a video track"
            )
            stream = None
        if source.gamma != 1 and kind is model.StreamKind.AUDIO:
            self.warn((*place, "gamma"), "has no effect on sound")
        uri = self._uri(source, place)
        inner = ("uri",) if isinstance(source, MediaSource) else ("location", "id")
        location = self.location(uri, (*place, *inner)) if uri is not None else None
        if stream is None or uri is None or location is None:
            return None
        key = (uri, kind.value, stream.number, source.gamma, source.audiomix)
        shared = self._shared.get(key)
        if shared is None:
            average = source.audiomix is not None
            shared = model.MediaSource(uri, location, stream, exact(source.gamma), average)
            self._shared[key] = shared
        return shared

    def _stream(
        self, source: FileSource, kind: model.StreamKind, place: Place
    ) -> model.StreamSelector | None:
        if source.track_id is None:
            return _selector(f"{kind.value}1")
        stream = _selector(source.track_id)
        if stream.kind is kind:
            return stream
        self.log.add(
            (*place, "trackId"),
            f"{source.track_id!r} is {_ARTICLE[stream.kind]} stream, but the clip is on "
            f"{_ARTICLE[kind]} track; name a stream such as '{kind.value}1'",
        )
        return None

    def _uri(self, source: MediaSource | LocationSource, place: Place) -> str | None:
        if isinstance(source, MediaSource):
            return source.uri
        uri = self.locations.get(source.location.id)
        if uri is None:
            self.log.add(
                (*place, "location", "id"),
                f"there is no entry for {source.location.id!r} in the table of locations; add it "
                "to the file given with --locations",
            )
        return uri

    def location(self, uri: str, place: Place) -> str | None:
        """What ``uri``, which stands at ``place``, means; ``None`` when a problem was noted."""
        location = self._resolved.get(uri)
        if location is None:
            try:
                location = self.resolve(uri, self.base_folder)
            except ValueError as error:
                self.log.add(place, f"{uri!r} is no path or address that can be read: {error}")
                return None
            self._resolved[uri] = location
        return location

    def warn(self, place: Place, message: str) -> None:
        """Notes something suspicious that does not stop a render."""
        self.warnings.append(model.TimelineWarning(format_path(place), message))


@lru_cache(maxsize=256)
def _selector(track_id: str) -> model.StreamSelector:
    return model.StreamSelector(model.StreamKind(track_id[0]), int(track_id[1:]))


_ARTICLE = {model.StreamKind.VIDEO: "a video", model.StreamKind.AUDIO: "an audio"}


def _generated(source: GeneratedSource) -> model.GeneratedSource:
    generate = source.generate
    generator = model.Generator(generate.type)
    if not isinstance(generate, GenerateColour):
        return model.GeneratedSource(generator, source.width, source.height)
    colour = parse_yuv(generate.yuv) if generate.yuv else parse_rgb(generate.rgb or "")
    return model.GeneratedSource(
        generator, source.width, source.height, colour, exact(generate.alpha)
    )


def lay_out(
    holder: OneOrMany[PlainSource] | OneOrMany[TextSource],
    kind: model.StreamKind,
    clip_range: model.TimeRange,
    rate: Fraction,
    place: Place,
    reader: SourceReader,
    *,
    judge_length: bool = True,
) -> tuple[model.Segment, ...]:
    """The segments of a clip, or of its transition, that stands at ``place``.

    They fill ``clip_range`` unless a problem was noted.  With ``judge_length`` a length that
    differs from the clip's is a warning.
    """
    sources = (holder.source,) if holder.source is not None else tuple(holder.sources or ())
    segments: list[model.Segment] = []
    lasting = Fraction(0)
    for index, source in enumerate(sources):
        inner: Place = ("source",) if holder.source is not None else ("sources", index)
        found = reader.read(source, kind, place + inner)
        source_range = model.TimeRange(exact(source.in_), exact(source.out))
        speed = _speed(source)
        if kind is model.StreamKind.AUDIO:
            judge_sound_speed(speed, (*place, *inner, "speed"), reader)
        start = clip_range.start + lasting if index else clip_range.start
        length = source_range.duration
        lasting += length if speed is _NORMAL_SPEED else length / speed
        if index == len(sources) - 1:
            end = clip_range.end
        else:
            end = min(clip_range.start + lasting, clip_range.end)
        if found is not None and (not index or start < end):
            parent = clip_range if len(sources) == 1 else model.TimeRange(start, end)
            path = format_path(place + inner)
            segments.append(model.Segment(found, parent, source_range, speed, path))
    if judge_length:
        _warn_length(clip_range, lasting, rate, place, reader, len(sources))
    return tuple(segments)


def judge_sound_speed(speed: Fraction, place: Place, reader: SourceReader) -> None:
    """Notes a problem where sound cannot be played ``speed`` times as fast."""
    if not _SLOWEST_SOUND <= speed <= _FASTEST_SOUND:
        reader.log.add(
            place,
            f"sound can be played at {float(_SLOWEST_SOUND):g} to {float(_FASTEST_SOUND):g} times "
            f"its speed, found {float(speed):g}",
        )


def _speed(source: AnySource) -> Fraction:
    if isinstance(source, (GeneratedSource, TextSource)) or source.speed == 1:
        return _NORMAL_SPEED
    return exact(source.speed)


def _warn_length(
    clip_range: model.TimeRange,
    lasting: Fraction,
    rate: Fraction,
    place: Place,
    reader: SourceReader,
    count: int,
) -> None:
    length = clip_range.duration
    # Equality first: it is the common case, and far cheaper than arithmetic.
    if lasting == length or abs(lasting - length) <= 1 / rate:
        return
    what, verb = ("the source", "lasts") if count == 1 else (f"the {count} sources", "last")
    fate = "the rest is not played" if lasting > length else "the source plays on past its 'out'"
    reader.warn(
        place,
        f"{what} {verb} {format_seconds(lasting)}, but the clip {format_seconds(length)}; the "
        f"clip's length wins, {fate}",
    )
