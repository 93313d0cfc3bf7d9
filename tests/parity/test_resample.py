"""Scaling, fitting, turning and chroma registration, against the same filter in float64."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edl2ffmpeg.compositor.cpu import CpuCompositor
from edl2ffmpeg.compositor.geometry import Fit, place, upright
from edl2ffmpeg.frame import Colour, Frame, Matrix, pixel_format
from helpers import pixel_reference as reference
from helpers.frames import (
    Allocator,
    Draw,
    blank_frame,
    codes,
    flat_frame,
    frame_plan,
    media_layer,
    padding_is_untouched,
    random_frame,
    set_component,
)

Array = npt.NDArray[np.float64]
Sizes = tuple[int, int, int, int]

LAYOUTS = ["yuv420p", "nv12", "yuv422p10le", "yuv444p16le", "p010le", "rgb24", "yuva420p"]
SIZES = [
    (90, 60, 135, 90), (64, 48, 128, 96), (120, 90, 60, 45), (97, 71, 41, 33), (33, 21, 97, 62),
    (200, 120, 24, 16),
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("output", ["yuv420p", "yuv422p10le"])
def test_scaling(draw: Draw, layout: str, sizes: Sizes, output: str) -> None:
    source = random_frame(*sizes[:2], layout)
    size = sizes[2:]
    result = draw((output, *size), [media_layer()], [source], fit=Fit.STRETCH)
    expected = reference.layer(source, (pixel_format(output), *size))
    peak = 2.0 ** pixel_format(output).depth - 1
    for component in range(3):
        assert reference.psnr(codes(result, component), expected[component], peak) >= 50


@pytest.mark.parametrize("fit", list(Fit))
@pytest.mark.parametrize("aspect", [0.5, 1.0, 64 / 45])
def test_fits(draw: Draw, fit: Fit, aspect: float) -> None:
    source = random_frame(50, 40, "yuv420p", Colour(Matrix.BT601), sample_aspect_ratio=aspect)
    output = (pixel_format("yuv420p"), 96, 54)
    result = draw(("yuv420p", 96, 54), [media_layer()], [source], fit=fit)
    placement = place(upright(50, 40, aspect, 0), (96, 54), fit, (2, 2))
    target = placement.target
    crop = (
        float(placement.crop_left),
        float(placement.crop_top),
        float(placement.crop_width),
        float(placement.crop_height),
    )
    edges = (target.left, target.top, target.right, target.bottom)
    expected = reference.layer(source, output, crop=crop, rectangle=edges)
    for component in range(3):
        shift = 1 if component else 0
        left, top, right, bottom = (edge >> shift for edge in edges)
        picture = codes(result, component)
        inside = picture[top:bottom, left:right].copy()
        assert np.abs(inside - expected[component]).max() <= 1.0
        picture[top:bottom, left:right] = (16, 128, 128)[component]
        assert (picture == (16, 128, 128)[component]).all()


@pytest.mark.parametrize(
    "layout", ["yuv420p", "yuv422p", "nv12", "yuv444p10le", "rgb24", "yuva444p"]
)
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_turns_samples(draw: Draw, layout: str, rotation: int) -> None:
    source = random_frame(38, 26, layout, rotation=rotation)
    size = (38, 26) if rotation == 180 else (26, 38)
    straight = blank_frame(38, 26, source.format, source.colour)
    for component in range(len(source.format.components)):
        set_component(straight, component, codes(source, component))
    unturned = draw(("yuv444p", 38, 26), [media_layer(gamma=2)], [straight])
    result = draw(("yuv444p", *size), [media_layer(gamma=2)], [source])
    expected = np.rot90(codes(unturned, 0), -rotation // 90)
    assert (codes(result, 0) == expected).all()
    for component in (1, 2):
        expected = np.rot90(codes(unturned, component), -rotation // 90)
        assert np.abs(codes(result, component) - expected).max() <= 1


def edge_column(samples: Array, first: float, spacing: float) -> float:
    """Where a step along x is, in pixels: the first moment of its differences."""
    row = samples[samples.shape[0] // 2]
    steps = np.diff(row)
    centres = first + (np.arange(len(steps)) + 0.5) * spacing
    return float((steps * centres).sum() / steps.sum())


def edge_row(samples: Array, first: float, spacing: float) -> float:
    return edge_column(samples.T, first, spacing)


def edge_picture(layout: str, width: int, height: int, where: float, vertical: bool) -> Frame:
    """Luma and chroma ramps centred on one line, as a camera with this siting would see it."""
    frame = blank_frame(width, height, layout)
    for component, (low, high) in enumerate(((40, 200), (90, 180), (60, 210))):
        across, down = reference.sites(frame.format, component, (width, height))
        along = np.array(down if vertical else across)
        ramp = low + (high - low) * np.clip((along - where) / 12 + 0.5, 0, 1)
        set_component(frame, component, np.rint(ramp[:, None] if vertical else ramp[None, :]))
    return frame


@pytest.mark.parametrize("layouts", [("yuv420p", "yuv420p"), ("yuv422p", "yuv420p"),
                                     ("yuv444p", "yuv420p"), ("yuv420p", "yuv422p"),
                                     ("yuv420p", "yuv444p"), ("yuv411p", "yuv420p")])  # fmt: skip
@pytest.mark.parametrize("scale", [2.0, 1.5, 0.5, 1.0])
@pytest.mark.parametrize("vertical", [False, True])
def test_luma_and_chroma_stay_registered(
    draw: Draw, layouts: tuple[str, str], scale: float, vertical: bool
) -> None:
    source = edge_picture(layouts[0], 128, 96, 50.0, vertical)
    size = (int(128 * scale), int(96 * scale))
    result = draw((layouts[1], *size), [media_layer()], [source])
    for component in range(3):
        across, down = reference.sites(result.format, component, size)
        along = down if vertical else across
        find = edge_row if vertical else edge_column
        found = find(codes(result, component), along[0], along[1] - along[0])
        assert abs(found - 50.0 * scale) < 0.12 * scale


@pytest.mark.parametrize("sizes", SIZES)
def test_flat_stays_exactly_flat(draw: Draw, sizes: Sizes) -> None:
    source = flat_frame(*sizes[:2], "yuv420p", (99, 201, 33))
    result = draw(("yuv420p", *sizes[2:]), [media_layer()], [source], fit=Fit.STRETCH)
    for component, code in enumerate((99, 201, 33)):
        assert (codes(result, component) == code).all()


sides = st.integers(1, 70)


@given(
    sizes=st.tuples(sides, sides, sides, sides),
    source=st.sampled_from([*LAYOUTS, "yuv410p", "yuyv422", "gray10le", "gbrap12le"]),
    output=st.sampled_from(["yuv420p", "yuv422p10le", "yuv444p", "nv12"]),
    fit=st.sampled_from(list(Fit)),
    rotation=st.sampled_from([0, 90, 180, 270]),
    aspect=st.sampled_from([1.0, 0.01, 12 / 11, 300.0]),
    threads=st.sampled_from([1, 3]),
)
@settings(max_examples=150, deadline=None)
def test_any_shape_fills_the_frame(
    sizes: Sizes, source: str, output: str, fit: Fit, rotation: int, aspect: float, threads: int
) -> None:
    picture = random_frame(*sizes[:2], source, sample_aspect_ratio=aspect, rotation=rotation)
    size = sizes[2:]
    allocate = Allocator(*size, output)
    layer = media_layer(gamma=2)
    with CpuCompositor(*size, pixel_format(output), allocate, fit, threads) as compositor:
        result = compositor.compose(frame_plan(layer), [picture])
    assert padding_is_untouched(result)
    assert padding_is_untouched(picture)
