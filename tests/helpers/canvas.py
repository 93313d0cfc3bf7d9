"""Canvases of the compositor: planes of 15-bit code values, with padding nobody may touch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.compositor._kernels import Plane
from helpers.frames import PADDING_BYTE

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MOST_CODE = 32767
SIZES = [(67, 50), (333, 29), (31, 101), (1, 1), (3, 2), (5, 200), (64, 16)]
_PADDING_SAMPLES = 11


class Canvas:
    """One plane in memory of its own: a row of padding above and below, samples of it beside."""

    def __init__(self, width: int, height: int, samples: npt.ArrayLike | None = None) -> None:
        self.width, self.height = width, height
        self.pitch = 2 * (width + _PADDING_SAMPLES)
        self._memory = np.full((height + 2) * self.pitch, PADDING_BYTE, np.uint8)
        self._rows = self._memory.view(np.uint16).reshape(height + 2, -1)
        if samples is not None:
            self.array[...] = samples

    @property
    def array(self) -> npt.NDArray[np.uint16]:
        """The samples themselves."""
        return self._rows[1:-1, : self.width]

    @property
    def codes(self) -> Integers:
        """A copy of the samples to calculate with."""
        return self.array.astype(np.int64)

    def plane(self, start: int = 0, end: int | None = None) -> Plane:
        """The plane, or its columns ``[start, end)``."""
        width = (self.width if end is None else end) - start
        address = self._memory.ctypes.data + self.pitch + 2 * start
        return Plane(address, self.pitch, width, self.height, 2)

    @property
    def padding_is_untouched(self) -> bool:
        """Whether everything around the samples is as it was."""
        padding = PADDING_BYTE * 257
        around = (self._rows[0], self._rows[-1], self._rows[:, self.width :])
        return all(bool((part == padding).all()) for part in around)


def picture(kind: str, width: int, height: int, seed: int = 1) -> Integers:
    """Code values that are hard in one way or another."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    full = MOST_CODE
    pictures = {
        "random": lambda: rng.integers(0, full + 1, (height, width)),
        "noise of extremes": lambda: rng.integers(0, 2, (height, width)) * full,
        "edges": lambda: np.where((x > width // 3) ^ (y > height // 2), full, 0),
        "ramp": lambda: x * full // max(1, width - 1),
        "bright edge": lambda: np.where((x == 0) | (y == height - 1), full, 0),
        "point": lambda: np.where((x == width // 2) & (y == height // 2), full, 0),
        "waves": lambda: np.rint(
            full * (0.5 + 0.25 * np.sin(x / 5.0) + 0.25 * np.cos((x + 2 * y) / 7.0))
        ),
        "black": lambda: 0 * x,
        "white": lambda: 0 * x + full,
    }
    return pictures[kind]().astype(np.int64)
