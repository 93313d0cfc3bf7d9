"""Reads composed frames as NumPy arrays; no movie is written."""

from __future__ import annotations

import sys
from fractions import Fraction

import edl2ffmpeg


def brightness(edl: str) -> list[float]:
    """The mean of R', G' and B' of every frame, 0 to 255."""
    with edl2ffmpeg.open_frames(edl) as frames:
        return [float(frame.array.mean()) for frame in frames]


def luma_ranges(edl: str, start: Fraction, end: Fraction) -> list[tuple[int, int, int]]:
    """Frame number, smallest and largest luma code (10 bits, limited range) of a part."""
    found = []
    with edl2ffmpeg.open_frames(edl, format="yuv422p10le", start=start, end=end) as frames:
        for frame in frames:
            y, u, v = frame.planes
            assert u.shape == v.shape == (y.shape[0], (y.shape[1] + 1) // 2)
            found.append((frame.number, int(y.min()), int(y.max())))
    return found


def main(edl: str) -> None:
    """Prints both for the first half second."""
    print([round(value) for value in brightness(edl)])
    for number, darkest, brightest in luma_ranges(edl, Fraction(0), Fraction(1, 2)):
        print(f"frame {number}: luma {darkest} to {brightest}")


if __name__ == "__main__":
    main(*sys.argv[1:])
