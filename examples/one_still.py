"""Looks at one frame of an EDL: nothing before it is composed, and no movie is written."""

from __future__ import annotations

import sys

import edl2ffmpeg


def main(edl: str, number: str) -> None:
    """Prints the colour in the middle of frame ``number``, seen at a quarter of the size."""
    timeline = edl2ffmpeg.load_timeline(edl)
    small = edl2ffmpeg.RenderSettings(width=timeline.width // 4, height=timeline.height // 4)
    picture = edl2ffmpeg.still(timeline, int(number), small)
    height, width, _ = picture.shape
    red, green, blue = picture[height // 2, width // 2]
    print(f"frame {number} at {width}x{height} is #{red:02x}{green:02x}{blue:02x} in the middle")


if __name__ == "__main__":
    main(*sys.argv[1:])
