"""Edits of layers in a few words, and every composed frame of one as arrays; it judges nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import edl2ffmpeg
from helpers.edl_factory import Json, document, generated, video_clip, write_edl

__all__ = ["HEIGHT", "WIDTH", "Array", "Planes", "edit", "flat", "frames_of", "placed", "sub"]

Array = npt.NDArray[np.float64]
Planes = tuple[Array, Array, Array]

WIDTH, HEIGHT = 96, 64


def frames_of(folder: Path, edl: Json, format: str = "yuv420p") -> list[Planes]:
    """Every composed frame; no warning is allowed."""
    with edl2ffmpeg.open_frames(write_edl(folder, edl), format=format) as reader:
        found = [frame.planes for frame in reader]
        assert reader.warnings == []
    return [tuple(plane.astype(np.float64) for plane in planes) for planes in found]  # type: ignore[misc]


def edit(*clips: Json, fps: int | str = 25, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Json:
    return document(*clips, fps=fps, width=size[0], height=size[1])


def flat(
    code: str, number: int, start: float = 0, end: float = 0.2, alpha: float = 1, **more: Any
) -> Json:
    size = more.pop("size", (WIDTH, HEIGHT))
    source = generated("colour", round(end - start, 6), *size, yuv=code, alpha=alpha)
    return video_clip(source, start, end, number, **more)


def sub(number: int, subtype: str, source: Json, start: float = 0, end: float = 0.2) -> Json:
    track = {"type": "video", "number": number, "subtype": subtype}
    return {"track": track, "in": start, "out": end, "source": source}


def placed(number: int, end: float = 0.2, **point: float) -> Json:
    return sub(number, "transform", {"controlPoints": [{"point": 0} | point]}, end=end)
