"""Reads a finished file back and counts its pictures; it decodes nothing."""

from __future__ import annotations

from pathlib import Path

import av

from edl2ffmpeg.errors import EncodeError
from edl2ffmpeg.media._translate import encoding

__all__ = ["verify_frame_count"]


def verify_frame_count(path: Path, frames: int) -> None:
    """Raises ``EncodeError`` unless the video stream in ``path`` has exactly ``frames``.

    A muxer can drop a picture without an error (MXF does when the sound ends early).
    """
    with (
        encoding(str(path), "reading the finished file back"),
        av.open(f"file:{path}") as container,
    ):
        stream = container.streams.video[0]
        # Only MP4 and QuickTime say how many; elsewhere the packets are counted.
        found = stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
    if found != frames:
        raise EncodeError(
            f"{path}: {frames} frames were written, but the file holds {found}; render again",
            str(path),
        )
