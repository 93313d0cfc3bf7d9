from fractions import Fraction

import pytest

from edl2ffmpeg.edl.clips import TextClip
from edl2ffmpeg.timeline.model import YuvColour
from edl2ffmpeg.timeline.text import TextFormat, text_format


def clip(**keys: object) -> TextClip:
    return TextClip.model_validate(
        {
            "in": 0,
            "out": 1,
            "track": {"type": "subtitle", "number": 1},
            "source": {"text": "x", "in": 0, "out": 1},
            **keys,
        }
    )


def test_what_a_clip_does_not_say_has_a_default() -> None:
    found = text_format(clip())
    assert found == TextFormat()
    assert found.size_points == 48
    assert found.colour == YuvColour(235, 128, 128, 255)
    assert found.background is None
    assert {found.left_margin, found.right_margin, found.top_margin, found.bottom_margin} == {54}
    assert (found.halign, found.valign) == ("middle", "bottom")
    assert (found.background_shape, found.wraps) == ("ragged", True)
    assert text_format(clip(textFormat={})) == TextFormat()


def test_everything_a_clip_says_is_kept_exactly() -> None:
    said = {
        "font": "A",
        "fontSize": 30.1,
        "textAYUV": "80515AF0",
        "backAYUV": "40108080",
        "leftMargin": 1.1,
        "rightMargin": 2,
        "topMargin": 3,
        "bottomMargin": 0,
        "halign": "left",
        "valign": "top",
        "background": "wide",
        "lineBreaks": "manual",
    }
    assert text_format(clip(textFormat=said)) == TextFormat(
        ("A",),
        Fraction("30.1"),
        YuvColour(0x51, 0x5A, 0xF0, 0x80),
        YuvColour(16, 128, 128, 0x40),
        Fraction("1.1"),
        Fraction(2),
        Fraction(3),
        Fraction(0),
        "left",
        "top",
        "wide",
        False,
    )


@pytest.mark.parametrize(
    ("keys", "fonts"),
    [
        ({"font": "B"}, ("B",)),
        ({"fonts": ["B", "C"]}, ("B", "C")),
        ({"fonts": ["B", "A", "B"], "textFormat": {"font": "A"}}, ("A", "B")),
    ],
)
def test_the_formats_font_comes_before_the_clips(
    keys: dict[str, object], fonts: tuple[str, ...]
) -> None:
    assert text_format(clip(**keys)).fonts == fonts


@pytest.mark.parametrize("colour", ["00108080", "00000000"])
def test_a_transparent_background_is_none(colour: str) -> None:
    assert text_format(clip(textFormat={"backAYUV": colour})).background is None


def test_six_digits_are_opaque() -> None:
    said = {"textAYUV": "FFFFFF", "backAYUV": "000000"}
    found = text_format(clip(textFormat=said))
    assert found.colour == YuvColour(235, 128, 128)
    assert found.background == YuvColour(16, 128, 128)
