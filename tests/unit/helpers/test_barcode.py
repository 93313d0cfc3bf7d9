"""The barcode is read back through everything a renderer may do to a picture."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import barcode
from helpers.movie_writer import VideoTrack, write_movie


@given(
    st.integers(0, 255),
    st.integers(0, 65535),
    st.integers(32, 400),
    st.integers(24, 300),
    st.sampled_from((8, 10, 12)),
)
def test_every_value_is_read_back_at_any_size_and_depth(
    file_id: int, frame: int, width: int, height: int, depth: int
) -> None:
    luma = barcode.picture(width, height, file_id, frame, depth)
    assert barcode.read(luma, depth) == (file_id, frame)


@pytest.mark.parametrize("weight", (0.5, 0.75, 1.0))
@pytest.mark.parametrize("towards", (16, 80, 235))
def test_it_survives_half_a_fade(weight: float, towards: int) -> None:
    luma = barcode.picture(320, 180, 7, 1234)
    faded = np.rint(luma * weight + towards * (1 - weight)).astype(np.uint8)
    assert barcode.read(faded) == (7, 1234)


@pytest.mark.parametrize("full_range", (False, True))
def test_it_survives_range_conversion(full_range: bool) -> None:
    luma = barcode.picture(320, 180, 7, 1234).astype(float)
    converted = (luma - 16) * 255 / 219 if full_range else luma * 219 / 255 + 16
    assert barcode.read(np.clip(np.rint(converted), 0, 255).astype(np.uint8)) == (7, 1234)


def test_it_survives_scaling_down_and_up() -> None:
    luma = barcode.picture(320, 180, 9, 77)
    small = luma.reshape(90, 2, 160, 2).mean(axis=(1, 3)).astype(np.uint8)
    assert barcode.read(small) == (9, 77)
    assert barcode.read(np.repeat(np.repeat(small, 3, 0), 3, 1)) == (9, 77)


@pytest.mark.parametrize("level", (0, 16, 128, 235, 255))
def test_a_flat_picture_holds_none(level: int) -> None:
    assert barcode.read(np.full((180, 320), level, np.uint8)) is None


def test_noise_holds_none_nearly_always() -> None:
    random = np.random.default_rng(5)
    blocks = random.integers(0, 2, (2000, 4, 8), np.uint8) * 160 + 40
    found = sum(barcode.read(np.repeat(np.repeat(b, 20, 0), 20, 1)) is not None for b in blocks)
    assert found < 30  # 1 in 256


def test_a_mix_of_two_pictures_holds_none() -> None:
    first, second = (barcode.picture(320, 180, 3, n).astype(float) for n in (10, 11))
    assert barcode.read(((first + second) / 2).astype(np.uint8)) is None


def test_values_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="65536"):
        barcode.picture(320, 180, 0, 65536)


@pytest.mark.parametrize("pixel_format", ("yuv420p", "yuv422p", "yuv444p", "yuv420p10le"))
def test_it_survives_coarse_coding(tmp_path: Path, pixel_format: str) -> None:
    path = tmp_path / "coarse.mp4"
    layout = av.VideoFormat(pixel_format)
    depth = layout.components[0].bits
    chroma = np.full((layout.chroma_height(180), layout.chroma_width(320)), 1 << (depth - 1))
    pictures = []
    for number in range(40):
        luma = barcode.picture(320, 180, 42, 1000 + number, depth)
        pictures.append((luma, chroma.astype(luma.dtype), chroma.astype(luma.dtype)))
    track = VideoTrack(
        "libx264",
        Fraction(30),
        pixel_format=pixel_format,
        options={"preset": "veryfast", "crf": "38"},
        ticks=range(40),
    )
    write_movie(path, track, pictures)
    with av.open(str(path)) as container:
        seen = [barcode.read(f.to_ndarray(format="gray")) for f in container.decode(video=0)]
    assert seen == [(42, 1000 + number) for number in range(40)]
