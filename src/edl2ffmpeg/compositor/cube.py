"""Reads .cube look-up tables, 1-D and 3-D; it applies none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.errors import MediaOpenError

__all__ = ["Cube", "parse_cube", "read_cube"]

_LARGEST_3D = 256
_LARGEST_1D = 65_536
# A table of 256^3 entries is about this long as text.
_LARGEST_FILE = 1 << 29
_MOST_DIGITS = 9
_FARTHEST_INPUT = 1e6
_LEAST_DOMAIN = 1e-6


@dataclass(frozen=True, eq=False)
class Cube:
    """A table of R'G'B' triples in 0..1; red changes fastest.

    ``entries`` is flat float32, 3 numbers an entry: size**3 entries, or ``size`` if not
    ``is_3d``.  ``domain_low`` and ``domain_high`` are the inputs of the first and last entry.
    """

    entries: npt.NDArray[np.float32]
    size: int
    is_3d: bool
    domain_low: npt.NDArray[np.float64]
    domain_high: npt.NDArray[np.float64]


def read_cube(path: str) -> Cube:
    """The table in the file at ``path``; ``MediaOpenError`` when it is none."""
    try:
        if Path(path).stat().st_size > _LARGEST_FILE:
            raise MediaOpenError(f"{path}: is too large for a .cube file", path)
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise MediaOpenError(f"{path}: cannot be read: {error.strerror}", path) from None
    try:
        return parse_cube(text)
    except ValueError as error:
        raise MediaOpenError(
            f"{path}: is no .cube table that can be used: {error}; export it again", path
        ) from None


def parse_cube(text: str) -> Cube:
    """The table that the text of a .cube file holds; ``ValueError`` says what is wrong."""
    sizes: dict[str, int] = {}
    domain = {"DOMAIN_MIN": np.zeros(3), "DOMAIN_MAX": np.ones(3)}
    numbers: list[str] = []
    for place, line in enumerate(text.splitlines(), start=1):
        words = line.split("#")[0].split()
        if not words or words[0] == "TITLE":
            continue
        if words[0] in ("LUT_1D_SIZE", "LUT_3D_SIZE"):
            sizes[words[0]] = _size(words, place)
        elif words[0] in domain:
            domain[words[0]] = _triple(words[1:], place)
        elif words[0] in ("LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE"):
            domain["DOMAIN_MIN"], domain["DOMAIN_MAX"] = _input_range(words[1:], place)
        elif words[0][0] in "+-.0123456789":
            if len(words) != 3:
                raise ValueError(f"line {place} has {len(words)} numbers instead of 3")
            numbers += words
        else:
            raise ValueError(f"line {place} begins with {words[0][:20]!r}")
    return _cube(sizes, numbers, domain["DOMAIN_MIN"], domain["DOMAIN_MAX"])


def _cube(
    sizes: dict[str, int],
    numbers: list[str],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
) -> Cube:
    if len(sizes) != 1:
        raise ValueError("it needs one of LUT_1D_SIZE and LUT_3D_SIZE")
    ((kind, size),) = sizes.items()
    is_3d = kind == "LUT_3D_SIZE"
    expected = 3 * (size**3 if is_3d else size)
    if len(numbers) != expected:
        raise ValueError(
            f"it has {len(numbers) // 3} entries, but its size asks for {expected // 3}"
        )
    # The widest domain that single precision can scale to 0..1; it refuses NaN as well.
    if not (np.abs([low, high]) <= _FARTHEST_INPUT).all():
        raise ValueError("its domain is not finite")
    if not (high - low >= _LEAST_DOMAIN).all():
        raise ValueError("its domain is empty")
    entries = _entries(numbers)
    if not np.isfinite(entries).all():
        raise ValueError("an entry is not a finite number")
    return Cube(entries, size, is_3d, low, high)


def _size(words: list[str], place: int) -> int:
    largest = _LARGEST_3D if words[0] == "LUT_3D_SIZE" else _LARGEST_1D
    # int() refuses thousands of digits in words of its own.
    is_short = len(words) == 2 and words[1].isdecimal() and len(words[1]) <= _MOST_DIGITS
    if not is_short or not 2 <= int(words[1]) <= largest:
        raise ValueError(f"line {place}: {words[0]} must be 2 to {largest}")
    return int(words[1])


def _entries(numbers: list[str]) -> npt.NDArray[np.float32]:
    try:
        # A number beyond single precision becomes an infinity, which is refused.
        with np.errstate(over="ignore"):
            return np.array(numbers, np.float32)
    except ValueError:
        for index, word in enumerate(numbers):
            _number(word, f"entry {index // 3 + 1}")
        raise


def _number(word: str, where: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"{where} holds {word[:20]!r} in place of a number") from None


def _triple(words: list[str], place: int) -> npt.NDArray[np.float64]:
    if len(words) != 3:
        raise ValueError(f"line {place} has {len(words)} numbers instead of 3")
    return np.array([_number(word, f"line {place}") for word in words])


def _input_range(
    words: list[str], place: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    if len(words) != 2:
        raise ValueError(f"line {place} has {len(words)} numbers instead of 2")
    low, high = (_number(word, f"line {place}") for word in words)
    return np.full(3, low), np.full(3, high)
