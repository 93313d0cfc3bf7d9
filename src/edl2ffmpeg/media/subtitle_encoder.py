"""Makes the packets of one text track, placed by exact time; it does not mux.

Note [Subtitle packets]: FFmpeg's encoders of subtitles take the dialogue lines of ASS, in which
a backslash before an ``n``, or after a brace, cannot be written: ``C:\\new`` comes out as two
lines.  Without styles a packet is hardly more than its text, so it is made here, and the encoder
only says what stands in the track's header.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream

from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.plan.cues import Cue
from edl2ffmpeg.timing import format_timecode, frame_at, pts_at

__all__ = [
    "SubtitleEncoder",
    "interleaving",
    "packet_data",
    "ticks_per_second",
    "without_blank_lines",
]

_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_LONGEST_MOV_TEXT = 0xFFFF

# In an MP4 file FFmpeg ends a text when its end is less than the timestamp of any packet,
# without regard to the units of the two.  They are right, or late and made good by the next
# text, if no other track's units are finer: sound has 48000 a second, and pictures at least
# 10000, by doubling their rate.
_FINEST_UNITS = 48_000
# Rates with more are none that a movie has; their times are rounded.
_MOST_UNITS = 1_000_000

# While a track has no packet, FFmpeg holds back the others' for ten seconds, lest one comes that
# belongs before them.  Of these encoders that is up to a gigabyte, and they are quick to answer.
_HEAVY_ENCODERS = ("prores_ks", "dnxhd", "ffv1")
_HEAVY_HELD_MICROSECONDS = 2_000_000

# FFmpeg's own defaults, which a player replaces by its viewer's.
_HEADER = b"""[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, \
Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


class SubtitleEncoder:
    """One text track of an output container, whose ``cues`` are known from the start."""

    def __init__(
        self,
        container: OutputContainer,
        codec: str,
        cues: Sequence[Cue],
        frame_rate: Fraction,
        *,
        is_default: bool = False,
    ) -> None:
        stream = container.add_stream(codec)
        assert isinstance(stream, SubtitleStream)
        units = Fraction(1, ticks_per_second(frame_rate))
        stream.codec_context.subtitle_header = _HEADER
        stream.codec_context.time_base = units
        stream.time_base = units
        stream.disposition = Disposition.default if is_default else Disposition(0)
        self._stream = stream
        self._frame_rate = frame_rate
        self._cues = cues
        self._data = [packet_data(codec, cue) for cue in cues]
        self._given = 0

    def before_frame(self, number: int) -> Iterator[Packet[Stream]]:
        """The packets of texts that begin before or with frame ``number`` and were not given."""
        while self._given < len(self._cues):
            cue = self._cues[self._given]
            if frame_at(cue.start, self._frame_rate) > number:
                return
            yield self._packet(cue, self._data[self._given])
            self._given += 1

    def _packet(self, cue: Cue, data: bytes) -> Packet[Stream]:
        # The muxer has had its say by now: Matroska counts milliseconds.
        time_base = self._stream.time_base
        assert time_base is not None
        packet = Packet(data)
        packet.stream = self._stream
        packet.time_base = time_base
        packet.pts = packet.dts = pts_at(cue.start, time_base)
        packet.duration = pts_at(cue.end, time_base) - packet.pts
        packet.is_keyframe = True
        return packet


def interleaving(encoder: str) -> dict[str, str]:
    """Options of a container with text tracks beside pictures of this encoder."""
    if encoder in _HEAVY_ENCODERS:
        return {"max_interleave_delta": str(_HEAVY_HELD_MICROSECONDS)}
    return {}


def ticks_per_second(frame_rate: Fraction) -> int:
    """Units in which every frame of a movie begins at a whole number."""
    ticks = frame_rate.numerator
    if ticks > _MOST_UNITS:
        return _MOST_UNITS
    while ticks < _FINEST_UNITS:
        ticks *= 2
    return ticks


def packet_data(codec: str, cue: Cue) -> bytes:
    """What a packet of FFmpeg's ``codec`` holds for ``cue``."""
    if codec == "mov_text":
        data = cue.text.encode("utf-8", "replace")
        if len(data) > _LONGEST_MOV_TEXT:
            raise SettingsError(
                f"the subtitle at {format_timecode(cue.start)} has {len(data)} bytes, of which "
                f"mp4 and mov hold {_LONGEST_MOV_TEXT}; shorten it, or use --subtitles sidecar"
            )
        return len(data).to_bytes(2, "big") + data
    text = without_blank_lines(cue.text)
    if codec == "webvtt":
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.encode("utf-8", "replace")


def without_blank_lines(text: str) -> str:
    """``text`` with a space in each empty line, which would end it in SubRip and WebVTT."""
    return "\n".join(
        line if line.strip() else _NO_BREAK_SPACE for line in text.rstrip().split("\n")
    )
