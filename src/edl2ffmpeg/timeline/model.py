"""The timeline: what an edit means, as immutable values in exact time.

It knows no files' contents, no JSON and no pixels.  Ranges are half open; every time is a
``Fraction`` of a second.  Nouns are OpenTimelineIO's where it has one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edl2ffmpeg.timeline.animation import Animation
    from edl2ffmpeg.timeline.effects import Effect, TimeCurve, Transform, TransitionLook
    from edl2ffmpeg.timeline.text import TextFormat

__all__ = [
    "ChannelGain",
    "ChannelMap",
    "Clip",
    "Fade",
    "GeneratedSource",
    "Generator",
    "MediaSource",
    "Segment",
    "Source",
    "StreamKind",
    "StreamSelector",
    "SubTrack",
    "SubTrackSpan",
    "TextKind",
    "TextSource",
    "TimeRange",
    "Timeline",
    "TimelineWarning",
    "Track",
    "Transition",
    "YuvColour",
]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """``[start, end)`` in seconds."""

    start: Fraction
    end: Fraction

    @property
    def duration(self) -> Fraction:
        """Length in seconds."""
        return self.end - self.start


class StreamKind(Enum):
    """Kind of a media stream; the value is the letter of a ``trackId``."""

    VIDEO = "V"
    AUDIO = "A"


class TextKind(Enum):
    """Kind of a track of texts, by its name in the format."""

    SUBTITLE = "subtitle"
    BURN_IN = "burnin"


@dataclass(frozen=True, slots=True)
class StreamSelector:
    """The ``number``-th stream (from 1) of its kind in a file; ``A2`` in a ``trackId``."""

    kind: StreamKind
    number: int = 1

    def __str__(self) -> str:
        return f"{self.kind.value}{self.number}"


@dataclass(frozen=True, slots=True)
class YuvColour:
    """A BT.709 limited-range 8-bit colour; ``alpha`` is 0 (transparent) to 255."""

    y: int
    u: int
    v: int
    alpha: int = 255


@dataclass(frozen=True, slots=True)
class MediaSource:
    """A stream of a media file.

    ``uri`` is what the file said, ``location`` the absolute path (or the URL with its
    scheme) that it means.  ``gamma`` g maps luma y to y^(1/g).  ``average_channels`` is
    the format's ``audiomix: "avg"``.
    """

    uri: str
    location: str
    stream: StreamSelector
    gamma: Fraction = Fraction(1)
    average_channels: bool = False


@dataclass(frozen=True, slots=True)
class ChannelGain:
    """Source channel ``source`` goes to output channel ``output`` times ``gain``; both from 1."""

    source: int
    output: int
    gain: float


ChannelMap = tuple[ChannelGain, ...]
"""What each output channel is the sum of; a source channel that is not named is silent."""


class Generator(Enum):
    """The generated sources, by their name in the format."""

    BLACK = "black"
    COLOUR = "colour"
    TEST_PATTERN = "testpattern"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class GeneratedSource:
    """A picture (or sound, on an audio track) made by the renderer.

    ``width`` and ``height`` in pixels; ``None`` means the output's size.  ``colour`` and
    ``opacity`` (0..1) belong to ``COLOUR`` alone.
    """

    generator: Generator
    width: int | None = None
    height: int | None = None
    colour: YuvColour | None = None
    opacity: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class TextSource:
    """A text of a subtitle or burnin track; an empty one shows nothing."""

    text: str
    format: TextFormat


Source = MediaSource | GeneratedSource | TextSource


@dataclass(frozen=True, slots=True)
class Segment:
    """One source shown during ``range_in_parent`` (timeline time) of its clip.

    At timeline time t the source time is ``source_range.start + (t - range_in_parent.start)
    * speed``, or what ``curve`` makes of ``t - range_in_parent.start``.  The range in the
    parent wins over ``source_range`` where they differ.
    """

    source: Source
    range_in_parent: TimeRange
    source_range: TimeRange
    speed: Fraction
    json_path: str
    curve: TimeCurve | None = None

    def source_time(self, time: Fraction) -> Fraction:
        """Source time in seconds that is playing at timeline ``time``."""
        passed = time - self.range_in_parent.start
        if self.curve is not None:
            return self.curve.at(passed)
        return self.source_range.start + passed * self.speed

    @property
    def latest_source_time(self) -> Fraction:
        """How far into the source it plays; between the ends of curves it may be further."""
        if self.curve is not None:
            return self.curve.latest(self.range_in_parent.duration)
        return self.source_time(self.range_in_parent.end)


@dataclass(frozen=True, slots=True)
class Fade:
    """A fade of ``duration`` seconds, towards ``colour`` or (``None``) towards transparent."""

    duration: Fraction
    colour: YuvColour | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """The way into a clip, during ``range_in_parent`` of the timeline.

    With ``segments`` it leads from the clip's own to these, and lasts as long as the clip;
    without, from the clip that ends where this one begins (else from black) to this one.
    On sound it is a crossfade of equal power, and ``channel_map`` is for its ``segments``.
    """

    look: TransitionLook
    range_in_parent: TimeRange
    json_path: str
    segments: tuple[Segment, ...] = ()
    channel_map: ChannelMap | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of a plain track; its ``segments`` follow each other and fill its range.

    ``effects`` and then ``transforms`` act on its pictures, before those of the track.
    ``channel_map`` takes the place of the usual mix of its sound's channels.
    """

    range_in_parent: TimeRange
    segments: tuple[Segment, ...]
    json_path: str
    top_fade: Fade | None = None
    tail_fade: Fade | None = None
    sync: int | None = None
    effects: tuple[Effect, ...] = ()
    transforms: tuple[Transform, ...] = ()
    transition: Transition | None = None
    channel_map: ChannelMap | None = None


@dataclass(frozen=True, slots=True)
class SubTrackSpan:
    """What one clip of a sub-track does, and when.

    Pictures have effects in order, or one transform; sound has a ``level`` (dB, -inf is
    silence) or a ``pan`` (-1 left, 1 right), each one number over time.
    """

    range_in_parent: TimeRange
    effects: tuple[Effect, ...] = ()
    transform: Transform | None = None
    level: Animation | None = None
    pan: Animation | None = None


@dataclass(frozen=True, slots=True)
class SubTrack:
    """Spans of one sub-track, sorted by start, never overlapping."""

    spans: tuple[SubTrackSpan, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """Clips of one plain track, sorted by start, never overlapping.

    ``sub_tracks`` act on all of its clips in this order: colour, effects, transforms; on sound
    level, then pan; each by ``subnumber``.
    """

    kind: StreamKind | TextKind
    number: int
    clips: tuple[Clip, ...]
    sub_tracks: tuple[SubTrack, ...] = ()


@dataclass(frozen=True, slots=True)
class TimelineWarning:
    """Something suspicious that does not stop a render, except with ``strict``."""

    json_path: str
    message: str

    def __str__(self) -> str:
        return f"{self.json_path}: {self.message}"


@dataclass(frozen=True)
class Timeline:
    """A whole edit: output rate and size, tracks by number, and its length in seconds.

    ``base_folder`` is where relative paths were resolved; ``duration`` is the largest end
    of any clip that shows or sounds something.  ``text_tracks`` lie above all video: those
    that are burnt in, then subtitles, each by number.
    """

    frame_rate: Fraction
    width: int
    height: int
    video_tracks: tuple[Track, ...]
    audio_tracks: tuple[Track, ...]
    duration: Fraction
    base_folder: Path = field(default_factory=Path)
    warnings: tuple[TimelineWarning, ...] = ()
    text_tracks: tuple[Track, ...] = ()

    @property
    def picture_tracks(self) -> tuple[Track, ...]:
        """Everything that is seen, in painter's order."""
        return self.video_tracks + self.text_tracks
