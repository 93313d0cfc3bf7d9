"""Fades and gamma on sources of the output's own layout, against the formulas."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from edl2ffmpeg.frame import pixel_format
from edl2ffmpeg.plan.model import ColourMix
from edl2ffmpeg.timeline.model import YuvColour
from helpers import pixel_reference as reference
from helpers.frames import codes, media_layer, random_frame

LAYOUTS = [
    "yuv420p", "yuv422p", "yuv444p", "nv12", "yuv420p10le", "yuv422p10le", "yuv444p10le",
    "p010le", "yuv420p12le", "yuv444p16le",
]  # fmt: skip
WEIGHTS = [Fraction(0), Fraction(1, 3), Fraction(299, 300), Fraction(17, 90), Fraction(1)]
COLOUR = YuvColour(81, 90, 240)
SIZE = (67, 45)
# Correct rounding is half a code value; the rest is the weight's own fixed point.
ROUNDING = 0.52


def assert_close(frame, expected, tolerance):
    for component, plane in enumerate(expected):
        error = np.abs(codes(frame, component) - plane).max()
        assert error <= tolerance, f"component {component} is {error:.3f} code values off"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("weight", WEIGHTS)
def test_fade_from_black(draw, layout, weight):
    source = random_frame(*SIZE, layout)
    result = draw((layout, *SIZE), [media_layer(opacity=weight)], [source])
    expected = reference.layer(source, (pixel_format(layout), *SIZE), opacity=weight)
    assert_close(result, expected, ROUNDING)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("weight", WEIGHTS)
def test_mix_with_colour(draw, layout, weight):
    source = random_frame(*SIZE, layout)
    mix = ColourMix(COLOUR, weight)
    result = draw((layout, *SIZE), [media_layer(mix=mix)], [source])
    expected = reference.layer(source, (pixel_format(layout), *SIZE), mix=((81, 90, 240), weight))
    assert_close(result, expected, ROUNDING)


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p10le", "yuv444p12le"])
def test_mix_and_opacity_together(draw, layout):
    source = random_frame(*SIZE, layout)
    layer = media_layer(mix=ColourMix(COLOUR, Fraction(2, 5)), opacity=Fraction(3, 7))
    result = draw((layout, *SIZE), [layer], [source])
    expected = reference.layer(
        source,
        (pixel_format(layout), *SIZE),
        mix=((81, 90, 240), Fraction(2, 5)),
        opacity=Fraction(3, 7),
    )
    assert_close(result, expected, ROUNDING)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_whole_weights_are_exact(draw, layout):
    source = random_frame(*SIZE, layout)
    depth = source.format.depth
    # Gamma keeps the frame from being passed through; at 1/1 weight chroma must not change.
    kept = draw((layout, *SIZE), [media_layer(gamma=2)], [source])
    gone = draw((layout, *SIZE), [media_layer(mix=ColourMix(COLOUR, Fraction(0)))], [source])
    for component, code in enumerate((81, 90, 240)):
        if component:
            assert (codes(kept, component) == codes(source, component)).all()
        assert (codes(gone, component) == code << (depth - 8)).all()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("gamma", [Fraction(1, 2), Fraction(11, 10), Fraction(22, 10)])
def test_gamma(draw, layout, gamma):
    source = random_frame(*SIZE, layout)
    result = draw((layout, *SIZE), [media_layer(gamma=gamma)], [source])
    expected = reference.layer(source, (pixel_format(layout), *SIZE), gamma=gamma)
    assert_close(result, expected, ROUNDING)


@pytest.mark.parametrize("layout", ["yuv420p", "yuv420p10le"])
def test_gamma_then_fade(draw, layout):
    source = random_frame(*SIZE, layout)
    layer = media_layer(gamma=Fraction(3, 2), opacity=Fraction(1, 3))
    result = draw((layout, *SIZE), [layer], [source])
    expected = reference.layer(
        source,
        (pixel_format(layout), *SIZE),
        gamma=Fraction(3, 2),
        opacity=Fraction(1, 3),
    )
    assert_close(result, expected, ROUNDING)


def test_gamma_zero_keeps_only_white(draw):
    source = random_frame(*SIZE, "yuv420p")
    result = draw(("yuv420p", *SIZE), [media_layer(gamma=0)], [source])
    luma = codes(source, 0)
    assert (codes(result, 0) == np.where(luma >= 235, 235, 16)).all()


@pytest.mark.parametrize("gamma", [Fraction(1, 2), Fraction(2)])
def test_gamma_on_a_converted_source(draw, gamma):
    source = random_frame(*SIZE, "gbrp", smooth=True)
    result = draw(("yuv444p", *SIZE), [media_layer(gamma=gamma)], [source])
    expected = reference.layer(source, (pixel_format("yuv444p"), *SIZE), gamma=gamma)
    assert_close(result, expected, 1.0)
