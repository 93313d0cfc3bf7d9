"""What sound adds to a render, and what a long mix costs; run by ``make bench`` after the rest.

The 20 cuts of the standard benchmark, of sources with AAC sound, with and without ``--no-audio``,
in turn; then a mix of three hours out of 2,000 clips, with levels, pans and crossfades, to a file
of sound alone.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cases import PRODUCT_OPTIONS
from measure import Measurement, measure
from sources import FRAME_RATE, prepare_sources

_HERE = Path(__file__).parent
_CUTS, _CUT_SECONDS = 20, 2
_LONG_SECONDS, _LONG_CLIPS = 3 * 3600, 2000
_LIMIT_MB = 300


def main() -> int:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workdir", type=Path, default=_HERE / "results" / "work")
    parser.add_argument("--ffmpeg", default="ffmpeg")
    options = parser.parse_args()
    product = [sys.executable, "-m", "edl2ffmpeg"]
    videos = prepare_sources(options.workdir / "sources")
    sources = [_with_sound(video, index, options.ffmpeg) for index, video in enumerate(videos)]
    folder = options.workdir / "sound"
    folder.mkdir(exist_ok=True)
    _compare(product, _cuts(sources, folder), folder, options.rounds)
    _mix_long(product, _long(sources, folder), folder)
    return 0


def _with_sound(video: Path, seed: int, ffmpeg: str) -> Path:
    """The source with speech-like noise in AAC beside its pictures."""
    path = video.with_name(video.stem + "-sound.mp4")
    if not path.exists():
        aside = path.with_suffix(".making.mp4")
        noise = (
            f"anoisesrc=color=pink:seed={seed}:amplitude=0.3:sample_rate=48000,tremolo=f=3:d=0.8"
        )
        command = [ffmpeg, "-v", "error", "-y", "-i", str(video), "-f", "lavfi", "-i", noise]
        command += ["-c:v", "copy", "-c:a", "aac", "-b:a", "192k", "-ac", "2", "-shortest"]
        subprocess.run([*command, str(aside)], check=True)
        aside.rename(path)
    return path


def _clip(kind: str, source: Path, start: float, at: float, length: float) -> dict[str, Any]:
    return {
        "track": {"type": kind, "number": 1},
        "in": at,
        "out": round(at + length, 3),
        "source": {"uri": str(source.resolve()), "in": start, "out": round(start + length, 3)},
    }


def _cuts(sources: Sequence[Path], folder: Path) -> Path:
    rng = random.Random(1)
    clips = []
    for number in range(_CUTS):
        source = rng.choice(sources)
        start = rng.randrange(0, (20 - _CUT_SECONDS) * FRAME_RATE) / FRAME_RATE
        for kind in ("video", "audio"):
            at = number * _CUT_SECONDS
            clips.append(_clip(kind, source, round(start, 3), at, _CUT_SECONDS))
    path = folder / "cuts.json"
    path.write_text(json.dumps({"fps": FRAME_RATE, "width": 1920, "height": 1080, "clips": clips}))
    return path


def _long(sources: Sequence[Path], folder: Path) -> Path:
    rng = random.Random(2)
    length = _LONG_SECONDS / _LONG_CLIPS
    clips = []
    for number in range(_LONG_CLIPS):
        at = round(number * length, 3)
        start = round(rng.uniform(0, 20 - length - 1), 3)
        clip = _clip("audio", rng.choice(sources), start, at, round((number + 1) * length - at, 3))
        if number and number % 4 == 0:
            clip["transition"] = {"duration": 0.5}
        clips.append(clip)
    for subtype, values in (("level", (0, -12)), ("pan", (-0.5, 0.5))):
        key = "db" if subtype == "level" else "pan"
        points = [
            {"point": at, key: values[index % 2]}
            for index, at in enumerate(range(0, _LONG_SECONDS, 10))
        ]
        track = {"type": "audio", "number": 1, "subtype": subtype}
        source = {"controlPoints": points}
        clips.append({"track": track, "in": 0, "out": _LONG_SECONDS, "source": source})
    path = folder / "long.json"
    path.write_text(json.dumps({"fps": "30000/1001", "clips": clips}))
    return path


def _compare(product: Sequence[str], edl: Path, folder: Path, rounds: int) -> None:
    options = [option for option in PRODUCT_OPTIONS if option != "--no-audio"]
    command = [*product, str(edl), str(folder / "cuts.mp4"), *options]
    runs: dict[str, list[Measurement]] = {"pictures alone": [], "with sound": []}
    for _ in range(rounds):
        runs["pictures alone"].append(measure([*command, "--no-audio"], folder / "log"))
        runs["with sound"].append(measure(command, folder / "log"))
    base = runs["pictures alone"]
    print(f"\n{_CUTS} cuts with sound, medians of {rounds} rounds")
    for name, found in runs.items():
        pairs = list(zip(found, base, strict=True))
        cpu = statistics.median(one.cpu_seconds / other.cpu_seconds for one, other in pairs)
        wall = statistics.median(one.wall_seconds / other.wall_seconds for one, other in pairs)
        peak = max(one.peak_mb for one in found)
        print(f"  {name:16} CPU {cpu:.3f}  wall {wall:.3f}  {peak:.0f} MB")


def _mix_long(product: Sequence[str], edl: Path, folder: Path) -> None:
    output = folder / "long.wav"
    found = measure([*product, str(edl), str(output), "--overwrite", "-q"], folder / "log")
    output.unlink(missing_ok=True)
    print(f"\n{_LONG_SECONDS // 3600} hours of {_LONG_CLIPS} clips, mixed to a WAV file")
    print(
        f"  {found.wall_seconds:.1f} s ({_LONG_SECONDS / found.wall_seconds:.0f}x real time), "
        f"{found.cpu_seconds:.1f} s of CPU, {found.peak_mb:.0f} MB (at most {_LIMIT_MB})"
        + (f"; failed: {found.last_line}" if found.exit_code else "")
    )


if __name__ == "__main__":
    sys.exit(main())
