"""After a seek, leaves out pictures on the way that nothing refers to; it reads no packets.

See Note [Exact seeks] in ``_video_packets``.
"""

from __future__ import annotations

from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

__all__ = ["SKIPPING_DECODERS", "Skipping"]

SKIPPING_DECODERS = ("h264", "hevc", "mpeg2video")
"""Decoders for which "nothing refers to this picture" is known from the packet, and whose
packets are all shown (VP8 has packets that never are)."""


class Skipping:
    """Tells the decoder ``context``, packet by packet, what it may leave out."""

    def __init__(self, context: VideoCodecContext) -> None:
        self._context = context
        self._can_skip = context.name in SKIPPING_DECODERS
        self._before: int | None = None
        self._sought: int | None = None

    @property
    def is_on(self) -> bool:
        """Whether the packet last chosen for may give no picture."""
        return bool(self._context.skip_frame == "NONREF")

    def begin(self, wanted: int | None) -> None:
        """What is shown before ``wanted`` may be left out from here on."""
        self._before = wanted if self._can_skip else None
        self._sought = self._before

    def end(self) -> None:
        """Nothing may be left out."""
        self._before = None

    def missed(self, shown: int | None) -> bool:
        """Whether, since ``begin``, pictures were left out for one that then did not come out."""
        sought, self._sought = self._sought, None
        return sought is not None and (shown is None or shown < sought)

    def choose(self, packet: Packet[VideoStream] | None) -> None:
        """Makes the choice for ``packet``."""
        before = self._before
        if before is None:
            return
        if packet is None or packet.pts is None or packet.size == 0:
            self._context.skip_frame = "DEFAULT"
            return
        self._context.skip_frame = "NONREF" if packet.pts < before else "DEFAULT"
        if packet.dts is not None and packet.dts >= before:
            self._context.skip_frame = "DEFAULT"
            self._before = None
