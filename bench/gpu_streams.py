"""Decoding and compositing of several streams at once on a GPU: a process for each, as in a render.

``decode`` is FFmpeg's decoder and nothing else; ``compose`` is the product: it plans, decodes,
and draws one layer, moved, scaled and with effects of its colours, onto surfaces for an encoder.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import av
from av.codec.hwaccel import HWAccel

from edl2ffmpeg import RenderSettings, load_timeline
from edl2ffmpeg.compositor.cuda import CudaCompositor, open_cuda_device
from edl2ffmpeg.devices.surfaces import SurfaceRing
from edl2ffmpeg.frame import PIXEL_FORMATS
from edl2ffmpeg.jobs.render_job import access_rules
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.hardware_decoding import DECODER_OPTIONS, HardwareDecoding
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.rendering.video_pipeline import VideoPipeline

__all__ = ["frames_per_second", "write_edl"]

_SURFACES = 8
_PATIENCE_SECONDS = 120


def frames_per_second(way: str, source: Path, edl: Path, streams: int, frames: int) -> float:
    """Of all streams together; ``way`` is ``decode`` or ``compose``."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(streams)
    found = context.SimpleQueue()
    processes = [
        context.Process(target=_run, args=(way, source, edl, frames, ready, found))
        for _ in range(streams)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError(f"{way}: a stream failed")
    spans = [found.get() for _ in processes]
    # CLOCK_MONOTONIC is the same for all processes.
    return streams * frames / (max(end for _, end in spans) - min(start for start, _ in spans))


def _run(way: str, source: Path, edl: Path, frames: int, ready: Any, found: Any) -> None:
    opened = {"decode": _decoded, "compose": _composed}[way]
    with opened(source, edl, frames + 1) as next_frame:
        next_frame()
        ready.wait(_PATIENCE_SECONDS)
        started = time.monotonic()
        for _ in range(frames):
            next_frame()
        ended = time.monotonic()
    found.put((started, ended))


@contextmanager
def _decoded(source: Path, edl: Path, frames: int) -> Iterator[Callable[[], Any]]:
    accelerator = HWAccel("cuda", device="0", allow_software_fallback=False, is_hw_owned=True)
    with av.open(str(source), hwaccel=accelerator) as movie:
        context = movie.streams.video[0].codec_context
        context.thread_count, context.options = 1, dict(DECODER_OPTIONS)
        decoded = movie.decode(video=0)
        yield lambda: next(decoded)


@contextmanager
def _composed(source: Path, edl: Path, frames: int) -> Iterator[Callable[[], Any]]:
    settings = RenderSettings()
    timeline = load_timeline(edl, settings)
    size, layout = (timeline.width, timeline.height), PIXEL_FORMATS["nv12"]
    with ExitStack() as stack:
        device = stack.enter_context(open_cuda_device())
        decoding = HardwareDecoding(device)
        # FFmpeg's contexts go with the last reference to a decoder, before the device.
        stack.callback(gc.collect)
        stack.callback(decoding.close)
        decoders = stack.enter_context(DecoderPool(access_rules(settings), hardware=decoding))
        ring = stack.enter_context(SurfaceRing(device, size, layout, _SURFACES))
        compositor = stack.enter_context(CudaCompositor(device, *size, layout, ring.allocate))
        pipeline = stack.enter_context(
            VideoPipeline(FramePlanner(timeline), decoders, compositor, (0, frames))
        )
        made = iter(pipeline)
        # As an encoder reads them: one frame behind.
        waiting = [next(made)]

        def next_frame() -> None:
            waiting.append(next(made, waiting[0]))
            waiting.pop(0).wait()

        yield next_frame
        waiting.clear()


def write_edl(path: Path, source: Path, frames: int, rate: int) -> None:
    """One clip that is moved, scaled and graded."""
    end = (frames + 1) / rate
    clip = {
        "track": {"type": "video", "number": 1},
        "in": 0,
        "out": end,
        "source": {"uri": str(source.resolve()), "in": 0, "out": end},
        "motion": {"zoomX": 0.9, "zoomY": 0.9, "panX": 0.05},
        "effects": [
            {"type": "contrast", "value": 1.2},
            {"type": "saturation", "value": 1.3},
            {"type": "vignette", "strength": 0.5},
        ],
    }
    path.write_text(json.dumps({"fps": rate, "width": 1920, "height": 1080, "clips": [clip]}))
