"""What the format allows and this version does not render; it judges no values."""

from __future__ import annotations

from collections.abc import Iterable

from edl2ffmpeg.edl.clips import AnyClip, AudioClip, CaptionClip, Clip, PlainClip, VideoClip
from edl2ffmpeg.edl.problems import Place, ProblemLog

__all__ = ["find_unsupported", "is_rendered"]

_FEATURES = (
    ("motion", "motion", "'motion' (transform and timing of a clip)"),
    ("transition", "transition", "'transition'"),
    ("effects", "effects", "'effects' of a clip"),
    ("channel_map", "channelMap", "'channelMap'"),
)


def is_rendered(clip: Clip) -> bool:
    """Whether this version renders the clip's track."""
    if isinstance(clip, VideoClip):
        return clip.track.number == 1
    return isinstance(clip, AudioClip)


def find_unsupported(clips: Iterable[tuple[int, AnyClip]], log: ProblemLog) -> None:
    """Notes each track (once) and each feature of a clip that is not rendered."""
    refused: dict[tuple[str, int, str, int], tuple[Place, str, int]] = {}
    for index, clip in clips:
        if is_rendered(clip):
            _note_features(index, clip, log)
        elif not isinstance(clip, CaptionClip):
            key = clip.track.key
            place, what, count = refused.get(key) or (*_track_feature(index, clip), 0)
            refused[key] = (place, what, count + 1)
    for place, what, count in refused.values():
        clips_text = "1 clip is" if count == 1 else f"{count} clips are"
        log.add(place, f"{what}; {clips_text} on it", unsupported=True)


def _note_features(index: int, clip: AnyClip, log: ProblemLog) -> None:
    fields = clip.__dict__
    for attribute, key, name in _FEATURES:
        # An empty list of effects asks for nothing.
        if fields.get(attribute):
            log.add(
                ("clips", index, key),
                f"{name} is not rendered by this version; remove it",
                unsupported=True,
            )


def _track_feature(index: int, clip: AnyClip) -> tuple[Place, str]:
    track = ("clips", index, "track")
    if not isinstance(clip, PlainClip):
        return (*track, "subtype"), (
            f"{clip.track} is not rendered by this version, which draws and mixes plain tracks only"
        )
    if isinstance(clip, VideoClip):
        return (*track, "number"), (
            f"{clip.track} is not rendered by this version; only video track 1 is"
        )
    return (*track, "type"), (f"{clip.track} is not rendered by this version, which draws no text")
