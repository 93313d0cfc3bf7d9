"""Builds the timeline from a document, and judges what one clip alone cannot tell.

It opens no media: whether files exist and are long enough is checked elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType

from edl2ffmpeg.edl.bulk import cycle_collection_paused
from edl2ffmpeg.edl.clips import AudioClip, Document, TextClip, VideoClip
from edl2ffmpeg.edl.parser import ParsedEdl, parsed_document, read_edl
from edl2ffmpeg.edl.reader import read_bytes
from edl2ffmpeg.timeline.clip_reader import read_clip
from edl2ffmpeg.timeline.model import Clip, StreamKind, TextKind, Timeline, Track
from edl2ffmpeg.timeline.overlaps import PlacedClip, find_overlaps
from edl2ffmpeg.timeline.segments import Resolver, SourceReader
from edl2ffmpeg.timeline.sub_tracks import SubTrackClip, SubTracks
from edl2ffmpeg.timeline.text_reader import read_text_clip
from edl2ffmpeg.timeline.transition_reader import find_wrong_lengths
from edl2ffmpeg.timing import format_seconds, frame_at

__all__ = ["build_timeline", "load_timeline_file"]

# With each clip its start as a double, which sorts it as the fraction would, but faster.
_TrackKind = StreamKind | TextKind
_Clips = defaultdict[tuple[_TrackKind, int], list[tuple[float, Clip]]]

_NO_LOCATIONS: Mapping[str, str] = MappingProxyType({})


def load_timeline_file(
    path: str | Path,
    *,
    resolve: Resolver,
    locations: Mapping[str, str] = _NO_LOCATIONS,
    frame_rate: Fraction | None = None,
) -> Timeline:
    """The timeline that the EDL file at ``path`` means; relative paths start at its folder.

    It is judged at ``frame_rate`` if that is to be rendered instead of the EDL's, but keeps the
    EDL's.

    Raises ``EdlSyntaxError``, or one ``EdlValidationError`` with the problems of the format and
    of the edit together.
    """
    path = Path(path)
    with cycle_collection_paused():
        parsed = read_edl(read_bytes(path), str(path))
        judged = replace(parsed, frame_rate=frame_rate) if frame_rate is not None else parsed
        timeline = _build(judged, path.absolute().parent, resolve, locations)
        return replace(timeline, frame_rate=parsed.frame_rate)


def build_timeline(
    document: Document,
    *,
    base_folder: Path,
    resolve: Resolver,
    locations: Mapping[str, str] = _NO_LOCATIONS,
) -> Timeline:
    """The timeline that a validated ``document`` means.

    ``resolve`` makes an absolute path or address of a uri and a folder; ``locations`` gives
    the uris of location ids.  Raises ``EdlValidationError``.
    """
    with cycle_collection_paused():
        return _build(parsed_document(document), base_folder, resolve, locations)


def _build(
    parsed: ParsedEdl, base_folder: Path, resolve: Resolver, locations: Mapping[str, str]
) -> Timeline:
    log, rate = parsed.problems, parsed.frame_rate
    trimmed = find_overlaps(_placed_clips(parsed), rate, log)
    find_wrong_lengths(parsed)
    reader = SourceReader(base_folder, resolve, locations, log)
    clips: _Clips = defaultdict(list)
    sub_tracks = SubTracks(reader)
    for index, clip in parsed.clips:
        if isinstance(clip, (VideoClip, AudioClip)):
            kind = StreamKind.VIDEO if isinstance(clip, VideoClip) else StreamKind.AUDIO
            made = read_clip(index, clip, trimmed.get(index), rate, reader)
            clips[kind, clip.track.number].append((clip.in_, made))
        elif isinstance(clip, TextClip):
            made = read_text_clip(index, clip, trimmed.get(index), rate, reader)
            clips[TextKind(clip.track.type), clip.track.number].append((clip.in_, made))
        elif isinstance(clip, SubTrackClip):
            sub_tracks.add(index, clip, trimmed.get(index))
    log.raise_if_any()
    video, audio = (_tracks(kind, clips, sub_tracks) for kind in StreamKind)
    burnt_in = _tracks(TextKind.BURN_IN, clips, sub_tracks)
    texts = burnt_in + _tracks(TextKind.SUBTITLE, clips, sub_tracks)
    sub_tracks.warn_of_orphans({(track.kind, track.number) for track in video + audio + texts})
    ends = [track.clips[-1].range_in_parent.end for track in video + audio + texts]
    duration = max(ends, default=Fraction(0))
    if frame_at(duration, rate) == 0:
        log.add(("clips",), _nothing_to_render(duration))
        log.raise_if_any()
    document = parsed.document
    assert document is not None
    size = (document.width, document.height)
    return Timeline(rate, *size, video, audio, duration, base_folder, tuple(reader.warnings), texts)


def _placed_clips(parsed: ParsedEdl) -> Iterator[PlacedClip]:
    for index, clip in (*parsed.clips, *parsed.places):
        if clip.track.type != "caption":
            yield PlacedClip(index, clip.in_, clip.out, clip.track)


def _nothing_to_render(duration: Fraction) -> str:
    if duration == 0:
        return "hold nothing to show or sound; add a clip on a video or audio track"
    return f"last only {format_seconds(duration)}, less than half a frame; nothing can be rendered"


def _tracks(kind: _TrackKind, clips: _Clips, sub_tracks: SubTracks) -> tuple[Track, ...]:
    tracks: list[Track] = []
    for number in sorted(number for of_kind, number in clips if of_kind is kind):
        in_order = sorted(clips[kind, number], key=itemgetter(0))
        acting = sub_tracks.of(kind, number)
        tracks.append(Track(kind, number, tuple(clip for _, clip in in_order), acting))
    return tuple(tracks)
