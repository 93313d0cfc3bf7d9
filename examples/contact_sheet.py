"""Puts eight pictures of a movie on one sheet: how docs/images/demo.png was made.

make demo
.venv/bin/python examples/contact_sheet.py demo.mp4 docs/images/demo.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np

COLUMNS, ROWS = 4, 2
WIDTH, HEIGHT, GAP = 176, 99, 6


def pictures_of(movie: Path) -> list[np.ndarray]:
    """Pictures from the middle of each eighth of the movie, small and as R'G'B'."""
    with av.open(str(movie)) as container:
        stream = container.streams.video[0]
        wanted = {
            (2 * part + 1) * stream.frames // (2 * COLUMNS * ROWS) for part in range(COLUMNS * ROWS)
        }
        return [
            frame.reformat(WIDTH, HEIGHT, "rgb24").to_ndarray()
            for number, frame in enumerate(container.decode(stream))
            if number in wanted
        ]


def sheet_of(pictures: list[np.ndarray]) -> np.ndarray:
    """The pictures in rows on white, with a gap between them."""
    height, width = ROWS * (HEIGHT + GAP) - GAP, COLUMNS * (WIDTH + GAP) - GAP
    sheet = np.full((height, width, 3), 255, np.uint8)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, COLUMNS)
        top, left = row * (HEIGHT + GAP), column * (WIDTH + GAP)
        sheet[top : top + HEIGHT, left : left + WIDTH] = picture
    return sheet


def write_png(sheet: np.ndarray, path: Path) -> None:
    """One picture through FFmpeg's PNG encoder."""
    options = {"compression_level": "9", "pred": "mixed"}
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as output:
        stream = output.add_stream("png", options=options)
        stream.height, stream.width = sheet.shape[:2]
        stream.pix_fmt = "rgb24"
        output.mux(stream.encode(av.VideoFrame.from_ndarray(sheet, format="rgb24")))
        output.mux(stream.encode(None))


def main() -> None:
    movie, sheet = map(Path, sys.argv[1:])
    write_png(sheet_of(pictures_of(movie)), sheet)


if __name__ == "__main__":
    main()
