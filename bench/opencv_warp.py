"""OpenCV turning 1080p 4:2:0 pictures on one core: ``PYTHON opencv_warp.py``; prints frames/s."""

from __future__ import annotations

import time

import cv2
import edits
import numpy as np

_FRAMES = 40


def main() -> None:
    """All three planes through a cubic ``warpAffine``, as the drawing cases turn them."""
    cv2.setNumThreads(1)
    width, height = edits.SIZE
    random = np.random.default_rng(1)
    sizes = ((width, height), (width // 2, height // 2), (width // 2, height // 2))
    planes = [cv2.blur(random.integers(16, 235, size[::-1], np.uint8), (5, 5)) for size in sizes]
    view = edits.LAST
    used = 0.0
    for number in range(_FRAMES + 1):
        started = time.process_time()
        for (across, down), plane in zip(sizes, planes, strict=True):
            centre = (across / 2, down / 2)
            matrix = cv2.getRotationMatrix2D(centre, -view.rotation, view.zoom)
            cv2.warpAffine(plane, matrix, (across, down), flags=cv2.INTER_CUBIC)
        if number:  # the first sets up tables
            used += time.process_time() - started
    print(f"{_FRAMES / used:.1f}")


if __name__ == "__main__":
    main()
