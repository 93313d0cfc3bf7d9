"""Turns the transitions of clips into the timeline's; it finds no clip before.

With sources of its own a transition leads from the clip's sources to these, laid out over the
whole clip as the clip's are.  Without, it lasts ``duration`` seconds from the clip's ``in``, and
no longer than the clip.
"""

from __future__ import annotations

from fractions import Fraction

from edl2ffmpeg.edl.clips import AudioClip, TextClip, VideoClip
from edl2ffmpeg.edl.parser import ParsedEdl
from edl2ffmpeg.edl.problems import Place, format_path
from edl2ffmpeg.edl.transitions import AnyTransition, AudioTransition
from edl2ffmpeg.timeline.colour import BLACK, parse_yuv
from edl2ffmpeg.timeline.effects import TransitionKind, TransitionLook
from edl2ffmpeg.timeline.model import StreamKind, TimeRange, Transition
from edl2ffmpeg.timeline.segments import SourceReader, exact, lay_out
from edl2ffmpeg.timeline.sound_reader import read_channel_map
from edl2ffmpeg.timing import format_seconds, frame_at

__all__ = ["find_wrong_lengths", "read_transition"]

_DEFAULT_COLUMNS = 16


def find_wrong_lengths(parsed: ParsedEdl) -> None:
    """Notes every clip that *is* a transition, but not as long as that transition."""
    for index, clip in parsed.clips:
        transition = clip.transition if isinstance(clip, (VideoClip, AudioClip, TextClip)) else None
        if transition is None or transition.duration is None or not _has_source(transition):
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


def read_transition(
    transition: AnyTransition | None,
    clip_range: TimeRange,
    rate: Fraction,
    place: Place,
    reader: SourceReader,
) -> Transition | None:
    """The transition at ``place`` into a clip that lasts ``clip_range``."""
    if transition is None:
        return None
    path = format_path(place)
    look = _look(transition)
    channels = None
    if isinstance(transition, AudioTransition):
        channels = read_channel_map(transition.channel_map)
    if _has_source(transition):
        is_sound = isinstance(transition, AudioTransition)
        kind = StreamKind.AUDIO if is_sound else StreamKind.VIDEO
        segments = lay_out(transition, kind, clip_range, rate, place, reader)
        return Transition(look, clip_range, path, segments, channels)
    if channels is not None:
        reader.warn((*place, "channelMap"), "has no effect without a source of the transition")
    assert transition.duration is not None  # the format asks for a duration or a source
    length = exact(transition.duration)
    lasting = TimeRange(clip_range.start, min(clip_range.start + length, clip_range.end))
    _judge_length(length, lasting, clip_range, rate, place, reader)
    return Transition(look, lasting, path)


def _judge_length(
    length: Fraction,
    lasting: TimeRange,
    clip_range: TimeRange,
    rate: Fraction,
    place: Place,
    reader: SourceReader,
) -> None:
    first = frame_at(lasting.start, rate)
    if frame_at(lasting.start + length, rate) > frame_at(clip_range.end, rate):
        reader.warn(
            (*place, "duration"),
            f"is {format_seconds(length)}, but the clip lasts "
            f"{format_seconds(clip_range.duration)}; the transition ends with the clip",
        )
    elif frame_at(lasting.end, rate) == first:
        reader.warn(
            (*place, "duration"),
            f"is {format_seconds(length)}, too short for a frame; nothing of it is to be seen",
        )


def _has_source(transition: AnyTransition) -> bool:
    return transition.source is not None or transition.sources is not None


def _look(transition: AnyTransition) -> TransitionLook:
    """What it looks like; a kind has only those keys that mean something to it."""
    yuv = getattr(transition, "yuv", None)
    return TransitionLook(
        TransitionKind(transition.type),
        colour=parse_yuv(yuv) if yuv else BLACK,
        angle=float(getattr(transition, "angle", 0.0)),
        softness=float(getattr(transition, "softness", 0.0)),
        invert=getattr(transition, "invert", False),
        points=getattr(transition, "points", 0),
        columns=getattr(transition, "xsquares", None) or _DEFAULT_COLUMNS,
    )
