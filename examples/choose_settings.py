"""Keeps the options of several renders in one value, and varies it."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import edl2ffmpeg


def main(edl: str, folder: str) -> None:
    """A small preview of the first second, and a 10-bit master of the whole."""
    media = Path(edl).resolve().parent
    settings = edl2ffmpeg.RenderSettings(
        strict=True,
        overwrite=True,
        fit=edl2ffmpeg.Fit.COVER,
        restrict=(media,),
    )
    preview = replace(settings, preset="ultrafast", width=160, height=90, end=Fraction(1))
    master = replace(settings, codec="prores_ks")
    # Both settings allow the EDL the same files, so the timeline is read once.
    timeline = edl2ffmpeg.load_timeline(edl, settings)
    for name, chosen in (("preview.mp4", preview), ("master.mov", master)):
        result = edl2ffmpeg.render(timeline, Path(folder) / name, chosen)
        print(f"{name}: {result.frames} frames, {result.report['settings']['pixel_format']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
