from __future__ import annotations

from edl2ffmpeg.compositor.canvas import CanvasPool, canvas_layout
from edl2ffmpeg.compositor.cpu import CpuCompositor
from edl2ffmpeg.frame import pixel_format
from edl2ffmpeg.plan.model import TransformPlan
from helpers.frames import Allocator, frame_plan, media_layer, random_frame

LAYOUT = canvas_layout(pixel_format("yuv420p"))


def test_a_canvas_that_was_given_back_is_lent_again() -> None:
    pool = CanvasPool()
    with pool.lent(64, 36, LAYOUT) as first, pool.lent(64, 36, LAYOUT) as second:
        assert first is not second
    with pool.lent(64, 36, LAYOUT), pool.lent(64, 36, LAYOUT):
        pass
    assert pool.allocated == 2


def test_canvases_of_ever_new_sizes_do_not_pile_up() -> None:
    pool = CanvasPool()
    for width in range(1000, 1400):
        with pool.lent(width, 1000, LAYOUT):
            pass
    kept = sum(plane.pitch * plane.rows for frame in pool._free for plane in frame.planes)
    assert 0 < kept <= 96 * 2**20


def test_an_animated_turn_and_zoom_allocates_few_canvases() -> None:
    size = (320, 180)
    frame = random_frame(*size, "yuv420p", smooth=True)
    allocate = Allocator(*size, "yuv420p")
    with CpuCompositor(*size, pixel_format("yuv420p"), allocate) as compositor:
        for step in range(200):
            zoom = 1.2 - step / 250
            transform = TransformPlan(rotation=step / 3 + 1, zoom_x=zoom, zoom_y=zoom)
            compositor.compose(frame_plan(media_layer(transforms=(transform,))), [frame])
        assert compositor._canvases.allocated < 30
