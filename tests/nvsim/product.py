"""The product's renders on the simulator: for code that runs in a process on it.

FFmpeg decodes on the simulated device; the compositor's kernels are the device's own, compiled for
the host, on the memory's shadows.
"""

from __future__ import annotations

import ctypes
import gc
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

import edl2ffmpeg
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.jobs import device_choice
from edl2ffmpeg.media.device_trial import encodable
from edl2ffmpeg.rendering import hardware
from edl2ffmpeg.rendering.device_probe import DeviceTrial
from helpers.device.host_launcher import SHADOW, HostLauncher
from nvsim.scenes import RATE, host_frame

__all__ = ["decoded", "make_movie", "project", "render", "use_simulator"]

SIZE = (64, 48)
Json = dict[str, Any]


def use_simulator(kernels: Path) -> None:
    """Renders find the simulated device, with the kernels of the library ``kernels``."""
    shadow = SHADOW(("nvsim_shadow", ctypes.CDLL("libcuda.so.1")))

    def opened(number: int) -> CudaDevice:
        return CudaDevice(lambda _: HostLauncher(kernels, shadow), number)

    hardware.open_cuda_device = opened  # type: ignore[assignment]

    def tried(number: int, encoder: str | None = None) -> DeviceTrial:
        failure = encodable(number, [encoder])[encoder] if encoder else ""
        return DeviceTrial("nvsim", "", failure)

    # Here and not in a process of its own, so that one report has all calls.
    device_choice.try_device = tried


def make_movie(path: Path, count: int, seed: int, size: tuple[int, int] = SIZE) -> None:
    """A movie of noise in lossless H.264, which the simulated decoder reads."""
    random = np.random.default_rng(seed)
    width, height = size
    with av.open(str(path), "w") as output:
        stream = output.add_stream("h264_nvenc", rate=RATE)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "nv12"
        for number in range(count):
            picture = random.integers(16, 236, (height * 3 // 2, width)).astype(np.uint8)
            frame = host_frame(picture, "nv12")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _clip(kind: str, start: float, end: float, source: Json, number: int = 1, **more: Any) -> Json:
    track = {"type": kind, "number": number}
    return {"track": track, "in": start, "out": end, "source": source, **more}


def _part(name: str, start: float, end: float) -> Json:
    return {"uri": name, "in": start, "out": end}


def project(folder: Path) -> Path:
    """Cuts, a jump back, a dissolve, a turned overlay with effects, text, and an untouched part."""
    for seed, name in enumerate(("a.mp4", "b.mp4")):
        if not (folder / name).exists():
            make_movie(folder / name, 30, seed)
    clips = [
        _clip("video", 0, 0.2, _part("a.mp4", 0.2, 0.4)),
        _clip("video", 0.2, 0.4, _part("a.mp4", 0, 0.2)),
        _clip(
            "video", 0.4, 1.0, _part("b.mp4", 0.1, 0.7),
            transition={"type": "dissolve", "duration": 0.2},
        ),
        _clip(
            "video", 0.32, 0.8, _part("b.mp4", 0, 0.48), 2,
            motion={"zoomX": 0.5, "zoomY": 0.5, "rotation": 10},
            effects=[{"type": "saturation", "value": 1.3}, {"type": "blur", "value": 20}],
        ),
        _clip("burnin", 0.5, 0.9, {"text": "Hi", "in": 0, "out": 0.4}),
    ]  # fmt: skip
    path = folder / "cut.json"
    path.write_text(json.dumps({"fps": RATE, "width": 64, "height": 48, "clips": clips}))
    return path


def render(
    edl: Path,
    name: str,
    progress: Callable[[edl2ffmpeg.Progress], None] | None = None,
    **options: Any,
) -> edl2ffmpeg.RenderResult:
    """Renders without loss to ``name`` beside the EDL, in this process; nothing of it lives on."""
    output = edl.parent / name
    options = {"codec": "ffv1", "overwrite": True, "hw_accel": "none", "jobs": 0, **options}
    try:
        return edl2ffmpeg.render(edl, output, progress=progress, **options)
    finally:
        gc.collect()


def decoded(path: Path) -> list[Any]:
    """The pictures of a movie, decoded on the CPU."""
    with av.open(str(path)) as movie:
        return [frame.to_ndarray() for frame in movie.decode(video=0)]
