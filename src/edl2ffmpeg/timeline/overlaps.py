"""Finds clips that overlap on one track; it moves none of them.

Note [Rounded boundaries]: files with three decimals write 33.367 for the end of a clip
and 33.366 for the start of the next although both mean one frame's start.  Where such a pair
rounds to the same output frame no picture is in both clips, so it is not an overlap; the earlier
clip then ends where the later one starts.  Samples are finer than frames: there the overlap
must also be at most a millisecond, which is what two rounded decimals can add up to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter

from edl2ffmpeg.edl.problems import ProblemLog
from edl2ffmpeg.edl.tracks import Track
from edl2ffmpeg.timing import format_seconds, frame_at, parse_seconds

__all__ = ["MAX_AUDIO_SLIP_SECONDS", "PlacedClip", "find_overlaps"]

MAX_AUDIO_SLIP_SECONDS = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class PlacedClip:
    """A clip's index in the file, its range in seconds as the file spells it, and its track.

    The doubles of two decimals compare as the decimals do, and much faster than fractions.
    """

    index: int
    start: float
    end: float
    track: Track


def find_overlaps(
    clips: Iterable[PlacedClip], rate: Fraction, log: ProblemLog
) -> dict[int, Fraction]:
    """Notes every overlap; returns the new ends, by index, of clips that end a rounding late."""
    tracks: defaultdict[tuple[str, int, str, int], list[PlacedClip]] = defaultdict(list)
    for clip in clips:
        tracks[clip.track.key].append(clip)
    trimmed: dict[int, Fraction] = {}
    for track in tracks.values():
        track.sort(key=attrgetter("start"))
        latest = track[0]
        for clip in track[1:]:
            if clip.start < latest.end:
                if _is_rounding(latest, clip, rate):
                    trimmed[latest.index] = parse_seconds(clip.start)
                else:
                    _note(latest, clip, log)
            if clip.end > latest.end:
                latest = clip
    return trimmed


def _is_rounding(earlier: PlacedClip, later: PlacedClip, rate: Fraction) -> bool:
    # Note [Rounded boundaries].
    if earlier.start >= later.start or later.end <= earlier.end:
        return False
    end, start = parse_seconds(earlier.end), parse_seconds(later.start)
    if later.track.type == "audio" and end - start > MAX_AUDIO_SLIP_SECONDS:
        return False
    return frame_at(end, rate) == frame_at(start, rate)


def _note(earlier: PlacedClip, later: PlacedClip, log: ProblemLog) -> None:
    first, second = sorted((earlier.index, later.index))
    start, end = parse_seconds(later.start), parse_seconds(min(earlier.end, later.end))
    log.add(
        ("clips", second),
        lambda: (
            f"overlaps clips[{first}] on {later.track} from {format_seconds(start)} to "
            f"{format_seconds(end)}; move or shorten one of them"
        ),
    )
