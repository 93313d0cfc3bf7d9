"""Keeps video decoders open across cuts, and chooses the one that reaches a time cheapest.

It owns the decoders; it does not plan.  20 cuts into one file open it once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from edl2ffmpeg.devices.cpu import decoder_threads
from edl2ffmpeg.errors import MediaError, MediaReadError
from edl2ffmpeg.media._read_ahead import KEPT
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.decode_stats import DecodeStats
from edl2ffmpeg.media.hardware_decoding import DeviceDecoding
from edl2ffmpeg.media.storage import is_on_storage
from edl2ffmpeg.media.video_decoder import PlayedFrame, VideoDecoder
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.timeline.model import MediaSource, StreamSelector
from edl2ffmpeg.timing import format_seconds

__all__ = ["BrokenStream", "DecodedBy", "DecoderPool"]

_log = logging.getLogger(__name__)

# A decoder holds reference pictures, reordered pictures, and one more for each thread.
_PICTURES_PER_DECODER = 8
_MEMORY_BUDGET = 200 * 1024 * 1024
_FEWEST_DECODERS = 2
_MOST_DECODERS = 16


@dataclass(frozen=True, slots=True)
class BrokenStream:
    """Damage met while decoding: how many packets or pictures, and the first one's time."""

    location: str
    packets: int
    first_time: Fraction


@dataclass(frozen=True, slots=True)
class DecodedBy:
    """What decodes the stream of a file: ``used`` is a device or the CPU."""

    location: str
    stream: str
    used: str
    reason: str


@dataclass(slots=True, eq=False)
class _Lane:
    """An open decoder of one stream; ``is_taken`` while it serves the frame being made."""

    key: tuple[str, StreamSelector]
    decoder: VideoDecoder
    is_taken: bool = False


class DecoderPool(Owner):
    """Open decoders by file and stream, the least recently used closed when memory asks.

    A stream has as many as it shows pictures at a time (two in a dissolve within one file), so
    that each goes on from where it was.  ``threads`` per decoder, 0 for a choice by the machine.
    Not thread-safe.
    """

    def __init__(
        self,
        access: AccessRules,
        threads: int = 0,
        hardware: DeviceDecoding | None = None,
    ) -> None:
        self._access = access
        self._hardware = hardware
        self._decoded_by: dict[tuple[str, str], DecodedBy] = {}
        self._threads = decoder_threads(threads)
        # In order of use: the first is the least recently used.
        self._lanes: list[_Lane] = []
        self._stats = DecodeStats()
        self._broken: dict[str, BrokenStream] = {}
        self._closed = False

    def decoder(self, source: MediaSource) -> VideoDecoder:
        """An open decoder of ``source``; opens it, and closes others, as needed."""
        key = (source.location, source.stream)
        for lane in reversed(self._lanes):
            if lane.key == key:
                return self._used(lane).decoder
        return self._open(source).decoder

    def frame_played_at(self, source: MediaSource, time: Fraction) -> PlayedFrame:
        """The frame of ``source`` being played at ``time`` seconds of it."""
        return self.frames_played_at([(source, time)])[0]

    def frames_played_at(self, wanted: Sequence[tuple[MediaSource, Fraction]]) -> list[PlayedFrame]:
        """The frames that one output frame shows, in order."""
        try:
            return [self._serve(source, time) for source, time in wanted]
        finally:
            for lane in self._lanes:
                lane.is_taken = False

    def _serve(self, source: MediaSource, time: Fraction) -> PlayedFrame:
        lane = self._lane(source, time)
        lane.is_taken = True
        self._shrink()
        if not lane.decoder.is_on_device:
            return lane.decoder.frame_played_at(time)
        try:
            played = lane.decoder.frame_played_at(time)
            failure = (
                "a picture was damaged or missing" if lane.decoder.stats.broken_packets else ""
            )
        except MediaReadError:
            raise
        except MediaError as error:
            failure = str(error)
        if not failure:
            return played
        # Whether the file or the device is at fault, only the CPU's decoder can tell.
        self._leave_device(lane, source, time, failure)
        return lane.decoder.frame_played_at(time)

    def _leave_device(self, lane: _Lane, source: MediaSource, time: Fraction, why: str) -> None:
        """Gives ``lane`` a decoder on the CPU."""
        lane.decoder.close()
        because = f"the device failed at {format_seconds(time)}: {why}"
        _log.warning("%s: decoding on the CPU: %s", source.location, because)
        lane.decoder = VideoDecoder(self._access, source.location, source.stream, self._threads)
        lane.decoder.decoded_because = because
        self._note_device(lane.decoder)

    def _lane(self, source: MediaSource, time: Fraction) -> _Lane:
        """The decoder that gets to ``time`` cheapest without leaving a picture of this frame."""
        key = (source.location, source.stream)
        lanes = [lane for lane in reversed(self._lanes) if lane.key == key]
        for lane in lanes:
            if lane.is_taken and lane.decoder.shows(time):
                return lane
        free = [lane for lane in lanes if not lane.is_taken]
        going_on = [lane for lane in free if lane.decoder.continues_to(time)]
        if len(going_on) == 1:
            return self._used(going_on[0])
        if going_on:
            return self._used(min(going_on, key=lambda lane: abs(time - lane.decoder.position)))
        # What was used last is the likeliest to go on from where it is: another one jumps.
        return self._used(free[-1]) if free else self._open(source)

    def _used(self, lane: _Lane) -> _Lane:
        self._lanes.remove(lane)
        self._lanes.append(lane)
        return lane

    def _open(self, source: MediaSource) -> _Lane:
        if self._closed:
            raise ValueError("the decoder pool is closed")
        decoder = VideoDecoder(
            self._access, source.location, source.stream, self._threads, self._hardware
        )
        self._note_device(decoder)
        lane = _Lane((source.location, source.stream), decoder)
        self._lanes.append(lane)
        self._shrink()
        return lane

    def _shrink(self) -> None:
        """Closes decoders that nobody uses right now; the newest stay."""
        idle = [lane for lane in self._lanes[:-1] if not lane.is_taken]
        while (
            idle
            and len(self._lanes) > _FEWEST_DECODERS
            and (len(self._lanes) > _MOST_DECODERS or self._memory() > _MEMORY_BUDGET)
        ):
            self._retire(idle.pop(0))

    def _memory(self) -> int:
        pictures = sum(lane.decoder.bytes_per_picture for lane in self._lanes)
        stored = sum(is_on_storage(lane.decoder.location) for lane in self._lanes)
        return pictures * (_PICTURES_PER_DECODER + self._threads) + stored * KEPT

    def _retire(self, lane: _Lane) -> None:
        self._lanes.remove(lane)
        decoder = lane.decoder
        _add(self._stats, decoder.stats)
        damage = _damage(decoder)
        if damage is not None:
            self._broken[decoder.location] = _merged(self._broken.get(decoder.location), damage)
        decoder.close()

    def _note_device(self, decoder: VideoDecoder) -> None:
        if self._hardware is not None:
            key = (decoder.location, str(decoder.selector))
            self._decoded_by[key] = DecodedBy(*key, decoder.decoded_by, decoder.decoded_because)

    @property
    def decoded_by(self) -> list[DecodedBy]:
        """With a device: what decoded each stream, and why."""
        return list(self._decoded_by.values())

    @property
    def stats(self) -> DecodeStats:
        """Counters of all decoders this pool ever had."""
        total = DecodeStats()
        _add(total, self._stats)
        for lane in self._lanes:
            _add(total, lane.decoder.stats)
        return total

    @property
    def broken_streams(self) -> list[BrokenStream]:
        """Files with packets or pictures that are damaged or missing."""
        found = dict(self._broken)
        for lane in self._lanes:
            damage = _damage(lane.decoder)
            if damage is not None:
                location = lane.decoder.location
                found[location] = _merged(found.get(location), damage)
        return list(found.values())

    def close(self) -> None:
        """Closes every decoder.  May be called twice."""
        self._closed = True
        for lane in list(self._lanes):
            self._retire(lane)


def _damage(decoder: VideoDecoder) -> BrokenStream | None:
    if not decoder.stats.broken_packets:
        return None
    time = decoder.first_broken or Fraction(0)
    return BrokenStream(decoder.location, decoder.stats.broken_packets, time)


def _merged(one: BrokenStream | None, other: BrokenStream) -> BrokenStream:
    if one is None:
        return other
    return BrokenStream(
        one.location, one.packets + other.packets, min(one.first_time, other.first_time)
    )


def _add(total: DecodeStats, part: DecodeStats) -> None:
    for name in DecodeStats.__slots__:
        setattr(total, name, getattr(total, name) + getattr(part, name))
