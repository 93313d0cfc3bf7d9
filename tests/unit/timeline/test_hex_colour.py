"""Hex colours: as written, the two special ones, and RGB by the BT.709 formula."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edl2ffmpeg.timeline.colour import BLACK, WHITE, parse_ayuv, parse_rgb, parse_yuv
from edl2ffmpeg.timeline.model import YuvColour


def test_yuv() -> None:
    assert parse_yuv("108080") == YuvColour(16, 128, 128)
    assert parse_yuv("ebF00a") == YuvColour(0xEB, 0xF0, 0x0A)


def test_black_and_white_as_real_files_write_them() -> None:
    assert parse_yuv("000000") == BLACK
    assert parse_yuv("FFFFFF") == parse_yuv("ffffff") == WHITE
    assert parse_yuv("000001") == YuvColour(0, 0, 1)


def test_ayuv() -> None:
    assert parse_ayuv("80EB8080") == YuvColour(235, 128, 128, 128)
    assert parse_ayuv("EB8080") == YuvColour(235, 128, 128, 255)
    assert parse_ayuv("00000000") == YuvColour(16, 128, 128, 0)


@pytest.mark.parametrize(
    ("rgb", "yuv"),
    [
        ("000000", (16, 128, 128)),
        ("FFFFFF", (235, 128, 128)),
        ("808080", (126, 128, 128)),
        ("FF0000", (63, 102, 240)),
        ("00FF00", (173, 42, 26)),
        ("0000FF", (32, 240, 118)),
    ],
)
def test_rgb(rgb: str, yuv: tuple[int, int, int]) -> None:
    assert parse_rgb(rgb) == YuvColour(*yuv)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_rgb_against_floating_point(rgb: tuple[int, int, int]) -> None:
    red, green, blue = (value / 255 for value in rgb)
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    found = parse_rgb("".join(f"{value:02x}" for value in rgb))
    assert abs(found.y - (16 + 219 * y)) <= 0.5 + 1e-9
    assert abs(found.u - (128 + 224 * (blue - y) / 1.8556)) <= 0.5 + 1e-9
    assert abs(found.v - (128 + 224 * (red - y) / 1.5748)) <= 0.5 + 1e-9
