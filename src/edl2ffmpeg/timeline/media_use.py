"""Which files a timeline reads, and where it names them; it opens none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edl2ffmpeg.timeline.effects import Effect
from edl2ffmpeg.timeline.model import MediaSource, Segment, TextSource, Track

__all__ = ["font_names", "lut_files", "media_segments"]


def media_segments(tracks: Iterable[Track]) -> Iterator[tuple[Segment, MediaSource]]:
    """Every segment that plays a media file, those of transitions included."""
    for track in tracks:
        for clip in track.clips:
            led_to = clip.transition.segments if clip.transition is not None else ()
            for segment in clip.segments + led_to:
                if isinstance(segment.source, MediaSource):
                    yield segment, segment.source


def lut_files(tracks: Iterable[Track]) -> dict[str, str]:
    """The .cube files of all effects, each with the JSON path that names it first."""
    found: dict[str, str] = {}
    for track in tracks:
        for clip in track.clips:
            _note_luts(clip.effects, found)
        for sub_track in track.sub_tracks:
            for span in sub_track.spans:
                _note_luts(span.effects, found)
    return found


def font_names(tracks: Iterable[Track]) -> dict[str, str]:
    """The families and files of all texts' fonts, each with the clip that names it first."""
    found: dict[str, str] = {}
    for track in tracks:
        for clip in track.clips:
            for segment in clip.segments:
                if isinstance(segment.source, TextSource):
                    for name in segment.source.format.fonts:
                        found.setdefault(name, clip.json_path)
    return found


def _note_luts(effects: tuple[Effect, ...], found: dict[str, str]) -> None:
    for effect in effects:
        if effect.lut is not None:
            found.setdefault(effect.lut, f"{effect.json_path}.uri")
        _note_luts(effect.inside + effect.outside, found)
