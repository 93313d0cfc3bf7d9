"""Two hundred random EDLs with every feature, and the same frames by any number of threads."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import edl2ffmpeg
from edl2ffmpeg.compositor import canvas
from edl2ffmpeg.frame import Frame, PixelFormat
from edl2ffmpeg.rendering import compositing
from helpers.edl_factory import write_edl
from helpers.looks import LookMedia, random_look_edls
from helpers.rendering import render_edl

# A failing EDL is told as it was found: to shrink one takes minutes.
relaxed = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@settings(relaxed, max_examples=200, phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_two_hundred_random_edls_with_every_feature(
    look_media: LookMedia, data: st.DataObject
) -> None:
    edl, frames = data.draw(random_look_edls(look_media))
    with tempfile.TemporaryDirectory() as name:
        result = render_edl(Path(name), edl)
    assert result.frames == frames
    assert result.warnings == ()


def composed(path: Path, threads: int, left_over: int) -> list[tuple[npt.NDArray[Any], ...]]:
    """Every frame, drawn by so many threads on canvases that hold ``left_over`` at first."""
    take = canvas.CanvasPool.take

    def taken(pool: canvas.CanvasPool, width: int, height: int, layout: PixelFormat) -> Frame:
        found = take(pool, width, height, layout)
        for component in range(len(layout.components)):
            found.array(component)[:] = left_over
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canvas.CanvasPool, "take", taken)
        patch.setattr(compositing, "compositor_threads", lambda _: threads)
        with edl2ffmpeg.open_frames(path, format="yuv420p") as reader:
            found = [tuple(plane.copy() for plane in frame.planes) for frame in reader]
            assert reader.warnings == []
    return found


@settings(relaxed, max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_frames_depend_neither_on_threads_nor_on_what_was_drawn_before(
    look_media: LookMedia, data: st.DataObject
) -> None:
    edl, frames = data.draw(random_look_edls(look_media))
    with tempfile.TemporaryDirectory() as name:
        path = write_edl(Path(name), edl)
        made = [composed(path, threads, left) for threads, left in ((1, 0), (3, 32_767))]
    assert len(made[0]) == len(made[1]) == frames
    for number, both in enumerate(zip(*made, strict=True)):
        for component, (first, second) in enumerate(zip(*both, strict=True)):
            assert np.array_equal(first, second), (number, component)
