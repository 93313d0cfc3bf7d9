"""Encodes pictures or sound into packet files, which are muxed later; see ``packet_file``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from edl2ffmpeg.frame import Frame
from edl2ffmpeg.media._translate import encoding
from edl2ffmpeg.media.audio_encoder import AudioEncoder
from edl2ffmpeg.media.audio_formats import AudioOutput
from edl2ffmpeg.media.formats import ContainerFormat, VideoOutput
from edl2ffmpeg.media.packet_file import PacketWriter
from edl2ffmpeg.media.stream_parameters import VideoParameters
from edl2ffmpeg.media.video_encoder import VideoEncoder
from edl2ffmpeg.ownership import Owner

__all__ = ["PictureFileEncoder", "SoundFileEncoder"]


def _unwritten_container(container: ContainerFormat) -> OutputContainer:
    """A container of this kind that is never begun: encoders ask it what it needs of them."""
    return av.open(BytesIO(), "w", format=container.muxer)


class _FileEncoder(Owner):
    """What encoders of pictures and of sound have in common: a packet file."""

    _file: PacketWriter
    _stack: ExitStack

    @property
    def packets(self) -> int:
        """Packets that have come out."""
        return self._file.packets

    @property
    def bytes(self) -> int:
        """Size of the file so far."""
        return self._file.bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of the file so far."""
        return self._file.digest

    def close(self) -> None:
        """Lets encoders and file go.  May be called twice."""
        self._stack.close()


class PictureFileEncoder(_FileEncoder):
    """Frames of one chunk, counted from 0, into the packet file ``path``."""

    def __init__(
        self,
        path: Path,
        container: ContainerFormat,
        video: VideoOutput,
        threads: int,
        device: int | str | None = None,
    ) -> None:
        self._path = str(path)
        self._video = video
        with ExitStack() as stack:
            with encoding(self._path, "opening the encoder"):
                unwritten = stack.enter_context(_unwritten_container(container))
                self._encoder = VideoEncoder(unwritten, video, threads, device)
                stack.callback(self._encoder.close)
            self._file = stack.enter_context(PacketWriter(path))
            self._stack = stack.pop_all()
        if self._encoder.is_open:
            self._begin()

    def _begin(self) -> None:
        """Writes what the muxer has to know, which an encoder knows once it is open."""
        context = self._encoder.codec_context
        parameters = VideoParameters.of(context, self._video.pixel_format.name)
        self._file.begin(parameters.as_json())

    @property
    def frames(self) -> int:
        """Frames given to the encoder."""
        return self._encoder.frames_encoded

    def write_frame(self, frame: Frame) -> None:
        """Encodes the next frame."""
        with encoding(self._path, f"encoding frame {self.frames}"):
            packets = self._encoder.encode(frame)
            if not self._file.has_begun:
                self._begin()
            for packet in packets:
                self._write(packet)

    def finish(self) -> None:
        """Drains the encoder and completes the file; raises when a frame was lost."""
        with encoding(self._path, "finishing the chunk"):
            for packet in self._encoder.drain():
                self._write(packet)
        self._file.finish()

    def _write(self, packet: Packet[VideoStream]) -> None:
        # In frames; encoders may count otherwise.
        packet.time_base = packet.time_base or self._encoder.codec_context.time_base
        self._file.write(packet)


class SoundFileEncoder(_FileEncoder):
    """Blocks of float32 samples of each stream of sound into the packet file ``path``."""

    def __init__(self, path: Path, container: ContainerFormat, audio: AudioOutput) -> None:
        self._path = str(path)
        with ExitStack() as stack:
            with encoding(self._path, "opening the encoder of the sound"):
                unwritten = stack.enter_context(_unwritten_container(container))
                self._encoders = [AudioEncoder(unwritten, audio, title) for title in audio.titles]
            self._file = stack.enter_context(PacketWriter(path, b""))
            self._stack = stack.pop_all()

    def write_samples(self, blocks: Sequence[npt.NDArray[np.float32]]) -> None:
        """Encodes the next block of each stream."""
        with encoding(self._path, "writing sound"):
            for number, (encoder, block) in enumerate(zip(self._encoders, blocks, strict=True)):
                for packet in encoder.encode(block):
                    self._file.write(packet, number)

    def finish(self) -> None:
        """Drains the encoders and completes the file."""
        with encoding(self._path, "finishing the sound"):
            for number, encoder in enumerate(self._encoders):
                for packet in encoder.drain():
                    self._file.write(packet, number)
        self._file.finish()
