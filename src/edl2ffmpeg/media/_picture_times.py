"""Says when a decoded picture is shown, also where the container does not."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
from av.packet import Packet
from av.video.stream import VideoStream

__all__ = ["Picture", "PictureTimes"]

# Note [AVI]
# AVI knows no presentation times.  Where pictures are reordered FFmpeg makes some up, by
# which they would be shown in decoding order.  What can be relied on is that every packet of
# such a stream gives one picture, in order of presentation: the first one is shown at the
# stream's start, and each follows the one before by as much as the dts of the packets that
# pushed them out of the decoder.  That holds only when decoding began at the start, so every
# jump back does, and jumps ahead decode on.


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
        self.is_counted = container_format == "avi" and bool(stream.codec_context.has_b_frames)
        self._start = stream.start_time or 0
        self._length = max(round(1 / frame_rate / (stream.time_base or Fraction(1, 1000))), 1)
        self._dts_only = False
        self._last: tuple[int, int | None] | None = None

    def restart(self) -> None:
        """The next picture is the first one of a new run; a counted one begins at the start."""
        self._last = None

    def of_packet(self, packet: Packet[VideoStream]) -> int | None:
        """When the picture in ``packet`` is shown; None if unknown."""
        if self.is_counted:
            return None
        return packet.dts if self._dts_only else packet.pts

    def of_frame(self, frame: av.VideoFrame) -> int | None:
        """When the next picture out of the decoder is shown; None if unknown."""
        if self.is_counted:
            return self._count(frame.dts)
        # Containers without presentation times have only decoding times.
        self._dts_only = self._dts_only or (frame.pts is None and frame.dts is not None)
        return frame.dts if self._dts_only else frame.pts

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
