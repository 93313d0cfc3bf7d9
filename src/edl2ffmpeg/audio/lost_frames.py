"""How many frames a bare stream lost, judged by their bytes; it reads nothing.

A bare stream (MP3, ADTS) has no timestamps: sound behind a damaged part keeps its place only
if the frames lost in it are counted.
"""

from __future__ import annotations

__all__ = ["LostFrames"]


class LostFrames:
    """Counts in frames of ``frame_samples``, as large as the last one that was sound."""

    def __init__(self, frame_samples: int) -> None:
        self._frame_samples = frame_samples
        self._usual_size = 0
        self._loss: tuple[int, int] | None = None

    def sound(self, size: int) -> None:
        """A frame of ``size`` bytes could be decoded: a loss, if any, is over."""
        self._usual_size = size
        self._loss = None

    def position_after(self, place: int, end_place: int, position: int) -> int:
        """The sample at ``end_place`` if the one at ``place`` was ``position``, and all was lost.

        Losses that follow each other are counted together, so that roundings do not add up.
        """
        if not self._usual_size:
            return position + self._frame_samples
        if self._loss is None:
            self._loss = (place, position)
        first_place, first_position = self._loss
        frames = round((end_place - first_place) / self._usual_size)
        return max(position, first_position + frames * self._frame_samples)

    def frames_in(self, size: int) -> int:
        """How many frames so many bytes are likely to be; at least one."""
        return max(round(size / self._usual_size), 1) if self._usual_size else 1
