"""Keeps audio decoders open across cuts; it owns them and plans nothing.

A decoder is borrowed for as long as a clip sounds, so two clips that sound at once, out of
one file, do not make one decoder seek to and fro.
"""

from __future__ import annotations

from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_decoder import AudioDecoder
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.timeline.model import ChannelMap, MediaSource, StreamSelector

__all__ = ["AudioDecoderPool"]

_MOST_IDLE = 8

_Key = tuple[str, StreamSelector, bool, ChannelMap | None]


class AudioDecoderPool(Owner):
    """Open decoders by file and stream; at most ``most_idle`` wait for their next use.

    Not thread-safe.
    """

    def __init__(
        self,
        access: AccessRules,
        *,
        sample_rate: int,
        channels: int,
        most_idle: int = _MOST_IDLE,
    ) -> None:
        self._access = access
        self._sample_rate = sample_rate
        self._channels = channels
        self._most_idle = most_idle
        self._idle: list[tuple[_Key, AudioDecoder]] = []  # least recently used first
        self._lent: dict[int, tuple[_Key, AudioDecoder]] = {}
        self._closed = False
        self.opened = 0

    def borrow(
        self, source: MediaSource, position: int, channel_map: ChannelMap | None = None
    ) -> AudioDecoder:
        """A decoder of ``source`` that gets to sample ``position`` cheaply; ``give_back`` it."""
        if self._closed:
            raise ValueError("the audio decoder pool is closed")
        key = (source.location, source.stream, source.average_channels, channel_map)
        found = [index for index, (other, _) in enumerate(self._idle) if other == key]
        if found:
            # Forward is cheap, backward is a seek.
            best = min(found, key=lambda index: _cost(self._idle[index][1], position))
            decoder = self._idle.pop(best)[1]
        else:
            decoder = self._open(source, channel_map)
        self._lent[id(decoder)] = (key, decoder)
        return decoder

    def _open(self, source: MediaSource, channel_map: ChannelMap | None) -> AudioDecoder:
        self.opened += 1
        return AudioDecoder(
            self._access,
            source.location,
            source.stream,
            sample_rate=self._sample_rate,
            channels=self._channels,
            average_channels=source.average_channels,
            channel_map=channel_map,
        )

    def give_back(self, decoder: AudioDecoder) -> None:
        """Ends a loan; the decoder stays open for the next one if there is room."""
        loan = self._lent.pop(id(decoder), None)
        if loan is None:
            return
        self._idle.append(loan)
        while len(self._idle) > self._most_idle:
            self._idle.pop(0)[1].close()

    def close(self) -> None:
        """Closes every decoder, lent ones too.  May be called twice."""
        self._closed = True
        for _, decoder in [*self._idle, *self._lent.values()]:
            decoder.close()
        self._idle.clear()
        self._lent.clear()


def _cost(decoder: AudioDecoder, position: int) -> tuple[bool, int]:
    distance = position - decoder.position
    return distance < 0, abs(distance)
