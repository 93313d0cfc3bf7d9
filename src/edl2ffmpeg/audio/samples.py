"""What a run of sound is: a ``(count, channels)`` array of float32; it computes nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Samples", "silence"]

Samples = NDArray[np.float32]


def silence(count: int, channels: int) -> Samples:
    """``count`` samples of nothing."""
    return np.zeros((count, channels), np.float32)
