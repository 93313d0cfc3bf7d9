"""Reads a packet file of pictures back before it counts: what is in it, and that it decodes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from edl2ffmpeg.errors import EncodeError
from edl2ffmpeg.media._translate import encoding
from edl2ffmpeg.media.packet_file import PacketReader, StoredPacket
from edl2ffmpeg.media.stream_parameters import VideoParameters

__all__ = ["check_chunk"]

# Decoders give the first picture when they have seen so many, reordered ones included.
_HEAD_PACKETS = 4


def check_chunk(path: Path, frames: int) -> None:
    """Raises ``EncodeError`` unless ``path`` holds frames 0 to ``frames - 1``, each once.

    Its checksums must be right, its first packet a keyframe, and its first picture decode.
    """
    try:
        with PacketReader(path) as reader:
            parameters = VideoParameters.from_json(reader.header)
            head: list[StoredPacket] = []
            times: set[int] = set()
            latest: int | None = None
            for packet in reader:
                if len(head) < _HEAD_PACKETS:
                    head.append(packet)
                times.add(packet.pts)
                if latest is not None and packet.dts <= latest:
                    raise EncodeError(f"{path}: packets are out of order at {packet.dts}")
                latest = packet.dts
    except (ValueError, KeyError, TypeError) as error:
        raise EncodeError(f"{path}: does not say what stream it holds: {error}") from error
    if times != set(range(frames)):
        raise EncodeError(
            f"{path}: {frames} frames were planned, but it holds {len(times)}", str(path)
        )
    if not head[0].is_keyframe or head[0].pts != 0:
        raise EncodeError(f"{path}: does not begin with a keyframe", str(path))
    _decode_head(path, parameters, head)


def _decode_head(path: Path, parameters: VideoParameters, head: list[StoredPacket]) -> None:
    found: list[av.VideoFrame] = []
    with encoding(str(path), "decoding its first picture"):
        decoder = parameters.decoder()
        for stored in head:
            packet = stored.packet(stored.pts, stored.dts)
            packet.time_base = Fraction(1, 1000)
            found += decoder.decode(packet)
            if found:
                break
        else:
            found += decoder.decode(None)
    fields = dict(parameters.fields)
    if not found or (found[0].width, found[0].height) != (fields["width"], fields["height"]):
        raise EncodeError(f"{path}: its first picture does not decode as it was made", str(path))
