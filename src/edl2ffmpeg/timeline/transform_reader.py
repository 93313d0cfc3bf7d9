"""Turns transforms and motion as a file says them into the timeline's; it moves no pixels.

A clip's ``motion`` holds two things.  Its geometry is one constant transform of the clip.  Its
timing says which source time is shown when: ``offset`` is added to the source time;
``duration`` seconds of the source are shown over the clip, in place of the source's ``speed``;
``bezier`` maps clip time, counted from the clip's ``in``, to source time, in place of both the
source's ``in`` and its ``speed``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from edl2ffmpeg.edl.animation import (
    ControlPoint,
    Motion,
    TimeMotion,
    TransformPoint,
    TransformSource,
)
from edl2ffmpeg.edl.problems import Place, format_path
from edl2ffmpeg.timeline.animation import Animation, Easing, Interpolation, Keyframe
from edl2ffmpeg.timeline.effects import TRANSFORM_VALUES, TimeCurve, Transform
from edl2ffmpeg.timeline.model import Segment, TimeRange
from edl2ffmpeg.timeline.segments import SourceReader, exact

__all__ = [
    "motion_transforms",
    "point_easing",
    "read_transform",
    "sets_speed",
    "timed",
    "transform_animation",
]

_NORMAL_SPEED = Fraction(1)


def read_transform(source: TransformSource, start: Fraction, place: Place) -> Transform:
    """The transform of a sub-track's clip that begins at ``start`` seconds."""
    animation = transform_animation(source.control_points, source.interpolation, start)
    return Transform(animation, source.flip, format_path(place))


def transform_animation(
    points: Sequence[TransformPoint], interpolation: str, start: Fraction
) -> Animation:
    """``TRANSFORM_VALUES`` through ``points``, which count from ``start`` seconds."""
    keyframes = tuple(
        Keyframe(
            start + exact(point.point),
            tuple(float(getattr(point, name)) for name, _ in TRANSFORM_VALUES),
            point_easing(point),
        )
        for point in points
    )
    return Animation(keyframes, Interpolation(interpolation))


def point_easing(point: ControlPoint) -> Easing | None:
    """The way that ``point`` asks for from itself to the next one."""
    if point.bezier is None:
        return None
    x1, y1, x2, y2 = map(float, point.bezier)
    return x1, y1, x2, y2


def motion_transforms(motion: Motion | None, place: Place) -> tuple[Transform, ...]:
    """The transform of a clip whose ``motion`` stands at ``place``; none that does nothing."""
    if motion is None:
        return ()
    numbers = {
        "panx": motion.pan_x,
        "pany": motion.pan_y,
        "zoomx": motion.zoom_x,
        "zoomy": motion.zoom_y,
        "rotate": motion.rotation,
    }
    values = tuple(float(numbers.get(name, default)) for name, default in TRANSFORM_VALUES)
    if values == tuple(default for _, default in TRANSFORM_VALUES) and not motion.flip:
        return ()
    return (Transform(Animation.constant(*values), motion.flip, format_path(place)),)


def sets_speed(motion: TimeMotion | None) -> bool:
    """Whether ``motion`` says how fast the source plays, whatever the source says itself."""
    return motion is not None and (motion.duration is not None or motion.bezier is not None)


def timed(
    segments: tuple[Segment, ...],
    count: int,
    motion: TimeMotion | None,
    place: Place,
    reader: SourceReader,
) -> tuple[Segment, ...]:
    """The segments of a clip of ``count`` sources with the timing of ``motion`` at ``place``."""
    key = _timing_key(motion)
    if motion is None or key is None:
        return segments
    if count > 1:
        reader.log.add(
            (*place, key),
            f"is the timing of one source, but the clip has {count}; make each source a clip of "
            f"its own, or remove {key!r}",
        )
        return segments
    return tuple(_timed(segment, motion, place, reader) for segment in segments)


def _timed(segment: Segment, motion: TimeMotion, place: Place, reader: SourceReader) -> Segment:
    offset = exact(motion.offset)
    start, end = segment.source_range.start + offset, segment.source_range.end + offset
    if motion.bezier is not None:
        if motion.duration is not None:
            reader.warn(
                (*place, "duration"), "has no effect beside 'bezier', which sets every source time"
            )
        points = tuple(
            (exact(point.dst_time), exact(point.src_time) + offset) for point in motion.bezier
        )
        curve = TimeCurve(points, is_bezier=len(points) % 3 == 1)
        return replace(segment, speed=_NORMAL_SPEED, curve=curve)
    if motion.duration is not None:
        shown = exact(motion.duration)
        speed = shown / segment.range_in_parent.duration
        return replace(segment, source_range=TimeRange(start, start + shown), speed=speed)
    return replace(segment, source_range=TimeRange(start, end))


def _timing_key(motion: TimeMotion | None) -> str | None:
    """The first key of ``motion`` that bends time."""
    if motion is None:
        return None
    given = {
        "offset": motion.offset != 0,
        "duration": motion.duration is not None,
        "bezier": motion.bezier is not None,
    }
    return next((key for key, is_given in given.items() if is_given), None)
