"""Turns one clip of a plain track into the timeline's; it knows no other clip and no track."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from edl2ffmpeg.edl.clips import AudioClip, TextClip, VideoClip
from edl2ffmpeg.edl.problems import Place
from edl2ffmpeg.timeline.colour import parse_yuv
from edl2ffmpeg.timeline.effect_reader import read_effects
from edl2ffmpeg.timeline.model import Clip, Fade, GeneratedSource, StreamKind, TimeRange
from edl2ffmpeg.timeline.segments import SourceReader, exact, judge_sound_speed, lay_out
from edl2ffmpeg.timeline.sound_reader import read_channel_map
from edl2ffmpeg.timeline.transform_reader import motion_transforms, sets_speed, timed
from edl2ffmpeg.timeline.transition_reader import read_transition

__all__ = ["read_clip", "read_fade"]


def read_clip(
    index: int,
    clip: VideoClip | AudioClip,
    trimmed_end: Fraction | None,
    rate: Fraction,
    reader: SourceReader,
) -> Clip:
    """The ``index``-th clip of the file; ``trimmed_end`` is its end where that moved."""
    place: Place = ("clips", index)
    end = exact(clip.out) if trimmed_end is None else trimmed_end
    clip_range = TimeRange(exact(clip.in_), end)
    path = f"clips[{index}]"
    top = read_fade(clip.top_fade, clip.top_fade_yuv, clip, (*place, "topFade"), reader)
    tail = read_fade(clip.tail_fade, clip.tail_fade_yuv, clip, (*place, "tailFade"), reader)
    kind = StreamKind.AUDIO if isinstance(clip, AudioClip) else StreamKind.VIDEO
    motion, motion_place = clip.motion, (*place, "motion")
    judge_length = not sets_speed(motion)
    plain = lay_out(clip, kind, clip_range, rate, place, reader, judge_length=judge_length)
    count = len(clip.sources or (clip.source,))
    segments = timed(plain, count, motion, motion_place, reader)
    transition = read_transition(clip.transition, clip_range, rate, (*place, "transition"), reader)
    made = Clip(clip_range, segments, path, top, tail, clip.sync, transition=transition)
    if isinstance(clip, AudioClip):
        if segments is not plain and any(isinstance(s.source, GeneratedSource) for s in segments):
            reader.warn(motion_place, "has no effect on generated sound")
        for segment in segments if sets_speed(motion) else ():
            judge_sound_speed(segment.speed, (*motion_place, "duration"), reader)
        return replace(made, channel_map=read_channel_map(clip.channel_map))
    effects = read_effects(clip.effects or (), clip_range.start, (*place, "effects"), reader)
    transforms = motion_transforms(clip.motion, motion_place)
    return replace(made, effects=effects, transforms=transforms) if effects or transforms else made


def read_fade(
    duration: float | None,
    colour: str | None,
    clip: VideoClip | AudioClip | TextClip,
    place: Place,
    reader: SourceReader,
) -> Fade | None:
    """The fade of ``duration`` seconds at ``place``; None where there is none."""
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
        parse_yuv(colour) if colour is not None and not isinstance(clip, AudioClip) else None,
    )
