"""The drawing cases in MoviePy 2: ``PYTHON moviepy_cases.py CASE OUTPUT SOURCE:START:FRAMES...``

It runs in the interpreter given to ``run.py --moviepy``, which needs nothing of this project.
Sources are read, drawn in R'G'B' and encoded by MoviePy as its documentation shows.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import edits
import numpy as np
from moviepy import CompositeVideoClip, TextClip, VideoFileClip, vfx

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def main(name: str, output: str, parts: Sequence[str]) -> None:
    """Renders the case ``name``."""
    clips = [_open(part) for part in parts]
    movie = _CASES[name](clips)
    movie.write_videofile(
        output,
        fps=edits.FRAME_RATE,
        codec="libx264",
        preset="veryfast",
        ffmpeg_params=["-crf", "23"],
        pixel_format="yuv420p",
        audio=False,
        logger=None,
    )


def _open(part: str) -> Any:
    path, start, frames = part.rsplit(":", 2)
    begin = int(start) / edits.FRAME_RATE
    clip = VideoFileClip(path, audio=False)
    # Rounding must not ask for more than the file has.
    return clip.subclipped(begin, min(begin + int(frames) / edits.FRAME_RATE, clip.duration))


def _colour(clips: Sequence[Any]) -> Any:
    lum = 255 * (edits.BRIGHTNESS - 1) * edits.CONTRAST
    effect = vfx.LumContrast(lum=lum, contrast=edits.CONTRAST - 1, contrast_threshold=127.5)

    def saturate(picture: Any) -> Any:
        values = picture.astype(np.float32)
        grey = (values @ _LUMA)[..., None]
        return np.clip(grey + edits.SATURATION * (values - grey), 0, 255).astype(np.uint8)

    return clips[0].with_effects([effect]).image_transform(saturate)


def _transform(clips: Sequence[Any]) -> Any:
    (clip,) = clips

    def view(time: float) -> edits.View:
        return edits.view_at(time / clip.duration)

    moved = clip.resized(lambda time: view(time).zoom)
    moved = moved.rotated(lambda time: -view(time).rotation, expand=False, resample="bicubic")
    moved = moved.with_position(lambda time: view(time).rectangle[:2])
    return CompositeVideoClip([moved], size=edits.SIZE)


def _dissolves(clips: Sequence[Any]) -> Any:
    # All but the last go on for as long as the next one takes to come.
    shown = _length(clips[-1])
    mix = vfx.CrossFadeIn(_length(clips[0]) - shown)
    placed = [clips[0]]
    for number, clip in enumerate(clips[1:], 1):
        placed.append(clip.with_effects([mix]).with_start(number * shown))
    return CompositeVideoClip(placed, size=edits.SIZE)


def _length(clip: Any) -> float:
    return round(clip.duration * edits.FRAME_RATE) / edits.FRAME_RATE


def _picture_in_picture(clips: Sequence[Any]) -> Any:
    below, above = clips
    small = above.resized(edits.PIP_SIZE).with_opacity(edits.PIP_OPACITY)
    return CompositeVideoClip([below, small.with_position(edits.PIP_CORNER)], size=edits.SIZE)


def _text(clips: Sequence[Any]) -> Any:
    (clip,) = clips
    text = TextClip(
        font=_font_file(),
        text=edits.TEXT,
        font_size=edits.TEXT_SIZE,
        color="white",
        bg_color=(0, 0, 0, 128),
        margin=(10, 10),
    )
    top = edits.SIZE[1] - edits.TEXT_MARGIN - text.h
    text = text.with_position(("center", top)).with_duration(clip.duration)
    return CompositeVideoClip([clip, text], size=edits.SIZE)


def _font_file() -> str:
    command = ["fc-match", "--format=%{file}", edits.TEXT_FONT]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _upscale(clips: Sequence[Any]) -> Any:
    return clips[0].resized(edits.SIZE)


_CASES: dict[str, Callable[[Sequence[Any]], Any]] = {
    "colour": _colour,
    "transform": _transform,
    "dissolves": _dissolves,
    "pip": _picture_in_picture,
    "text": _text,
    "upscale": _upscale,
}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
