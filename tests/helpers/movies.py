"""What a movie holds, packet by packet and sample by sample; it judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import av

__all__ = ["Movie", "read_movie"]


@dataclass(frozen=True)
class Movie:
    """``description`` is of the file and its streams, ``times`` are the pictures' in seconds.

    ``decode_times`` are the video packets', in ticks; ``sound`` are digests of each stream's
    samples, ``sound_packets`` and ``texts`` packets with their times.
    """

    description: dict[str, Any]
    times: list[Any]
    decode_times: list[int]
    sound: list[str]
    sound_packets: list[Any]
    texts: list[Any]


def read_movie(path: Path) -> Movie:
    """Reads and decodes all of it."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        context = video.codec_context
        description: dict[str, Any] = {
            "container": container.format.name,
            "metadata": dict(container.metadata),
            "codec": (context.name, context.codec_tag, video.profile, context.pix_fmt),
            "size": (context.width, context.height, video.sample_aspect_ratio),
            "rate": (video.average_rate, video.time_base, video.start_time, video.duration),
            "count": video.frames,
            "colour": (
                int(context.color_range),
                int(context.colorspace),
                int(context.color_primaries),
                int(context.color_trc),
            ),
            "streams": [
                (stream.type, dict(stream.metadata), int(stream.disposition), stream.start_time)
                for stream in container.streams
            ],
            "duration": container.duration,
        }
        decode_times: list[int] = []
        sound_packets: list[Any] = []
        texts: list[Any] = []
        for packet in container.demux():
            entry = (packet.stream.index, packet.pts, packet.dts, packet.duration, bytes(packet))
            if packet.size and packet.stream.type == "video":
                # Matroska does not store them, and FFmpeg guesses some.
                if packet.dts is not None:
                    decode_times.append(packet.dts)
            elif packet.size:
                (sound_packets if packet.stream.type == "audio" else texts).append(entry)
    with av.open(str(path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    sound = []
    for number in range(sum(kind == "audio" for kind, *_ in description["streams"])):
        digest = sha256()
        with av.open(str(path)) as container:
            for frame in container.decode(audio=number):
                digest.update(frame.to_ndarray().tobytes())
        sound.append(digest.hexdigest())
    return Movie(description, times, decode_times, sound, sorted(sound_packets), sorted(texts))
