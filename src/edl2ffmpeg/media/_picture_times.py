"""Says when a decoded picture is shown, also where the container does not."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
from av.packet import Packet
from av.video.stream import VideoStream

__all__ = ["Picture", "PictureTimes"]

# Note [AVI]
# AVI knows no presentation times, ASF as FFmpeg writes it neither, and bare streams no times at
# all.  Where pictures are reordered FFmpeg makes some up, by which they would be shown in
# decoding order.  What can be relied on is that every packet of such a stream gives one picture,
# in order of presentation: the first one is shown at the stream's start, and each follows the
# one before by as much as the dts of the packets that pushed them out of the decoder, or by one
# length.  That holds only when decoding began at the start, so every jump back does, and jumps
# ahead decode on.
#
# Note [Gaps in the times]
# A program stream (MPEG-PS) states a time only for the first picture that begins in one of its
# packets.  The pictures after it come out of the decoder in order of presentation, and each
# follows the one before by that one's length.  A jump decodes from a keyframe with a stated
# time, and leaves out what comes out of the decoder before it.

# Windows writes presentation times for its own codecs.
_STAMPED_IN_ASF = ("wmv3", "vc1")


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture and its times, which an encoder later overwrites on the frame itself."""

    pts: int
    duration: int
    native: av.VideoFrame
    aspect: Fraction | None


class PictureTimes:
    """Presentation times of one stream's packets and pictures, in its time base.

    ``is_counted`` says that they hold only for pictures decoded from the start on.
    """

    def __init__(self, stream: VideoStream, container_format: str, frame_rate: Fraction) -> None:
        codec = stream.codec_context.name
        unstamped = container_format == "avi" or (
            container_format == "asf" and codec not in _STAMPED_IN_ASF
        )
        self.is_counted = unstamped and bool(stream.codec_context.has_b_frames)
        self._has_begun = False
        self._has_start = stream.start_time is not None
        self._start = stream.start_time or 0
        self._length = max(round(1 / frame_rate / (stream.time_base or Fraction(1, 1000))), 1)
        self._dts_only = False
        self._last: tuple[int, int | None] | None = None
        self._expected: int | None = None

    def restart(self) -> None:
        """The next picture is the first one of a new run; a counted one begins at the start."""
        self._last = self._expected = None

    def of_packet(self, packet: Packet[VideoStream]) -> int | None:
        """When the picture in ``packet`` is shown; None if unknown."""
        if self.is_counted:
            return None
        return packet.dts if self._dts_only else packet.pts

    def of_frame(self, frame: av.VideoFrame) -> int | None:
        """When the next picture out of the decoder is shown; None if unknown."""
        if not self._has_begun:
            # Containers without presentation times have only decoding times, or none.
            self._dts_only = frame.pts is None and frame.dts is not None
            self._has_begun = frame.pts is not None or frame.dts is not None
            self.is_counted |= not self._has_begun and not self._has_start
        if self.is_counted:
            return self._count(frame.dts)
        pts = frame.dts if self._dts_only else frame.pts
        if pts is None:
            pts = self._expected
        if pts is not None:
            self._expected = pts + (frame.duration or self._length)
        return pts

    def _count(self, dts: int | None) -> int:
        if self._last is None:
            pts = self._start
        else:
            last_pts, last_dts = self._last
            # The last pictures come out after the last packet, hence without a dts.
            if dts is None or last_dts is None:
                pts = last_pts + self._length
            else:
                pts = last_pts + max(dts - last_dts, 1)
        self._last = (pts, dts)
        return pts
