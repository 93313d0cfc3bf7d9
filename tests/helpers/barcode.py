"""A barcode of file id and frame number that survives coding, scaling and fading.

It knows luma arrays only; it does not read files.  The picture is divided into 8 x 4 equal
blocks, one bit each, dark or bright: 8 bits of file id, 16 of frame number, 8 of checksum.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BRIGHT", "COLUMNS", "DARK", "ROWS", "draw", "picture", "read"]

COLUMNS, ROWS = 8, 4
DARK, BRIGHT = 40, 200
"""8-bit luma of a 0 and a 1: legal in limited and in full range, with room for ringing."""

_SAMPLES = 6
_MINIMUM_CONTRAST = (BRIGHT - DARK) * 0.4 / 256
_UNSURE = 0.2
_WEIGHTS = 1 << np.arange(31, -1, -1, dtype=np.uint64)


def _checksum(value: int) -> int:
    """CRC-8 of 24 bits, started at 0x5A so that neither black nor white is a barcode."""
    crc = 0x5A
    for byte in value.to_bytes(3, "big"):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc


@lru_cache(maxsize=4096)
def _bits(file_id: int, frame: int) -> npt.NDArray[np.bool_]:
    if not (0 <= file_id < 256 and 0 <= frame < 65536):
        raise ValueError(f"file id {file_id} or frame number {frame} does not fit the barcode")
    value = file_id << 16 | frame
    word = value << 8 | _checksum(value)
    return np.array([word >> bit & 1 for bit in range(31, -1, -1)], bool).reshape(ROWS, COLUMNS)


@lru_cache(maxsize=64)
def _block_index(size: int, blocks: int) -> npt.NDArray[np.intp]:
    return (np.arange(size) * blocks) // size


@lru_cache(maxsize=64)
def _sample_index(size: int, blocks: int) -> npt.NDArray[np.intp]:
    """Positions of ``_SAMPLES`` samples in the middle half of each block."""
    inside = 0.25 + 0.5 * (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    places = (np.arange(blocks)[:, None] + inside) * size / blocks
    return places.astype(np.intp).ravel()


def draw(luma: npt.NDArray[Any], file_id: int, frame: int, depth: int = 8) -> None:
    """Fills ``luma`` (height, width) with the barcode, in place, at ``depth`` bits."""
    levels = np.where(_bits(file_id, frame), BRIGHT, DARK) << (depth - 8)
    columns = levels.astype(luma.dtype)[:, _block_index(luma.shape[1], COLUMNS)]
    np.take(columns, _block_index(luma.shape[0], ROWS), axis=0, out=luma, mode="clip")


def picture(
    width: int, height: int, file_id: int, frame: int, depth: int = 8
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """A new luma array (height, width) holding the barcode."""
    luma = np.empty((height, width), np.uint8 if depth == 8 else np.uint16)
    draw(luma, file_id, frame, depth)
    return luma


def read(luma: npt.NDArray[Any], depth: int | None = None) -> tuple[int, int] | None:
    """(file id, frame number) of a picture's luma, or ``None`` where there is no barcode.

    ``depth`` is guessed from the type: 8 bits for ``uint8``, 10 for ``uint16``.  Two
    barcodes mixed leave blocks that are neither dark nor bright and count as none.
    """
    bits = depth or (8 if luma.dtype.itemsize == 1 else 10)
    rows, columns = _sample_index(luma.shape[0], ROWS), _sample_index(luma.shape[1], COLUMNS)
    samples = luma[rows[:, None], columns].reshape(ROWS, _SAMPLES, COLUMNS, _SAMPLES)
    means = samples.mean(axis=(1, 3), dtype=np.float32).ravel()
    low, high = float(means.min()), float(means.max())
    if high - low < _MINIMUM_CONTRAST * (1 << bits):
        return None
    position = (means - low) / (high - low) - 0.5
    if np.abs(position).min() < _UNSURE / 2:
        return None
    word = int(_WEIGHTS[position > 0].sum())
    value, checksum = word >> 8, word & 0xFF
    if checksum != _checksum(value):
        return None
    return value >> 16, value & 0xFFFF
