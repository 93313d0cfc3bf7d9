"""Decodes one video stream and answers which picture is being played at a time.

It knows nothing of clips.  See Note [Exact seeks] in ``_video_packets`` for how a picture is
reached after a jump without decoding one too many or showing one too few.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.codec.context import ThreadType
from av.packet import Packet
from av.video.stream import VideoStream

from edl2ffmpeg.errors import DecodeError, MediaError, MediaOpenError, MediaReadError
from edl2ffmpeg.frame import Frame
from edl2ffmpeg.media._damage import Damage
from edl2ffmpeg.media._decoder_choice import picture_decoder
from edl2ffmpeg.media._picture_times import Picture, PictureTimes
from edl2ffmpeg.media._skipping import SKIPPING_DECODERS, Skipping
from edl2ffmpeg.media._stream_notes import stream_notes
from edl2ffmpeg.media._ticks import Ticks
from edl2ffmpeg.media._translate import decoding, opening, seeking
from edl2ffmpeg.media._video_packets import Run, VideoPackets
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.decode_stats import DecodeStats
from edl2ffmpeg.media.frames import wrap_frame
from edl2ffmpeg.media.hardware_decoding import DECODER_THREADS, DeviceDecoding, failure
from edl2ffmpeg.media.open_media import OpenMedia
from edl2ffmpeg.media.streams import (
    find_stream,
    is_picture_file,
    keep_only,
    stated_duration,
    states_length,
)
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.timeline.model import StreamKind, StreamSelector

__all__ = ["PlayedFrame", "VideoDecoder"]

_log = logging.getLogger(__name__)

_FORWARD_LIMIT = Fraction(2)
_BROKEN_PACKETS_LIMIT = 500

# Decoders each of whose packets gives one picture, and which lose some without an error.
_ONE_EACH_DECODERS = (*SKIPPING_DECODERS, "vp9", "libvpx-vp9", "libdav1d", "av1")


@dataclass(frozen=True, slots=True)
class PlayedFrame:
    """The frame being played; ``held`` says that the stream had already ended."""

    frame: Frame
    held: bool


class VideoDecoder(Owner):
    """Owns one open file and the decoder of one of its video streams.

    ``threads`` 0 lets FFmpeg choose how many.  Raises ``MediaOpenError`` when the file or stream
    cannot be had, ``MediaReadError`` when what it is on fails.  For one thread at a time.
    ``is_still``: the file is a picture, which is shown for as long as anybody asks.  With
    ``hardware`` a device decodes what it can; ``decoded_by`` and ``decoded_because`` tell of that.
    """

    def __init__(
        self,
        access: AccessRules,
        location: str,
        selector: StreamSelector | None = None,
        threads: int = 0,
        hardware: DeviceDecoding | None = None,
    ) -> None:
        self.location = location
        self.selector = selector or StreamSelector(StreamKind.VIDEO)
        self.stats = DecodeStats()
        self.decoded_by, self.decoded_because = "cpu", ""
        self._device: DeviceDecoding | None = None
        if hardware is not None:
            refused = self._open_on_device(access, hardware)
            if refused is None:
                return
            self.decoded_because = refused
        self._open(access, threads, None)

    def _open_on_device(self, access: AccessRules, hardware: DeviceDecoding) -> str | None:
        """Opens with the device's decoder; otherwise closes, and tells why."""
        try:
            self._open(access, DECODER_THREADS, hardware)
        except MediaReadError:
            raise
        except MediaError as error:
            # Decoding on the CPU fails the same way if it is the file's fault.
            self.stats = DecodeStats()
            return failure(error, getattr(self, "_context", None))
        assert self._current is not None
        refused = hardware.refusal(self._current.native, self._context)
        if refused is None and self.is_still:
            refused = "it is a picture"
        if refused is not None:
            self.close()
            self.stats = DecodeStats()
            return refused
        self._device = hardware
        self.decoded_by, self.decoded_because = hardware.device_name, "the device decodes it"
        return None

    def _open(self, access: AccessRules, threads: int, hardware: DeviceDecoding | None) -> None:
        accelerator = hardware.accelerator() if hardware and hardware.opens_files else None
        self._media: OpenMedia | None = access.open(self.location, accelerator)
        try:
            stream = find_stream(self._media.container, self.location, self.selector)
            assert isinstance(stream, VideoStream)
            self._open_stream(stream, threads, hardware)
            self._read_first()
            _log.info(
                "opened %s %s: %s, %dx%d, %s frames per second, %s",
                self.location,
                self.selector,
                self._context.name,
                *self._first_size,
                self.frame_rate,
                "on the device" if hardware is not None else "on the CPU",
            )
        except BaseException:
            self.close()
            raise

    def _open_stream(
        self, stream: VideoStream, threads: int, hardware: DeviceDecoding | None
    ) -> None:
        media = self._require_open()
        self._stream = stream
        keep_only(media.container, stream)
        with opening(self.location):
            context = picture_decoder(stream, hardware)
        context.thread_type = ThreadType.AUTO
        context.thread_count = threads
        if context.is_hwaccel and hardware is not None:
            context.options = dict(hardware.decoder_options)
        self._context = context
        self._time_base = stream.time_base or Fraction(1, 1000)
        rate = stream.average_rate or stream.guessed_rate or stream.base_rate or Fraction(25)
        self.frame_rate = Fraction(rate)
        self._ticks = Ticks(self._time_base, self.frame_rate)
        self._decoded: deque[Picture] = deque()
        self._current: Picture | None = None
        self._shown: tuple[Picture, Frame] | None = None
        self._next: Picture | None = None
        self._current_is_first = False
        self._ended = False
        self._container_format = media.container.format.name
        self._times = PictureTimes(stream, self._container_format, self.frame_rate)
        self._damage = Damage(stream, self._container_format, self.frame_rate)
        self._packets = VideoPackets(media, stream, self._times, self.stats, self._note_broken)
        self.is_still = False
        self._start = stream.start_time or 0
        self._first_size = (stream.codec_context.width, stream.codec_context.height)
        self._skipping = Skipping(context)
        self._gives_each = context.name in _ONE_EACH_DECODERS

    def _read_first(self) -> None:
        """Decodes the first picture: a stream without one is not worth opening."""
        with decoding(self.location, None):
            first = self._decode_next()
        if first is None:
            raise MediaOpenError(
                f"{self.location}: stream {self.selector} holds no picture that can be decoded "
                "and placed in time; remux or export it again",
                self.location,
            )
        start = self._stream.start_time
        self._start = start if start is not None else first.pts
        self._first_pts = first.pts
        self._packets.first_dts = min(first.pts, self._packets.first_dts)
        self._current, self._current_is_first = first, True
        self._next = self._decode_next()
        self._damage.learn(first, self._next)
        self.is_still = self._next is None and is_picture_file(self._require_open().container)

    # -- what a caller asks ---------------------------------------------------

    @property
    def start_time(self) -> Fraction:
        """Presentation time in the file, in seconds, that is this stream's time 0."""
        return self._start * self._time_base

    @property
    def notes(self) -> list[str]:
        """What about this stream is not shown as it is meant to be, a sentence part each."""
        frame = self._current.native if self._current is not None else None
        return stream_notes(self._stream, self._context, frame)

    @property
    def first_broken(self) -> Fraction | None:
        """Time, counted from the stream's start, of the first damage met; None without any."""
        first = self._damage.first_pts
        return None if first is None else max((first - self._start) * self._time_base, Fraction(0))

    @property
    def duration(self) -> Fraction | None:
        """Length of the stream in seconds as the file states it.

        None where it does not and FFmpeg guesses, and for a still picture, which lasts for ever.
        """
        stream, media = self._stream, self._media
        if self.is_still or media is None or not states_length(media.container, stream):
            return None
        return stated_duration(media.container, stream, self.start_time)

    @property
    def is_on_device(self) -> bool:
        """Whether a device decodes it."""
        return self._device is not None

    @property
    def position(self) -> Fraction:
        """Time, counted from the stream's start, of the picture last shown."""
        return (
            (self._current.pts - self._start) * self._time_base if self._current else Fraction(-1)
        )

    @property
    def bytes_per_picture(self) -> int:
        """Memory of one decoded picture."""
        frame = self._shown_frame()
        return sum(plane.pitch * plane.rows for plane in frame.planes)

    def first_frame(self) -> Frame:
        """The picture at the current position, without moving."""
        return self._shown_frame()

    def frame_played_at(self, time: Fraction) -> PlayedFrame:
        """The last frame whose presentation time is <= ``time`` + tolerance.

        ``time`` is in seconds from the stream's start.  Before the first frame it is the
        first one; after the end, the last one, marked ``held``.
        """
        self._require_open()
        limit = self._limit(time)
        if not self.continues_to(time):
            self._seek(limit, time)
        with decoding(self.location, time):
            self._decode_to(limit)
        if self._skipping.missed(self._current.pts if self._current is not None else None):
            # Then the one before is shown, which may be among those that were skipped.
            self._seek(limit, time, skip=False)
            with decoding(self.location, time):
                self._decode_to(limit)
        self.stats.pictures_shown += 1
        assert self._current is not None
        self._damage.note_shown(self._current, self._next, limit)
        self.stats.broken_packets = self._damage.count
        return PlayedFrame(self._shown_frame(), self._is_held(limit))

    def shows(self, time: Fraction) -> bool:
        """Whether the picture last shown is also the one being played at ``time``."""
        current, following, limit = self._current, self._next, self._limit(time)
        if current is None or current.pts > limit:
            return False
        return following is None or following.pts > limit

    def continues_to(self, time: Fraction) -> bool:
        """Whether ``time`` is reached by decoding on, rather than by a seek."""
        if self._current is None:
            return False
        limit = self._limit(time)
        if self._current.pts > limit:
            return self._current_is_first
        if self._next is None or self._next.pts > limit:
            return True
        return not self._keyframe_between(self._next.pts, limit)

    def _keyframe_between(self, position: int, limit: int) -> bool:
        """Whether a seek to ``limit`` would skip pictures that decoding on would not."""
        # Most often the next picture is the one: no seek from there is worth looking for.
        if self._times.is_counted or limit - position <= self._ticks.half_second:
            return False
        entries = self._stream.index_entries
        where = entries.search_timestamp(limit, backward=True) if len(entries) else -1
        # Matroska's index is read by the first seek: until then it ends where reading is.
        if where >= 0 and (self.stats.seeks or entries[len(entries) - 1].timestamp > position):
            # dts of the keyframe; a lead of half a second pays for the flush of the decoder.
            return entries[where].timestamp - position > self._ticks.half_second
        return (limit - position) * self._time_base > _FORWARD_LIMIT

    def _limit(self, time: Fraction) -> int:
        """The largest pts that counts as being played at ``time``."""
        return self._start + self._ticks.limit(time)

    def _is_held(self, limit: int) -> bool:
        current = self._current
        if self._next is not None or current is None or self.is_still:
            return False
        length = current.duration or round(1 / self.frame_rate / self._time_base)
        return limit >= current.pts + length

    def _shown_frame(self) -> Frame:
        current = self._current
        assert current is not None
        if self._shown is None or self._shown[0] is not current:
            deserted = self._device.deserted(current.native) if self._device else None
            if deserted is not None:
                raise DecodeError(f"{self.location}: {deserted}", self.location)
            frame = wrap_frame(current.native, current.aspect)
            self._shown = (current, self._device.copied(frame) if self._device else frame)
        return self._shown[1]

    # -- seeking --------------------------------------------------------------

    def _seek(self, limit: int, time: Fraction, *, skip: bool = True) -> None:
        """Positions the decoder so that decoding on reaches the picture at ``limit``.

        With ``skip``, pictures on the way that nothing refers to are left out.
        See Note [Exact seeks], and Note [AVI] in ``_picture_times`` for those from the start.
        """
        back, target = 0, limit
        tried: int | None = None
        self.stats.seeks += 1
        while True:
            at_start = self._times.is_counted or target <= self._first_pts
            run = self._rewind(target, limit, tried, time, at_start=at_start)
            if run is not None or at_start:
                if not skip:
                    self._skipping.end()
                with decoding(self.location, time):
                    self._restart(at_start)
                if at_start or (self._current is not None and self._current.pts <= limit):
                    return
            if run is not None:
                tried = run.key
            back = max(2 * back, round(Fraction(1, 2) / self._time_base), 1)
            target = limit - back if tried is None else min(limit - back, tried - 1)
            self.stats.seek_retries += 1

    def _rewind(
        self, target: int, limit: int, before: int | None, time: Fraction, *, at_start: bool
    ) -> Run | None:
        with seeking(self.location, time):
            self._packets.rewind(self._packets.first_dts if at_start else target)
        # The container flushes its own decoders alone.
        self._context.flush_buffers()
        self._decoded.clear()
        self._current = self._next = None
        self._times.restart()
        self._damage.restart()
        self._ended = False
        with decoding(self.location, time):
            run = None if self._times.is_counted else self._packets.find(limit, before)
        self._skipping.begin(run.wanted if run is not None else None)
        return run

    def _restart(self, at_start: bool) -> None:
        self._current = self._decode_next()
        self._current_is_first = (
            at_start and self._current is not None and self._current.pts == self._first_pts
        )
        self._next = self._decode_next() if self._current is not None else None

    # -- decoding -------------------------------------------------------------

    def _decode_to(self, limit: int) -> None:
        while self._next is not None and self._next.pts <= limit:
            if self._current is not None:
                self._damage.note_passed(self._current)
            self._current, self._current_is_first = self._next, False
            self._next = self._decode_next()

    def _decode_next(self) -> Picture | None:
        """The next picture in presentation order; None at the end of the stream."""
        broken = 0
        while not self._decoded:
            if self._ended:
                return None
            packet = self._packets.next()
            if packet is None or packet.size == 0:
                self._ended = True
            elif packet.is_corrupt:
                self._note_broken(self._times.of_packet(packet))
            self._skipping.choose(packet)
            self._await_picture(packet)
            try:
                decoded = self._context.decode(packet if packet and packet.size else None)
            except av.error.EOFError:
                decoded = []
            except av.FFmpegError:
                self._note_broken(self._times.of_packet(packet) if packet else None)
                broken += 1
                if broken > _BROKEN_PACKETS_LIMIT:
                    raise
                continue
            self.stats.pictures_decoded += len(decoded)
            self._decoded.extend(self._timed(decoded))
        return self._decoded.popleft()

    def _timed(self, frames: list[av.VideoFrame]) -> Generator[Picture, None, None]:
        for frame in frames:
            pts = self._times.of_frame(frame)
            if pts is not None:
                yield Picture(pts, frame.duration or 0, frame, self._aspect(frame))

    def _aspect(self, frame: av.VideoFrame) -> Fraction | None:
        """The container's word on a picture's aspect counts until the size changes."""
        coded = self._context.sample_aspect_ratio
        if (frame.width, frame.height) != self._first_size:
            return coded
        return self._stream.sample_aspect_ratio or coded

    def _await_picture(self, packet: Packet[VideoStream] | None) -> None:
        if not self._gives_each or packet is None or packet.size == 0 or packet.is_discard:
            return
        pts = self._times.of_packet(packet)
        if pts is not None and not self._skipping.is_on:
            self._damage.await_picture(pts)

    def _note_broken(self, pts: int | None = None) -> None:
        """Counts damage, at ``pts`` or else where decoding is."""
        here = self._current.pts if self._current is not None else self._start
        self._damage.note(here if pts is None else pts, once=pts is not None)
        self.stats.broken_packets = self._damage.count

    # -- closing --------------------------------------------------------------

    def _require_open(self) -> OpenMedia:
        if self._media is None:
            raise ValueError(f"the decoder of {self.location} is closed")
        return self._media

    def close(self) -> None:
        """Closes the file; frames already given out stay valid.  May be called twice."""
        media, self._media = self._media, None
        if media is None:
            return
        if hasattr(self, "_packets"):
            self._packets.close()
            self._decoded.clear()
            self._current = self._next = self._shown = None
        media.close()
        if self._device is not None:
            # The codec lives as long as anything that knows it, and the device has to outlive it.
            for name in ("_packets", "_context", "_stream", "_times", "_damage", "_skipping"):
                self.__dict__.pop(name, None)
        _log.debug("closed %s", self.location)
