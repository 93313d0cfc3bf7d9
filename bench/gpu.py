"""A GPU's speed: streams decoded and drawn, memory moved by kernels, whole renders with x264.

Run by hand on a machine with an NVIDIA GPU: ``python bench/gpu.py``.  What is compared is run in
turn (drawing streams beside decoding them alone, kernels beside copies, renders beside the same on
the CPU); ratios are medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from cases import PRODUCT_OPTIONS
from gpu_kernels import two_layers
from gpu_streams import frames_per_second, write_edl
from measure import Measurement, measure
from sources import FRAME_RATE, prepare_sources

_HERE = Path(__file__).parent
_SECONDS = 18
_KINDS = {
    "none": ["--hw-accel", "none"],
    "cuda": ["--hw-accel", "cuda", "--no-hw-encode"],
}
_PARTS = ("kernels", "streams", "renders")
_STREAMS = (1, 7)
# The sources have 600.
_STREAM_FRAMES = 590


def main() -> int:
    """Prints a table for each part; 1 if a render failed."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workdir", type=Path, default=_HERE / "results" / "work")
    parser.add_argument("--parts", nargs="*", choices=_PARTS, default=_PARTS)
    options = parser.parse_args()
    sources = prepare_sources(options.workdir / "sources")
    folder = options.workdir / "gpu"
    folder.mkdir(exist_ok=True)
    if "kernels" in options.parts:
        _kernels(folder)
    if "streams" in options.parts:
        _streams(sources[0], folder, options.rounds)
    return int("renders" in options.parts and not _renders(sources, folder, options.rounds))


def _kernels(folder: Path) -> None:
    rates = two_layers(folder)
    print(f"{'two layers, 4K NV12':24}{'GB/s':>9}{'ratio to copies':>18}")
    for name, rate in rates.items():
        print(f"{name:24}{rate / 1e9:9.0f}{rate / rates['copy']:18.3f}", flush=True)


def _streams(source: Path, folder: Path, rounds: int) -> None:
    """Frames a second, of all streams together."""
    edl = folder / "stream.json"
    write_edl(edl, source, _STREAM_FRAMES, FRAME_RATE)
    print(f"{'1080p H.264 streams':24}{'decode':>9}{'compose':>9}{'ratio':>9}")
    for streams in _STREAMS:
        pairs = [
            [
                frames_per_second(way, source, edl, streams, _STREAM_FRAMES)
                for way in ("decode", "compose")
            ]
            for _ in range(rounds)
        ]
        decode, compose = (statistics.median(rates) for rates in zip(*pairs, strict=True))
        ratio = statistics.median(composed / decoded for decoded, composed in pairs)
        print(f"{streams:<24}{decode:9.0f}{compose:9.0f}{ratio:9.3f}", flush=True)


def _renders(sources: list[Path], folder: Path, rounds: int) -> bool:
    """Whether all went well; each on the GPU and on the CPU, encoded by x264 either way."""
    failed = False
    print(f"{'renders':24}{'CPU s':>9}{'GPU s':>9}{'wall ratio':>12}{'CPU ratio':>11}")
    for name, clips in _edits(sources).items():
        edl = folder / f"{name}.json"
        edl.write_text(json.dumps({"fps": 30, "width": 1920, "height": 1080, "clips": clips}))
        command = [sys.executable, "-m", "edl2ffmpeg", str(edl), str(folder / f"{name}.mp4")]
        runs: dict[str, list[Measurement]] = {"none": [], "cuda": []}
        for _ in range(rounds):
            for kind, found in runs.items():
                log = folder / f"{name}-{kind}.log"
                found.append(measure([*command, *PRODUCT_OPTIONS, *_KINDS[kind]], log))
        failed |= any(run.exit_code for found in runs.values() for run in found)
        pairs = list(zip(runs["cuda"], runs["none"], strict=True))
        wall = statistics.median(one.wall_seconds / other.wall_seconds for one, other in pairs)
        cpu = statistics.median(one.cpu_seconds / other.cpu_seconds for one, other in pairs)
        times = [statistics.median(run.wall_seconds for run in runs[kind]) for kind in runs]
        last = runs["cuda"][-1].last_line if runs["cuda"][-1].exit_code else ""
        print(f"{name:24}{times[0]:9.2f}{times[1]:9.2f}{wall:12.3f}{cpu:11.3f}  {last}", flush=True)
    return not failed


def _clip(source: Path, start: float, at: float, end: float, number: int = 1, **more: Any) -> Any:
    return {
        "track": {"type": "video", "number": number},
        "in": at,
        "out": end,
        "source": {"uri": str(source.resolve()), "in": start, "out": start + end - at},
        **more,
    }


def _edits(sources: list[Path]) -> dict[str, list[Any]]:
    one, two, three = sources
    colour = [
        {"type": "contrast", "value": 1.2},
        {"type": "saturation", "value": 1.3},
        {"type": "vignette", "strength": 0.5},
    ]
    cuts = [
        _clip(sources[number % 3], (number * 7 % 16) + 0.1, number * 2, number * 2 + 2)
        for number in range(_SECONDS // 2)
    ]
    moved = {"zoomX": 0.5, "zoomY": 0.5, "panX": 0.4, "rotation": 12}
    return {
        "cuts": cuts,
        "colour": [_clip(one, 0, 0, _SECONDS, effects=colour)],
        "picture-in-picture": [
            _clip(one, 0, 0, _SECONDS), _clip(two, 0, 0, _SECONDS, 2, motion=moved)
        ],
        "effects": [
            _clip(one, 0, 0, _SECONDS, effects=[*colour, {"type": "blur", "value": 6}]),
            _clip(two, 0, 0, _SECONDS, 2, motion=moved, effects=colour),
            _clip(three, 0, 0, _SECONDS, 3, motion={"zoomX": 0.3, "zoomY": 0.3, "panY": 0.5}),
        ],
        "dissolves": [
            _clip(
                sources[number % 3], number * 3 % 12, number * 3, number * 3 + 3,
                transition={"type": "dissolve", "duration": 1.5},
            )
            for number in range(_SECONDS // 3)
        ],
    }  # fmt: skip


if __name__ == "__main__":
    assert FRAME_RATE == 30
    sys.exit(main())
