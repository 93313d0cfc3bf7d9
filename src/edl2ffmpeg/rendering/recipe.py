"""What all parts of one render have in common, as a value that can be sent to another process."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from hashlib import sha256

from edl2ffmpeg.devices.selection import DeviceDecision
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_formats import AudioOutput
from edl2ffmpeg.media.formats import ContainerFormat, VideoOutput
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline.model import Timeline

__all__ = ["Recipe", "access_rules"]


def access_rules(settings: RenderSettings) -> AccessRules:
    """What the settings allow an EDL to open."""
    return AccessRules(settings.allow_protocols, settings.restrict, settings.locations)


@dataclass(frozen=True)
class Recipe:
    """A render but for which frames of it.

    ``frame_range`` are the output frames of the whole movie, ``encoder_threads`` the threads of
    each encoder, on which the bytes that it makes depend.
    """

    timeline: Timeline
    settings: RenderSettings
    frame_range: tuple[int, int]
    container: ContainerFormat
    video: VideoOutput
    audio: AudioOutput | None
    device: DeviceDecision
    encoder_threads: int

    @property
    def access(self) -> AccessRules:
        """What may be opened."""
        return access_rules(self.settings)

    def packed(self) -> tuple[str, bytes]:
        """The recipe for another process, and a name that tells it from others."""
        data = pickle.dumps(self, protocol=pickle.HIGHEST_PROTOCOL)
        return sha256(data).hexdigest(), data

    @staticmethod
    def unpacked(data: bytes) -> Recipe:
        """The recipe that ``packed`` has packed."""
        recipe = pickle.loads(data)
        assert isinstance(recipe, Recipe)
        return recipe
