"""Turns levels, pans and channel maps as a file says them into the timeline's; it mixes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from edl2ffmpeg.edl.animation import ControlPoint, LevelSource, PanSource
from edl2ffmpeg.timeline.animation import Animation, Interpolation, Keyframe
from edl2ffmpeg.timeline.model import ChannelGain, ChannelMap
from edl2ffmpeg.timeline.segments import exact
from edl2ffmpeg.timeline.transform_reader import point_easing

__all__ = ["read_channel_map", "read_level", "read_pan"]


def read_level(source: LevelSource, start: Fraction) -> Animation:
    """Decibels over time of a ``level`` clip that begins at ``start`` seconds."""
    points = source.control_points
    return _animation(points, [float(point.db) for point in points], source.interpolation, start)


def read_pan(source: PanSource, start: Fraction) -> Animation:
    """The position over time of a ``pan`` clip that begins at ``start`` seconds."""
    if source.pan is not None:
        return Animation.constant(float(source.pan))
    points = source.control_points
    assert points is not None  # the format asks for one of the two
    return _animation(points, [float(point.pan) for point in points], source.interpolation, start)


def read_channel_map(
    written: Mapping[str, float | Mapping[str, float]] | None,
) -> ChannelMap | None:
    """The gains in the order of the file; None where there is no map."""
    if written is None:
        return None
    return tuple(
        ChannelGain(int(source), int(output), float(gain))
        for source, gains in written.items()
        for output, gain in (gains if isinstance(gains, Mapping) else {source: gains}).items()
    )


def _animation(
    points: Sequence[ControlPoint], values: Sequence[float], interpolation: str, start: Fraction
) -> Animation:
    keyframes = tuple(
        Keyframe(start + exact(point.point), (value,), point_easing(point))
        for point, value in zip(points, values, strict=True)
    )
    return Animation(keyframes, Interpolation(interpolation))
