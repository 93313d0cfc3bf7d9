"""Makes the 1080p30 camera-like sources that are cut in the benchmark, once per folder.

A textured picture is panned, things move over it, and every frame has its own noise, so that
coding it costs what coding real material costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from edits import FRAME_RATE, SIZE

__all__ = ["FRAME_RATE", "SIZE", "SOURCE_X264", "prepare_sources"]

_MARGIN = 160
_VERSION = 2
_NOISE_PICTURES = 12
# A keyframe a second, as phones and cameras write.
SOURCE_X264 = "keyint=30:min-keyint=30:scenecut=0:bframes=3"

Picture = npt.NDArray[np.uint8]


def prepare_sources(folder: Path, count: int = 3, seconds: int = 20) -> list[Path]:
    """Paths of ``count`` sources of ``seconds`` each; those already in ``folder`` are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        path = folder / f"source-v{_VERSION}-{seconds}s-{number}.mp4"
        if not path.exists():
            print(f"making {path}", flush=True)
            aside = path.with_suffix(".making.mp4")
            _write(aside, seconds * FRAME_RATE, seed=number)
            aside.rename(path)
        paths.append(path)
    return paths


def _write(path: Path, frames: int, seed: int) -> None:
    options = {"preset": "veryfast", "crf": "20", "x264-params": SOURCE_X264}
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=Fraction(FRAME_RATE), options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = 1
        context.color_range = 1
        for planes in _pictures(frames, seed):
            frame = av.VideoFrame(*SIZE, "yuv420p")
            for target, plane in zip(frame.planes, planes, strict=True):
                rows = np.frombuffer(memoryview(target), np.uint8)
                rows.reshape(target.height, target.line_size)[:, : plane.shape[1]] = plane
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _pictures(frames: int, seed: int) -> Iterator[tuple[Picture, Picture, Picture]]:
    random = np.random.default_rng(seed)
    width, height = SIZE
    luma = _texture(random, width + 2 * _MARGIN, height + 2 * _MARGIN, 40, 200)
    blue, red = (
        _texture(random, width // 2 + _MARGIN, height // 2 + _MARGIN, 100, 156) for _ in range(2)
    )
    noise = random.normal(0, 2.5, (_NOISE_PICTURES, height, width)).round().astype(np.int16)
    paths = random.uniform(0.2, 1.0, (6, 4))
    for number in range(frames):
        time = number / FRAME_RATE
        # Even offsets, so that luma and chroma move together.
        x = 2 * int(_MARGIN / 2 * (1 + np.sin(0.9 * time + seed)))
        y = 2 * int(_MARGIN / 2 * (1 + np.sin(0.6 * time + 2 * seed)))
        picture = luma[y : y + height, x : x + width].astype(np.int16)
        for box, (speed_x, speed_y, size, level) in enumerate(paths):
            _draw_box(picture, time + box, speed_x, speed_y, int(60 + 200 * size), int(235 * level))
        picture += noise[random.integers(_NOISE_PICTURES)]
        part = (slice(y // 2, y // 2 + height // 2), slice(x // 2, x // 2 + width // 2))
        yield np.clip(picture, 16, 235).astype(np.uint8), blue[part], red[part]


def _texture(random: np.random.Generator, width: int, height: int, low: int, high: int) -> Picture:
    """Noise of many scales, as walls, grass and faces have it."""
    total = np.zeros((height, width), np.float32)
    for cell, weight in ((240, 1.0), (60, 0.6), (16, 0.35), (4, 0.15)):
        grid = random.random((height // cell + 2, width // cell + 2), np.float32)
        rows, columns = np.arange(height) / cell, np.arange(width) / cell
        total += weight * _bilinear(grid, rows, columns)
    total -= total.min()
    picture: Picture = (low + (high - low) * total / total.max()).astype(np.uint8)
    return picture


def _bilinear(
    grid: npt.NDArray[np.float32], rows: npt.NDArray[np.float64], columns: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    top, left = rows.astype(int), columns.astype(int)
    down = (rows - top).astype(np.float32)[:, None]
    across = (columns - left).astype(np.float32)
    lines = grid[top] * (1 - down) + grid[top + 1] * down
    mixed: npt.NDArray[np.float32] = lines[:, left] * (1 - across) + lines[:, left + 1] * across
    return mixed


def _draw_box(
    picture: npt.NDArray[np.int16], time: float, across: float, down: float, size: int, level: int
) -> None:
    """Mixes a moving square into the picture."""
    height, width = picture.shape
    x = int((0.5 + 0.5 * np.sin(across * time)) * (width - size))
    y = int((0.5 + 0.5 * np.cos(down * time)) * (height - size))
    box = picture[y : y + size, x : x + size]
    box[:] = (box + level) // 2
