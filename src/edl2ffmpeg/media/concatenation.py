"""Muxes the packets of chunks and of the sound into one movie; it encodes no picture.

Note [Seams]: every chunk begins with a keyframe and refers to nothing before it.  Packet n of a
movie is decoded at tick n less the delay of the encoder's reordering, whatever chunk it is from,
as if one encoder had made them all; a chunk that is too short to be reordered fits in as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

from edl2ffmpeg.errors import EncodeError
from edl2ffmpeg.media._translate import encoding
from edl2ffmpeg.media.audio_encoder import AudioEncoder
from edl2ffmpeg.media.audio_formats import AudioOutput
from edl2ffmpeg.media.formats import ContainerFormat, VideoOutput
from edl2ffmpeg.media.muxer import container_options, subtitle_encoders
from edl2ffmpeg.media.packet_file import PacketReader, StoredPacket
from edl2ffmpeg.media.stream_parameters import VideoParameters
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.cues import Cue

__all__ = ["PictureChunk", "concatenate"]


@dataclass(frozen=True)
class PictureChunk:
    """A packet file, and the frames ``[first, first + frames)`` of the movie that it holds."""

    path: Path
    first: int
    frames: int


def concatenate(
    path: Path,
    container: ContainerFormat,
    video: VideoOutput,
    chunks: Sequence[PictureChunk],
    *,
    audio: AudioOutput | None = None,
    sound: Path | None = None,
    subtitles: Sequence[Sequence[Cue]] = (),
    progress: Callable[[int], None] | None = None,
) -> None:
    """Writes the movie ``path`` of ``chunks`` in order, and of the packet file ``sound``.

    ``progress`` is called with the number of frames so far.  Raises ``EncodeError``.
    """
    options = container_options(container, video, subtitles)
    with ExitStack() as stack:
        with encoding(str(path), "opening the output"):
            output = stack.enter_context(
                av.open(f"file:{path}", "w", format=container.muxer, container_options=options)
            )
        with PacketReader(chunks[0].path) as first:
            parameters = VideoParameters.from_json(first.header)
        with encoding(str(path), "writing the header"):
            pictures = parameters.add_to(output)
            streams = _sound_streams(output, audio)
            texts = subtitle_encoders(output, container, video, subtitles)
            output.start_encoding()
        packets = None
        if sound is not None and audio is not None:
            packets = stack.enter_context(_Sound(sound, streams, audio.sample_rate))
        for number, (stored, pts, dts) in enumerate(_pictures(chunks, parameters)):
            packet = stored.packet(pts, dts)
            packet.stream, packet.time_base = pictures, 1 / video.frame_rate
            with encoding(str(path), f"writing frame {number}"):
                for text in texts:
                    # Before the frame: FFmpeg can put packets in order only while it holds them.
                    for text_packet in text.before_frame(number):
                        output.mux_one(text_packet)
                output.mux_one(packet)
                if packets is not None:
                    packets.mux_until(output, Fraction(number + 1) / video.frame_rate)
            if progress is not None:
                progress(number + 1)
        with encoding(str(path), "finishing the file"):
            if packets is not None:
                packets.mux_until(output, None)
            output.close()


def _sound_streams(output: OutputContainer, audio: AudioOutput | None) -> list[AudioStream]:
    """Streams with encoders that are asked for their parameters alone."""
    if audio is None:
        return []
    return [AudioEncoder(output, audio, title).stream for title in audio.titles]


def _pictures(
    chunks: Sequence[PictureChunk], parameters: VideoParameters
) -> Iterator[tuple[StoredPacket, int, int]]:
    """Every packet, its frame's number and its place in the order of decoding."""
    delay: int | None = None
    position = 0
    for chunk in chunks:
        with PacketReader(chunk.path) as reader:
            if VideoParameters.from_json(reader.header) != parameters:
                raise EncodeError(
                    f"{chunk.path}: was encoded with other parameters than the first chunk; "
                    "render with --fresh"
                )
            count = 0
            for stored in reader:
                if delay is None:
                    delay = stored.pts - stored.dts
                pts, dts = chunk.first + stored.pts, position - delay
                if dts > pts:
                    raise EncodeError(
                        f"{chunk.path}: frame {pts} comes too late in the order of decoding; "
                        "render with --chunk-seconds 0"
                    )
                yield stored, pts, dts
                position += 1
                count += 1
        if count != chunk.frames:
            raise EncodeError(
                f"{chunk.path}: holds {count} frames instead of {chunk.frames}; render again"
            )


class _Sound(Owner):
    """The packets of all streams of sound, given out up to a time."""

    def __init__(self, path: Path, streams: Sequence[AudioStream], rate: int) -> None:
        self._reader = PacketReader(path)
        self._streams = streams
        self._rate = rate
        self._packets = iter(self._reader)
        self._next = next(self._packets, None)

    def mux_until(self, output: OutputContainer, time: Fraction | None) -> None:
        """Muxes what begins before ``time`` in seconds; None is everything."""
        while self._next is not None:
            stored = self._next
            if time is not None and Fraction(stored.pts, self._rate) >= time:
                return
            packet = stored.packet(stored.pts, stored.dts)
            packet.stream = self._streams[stored.stream]
            packet.time_base = Fraction(1, self._rate)
            output.mux_one(packet)
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Closes the file."""
        self._reader.close()
