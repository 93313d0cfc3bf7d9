"""Sample-exact random access to one audio stream of a file, at the mix's rate and channels.

It hides containers, codecs and rates; it does not know clips, gains or timelines.
"""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction

from edl2ffmpeg.audio.samples import Samples
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_packets import AudioPackets
from edl2ffmpeg.media.audio_resampler import GridResampler
from edl2ffmpeg.media.audio_samples import ChannelMixer
from edl2ffmpeg.media.audio_stream import AudioStreamReader
from edl2ffmpeg.media.streams import states_length
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.timeline.model import ChannelMap, StreamSelector
from edl2ffmpeg.timing import sample_at

__all__ = ["AudioDecoder"]


class AudioDecoder(Owner):
    """Owner of an open file; sample n of ``read`` is n / ``sample_rate`` s after file zero.

    File zero is the start of the file's first video stream, so that sound keeps its offset
    to the picture; without one it is the stream's own start, after the encoder's priming.
    What the stream does not have is silence.  Reading forward streams; a jump seeks.
    """

    def __init__(
        self,
        access: AccessRules,
        location: str,
        stream: StreamSelector,
        *,
        sample_rate: int = 48000,
        channels: int = 2,
        average_channels: bool = False,
        channel_map: ChannelMap | None = None,
    ) -> None:
        self.location = location
        self.sample_rate = sample_rate
        self.channels = channels
        mixer = ChannelMixer(channels, average=average_channels, channel_map=channel_map)
        self._is_averaged = average_channels
        with ExitStack() as undo:
            self._packets = AudioPackets(access, location, stream)
            undo.callback(self._packets.close)
            self._reader = AudioStreamReader(self._packets, mixer)
            undo.pop_all()
        self._resampler = GridResampler(
            self._reader.read, self._reader.sample_rate, sample_rate, channels
        )
        # One offset, rounded once: what lies within the stream is not moved by it.
        self._start_sample = sample_at(self._reader.offset, sample_rate)
        self._position = 0
        self._closed = False

    def read(self, start_sample: int, count: int) -> Samples:
        """``count`` samples from ``start_sample`` on, ``(count, channels)`` float32."""
        if self._closed:
            raise ValueError(f"the audio decoder of {self.location} is closed")
        self._position = start_sample + count
        return self._resampler.read(start_sample - self._start_sample, count)

    @property
    def position(self) -> int:
        """The sample after the last one read: reading on from here is cheapest."""
        return self._position

    @property
    def source_channels(self) -> int:
        """How many channels the stream has to give: 1 where they are averaged."""
        return 1 if self._is_averaged else self._packets.stream.codec_context.channels

    @property
    def start_sample(self) -> int:
        """The first sample that the stream has."""
        return self._start_sample

    @property
    def end_sample(self) -> int | None:
        """The sample after the stream's last one, once reading has met it."""
        end = self._reader.end
        if end is None:
            return None
        return self._start_sample + sample_at(
            Fraction(end, self._reader.sample_rate), self.sample_rate
        )

    @property
    def duration(self) -> Fraction | None:
        """Source time in seconds at which the file states that the stream ends.

        None where it does not and FFmpeg guesses.
        """
        packets = self._packets
        if not states_length(packets.container, packets.stream):
            return None
        return self._reader.duration

    @property
    def damaged_packets(self) -> int:
        """How many packets were replaced by silence so far."""
        return self._reader.damaged_packets

    @property
    def first_damage(self) -> Fraction | None:
        """Source time of the first of them, in seconds."""
        return self._reader.first_damage

    @property
    def seeks(self) -> int:
        """How often the file was positioned."""
        return self._packets.seeks

    def close(self) -> None:
        """Closes the file.  May be called twice."""
        self._closed = True
        self._reader.close()
