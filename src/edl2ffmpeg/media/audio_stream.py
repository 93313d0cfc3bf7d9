"""One audio stream as random access to its samples, at its own rate, counted from its start.

It decodes and places; it does not resample or seek the file.  See Note [Sample positions]
in ``audio/sample_clock.py``.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from edl2ffmpeg.audio.landmarks import Landmarks
from edl2ffmpeg.audio.lost_frames import LostFrames
from edl2ffmpeg.audio.sample_clock import SampleClock
from edl2ffmpeg.audio.samples import Samples, silence
from edl2ffmpeg.media.audio_packets import AudioPackets, DamagedPackets
from edl2ffmpeg.media.audio_samples import ChannelMixer
from edl2ffmpeg.media.streams import file_zero

__all__ = ["AudioStreamReader"]

_UNEVEN_CODECS = frozenset({"vorbis", "libvorbis"})
_INDEPENDENT_CODECS = ("pcm_", "flac", "alac", "wavpack", "tta")
_PREROLL_FRAMES = 16  # beyond MP3's bit reservoir (10) and Opus's 80 ms
_PRIMED_FRAMES = 4
_PRIMED_PACKETS = 3  # the first is often shorter
_HISTORY_SAMPLES = 16384
_BACK_STEPS_SECONDS = (0, 1, 4, 16, 64)
_LARGEST_RAW_FRAME = {"mp3": 2048}  # bytes; elsewhere AAC's limit
_OGG_MARGIN_SECONDS = 2
_MOST_UNRECOGNISED = 512


class AudioStreamReader:
    """Reads forward from ``packets``, which it closes; ``read`` elsewhere seeks.

    Sample 0 is the first that sounds after the encoder's priming; ``offset`` is its time
    in seconds, counted from the file's zero.  ``end`` is known once it has been met.
    """

    def __init__(self, packets: AudioPackets, mixer: ChannelMixer) -> None:
        self._packets = packets
        self._mixer = mixer
        self.sample_rate = packets.stream.codec_context.sample_rate or 48000
        self.offset = Fraction(0)
        self.end: int | None = None
        self.damaged_packets = 0
        self.first_damage: Fraction | None = None
        self._chunks: deque[tuple[int, Samples]] = deque()
        self._from = 0  # what is decoded is kept from here on
        self._decoded_to = 0
        self._next: int | None = 0  # the sample that counting expects; None after a loss
        self._searching = False  # for a landmark, after a seek to one
        self._muted = False  # the next frame
        self._finished = False
        self._raw_end: int | None = None
        self._preroll = 0
        self._packet_samples = 0  # 0 where they differ
        self._start_time = Fraction(0)
        self._first: tuple[int | None, int] = (None, 0)
        self._first_packet_pts: int | None = None
        self._clock = SampleClock(self.sample_rate, packets.time_base, 0)
        self._landmarks = Landmarks(self.sample_rate)
        self._lost = LostFrames(0)
        self._prime()

    def _prime(self) -> None:
        """Reads the first frames, to learn where the sound begins and how it is cut."""
        frames: list[AudioFrame] = []
        packets: list[int] = []
        more: list[AudioFrame] | None = []
        while len(frames) < _PRIMED_FRAMES or len(packets) < _PRIMED_PACKETS:
            more = self._next_frames()
            if more is None:
                break
            if more:
                frames += more
                packets.append(sum(frame.samples for frame in more))
        if frames:
            self._learn(frames, set(packets[1:]))
        for frame in frames:
            self._place(frame)
        if more is None:
            self._finish()

    def _learn(self, frames: list[AudioFrame], packets: set[int]) -> None:
        first, lengths = frames[0], {frame.samples for frame in frames[1:]}
        uneven = self._packets.codec in _UNEVEN_CODECS or len(lengths) != 1
        start = first.pts or 0
        if self.damaged_packets and self._first_packet_pts is not None:
            start = min(start, self._first_packet_pts)
        self.sample_rate = first.sample_rate
        self._first = (first.pts, first.samples)
        self._clock = SampleClock(
            self.sample_rate,
            self._packets.time_base,
            start,
            first.samples,
            None if uneven else lengths.pop(),
        )
        self._landmarks = Landmarks(self.sample_rate)
        # Some codecs' packets give several frames.
        self._packet_samples = packets.pop() if len(packets) == 1 and not uneven else 0
        self._lost = LostFrames(self._packet_samples)
        if not self._packets.codec.startswith(_INDEPENDENT_CODECS):
            longest = max(frame.samples for frame in frames)
            self._preroll = max(_PREROLL_FRAMES * longest, self.sample_rate // 10)
        self._next = 0
        self._start_time = start * self._packets.time_base
        self.offset = self._offset(self._start_time)

    def _offset(self, start: Fraction) -> Fraction:
        zero = file_zero(self._packets.container, self._packets.stream)
        if zero is None or self._packets.picture is None:
            return Fraction(0)
        offset = start - zero
        # Both began together, as far as ticks coarser than samples can tell.
        coarse = self._clock.samples_per_tick > 1
        return Fraction(0) if coarse and abs(offset) <= self._packets.time_base else offset

    @property
    def duration(self) -> Fraction | None:
        """Time in seconds from the file's zero at which the file claims the sound ends."""
        end = self._packets.end_time
        return None if end is None else end - self._start_time + self.offset

    @property
    def position(self) -> int:
        """The sample that is decoded next."""
        return self._decoded_to

    def _time(self) -> Fraction:
        """Source time, from the file's zero, of what is decoded next."""
        return self.offset + Fraction(self._decoded_to, self.sample_rate)

    def read(self, start: int, count: int) -> Samples:
        """``count`` samples from ``start`` on; silence where the stream has none."""
        output = silence(count, self._mixer.channels)
        begin, end = max(start, 0), start + count
        if self.end is not None:
            end = min(end, self.end)
        if begin >= end:
            return output
        if self._is_far(begin):
            self._jump(begin)
        while self._decoded_to < end and not self._finished:
            self._step()
        for position, samples in self._chunks:
            low, high = max(position, begin), min(position + len(samples), end)
            if low < high:
                output[low - start : high - start] = samples[low - position : high - position]
        self._forget(end - _HISTORY_SAMPLES)
        return output

    def _is_far(self, start: int) -> bool:
        near = self._decoded_to + self.sample_rate + self._preroll
        return start < self._from or (not self._finished and start > near)

    def _forget(self, before: int) -> None:
        self._from = max(self._from, before)
        while self._chunks and self._chunks[0][0] + len(self._chunks[0][1]) <= self._from:
            self._chunks.popleft()

    def _step(self) -> None:
        frames = self._next_frames()
        if frames is None:
            self._finish()
        for frame in frames or ():
            self._place(frame)

    def _finish(self) -> None:
        self._finished = True
        self.end = self._decoded_to

    def _place(self, frame: AudioFrame) -> None:
        position = self._position(frame.pts)
        if position is None:
            return
        samples = self._mixer.mix(frame, self.sample_rate)
        end = position + len(samples)
        # A transport stream's losses show as holes, its parser repairs the rest.
        if self._next is not None and position > self._next and self._packets.is_lossy:
            self._note_damage()
        self._next = end
        if not self._packets.is_raw and frame.pts is not None:
            self._landmarks.note(frame.pts, position)
        start = max(position, self._decoded_to, self._from)
        # A frame that continues a lost one is noise from what is left of that one.
        if start < end and not self._muted:
            self._chunks.append((start, samples[start - position :]))
        self._muted = False
        self._decoded_to = max(self._decoded_to, end)

    def _position(self, pts: int | None) -> int | None:
        """Where a frame begins; ``None`` while that is not known."""
        if pts is None or self._packets.is_raw:
            return self._next
        if self._next is not None and self._clock.follows(pts, self._next):
            return self._next
        if not self._searching:
            return self._clock.position(pts)
        found = self._landmarks.recognise(pts)
        self._searching = found is None
        return found

    def _next_packet(self) -> Packet[AudioStream] | None:
        while True:
            try:
                packet = self._packets.next(self._time)
            except DamagedPackets:
                # A demuxer may find its way again behind damaged bytes.
                self._lose(None)
                continue
            if packet is not None and packet.size and self._packets.is_raw:
                self._locate(packet)
            return packet

    def _locate(self, packet: Packet[AudioStream]) -> None:
        """Counts a raw stream's packet by its place in the file."""
        place = packet.pos
        if place is None:
            return
        if self._searching:
            self._next = self._landmarks.recognise(place)
            self._searching = self._next is None
        elif self._next is not None:
            if self._raw_end is not None and place > self._raw_end:
                self._next = self._lost.position_after(self._raw_end, place, self._next)
                self._note_damage()
            self._landmarks.note(place, self._next)
        self._raw_end = place + packet.size

    def _next_frames(self) -> list[AudioFrame] | None:
        packet = self._next_packet()
        if packet is None:
            return None
        if self._first_packet_pts is None:
            self._first_packet_pts = packet.pts
        try:
            frames = [] if packet.is_corrupt else packet.decode()
        except av.FFmpegError:
            self._lose(packet)
            return []
        whole = [frame for frame in frames if frame.samples and not frame.is_corrupt]
        if packet.is_corrupt or len(whole) < sum(1 for frame in frames if frame.samples):
            self._lose(packet)
        elif frames:
            self._lost.sound(packet.size)
        return whole

    def _lose(self, packet: Packet[AudioStream] | None) -> None:
        """A packet gave no sound: what follows is placed by its own timestamp, if it has one."""
        # Before the place asked for, decoders may stumble over what the seek cut off.
        expected = self._decoded_to < self._from and self._preroll > 0
        if not expected:
            self._note_damage()
        if not self._packets.is_raw:
            self._next = None
        elif packet is not None and packet.pos is not None and self._next is not None:
            if expected:
                self._next += self._packet_samples
            else:
                end = packet.pos + packet.size
                self._next = self._lost.position_after(packet.pos, end, self._next)

    def _note_damage(self) -> None:
        self.damaged_packets += 1
        # What the decoder remembers is of no use to the frames to come.
        self._packets.stream.codec_context.flush_buffers()
        self._muted = self._preroll > 0
        if self.first_damage is None:
            self.first_damage = self._time()

    def _jump(self, target: int) -> None:
        """Makes decoding go on a little before ``target``."""
        ahead = target >= self._decoded_to
        self._chunks.clear()
        self._from = target
        wanted = max(target - self._preroll, 0)
        if not self._packets.is_raw and self._clock.finds_samples:
            self._jump_by_time(wanted)
        elif not ahead:
            self._jump_to_landmark(wanted)
        if self._packets.is_raw:
            self._count_to(wanted)

    def _jump_by_time(self, wanted: int) -> None:
        # Indexes are coarse and damaged ones lie: step back until it lands early enough.
        # The last page of an Ogg file is cut short, and its timestamps with it.
        margin = _OGG_MARGIN_SECONDS if self._packets.format == "ogg" else 0
        places = [wanted - (step + margin) * self.sample_rate for step in _BACK_STEPS_SECONDS]
        # Beyond the end every step may fail, and the end itself must be met to be known.
        places.append(int(((self.duration or 0) - self.offset - 2) * self.sample_rate))
        for place in places:
            if self._clock.first_samples < place <= wanted:
                pts = self._clock.pts_before(place)
                if self._packets.seek(pts) and self._lands_before(place, wanted):
                    return
        self._rewind()

    def _lands_before(self, place: int, wanted: int) -> bool:
        """Drops packets up to ``wanted``; False if the first one is after ``place``."""
        self._next = None
        first = True
        while True:
            packet = self._next_packet()
            if packet is None or not packet.size:
                return False
            if packet.pts is None:
                continue
            start = self._clock.estimate(packet.pts)
            if first and start > place + self._clock.tolerance:
                return False
            first = False
            length = (packet.duration or 0) * self._clock.samples_per_tick
            if not length or start + length + self._clock.tolerance > wanted:
                self._resume(min(wanted, max(int(start), 0)), None)
                self._packets.give_back(packet)
                return True

    def _jump_to_landmark(self, wanted: int) -> None:
        key = self._landmarks.before(wanted)
        raw = self._packets.is_raw
        seek = self._packets.seek_place if raw else self._packets.seek
        if key is None or not seek(key):
            self._rewind()
            return
        self._resume(0, None)
        self._searching = True
        for _ in range(_MOST_UNRECOGNISED):
            packet = self._next_packet() if raw else None
            if raw and packet is not None and self._next is not None:
                self._packets.give_back(packet)
                return
            if not raw:
                self._step()
                if self._next is not None:
                    return
        self._rewind()

    def _count_to(self, wanted: int) -> None:
        """Passes over a raw stream's packets, all of one length, without decoding them."""
        length = self._packet_samples
        while length and self._next is not None and self._next + length <= wanted:
            packet = self._next_packet()
            if packet is None or not packet.size:
                self._finish()
                return
            # A parser hands on what it cannot read in pieces larger than any frame.
            oversize = packet.size > _LARGEST_RAW_FRAME.get(self._packets.format, 8192)
            self._next += length * (self._lost.frames_in(packet.size) if oversize else 1)
            self._decoded_to = max(self._decoded_to, self._next)

    def _resume(self, decoded_to: int, expected: int | None) -> None:
        self._finished = False
        self._searching = False
        self._muted = False
        self._raw_end = None
        self._decoded_to = min(decoded_to, self._from)
        self._next = expected

    def _rewind(self) -> None:
        """Starts again at sample 0, as if just opened."""
        start = self._first_packet_pts
        if not self._packets.is_raw and start is not None and self._packets.seek(start):
            self._resume(0, 0)
            frames: list[AudioFrame] | None = []
            while frames is not None and not frames:
                frames = self._next_frames()
            # Decoders skip their priming after a seek as after opening, or it shows here.
            if frames and (frames[0].pts, frames[0].samples) == self._first:
                for frame in frames:
                    self._place(frame)
                return
        self._packets.reopen()
        self._resume(0, 0)
        # The first frame is shorter than its packet, which cannot be counted.
        while not self._decoded_to and not self._finished:
            self._step()

    def close(self) -> None:
        """Closes the file.  May be called twice."""
        self._chunks.clear()
        self._packets.close()
