"""Counters of what reaching pictures took."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DecodeStats"]


@dataclass(slots=True)
class DecodeStats:
    """Counters that make performance promises testable."""

    seeks: int = 0
    seek_retries: int = 0
    packets_read: int = 0
    pictures_decoded: int = 0
    pictures_shown: int = 0
    broken_packets: int = 0
