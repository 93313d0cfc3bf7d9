"""Stills decode to exactly the samples and tags they were made from."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from helpers.movie_writer import ColourTags
from helpers.stills import flat_planes, make_still, ramp_planes

_SIZE = (64, 48)


@pytest.mark.parametrize(
    ("pixel_format", "values"),
    [
        ("yuv420p", (180, 90, 170)),
        ("yuv422p", (180, 90, 170)),
        ("yuv444p", (180, 90, 170)),
        ("yuv420p10le", (700, 400, 600)),
        ("yuv422p10le", (700, 400, 600)),
        ("yuva444p10le", (700, 400, 600, 512)),
        ("yuv422p12le", (2800, 1600, 2400)),
        ("rgb24", (10, 120, 250)),
        ("gbrp", (10, 120, 250)),
        ("bgra", (10, 120, 250, 128)),
    ],
)
def test_samples_are_kept(tmp_path: Path, pixel_format: str, values: tuple[int, ...]) -> None:
    planes = flat_planes(pixel_format, _SIZE, values)
    suffix = {"rgb24": ".mov", "gbrp": ".avi"}.get(pixel_format, ".mkv")
    path = make_still(tmp_path / f"still{suffix}", planes, _SIZE, pixel_format)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 5
    assert frames[0].format.name == pixel_format
    for plane, wanted in zip(frames[0].planes, planes, strict=True):
        rows = np.frombuffer(memoryview(plane), wanted.dtype).reshape(plane.height, -1)
        assert np.array_equal(rows[:, : wanted.shape[1]], wanted)


@pytest.mark.parametrize("full_range", (False, True))
def test_tags_are_kept(tmp_path: Path, full_range: bool) -> None:
    planes = ramp_planes("yuv420p", _SIZE, 16, 235, (128, 128))
    colour = ColourTags.bt601(full_range)
    path = make_still(tmp_path / "still.mp4", planes, _SIZE, colour=colour)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    assert (frame.colorspace, frame.color_primaries, frame.color_trc) == (6, 6, 6)
    assert frame.color_range == (2 if full_range else 1)
    luma = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(48, -1)[:, :64]
    assert np.array_equal(luma, planes[0])
