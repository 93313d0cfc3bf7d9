"""Composed pixels against the contract's formulas, before encoding and after."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import edl2ffmpeg
from helpers.edl_factory import document, generated, media, video_clip, write_edl
from helpers.movie_writer import ColourTags
from helpers.stills import flat_planes, make_still, ramp_planes

Planes = tuple[npt.NDArray[Any], ...]
SIZE = (320, 180)
KR_KB = {"601": (0.299, 0.114), "709": (0.2126, 0.0722)}


def composed(folder: Path, edl: Mapping[str, Any], **options: Any) -> list[Planes]:
    options.setdefault("format", "yuv420p")
    with edl2ffmpeg.open_frames(write_edl(folder, edl), **options) as frames:
        return [tuple(np.array(plane, np.float64) for plane in frame.planes) for frame in frames]


def to_rgb(y: float, u: float, v: float, matrix: str) -> tuple[float, float, float]:
    """Normalised y in [0,1], u and v in [-.5,.5] to R'G'B'."""
    kr, kb = KR_KB[matrix]
    red, blue = y + 2 * (1 - kr) * v, y + 2 * (1 - kb) * u
    return red, (y - kr * red - kb * blue) / (1 - kr - kb), blue


def to_709(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """R'G'B' to 8-bit limited BT.709 codes."""
    kr, kb = KR_KB["709"]
    y = kr * red + (1 - kr - kb) * green + kb * blue
    u, v = (blue - y) / (2 * (1 - kb)), (red - y) / (2 * (1 - kr))
    return 16 + 219 * y, 128 + 224 * u, 128 + 224 * v


def assert_flat(planes: Planes, expected: tuple[float, ...], within: float) -> None:
    for plane, code in zip(planes, expected, strict=True):
        assert np.abs(plane - code).max() <= within, (plane.flat[0], code)


@pytest.mark.parametrize("code", [(81, 90, 240), (145, 54, 34), (41, 240, 110), (180, 128, 128)])
def test_601_becomes_709(tmp_path: Path, code: tuple[int, int, int]) -> None:
    path = make_still(
        tmp_path / "flat.mp4", flat_planes("yuv420p", SIZE, code), SIZE, colour=ColourTags.bt601()
    )
    (planes, *_) = composed(tmp_path, document(video_clip(media(path, 0, 0.1), 0, 0.1)))
    y, u, v = (code[0] - 16) / 219, (code[1] - 128) / 224, (code[2] - 128) / 224
    assert_flat(planes, to_709(*to_rgb(y, u, v, "601")), 2)


@pytest.mark.parametrize("code", [(76, 85, 200), (150, 100, 100), (255, 128, 128), (0, 128, 128)])
def test_full_range_becomes_limited(tmp_path: Path, code: tuple[int, int, int]) -> None:
    colour = ColourTags.bt601(full_range=True)
    path = make_still(
        tmp_path / "full.mp4", flat_planes("yuv420p", SIZE, code), SIZE, colour=colour
    )
    (planes, *_) = composed(tmp_path, document(video_clip(media(path, 0, 0.1), 0, 0.1)))
    y, u, v = code[0] / 255, (code[1] - 128) / 255, (code[2] - 128) / 255
    assert_flat(planes, to_709(*to_rgb(y, u, v, "601")), 2)


@pytest.mark.parametrize("rgb", [(255, 0, 0), (0, 255, 0), (12, 99, 200), (255, 255, 255)])
def test_rgb_sources(tmp_path: Path, rgb: tuple[int, int, int]) -> None:
    path = make_still(tmp_path / "rgb.mov", flat_planes("rgb24", SIZE, rgb), SIZE, "rgb24")
    (planes, *_) = composed(tmp_path, document(video_clip(media(path, 0, 0.1), 0, 0.1)))
    assert_flat(planes, to_709(*(part / 255 for part in rgb)), 1)


def test_untagged_sd_is_601_and_untagged_hd_is_709(tmp_path: Path) -> None:
    code = (145, 54, 34)
    for size, matrix in ((SIZE, "601"), ((1280, 720), "709")):
        path = make_still(tmp_path / f"{matrix}.mkv", flat_planes("yuv420p", size, code), size)
        edl = document(video_clip(media(path, 0, 0.1), 0, 0.1), width=size[0], height=size[1])
        (planes, *_) = composed(tmp_path, edl)
        y, u, v = (code[0] - 16) / 219, (code[1] - 128) / 224, (code[2] - 128) / 224
        assert_flat(planes, to_709(*to_rgb(y, u, v, matrix)), 2)


def hd_ramp(folder: Path, pixel_format: str = "yuv420p") -> tuple[Path, float]:
    """A BT.709 ramp of every luma code from black to white; its scale to 8 bits."""
    scale = 4 if "10" in pixel_format else 1
    planes = ramp_planes(pixel_format, SIZE, 16 * scale, 235 * scale, (100 * scale, 160 * scale))
    tags = ColourTags()
    path = make_still(folder / "ramp.mkv", planes, SIZE, pixel_format, colour=tags, frames=60)
    return path, scale


@pytest.mark.parametrize("output", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize("colour", [None, "FFFFFF", "50A040", "000000"])
def test_fades_on_a_ramp(tmp_path: Path, colour: str | None, output: str) -> None:
    source, _ = hd_ramp(tmp_path, output)
    fade: dict[str, Any] = {"topFade": 0.8}
    target = (16, 128, 128)
    if colour is not None:
        fade["topFadeYUV"] = colour
        special = {"FFFFFF": (235, 128, 128), "000000": (16, 128, 128)}
        target = special.get(colour, (0x50, 0xA0, 0x40))
    edl = document(video_clip(media(source, 0, 2), 0, 2, **fade), fps=25)
    frames = composed(tmp_path, edl, format=output)
    scale = 4 if output.endswith("10le") else 1
    for number in (0, 1, 7, 10, 19, 20, 30):
        weight = min(number / 25 / 0.8, 1)
        for plane, whole, code in zip(frames[number], frames[-1], target, strict=True):
            expected = weight * whole + (1 - weight) * code * scale
            assert np.abs(plane - expected).max() <= 1, number


def test_the_smaller_of_two_fades_wins(tmp_path: Path) -> None:
    source, _ = hd_ramp(tmp_path)
    clip = video_clip(media(source, 0, 1), 0, 1, topFade=2, tailFade=0.4, tailFadeYUV="FFFFFF")
    frames = composed(tmp_path, document(clip, fps=25))
    plain = composed(tmp_path, document(video_clip(media(source, 0, 1), 0, 1), fps=25))
    for number in (5, 15, 20, 24):
        time = number / 25
        top, tail = time / 2, (1 - time) / 0.4
        weight, code = (tail, 235) if tail < top else (top, 16)
        expected = weight * plain[number][0] + (1 - weight) * code
        assert np.abs(frames[number][0] - expected).max() <= 1, number


@pytest.mark.parametrize("output", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize("gamma", [0.5, 1.3, 2.2])
def test_gamma_on_a_ramp(tmp_path: Path, gamma: float, output: str) -> None:
    source, scale = hd_ramp(tmp_path, output)
    plain, *_ = composed(
        tmp_path, document(video_clip(media(source, 0, 0.1), 0, 0.1)), format=output
    )
    bent, *_ = composed(
        tmp_path,
        document(video_clip(media(source, 0, 0.1, gamma=gamma), 0, 0.1)),
        format=output,
    )
    y = np.clip((plain[0] / scale - 16) / 219, 0, 1)
    assert np.abs(bent[0] - (16 + 219 * y ** (1 / gamma)) * scale).max() <= 1
    assert np.array_equal(bent[1], plain[1])
    assert np.array_equal(bent[2], plain[2])


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"yuv": "50A040"}, (0x50, 0xA0, 0x40)),
        ({"yuv": "000000"}, (16, 128, 128)),
        ({"yuv": "FFFFFF"}, (235, 128, 128)),
        ({"rgb": "FF8000"}, to_709(1, 128 / 255, 0)),
        ({"yuv": "EB8080", "alpha": 0.5}, (125.5, 128, 128)),
    ],
)
def test_generated_colours(
    tmp_path: Path, parameters: dict[str, Any], expected: tuple[float, ...]
) -> None:
    edl = document(video_clip(generated("colour", 0.2, **parameters), 0, 0.2))
    for planes in composed(tmp_path, edl):
        assert_flat(planes, expected, 1)


def test_ten_bits_stay_ten_bits(tmp_path: Path) -> None:
    source, _ = hd_ramp(tmp_path, "yuv420p10le")
    (planes, *_) = composed(
        tmp_path, document(video_clip(media(source, 0, 0.1), 0, 0.1)), format="yuv420p10le"
    )
    # 320 columns over 876 codes: an 8-bit detour would leave 220 of them.
    assert len(np.unique(planes[0])) == 320


def test_rgb_arrays_are_the_colours(tmp_path: Path) -> None:
    path = make_still(
        tmp_path / "rgb.mov", flat_planes("rgb24", SIZE, (200, 30, 90)), SIZE, "rgb24"
    )
    edl = write_edl(tmp_path, document(video_clip(media(path, 0, 0.1), 0, 0.1)))
    with edl2ffmpeg.open_frames(edl) as frames:
        frame = next(frames)
    assert frame.array.shape == (180, 320, 3)
    assert np.abs(frame.array.astype(int) - (200, 30, 90)).max() <= 2
    with pytest.raises(ValueError, match="read-only"):
        frame.array[0] = 0


def test_contain_cover_and_stretch(tmp_path: Path) -> None:
    path = make_still(
        tmp_path / "wide.mkv",
        flat_planes("yuv420p", (320, 80), (200, 128, 128)),
        (320, 80),
        colour=ColourTags(),
    )
    edl = document(video_clip(media(path, 0, 0.1), 0, 0.1))
    luma = {
        fit: composed(tmp_path, edl, fit=edl2ffmpeg.Fit(fit))[0][0]
        for fit in ("contain", "cover", "stretch")
    }
    bright = luma["contain"][:, 160] > 100
    assert np.flatnonzero(bright).tolist() == list(range(50, 130))
    assert (luma["contain"][:50] == 16).all()
    for fit in ("cover", "stretch"):
        assert (np.abs(luma[fit] - 200) <= 1).all()


def test_the_encoded_movie_has_the_colours(tmp_path: Path) -> None:
    import av

    path = make_still(
        tmp_path / "flat.mp4",
        flat_planes("yuv420p", SIZE, (145, 54, 34)),
        SIZE,
        colour=ColourTags.bt601(),
    )
    edl = write_edl(tmp_path, document(video_clip(media(path, 0, 0.2), 0, 0.2)))
    result = edl2ffmpeg.render(edl, tmp_path / "movie.mkv", codec="ffv1", audio=False)
    with av.open(str(result.output)) as movie:
        frame = next(movie.decode(video=0))
    assert (frame.colorspace, frame.color_range) == (1, 1)
    expected = to_709(*to_rgb((145 - 16) / 219, (54 - 128) / 224, (34 - 128) / 224, "601"))
    for plane, code in zip(frame.planes, expected, strict=True):
        assert abs(np.frombuffer(plane, np.uint8)[0] - code) <= 2  # type: ignore[call-overload]


def test_part_of_a_timeline_has_the_numbers_of_the_whole(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, document(video_clip(generated("testpattern", 2), 0, 2)))
    with edl2ffmpeg.open_frames(edl, start=Fraction(1), end=Fraction(3, 2)) as frames:
        assert frames.frame_count == 15
        got = list(frames)
    assert [frame.number for frame in got] == list(range(30, 45))
    assert got[0].time == 1


@pytest.mark.parametrize("format", ["nonsense", "nv12", "p010le", "yuvj420p", "gbrp", "yuva420p"])
def test_formats_that_frames_cannot_be_read_in(tmp_path: Path, format: str) -> None:
    edl = write_edl(tmp_path, document(video_clip(generated("black", 0.2), 0, 0.2)))
    with pytest.raises(edl2ffmpeg.SettingsError, match=r"use rgb24, yuv420p, .*yuv422p10le"):
        edl2ffmpeg.open_frames(edl, format=format)


def test_a_reader_tells_every_warning(tmp_path: Path) -> None:
    path = make_still(tmp_path / "a.mkv", flat_planes("yuv420p", SIZE, (99, 128, 128)), SIZE)
    clip = video_clip(media(path, 0, 0.1), 0, 0.6, topFadeYUV="FFFFFF")
    with edl2ffmpeg.open_frames(write_edl(tmp_path, document(clip))) as frames:
        list(frames)
        told = frames.warnings
    assert any("no effect without 'topFade'" in text for text in told)
    assert any("held for 12 frames" in text for text in told)
    assert not any("ends at 0.2 s" in text for text in told)
