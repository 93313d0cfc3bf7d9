"""Places sound between left and right at constant power; it knows no clips.

The laws are those of the W3C Web Audio API's StereoPannerNode, which editors in a browser
hear: one channel goes to both sides with the cosine and the sine of the position, so the
middle is 3 dB down on each; of two channels the one that is turned away from is folded into
the other, so that the middle leaves both as they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edl2ffmpeg.audio.samples import Samples

__all__ = ["pan_mono", "pan_stereo"]

Positions = NDArray[np.float64]


def pan_mono(samples: Samples, positions: Positions) -> Samples:
    """``samples`` (count, channels), whose first two channels hold one sound, panned.

    Where a position is NaN the sample stays as it is.
    """
    angle = (positions + 1.0) * (np.pi / 4)
    sound = samples[:, 0].astype(np.float64)
    return _with_sides(samples, positions, sound * np.cos(angle), sound * np.sin(angle))


def pan_stereo(samples: Samples, positions: Positions) -> Samples:
    """``samples`` (count, channels) with the first two channels panned, as ``pan_mono`` does."""
    left, right = samples[:, 0].astype(np.float64), samples[:, 1].astype(np.float64)
    # The side that is turned away from keeps the sine, and the cosine moves over.
    angle = (1.0 - np.abs(positions)) * (np.pi / 2)
    kept, moved = np.sin(angle), np.cos(angle)
    to_left = positions <= 0
    return _with_sides(
        samples,
        positions,
        np.where(to_left, left + right * moved, left * kept),
        np.where(to_left, right * kept, right + left * moved),
    )


def _with_sides(
    samples: Samples, positions: Positions, left: Positions, right: Positions
) -> Samples:
    """A copy, as a decoder may keep what it gave."""
    panned = samples.copy()
    acts = ~np.isnan(positions)
    panned[acts, 0] = left[acts]
    panned[acts, 1] = right[acts]
    return panned
