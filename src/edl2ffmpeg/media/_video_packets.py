"""The packets of one video stream of an open file, and which of them to decode from.

It decodes nothing and does not own the file.  See Note [Exact seeks].
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass

import av
from av.packet import Packet
from av.video.stream import VideoStream

from edl2ffmpeg.media._picture_times import PictureTimes
from edl2ffmpeg.media.decode_stats import DecodeStats
from edl2ffmpeg.media.open_media import OpenMedia

__all__ = ["Run", "VideoPackets"]

_REORDER_LIMIT = 64

# Note [Exact seeks]
# A container's seek promises little: MPEG-TS lands on any packet, open GOPs begin with
# pictures that cannot be decoded, edit lists and B-frames shift dts against pts.  So after a
# seek the packets are read ahead (not decoded) until one has dts > the wanted time, when
# every packet that could be the wanted picture has been seen.  The wanted picture is the
# largest pts <= the time.  Decoding starts at the last keyframe of those packets whose pts is
# not after the wanted one (a keyframe after it only has it as a leading picture); if there is
# none, the seek is repeated further back.  A keyframe promises little either: it may be damaged,
# or be where an intra refresh only begins, and then the first picture to come out is too late.
# The next try decodes from a keyframe before that one.  Pictures before the wanted one that
# nothing refers to need not be decoded at all, and which they are is now known exactly.


@dataclass(frozen=True, slots=True)
class Run:
    """Packets to decode: they begin with the keyframe ``key``, and ``wanted`` is among them."""

    key: int
    wanted: int


class VideoPackets:
    """Gives packets in the file's order; ``on_broken`` is told where the file breaks off.

    ``first_dts`` is the smallest dts met: where to seek for the very first packet, as MPEG-TS
    would pass it by, asked for its pts.
    """

    def __init__(
        self,
        media: OpenMedia,
        stream: VideoStream,
        times: PictureTimes,
        stats: DecodeStats,
        on_broken: Callable[[], None],
    ) -> None:
        self._media = media
        self._stream = stream
        self._times = times
        self._stats = stats
        self._on_broken = on_broken
        self.first_dts = sys.maxsize
        self._ahead: deque[Packet[VideoStream]] = deque()
        self._reader = self._read()

    def next(self) -> Packet[VideoStream] | None:
        """The next packet; the last one may be empty, and then there is ``None``."""
        if self._ahead:
            return self._ahead.popleft()
        return next(self._reader, None)

    def _read(self) -> Generator[Packet[VideoStream], None, None]:
        try:
            for packet in self._media.demux(self._stream):
                self._stats.packets_read += 1
                if packet.dts is not None and packet.dts < self.first_dts:
                    self.first_dts = packet.dts
                yield packet
        except (av.error.InvalidDataError, av.error.EOFError):
            self._on_broken()

    def rewind(self, target: int) -> None:
        """Positions the file at or before ``target``, as far as its container can."""
        self.close()
        try:
            self._media.seek(target, self._stream)
        except av.FFmpegError as error:
            # What FFmpeg says of streams without an index: they cannot go to a time, but can
            # always go to byte 0, from where ``find`` reads on to the time.
            if target != self.first_dts and not isinstance(error, av.error.PermissionError):
                raise
            self._media.seek(0, self._stream, by_byte=True)
        self._reader = self._read()

    def find(self, limit: int, before: int | None) -> Run | None:
        """Reads packets until the one shown at ``limit`` is known, and goes back to its keyframe.

        That keyframe's pts is less than ``before``.  None if no packet read is one.
        """
        packets: list[Packet[VideoStream]] = []
        wanted: int | None = None
        later = 0
        for packet in self._reader:
            packets.append(packet)
            pts = self._times.of_packet(packet)
            if pts is None:
                continue
            if pts > limit:
                later += 1
                if later >= _REORDER_LIMIT or (packet.dts is not None and packet.dts > limit):
                    break
            elif not packet.is_discard and (wanted is None or pts > wanted):
                wanted = pts
        last = wanted if before is None or wanted is None else min(wanted, before - 1)
        for index in range(len(packets) - 1, -1, -1):
            packet = packets[index]
            key = self._times.of_packet(packet) if packet.is_keyframe else None
            if key is not None and wanted is not None and last is not None and key <= last:
                self._ahead.extend(packets[index:])
                return Run(key, wanted)
        self._ahead.extend(packets)
        return None

    def close(self) -> None:
        """Lets go of what was read ahead."""
        self._reader.close()
        self._ahead.clear()
