"""Builds the timeline from a document, and judges what one clip alone cannot tell.

It opens no media: whether files exist and are long enough is checked elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType

from edl2ffmpeg.edl.bulk import cycle_collection_paused
from edl2ffmpeg.edl.clips import AudioClip, Document, TextClip, VideoClip
from edl2ffmpeg.edl.parser import ParsedEdl, parsed_document, read_edl
from edl2ffmpeg.edl.problems import Place
from edl2ffmpeg.edl.reader import read_bytes
from edl2ffmpeg.timeline.colour import parse_yuv
from edl2ffmpeg.timeline.model import (
    Clip,
    Fade,
    StreamKind,
    Timeline,
    TimeRange,
    Track,
)
from edl2ffmpeg.timeline.overlaps import PlacedClip, find_overlaps
from edl2ffmpeg.timeline.segments import Resolver, SourceReader, exact, lay_out
from edl2ffmpeg.timeline.support import find_unsupported, is_rendered
from edl2ffmpeg.timing import format_seconds, frame_at

__all__ = ["build_timeline", "load_timeline_file"]

_NO_LOCATIONS: Mapping[str, str] = MappingProxyType({})


def load_timeline_file(
    path: str | Path, *, resolve: Resolver, locations: Mapping[str, str] = _NO_LOCATIONS
) -> Timeline:
    """The timeline that the EDL file at ``path`` means; relative paths start at its folder.

    Raises ``EdlSyntaxError``, or one ``EdlValidationError`` or ``UnsupportedFeatureError``
    with the problems of the format and of the edit together.
    """
    path = Path(path)
    with cycle_collection_paused():
        parsed = read_edl(read_bytes(path), str(path))
        return _build(parsed, path.absolute().parent, resolve, locations)


def build_timeline(
    document: Document,
    *,
    base_folder: Path,
    resolve: Resolver,
    locations: Mapping[str, str] = _NO_LOCATIONS,
) -> Timeline:
    """The timeline that a validated ``document`` means.

    ``resolve`` makes an absolute path or address of a uri and a folder; ``locations`` gives
    the uris of location ids.  Raises ``EdlValidationError`` or ``UnsupportedFeatureError``.
    """
    with cycle_collection_paused():
        return _build(parsed_document(document), base_folder, resolve, locations)


def _build(
    parsed: ParsedEdl, base_folder: Path, resolve: Resolver, locations: Mapping[str, str]
) -> Timeline:
    log, rate = parsed.problems, parsed.frame_rate
    trimmed = find_overlaps(_placed_clips(parsed), rate, log)
    find_unsupported(parsed.clips, log)
    _check_transitions(parsed)
    reader = SourceReader(base_folder, resolve, locations, log)
    # With each clip its start as a double, which sorts it as the fraction would, but faster.
    clips: defaultdict[tuple[StreamKind, int], list[tuple[float, Clip]]] = defaultdict(list)
    for index, clip in parsed.clips:
        if isinstance(clip, (VideoClip, AudioClip)) and is_rendered(clip):
            kind = StreamKind.VIDEO if isinstance(clip, VideoClip) else StreamKind.AUDIO
            made = _clip(index, clip, trimmed.get(index), rate, reader)
            clips[kind, clip.track.number].append((clip.in_, made))
    log.raise_if_any()
    video, audio = (_tracks(kind, clips) for kind in (StreamKind.VIDEO, StreamKind.AUDIO))
    ends = [track.clips[-1].range_in_parent.end for track in video + audio]
    duration = max(ends, default=Fraction(0))
    if frame_at(duration, rate) == 0:
        log.add(("clips",), _nothing_to_render(duration))
        log.raise_if_any()
    document = parsed.document
    assert document is not None
    size = (document.width, document.height)
    return Timeline(rate, *size, video, audio, duration, base_folder, tuple(reader.warnings))


def _placed_clips(parsed: ParsedEdl) -> Iterator[PlacedClip]:
    for index, clip in (*parsed.clips, *parsed.places):
        if clip.track.type != "caption":
            yield PlacedClip(index, clip.in_, clip.out, clip.track)


def _check_transitions(parsed: ParsedEdl) -> None:
    """A clip that *is* a transition is as long as that transition."""
    for index, clip in parsed.clips:
        transition = clip.transition if isinstance(clip, (VideoClip, AudioClip, TextClip)) else None
        if transition is None or transition.duration is None:
            continue
        if transition.source is None and transition.sources is None:
            continue
        start, end = exact(clip.in_), exact(clip.out)
        length = exact(transition.duration)
        if frame_at(start + length, parsed.frame_rate) != frame_at(end, parsed.frame_rate):
            parsed.problems.add(
                ("clips", index, "transition", "duration"),
                "must equal the clip's length when the transition has a source: it is "
                f"{format_seconds(length)}, the clip {format_seconds(end - start)}; remove "
                "'duration'",
            )


def _clip(
    index: int,
    clip: VideoClip | AudioClip,
    trimmed_end: Fraction | None,
    rate: Fraction,
    reader: SourceReader,
) -> Clip:
    place: Place = ("clips", index)
    end = exact(clip.out) if trimmed_end is None else trimmed_end
    clip_range = TimeRange(exact(clip.in_), end)
    return Clip(
        clip_range,
        lay_out(clip, clip_range, rate, place, reader),
        f"clips[{index}]",
        _fade(clip.top_fade, clip.top_fade_yuv, clip, (*place, "topFade"), reader),
        _fade(clip.tail_fade, clip.tail_fade_yuv, clip, (*place, "tailFade"), reader),
        clip.sync,
    )


def _fade(
    duration: float | None,
    colour: str | None,
    clip: VideoClip | AudioClip,
    place: Place,
    reader: SourceReader,
) -> Fade | None:
    if colour is not None:
        colour_place = (*place[:-1], f"{place[-1]}YUV")
        if isinstance(clip, AudioClip):
            reader.warn(colour_place, "has no effect on sound")
        elif not duration:
            reader.warn(colour_place, f"has no effect without {place[-1]!r}")
    if not duration:
        return None
    return Fade(
        exact(duration),
        parse_yuv(colour) if colour is not None and isinstance(clip, VideoClip) else None,
    )


def _nothing_to_render(duration: Fraction) -> str:
    if duration == 0:
        return "hold nothing to show or sound; add a clip on a video or audio track"
    return f"last only {format_seconds(duration)}, less than half a frame; nothing can be rendered"


def _tracks(
    kind: StreamKind, clips: Mapping[tuple[StreamKind, int], list[tuple[float, Clip]]]
) -> tuple[Track, ...]:
    tracks: list[Track] = []
    for number in sorted(number for of_kind, number in clips if of_kind is kind):
        in_order = sorted(clips[kind, number], key=itemgetter(0))
        tracks.append(Track(kind, number, tuple(clip for _, clip in in_order)))
    return tuple(tracks)
