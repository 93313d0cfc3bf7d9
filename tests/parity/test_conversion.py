"""Matrices, ranges, depths and chroma layouts, against float64."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from edl2ffmpeg.frame import PIXEL_FORMATS, Colour, Matrix, pixel_format
from helpers import pixel_reference as reference
from helpers.frames import codes, flat_frame, media_layer, random_frame

SIZE = (53, 39)
OUTPUTS = ["yuv420p", "yuv422p10le", "yuv444p", "nv12", "p010le"]
YCBCR = [Matrix.BT601, Matrix.BT709, Matrix.BT2020, Matrix.SMPTE240M, Matrix.FCC]


def worst(frame, expected):
    return max(
        float(np.abs(codes(frame, component) - plane).max())
        for component, plane in enumerate(expected)
    )


@pytest.mark.parametrize("name", sorted(PIXEL_FORMATS))
@pytest.mark.parametrize("output", OUTPUTS)
def test_every_pixel_format(draw, name, output):
    full = name.startswith("yuvj")
    colour = None if PIXEL_FORMATS[name].is_rgb else Colour(Matrix.BT709, full)
    source = random_frame(*SIZE, name, colour)
    result = draw((output, *SIZE), [media_layer()], [source])
    assert worst(result, reference.layer(source, (pixel_format(output), *SIZE))) <= 1.0


@pytest.mark.parametrize("matrix", YCBCR)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "yuv444p"])
def test_matrix_and_range(draw, matrix, full, name):
    source = random_frame(*SIZE, name, Colour(matrix, full))
    for output in ("yuv420p", "yuv444p10le"):
        result = draw((output, *SIZE), [media_layer()], [source])
        expected = reference.layer(source, (pixel_format(output), *SIZE))
        assert worst(result, expected) <= 1.0


@pytest.mark.parametrize(
    "depths", [(8, 10), (8, 16), (10, 8), (10, 12), (12, 10), (16, 8), (16, 16)]
)
@pytest.mark.parametrize("full", [False, True])
def test_depth_is_correctly_rounded(draw, depths, full):
    names = ["yuv444p" + ("" if depth == 8 else f"{depth}le") for depth in depths]
    source = random_frame(*SIZE, names[0], Colour(Matrix.BT709, full))
    result = draw((names[1], *SIZE), [media_layer(opacity=Fraction(1))], [source])
    assert worst(result, reference.layer(source, (pixel_format(names[1]), *SIZE))) <= 0.51


@pytest.mark.parametrize("depth", [8, 10, 12])
def test_limited_depth_change_is_a_shift(draw, depth):
    name = "yuv422p" + ("" if depth == 8 else f"{depth}le")
    source = random_frame(*SIZE, name)
    result = draw(("yuv422p12le", *SIZE), [media_layer()], [source])
    for component in range(3):
        assert (codes(result, component) == codes(source, component) * 2 ** (12 - depth)).all()


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
    ],
)
@pytest.mark.parametrize("layout", ["rgb24", "bgra", "0rgb", "gbrp"])
def test_primaries(draw, rgb, expected, layout):
    source = flat_frame(*SIZE, layout, (*rgb, 255)[: len(PIXEL_FORMATS[layout].components)])
    result = draw(("yuv420p", *SIZE), [media_layer()], [source])
    for component, code in enumerate(expected):
        assert (codes(result, component) == code).all()


def test_601_red_is_709_red(draw):
    source = flat_frame(*SIZE, "yuv420p", (81, 90, 240), Colour(Matrix.BT601))
    result = draw(("yuv420p", *SIZE), [media_layer()], [source])
    for component, code in enumerate((63, 102, 240)):
        assert np.abs(codes(result, component) - code).max() <= 1


def test_contradicting_tags_are_not_believed(draw):
    tagged = random_frame(*SIZE, "yuv420p", Colour(Matrix.RGB))
    plain = random_frame(*SIZE, "yuv420p", Colour(Matrix.BT709))
    faded = media_layer(opacity=Fraction(1, 2))
    first = draw(("yuv420p", *SIZE), [faded], [tagged])
    second = draw(("yuv420p", *SIZE), [faded], [plain])
    for component in range(3):
        assert (codes(first, component) == codes(second, component)).all()
