"""Many cores: an edit with cuts and effects by worker processes, beside a plain transcode.

Run by hand: ``python bench/scaling.py``.  The transcode decodes and encodes as many frames with the
same settings, by ffmpeg's own command line, or where there is none by the same libraries called
from Python, with the threads that the command would choose.  What the machine has left beside that
is shown by transcodes of a share of the frames each, at once: no chunks can be faster than those.
Wall time, medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
from cases import ENCODE, PRODUCT_OPTIONS
from measure import measure
from sources import FRAME_RATE, SIZE, prepare_sources

_HERE = Path(__file__).parent
_CUT_SECONDS = 2.5
_LOOKS: list[list[dict[str, Any]]] = [
    [],
    [{"type": "saturation", "value": 1.3}, {"type": "brightness", "value": 0.05}],
    [],
    [{"type": "contrast", "value": 1.2}, {"type": "gamma", "value": 1.1}],
]


def main() -> int:
    """Prints a table; 1 if something failed."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=100)
    parser.add_argument("--jobs", nargs="*", default=["1", "auto"])
    parser.add_argument("--hw-accel", default="none")
    parser.add_argument("--workdir", type=Path, default=_HERE / "results" / "work")
    parser.add_argument("--plain", nargs=5, help=argparse.SUPPRESS)
    parser.add_argument("--at-once", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        script, output, preset, threads, count = options.plain
        transcode(script, output, preset, int(threads), int(count))
        return 0
    if options.at_once:
        return _run_at_once(json.loads(options.at_once))
    sources = prepare_sources(options.workdir / "sources")
    folder = options.workdir / "scaling"
    folder.mkdir(exist_ok=True)
    frames = round(options.seconds * FRAME_RATE)
    edl = _edit(folder, sources, options.seconds)
    share = max((os.cpu_count() or 1) // 2, 1)
    parts = [_plain(folder, sources, frames // share, part, 4) for part in range(share)]
    commands = {
        "plain transcode": _plain(folder, sources, frames),
        f"{share} transcodes at once": [sys.executable, __file__, "--at-once", json.dumps(parts)],
    }
    for jobs in options.jobs:
        commands[f"--jobs {jobs}"] = [
            sys.executable, "-m", "edl2ffmpeg", str(edl), str(folder / f"jobs-{jobs}.mp4"),
            *PRODUCT_OPTIONS, "--hw-accel", options.hw_accel, "--jobs", jobs, "--fresh",
        ]  # fmt: skip
    found: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.rounds):
        for name, command in commands.items():
            result = measure(command, folder / "log.txt")
            if result.exit_code:
                print(f"{name}: {result.last_line}")
                return 1
            found[name].append(frames / result.wall_seconds)
    plain = found["plain transcode"]
    print(f"{frames} frames of 1080p{'':10}{'frames/s':>10}{'times plain':>13}")
    for name, speeds in found.items():
        ratio = statistics.median(one / other for one, other in zip(speeds, plain, strict=True))
        print(f"{name:27}{statistics.median(speeds):10.0f}{ratio:13.2f}", flush=True)
    return 0


def _edit(folder: Path, sources: list[Path], seconds: float) -> Path:
    """Cuts from source to source, half of them with effects, each fourth one a dissolve."""
    clips = []
    for number in range(round(seconds / _CUT_SECONDS)):
        start, offset = number * _CUT_SECONDS, (number * 0.7) % 15
        clip: dict[str, Any] = {
            "track": {"type": "video", "number": 1}, "in": start, "out": start + _CUT_SECONDS,
            "source": {
                "uri": str(sources[number % len(sources)]), "in": offset,
                "out": offset + _CUT_SECONDS,
            },
            "effects": _LOOKS[number % len(_LOOKS)],
        }  # fmt: skip
        if number and number % 4 == 0:
            clip["transition"] = {"type": "dissolve", "duration": 0.5}
        clips.append(clip)
    path = folder / "cuts.json"
    width, height = SIZE
    path.write_text(
        json.dumps({"fps": FRAME_RATE, "width": width, "height": height, "clips": clips})
    )
    return path


def _plain(
    folder: Path, sources: list[Path], frames: int, part: int = 0, threads: int = 0
) -> list[str]:
    """The command of a transcode; ``threads`` of the encoder, 0 for its own choice."""
    output = str(folder / f"plain-{part}.mp4")
    script = folder / "concat.txt"
    repeats = -(-frames // (len(sources) * 600))
    if not part:
        script.write_text("".join(f"file '{path.resolve()}'\n" for path in sources * repeats))
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg:
        command = [ffmpeg, "-v", "error", "-y", "-nostdin", "-safe", "0", "-f", "concat"]
        command += ["-i", str(script), "-frames:v", str(frames), "-an", *ENCODE]
        return [*command, "-threads", str(threads), output]
    if not part:
        print("no ffmpeg on this machine: its libraries, called from Python")
    plain = [script, output, "veryfast", threads, frames]
    return [sys.executable, __file__, "--plain", *map(str, plain)]


def _run_at_once(commands: list[list[str]]) -> int:
    running = [subprocess.Popen(command) for command in commands]
    return max([process.wait() for process in running])


def transcode(script: str, output: str, preset: str, threads: int, frames: int) -> None:
    """What the command does, by the same libraries."""
    with (
        av.open(script, format="concat", options={"safe": "0"}) as source,
        av.open(output, "w") as target,
    ):
        video = source.streams.video[0]
        video.thread_type = "AUTO"
        stream = target.add_stream(
            "libx264", rate=FRAME_RATE, options={"preset": preset, "crf": "23"}
        )
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_type = "FRAME"
        stream.codec_context.thread_count = threads
        for number, frame in enumerate(source.decode(video)):
            if number == frames:
                break
            frame.pts, frame.time_base = number, 1 / stream.codec_context.framerate
            frame.pict_type = 0
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))


if __name__ == "__main__":
    sys.exit(main())
