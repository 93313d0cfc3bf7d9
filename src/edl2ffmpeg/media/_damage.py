"""Counts what of a video stream was lost, each place once however often it is passed."""

from __future__ import annotations

from fractions import Fraction

from av.video.stream import VideoStream

from edl2ffmpeg.media._picture_times import Picture

__all__ = ["Damage"]


class Damage:
    """Places where packets or pictures are damaged or missing, in ticks of the stream."""

    def __init__(self, stream: VideoStream, container_format: str, frame_rate: Fraction) -> None:
        self.count = 0
        self.first_pts: int | None = None
        self._places: set[int] = set()
        rates = {stream.average_rate, stream.guessed_rate, stream.base_rate}
        self._has_constant_rate = len(rates) == 1 and None not in rates
        self._is_broadcast = container_format == "mpegts"
        self._length = 1 / frame_rate / (stream.time_base or Fraction(1, 1000))

    def note(self, place: int, count: int = 1, *, once: bool = True) -> None:
        """Counts damage at ``place``; with ``once``, not again if it is known."""
        if once and place in self._places:
            return
        self._places.add(place)
        self.count += count
        if self.first_pts is None or place < self.first_pts:
            self.first_pts = place

    def note_shown(self, shown: Picture, following: Picture | None, limit: int) -> None:
        """Looks at a picture shown at ``limit``: is it whole, and is it the one meant?"""
        if shown.native.is_corrupt:
            self.note(shown.pts)
        missing_from = shown.pts + round(self._length)
        if following is None or limit < missing_from or not self._may_tell_holes():
            return
        missing = round((following.pts - shown.pts) / self._length) - 1
        if missing > 0:
            self.note(missing_from, missing)

    def _may_tell_holes(self) -> bool:
        """Whether a hole between pictures is damage, not a variable rate.

        Files may leave out pictures that repeat the one before.  MPEG-TS does not, and in
        others damage that was met already explains the hole.
        """
        return self._has_constant_rate and (self._is_broadcast or self.count > 0)
