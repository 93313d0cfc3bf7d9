from __future__ import annotations

from typing import Any

import pytest

from edl2ffmpeg.compositor.cpu import CpuCompositor
from edl2ffmpeg.frame import Frame, pixel_format
from edl2ffmpeg.plan.model import LayerPlan
from helpers.frames import Allocator, Draw, frame_plan, padding_is_untouched


@pytest.fixture
def draw() -> Draw:
    """Composite layers onto a new frame of (pixel format, width, height), padding checked."""

    def composite(
        output: tuple[str, int, int],
        layers: list[LayerPlan],
        pictures: list[Frame | None],
        **options: Any,
    ) -> Frame:
        layout, width, height = output
        allocate = Allocator(width, height, layout)
        with CpuCompositor(width, height, pixel_format(layout), allocate, **options) as compositor:
            result = compositor.compose(frame_plan(*layers), pictures)
        assert all(padding_is_untouched(frame) for frame in allocate.frames)
        return result

    return composite
