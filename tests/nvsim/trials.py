"""Encodes and decodes with faults: ``python -m nvsim.trials JSON`` on the simulator.

The argument is a list of trials; each prints a line of JSON that says how it went. A trial ends
with everything let go of, and the driver's faults forgotten.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.codec.hwaccel import HWAccel

from nvsim import scenes
from nvsim.driver import Driver

WIDTH, HEIGHT, COUNT = 64, 32, 10

driver = Driver()


def error_of(error: Exception) -> str:
    """Class and text of an error, with the last line that FFmpeg logged for it."""
    log = getattr(error, "log", None)
    return f"{type(error).__name__}: {error}" + (f" [{log[2].strip()}]" if log else "")


def wrong(frames: Sequence[av.VideoFrame], pictures: Sequence[np.ndarray]) -> list[int]:
    """The numbers of the frames that do not have the pixels that went in."""
    numbered = {frame.pts or 0: scenes.picture_of(frame) for frame in frames}
    return [n for n, picture in numbered.items() if not np.array_equal(picture, pictures[n])]


def feed(
    outcome: dict[str, Any], encoder: av.VideoCodecContext, frames: Sequence[av.VideoFrame]
) -> list[av.Packet]:
    """Encodes until the first error."""
    packets: list[av.Packet] = []
    try:
        for index, frame in enumerate(frames):
            frame.pts, frame.time_base = index, Fraction(1, scenes.RATE)
            packets += encoder.encode(frame)
        packets += encoder.encode(None)
    except (av.FFmpegError, OSError, MemoryError) as error:
        outcome["error"] = error_of(error)
    return packets


def encode(outcome: dict[str, Any], source: str, options: dict[str, str]) -> None:
    """From host memory (``nv12``), or uploaded by FFmpeg from there (``upload``)."""
    pictures = scenes.make_pictures(COUNT, WIDTH, HEIGHT)
    frames = [scenes.host_frame(picture, "nv12") for picture in pictures]
    if source == "upload":
        hwaccel = HWAccel("cuda", allow_software_fallback=False)
        encoder = scenes.open_encoder(WIDTH, HEIGHT, "nv12", options, hwaccel)
    else:
        encoder = scenes.open_encoder(WIDTH, HEIGHT, "nv12", options)
    packets = feed(outcome, encoder, frames)
    outcome["pts"] = [packet.pts for packet in packets]
    del encoder
    driver.clear_faults()
    outcome["wrong"] = wrong(scenes.decode(packets, False), pictures)


def decode(outcome: dict[str, Any], faults: str) -> None:
    """By NVDEC; the faults begin once there is something to decode."""
    pictures = scenes.make_pictures(COUNT, WIDTH, HEIGHT)
    packets = scenes.encode_host(pictures, "nv12")
    driver.library.nvsim_add_faults(faults.encode())
    hwaccel = HWAccel("cuda", allow_software_fallback=False)
    frames: list[av.VideoFrame] = []
    try:
        decoder = av.CodecContext.create("h264", "r", hwaccel=hwaccel)
        assert isinstance(decoder, av.VideoCodecContext)
        decoder.thread_count = 1
        for packet in [*packets, None]:
            frames += decoder.decode(packet)
    except (av.FFmpegError, OSError, MemoryError) as error:
        outcome["error"] = error_of(error)
    outcome["pts"] = [frame.pts for frame in frames]
    outcome["wrong"] = wrong(frames, pictures)


def run_trial(name: str, faults: str, source: str, options: dict[str, str]) -> dict[str, Any]:
    """One trial; what it left alive is in ``live``."""
    driver.mark(name)
    outcome: dict[str, Any] = {"name": name, "error": ""}
    start = time.monotonic()
    if source == "decode":
        decode(outcome, faults)
    else:
        driver.library.nvsim_add_faults(faults.encode())
        encode(outcome, source, options)
    outcome["seconds"] = time.monotonic() - start
    driver.clear_faults()
    gc.collect()
    live: dict[str, int] = driver.summary()["live"]
    outcome["live"] = {kind: count for kind, count in live.items() if count}
    return outcome


if __name__ == "__main__":
    av.logging.set_level(av.logging.ERROR)
    for trial in json.loads(sys.argv[1]):
        print(json.dumps(run_trial(*trial)), flush=True)
