"""Reads a finished file back and counts what it holds; it decodes nothing."""

from __future__ import annotations

from math import ceil
from pathlib import Path

import av

from edl2ffmpeg.errors import EncodeError
from edl2ffmpeg.media._translate import encoding

__all__ = ["verify_frame_count", "verify_sample_count"]


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


def verify_sample_count(path: Path, samples: int, sample_rate: int) -> None:
    """Raises ``EncodeError`` unless each stream in ``path`` lasts for all ``samples``."""
    with (
        encoding(str(path), "reading the finished file back"),
        av.open(f"file:{path}") as container,
    ):
        streams = container.streams.audio
        ends = [0] * len(streams)
        for packet in container.demux(*streams):
            if packet.size and packet.pts is not None:
                index = streams.index(packet.stream)
                ends[index] = packet.pts + (packet.duration or 0)
        found = [
            round((end - (stream.start_time or 0)) * stream.time_base * sample_rate)
            for stream, end in zip(streams, ends, strict=True)
            if stream.time_base is not None
        ]
        # Compressed frames reach beyond the end, and ticks may be coarser than samples.
        coarse = max(ceil(stream.time_base * sample_rate) for stream in streams if stream.time_base)
    if min(found, default=0) < samples - coarse:
        raise EncodeError(
            f"{path}: {samples} samples were written, but the file holds {min(found, default=0)}; "
            "render again",
            str(path),
        )
