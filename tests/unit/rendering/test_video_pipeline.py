"""Every picture of a plan is decoded, and only what should not end early is told of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import edl2ffmpeg
from edl2ffmpeg.compositor.compositor import CompositorCounters
from edl2ffmpeg.errors import DecodeError
from edl2ffmpeg.frame import Frame
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.plan.model import FramePlan
from edl2ffmpeg.rendering.video_pipeline import VideoPipeline
from helpers.edl_factory import document, generated, media, video_clip, write_edl
from helpers.frames import blank_frame
from helpers.media_factory import ClipLibrary

DISSOLVE = {"type": "dissolve", "duration": 0.5}


class Recorder:
    """A compositor that draws nothing and remembers what it was given."""

    def __init__(self) -> None:
        self.counters = CompositorCounters()
        self.seen: list[tuple[FramePlan, list[bool]]] = []

    def compose(self, plan: FramePlan, pictures: Sequence[Frame | None]) -> Frame:
        self.seen.append((plan, [picture is not None for picture in pictures]))
        return blank_frame(16, 16, "yuv420p")

    def close(self) -> None: ...


def run(tmp_path: Path, *clips: Any, strict: bool = False) -> tuple[Recorder, list[str]]:
    timeline = edl2ffmpeg.load_timeline(write_edl(tmp_path, document(*clips)))
    planner, recorder = FramePlanner(timeline), Recorder()
    with (
        DecoderPool(AccessRules(), 1) as decoders,
        VideoPipeline(
            planner,
            decoders,
            recorder,  # type: ignore[arg-type]
            (0, planner.frame_count),
            strict=strict,
        ) as pipeline,
    ):
        assert sum(1 for _ in pipeline) == planner.frame_count
        return recorder, pipeline.warnings


def test_both_legs_of_a_transition_are_decoded(clips: ClipLibrary, tmp_path: Path) -> None:
    file = clips["h264_30_mp4"].path
    recorder, warnings = run(
        tmp_path,
        video_clip(media(file, 0, 1), 0, 1),
        video_clip(media(file, 2, 3), 1, 2, transition=DISSOLVE),
        video_clip(generated("black", 2), 0, 2, number=2),
    )
    for plan, given in recorder.seen:
        assert len(given) == len(plan.pictures)
        media_then_black = 2 if 30 <= plan.number < 45 else 1
        assert given == [True] * media_then_black + [False]
    assert warnings == []


@pytest.mark.parametrize("strict", [False, True])
def test_the_outgoing_picture_may_be_held(strict: bool, clips: ClipLibrary, tmp_path: Path) -> None:
    file = clips["h264_30_mp4"].path  # 4 s long: nothing is left of it for the dissolve
    _, warnings = run(
        tmp_path,
        video_clip(media(file, 3, 4), 0, 1),
        video_clip(media(file, 0, 1), 1, 2, transition=DISSOLVE),
        strict=strict,
    )
    assert warnings == []


def test_a_transitions_own_source_may_not_end_early(clips: ClipLibrary, tmp_path: Path) -> None:
    file = clips["h264_30_mp4"].path
    late = {"type": "dissolve", "source": media(file, 3.5, 4.5)}
    clip = video_clip(media(file, 0, 1), 0, 1, transition=late)
    _, warnings = run(tmp_path, clip)
    assert len(warnings) == 1
    assert warnings[0].startswith("clips[0].transition.source: ")
    assert "held for 15 frames from frame 15" in warnings[0]
    with pytest.raises(DecodeError, match=r"clips\[0\]\.transition\.source"):
        run(tmp_path, clip, strict=True)
