"""Stand-ins for the media that the documentation's examples name: long enough, and very small."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

__all__ = ["write_cube", "write_movie", "write_sound", "write_still"]

_SECONDS = 75
_RATE = Fraction(2)
_SAMPLE_RATE = 8000
_SIZE = (64, 36)
_BLOCK = 1024


def write_movie(path: Path, *, alpha: bool = False) -> None:
    """Pictures of one colour each, with silence; with ``alpha`` half transparent."""
    codec, stored = ("png", "rgba") if alpha else ("libx264", "yuv420p")
    options = {} if alpha else {"preset": "ultrafast"}
    with av.open(str(path), "w") as output:
        video = output.add_stream(codec, rate=_RATE, options=options)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = *_SIZE, stored
        audio = output.add_stream("aac", rate=_SAMPLE_RATE, layout="stereo")
        for number in range(int(_SECONDS * _RATE)):
            pixels = np.full((_SIZE[1], _SIZE[0], 4), (number, 90, 160, 128), np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format=stored)
            frame.pts, frame.time_base = number, 1 / _RATE
            output.mux(video.encode(frame))
        for start in range(0, _SECONDS * _SAMPLE_RATE, _BLOCK):
            silence = np.zeros((2, _BLOCK), np.float32)
            block = av.AudioFrame.from_ndarray(silence, "fltp", "stereo")
            block.sample_rate, block.pts = _SAMPLE_RATE, start
            output.mux(audio.encode(block))
        for stream in (video, audio):
            output.mux(stream.encode(None))


def write_sound(path: Path) -> None:
    """Stereo silence."""
    with av.open(str(path), "w") as output:
        audio = output.add_stream("pcm_s16le", rate=_SAMPLE_RATE, layout="stereo")
        silence = np.zeros((1, 2 * _SECONDS * _SAMPLE_RATE), np.int16)
        block = av.AudioFrame.from_ndarray(silence, "s16", "stereo")
        block.sample_rate, block.pts = _SAMPLE_RATE, 0
        output.mux(audio.encode(block))
        output.mux(audio.encode(None))


def write_still(path: Path) -> None:
    """A half transparent picture."""
    Image.new("RGBA", _SIZE, (200, 40, 40, 128)).save(path)


def write_cube(path: Path) -> None:
    """A table of two entries a side that exchanges red and blue."""
    corners = [(blue, green, red) for blue in (0, 1) for green in (0, 1) for red in (0, 1)]
    lines = [" ".join(map(str, corner)) for corner in corners]
    path.write_text("\n".join(["LUT_3D_SIZE 2", *lines]) + "\n", encoding="utf-8")
