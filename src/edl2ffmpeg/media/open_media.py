"""An open media file: FFmpeg's container and what it reads from; it decodes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from edl2ffmpeg.media.storage import StorageFile
from edl2ffmpeg.ownership import Owner

__all__ = ["OpenMedia"]

_StreamT = TypeVar("_StreamT", VideoStream, AudioStream)


class OpenMedia(Owner):
    """Owns ``container``, and the file on storage that it reads from, if it is one.

    ``demux`` and ``seek`` are the container's, but that they raise ``MediaReadError`` where the
    storage has failed, which FFmpeg takes for the end of the file.
    """

    def __init__(self, container: InputContainer, file: StorageFile | None = None) -> None:
        self.container = container
        self._file = file

    def demux(self, stream: _StreamT) -> Iterator[Packet[_StreamT]]:
        """The packets of ``stream`` from here on; the last one is empty."""
        packets = self.container.demux(stream)
        if self._file is None:
            yield from packets
            return
        while True:
            # A packet may be cut short by what has failed, and so may its end be.
            with self._reading():
                packet = next(packets, None)
            if packet is None:
                return
            yield packet

    def seek(self, offset: int, stream: Stream, *, by_byte: bool = False) -> None:
        """Positions at or before ``offset``, in ticks of ``stream``, or at a byte."""
        with self._reading():
            self.container.seek(offset, stream=stream, unsupported_byte_offset=by_byte)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self._file is not None:
                self._file.require_whole()

    def close(self) -> None:
        """Closes both.  May be called twice."""
        self.container.close()
        if self._file is not None:
            self._file.close()
