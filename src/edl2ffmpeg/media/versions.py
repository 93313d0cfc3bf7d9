"""Which FFmpeg libraries do the work, for reports."""

from __future__ import annotations

import av

__all__ = ["library_versions"]


def library_versions() -> dict[str, str]:
    """Versions by name: ``av`` is PyAV's own, the others are FFmpeg's libraries."""
    found = {name: ".".join(map(str, number)) for name, number in av.library_versions.items()}
    return {"av": av.__version__, **dict(sorted(found.items()))}
