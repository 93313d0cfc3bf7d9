"""How fast the kernels of two layers at 4K move memory, beside the device's own copies.

The launches of one frame are recorded and run again, many in a row, so that nothing but the
device counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from edl2ffmpeg import RenderSettings, load_timeline
from edl2ffmpeg.compositor.cuda import KERNEL_SOURCES, CudaCompositor
from edl2ffmpeg.compositor.cuda_kernels import CudaKernels
from edl2ffmpeg.compositor.planes import new_frame
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.devices.cuda_program import CudaProgram
from edl2ffmpeg.devices.surfaces import SurfaceRing
from edl2ffmpeg.frame import PIXEL_FORMATS, Colour, Frame
from edl2ffmpeg.plan.frame_planner import FramePlanner

__all__ = ["two_layers"]

_SIZE = (3840, 2160)
_PICTURE_BYTES = _SIZE[0] * _SIZE[1] * 3 // 2
_TIMES = 20
_ROUNDS = 5
_QUEUED_COPIES = 400

Launch = tuple[str, int, int, bytes]


class _Recorder:
    """A launcher that remembers what it ran."""

    def __init__(self, program: CudaProgram) -> None:
        self._program = program
        self.launches: list[Launch] = []

    def launch(self, kernel: str, columns: int, rows: int, parameters: bytes) -> None:
        self.launches.append((kernel, columns, rows, parameters))
        self._program.launch(kernel, columns, rows, parameters)

    def close(self) -> None:
        self._program.close()


def two_layers(folder: Path) -> dict[str, float]:
    """Bytes a second, read and written: of copies, and of the kernels of the lower layer (in the
    output's own format), the upper one (the same, half transparent) and both."""
    recorders: list[_Recorder] = []

    def launcher(device: CudaDevice) -> _Recorder:
        recorders.append(_Recorder(CudaProgram(device, KERNEL_SOURCES)))
        return recorders[0]

    with ExitStack() as stack:
        device = stack.enter_context(CudaDevice(launcher))
        kernels = stack.enter_context(CudaKernels(device))
        layout = PIXEL_FORMATS["nv12"]
        ring = stack.enter_context(SurfaceRing(device, _SIZE, layout, 2))
        compositor = stack.enter_context(CudaCompositor(device, *_SIZE, layout, ring.allocate))
        pictures = [kernels.uploaded(_noise(seed)) for seed in range(2)]
        planner = FramePlanner(load_timeline(_edl(folder), RenderSettings()))
        compositor.compose(planner.frame(0), pictures).wait()
        recorder = recorders[0]
        recorder.launches.clear()
        drawn = compositor.compose(planner.frame(0), pictures)
        drawn.wait()
        launches = list(recorder.launches)
        # Luma and chroma of each.
        lower, upper = launches[:2], launches[2:]
        source, target = (device.allocate(_PICTURE_BYTES) for _ in range(2))

        def copy() -> None:
            device.call("cuMemcpyDtoDAsync", target, source, _PICTURE_BYTES, device.stream)

        def run(part: list[Launch]) -> Callable[[], None]:
            def launch() -> None:
                for each in part:
                    recorder.launch(*each)

            return launch

        ways: dict[str, tuple[Callable[[], None], int]] = {
            "copy": (copy, 2),
            "lower layer": (run(lower), 2),
            "upper layer": (run(upper), 3),
            "both": (run(launches), 5),
        }
        return {
            name: pictures_moved * _PICTURE_BYTES / _seconds(device, work, copy)
            for name, (work, pictures_moved) in ways.items()
        }


def _seconds(device: CudaDevice, work: Callable[[], None], copy: Callable[[], None]) -> float:
    """Of the device, for ``work`` once; the least of some rounds."""
    events = [device.call("cuEventCreate", 0) for _ in range(2)]
    found = []
    for _ in range(_ROUNDS):
        # While these run all the rest gets into the queue, and then runs without a gap.
        for _ in range(_QUEUED_COPIES):
            copy()
        device.call("cuEventRecord", events[0], device.stream)
        for _ in range(_TIMES):
            work()
        device.call("cuEventRecord", events[1], device.stream)
        device.synchronise()
        found.append(float(device.call("cuEventElapsedTime", *events)) / 1000 / _TIMES)
    for event in events:
        device.call("cuEventDestroy", event)
    return min(found)


def _noise(seed: int) -> Frame:
    frame = new_frame(*_SIZE, PIXEL_FORMATS["nv12"], Colour())
    random = np.random.default_rng(seed)
    for component in range(3):
        samples = frame.array(component)
        samples[:] = random.integers(16, 235, samples.shape, np.uint8)
    return frame


def _edl(folder: Path) -> Path:
    def clip(number: int) -> dict[str, Any]:
        source = {"uri": f"{number}.mp4", "in": 0, "out": 1}
        return {"track": {"type": "video", "number": number}, "in": 0, "out": 1, "source": source}

    points = {"controlPoints": [{"point": 0, "opacity": 0.6}]}
    track = {"type": "video", "number": 2, "subtype": "transform"}
    clips = [clip(1), clip(2), {"in": 0, "out": 1, "track": track, "source": points}]
    path = folder / "two-layers.json"
    width, height = _SIZE
    path.write_text(json.dumps({"fps": 30, "width": width, "height": height, "clips": clips}))
    return path
