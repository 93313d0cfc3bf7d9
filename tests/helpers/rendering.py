"""Renders EDLs in tests and reads back what a viewer would see; it judges nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

import edl2ffmpeg
from helpers import barcode
from helpers.edl_factory import write_edl

__all__ = ["CodeList", "codes_of", "render_edl", "run_command"]

CodeList = list[tuple[int, int] | None]

_DARK = 40


def render_edl(
    folder: Path, edl: Mapping[str, Any], name: str = "movie.mp4", **options: Any
) -> edl2ffmpeg.RenderResult:
    """Renders ``edl`` quickly to ``folder/name``."""
    chosen: dict[str, Any] = {"audio": False, "overwrite": True}
    if Path(name).suffix in (".mp4", ".mov", ".mkv", ".ts"):
        chosen["preset"] = "ultrafast"
    return edl2ffmpeg.render(write_edl(folder, edl), folder / name, **(chosen | options))


def codes_of(movie: Path) -> CodeList:
    """The barcode of every picture of a movie in order; None for a black picture.

    Asserts that pictures come at a constant rate from time 0, and that what is not black has
    a barcode.
    """
    found: CodeList = []
    with av.open(str(movie)) as container:
        stream = container.streams.video[0]
        rate = Fraction(stream.average_rate or 0)
        start = stream.start_time or 0
        for number, frame in enumerate(container.decode(stream)):
            assert frame.pts is not None and stream.time_base is not None
            time = (frame.pts - start) * stream.time_base
            assert abs(time - number / rate) <= max(stream.time_base, Fraction(1, 1000)), number
            luma = frame.to_ndarray(format="gray")
            code = barcode.read(luma)
            if code is None:
                assert int(np.max(luma)) < _DARK, f"frame {number} is neither black nor readable"
            found.append(code)
    return found


def run_command(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs ``edl2ffmpeg`` as a user would, in a process of its own."""
    command = [sys.executable, "-m", "edl2ffmpeg", *map(str, arguments)]
    options = {"timeout": 120} | options
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)
