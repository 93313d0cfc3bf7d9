"""Which FFmpeg libraries do the work, and what hardware they were built for."""

from __future__ import annotations

import av
from av.codec.hwaccel import hwdevices_available

__all__ = ["hardware_kinds", "library_versions"]


def library_versions() -> dict[str, str]:
    """Versions by name: ``av`` is PyAV's own, the others are FFmpeg's libraries."""
    found = {name: ".".join(map(str, number)) for name, number in av.library_versions.items()}
    return {"av": av.__version__, **dict(sorted(found.items()))}


def hardware_kinds() -> list[str]:
    """Kinds of accelerators in this build of FFmpeg; whether there is one is another question."""
    return sorted(hwdevices_available())
