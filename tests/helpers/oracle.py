"""Which barcode every output frame must show, worked out from the EDL format's text alone.

It shares no code with the product on purpose.  It knows media sources, gaps, speeds and
lists of sources; every generated source and every gap is ``None`` (no barcode).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from helpers.media_factory import ClipInfo

__all__ = ["Expected", "expected_frame", "expected_frames", "output_rate", "tolerance"]

Expected = tuple[int, int] | None
"""(file id, frame number), or ``None`` where no barcode is to be seen."""

_NTSC_SPELLINGS = {Fraction(nominal * 1000, 1001) for nominal in (24, 30, 48, 60, 120)}


def _exact(value: int | float | str | None, default: int = 0) -> Fraction:
    """The decimal as written in the file."""
    return Fraction(default) if value is None else Fraction(str(value))


def _nearest(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def output_rate(edl: Mapping[str, Any]) -> Fraction:
    """The document's ``fps``, default 30; NTSC spellings are the rationals they mean."""
    rate = _exact(edl.get("fps"), 30)
    for ntsc in _NTSC_SPELLINGS:
        if abs(rate - ntsc) <= Fraction(5, 1000):
            return ntsc
    return rate


def tolerance(clip: ClipInfo) -> Fraction:
    """1 ms, at most a quarter of the source's frame duration."""
    return min(Fraction(1, 1000), 1 / clip.frame_rate / 4)


def expected_frame(clip: ClipInfo, source_time: Fraction) -> int:
    """Barcode number of the last picture shown at or before ``source_time`` + tolerance.

    Before the first picture it is the first; after the end the last is held.
    """
    index = bisect_right(clip.presentation_times, source_time + tolerance(clip)) - 1
    return clip.frame_numbers[max(index, 0)]


def expected_frames(edl: Mapping[str, Any], clips: Mapping[str, ClipInfo]) -> list[Expected]:
    """What each output frame shows; ``clips`` maps the EDL's uris to their files.

    Video tracks with higher numbers hide those below.  The length of the list is the
    length of the movie, sound included.
    """
    rate = output_rate(edl)
    ends = [_exact(clip["out"]) for clip in edl["clips"]]
    shown: list[Expected] = [None] * _nearest(max(ends, default=Fraction(0)) * rate)
    video = [clip for clip in edl["clips"] if clip["track"]["type"] == "video"]
    for clip in sorted(video, key=lambda clip: int(clip["track"]["number"])):
        _paint(clip, rate, clips, shown)
    return shown


def _paint(
    clip: Mapping[str, Any],
    rate: Fraction,
    clips: Mapping[str, ClipInfo],
    shown: list[Expected],
) -> None:
    sources = clip.get("sources") or [clip["source"]]
    clip_end = _exact(clip["out"])
    start = _exact(clip["in"])
    for position, source in enumerate(sources):
        speed = _exact(source.get("speed"), 1)
        source_in = _exact(source["in"])
        end = start + (_exact(source["out"]) - source_in) / speed
        if end > clip_end or position == len(sources) - 1:
            end = clip_end
        for frame in range(_nearest(start * rate), _nearest(end * rate)):
            time = source_in + (frame / rate - start) * speed
            media = clips.get(source.get("uri", ""))
            shown[frame] = (media.file_id, expected_frame(media, time)) if media else None
        start = end
