"""Makes the media of the example EDL: three short clips with picture and sound."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT, SAMPLE_RATE = 1280, 720, 48_000
Picture = npt.NDArray[np.uint8]

_ROWS, _COLUMNS = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)


def _rgb(red: object, green: object, blue: object) -> Picture:
    channels = np.broadcast_arrays(*(np.asarray(part, np.float32) for part in (red, green, blue)))
    return np.clip(
        np.dstack([np.broadcast_to(c, (HEIGHT, WIDTH)) for c in channels]), 0, 255
    ).astype(np.uint8)


def sunrise(time: float) -> Picture:
    """A sun climbing over rolling hills."""
    sky = 1 - _ROWS / HEIGHT
    sun_y = HEIGHT * (0.75 - 0.1 * time)
    distance = np.hypot(_COLUMNS - WIDTH * 0.62, _ROWS - sun_y)
    glow = np.exp(-distance / 260)
    disc = np.clip(70 - distance, 0, 1)
    red, green, blue = 255 - 120 * sky + 90 * glow, 120 + 40 * sky + 110 * glow, 90 + 120 * sky
    red, green, blue = (
        c * (1 - disc) + v * disc for c, v in ((red, 255), (green, 240), (blue, 190))
    )
    for layer in range(3):
        ridge = HEIGHT * (0.62 + 0.11 * layer) + 45 * np.sin(
            _COLUMNS / (170 + 60 * layer) + layer * 2 + time * (0.3 + 0.4 * layer)
        )
        ground = np.clip(_ROWS - ridge, 0, 1)
        shade = (60 - 16 * layer, 80 - 18 * layer, 70 - 10 * layer)
        red, green, blue = (
            c * (1 - ground) + v * ground for c, v in zip((red, green, blue), shade, strict=True)
        )
    return _rgb(red, green, blue)


def rings(time: float) -> Picture:
    """Rings spreading over water."""
    value = np.zeros((HEIGHT, WIDTH), np.float32)
    for x, y, phase in ((0.3, 0.4, 0.0), (0.7, 0.65, 2.0)):
        distance = np.hypot(_COLUMNS - WIDTH * x, _ROWS - HEIGHT * y)
        value += np.sin(distance / 18 - time * 6 + phase) * np.exp(-distance / 420)
    return _rgb(20 + 30 * value, 105 + 70 * value, 150 + 85 * value)


def skyline(time: float) -> Picture:
    """Towers passing by at night."""
    red, green, blue = 14 + _ROWS / 16, 16 + _ROWS / 20, 40 + _ROWS / 10
    for layer, (speed, width, low, tint) in enumerate(
        ((40, 90, 0.5, 52), (90, 130, 0.35, 34), (170, 190, 0.2, 18))
    ):
        position = _COLUMNS + time * speed
        number = np.floor(position / width)
        height = low + 0.3 * np.abs(np.sin(number * (12.9898 + layer)))
        tower = (HEIGHT * (1 - height) < _ROWS) & (position % width < width - 14)
        lit = (
            (position % width % 22 < 11)
            & (_ROWS % 26 < 13)
            & (np.sin(number * 7 + np.floor(position / 22) * 3 + np.floor(_ROWS / 26) * 5) > 0.45)
        )
        red = np.where(tower, np.where(lit, 235, tint), red)
        green = np.where(tower, np.where(lit, 195, tint + 4), green)
        blue = np.where(tower, np.where(lit, 110, tint + 16), blue)
    return _rgb(red, green, blue)


def chord(frequencies: tuple[float, ...], seconds: float) -> npt.NDArray[np.float32]:
    """A soft chord, (2, samples), swelling every half second."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    swell = 0.55 + 0.45 * np.cos(2 * np.pi * 2 * time)
    voices = [np.sin(2 * np.pi * f * time + 0.3 * index) for index, f in enumerate(frequencies)]
    left, right = sum(voices), sum(v * (-1) ** i for i, v in enumerate(voices))
    return (np.stack([left, right]) * swell * 0.12).astype(np.float32)


def write_clip(
    path: Path,
    rate: Fraction,
    seconds: float,
    draw: Callable[[float], Picture],
    sound: npt.NDArray[np.float32],
) -> None:
    """Writes one H.264 and AAC clip."""
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=rate, options={"crf": "20", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.time_base = 1 / rate
        audio = output.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        for number in range(int(seconds * rate)):
            frame = av.VideoFrame.from_ndarray(draw(float(number / rate)), format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            output.mux(video.encode(frame))
        for start in range(0, sound.shape[1], 1024):
            piece = np.ascontiguousarray(sound[:, start : start + 1024])
            block = av.AudioFrame.from_ndarray(piece, "fltp", "stereo")
            block.sample_rate, block.pts, block.time_base = (
                SAMPLE_RATE,
                start,
                Fraction(1, SAMPLE_RATE),
            )
            output.mux(audio.encode(block))
        for stream in (video, audio):
            output.mux(stream.encode(None))


def main() -> None:
    """Makes the clips in the folder named on the command line, those that are not there."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    ntsc = Fraction(30000, 1001)
    clips = (
        ("sunrise.mp4", Fraction(25), sunrise, (220.0, 277.2, 329.6)),
        ("rings.mp4", ntsc, rings, (196.0, 246.9, 293.7)),
        ("skyline.mp4", Fraction(24), skyline, (174.6, 220.0, 261.6)),
    )
    for name, rate, draw, frequencies in clips:
        path = folder / name
        if not path.exists():
            print(f"making {path}")
            write_clip(path, rate, 6.0, draw, chord(frequencies, 6.0))


if __name__ == "__main__":
    main()
