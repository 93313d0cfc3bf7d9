"""Sound with clicks at known samples: making it, reading it back to the sample, measuring it.

A click is a short symmetric pulse, so that a lossy codec leaves its centre where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from helpers import barcode
from helpers.movie_writer import AudioTrack, VideoTrack, write_movie

__all__ = [
    "DecodedSound",
    "SoundInfo",
    "click_track",
    "decode_sound",
    "find_clicks",
    "level_db",
    "make_sound",
    "peak_db",
    "tone",
]

Samples = npt.NDArray[np.float32]
_HALF_WIDTH = 40
_SIGMA_SAMPLES = 6.0
_CODECS = {".wav": "pcm_s16le", ".mkv": "flac", ".mov": "pcm_s16le"}


@dataclass(frozen=True)
class SoundInfo:
    """A file with sound, and picture where ``has_video``.

    ``clicks`` are the sample numbers of click centres counted from the first sample, which
    sounds ``audio_start`` seconds after the container's zero; the first picture (barcode
    ``file_id``) is shown at ``video_start``.
    """

    path: Path
    rate: int
    channels: int
    clicks: tuple[int, ...]
    samples: int
    audio_start: Fraction
    video_start: Fraction | None
    file_id: int


@dataclass(frozen=True)
class DecodedSound:
    """Samples (channels, n) at ``rate``; column 0 sounds at the origin asked for."""

    samples: Samples
    rate: int

    def mono(self) -> Samples:
        """The mean of all channels."""
        mean: Samples = self.samples.mean(axis=0, dtype=np.float32)
        return mean


def _pulse() -> Samples:
    """A Mexican hat: no DC, most energy near 1.8 kHz at 48 kHz, peak 1 in the middle."""
    x = np.arange(-_HALF_WIDTH, _HALF_WIDTH + 1) / _SIGMA_SAMPLES
    hat: Samples = ((1 - x * x) * np.exp(-x * x / 2)).astype(np.float32)
    return hat


def click_track(
    samples: int, clicks: Sequence[int], channels: int = 2, peak: float = 0.7
) -> Samples:
    """Silence (channels, samples) with a click centred on each sample of ``clicks``."""
    padded = np.zeros(samples + 2 * _HALF_WIDTH, np.float32)
    for centre in clicks:
        padded[centre : centre + 2 * _HALF_WIDTH + 1] += peak * _pulse()
    line = padded[_HALF_WIDTH : _HALF_WIDTH + samples]
    return np.repeat(line[None], channels, axis=0)


def tone(
    samples: int, frequency: float = 1000, rate: int = 48000, channels: int = 2, peak: float = 0.5
) -> Samples:
    """A sine (channels, samples)."""
    line = peak * np.sin(2 * np.pi * frequency * np.arange(samples) / rate)
    return np.repeat(line.astype(np.float32)[None], channels, axis=0)


def make_sound(
    path: Path,
    clicks: Sequence[int] = (),
    *,
    samples: int | Samples = 96_000,
    rate: int = 48000,
    channels: int = 2,
    codec: str | None = None,
    audio_start: Fraction = Fraction(0),
    video_start: Fraction | None = None,
    video_rate: Fraction = Fraction(25),
    file_id: int = 100,
) -> SoundInfo:
    """Writes a file with clicks, or with the given ``samples`` (channels, n).

    The suffix of ``path`` picks container and codec (wav, mov: PCM; mkv: FLAC; others: AAC).
    With ``video_start`` (a whole number of frames) it has barcoded video as well.  Times are
    exact to the sample except in Opus that starts late in Matroska (1 ms ticks).
    """
    content = click_track(samples, clicks, channels) if isinstance(samples, int) else samples
    audio = AudioTrack(content, rate, codec or _CODECS.get(path.suffix, "aac"), audio_start)
    video, pictures = None, []
    if video_start is not None:
        first = round(video_start * video_rate)
        end = round((audio_start + Fraction(content.shape[1], rate)) * video_rate)
        options = {"preset": "ultrafast", "bf": "2", "g": "25"}
        video = VideoTrack("libx264", video_rate, options=options, ticks=range(first, end))
        chroma = np.full((90, 160), 128, np.uint8)
        numbers = range(end - first)
        pictures = [(barcode.picture(320, 180, file_id, n), chroma, chroma) for n in numbers]
    # FFmpeg's mp4 muxer counts a late start in units of 1 ms unless told to do better.
    is_mp4 = path.suffix in (".mp4", ".m4a", ".mov")
    write_movie(path, video, pictures, audio, {"movie_timescale": str(rate)} if is_mp4 else {})
    return SoundInfo(
        path,
        rate,
        content.shape[0],
        tuple(clicks),
        content.shape[1],
        audio_start,
        video_start,
        file_id,
    )


def decode_sound(path: Path, origin: Fraction | None = None, track: int = 0) -> DecodedSound:
    """All sound of a file, placed so that column 0 is at ``origin`` seconds.

    ``origin`` defaults to the start of the first video stream, else to the container's 0.
    What sounds before is cut off, what is missing is silence.  FFmpeg drops the encoder's
    priming as the container (edit list, CodecDelay) tells it to.
    """
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        rate = stream.rate
        pieces: list[tuple[int, Samples]] = []
        if origin is None:
            origin = _video_start(container)
        # Packed: PyAV reads planar frames of eight channels beyond their end.
        resampler = av.AudioResampler(format="flt")
        for decoded in container.decode(stream):
            assert decoded.pts is not None and decoded.time_base is not None
            # Containers with coarse ticks stamp each frame with up to half a tick of error:
            # only the first stamp places sound, and later ones that jump by more than that.
            slack = 2 + float(decoded.time_base * rate)
            at = round((decoded.pts * decoded.time_base - origin) * rate)
            if pieces and abs(at - _end(pieces[-1])) <= slack:
                at = _end(pieces[-1])
            content = [
                frame.to_ndarray().reshape(frame.samples, -1).T
                for frame in resampler.resample(decoded)
            ]
            if content:
                pieces.append((at, np.concatenate(content, axis=1)))
    return DecodedSound(_assemble(pieces), rate)


def find_clicks(samples: Samples, threshold: float = 0.2) -> list[int]:
    """Centres of clicks in a single channel, to the sample.

    A click is where the signal, matched with the click's own form, peaks above
    ``threshold`` times a full-scale click's.
    """
    pulse = _pulse()
    loud = np.flatnonzero(np.abs(samples) > threshold / 2)
    found: list[int] = []
    for group in np.split(loud, np.flatnonzero(np.diff(loud) > _HALF_WIDTH) + 1):
        if not len(group):
            continue
        first, last = int(group[0]) - 2 * _HALF_WIDTH, int(group[-1]) + 2 * _HALF_WIDTH
        window = np.zeros(last - first + 1, np.float32)
        inside = samples[max(first, 0) : last + 1]
        window[max(-first, 0) : max(-first, 0) + len(inside)] = inside
        match = np.correlate(window, pulse, "same") / float(pulse @ pulse)
        if match.max() > threshold:
            found.append(first + int(match.argmax()))
    return found


def level_db(samples: npt.NDArray[np.floating]) -> float:
    """RMS level in dB relative to full scale 1.0; a full-scale sine has -3.01 dB."""
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return float(10 * np.log10(power)) if power > 0 else float("-inf")


def peak_db(samples: npt.NDArray[np.floating]) -> float:
    """Largest magnitude in dB relative to full scale 1.0."""
    peak = float(np.max(np.abs(samples)))
    return float(20 * np.log10(peak)) if peak > 0 else float("-inf")


def _video_start(container: av.container.InputContainer) -> Fraction:
    for stream in container.streams.video:
        if stream.start_time is not None and stream.time_base is not None:
            return stream.start_time * stream.time_base
    return Fraction(0)


def _end(piece: tuple[int, Samples]) -> int:
    return piece[0] + int(piece[1].shape[1])


def _assemble(pieces: list[tuple[int, Samples]]) -> Samples:
    channels = pieces[0][1].shape[0] if pieces else 1
    whole = np.zeros((channels, max((_end(piece) for piece in pieces), default=0)), np.float32)
    for at, samples in pieces:
        visible = samples[:, max(-at, 0) :]
        start = max(at, 0)
        whole[:, start : start + visible.shape[1]] = visible
    return whole
