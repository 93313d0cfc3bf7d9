"""Gathers the clips of effects, colour and transform sub-tracks; it touches no plain clip.

A sub-track's clip acts on the plain track of its type and number, from its own ``in`` to its
``out``; a range in its source is accepted, and the clip's is what counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction
from operator import itemgetter

from edl2ffmpeg.edl.clips import ColourClip, EffectsClip, TransformClip
from edl2ffmpeg.edl.tracks import Track
from edl2ffmpeg.timeline.effect_reader import read_effect, read_effects
from edl2ffmpeg.timeline.model import SubTrack, SubTrackSpan, TimeRange
from edl2ffmpeg.timeline.segments import SourceReader, exact
from edl2ffmpeg.timeline.transform_reader import read_transform

__all__ = ["SubTrackClip", "SubTracks"]

SubTrackClip = EffectsClip | ColourClip | TransformClip

_ORDER = ("colour", "effects", "transform")


@dataclass
class _Found:
    """A sub-track, its first clip in the file, and its spans with the starts that sort them."""

    track: Track
    first_index: int
    spans: list[tuple[float, SubTrackSpan]] = field(default_factory=list)


class SubTracks:
    """The sub-tracks of all video tracks."""

    def __init__(self, reader: SourceReader) -> None:
        self._reader = reader
        # By number of the video track; then by order and subnumber.
        self._found: defaultdict[int, dict[tuple[int, int], _Found]] = defaultdict(dict)

    def add(self, index: int, clip: SubTrackClip, trimmed_end: Fraction | None) -> None:
        """Adds the ``index``-th clip of the file; ``trimmed_end`` is its end where that moved."""
        _, number, subtype, subnumber = clip.track.key
        order = (_ORDER.index(subtype), subnumber)
        found = self._found[number].setdefault(order, _Found(clip.track, index))
        end = exact(clip.out) if trimmed_end is None else trimmed_end
        found.spans.append((clip.in_, self._span(index, clip, TimeRange(exact(clip.in_), end))))

    def _span(self, index: int, clip: SubTrackClip, lasting: TimeRange) -> SubTrackSpan:
        place, start = ("clips", index, "source"), lasting.start
        if isinstance(clip, TransformClip):
            return SubTrackSpan(lasting, transform=read_transform(clip.source, start, place))
        if isinstance(clip, ColourClip):
            filters = read_effects(clip.source.filters, start, (*place, "filters"), self._reader)
            return SubTrackSpan(lasting, filters)
        effect = read_effect(clip.source, start, place, self._reader)
        return SubTrackSpan(lasting, () if effect is None else (effect,))

    def of(self, number: int) -> tuple[SubTrack, ...]:
        """Those of video track ``number``: colour, effects, transforms, each by subnumber."""
        in_order = sorted(self._found.get(number, {}).items(), key=itemgetter(0))
        return tuple(
            SubTrack(tuple(span for _, span in sorted(found.spans, key=itemgetter(0))))
            for _, found in in_order
        )

    def warn_of_orphans(self, numbers: Collection[int]) -> None:
        """Warns once of each sub-track whose number is not one of the plain tracks' numbers."""
        for number, tracks in self._found.items():
            for found in tracks.values() if number not in numbers else ():
                self._reader.warn(
                    ("clips", found.first_index, "track"),
                    f"{found.track} has no effect: there is no clip on video track {number}",
                )
