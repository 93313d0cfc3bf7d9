"""Keeps video decoders open across cuts, and chooses the one that reaches a time cheapest.

It owns the decoders; it does not plan.  20 cuts into one file open it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from edl2ffmpeg.devices.cpu import decoder_threads
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.video_decoder import DecodeStats, PlayedFrame, VideoDecoder
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.timeline.model import MediaSource, StreamSelector

__all__ = ["BrokenStream", "DecoderPool"]

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


class DecoderPool(Owner):
    """Open decoders by file and stream, the least recently used closed when memory asks.

    ``threads`` per decoder, 0 for a choice by the machine.  Not thread-safe.
    """

    def __init__(self, access: AccessRules, threads: int = 0) -> None:
        self._access = access
        self._threads = decoder_threads(threads)
        self._decoders: dict[tuple[str, StreamSelector], VideoDecoder] = {}
        self._stats = DecodeStats()
        self._broken: dict[str, BrokenStream] = {}
        self._closed = False

    def decoder(self, source: MediaSource) -> VideoDecoder:
        """The open decoder of ``source``; opens it, and closes others, as needed."""
        if self._closed:
            raise ValueError("the decoder pool is closed")
        key = (source.location, source.stream)
        found = self._decoders.pop(key, None)
        if found is None:
            found = VideoDecoder(self._access, source.location, source.stream, self._threads)
        # Dictionaries keep insertion order: the first entry is the least recently used.
        self._decoders[key] = found
        self._shrink()
        return found

    def frame_played_at(self, source: MediaSource, time: Fraction) -> PlayedFrame:
        """The frame of ``source`` being played at ``time`` seconds of it."""
        return self.decoder(source).frame_played_at(time)

    def _shrink(self) -> None:
        while len(self._decoders) > _FEWEST_DECODERS and (
            len(self._decoders) > _MOST_DECODERS or self._memory() > _MEMORY_BUDGET
        ):
            self._retire(next(iter(self._decoders)))

    def _memory(self) -> int:
        pictures = sum(decoder.bytes_per_picture for decoder in self._decoders.values())
        return pictures * (_PICTURES_PER_DECODER + self._threads)

    def _retire(self, key: tuple[str, StreamSelector]) -> None:
        decoder = self._decoders.pop(key)
        _add(self._stats, decoder.stats)
        damage = _damage(decoder)
        if damage is not None:
            self._broken[decoder.location] = _merged(self._broken.get(decoder.location), damage)
        decoder.close()

    @property
    def stats(self) -> DecodeStats:
        """Counters of all decoders this pool ever had."""
        total = DecodeStats()
        _add(total, self._stats)
        for decoder in self._decoders.values():
            _add(total, decoder.stats)
        return total

    @property
    def broken_streams(self) -> list[BrokenStream]:
        """Files with packets or pictures that are damaged or missing."""
        found = dict(self._broken)
        for decoder in self._decoders.values():
            damage = _damage(decoder)
            if damage is not None:
                found[decoder.location] = _merged(found.get(decoder.location), damage)
        return list(found.values())

    def close(self) -> None:
        """Closes every decoder.  May be called twice."""
        self._closed = True
        for key in list(self._decoders):
            self._retire(key)


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
