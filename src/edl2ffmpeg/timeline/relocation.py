"""A timeline whose files are somewhere else; it opens none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from operator import is_
from typing import Any

from edl2ffmpeg.timeline.effects import Effect
from edl2ffmpeg.timeline.model import MediaSource, Timeline, Track
from edl2ffmpeg.timeline.text import TextFormat

__all__ = ["relocated"]

Naming = Callable[[str], str]


def relocated(timeline: Timeline, place: Naming, font: Naming) -> Timeline:
    """``timeline`` with other locations of media and .cube files, and other names of fonts.

    ``place`` gives the location of a medium or table, ``font`` what stands for a text's font.
    """

    def tracks(found: tuple[Track, ...]) -> tuple[Track, ...]:
        return tuple(_moved(track, place, font) for track in found)

    return replace(
        timeline,
        video_tracks=tracks(timeline.video_tracks),
        audio_tracks=tracks(timeline.audio_tracks),
        text_tracks=tracks(timeline.text_tracks),
    )


def _moved(value: Any, place: Naming, font: Naming) -> Any:
    if isinstance(value, tuple):
        moved = tuple(_moved(entry, place, font) for entry in value)
        # What holds no name stays the object that it was, as most of a timeline does.
        return value if all(map(is_, moved, value)) else moved
    if isinstance(value, MediaSource):
        return replace(value, location=place(value.location))
    if isinstance(value, TextFormat):
        return replace(value, fonts=tuple(map(font, value.fonts)))
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {}
    for entry in fields(value):
        found = getattr(value, entry.name)
        moved = _moved(found, place, font)
        if moved is not found:
            changed[entry.name] = moved
    if isinstance(value, Effect) and value.lut is not None:
        changed["lut"] = place(value.lut)
    return replace(value, **changed) if changed else value
