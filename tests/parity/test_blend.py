"""Layers with alpha or opacity over black and over each other, against float64."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from edl2ffmpeg.compositor.geometry import Fit
from edl2ffmpeg.frame import PIXEL_FORMATS, pixel_format
from edl2ffmpeg.plan.model import ColourMix
from edl2ffmpeg.timeline.model import Generator, YuvColour
from helpers import pixel_reference as reference
from helpers.frames import codes, flat_frame, generated_layer, media_layer, random_frame

SIZE = (45, 31)
WITH_ALPHA = sorted(name for name, layout in PIXEL_FORMATS.items() if layout.has_alpha)
BENEATH = (90, 160, 70)


def worst(frame, expected):
    return max(
        float(np.abs(codes(frame, component) - plane).max())
        for component, plane in enumerate(expected)
    )


@pytest.mark.parametrize("name", WITH_ALPHA)
@pytest.mark.parametrize("opacity", [Fraction(1), Fraction(2, 7)])
def test_alpha_over_black(draw, name, opacity):
    source = random_frame(*SIZE, name)
    layer = media_layer(opacity=opacity, mix=ColourMix(YuvColour(50, 60, 70), Fraction(3, 4)))
    for output in ("yuv420p", "yuv444p10le"):
        result = draw((output, *SIZE), [layer], [source])
        expected = reference.layer(
            source,
            (pixel_format(output), *SIZE),
            opacity=opacity,
            mix=((50, 60, 70), Fraction(3, 4)),
        )
        assert worst(result, expected) <= 1.0


@pytest.mark.parametrize("name", ["yuv420p", "yuva422p10le", "rgba", "gray"])
@pytest.mark.parametrize("opacity", [Fraction(1), Fraction(1, 2), Fraction(1, 100)])
@pytest.mark.parametrize("output", ["yuv420p", "p010le", "yuv422p12le", "yuv444p16le"])
def test_layer_over_layer(draw, name, opacity, output):
    colour = YuvColour(*BENEATH)
    layers = [
        generated_layer(Generator.COLOUR, colour=colour),
        media_layer(opacity=opacity, track=2),
    ]
    source = random_frame(*SIZE, name)
    result = draw((output, *SIZE), layers, [None, source])
    expected = reference.layer(
        source, (pixel_format(output), *SIZE), opacity=opacity, beneath=BENEATH
    )
    # Weights of blends have 14 bits: at 16 bits of depth that is up to four code values.
    assert worst(result, expected) <= (4.0 if output == "yuv444p16le" else 1.0)


def test_bars_of_upper_layers_are_transparent(draw):
    beneath = flat_frame(40, 40, "yuv420p", BENEATH)
    wide = flat_frame(40, 20, "yuv420p", (200, 100, 50))
    layers = [media_layer(), media_layer(track=2)]
    result = draw(("yuv420p", 40, 40), layers, [beneath, wide], fit=Fit.CONTAIN)
    assert (codes(result, 0)[:10] == 90).all()
    assert (codes(result, 0)[10:30] == 200).all()
    assert (codes(result, 2)[5:15] == 50).all()
    assert (codes(result, 2)[15:] == 70).all()


@pytest.mark.parametrize("alpha", [0, 255])
def test_whole_alpha_is_exact(draw, alpha):
    source = random_frame(*SIZE, "yuva444p")
    source.array(3)[...] = alpha
    result = draw(("yuv444p", *SIZE), [media_layer()], [source])
    for component, black in enumerate((16, 128, 128)):
        expected = codes(source, component) if alpha else black
        assert (codes(result, component) == expected).all()
