"""Compositing alone, per core: frames a second of CPU time, 1080p 4:2:0, no decoding or encoding.

Run by ``make bench`` after the rest.  CPU time is that of all threads of the process, and the
compositor is given one.  Frames of the sources are decoded first, and drawn in turn.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import av
import edits
from cases import seconds
from drawing import build_edits, edl_of
from sources import FRAME_RATE, SIZE, prepare_sources

from edl2ffmpeg import RenderSettings, load_timeline
from edl2ffmpeg.frame import PIXEL_FORMATS, Frame
from edl2ffmpeg.jobs.render_job import access_rules
from edl2ffmpeg.media.frames import wrap_frame
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.rendering.compositing import Compositing

__all__ = ["DECODED", "EDL_FRAMES", "Scene", "decoded", "scenes_of"]

_HERE = Path(__file__).parent
DECODED = 8
EDL_FRAMES = 120


@dataclass(frozen=True)
class Scene:
    """What is drawn; ``floor`` is the frames a second that the project promises, if it does."""

    name: str
    document: dict[str, Any]
    floor: int | None = None


def main() -> int:
    """Measures; 1 if a scene is below its floor and ``--strict`` was given."""
    arguments = _parse()
    sources = prepare_sources(arguments.workdir / "sources", seconds=arguments.source_seconds)
    pictures = [decoded(path) for path in sources[:2]]
    scenes = [
        scene for scene in scenes_of(sources) if not arguments.only or scene.name in arguments.only
    ]
    rates: dict[str, list[float]] = {scene.name: [] for scene in scenes}
    for _ in range(arguments.repeat):
        for scene in scenes:
            rates[scene.name].append(_measure(scene, pictures, arguments.frames))
    slow = False
    print(f"\n{'compositing alone, per core':30} {'fps':>8} {'floor':>6}")
    for scene in scenes:
        rate = statistics.median(rates[scene.name])
        below = scene.floor is not None and rate < scene.floor
        slow = slow or below
        print(f"{scene.name:30} {rate:8.1f} {scene.floor or '':>6}{'  below' if below else ''}")
    if not arguments.only or "opencv" in arguments.only:
        rate_text = _opencv([arguments.moviepy, sys.executable])
        print(f"{'(OpenCV, cubic warpAffine)':30} {rate_text:>8}")
    return 1 if slow and arguments.strict else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--frames", type=int, default=EDL_FRAMES, help="frames of each scene")
    parser.add_argument("--only", nargs="*", metavar="SCENE", help="names of the scenes to draw")
    parser.add_argument("--strict", action="store_true", help="fail below a floor")
    parser.add_argument("--moviepy", metavar="PYTHON", help="interpreter that may have OpenCV")
    parser.add_argument(
        "--workdir", type=Path, default=_HERE / "results" / "work", help="where the sources are"
    )
    parser.add_argument("--source-seconds", type=int, default=20, help="length of each source")
    return parser.parse_args()


def scenes_of(sources: Sequence[Path]) -> list[Scene]:
    """What is measured, on the CPU here and on a GPU in ``compositing_cuda.py``."""
    documents = {edit.name: edl_of(edit) for edit in build_edits(sources, sources[0], EDL_FRAMES)}
    points = [
        {"point": point, "panx": view.pan_x, "pany": view.pan_y}
        | {"zoomx": view.zoom, "zoomy": view.zoom}
        for point, view in ((0, edits.FIRST), (seconds(EDL_FRAMES), edits.LAST))
    ]
    zoomed = json.loads(json.dumps(documents["transform"]))
    zoomed["clips"][1]["source"]["controlPoints"] = points
    blur = [{"type": "blur", "value": 4}]
    wipe = {"type": "wipe", "angle": 30, "softness": 0.1}
    return [
        Scene("colour", documents["colour"], 250),
        Scene("pan-zoom", zoomed, 120),
        Scene("pan-zoom-rotate", documents["transform"], 45),
        Scene("dissolve", _plain(sources, transition={"type": "dissolve"})),
        Scene("picture-in-picture", documents["pip"]),
        Scene("wipe", _plain(sources, transition=wipe)),
        Scene("blur", _plain(sources, effects=blur)),
        Scene("text", documents["text"]),
    ]


def _plain(sources: Sequence[Path], **keys: Any) -> dict[str, Any]:
    """One clip with ``keys``; a transition goes to the second source, over the whole of it."""
    end = seconds(EDL_FRAMES)
    first, second = ({"uri": str(path.resolve()), "in": 0, "out": end} for path in sources[:2])
    if "transition" in keys:
        keys["transition"] = {**keys["transition"], "source": second}
    track = {"type": "video", "number": 1}
    clip = {"track": track, "in": 0, "out": end, "source": first, **keys}
    return {"fps": FRAME_RATE, "width": SIZE[0], "height": SIZE[1], "clips": [clip]}


def decoded(path: Path) -> list[Frame]:
    """The first pictures of a file."""
    with av.open(str(path)) as movie:
        return [wrap_frame(frame, None) for frame in islice(movie.decode(video=0), DECODED)]


def _measure(scene: Scene, pictures: Sequence[Sequence[Frame]], frames: int) -> float:
    """Frames per second of this process's CPU time."""
    with _drawing(scene) as (planner, compositing):
        used = 0.0
        for number in range(-1, frames):
            plan = planner.frame(max(number, 0) % EDL_FRAMES)
            shown = [
                None
                if layer.track_kind != "video"
                else pictures[index % len(pictures)][number % DECODED]
                for index, layer in enumerate(plan.pictures)
            ]
            started = time.process_time()
            compositing.compositor.compose(plan, shown)
            if number >= 0:  # the first sets up tables and buffers
                used += time.process_time() - started
        # None passed through or returned again.
        assert compositing.compositor.counters.composed == frames + 1
        return frames / used


@contextmanager
def _drawing(scene: Scene) -> Iterator[tuple[FramePlanner, Compositing]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.json"
        path.write_text(json.dumps(scene.document))
        settings = RenderSettings(threads=1)
        timeline = load_timeline(path, settings)
        layout = PIXEL_FORMATS["yuv420p"]
        with Compositing(timeline, settings, access_rules(settings), layout) as compositing:
            yield FramePlanner(timeline), compositing


def _opencv(pythons: Sequence[str | None]) -> str:
    """Frames per second, from the first interpreter that has OpenCV."""
    for python in pythons:
        if python is None:
            continue
        command = [python, str(_HERE / "opencv_warp.py")]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.strip()
    return "absent"


if __name__ == "__main__":
    sys.exit(main())
