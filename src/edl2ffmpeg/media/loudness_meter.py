"""Measures loudness and true peak after EBU R 128, by FFmpeg's ``ebur128``; it changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import log10

import av
import numpy as np
from av.filter import Graph

from edl2ffmpeg.audio.samples import Samples
from edl2ffmpeg.media.audio_layouts import layout_name
from edl2ffmpeg.media.audio_samples import packed_frame

__all__ = ["Loudness", "LoudnessMeter"]

# What the filter says where nothing is louder than its absolute gate.
_GATE = -70.0
_BLOCKS_PER_SECOND = 10
_SHORTEST_SECONDS = 0.4
# The filter counts windows of 3 s that are not full yet.
_SHORTEST_RANGE_SECONDS = 4


@dataclass(frozen=True, slots=True)
class Loudness:
    """Integrated loudness in LUFS, its range in LU, and the true peak in dBTP.

    Each is None where there is nothing to tell: sound below -70 LUFS, or shorter than the
    0.4 s of one measurement; the range of less than 4 s.
    """

    integrated: float | None = None
    range: float | None = None
    true_peak: float | None = None


class LoudnessMeter:
    """Takes blocks of ``(count, channels)`` float32 and keeps a running measurement."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._sample_rate = sample_rate
        self._position = 0
        self._peak = 0.0
        self._metadata: dict[str, str] = {}
        layout = layout_name(channels)
        self._graph = Graph()
        source = self._graph.add_abuffer(
            sample_rate=sample_rate,
            format="flt",
            layout=layout,
            time_base=Fraction(1, sample_rate),
        )
        meter = self._graph.add("ebur128", "peak=true:metadata=1:framelog=quiet")
        self._graph.link_nodes(source, meter, self._graph.add("abuffersink"))
        self._graph.configure()
        self._channels = channels

    def add(self, block: Samples) -> None:
        """Measures the next block."""
        if not len(block):
            return
        self._peak = max(self._peak, float(block.max()), -float(block.min()))
        frame = packed_frame(block, self._sample_rate)
        frame.pts = self._position
        frame.time_base = Fraction(1, self._sample_rate)
        self._position += len(block)
        self._graph.push(frame)
        self._pull()

    def _pull(self) -> None:
        while True:
            try:
                self._metadata = self._graph.pull().metadata
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    def finish(self) -> Loudness:
        """The measurement of all blocks; nothing can be added any more."""
        if not self._position:
            return Loudness()
        # The filter counts whole tenths of a second, and finds peaks a little late.
        step = self._sample_rate // _BLOCKS_PER_SECOND
        rest = -self._position % step + step
        lasts = self._position >= _SHORTEST_RANGE_SECONDS * self._sample_rate
        measured = self._position >= _SHORTEST_SECONDS * self._sample_rate
        before = dict(self._metadata)
        self.add(np.zeros((rest, self._channels), np.float32))
        self._graph.push(None)
        self._pull()
        integrated = self._value(before, "I")
        if not measured or integrated is None or integrated <= _GATE:
            integrated = None
        true_peak = max(self._value(self._metadata, "true_peak") or 0.0, self._peak)
        return Loudness(
            integrated,
            self._value(before, "LRA") if integrated is not None and lasts else None,
            20 * log10(true_peak) if true_peak > 0 else None,
        )

    @staticmethod
    def _value(metadata: dict[str, str], name: str) -> float | None:
        text = metadata.get(f"lavfi.r128.{name}")
        return None if text is None else float(text)
