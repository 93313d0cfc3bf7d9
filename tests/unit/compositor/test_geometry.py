from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edl2ffmpeg.compositor.geometry import Fit, Placement, Rectangle, place, upright

HD = (1920, 1080)
SQUARE = Fraction(1)


def whole(width, height, target):
    return Placement(Fraction(0), Fraction(0), Fraction(width), Fraction(height), target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((1280, 720, SQUARE), Rectangle(0, 0, 1920, 1080)),
        ((640, 480, SQUARE), Rectangle(240, 0, 1680, 1080)),
        ((720, 576, Fraction(64, 45)), Rectangle(0, 0, 1920, 1080)),
        ((720, 576, Fraction(16, 15)), Rectangle(240, 0, 1680, 1080)),
        ((1080, 1920, SQUARE), Rectangle(656, 0, 1264, 1080)),
        ((2048, 858, SQUARE), Rectangle(0, 138, 1920, 942)),
    ],
)
def test_contain_centres_on_even_edges(source, target):
    placement = place(source, HD, Fit.CONTAIN, (2, 2))
    assert placement == whole(source[0], source[1], target)


def test_cover_crops_the_middle_exactly():
    placement = place((640, 480, SQUARE), HD, Fit.COVER, (2, 2))
    assert placement == Placement(
        Fraction(0), Fraction(60), Fraction(640), Fraction(360), Rectangle(0, 0, *HD)
    )


def test_stretch_takes_all_of_both():
    assert place((10, 700, SQUARE), HD, Fit.STRETCH) == whole(10, 700, Rectangle(0, 0, *HD))


@pytest.mark.parametrize("fit", list(Fit))
def test_a_shape_equal_up_to_rounding_fills_the_output_uncropped(fit):
    # 1366 x 768 is not quite 16:9, and nobody wants one line of bar for it.
    assert place((1366, 768, SQUARE), HD, fit, (2, 2)) == whole(1366, 768, Rectangle(0, 0, *HD))


def test_a_quarter_turn_swaps_the_sides_and_the_aspect():
    assert upright(720, 576, 16 / 15, 90) == (576, 720, Fraction(15, 16))
    assert upright(720, 576, 16 / 15, 180) == (720, 576, Fraction(16, 15))


def test_an_unknown_aspect_means_square_pixels():
    assert upright(720, 576, 0.0, 0) == (720, 576, Fraction(1))


sides = st.integers(1, 5000)


@given(
    source=st.tuples(sides, sides),
    output=st.tuples(sides, sides),
    aspect=st.fractions(Fraction(1, 50), Fraction(50)),
    fit=st.sampled_from(list(Fit)),
    alignment=st.sampled_from([(1, 1), (2, 1), (2, 2)]),
)
def test_every_placement_is_centred_inside_and_not_empty(source, output, aspect, fit, alignment):
    placement = place((*source, aspect), output, fit, alignment)
    target = placement.target
    assert 0 <= target.left < target.right == output[0] - target.left
    assert 0 <= target.top < target.bottom == output[1] - target.top
    assert target.left % alignment[0] == target.top % alignment[1] == 0
    assert 0 <= placement.crop_left == (source[0] - placement.crop_width) / 2
    assert 0 <= placement.crop_top == (source[1] - placement.crop_height) / 2
    assert placement.crop_width > 0 and placement.crop_height > 0
