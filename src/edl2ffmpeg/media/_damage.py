"""Counts what of a video stream was lost, each place once however often it is passed."""

from __future__ import annotations

import sys
from fractions import Fraction

from av.video.frame import PictureType
from av.video.stream import VideoStream

from edl2ffmpeg.media._picture_times import Picture

__all__ = ["Damage"]


class Damage:
    """Places where packets or pictures are damaged or missing, in ticks of the stream."""

    def __init__(self, stream: VideoStream, container_format: str, frame_rate: Fraction) -> None:
        self.count = 0
        self.first_pts: int | None = None
        self._places: set[int] = set()
        self._awaited: set[int] = set()
        self._gives_each = True
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

    def restart(self) -> None:
        """Decoding begins anew elsewhere: what went into the decoder does not come out."""
        self._awaited.clear()

    def await_picture(self, pts: int) -> None:
        """A packet went into the decoder whose picture is shown at ``pts``."""
        if self._gives_each:
            self._awaited.add(pts)

    def learn(self, first: Picture, second: Picture | None) -> None:
        """Judges by a stream's beginning whether each of its packets gives a picture."""
        if self.count == 0 and any(self._missing(first, second)):
            # As where the two fields of a picture are packets of their own.
            self._gives_each = False
            self._awaited.clear()

    def note_passed(self, picture: Picture) -> None:
        """Looks at a picture that is shown, or that such a picture was made from."""
        if picture.native.is_corrupt and picture.native.pict_type != PictureType.B:
            self.note(picture.pts)

    def note_shown(self, shown: Picture, following: Picture | None, limit: int) -> None:
        """Looks at a picture shown at ``limit``: is it whole, and is it the one meant?"""
        if shown.native.is_corrupt:
            self.note(shown.pts)
        lost = [pts for pts in self._missing(shown, following) if pts <= limit]
        for pts in lost:
            self.note(pts)
        if following is not None:
            self._awaited = {pts for pts in self._awaited if pts > shown.pts}
        missing_from = shown.pts + round(self._length)
        if lost or following is None or limit < missing_from or not self._may_tell_holes():
            return
        missing = round((following.pts - shown.pts) / self._length) - 1
        if missing > 0:
            self.note(missing_from, missing)

    def _missing(self, shown: Picture, following: Picture | None) -> list[int]:
        """Times of pictures that never came out of the decoder, which gives them in order."""
        end = sys.maxsize if following is None else following.pts
        return sorted(pts for pts in self._awaited if shown.pts < pts < end)

    def _may_tell_holes(self) -> bool:
        """Whether a hole between pictures is damage, not a variable rate.

        Files may leave out pictures that repeat the one before.  MPEG-TS does not, and in
        others damage that was met already explains the hole.
        """
        return self._has_constant_rate and (self._is_broadcast or self.count > 0)
