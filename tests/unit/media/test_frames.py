"""Frames across the border to FFmpeg, and the pool that takes output frames back."""

from __future__ import annotations

import gc
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from edl2ffmpeg.frame import PIXEL_FORMATS, Colour, Matrix, pixel_format
from edl2ffmpeg.media._display_matrix import Orientation, read_matrix
from edl2ffmpeg.media.formats import container_for, video_output
from edl2ffmpeg.media.frames import FramePool, native_frame, progressive_frame, wrap_frame
from edl2ffmpeg.media.muxer import Muxer
from edl2ffmpeg.settings import RenderSettings
from helpers.movie_writer import VideoTrack, write_movie
from helpers.stills import ramp_planes

YUV420 = pixel_format("yuv420p")


def test_every_format_of_the_table_is_ffmpegs_layout() -> None:
    for name, layout in PIXEL_FORMATS.items():
        native = av.VideoFrame(16, 8, name)
        for plane in native.planes:
            memory = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
            memory[:] = 0
        frame = wrap_frame(native, None)
        assert frame.format is layout
        assert layout.plane_count == len(native.planes), name
        depths = {part.bits for part in native.format.components}
        assert depths == {layout.depth}, name
        for index, part in enumerate(layout.components):
            frame.array(index)[:] = ((1 << layout.depth) - 1) << part.shift
        # Swscale agrees on where red, or luma, is.
        if layout.is_rgb and not layout.has_alpha:
            frame.array(1)[:] = 0
            frame.array(2)[:] = 0
            red = native.to_ndarray(format="rgb24")
            assert red[2, 3].tolist() == [255, 0, 0], name


@pytest.mark.parametrize(
    ("space", "range_", "height", "format_", "expected"),
    [
        (2, 0, 1080, "yuv420p", Colour(Matrix.BT709, False)),
        (2, 0, 576, "yuv420p", Colour(Matrix.BT601, False)),
        (6, 2, 1080, "yuv420p", Colour(Matrix.BT601, True)),
        (1, 1, 480, "yuv420p", Colour(Matrix.BT709, False)),
        (9, 1, 2160, "yuv420p10le", Colour(Matrix.BT2020, False)),
        (2, 0, 1080, "yuvj420p", Colour(Matrix.BT709, True)),
        (2, 0, 1080, "rgb24", Colour(Matrix.RGB, True)),
        (2, 0, 1080, "gray", Colour(Matrix.BT709, True)),
    ],
)
def test_colour_comes_from_the_tags(
    space: int, range_: int, height: int, format_: str, expected: Colour
) -> None:
    native = av.VideoFrame(32, height, format_)
    native.colorspace, native.color_range = space, range_
    assert wrap_frame(native, None).colour == expected


@pytest.mark.parametrize("name", ["pal8", "yuv420p10be", "rgb565le", "bgr48be", "ya8"])
def test_formats_outside_the_table_are_unpacked(name: str) -> None:
    native = av.VideoFrame(32, 16, name)
    frame = wrap_frame(native, None)
    assert frame.format.name in PIXEL_FORMATS
    assert frame.array(0).shape == (16, 32)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((1, 0, 0, 1), Orientation()),
        ((0, 1, -1, 0), Orientation(90, False, 90)),
        ((0, -1, 1, 0), Orientation(270, False, 270)),
        ((-1, 0, 0, 1), Orientation(180, True, 180)),
        ((1, 0, 0, -1), Orientation(0, True, 0)),
        ((1, 1, 1, 1), Orientation()),
        ((0, 0, 0, 0), Orientation()),
    ],
)
def test_a_display_matrix_is_a_mirror_and_a_turn(
    matrix: tuple[int, int, int, int], expected: Orientation
) -> None:
    a, b, c, d = (entry * 65536 for entry in matrix)
    orientation = read_matrix(struct.pack("=9i", a, b, 0, c, d, 0, 0, 0, 1 << 30))
    assert orientation == expected
    assert orientation.is_quarter_turn
    assert read_matrix(b"short") == Orientation()


def test_memory_comes_back_when_the_last_reader_lets_go() -> None:
    pool = FramePool(320, 180, YUV420, Colour())
    first = pool.allocate()
    address = first.planes[0].address
    assert address % 64 == 0
    view = first.array(0)
    del first
    gc.collect()
    assert pool.allocate().planes[0].address != address
    del view
    gc.collect()
    assert pool.buffers == 2
    for _ in range(50):
        pool.allocate()
    assert pool.buffers == 2


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mkv", "libx264"), ("a.mkv", "ffv1"), ("a.mov", "prores_ks"), ("a.webm", "libvpx-vp9"),
        ("a.mxf", "mpeg2video"), ("a.mp4", "libsvtav1"), ("a.mov", "dnxhd"), ("a.mp4", "libx265"),
    ],
)  # fmt: skip
def test_no_encoder_reads_a_buffer_that_was_given_out_again(
    tmp_path: Path, name: str, codec: str
) -> None:

    path = tmp_path / name
    preset = {"libx264": "ultrafast", "libx265": "ultrafast", "libsvtav1": "12"}.get(codec)
    container = container_for(path)
    output = video_output(
        RenderSettings(codec=codec, preset=preset), container, 320, 180, Fraction(25)
    )
    pool = FramePool(320, 180, output.pixel_format, Colour())
    scale = 1 << (output.pixel_format.depth - 8)
    with Muxer(path, container, output, threads=2) as muxer:
        for number in range(60):
            frame = pool.allocate()
            frame.array(0)[:] = (20 + 3 * number) * scale
            for index in (1, 2):
                frame.array(index)[:] = 128 * scale
            muxer.write_frame(frame)
            del frame
        muxer.finish()
    assert pool.buffers < 60
    with av.open(str(path)) as movie:
        levels = [
            float(wrap_frame(frame, None).array(0).mean()) / scale
            for frame in movie.decode(video=0)
        ]
    assert levels == pytest.approx([20 + 3 * number for number in range(60)], abs=2.5)


def test_a_pool_frame_is_passed_to_ffmpeg_without_a_copy() -> None:
    pool = FramePool(320, 180, pixel_format("yuv422p10le"), Colour())
    frame = pool.allocate()
    native = native_frame(frame)
    assert [plane.buffer_ptr for plane in native.planes] == [
        plane.address for plane in frame.planes
    ]
    assert isinstance(frame.native, av.VideoFrame)


def test_interlaced_pictures_are_encoded_as_progressive_ones(tmp_path: Path) -> None:
    source, path = tmp_path / "interlaced.mpg", tmp_path / "movie.mkv"
    track = VideoTrack("mpeg2video", Fraction(25), options={"flags": "+ildct+ilme"}, ticks=range(5))
    pictures = [
        ramp_planes("yuv420p", track.size, 30 + number, 200, (90, 160)) for number in range(5)
    ]
    write_movie(source, track, pictures)
    container = container_for(path)
    settings = RenderSettings(codec="ffv1", pixel_format="yuv420p")
    output = video_output(settings, container, *track.size, Fraction(25))
    wanted = []
    with av.open(str(source)) as movie, Muxer(path, container, output, threads=1) as muxer:
        for native in movie.decode(video=0):
            assert native.interlaced_frame
            frame = wrap_frame(native, None)
            addresses = [plane.buffer_ptr for plane in progressive_frame(frame).planes]
            assert addresses == [plane.address for plane in frame.planes]
            wanted.append(native.to_ndarray())
            muxer.write_frame(frame)
            del native, frame
        muxer.finish()
    with av.open(str(path)) as movie:
        seen = list(movie.decode(video=0))
    assert len(seen) == 5
    assert not any(native.interlaced_frame for native in seen)
    for native, pixels in zip(seen, wanted, strict=True):
        assert np.array_equal(native.to_ndarray(), pixels)


def test_a_pool_can_be_given_its_memory() -> None:
    sizes = []

    def new_memory(size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        sizes.append(size)
        return np.empty(size, np.uint8)

    pool = FramePool(32, 16, YUV420, Colour(), new_memory)
    frame = pool.allocate()
    assert pool.buffers == len(sizes) == 1
    del frame
    pool.allocate()
    assert len(sizes) == 1
