"""Filters that look at neighbours, against the contract in float64.

At most one code value off, at 8 and at 10 bits: the reference works on the same samples, sigma
counts pixels at 1080 lines, and chroma is blurred on its own grid.
"""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edl2ffmpeg.frame import Frame, pixel_format
from edl2ffmpeg.plan.model import EffectPlan, TransformPlan
from edl2ffmpeg.timeline.effects import EFFECT_VALUES, EffectKind
from helpers import effect_reference
from helpers.frames import (
    Draw,
    blank_frame,
    codes,
    flat_frame,
    media_layer,
    random_frame,
    set_component,
)
from helpers.pixel_reference import values

Array = npt.NDArray[np.float64]

SIZE = (63, 47)
LAYOUTS = ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"]


def effect(kind: str, **given: Any) -> EffectPlan:
    known = EffectKind(kind)
    numbers = tuple(given.pop(name, default) for name, default in EFFECT_VALUES[known])
    return EffectPlan(known, numbers, **given)


def in_lines(pixels: float, height: int) -> float:
    """A length in pixels of this picture as the format counts it."""
    return pixels * 1080 / height


def legal_frame(width: int, height: int, layout: str, *, smooth: bool, seed: int = 1) -> Frame:
    """Samples over the whole of limited range, and none beyond it."""
    frame = random_frame(width, height, layout, smooth=smooth, seed=seed)
    scale = 2 ** (frame.format.depth - 8)
    for component in range(3):
        low, high = (16 * scale, (240 if component else 235) * scale)
        share = codes(frame, component) / (2**frame.format.depth - 1)
        set_component(frame, component, np.rint(low + share * (high - low)))
    return frame


def subsampling(layout: str, component: int) -> tuple[int, int]:
    shifts = pixel_format(layout).chroma_shift if component else (0, 0)
    return 1 << shifts[0], 1 << shifts[1]


def assert_codes(result: Frame, wanted: list[Array], most: float = 1.0) -> None:
    top = 2.0**result.format.depth - 1
    for component, reference in enumerate(wanted):
        away = np.abs(codes(result, component) - np.clip(reference, 0, top)).max()
        assert away <= most, (component, away)


# -- blur ---------------------------------------------------------------------


def gaussian(samples: Array, sigma: float, axis: int) -> Array:
    """Along one axis with the edge repeated, however far the Gaussian reaches."""
    reach = ceil(8 * sigma) + 1
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    weights /= weights.sum()
    count = samples.shape[axis]
    matrix = np.zeros((count, count))
    for row in range(count):
        np.add.at(matrix[row], np.clip(row + offsets, 0, count - 1), weights)
    return np.asarray(matrix @ samples if axis == 0 else samples @ matrix.T)


def blurred(frame: Frame, component: int, sigma: float) -> Array:
    across, down = subsampling(frame.format.name, component)
    result = gaussian(codes(frame, component), sigma / down, 0)
    return gaussian(result, sigma / across, 1)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("smooth", [False, True], ids=["random", "smooth"])
@pytest.mark.parametrize("sigma", [0.3, 1, 2.5, 8, 20, 60])
def test_blur(draw: Draw, layout: str, smooth: bool, sigma: float) -> None:
    """``sigma`` in pixels of the picture."""
    frame = legal_frame(*SIZE, layout, smooth=smooth)
    plan = effect("blur", value=in_lines(sigma, SIZE[1]))
    result = draw((layout, *SIZE), [media_layer(effects=(plan,))], [frame])
    assert_codes(result, [blurred(frame, component, sigma) for component in range(3)])


@pytest.mark.parametrize("layout", ["yuv420p", "yuv444p10le"])
@pytest.mark.parametrize("size", [(333, 151), (130, 241)])
@pytest.mark.parametrize("sigma", [5.9, 6.2, 13, 25, 60])
def test_wide_blurs(draw: Draw, layout: str, size: tuple[int, int], sigma: float) -> None:
    for smooth in (False, True):
        frame = legal_frame(*size, layout, smooth=smooth)
        plan = effect("blur", value=in_lines(sigma, size[1]))
        result = draw((layout, *size), [media_layer(effects=(plan,))], [frame])
        assert_codes(result, [blurred(frame, component, sigma) for component in range(3)])


@pytest.mark.parametrize("sigma", [1, 2.5, 8, 20, 60])
def test_a_blur_counts_pixels_at_1080_lines(draw: Draw, sigma: float) -> None:
    frame = legal_frame(*SIZE, "yuv420p", smooth=False)
    result = draw(
        ("yuv420p", *SIZE), [media_layer(effects=(effect("blur", value=sigma),))], [frame]
    )
    pixels = sigma * SIZE[1] / 1080
    assert_codes(result, [blurred(frame, component, pixels) for component in range(3)])


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 1), (1, 5), (2, 31)])
@pytest.mark.parametrize("sigma", [0.5, 4])
def test_blurs_of_tiny_pictures(draw: Draw, size: tuple[int, int], sigma: float) -> None:
    frame = legal_frame(*size, "yuv444p", smooth=False)
    plan = effect("blur", value=in_lines(sigma, size[1]))
    result = draw(("yuv444p", *size), [media_layer(effects=(plan,))], [frame])
    assert_codes(result, [blurred(frame, component, sigma) for component in range(3)])


@pytest.mark.parametrize("sigma", [1, 20])
def test_a_flat_picture_stays_flat_under_a_blur(draw: Draw, sigma: float) -> None:
    frame = blank_frame(*SIZE, "yuv420p10le")
    for component, code in enumerate((301, 802, 77)):
        set_component(frame, component, code)
    plan = effect("blur", value=in_lines(sigma, SIZE[1]))
    result = draw(("yuv420p10le", *SIZE), [media_layer(effects=(plan,))], [frame])
    assert_codes(result, [codes(frame, component) for component in range(3)], most=0)


# -- sharpen ------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("smooth", [False, True], ids=["random", "smooth"])
@pytest.mark.parametrize(("amount", "radius"), [(0.5, 1.0), (1.5, 2.5), (4.0, 8.0), (0.3, 20.0)])
def test_sharpen(draw: Draw, layout: str, smooth: bool, amount: float, radius: float) -> None:
    frame = legal_frame(*SIZE, layout, smooth=smooth)
    plan = effect("sharpen", value=amount, radius=in_lines(radius, SIZE[1]))
    result = draw((layout, *SIZE), [media_layer(effects=(plan,))], [frame])
    luma = codes(frame, 0)
    scale = 2 ** (frame.format.depth - 8)
    sharp = luma + amount * (luma - blurred(frame, 0, radius))
    assert_codes(
        result,
        [np.clip(sharp, 16 * scale, 235 * scale), codes(frame, 1), codes(frame, 2)],
        # The Gaussian that is taken away ends at 3.5 sigma, which the amount multiplies.
        most=1.0 if frame.format.depth == 8 or amount < 2 else 2.0,
    )
    for component in (1, 2):
        assert (codes(result, component) == codes(frame, component)).all()


# -- mosaic -------------------------------------------------------------------


def block_means(frame: Frame, component: int, side: float) -> Array:
    """Blocks of ``side`` pixels from the top left; a sample is where its cell's middle is."""
    samples = codes(frame, component)
    spacings = subsampling(frame.format.name, component)[::-1]
    rows, columns = (
        np.floor((np.arange(count) + 0.5) * spacing / max(side, spacing)).astype(int)
        for count, spacing in zip(samples.shape, spacings, strict=True)
    )
    result = np.empty_like(samples)
    for row in np.unique(rows):
        for column in np.unique(columns):
            block = np.ix_(rows == row, columns == column)
            result[block] = samples[block].mean()
    return result


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("side", [0.4, 1.0, 2.0, 3.0, 7.3, 16.0, 500.0])
def test_mosaic(draw: Draw, layout: str, side: float) -> None:
    for smooth in (False, True):
        frame = legal_frame(*SIZE, layout, smooth=smooth)
        plan = effect("mosaic", value=in_lines(side, SIZE[1]))
        result = draw((layout, *SIZE), [media_layer(effects=(plan,))], [frame])
        wanted = [block_means(frame, component, max(side, 1.0)) for component in range(3)]
        assert_codes(result, wanted)


# -- highlight ----------------------------------------------------------------

BRIGHT = ("brightness", {"value": 1.3})
GREY = ("saturation", {"value": 0.2})


def after(frame: Frame, *filters: tuple[str, dict[str, Any]]) -> list[Array]:
    """Code values after filters of single samples of a 4:4:4 picture."""
    scale = 2 ** (frame.format.depth - 8)
    y, u, v = (values(frame, component, codes(frame, component)) for component in range(3))
    nowhere = np.zeros_like(y)
    for kind, given in filters:
        y, u, v = effect_reference.pointwise(kind, given, y, u, v, nowhere, nowhere)
    return [(16 + 219 * y) * scale, (128 + 224 * u) * scale, (128 + 224 * v) * scale]


def plans(*filters: tuple[str, dict[str, Any]]) -> tuple[EffectPlan, ...]:
    return tuple(effect(kind, **given) for kind, given in filters)


def inside_of(mask: TransformPlan, size: tuple[int, int], parts: int = 16) -> Array:
    """How much of each pixel lies in the outline of the transformed picture."""
    width, height = size
    x, y = np.meshgrid(
        (np.arange(width * parts) + 0.5) / parts - width / 2 * (1 + mask.pan_x),
        (np.arange(height * parts) + 0.5) / parts - height / 2 * (1 + mask.pan_y),
    )
    turn = np.radians(mask.rotation)
    p = np.abs((x * np.cos(turn) + y * np.sin(turn)) / (mask.zoom_x * width / 2))
    q = np.abs((y * np.cos(turn) - x * np.sin(turn)) / (mask.zoom_y * height / 2))
    corner = 1 - mask.shape
    inside = (p <= 1) & (q <= 1)
    if corner > 0:
        beyond = np.hypot(np.maximum(p - mask.shape, 0), np.maximum(q - mask.shape, 0))
        inside = beyond <= corner
    return np.asarray(inside.reshape(height, parts, width, parts).mean(axis=(1, 3)))


MASKS = {
    "half": TransformPlan(zoom_x=0.5, zoom_y=0.5),
    "moved": TransformPlan(pan_x=0.4, pan_y=-0.3, zoom_x=0.6, zoom_y=0.4),
    "turned": TransformPlan(zoom_x=0.6, zoom_y=0.5, rotation=25),
    "ellipse": TransformPlan(zoom_x=0.7, zoom_y=0.8, shape=0),
    "turned ellipse": TransformPlan(zoom_x=0.7, zoom_y=0.4, rotation=-40, shape=0, pan_x=0.1),
    "rounded": TransformPlan(zoom_x=0.8, zoom_y=0.8, shape=0.5),
}


@pytest.mark.parametrize("layout", ["yuv444p", "yuv444p10le"])
@pytest.mark.parametrize("name", MASKS)
def test_highlight(draw: Draw, layout: str, name: str) -> None:
    size = (98, 66)
    mask = MASKS[name]
    frame = legal_frame(*size, layout, smooth=True)
    plan = effect(
        "highlight",
        mask=mask,
        inside=plans(BRIGHT, GREY),
        outside=plans(("contrast", {"value": 0.5})),
    )
    result = draw((layout, *size), [media_layer(effects=(plan,))], [frame])
    inside, outside = after(frame, BRIGHT, GREY), after(frame, ("contrast", {"value": 0.5}))
    share = inside_of(mask, size)
    for component in range(3):
        shown = codes(result, component)
        assert np.abs(shown - inside[component])[share == 1].max() <= 1
        assert np.abs(shown - outside[component])[share == 0].max() <= 1
        # At the edge the share is that of the covered area, to an eighth; where straight
        # to what 16 x 16 points can tell.
        wanted = outside[component] + (inside[component] - outside[component]) * share
        slack = 1 + np.abs(inside[component] - outside[component]) * (
            0.04 if mask.rotation == 0 and mask.shape == 1 else 0.12
        )
        assert (np.abs(shown - wanted) <= slack).all()


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p10le"])
def test_the_mask_of_chroma_lies_on_that_of_luma(draw: Draw, layout: str) -> None:
    size = (128, 96)
    frame = blank_frame(*size, layout)
    scale = 2 ** (frame.format.depth - 8)
    for component, code in enumerate((100, 200, 60)):
        set_component(frame, component, code * scale)
    plan = effect(
        "highlight",
        mask=TransformPlan(zoom_x=0.5, zoom_y=0.5, pan_x=0.25),
        inside=plans(("contrast", {"value": 0}), ("saturation", {"value": 0})),
    )
    result = draw((layout, *size), [media_layer(effects=(plan,))], [frame])
    for component, (outside, inside) in enumerate(((100, 125.5), (200, 128), (60, 128))):
        across, down = subsampling(layout, component)
        wanted = np.full(codes(result, component).shape, outside * scale)
        wanted[24 // down : 72 // down, 48 // across : 112 // across] = inside * scale
        assert np.abs(codes(result, component) - wanted).max() <= 1


@pytest.mark.parametrize("feather", [8.0, 30.0])
def test_a_feather_is_a_ramp_as_wide_as_it_says(draw: Draw, feather: float) -> None:
    size = (120, 80)
    frame = blank_frame(*size, "yuv444p10le")
    for component, code in enumerate((200, 512, 512)):
        set_component(frame, component, code)
    curve = ((0.0, 1.0), (1.0, 1.0))
    plan = effect(
        "highlight",
        feather=in_lines(feather, size[1]),
        mask=TransformPlan(zoom_x=0.5, zoom_y=4),
        inside=(EffectPlan(EffectKind.BRIGHTNESS, (1.0,), curve),),
    )
    result = draw(("yuv444p10le", *size), [media_layer(effects=(plan,))], [frame])
    x = np.arange(size[0]) + 0.5
    share = np.clip(0.5 + np.minimum(x - 30, 90 - x) / feather, 0, 1)
    wanted = np.broadcast_to(200 + share * (940 - 200), (80, 120))
    assert_codes(result, [wanted, np.full((80, 120), 512.0), np.full((80, 120), 512.0)])


def test_without_a_mask_all_is_inside(draw: Draw) -> None:
    frame = legal_frame(*SIZE, "yuv444p", smooth=True)
    plan = effect("highlight", inside=plans(BRIGHT), outside=plans(GREY))
    result = draw(("yuv444p", *SIZE), [media_layer(effects=(plan,))], [frame])
    assert_codes(result, after(frame, BRIGHT))


def test_filters_of_neighbours_inside_a_highlight(draw: Draw) -> None:
    size = (96, 64)
    frame = legal_frame(*size, "yuv420p", smooth=False)
    plan = effect(
        "highlight",
        mask=TransformPlan(zoom_x=0.5, zoom_y=0.5),
        inside=plans(("blur", {"value": in_lines(3, 64)})),
        outside=plans(("mosaic", {"value": in_lines(8, 64)})),
    )
    result = draw(("yuv420p", *size), [media_layer(effects=(plan,))], [frame])
    wanted = []
    for component in range(3):
        across, down = subsampling("yuv420p", component)
        picture = block_means(frame, component, 8)
        middle = np.s_[16 // down : 48 // down, 24 // across : 72 // across]
        picture[middle] = blurred(frame, component, 3)[middle]
        wanted.append(picture)
    assert_codes(result, wanted)


@pytest.mark.parametrize("layout", ["yuv444p", "yuv444p10le"])
def test_a_crop_inside_a_highlight_shows_what_is_beneath(draw: Draw, layout: str) -> None:
    size = (96, 64)
    below = legal_frame(*size, layout, smooth=True, seed=3)
    frame = legal_frame(*size, layout, smooth=True)
    plan = effect(
        "highlight",
        mask=TransformPlan(zoom_x=0.5, zoom_y=0.5),
        inside=plans(("crop", {"left": 0.5})),
        outside=plans(("crop", {"bottom": 0.125})),
    )
    layers = [media_layer(), media_layer(track=2, effects=(plan,))]
    result = draw((layout, *size), layers, [below, frame])
    wanted = []
    for component in range(3):
        across, down = subsampling(layout, component)
        picture = codes(frame, component).copy()
        for hole in (
            np.s_[16 // down : 48 // down, 24 // across : 48 // across],
            np.s_[56 // down :, :],
        ):
            picture[hole] = codes(below, component)[hole]
        wanted.append(picture)
    assert_codes(result, wanted)


def test_what_is_transparent_does_not_colour_a_feathered_edge(draw: Draw) -> None:
    """Inside is white, but wholly cropped: the edge fades from grey to what is beneath."""
    size = (120, 80)
    grey, below = (blank_frame(*size, "yuv444p") for _ in range(2))
    for component in range(3):
        set_component(grey, component, 128)
        set_component(below, component, (16, 128, 128)[component])
    white = EffectPlan(EffectKind.BRIGHTNESS, (1.0,), ((0.0, 1.0), (1.0, 1.0)))
    plan = effect(
        "highlight",
        feather=in_lines(40, size[1]),
        mask=TransformPlan(zoom_x=0.5, zoom_y=4),
        inside=(white, effect("crop", left=1.0)),
    )
    layers = [media_layer(), media_layer(track=2, effects=(plan,))]
    result = draw(("yuv444p", *size), layers, [below, grey])
    x = np.arange(size[0]) + 0.5
    inside = np.clip(0.5 + np.minimum(x - 30, 90 - x) / 40, 0, 1)
    wanted = np.broadcast_to(16 + (128 - 16) * (1 - inside), (80, 120))
    assert np.abs(codes(result, 0) - wanted).max() <= 1


# -- filters, and what comes before and after ---------------------------------


def test_filters_follow_each_other_in_order(draw: Draw) -> None:
    frame = legal_frame(*SIZE, "yuv444p", smooth=True)
    chain = (*plans(BRIGHT), effect("mosaic", value=in_lines(8, SIZE[1])), *plans(GREY))
    result = draw(("yuv444p", *SIZE), [media_layer(effects=chain)], [frame])
    between = blank_frame(*SIZE, "yuv444p10le")
    for component, picture in enumerate(after(frame, BRIGHT)):
        set_component(between, component, np.rint(picture * 4))
    for component in range(3):
        set_component(between, component, np.rint(block_means(between, component, 8)))
    assert_codes(result, [part / 4 for part in after(between, GREY)])


def test_filters_are_done_at_the_fitted_size(draw: Draw) -> None:
    """A small square is enlarged to the picture's height first; its bars stay black."""
    frame = legal_frame(32, 32, "yuv420p", smooth=True)
    size = (96, 64)
    plan = effect("blur", value=in_lines(6, 64))
    plain = draw(("yuv444p", *size), [media_layer()], [frame])
    result = draw(("yuv444p", *size), [media_layer(effects=(plan,))], [frame])
    for component in range(3):
        picture = codes(plain, component)
        picture[:, 16:80] = gaussian(gaussian(picture[:, 16:80], 6, 0), 6, 1)
        assert np.abs(codes(result, component) - picture).max() <= 1.5


@pytest.mark.parametrize("kind", ["blur", "mosaic"])
def test_what_is_transparent_brings_no_colour_in(draw: Draw, kind: str) -> None:
    """A white disc on transparent black, over white, stays white all over."""
    picture = flat_frame(96, 64, "rgba", (0, 0, 0, 0))
    y, x = np.mgrid[0:64, 0:96]
    inside = np.hypot(x - 48, y - 32) < 20
    for component in range(4):
        set_component(picture, component, np.where(inside, 255, 0))
    beneath = flat_frame(96, 64, "yuv444p", (235, 128, 128))
    value = 200.0 if kind == "blur" else 250.0
    plan = EffectPlan(EffectKind(kind), (value,))
    layers = [media_layer(), media_layer(track=2, effects=(plan,))]
    shown = draw(("yuv444p", 96, 64), layers, [beneath, picture])
    for component, code in enumerate((235, 128, 128)):
        assert np.abs(codes(shown, component) - code).max() <= 1
