"""The packets of one audio stream of an open file; it decodes and places nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from edl2ffmpeg.errors import MediaOpenError
from edl2ffmpeg.media._translate import decoding
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.open_media import OpenMedia
from edl2ffmpeg.media.streams import find_stream, keep_only
from edl2ffmpeg.timeline.model import StreamSelector

__all__ = ["AudioPackets", "DamagedPackets"]

# Elementary streams have no timestamps: a packet is known by its place in the file.
_RAW_FORMATS = frozenset({"mp3", "aac", "ac3", "eac3", "dts"})
# Here FFmpeg turns a time into a place, and back, by the header's bytes per second, which for
# compressed sound is a rounded number, or no constant at all.
_BYTE_RATE_FORMATS = frozenset({"wav", "w64", "aiff", "au", "voc"})
_EVEN_CODECS = ("pcm_",)
# Indexed by their pictures: seeking an audio stream would read the file from its start.
_PICTURE_INDEXED = frozenset({"matroska,webm", "flv"})
_MOST_DEMUX_ERRORS = 64


class DamagedPackets(Exception):
    """The demuxer met bytes it cannot read; reading may go on behind them."""


class AudioPackets:
    """Owner of an open file, of which one audio stream is read.

    ``format`` is FFmpeg's name of the demuxer; ``is_raw`` says that the file is a bare stream,
    or as good as one, whose timestamps are guesses after a seek, ``is_lossy`` that it comes
    from transmission.

    ``next`` gives packets in file order, the last one empty (it flushes the decoder), then
    ``None``.  ``reopen`` is the fallback for files that cannot be sought to their start.
    """

    def __init__(self, access: AccessRules, location: str, selector: StreamSelector) -> None:
        self._access = access
        self.location = location
        self._selector = selector
        self.seeks = 0
        self._demux_errors = 0
        self._open()

    def _open(self) -> None:
        media = self._access.open(self.location)
        container = media.container
        try:
            stream = find_stream(container, self.location, self._selector)
            if not isinstance(stream, AudioStream):
                raise MediaOpenError(
                    f"{self.location}: stream {self._selector} is a picture, not sound; name an "
                    "audio stream such as A1 as trackId",
                    self.location,
                )
            keep_only(container, stream)
            # A second thread gains nothing on frames of 20 ms.
            stream.codec_context.thread_count = 1
        except BaseException:
            media.close()
            raise
        self._media: OpenMedia = media
        self.container: InputContainer = container
        self.stream: AudioStream = stream
        self.format = container.format.name
        self.is_raw = self.format in _RAW_FORMATS or (
            self.format in _BYTE_RATE_FORMATS
            and not stream.codec_context.name.startswith(_EVEN_CODECS)
        )
        self.is_lossy = self.format == "mpegts"
        self._returned: list[Packet[AudioStream]] = []
        self._packets = self._demux()

    def _demux(self) -> Iterator[Packet[AudioStream]]:
        return self._media.demux(self.stream)

    @property
    def codec(self) -> str:
        """FFmpeg's name of the decoder."""
        return self.stream.codec_context.name

    @property
    def time_base(self) -> Fraction:
        """Seconds in a tick of the packets' timestamps."""
        return self.stream.time_base or Fraction(1, av.time_base)

    @property
    def picture(self) -> Stream | None:
        """The first video stream that is not a cover."""
        for stream in self.container.streams.video:
            if not stream.disposition & Disposition.attached_pic:
                return stream
        return None

    @property
    def end_time(self) -> Fraction | None:
        """Presentation time in seconds at which the file claims the stream ends."""
        stream, whole = self.stream, self.container.duration
        if stream.duration is not None:
            return ((stream.start_time or 0) + stream.duration) * self.time_base
        if whole is None:
            return None
        return Fraction((self.container.start_time or 0) + whole, av.time_base)

    def next(self, where: Callable[[], Fraction]) -> Packet[AudioStream] | None:
        """The next packet; ``where`` gives the time, in seconds, to tell in an error.

        Raises ``DamagedPackets`` where bytes were skipped, ``DecodeError`` for the disk.
        """
        if self._returned:
            return self._returned.pop()
        try:
            return next(self._packets, None)
        except (av.FFmpegError, OSError) as error:
            self._demux_errors += 1
            damaged = isinstance(error, av.error.InvalidDataError)
            if not damaged or self._demux_errors > _MOST_DEMUX_ERRORS:
                with decoding(self.location, where()):
                    raise
            self._packets = self._demux()
            raise DamagedPackets from error

    def give_back(self, packet: Packet[AudioStream]) -> None:
        """Makes ``packet`` the next one again."""
        self._returned.append(packet)

    def seek(self, pts: int) -> bool:
        """Positions at or before ``pts`` if the file can do that; False if it cannot at all."""
        stream: Stream = self.stream
        picture = self.picture
        if picture is not None and self.format in _PICTURE_INDEXED:
            stream = picture
            pts = int(pts * self.time_base / (picture.time_base or self.time_base))
        return self._seek(pts, stream, by_byte=False)

    def seek_place(self, place: int) -> bool:
        """Positions at byte ``place`` of the file."""
        return self._seek(place, self.stream, by_byte=True)

    def _seek(self, offset: int, stream: Stream, *, by_byte: bool) -> bool:
        self.seeks += 1
        self._returned.clear()
        try:
            self._media.seek(offset, stream, by_byte=by_byte)
        except (av.FFmpegError, OSError):
            return False
        self._packets = self._demux()
        return True

    def reopen(self) -> None:
        """Starts again from the first packet, as if just opened."""
        self.seeks += 1
        self.close()
        self._open()

    def close(self) -> None:
        """Closes the file.  May be called twice."""
        self._packets = iter(())
        self._returned = []
        self._media.close()
