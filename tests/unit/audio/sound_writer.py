"""Writes small files with given samples, in any codec and container; it measures nothing."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

__all__ = ["noise", "ramp", "write_sound"]

Samples = npt.NDArray[np.float32]
_PIECE = 1024


def noise(seconds: float, rate: int = 48000, channels: int = 2, seed: int = 1) -> Samples:
    """Smooth noise, different in each channel, in steps that 16 bits hold exactly."""
    white = np.random.default_rng(seed).standard_normal((int(seconds * rate) + 3, channels))
    smooth = (white[:-3] + white[1:-2] + white[2:-1] + white[3:]) / 4
    return (np.round(smooth * 0.2 * 32768) / 32768).astype(np.float32)


def ramp(count: int, channels: int = 2) -> Samples:
    """Every sample differs from its neighbours: (k mod 30000) / 32768."""
    line = (np.arange(count) % 30000 / 32768).astype(np.float32)
    return np.repeat(line[:, None], channels, axis=1)


def write_sound(
    path: Path,
    codec: str,
    samples: Samples,
    rate: int = 48000,
    *,
    layout: str = "",
    options: Mapping[str, str] | None = None,
    start: Fraction = Fraction(0),
    video_start: Fraction | None = None,
    skip: tuple[int, int] = (0, 0),
) -> Path:
    """Writes ``samples`` from ``start`` seconds on, beside a picture from ``video_start`` on.

    The samples of ``skip`` are left out: a hole in the timestamps.
    """
    layout = layout or {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[samples.shape[1]]
    with av.open(str(path), "w", options=_muxer_options(path, rate)) as output:
        video = None
        if video_start is not None:
            video = output.add_stream("mpeg4", rate=25)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            video.codec_context.gop_size = 25
            picture = np.full((72, 64), 100, np.uint8)
        audio = output.add_stream(codec, rate=rate, layout=layout, options=dict(options or {}))
        assert isinstance(audio, av.AudioStream)
        shown = 0
        for at in range(0, len(samples), _PIECE):
            if skip[0] <= at < skip[1]:
                continue
            while video is not None and Fraction(shown, 25) <= Fraction(at, rate):
                frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
                frame.pts, frame.time_base = shown + round((video_start or 0) * 25), Fraction(1, 25)
                output.mux(video.encode(frame))
                shown += 1
            # Packed: PyAV makes no planar frames of eight channels.
            line = np.ascontiguousarray(samples[at : at + _PIECE]).reshape(1, -1)
            sound = av.AudioFrame.from_ndarray(line, "flt", layout)
            sound.sample_rate, sound.time_base = rate, Fraction(1, rate)
            sound.pts = at + round(start * rate)
            output.mux(audio.encode(sound))
        output.mux(audio.encode(None))
        if video is not None:
            output.mux(video.encode(None))
    return path


def _muxer_options(path: Path, rate: int) -> dict[str, str]:
    # The mp4 muxer counts a late start in milliseconds unless told to do better.
    return {"movie_timescale": str(rate)} if path.suffix in (".mp4", ".mov", ".m4a") else {}
