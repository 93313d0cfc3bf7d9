"""The compositor protocol: frames in, one frame out; it neither decodes nor encodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from edl2ffmpeg.frame import Frame
from edl2ffmpeg.plan.model import FramePlan

__all__ = ["Compositor", "CompositorCounters"]


@dataclass(slots=True)
class CompositorCounters:
    """What a compositor has done, so that promises on copies can be tested.

    ``passed_through``: frames returned as they came in.  ``reused``: unchanging pictures
    returned again without drawing.  ``composed``: frames drawn.  ``prepared``: times that
    geometry and working buffers were set up for a new kind of source.
    """

    passed_through: int = 0
    reused: int = 0
    composed: int = 0
    prepared: int = 0


class Compositor(Protocol):
    """Draws frame plans, one at a time, at one output size and pixel format."""

    counters: CompositorCounters

    def compose(self, plan: FramePlan, pictures: Sequence[Frame | None]) -> Frame:
        """Draw ``plan`` and return the output frame.

        ``pictures`` is parallel to ``plan.pictures``: the decoded frame of a media layer, None
        for a generated one.  The result may be one of ``pictures`` itself, or a frame that
        was returned before: nobody may write to it.
        """
        ...

    def close(self) -> None:
        """Give up buffers and threads; closing again does nothing, composing raises."""
        ...

    def __enter__(self) -> Self:
        """Closed by the end of the ``with`` statement."""
        ...

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        ...
