"""Compositing on a GPU: frames a second, 1080p, no decoding or encoding.

For each scene of ``compositing.py``: ``device`` has the pictures on the GPU and leaves frames
there, ``upload`` copies each picture first, ``round trip`` also copies each frame back.  Frames
are ended before the clock is.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from compositing import DECODED, EDL_FRAMES, Scene, decoded, scenes_of
from sources import SIZE, prepare_sources

from edl2ffmpeg import RenderSettings, load_timeline
from edl2ffmpeg.compositor.cuda import CudaCompositor, open_cuda_device
from edl2ffmpeg.compositor.cuda_kernels import CudaKernels
from edl2ffmpeg.compositor.text import TextRenderer
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.devices.surfaces import SurfaceRing
from edl2ffmpeg.frame import PIXEL_FORMATS, Colour, Frame, FrameAllocator
from edl2ffmpeg.jobs.render_job import access_rules
from edl2ffmpeg.media.frames import FramePool
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.plan.model import FramePlan
from edl2ffmpeg.rendering.compositing import open_fonts

_HERE = Path(__file__).parent
_SURFACES = 16
_WAYS = ("device", "upload", "round trip")

Pictures = Sequence[Sequence[Frame]]


def main() -> None:
    """Measures all scenes and prints a table."""
    arguments = _parse()
    sources = prepare_sources(arguments.workdir / "sources", seconds=arguments.source_seconds)
    on_host = [decoded(path) for path in sources[:2]]
    with open_cuda_device() as device, CudaKernels(device) as kernels:
        on_device = [[kernels.uploaded(frame) for frame in frames] for frames in on_host]
        print(f"\n{'compositing on ' + device.description:34}" + "".join(f"{w:>12}" for w in _WAYS))
        for scene in scenes_of(sources):
            if arguments.only and scene.name not in arguments.only:
                continue
            rates = [
                _measure(device, scene, pictures, arguments.frames, way == "round trip")
                for way, pictures in zip(_WAYS, (on_device, on_host, on_host), strict=True)
            ]
            print(f"{scene.name:34}" + "".join(f"{rate:12.1f}" for rate in rates), flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=EDL_FRAMES, help="frames of each scene")
    parser.add_argument("--only", nargs="*", metavar="SCENE", help="names of the scenes to draw")
    parser.add_argument(
        "--workdir", type=Path, default=_HERE / "results" / "work", help="where the sources are"
    )
    parser.add_argument("--source-seconds", type=int, default=20, help="length of each source")
    return parser.parse_args()


def _measure(
    device: CudaDevice, scene: Scene, pictures: Pictures, frames: int, downloads: bool
) -> float:
    """Frames per second of wall time."""
    layout = PIXEL_FORMATS["yuv420p" if downloads else "nv12"]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder) / "scene.json"
        path.write_text(json.dumps(scene.document))
        settings = RenderSettings()
        timeline = load_timeline(path, settings)
        fonts = open_fonts(access_rules(settings), timeline.base_folder)
        texts = stack.enter_context(TextRenderer(*SIZE, fonts))
        allocate: FrameAllocator | None = None
        download: Callable[[], Frame] | None = None
        if downloads:
            download = FramePool(*SIZE, layout, Colour(), device.pinned).allocate
        else:
            allocate = stack.enter_context(SurfaceRing(device, SIZE, layout, _SURFACES)).allocate
        compositor = stack.enter_context(
            CudaCompositor(
                device, *SIZE, layout, allocate, settings.fit, texts=texts, download=download
            )
        )
        planner = FramePlanner(timeline)
        previous: Frame | None = None
        last: Frame | None = None
        started: float | None = None
        for number in range(-1, frames):
            plan = planner.frame(max(number, 0) % EDL_FRAMES)
            previous, last = last, compositor.compose(plan, _shown(plan, pictures, number))
            if previous is not None:  # as an encoder reads it, one frame behind
                previous.wait()
            if started is None:  # the first sets up tables and buffers
                last.wait()
                started = time.perf_counter()
        assert last is not None and started is not None
        last.wait()
        elapsed = time.perf_counter() - started
        del last, previous
        return frames / elapsed


def _shown(plan: FramePlan, pictures: Pictures, number: int) -> list[Frame | None]:
    return [
        None if layer.track_kind != "video" else pictures[index % len(pictures)][number % DECODED]
        for index, layer in enumerate(plan.pictures)
    ]


if __name__ == "__main__":
    main()
