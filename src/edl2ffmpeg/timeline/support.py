"""What the format allows and this version does not render; it judges no values."""

from __future__ import annotations

from collections.abc import Iterable

from edl2ffmpeg.edl.clips import AnyClip, AudioClip, CaptionClip, Clip
from edl2ffmpeg.edl.problems import Place, ProblemLog

__all__ = ["find_unsupported", "is_rendered"]

_FEATURES = (
    ("motion", "motion", "'motion' of sound (its timing)"),
    ("transition", "transition", "'transition' of sound"),
    ("channel_map", "channelMap", "'channelMap'"),
)


def is_rendered(clip: Clip) -> bool:
    """Whether this version renders the clip's track."""
    track = clip.__dict__["track"]
    return track.type in ("video", "subtitle", "burnin") or isinstance(clip, AudioClip)


def find_unsupported(clips: Iterable[tuple[int, AnyClip]], log: ProblemLog) -> None:
    """Notes each track (once) and each feature of a clip that is not rendered."""
    refused: dict[tuple[str, int, str, int], tuple[Place, str, int]] = {}
    for index, clip in clips:
        if isinstance(clip, AudioClip):
            _note_features(index, clip, log)
        elif not is_rendered(clip) and not isinstance(clip, CaptionClip):
            key = clip.track.key
            place, what, count = refused.get(key) or (*_track_feature(index, clip), 0)
            refused[key] = (place, what, count + 1)
    for place, what, count in refused.values():
        clips_text = "1 clip is" if count == 1 else f"{count} clips are"
        log.add(place, f"{what}; {clips_text} on it", unsupported=True)


def _note_features(index: int, clip: AudioClip, log: ProblemLog) -> None:
    fields = clip.__dict__
    for attribute, key, name in _FEATURES:
        if fields.get(attribute):
            log.add(
                ("clips", index, key),
                f"{name} is not rendered by this version; remove it",
                unsupported=True,
            )


def _track_feature(index: int, clip: AnyClip) -> tuple[Place, str]:
    return ("clips", index, "track", "subtype"), (
        f"{clip.track} is not rendered by this version, which mixes plain audio tracks only"
    )
