"""Says in words what about a video stream is not shown as it is meant to be."""

from __future__ import annotations

import av
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorTrc
from av.video.stream import VideoStream

from edl2ffmpeg.media._decoder_choice import has_alpha_beside
from edl2ffmpeg.media._display_matrix import orientation_of

__all__ = ["stream_notes"]

_HDR_TRANSFERS = {int(ColorTrc.SMPTE2084): "PQ", int(ColorTrc.ARIB_STD_B67): "HLG"}


def stream_notes(
    stream: VideoStream, context: VideoCodecContext, frame: av.VideoFrame | None
) -> list[str]:
    """A sentence part each; ``frame`` is one of the stream's pictures."""
    notes = []
    transfer = _HDR_TRANSFERS.get(context.color_trc)
    if transfer is not None:
        notes.append(f"is {transfer} HDR, which is not tone mapped: it will look flat")
    if frame is not None and frame.interlaced_frame:
        notes.append("is interlaced, and is not deinterlaced: motion will show combs")
    if has_alpha_beside(stream) and context is stream.codec_context:
        notes.append("has an alpha channel beside its pictures, which is not read")
    if frame is not None and not (turn := orientation_of(frame)).is_quarter_turn:
        notes.append(
            f"is to be turned by {turn.angle:.0f} degrees, which is not a quarter turn: "
            f"it is turned by {turn.rotation}"
        )
    return notes
