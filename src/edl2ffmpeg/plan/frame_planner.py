"""Plans output frames: which pictures a frame shows and what is done to them.

It reads the timeline alone; it opens nothing and draws nothing.  A lookup costs
O(log clips) for each track.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from edl2ffmpeg.plan.effect_planner import plan_effects, plan_transform
from edl2ffmpeg.plan.frame_index import FrameIndex, frames_of
from edl2ffmpeg.plan.model import (
    ColourMix,
    EffectPlan,
    FramePlan,
    GeneratedPicture,
    LayerPlan,
    MediaPicture,
    Picture,
    TextPicture,
    TransformPlan,
    TransitionPlan,
)
from edl2ffmpeg.timeline.effects import Effect, Transform
from edl2ffmpeg.timeline.model import (
    Clip,
    GeneratedSource,
    Segment,
    SubTrackSpan,
    TextKind,
    TextSource,
    Timeline,
    Track,
    Transition,
)
from edl2ffmpeg.timing import frame_at, frame_time

__all__ = ["FramePlanner"]

_ONE = Fraction(1)
_ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class _Shot:
    """A segment, and the clip that shows it.

    ``may_hold``: it may play on after its source has ended (see ``MediaPicture``).
    """

    segment: Segment
    clip: Clip
    may_hold: bool = False


@dataclass(frozen=True, slots=True)
class _Passage:
    """A transition during output frames ``[start, end)``.

    ``into`` is what it leads to where it has sources of its own.  Otherwise it leads from
    ``before`` (None: from black) to the shot of its clip.
    """

    start: int
    end: int
    transition: Transition
    into: FrameIndex[_Shot] | None = None
    before: _Shot | None = None

    def progress(self, number: int) -> Fraction:
        """(k + 1/2) / N at picture k of N."""
        return Fraction(2 * (number - self.start) + 1, 2 * (self.end - self.start))


class FramePlanner:
    """Answers ``frame(n)`` for every output frame ``0 <= n < frame_count``."""

    def __init__(self, timeline: Timeline, *, burn_subtitles: bool = True) -> None:
        """Without ``burn_subtitles`` the subtitles are no part of the picture."""
        self._rate = timeline.frame_rate
        texts = [
            track
            for track in timeline.text_tracks
            if burn_subtitles or track.kind is not TextKind.SUBTITLE
        ]
        self._tracks = [
            _TrackIndex(track, self._rate) for track in (*timeline.video_tracks, *texts)
        ]
        self.frame_count = frame_at(timeline.duration, self._rate)

    def frame(self, number: int) -> FramePlan:
        """The plan of output frame ``number``; ``IndexError`` outside the timeline."""
        if not 0 <= number < self.frame_count:
            raise IndexError(f"frame {number} is outside 0..{self.frame_count - 1}")
        time = frame_time(number, self._rate)
        layers = []
        for track in self._tracks:
            shot = track.shots.at(number)
            if shot is not None and not _is_empty(shot.segment):
                layers.append(_Moment(self._rate, number, time, track).layer_of(shot))
        return FramePlan(number, time, tuple(layers))

    def segments_between(self, start: int, end: int) -> list[Segment]:
        """The segments that frames ``[start, end)`` show, in order of track and time.

        Those of a transition that are not its clip's own follow the track's others.
        """
        found: list[Segment] = []
        for track in self._tracks:
            shots = track.shots.between(start, end)
            for passage in track.passages.between(start, end):
                if passage.into is not None:
                    shots += passage.into.between(start, end)
                elif passage.before is not None:
                    shots.append(passage.before)
            # One segment may be shown both as itself and in the transition after it.
            found += {id(shot.segment): shot.segment for shot in shots}.values()
        return found


class _TrackIndex:
    """What one track shows, how it passes from clip to clip, and what acts on it."""

    def __init__(self, track: Track, rate: Fraction) -> None:
        self.number = track.number
        self.kind = track.kind.value if isinstance(track.kind, TextKind) else "video"
        self.shots: FrameIndex[_Shot] = FrameIndex(
            (frames_of(segment.range_in_parent, rate), _Shot(segment, clip))
            for clip in track.clips
            for segment in clip.segments
        )
        self.passages: FrameIndex[_Passage] = FrameIndex(
            ((passage.start, passage.end), passage) for passage in _passages(track, rate)
        )
        # By identity; the effects themselves are held by the shots and the sub-tracks.
        self.steady_effects: dict[int, EffectPlan] = {}
        self._sub_tracks: list[FrameIndex[SubTrackSpan]] = [
            FrameIndex((frames_of(span.range_in_parent, rate), span) for span in sub_track.spans)
            for sub_track in track.sub_tracks
        ]

    def acting_at(self, number: int) -> tuple[tuple[Effect, ...], tuple[Transform, ...]]:
        """The effects and the transforms of the sub-tracks at frame ``number``, in order."""
        effects: list[Effect] = []
        transforms: list[Transform] = []
        for sub_track in self._sub_tracks:
            span = sub_track.at(number)
            if span is not None:
                effects += span.effects
                if span.transform is not None:
                    transforms.append(span.transform)
        return tuple(effects), tuple(transforms)


def _passages(track: Track, rate: Fraction) -> Iterator[_Passage]:
    before: Clip | None = None
    for clip in track.clips:
        transition = clip.transition
        if transition is not None:
            start, end = frames_of(transition.range_in_parent, rate)
            if transition.segments:
                into = FrameIndex(
                    (frames_of(segment.range_in_parent, rate), _Shot(segment, clip))
                    for segment in transition.segments
                )
                yield _Passage(start, end, transition, into=into)
            else:
                last = None
                if before is not None and frames_of(before.range_in_parent, rate)[1] == start:
                    last = _last_shot(before)
                yield _Passage(start, end, transition, before=last)
        before = clip


def _is_empty(segment: Segment) -> bool:
    """Whether there is nothing of it to be seen: a text without letters."""
    return isinstance(segment.source, TextSource) and not segment.source.text.strip()


def _last_shot(clip: Clip) -> _Shot | None:
    """What ``clip`` shows in the end, and would go on to show."""
    led_to = clip.transition.segments if clip.transition is not None else ()
    segments = led_to or clip.segments
    return _Shot(segments[-1], clip, may_hold=True) if segments else None


class _Moment:
    """One track at one output frame: makes its layer."""

    def __init__(self, rate: Fraction, number: int, time: Fraction, track: _TrackIndex) -> None:
        self._rate = rate
        self._number = number
        self._time = time
        self._track = track
        self._effects, self._transforms = track.acting_at(number)

    def layer_of(self, shot: _Shot) -> LayerPlan | TransitionPlan:
        """What the track shows; ``shot`` is the clip's own."""
        passage = self._track.passages.at(self._number)
        if passage is None:
            return self._layer(shot)
        outgoing: _Shot | None = passage.before
        incoming: _Shot | None = shot
        if passage.into is not None:
            outgoing, incoming = shot, passage.into.at(self._number)
        return TransitionPlan(
            passage.transition.look,
            passage.progress(self._number),
            self._layer(outgoing) if outgoing is not None else None,
            self._layer(incoming) if incoming is not None else None,
            self._track.number,
            passage.transition.json_path,
            self._track.kind,
        )

    def _layer(self, shot: _Shot) -> LayerPlan:
        clip, segment = shot.clip, shot.segment
        picture = self._picture(shot)
        gamma = picture.source.gamma if isinstance(picture, MediaPicture) else _ONE
        opacity, mix = _fade(clip, self._time)
        transforms: list[TransformPlan] = []
        for transform in clip.transforms + self._transforms:
            planned, share = plan_transform(transform, self._time)
            opacity *= share
            if not planned.is_nothing:
                transforms.append(planned)
        return LayerPlan(
            picture,
            self._track.number,
            segment.json_path,
            clip.json_path,
            gamma,
            mix,
            opacity,
            plan_effects(
                clip.effects + self._effects, self._time, self._number, self._track.steady_effects
            ),
            tuple(transforms),
            self._track.kind,
        )

    def _picture(self, shot: _Shot) -> Picture:
        source_time = shot.segment.source_time(self._time)
        source = shot.segment.source
        if isinstance(source, TextSource):
            return TextPicture(source)
        if isinstance(source, GeneratedSource):
            # As with media, before the first picture the first is shown.
            return GeneratedPicture(source, max(frame_at(source_time, self._rate), 0))
        return MediaPicture(source, source_time, shot.may_hold)


def _fade(clip: Clip, time: Fraction) -> tuple[Fraction, ColourMix | None]:
    """Opacity and colour mix that the clip's fades ask for at timeline ``time``."""
    fade, weight = None, _ONE
    if clip.top_fade is not None:
        top = (time - clip.range_in_parent.start) / clip.top_fade.duration
        if top < weight:
            fade, weight = clip.top_fade, top
    if clip.tail_fade is not None:
        tail = (clip.range_in_parent.end - time) / clip.tail_fade.duration
        if tail < weight:
            fade, weight = clip.tail_fade, tail
    if fade is None:
        return _ONE, None
    weight = max(weight, _ZERO)
    if fade.colour is None:
        return weight, None
    return _ONE, ColourMix(fade.colour, weight)
