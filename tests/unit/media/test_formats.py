"""Pairs of container and codec: each possible one is written, each other one is explained."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from edl2ffmpeg.errors import EncodeError, SettingsError
from edl2ffmpeg.frame import Colour
from edl2ffmpeg.media.audio_formats import audio_output
from edl2ffmpeg.media.formats import CONTAINERS, container_for, video_output
from edl2ffmpeg.media.frames import FramePool
from edl2ffmpeg.media.muxer import Muxer
from edl2ffmpeg.media.video_codecs import VIDEO_CODECS
from edl2ffmpeg.settings import RenderSettings

RATE = Fraction(30000, 1001)
SOFTWARE = [codec.encoder for codec in VIDEO_CODECS if not codec.device]
# What devices write is tried on the simulator (tests/nvsim).
POSSIBLE = [
    (container.extensions[0], codec)
    for container in CONTAINERS
    for codec in container.video_codecs
    if codec in SOFTWARE
]
IMPOSSIBLE = [
    pair
    for pair in itertools.product(
        (container.extensions[0] for container in CONTAINERS),
        SOFTWARE,
    )
    if pair not in POSSIBLE
]
FAST = {"libx264": "ultrafast", "libx265": "ultrafast", "libsvtav1": "12", "libvpx-vp9": "realtime"}


@pytest.mark.parametrize(("extension", "codec"), POSSIBLE)
def test_every_possible_pair_is_whole(tmp_path: Path, extension: str, codec: str) -> None:
    path = tmp_path / f"movie.{extension}"
    container = container_for(path)
    settings = RenderSettings(codec=codec, preset=FAST.get(codec))
    output = video_output(settings, container, 320, 180, RATE)
    pool = FramePool(320, 180, output.pixel_format, Colour())
    with Muxer(
        path, container, output, audio=audio_output(settings, container), threads=2
    ) as muxer:
        for _ in range(31):
            frame = pool.allocate()
            for index in range(3):
                frame.array(index)[:] = 64 << (output.pixel_format.depth - 8)
            muxer.write_frame(frame)
        muxer.write_samples([np.zeros((49_650, 2), np.float32)])
        muxer.finish()
    with av.open(str(path)) as movie:
        video = movie.streams.video[0]
        frames = list(movie.decode(video))
        assert len(frames) == 31
        first = frames[0]
        tags = (first.colorspace, first.color_primaries, first.color_trc, first.color_range)
        assert tags == (1, 1, 1, 1)
        times = [frame.time - frames[0].time for frame in frames]
        assert times == pytest.approx([float(n / RATE) for n in range(31)], abs=0.00051)
        assert len(movie.streams.audio) == 1


@pytest.mark.parametrize(("extension", "codec"), IMPOSSIBLE)
def test_every_other_pair_lists_the_possible_ones(extension: str, codec: str) -> None:
    container = container_for(Path(f"movie.{extension}"))
    with pytest.raises(SettingsError) as caught:
        video_output(RenderSettings(codec=codec), container, 320, 180, RATE)
    text = str(caught.value)
    assert all(name in text for name in container.video_codecs)
    homes = [entry.extensions[0] for entry in CONTAINERS if codec in entry.video_codecs]
    assert all("." + name in text for name in homes)


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("a.avi", RenderSettings(), "extension .avi does not name a container"),
        ("movie", RenderSettings(), "the output's name has no extension; use one of .mp4, "),
        ("a.mp4", RenderSettings(codec="h263"), "there is no codec 'h263'"),
        ("a.mp4", RenderSettings(preset="quick"), "has no preset 'quick'"),
        ("a.mkv", RenderSettings(codec="ffv1", preset="fast"), "has no presets"),
        ("a.mp4", RenderSettings(crf=52), "outside 0 to 51"),
        ("a.mp4", RenderSettings(crf=-1), "outside 0 to 51"),
        ("a.mp4", RenderSettings(crf=20, bitrate=1), "exclude each other"),
        ("a.mov", RenderSettings(codec="prores", crf=20), "has no --crf"),
        ("a.mov", RenderSettings(codec="prores", bitrate=9), "has no bit rate"),
        ("a.mp4", RenderSettings(pixel_format="nv12"), "cannot write the pixel format 'nv12'"),
    ],
)
def test_settings_that_cannot_work(name: str, settings: RenderSettings, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        video_output(settings, container_for(Path(name)), 320, 180, RATE)


def test_odd_sizes_need_444() -> None:
    container = container_for(Path("a.mp4"))
    with pytest.raises(SettingsError, match="even width and height"):
        video_output(RenderSettings(), container, 321, 180, RATE)
    output = video_output(RenderSettings(pixel_format="yuv444p"), container, 321, 181, RATE)
    assert output.pixel_format.name == "yuv444p"


def test_mpeg2_stores_few_rates() -> None:
    with pytest.raises(SettingsError, match="12 frames per second; it takes 24000/1001, 24"):
        video_output(RenderSettings(), container_for(Path("a.mxf")), 320, 180, Fraction(12))


PROFILE_FORMATS = {
    **dict.fromkeys(("dnxhr_lb", "dnxhr_sq", "dnxhr_hq"), "yuv422p"),
    "dnxhr_hqx": "yuv422p10le",
    "dnxhr_444": "yuv444p10le",
    **dict.fromkeys(("proxy", "lt", "standard", "hq"), "yuv422p10le"),
    **dict.fromkeys(("4444", "4444xq"), "yuv444p10le"),
}


@pytest.mark.parametrize(
    ("codec", "profile"),
    [
        (codec.encoder, profile)
        for codec in VIDEO_CODECS
        if codec.encoder in ("dnxhd", "prores_ks")
        for profile in codec.presets
    ],
)
def test_a_profile_has_its_pixel_format(tmp_path: Path, codec: str, profile: str) -> None:
    path = tmp_path / "a.mov"
    container = container_for(path)
    needed = PROFILE_FORMATS[profile]
    for asked in (None, needed):
        settings = RenderSettings(codec=codec, preset=profile, pixel_format=asked)
        output = video_output(settings, container, 320, 180, RATE)
        assert output.pixel_format.name == needed
        assert output.options["profile"] == profile
        Muxer(path, container, output).close()
    (entry,) = (entry for entry in VIDEO_CODECS if entry.encoder == codec)
    for other in set(entry.pixel_formats) - {needed}:
        settings = RenderSettings(codec=codec, preset=profile, pixel_format=other)
        with pytest.raises(SettingsError) as caught:
            video_output(settings, container, 320, 180, RATE)
        text = str(caught.value)
        assert f"{profile} holds {needed}, not {other}" in text
        fitting = text.partition("use --preset ")[2].split(", ")
        assert all(PROFILE_FORMATS[name] == other for name in fitting)


@pytest.mark.parametrize(
    ("codec", "asked", "profile"),
    [
        ("dnxhd", None, "dnxhr_hq"),
        ("dnxhd", "yuv422p10le", "dnxhr_hqx"),
        ("dnxhd", "yuv444p10le", "dnxhr_444"),
        ("prores", None, "hq"),
        ("prores", "yuv444p10le", "4444"),
    ],
)
def test_a_pixel_format_has_its_profile(codec: str, asked: str | None, profile: str) -> None:
    settings = RenderSettings(codec=codec, pixel_format=asked)
    output = video_output(settings, container_for(Path("a.mov")), 320, 180, RATE)
    assert output.options["profile"] == profile


MXF_RATES = [rate for entry in CONTAINERS if entry.muxer == "mxf" for rate in entry.frame_rates]
OTHER_RATES = [
    Fraction(rate)
    for rate in ("1", "15", "23", "25/2", "2997/100", "25000/1001", "50000/1001", "144", "1000")
]


@pytest.mark.parametrize("codec", ["ffv1", "prores_ks", "dnxhd"])
def test_mxf_stores_few_rates(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a.mxf"
    container = container_for(path)
    settings = RenderSettings(codec=codec)
    assert len(MXF_RATES) > 10
    for rate in MXF_RATES:
        output = video_output(settings, container, 320, 180, rate)
        with Muxer(path, container, output) as muxer:
            pool = FramePool(320, 180, output.pixel_format, Colour())
            muxer.write_frame(pool.allocate())
            muxer.finish()
        with av.open(str(path)) as movie:
            assert movie.streams.video[0].base_rate == rate
    sentence = r"\.mxf cannot store {} frames per second; it takes 24000/1001, 24, 25, "
    for rate in OTHER_RATES:
        with pytest.raises(SettingsError, match=sentence.format(rate)):
            video_output(settings, container, 320, 180, rate)
        # If FFmpeg has learnt more rates, the table is to be extended.
        output = replace(video_output(settings, container, 320, 180, Fraction(25)), frame_rate=rate)
        with pytest.raises(EncodeError):
            Muxer(path, container, output)


def test_what_the_encoder_refuses_is_said(tmp_path: Path) -> None:
    container = container_for(tmp_path / "a.mov")
    output = video_output(RenderSettings(codec="dnxhd"), container, 64, 36, RATE)
    with pytest.raises(SettingsError, match="dnxhd refuses 64x36") as caught:
        Muxer(tmp_path / "a.mov", container, output)
    text = str(caught.value)
    assert "with profile=dnxhr_hq: " in text
    assert "DNxHR needs at least 256x120" in text
    assert "{" not in text
