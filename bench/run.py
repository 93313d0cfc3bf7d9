"""``make bench``: what a render costs beside FFmpeg's own command line, in the same run.

The cases are run in turn, round after round, so that a machine that gets slower or faster
meanwhile does so for all of them.  CPU time is user and system of a command and all its
children; ratios are per frame, medians over the rounds.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import av
from cases import Case, build_cases
from drawing import build_drawing_cases
from measure import Measurement, measure
from report import machine, print_table, summary, write_json
from sources import FRAME_RATE, prepare_sources

_HERE = Path(__file__).parent
_DRAWING_SECONDS = 20
_QUICK_DRAWING_SECONDS = 5


def main() -> int:
    """Runs the benchmark; 1 if a case failed."""
    arguments = _parse()
    if not shutil.which("ffmpeg"):
        print("no ffmpeg on this machine: no baseline, no ratios")
    if not shutil.which("melt"):
        print("no melt on this machine: left out")
    sources = prepare_sources(arguments.workdir / "sources", seconds=arguments.source_seconds)
    cases = build_cases(
        sources,
        arguments.workdir / "cases",
        arguments.product,
        source_frames=arguments.source_seconds * FRAME_RATE,
        cut_seconds=arguments.cut_seconds,
        many_clips=200 if arguments.quick else 2000,
    )
    most = _QUICK_DRAWING_SECONDS if arguments.quick else _DRAWING_SECONDS
    cases += build_drawing_cases(
        sources,
        arguments.workdir / "cases",
        arguments.product,
        frames=min(most, arguments.source_seconds) * FRAME_RATE,
        moviepy=_moviepy(arguments.moviepy),
    )
    wanted = [case for case in cases if not arguments.only or _matches(case, arguments.only)]
    about = machine()
    for key, value in about.items():
        print(f"{key:12} {value}")
    failed: set[str] = set()
    runs: dict[str, list[Measurement]] = {}
    for number in range(arguments.repeat):
        for case in wanted:
            if case.name in failed or (case.long and number > 0):
                continue
            result = measure(case.command, arguments.workdir / f"{case.name}.log")
            problem = _problem(case, result)
            print(
                f"round {number + 1} {case.name:18} {result.wall_seconds:8.2f} s wall"
                f" {result.cpu_seconds:8.2f} s cpu {result.peak_mb:6.0f} MB"
                f"{'  FAILED: ' + problem if problem else ''}",
                flush=True,
            )
            if problem:
                failed.add(case.name)
            else:
                runs.setdefault(case.name, []).append(result)
    rows = summary(wanted, runs)
    print_table(rows)
    path = _HERE / "results" / time.strftime("bench-%Y%m%d-%H%M%S.json")
    write_json(path, about, rows, runs)
    print(f"\nwritten to {path}")
    return 1 if failed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"200 half-second clips, not 2000; drawing cases of {_QUICK_DRAWING_SECONDS} s",
    )
    parser.add_argument("--repeat", type=int, default=3, help="rounds (default 3)")
    parser.add_argument(
        "--only", nargs="*", metavar="CASE", help="names of the cases to run, or patterns: 'text*'"
    )
    parser.add_argument(
        "--moviepy", metavar="PYTHON", help="interpreter that has MoviePy, to measure that as well"
    )
    parser.add_argument(
        "--workdir", type=Path, default=_HERE / "results" / "work", help="sources and outputs"
    )
    parser.add_argument("--source-seconds", type=int, default=20, help="length of each source")
    parser.add_argument("--cut-seconds", type=float, default=2, help="length of each of 20 cuts")
    parser.add_argument(
        "--product",
        type=shlex.split,
        default=[sys.executable, "-m", "edl2ffmpeg"],
        help="command to measure (default: this Python's edl2ffmpeg)",
    )
    return parser.parse_args()


def _matches(case: Case, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(case.name, pattern) for pattern in patterns)


def _moviepy(python: str | None) -> str | None:
    """``python`` if it can import MoviePy; says so if it cannot."""
    if python is None:
        print("no --moviepy: MoviePy is left out")
        return None
    try:
        subprocess.run([python, "-c", "import moviepy"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{python} cannot import MoviePy, which is left out: {error}")
        return None
    return python


def _problem(case: Case, result: Measurement) -> str | None:
    """Why a run does not count, or ``None``."""
    if result.exit_code:
        return result.last_line or f"exit code {result.exit_code}"
    if case.output is None:
        return None
    try:
        with av.open(str(case.output)) as movie:
            frames = movie.streams.video[0].frames
    except (av.FFmpegError, IndexError) as error:
        return f"{case.output}: {error}"
    return None if frames == case.frames else f"{frames} frames, not {case.frames}"


if __name__ == "__main__":
    sys.exit(main())
