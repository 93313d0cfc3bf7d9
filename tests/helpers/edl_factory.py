"""Builders of EDL documents as plain dicts, and a strategy for random ones.

It writes what the format says and judges nothing; ``oracle`` tells what must be shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from helpers.media_factory import ClipInfo

__all__ = [
    "OUTPUT_RATES",
    "audio_clip",
    "document",
    "generated",
    "media",
    "random_edls",
    "sources_clip",
    "uris_of",
    "video_clip",
    "write_edl",
]

Json = dict[str, Any]
OUTPUT_RATES: tuple[int | float | str, ...] = (
    23.976,
    25,
    29.97,
    30,
    60,
    "24000/1001",
    "30000/1001",
    "60",
)
_SPEEDS: tuple[float, ...] = (0.25, 0.5, 1, 1.5, 2, 3)


def media(
    uri: str | Path, start: float, end: float, speed: float | None = None, **more: Any
) -> Json:
    """A media source playing ``[start, end)`` seconds of a file."""
    source: Json = {"uri": str(uri), "in": start, "out": end}
    if speed is not None:
        source["speed"] = speed
    return source | more


def generated(
    kind: str, length: float, width: int = 320, height: int = 180, **parameters: Any
) -> Json:
    """A generated source of ``length`` seconds."""
    generate = {"type": kind} | parameters
    return {"generate": generate, "in": 0, "out": length, "width": width, "height": height}


def video_clip(source: Json, start: float, end: float, number: int = 1, **more: Any) -> Json:
    """A clip of one source on a plain video track."""
    track = {"type": "video", "number": number}
    return {"track": track, "in": start, "out": end, "source": source} | more


def audio_clip(source: Json, start: float, end: float, number: int = 1, **more: Any) -> Json:
    """A clip of one source on a plain audio track."""
    track = {"type": "audio", "number": number}
    return {"track": track, "in": start, "out": end, "source": source} | more


def sources_clip(
    sources: Sequence[Json], start: float, end: float, number: int = 1, **more: Any
) -> Json:
    """A clip that plays several sources one after the other on a plain video track."""
    track = {"type": "video", "number": number}
    return {"track": track, "in": start, "out": end, "sources": list(sources)} | more


def document(
    *clips: Json, fps: int | float | str = 30, width: int = 320, height: int = 180, **more: Any
) -> Json:
    """A whole EDL."""
    return {"fps": fps, "width": width, "height": height, "clips": list(clips)} | more


def write_edl(folder: Path, edl: Mapping[str, Any], name: str = "cut.json") -> Path:
    """Writes the EDL into ``folder`` and returns its path."""
    path = folder / name
    path.write_text(json.dumps(edl, indent=1))
    return path


def uris_of(clips: Sequence[ClipInfo]) -> dict[str, ClipInfo]:
    """The clips by the absolute path that EDLs name them with."""
    return {str(clip.path): clip for clip in clips}


def _seconds(milliseconds: int) -> float:
    """Three decimals, as EDLs have them."""
    return round(milliseconds / 1000, 3)


@st.composite
def _sources(draw: st.DrawFn, clips: Sequence[ClipInfo], longest_ms: int) -> tuple[Json, Fraction]:
    """A media source of 70 to ``longest_ms`` on the timeline, and its exact length there."""
    clip = draw(st.sampled_from(clips))
    speed = draw(st.sampled_from(_SPEEDS))
    available_ms = int(clip.duration * 1000)
    longest = min(int(longest_ms * speed), available_ms)
    length_ms = draw(st.integers(min(longest, int(70 * speed)), longest))
    start_ms = draw(st.integers(0, available_ms - length_ms))
    source = media(clip.path, _seconds(start_ms), _seconds(start_ms + length_ms))
    if speed != 1 or draw(st.booleans()):
        source["speed"] = speed
    return source, Fraction(length_ms, 1000) / Fraction(str(speed))


@st.composite
def _clip(
    draw: st.DrawFn, clips: Sequence[ClipInfo], start_ms: int, off_ms: int
) -> tuple[Json, int]:
    """A clip starting at ``start_ms``, and where it ends in milliseconds."""
    count = draw(st.sampled_from((1, 1, 1, 2, 3)))
    parts = [draw(_sources(clips, 900 // count)) for _ in range(count)]
    length_ms = round(sum(length for _, length in parts) * 1000)
    end_ms = start_ms + max(length_ms + draw(st.integers(-off_ms, off_ms)), 1)
    sources = [source for source, _ in parts]
    if count == 1 and draw(st.booleans()):
        return video_clip(sources[0], _seconds(start_ms), _seconds(end_ms)), end_ms
    return sources_clip(sources, _seconds(start_ms), _seconds(end_ms)), end_ms


@st.composite
def random_edls(
    draw: st.DrawFn, clips: Sequence[ClipInfo], max_clips: int = 4, off_ms: int = 15
) -> Json:
    """An EDL of up to ``max_clips`` clips of at most 0.9 s each, in any file order.

    Cuts jump forward and back, gaps of up to 0.3 s come before some clips, and a clip's
    length differs from its sources' by at most ``off_ms``, less than a frame at 60 fps, so
    that no EDL gives a warning.
    """
    at_ms = 0
    made = []
    for _ in range(draw(st.integers(1, max_clips))):
        at_ms += draw(st.sampled_from((0, 0, 0, 1))) * draw(st.integers(1, 300))
        clip, at_ms = draw(_clip(clips, at_ms, off_ms))
        made.append(clip)
    ordered = draw(st.permutations(made))
    return document(*ordered, fps=draw(st.sampled_from(OUTPUT_RATES)))
