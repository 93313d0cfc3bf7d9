"""Turns the clips of subtitle and burnin tracks into the timeline's; it draws no text."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from edl2ffmpeg.edl.clips import TextClip
from edl2ffmpeg.edl.problems import Place
from edl2ffmpeg.edl.sources import TextSource as TextModel
from edl2ffmpeg.timeline.clip_reader import read_fade
from edl2ffmpeg.timeline.effect_reader import read_effects
from edl2ffmpeg.timeline.model import Clip, Source, StreamKind, TextSource, TimeRange
from edl2ffmpeg.timeline.segments import AnySource, SourceReader, exact, lay_out
from edl2ffmpeg.timeline.text import TextFormat, text_format
from edl2ffmpeg.timeline.transform_reader import motion_transforms
from edl2ffmpeg.timeline.transition_reader import read_transition

__all__ = ["read_text_clip"]


@dataclass
class _TextReader(SourceReader):
    """Reads texts as well, in the format of their clip."""

    format: TextFormat = field(default_factory=TextFormat)

    def read(self, source: AnySource, kind: StreamKind, place: Place) -> Source | None:
        if isinstance(source, TextModel):
            return TextSource(source.text or "", self.format)
        return super().read(source, kind, place)


def read_text_clip(
    index: int,
    clip: TextClip,
    trimmed_end: Fraction | None,
    rate: Fraction,
    reader: SourceReader,
) -> Clip:
    """The ``index``-th clip of the file; ``trimmed_end`` is its end where that moved."""
    place: Place = ("clips", index)
    end = exact(clip.out) if trimmed_end is None else trimmed_end
    clip_range = TimeRange(exact(clip.in_), end)
    texts = _TextReader(
        reader.base_folder,
        reader.resolve,
        reader.locations,
        reader.log,
        reader.warnings,
        format=text_format(clip),
    )
    _judge_motion(clip, (*place, "motion"), reader)
    return Clip(
        clip_range,
        lay_out(clip, StreamKind.VIDEO, clip_range, rate, place, texts),
        f"clips[{index}]",
        read_fade(clip.top_fade, clip.top_fade_yuv, clip, (*place, "topFade"), reader),
        read_fade(clip.tail_fade, clip.tail_fade_yuv, clip, (*place, "tailFade"), reader),
        clip.sync,
        read_effects(clip.effects or (), clip_range.start, (*place, "effects"), reader),
        motion_transforms(clip.motion, (*place, "motion")),
        read_transition(clip.transition, clip_range, rate, (*place, "transition"), reader),
    )


def _judge_motion(clip: TextClip, place: Place, reader: SourceReader) -> None:
    motion = clip.motion
    if motion is not None and (motion.offset or motion.duration or motion.bezier):
        reader.warn(place, "has a timing, which has no effect on a text")
