"""Turns measurements into a table and a JSON file."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av
from cases import Case
from measure import Measurement

__all__ = ["Runs", "machine", "print_table", "summary", "write_json"]

Runs = Mapping[str, Sequence[Measurement]]
"""Good measurements by case name, one per repeat."""

_X264 = re.compile(rb"x264 - core (\d+ ?\w*)")


def machine() -> dict[str, Any]:
    """What ran the benchmark, both x264s included."""
    cpuinfo = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else []
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "pyav": av.__version__,
        "pyav_ffmpeg": av.ffmpeg_version_info,
        "pyav_x264": _wheel_x264(),
        "ffmpeg": _ffmpeg_version(),
        "ffmpeg_x264": _system_x264(),
    }


def summary(cases: Sequence[Case], runs: Runs) -> list[dict[str, Any]]:
    """One row per case: medians, and ratios per frame to the baseline of the same round."""
    rows = []
    for case in cases:
        done = runs.get(case.name, ())
        row: dict[str, Any] = {"name": case.name, "title": case.title, "frames": case.frames}
        if done:
            row["wall_seconds"] = statistics.median(run.wall_seconds for run in done)
            row["cpu_seconds"] = statistics.median(run.cpu_seconds for run in done)
            row["peak_mb"] = max(run.peak_mb for run in done)
            for key, name in (("baseline", case.baseline), ("rival", case.rival)):
                other = next((other for other in cases if other.name == name), None)
                if other and runs.get(name):
                    row |= _ratios(case, done, other, runs[name], key)
        rows.append(row)
    return rows


def _ratios(
    case: Case, done: Sequence[Measurement], base: Case, others: Sequence[Measurement], key: str
) -> dict[str, Any]:
    scale = base.frames / case.frames
    prefix = "" if key == "baseline" else f"{key}_"
    pairs = list(zip(done, others, strict=False))
    return {
        key: base.name,
        f"{prefix}cpu_ratio": statistics.median(a.cpu_seconds / b.cpu_seconds for a, b in pairs)
        * scale,
        f"{prefix}wall_ratio": statistics.median(a.wall_seconds / b.wall_seconds for a, b in pairs)
        * scale,
    }


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """The rows for people; ratios are per frame."""
    print(
        f"\n{'case':42} {'frames':>6} {'wall s':>8} {'cpu s':>8} {'fps':>7} {'peak MB':>8}"
        f" {'cpu x':>6} {'wall x':>6}  than"
    )
    for row in rows:
        if "wall_seconds" not in row:
            print(f"{row['title']:42} {row['frames']:6d}   (no result)")
            continue
        fps = f"{row['frames'] / row['wall_seconds']:7.1f}" if row["frames"] else " " * 7
        line = (
            f"{row['title']:42} {row['frames']:6d} {row['wall_seconds']:8.2f}"
            f" {row['cpu_seconds']:8.2f} {fps} {row['peak_mb']:8.0f}"
        )
        if "cpu_ratio" in row:
            line += f" {row['cpu_ratio']:6.3f} {row['wall_ratio']:6.3f}  {row['baseline']}"
        if "rival_cpu_ratio" in row:
            line += f", {row['rival_cpu_ratio']:.3f} {row['rival_wall_ratio']:.3f} {row['rival']}"
        print(line)


def write_json(
    path: Path, about: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], runs: Runs
) -> None:
    """Everything measured, for comparison with later runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    single = {name: [asdict(run) for run in done] for name, done in runs.items()}
    content = {"about": about, "summary": rows, "runs": single}
    path.write_text(json.dumps(content, indent=1) + "\n")


def _ffmpeg_version() -> str | None:
    ffmpeg = shutil.which("ffmpeg")
    if not ffmpeg:
        return None
    answer = subprocess.run([ffmpeg, "-version"], capture_output=True, text=True, check=True)
    return answer.stdout.split()[2]


def _wheel_x264() -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x264.mp4"
        with av.open(str(path), "w") as output:
            stream = output.add_stream("libx264", rate=25)
            assert isinstance(stream, av.VideoStream)
            stream.width = stream.height = 64
            stream.pix_fmt = "yuv420p"
            output.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
            output.mux(stream.encode(None))
        return _x264_in(path)


def _system_x264() -> str | None:
    ffmpeg = shutil.which("ffmpeg")
    if not ffmpeg:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x264.mp4"
        source = ["-f", "lavfi", "-i", "color=size=64x64"]
        command = [ffmpeg, "-v", "error", *source, "-frames:v", "1", "-c:v", "libx264", str(path)]
        subprocess.run(command, check=True)
        return _x264_in(path)


def _x264_in(path: Path) -> str | None:
    """The version x264 wrote into the stream."""
    match = _X264.search(path.read_bytes())
    return match[1].decode() if match else None
