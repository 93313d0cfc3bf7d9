"""The cases of the benchmark: what is cut, and the commands that cut it.

Every case encodes with x264 veryfast at CRF 23, without sound, at 1080p30.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from sources import FRAME_RATE, SIZE, SOURCE_X264

__all__ = ["ENCODE", "MASTER", "MELT_ENCODE", "PRODUCT_OPTIONS", "Case", "build_cases", "seconds"]

_X264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
ENCODE = [*_X264, "-crf", "23"]
"""FFmpeg's options for the movies of the benchmark."""

MASTER = [*_X264, "-crf", "20", "-x264-params", SOURCE_X264]
"""FFmpeg's options for a source: decoding it costs what decoding the other sources costs."""

PRODUCT_OPTIONS = ["--overwrite", "-p", "veryfast", "--crf", "23", "--no-audio"]
PRODUCT_OPTIONS += ["--progress", "none"]
MELT_ENCODE = ["vcodec=libx264", "preset=veryfast", "crf=23", "pix_fmt=yuv420p", "an=1"]
MELT_ENCODE += ["real_time=-1"]

_CUT_COUNT = 20
_HALF_SECOND_FRAMES = FRAME_RATE // 2
_CHECKED_CLIPS = 20_000
_FADE_SECONDS = 0.5
# The cuts of which a dip to black is made, beside the fades at both ends of the movie.
_DIPS = (5, 10, 15)


@dataclass(frozen=True)
class Cut:
    """``frames`` frames of source number ``source`` from frame ``start``."""

    source: int
    start: int
    frames: int
    top_fade: float = 0
    tail_fade: float = 0


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    ``output`` is the movie it writes and ``frames`` how many pictures that has (both unset
    for checks).  It is compared, per frame, with the case named ``baseline``, and with
    ``rival``, another program's command for the same edit, where that is set.  A case that is
    ``long`` runs once however often the others are repeated.
    """

    name: str
    title: str
    command: tuple[str, ...]
    output: Path | None = None
    frames: int = 0
    baseline: str = "plain"
    long: bool = False
    rival: str = ""


class _Builder:
    """Collects cases that share sources, folder and commands."""

    def __init__(self, sources: Sequence[Path], folder: Path, product: Sequence[str]) -> None:
        self.cases: list[Case] = []
        self._sources, self._folder, self._product = sources, folder, product

    def add_product(self, name: str, title: str, cuts: Sequence[Cut], **more: Any) -> None:
        """The product rendering ``cuts`` one after the other."""
        edl = self._write_edl(name, cuts)
        output = self._folder / f"{name}.mp4"
        command = [*self._product, str(edl), str(output), *PRODUCT_OPTIONS]
        self._add(name, title, command, cuts, **more)

    def add_check(self, name: str, title: str, cuts: Sequence[Cut]) -> None:
        """The product checking an EDL without rendering it."""
        edl = self._write_edl(name, cuts)
        self.cases.append(Case(name, title, (*self._product, "check", str(edl)), baseline=""))

    def add_plain(self, name: str, title: str, ffmpeg: str, frames: int) -> None:
        """FFmpeg transcoding ``frames`` frames, an equal share from the head of each source."""
        share = Fraction(frames, len(self._sources) * FRAME_RATE)
        lines = [
            f"file '{source.resolve()}'\noutpoint {float(share):.6f}\n" for source in self._sources
        ]
        script = self._folder / f"{name}.ffconcat"
        script.write_text("ffconcat version 1.0\n" + "".join(lines))
        command = [ffmpeg, "-v", "error", "-y", "-nostdin", "-safe", "0", "-i", str(script)]
        command += ["-frames:v", str(frames), "-an", *ENCODE]
        command.append(str(self._folder / f"{name}.mp4"))
        self._add(name, title, command, [Cut(0, 0, frames)])

    def add_master(self, name: str, title: str, ffmpeg: str, cuts: Sequence[Cut]) -> None:
        """FFmpeg transcoding a movie that shows ``cuts`` already, coded as the sources are.

        What a render of them costs beyond this is the renderer's; the rest is the codec's.
        """
        master = self._folder / f"{name}-master.mp4"
        if not master.exists():
            print(f"making {master}", flush=True)
            aside = master.with_suffix(".making.mp4")
            subprocess.run([*self._graph_command(ffmpeg, cuts), *MASTER, str(aside)], check=True)
            aside.rename(master)
        command = [ffmpeg, "-v", "error", "-y", "-nostdin", "-i", str(master), "-an", *ENCODE]
        self._add(name, title, [*command, str(self._folder / f"{name}.mp4")], cuts)

    def add_graph(
        self, name: str, title: str, ffmpeg: str, cuts: Sequence[Cut], **more: Any
    ) -> None:
        """FFmpeg rendering ``cuts`` with one filter graph of trims, fades and a concat."""
        command = [*self._graph_command(ffmpeg, cuts), *ENCODE]
        self._add(name, title, [*command, str(self._folder / f"{name}.mp4")], cuts, **more)

    def _graph_command(self, ffmpeg: str, cuts: Sequence[Cut]) -> list[str]:
        command = [ffmpeg, "-v", "error", "-y", "-nostdin"]
        for source in self._sources:
            command += ["-i", str(source)]
        return [*command, "-filter_complex", _graph(cuts), "-map", "[out]", "-an"]

    def add_melt(self, name: str, title: str, melt: str, cuts: Sequence[Cut]) -> None:
        """MLT rendering ``cuts``; its in and out points are both inclusive."""
        command = [melt, "-silent", "-profile", "atsc_1080p_30"]
        for cut in cuts:
            last = cut.start + cut.frames - 1
            command += [str(self._sources[cut.source]), f"in={cut.start}", f"out={last}"]
        command += ["-consumer", f"avformat:{self._folder / name}.mp4", *MELT_ENCODE]
        self._add(name, title, command, cuts)

    def _add(
        self, name: str, title: str, command: Sequence[str], cuts: Sequence[Cut], **more: Any
    ) -> None:
        frames = sum(cut.frames for cut in cuts)
        output = self._folder / f"{name}.mp4"
        self.cases.append(Case(name, title, tuple(command), output, frames, **more))

    def _write_edl(self, name: str, cuts: Sequence[Cut]) -> Path:
        clips = []
        position = 0
        for cut in cuts:
            source = {
                "uri": str(self._sources[cut.source].resolve()),
                "in": seconds(cut.start),
                "out": seconds(cut.start + cut.frames),
            }
            clip: dict[str, Any] = {
                "track": {"type": "video", "number": 1},
                "in": seconds(position),
                "out": seconds(position + cut.frames),
                "source": source,
            }
            if cut.top_fade:
                clip["topFade"] = cut.top_fade
            if cut.tail_fade:
                clip["tailFade"] = cut.tail_fade
            clips.append(clip)
            position += cut.frames
        edl = {"fps": FRAME_RATE, "width": SIZE[0], "height": SIZE[1], "clips": clips}
        path = self._folder / f"{name}.json"
        path.write_text(json.dumps(edl))
        return path


def build_cases(
    sources: Sequence[Path],
    folder: Path,
    product: Sequence[str],
    *,
    source_frames: int,
    cut_seconds: float = 2,
    many_clips: int = 2000,
) -> list[Case]:
    """All cases this machine can run, EDLs written into ``folder``; plain FFmpeg is first."""
    folder.mkdir(parents=True, exist_ok=True)
    build = _Builder(sources, folder, product)
    cuts = _random_cuts(_CUT_COUNT, round(cut_seconds * FRAME_RATE), len(sources), source_frames)
    faded = _faded(cuts)
    few = _random_cuts(_CUT_COUNT, _HALF_SECOND_FRAMES, len(sources), source_frames)
    many = _random_cuts(many_clips, _HALF_SECOND_FRAMES, len(sources), source_frames)
    checked = _random_cuts(_CHECKED_CLIPS, _HALF_SECOND_FRAMES, len(sources), source_frames)
    ffmpeg, melt = shutil.which("ffmpeg"), shutil.which("melt")
    if ffmpeg:
        frames = sum(cut.frames for cut in cuts)
        build.add_plain("plain", "ffmpeg, plain transcode", ffmpeg, frames)
        title = "ffmpeg, plain transcode of the faded movie"
        build.add_master("fadeplain", title, ffmpeg, faded)
    build.add_product("cuts", f"edl2ffmpeg, {_CUT_COUNT} cuts", cuts)
    build.add_product("dips", f"edl2ffmpeg, {_CUT_COUNT} cuts, 8 fades", _dipped(cuts))
    title = f"edl2ffmpeg, {_CUT_COUNT} cuts, all faded"
    build.add_product("fades", title, faded, baseline="fadeplain")
    if ffmpeg:
        build.add_graph("graph", f"ffmpeg filter graph, {_CUT_COUNT} cuts", ffmpeg, cuts)
        title = f"ffmpeg filter graph, {_CUT_COUNT} cuts, all faded"
        build.add_graph("fadegraph", title, ffmpeg, faded, baseline="fadeplain")
    if melt:
        build.add_melt("melt", f"melt, {_CUT_COUNT} cuts", melt, cuts)
    build.add_product("few", f"edl2ffmpeg, {_CUT_COUNT} half-second clips", few)
    title = f"edl2ffmpeg, {many_clips} half-second clips"
    build.add_product("many", title, many, baseline="few", long=True)
    build.add_check("check", f"edl2ffmpeg check, {_CHECKED_CLIPS} clips", checked)
    return build.cases


def _random_cuts(count: int, frames: int, sources: int, source_frames: int) -> list[Cut]:
    """Cuts that go round the sources and jump to random places, the same in every run."""
    rng = random.Random(2)
    return [
        Cut(number % sources, rng.randrange(source_frames - frames + 1), frames)
        for number in range(count)
    ]


def _faded(cuts: Sequence[Cut]) -> list[Cut]:
    """The cuts with half a second of fade at both ends of each: the most there can be."""
    return [replace(cut, top_fade=_FADE_SECONDS, tail_fade=_FADE_SECONDS) for cut in cuts]


def _dipped(cuts: Sequence[Cut]) -> list[Cut]:
    """The cuts with fades where an edit has them: at its ends, and at a few of its cuts."""
    dips = {0, *_DIPS, len(cuts)}
    return [
        replace(
            cut,
            top_fade=_FADE_SECONDS if number in dips else 0,
            tail_fade=_FADE_SECONDS if number + 1 in dips else 0,
        )
        for number, cut in enumerate(cuts)
    ]


def _graph(cuts: Sequence[Cut]) -> str:
    """A filter graph that splits every input once and trims (and fades) a branch for each cut."""
    parts = []
    for source in sorted({cut.source for cut in cuts}):
        users = [number for number, cut in enumerate(cuts) if cut.source == source]
        branches = "".join(f"[s{number}]" for number in users)
        parts.append(f"[{source}:v]split={len(users)}{branches}")
    for number, cut in enumerate(cuts):
        bounds = f"start_frame={cut.start}:end_frame={cut.start + cut.frames}"
        chain = f"trim={bounds},setpts=PTS-STARTPTS"
        if cut.top_fade:
            chain += f",fade=in:d={cut.top_fade}"
        if cut.tail_fade:
            out = cut.frames / FRAME_RATE - cut.tail_fade
            chain += f",fade=out:st={out}:d={cut.tail_fade}"
        parts.append(f"[s{number}]{chain}[c{number}]")
    ends = "".join(f"[c{number}]" for number in range(len(cuts)))
    parts.append(f"{ends}concat=n={len(cuts)}:v=1:a=0[out]")
    return ";".join(parts)


def seconds(frames: int) -> float:
    """Three decimals, as EDLs have them."""
    return round(float(Fraction(frames, FRAME_RATE)), 3)
