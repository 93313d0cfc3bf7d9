"""What an edit means: the timeline's values, and how one is built from an EDL.

It opens no media.  The loader is imported when it is first asked for: those who only need
the values, such as workers and ``--help``, do not pay for the models of the format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edl2ffmpeg.timeline.builder import build_timeline, load_timeline_file

__all__ = ["build_timeline", "load_timeline_file"]


def __getattr__(name: str) -> Any:
    """Imports the builder on first use (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from edl2ffmpeg.timeline import builder

    return getattr(builder, name)
