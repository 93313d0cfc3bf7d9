"""Transforms against the contract in float64, and luma against chroma."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edl2ffmpeg.compositor.canvas import CanvasPool
from edl2ffmpeg.frame import Frame, pixel_format
from edl2ffmpeg.plan.model import TransformPlan
from helpers.frames import Draw, codes, media_layer, random_frame, set_component
from helpers.pixel_reference import psnr
from helpers.transform_reference import Place, covered, place, sampled

SIZE = (96, 64)
STRAIGHT: list[dict[str, Any]] = [
    {"pan_x": 0.25},
    {"pan_x": 0.137, "pan_y": -0.291},
    {"zoom_x": 1.7, "zoom_y": 1.7},
    {"zoom_x": 0.43, "zoom_y": 0.61, "pan_x": 0.3},
    {"zoom_x": 2.5, "zoom_y": 0.8, "pan_y": 0.4},
    {"flip": True},
    {"flip": True, "zoom_x": 0.7, "zoom_y": 0.7, "pan_x": -0.2},
    {"zoom_x": -1.3, "zoom_y": -0.9},
]
TURNED: list[dict[str, Any]] = [
    {"rotation": 12.0},
    {"rotation": 90.0},
    {"rotation": -33.0, "zoom_x": 1.4, "zoom_y": 1.4, "pan_x": 0.2},
    {"rotation": 200.0, "zoom_x": 1.2, "zoom_y": 1.9},
    {"rotation": 45.0, "flip": True},
]
LAYOUTS = ["yuv420p", "yuv422p", "yuv444p10le"]


def whole(steps: list[dict[str, Any]], size: tuple[int, int] = SIZE) -> Place:
    return place(size, (0, 0, *size), size, steps)


def drawn(draw: Draw, frame: Frame, steps: list[dict[str, Any]], layout: str) -> Frame:
    plans = tuple(TransformPlan(**step) for step in steps)
    return draw((layout, *SIZE), [media_layer(transforms=plans)], [frame])


def near_to(covered: Any) -> Any:
    """Cells that are covered, or next to one that is."""
    height, width = covered.shape
    padded = np.pad(covered, 1)
    moved = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return np.logical_or.reduce(moved)


def assert_like(
    result: Frame, frame: Frame, where: Place, layout: str, edge: float, most: float
) -> None:
    """Inside within ``most`` code values at 8 bits, edges within ``edge`` of coverage."""
    output = (pixel_format(layout), *SIZE)
    scale = 2.0 ** (output[0].depth - 8)
    for component in range(3):
        picture = sampled(frame, component, where, output, component)
        picture = np.clip(picture, 0, 2.0 ** output[0].depth - 1)
        share = covered(where, SIZE, output, component)
        beneath = (16 if component == 0 else 128) * scale
        shown = codes(result, component)
        inside = share == 1
        if inside.any():
            assert psnr(shown[inside], picture[inside], 255 * scale) >= 50
            assert np.abs(shown[inside] - picture[inside]).max() <= most * scale
        near = near_to(share > 0)
        assert (shown[~near] == beneath).all()
        # A corner may reach a little into the cell next to it.
        between = near & (share < 1)
        wanted = share * picture + (1 - share) * beneath
        assert (np.abs(shown - wanted)[between] <= edge * 255 * scale + most * scale).all()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("step", STRAIGHT, ids=str)
def test_straight(draw: Draw, layout: str, step: dict[str, Any]) -> None:
    frame = random_frame(*SIZE, layout, smooth=True)
    result = drawn(draw, frame, [step], layout)
    assert_like(result, frame, whole([step]), layout, edge=0.08, most=1.0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("step", TURNED, ids=str)
def test_turned(draw: Draw, layout: str, step: dict[str, Any]) -> None:
    frame = random_frame(*SIZE, layout, smooth=True)
    result = drawn(draw, frame, [step], layout)
    assert_like(result, frame, whole([step]), layout, edge=0.3, most=2.0)


def test_transforms_follow_each_other(draw: Draw) -> None:
    steps = [{"zoom_x": 0.8, "zoom_y": 0.8, "pan_x": 0.2}, {"zoom_x": 1.5, "zoom_y": 1.1}]
    frame = random_frame(*SIZE, "yuv420p", smooth=True)
    result = drawn(draw, frame, steps, "yuv420p")
    assert_like(result, frame, whole(steps), "yuv420p", edge=0.08, most=1.0)


def test_a_move_by_whole_chroma_cells_is_a_copy(draw: Draw) -> None:
    frame = random_frame(*SIZE, "yuv420p")
    result = drawn(draw, frame, [{"pan_x": 8 / 48, "pan_y": -6 / 32}], "yuv420p")
    assert (codes(result, 0)[:58, 8:] == codes(frame, 0)[6:, :88]).all()
    assert (codes(result, 1)[:29, 4:] == codes(frame, 1)[3:, :44]).all()
    assert (codes(result, 2)[:29, 4:] == codes(frame, 2)[3:, :44]).all()


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p", "yuv444p"])
@pytest.mark.parametrize(
    "step",
    [
        {"pan_x": 7 / 48},
        {"pan_x": 3.4 / 48, "pan_y": 1.7 / 32},
        {"zoom_x": 1.31, "zoom_y": 1.31},
        {"rotation": 17.0},
        {"rotation": -71.0, "pan_x": 2.3 / 48, "zoom_x": 1.2, "zoom_y": 1.2},
    ],
    ids=str,
)
def test_luma_and_chroma_stay_registered(draw: Draw, layout: str, step: dict[str, Any]) -> None:
    """A soft wave in all components, sampled at their sites, must come out at their sites."""
    frame = random_frame(*SIZE, layout)
    kind = pixel_format(layout)
    from helpers.pixel_reference import sites

    def wave(x: Any, y: Any) -> Any:
        return 128 + 60 * np.sin(x / 9.0 + 0.5) * np.cos(y / 7.0)

    for component in range(3):
        left, top = sites(kind, component, SIZE)
        set_component(frame, component, np.rint(wave(*np.meshgrid(left, top))))
    result = drawn(draw, frame, [step], layout)
    where = whole([step])
    for component in range(3):
        left, top = sites(kind, component, SIZE)
        px, py = where.source_of(*np.meshgrid(left, top))
        inside = (px > 6) & (px < SIZE[0] - 6) & (py > 6) & (py < SIZE[1] - 6)
        away = codes(result, component) - wave(px, py)
        # A shift of a tenth of a pixel would show as a mean slope of 0.6 codes or more.
        slope = np.cos(px / 9.0 + 0.5) * np.cos(py / 7.0)
        drift = float((away * slope)[inside].sum() / (slope**2)[inside].sum()) / (60 / 9.0)
        assert abs(drift) < 0.05, component


@pytest.mark.parametrize(
    "step",
    [
        {"zoom_x": 0.0, "zoom_y": 0.0},
        {"zoom_x": 0.0},
        {"zoom_x": 1e9, "zoom_y": 1e9},
        {"zoom_x": 1e-9, "zoom_y": 1e-9},
        {"pan_x": 1e12},
        {"rotation": 1e15},
        {"rotation": 30.0, "zoom_x": 1e7, "zoom_y": 1e7},
        {"rotation": 30.0, "zoom_x": 1e-7, "zoom_y": 1e-7},
        {"rotation": 45.0, "zoom_x": 1e6, "zoom_y": 1e-6},
    ],
    ids=str,
)
def test_absurd_transforms_draw_something_or_nothing(draw: Draw, step: dict[str, Any]) -> None:
    frame = random_frame(*SIZE, "yuv420p", smooth=True)
    drawn(draw, frame, [step], "yuv420p")


def test_a_shape_of_0_is_an_ellipse(draw: Draw) -> None:
    frame = random_frame(*SIZE, "yuv444p", smooth=True)
    for component in range(3):
        set_component(frame, component, 200)
    result = drawn(draw, frame, [{"shape": 0.0}], "yuv444p")
    y, x = np.mgrid[0:64, 0:96] + 0.5
    distance = np.hypot((x - 48) / 48, (y - 32) / 32)
    shown = codes(result, 0)
    assert (shown[distance < 0.96] == 200).all()
    assert (shown[distance > 1.04] == 16).all()
    # The area of the ellipse.
    assert ((shown - 16) / 184).mean() == pytest.approx(np.pi / 4, abs=0.004)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_turned_picture_shows_nothing_of_what_was_drawn_before(
    draw: Draw, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = random_frame(48, 32, "yuva420p", smooth=True)
    take = CanvasPool.take
    shown = []
    for left_over in (0, 32_767):

        def taken(pool: CanvasPool, *shape: Any, code: int = left_over) -> Frame:
            canvas = take(pool, *shape)
            for component in range(len(canvas.format.components)):
                canvas.array(component)[:] = code
            return canvas

        monkeypatch.setattr(CanvasPool, "take", taken)
        shown.append(drawn(draw, frame, [{"rotation": 15.0, "zoom_x": 0.6, "zoom_y": 0.5}], layout))
    for component in range(3):
        assert (codes(shown[0], component) == codes(shown[1], component)).all()
