"""Gathers the clips of all sub-tracks; it touches no plain clip.

A sub-track's clip acts on the plain track of its type and number, from its own ``in`` to its
``out``; a range in its source is accepted, and the clip's is what counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction
from operator import itemgetter

from edl2ffmpeg.edl.clips import ColourClip, EffectsClip, LevelClip, PanClip, TransformClip
from edl2ffmpeg.edl.tracks import Track
from edl2ffmpeg.timeline.effect_reader import read_effect, read_effects
from edl2ffmpeg.timeline.model import StreamKind, SubTrack, SubTrackSpan, TextKind, TimeRange
from edl2ffmpeg.timeline.segments import SourceReader, exact
from edl2ffmpeg.timeline.sound_reader import read_level, read_pan
from edl2ffmpeg.timeline.transform_reader import read_transform

__all__ = ["SubTrackClip", "SubTracks"]

SubTrackClip = EffectsClip | ColourClip | TransformClip | LevelClip | PanClip

_Owner = tuple[StreamKind | TextKind, int]

_ORDER = ("colour", "effects", "transform", "level", "pan")
_KINDS = {kind.name.lower(): kind for kind in StreamKind} | {kind.value: kind for kind in TextKind}


@dataclass
class _Found:
    """A sub-track, its first clip in the file, and its spans with the starts that sort them."""

    track: Track
    first_index: int
    spans: list[tuple[float, SubTrackSpan]] = field(default_factory=list)


class SubTracks:
    """The sub-tracks of all tracks."""

    def __init__(self, reader: SourceReader) -> None:
        self._reader = reader
        # By kind and number of the track; then by order and subnumber.
        self._found: defaultdict[_Owner, dict[tuple[int, int], _Found]] = defaultdict(dict)

    def add(self, index: int, clip: SubTrackClip, trimmed_end: Fraction | None) -> None:
        """Adds the ``index``-th clip of the file; ``trimmed_end`` is its end where that moved."""
        kind, number, subtype, subnumber = clip.track.key
        order = (_ORDER.index(subtype), subnumber)
        owner = (_KINDS[kind], number)
        found = self._found[owner].setdefault(order, _Found(clip.track, index))
        end = exact(clip.out) if trimmed_end is None else trimmed_end
        found.spans.append((clip.in_, self._span(index, clip, TimeRange(exact(clip.in_), end))))

    def _span(self, index: int, clip: SubTrackClip, lasting: TimeRange) -> SubTrackSpan:
        place, start = ("clips", index, "source"), lasting.start
        if isinstance(clip, TransformClip):
            return SubTrackSpan(lasting, transform=read_transform(clip.source, start, place))
        if isinstance(clip, ColourClip):
            filters = read_effects(clip.source.filters, start, (*place, "filters"), self._reader)
            return SubTrackSpan(lasting, filters)
        if isinstance(clip, LevelClip):
            return SubTrackSpan(lasting, level=read_level(clip.source, start))
        if isinstance(clip, PanClip):
            return SubTrackSpan(lasting, pan=read_pan(clip.source, start))
        effect = read_effect(clip.source, start, place, self._reader)
        return SubTrackSpan(lasting, () if effect is None else (effect,))

    def of(self, kind: StreamKind | TextKind, number: int) -> tuple[SubTrack, ...]:
        """Those of one track, as ``Track.sub_tracks`` has them."""
        in_order = sorted(self._found.get((kind, number), {}).items(), key=itemgetter(0))
        return tuple(
            SubTrack(tuple(span for _, span in sorted(found.spans, key=itemgetter(0))))
            for _, found in in_order
        )

    def warn_of_orphans(self, owners: Collection[_Owner]) -> None:
        """Warns once of each sub-track whose track, by kind and number, has no clip."""
        for owner, tracks in self._found.items():
            for found in tracks.values() if owner not in owners else ():
                plain = f"{found.track.type} track {found.track.number}"
                self._reader.warn(
                    ("clips", found.first_index, "track"),
                    f"{found.track} has no effect: there is no clip on {plain}",
                )
