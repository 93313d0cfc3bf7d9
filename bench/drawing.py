"""The drawing cases: one edit over a whole movie, drawn by several programs.

Each edit is an EDL for the product, a filter graph for FFmpeg, a command for melt and a script
for MoviePy.  All read the same sources and encode alike; README.md says where the edits differ.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import edits
from cases import ENCODE, MASTER, MELT_ENCODE, PRODUCT_OPTIONS, Case, seconds
from edits import DISSOLVE_CLIPS, DISSOLVE_SECONDS, FRAME_RATE, SIZE

__all__ = ["Edit", "build_drawing_cases", "build_edits", "edl_of"]

_HERE = Path(__file__).parent
_BASELINE = "drawplain"
_SMALL = (1280, 720)


@dataclass(frozen=True)
class Part:
    """``frames`` frames of ``source`` from frame ``start``."""

    source: Path
    start: int
    frames: int

    @property
    def edl_source(self) -> dict[str, Any]:
        """As the EDL says it."""
        end = self.start + self.frames
        return {"uri": str(self.source), "in": seconds(self.start), "out": seconds(end)}


@dataclass(frozen=True)
class Edit:
    """One edit in every program's words.

    ``clips`` are the EDL's.  ``parts`` are what FFmpeg, melt and MoviePy read, ``graph`` is
    FFmpeg's, from inputs of that order to ``[out]``; ``other_graph`` (title, graph) is a
    second one.  ``melt`` are melt's arguments, ``melt_services`` what its build must have;
    its bicubic transform takes three times as long as its bilinear one.
    """

    name: str
    title: str
    clips: Sequence[dict[str, Any]]
    parts: Sequence[Part]
    graph: str
    melt: Sequence[str]
    melt_services: Sequence[str] = ()
    other_graph: tuple[str, str] | None = None
    melt_scaling: str = "bilinear"


def build_drawing_cases(
    sources: Sequence[Path],
    folder: Path,
    product: Sequence[str],
    *,
    frames: int,
    moviepy: str | None = None,
) -> list[Case]:
    """All drawing cases this machine can run, each of ``frames`` frames, their baseline first."""
    folder.mkdir(parents=True, exist_ok=True)
    ffmpeg, melt = shutil.which("ffmpeg"), shutil.which("melt")
    if not ffmpeg:
        print("no ffmpeg: no drawing cases")
        return []
    cases: list[Case] = []

    def add(name: str, title: str, command: Sequence[str], **more: Any) -> None:
        output = folder / f"{name}.mp4"
        more.setdefault("baseline", _BASELINE)
        cases.append(Case(name, title, tuple(command), output, frames, **more))

    small = _small_source(ffmpeg, sources[0], folder)
    services = _melt_services(melt) if melt else frozenset()
    plain = Part(sources[0].resolve(), 0, frames)
    command = _ffmpeg_command(ffmpeg, [plain], "[0:v]null[out]", folder / f"{_BASELINE}.mp4")
    add(_BASELINE, "ffmpeg, plain transcode", command)
    for edit in build_edits(sources, small, frames):
        name, rival = edit.name, f"{edit.name}-ffmpeg"
        path = folder / f"{name}.json"
        path.write_text(json.dumps(edl_of(edit)))
        command = [*product, str(path), str(folder / f"{name}.mp4"), *PRODUCT_OPTIONS]
        add(name, f"edl2ffmpeg, {edit.title}", command, rival=rival)
        command = _ffmpeg_command(ffmpeg, edit.parts, edit.graph, folder / f"{rival}.mp4")
        add(rival, f"ffmpeg, {edit.title}", command)
        if edit.other_graph:
            title, graph = edit.other_graph
            other = f"{rival}-2"
            command = _ffmpeg_command(ffmpeg, edit.parts, graph, folder / f"{other}.mp4")
            add(other, f"ffmpeg, {title}", command)
        if melt:
            missing = [service for service in edit.melt_services if service not in services]
            if missing:
                print(f"{name}: this melt has no {', '.join(missing)}; left out")
            else:
                output = folder / f"{name}-melt.mp4"
                command = [melt, "-silent", "-profile", "atsc_1080p_30", *edit.melt]
                command += ["-consumer", f"avformat:{output}", *MELT_ENCODE]
                command.append(f"rescale={edit.melt_scaling}")
                add(f"{name}-melt", f"melt, {edit.title}", command, long=True)
        if moviepy:
            output = folder / f"{name}-moviepy.mp4"
            parts = [f"{part.source}:{part.start}:{part.frames}" for part in edit.parts]
            command = [moviepy, str(_HERE / "moviepy_cases.py"), name, str(output), *parts]
            add(f"{name}-moviepy", f"MoviePy, {edit.title}", command, long=True)
    return cases


def edl_of(edit: Edit) -> dict[str, Any]:
    """The document the product renders."""
    return {"fps": FRAME_RATE, "width": SIZE[0], "height": SIZE[1], "clips": list(edit.clips)}


def build_edits(sources: Sequence[Path], small: Path, frames: int) -> list[Edit]:
    """The edits, each ``frames`` frames long; ``small`` is a source of 720 lines."""
    first, second = (Part(path.resolve(), 0, frames) for path in sources[:2])
    return [
        _colour(first),
        _transform(first),
        _dissolves([path.resolve() for path in sources], frames),
        _picture_in_picture(first, second),
        _text(first),
        _upscale(Part(small.resolve(), 0, frames)),
    ]


def _colour(part: Part) -> Edit:
    values = (
        ("brightness", edits.BRIGHTNESS),
        ("contrast", edits.CONTRAST),
        ("saturation", edits.SATURATION),
    )
    clips = [_clip(part)]
    for number, (kind, value) in enumerate(values, 1):
        effect = {"type": kind, "value": value}
        clips.append(_sub_clip(part, 1, "effects", effect, subnumber=number))
    # eq works on Y/255 about a half; the format on y = (Y - 16)/219 about a half, and it adds
    # the brightness before the contrast.
    offset = (219 * (edits.BRIGHTNESS - 1) * edits.CONTRAST + 2 * (edits.CONTRAST - 1)) / 255
    options = {"brightness": f"{offset:.4f}", "contrast": f"{edits.CONTRAST}"}
    options["saturation"] = f"{edits.SATURATION}"
    graph = "[0:v]eq=" + ":".join(f"{key}={value}" for key, value in options.items()) + "[out]"
    melt = [*_melt_part(part), "-attach", "avfilter.eq"]
    melt += [f"av.{key}={value}" for key, value in options.items()]
    return Edit("colour", "colour", clips, [part], graph, melt, ["avfilter.eq"])


def _transform(part: Part) -> Edit:
    ends = ((0, edits.FIRST), (seconds(part.frames), edits.LAST))
    points = [
        {
            "point": point,
            "panx": view.pan_x,
            "pany": view.pan_y,
            "zoomx": view.zoom,
            "zoomy": view.zoom,
            "rotate": view.rotation,
        }
        for point, view in ends
    ]
    clips = [_clip(part), _sub_clip(part, 1, "transform", {"controlPoints": points})]
    # melt's last keyframe is the last frame, not the moment after it.
    views = [edits.view_at(0), edits.view_at((part.frames - 1) / part.frames)]
    keys = [0, part.frames - 1]
    rectangles = [" ".join(f"{value:.4f}" for value in view.rectangle) for view in views]
    rectangle = ";".join(f"{key}={value} 1" for key, value in zip(keys, rectangles, strict=True))
    rotation = ";".join(f"{key}={view.rotation:.5f}" for key, view in zip(keys, views, strict=True))
    melt = [*_melt_part(part), "-attach", "affine", f"transition.rect={rectangle}"]
    melt += [f"transition.fix_rotate_x={rotation}", "transition.distort=1"]
    return Edit(
        "transform",
        "pan, zoom, rotation",
        clips,
        [part],
        _perspective(part.frames, "linear"),
        melt,
        ["affine"],
        ("the same, cubic", _perspective(part.frames, "cubic")),
    )


def _perspective(frames: int, interpolation: str) -> str:
    """A graph that samples each corner's place in the source anew for every frame."""

    def moving(name: str) -> str:
        first, last = getattr(edits.FIRST, name), getattr(edits.LAST, name)
        # "on" counts from 1.
        return f"({first}+{last - first:.9g}*(on-1)/{frames})"

    options = []
    for corner, (x, y) in enumerate((("0", "0"), ("W", "0"), ("0", "H"), ("W", "H"))):
        # The same as View.source_of.
        terms = [
            f"st(0,{moving('rotation')}*PI/180)",
            f"st(1,{x}-W/2*(1+{moving('pan_x')}))",
            f"st(2,{y}-H/2*(1+{moving('pan_y')}))",
        ]
        head = ";".join(terms)
        across = f"(ld(1)*cos(ld(0))+ld(2)*sin(ld(0)))/{moving('zoom')}"
        down = f"(ld(2)*cos(ld(0))-ld(1)*sin(ld(0)))/{moving('zoom')}"
        options += [f"x{corner}='{head};W/2+{across}'", f"y{corner}='{head};H/2+{down}'"]
    options += ["eval=frame", f"interpolation={interpolation}"]
    return f"[0:v]perspective={':'.join(options)}[out]"


def _dissolves(sources: Sequence[Path], frames: int) -> Edit:
    length = frames // DISSOLVE_CLIPS
    mixed = min(DISSOLVE_SECONDS * FRAME_RATE, length // 2)
    rng = random.Random(3)
    parts, clips = [], []
    for number in range(DISSOLVE_CLIPS):
        last = number == DISSOLVE_CLIPS - 1
        # All but the last go on while the next one comes.
        shown = length if last else length + mixed
        start = rng.randrange(frames - length - mixed + 1)
        parts.append(Part(sources[number % len(sources)], start, shown))
        clip = _clip(Part(parts[-1].source, start, length), number * length)
        if number:
            clip["transition"] = {"type": "dissolve", "duration": seconds(mixed)}
        clips.append(clip)
    steps = []
    before = "[0:v]"
    for number in range(1, DISSOLVE_CLIPS):
        after = "[out]" if number == DISSOLVE_CLIPS - 1 else f"[x{number}]"
        times = f"duration={mixed / FRAME_RATE:.6f}:offset={number * length / FRAME_RATE:.6f}"
        steps.append(f"{before}[{number}:v]xfade=fade:{times}{after}")
        before = after
    melt = [*_melt_part(parts[0])]
    for part in parts[1:]:
        melt += [*_melt_part(part), "-mix", str(mixed), "-mixer", "luma"]
    title = f"{DISSOLVE_CLIPS} clips, dissolves"
    return Edit("dissolves", title, clips, parts, ";".join(steps), melt, ["luma"])


def _picture_in_picture(below: Part, above: Part) -> Edit:
    point = {"point": 0, "panx": edits.PIP_PAN[0], "pany": edits.PIP_PAN[1]}
    point |= {"zoomx": edits.PIP_SIZE[0] / SIZE[0], "zoomy": edits.PIP_SIZE[1] / SIZE[1]}
    point["opacity"] = edits.PIP_OPACITY
    transform = _sub_clip(above, 2, "transform", {"controlPoints": [point]})
    clips = [_clip(below), _clip(above, track=2), transform]
    (width, height), (left, top) = edits.PIP_SIZE, edits.PIP_CORNER
    opacity = edits.PIP_OPACITY
    graph = (
        f"[1:v]scale={width}:{height}:flags=bicubic,format=yuva420p,"
        f"colorchannelmixer=aa={opacity}[small];[0:v][small]overlay={left}:{top}[out]"
    )
    last = below.frames - 1
    melt = [*_melt_part(below), "-track", *_melt_part(above), "-transition", "composite"]
    melt += [f"geometry={left}/{top}:{width}x{height}:{100 * opacity:.0f}", "progressive=1"]
    melt += ["distort=1", "a_track=0", "b_track=1", "in=0", f"out={last}"]
    title = "picture-in-picture"
    return Edit("pip", title, clips, [below, above], graph, melt, ["composite"])


def _text(part: Part) -> Edit:
    text_format = {"font": edits.TEXT_FONT, "fontSize": edits.TEXT_SIZE}
    text_format |= {"textAYUV": "EB8080", "backAYUV": "80108080", "halign": "middle"}
    text_format |= {"valign": "bottom", "bottomMargin": edits.TEXT_MARGIN}
    text = {
        "track": {"type": "burnin", "number": 1},
        "in": 0,
        "out": seconds(part.frames),
        "source": {"text": edits.TEXT, "in": 0, "out": seconds(part.frames)},
        "textFormat": text_format,
    }
    graph = (
        f"[0:v]drawtext=font='{edits.TEXT_FONT}':text='{edits.TEXT}':fontsize={edits.TEXT_SIZE}:"
        "fontcolor=white:box=1:boxcolor=black@0.5:boxborderw=10:"
        f"x=(w-text_w)/2:y=h-{edits.TEXT_MARGIN}-text_h[out]"
    )
    melt = [*_melt_part(part), "-attach", f"dynamictext:{edits.TEXT}", "halign=centre"]
    melt += ["valign=bottom", f"geometry=0/0:{SIZE[0]}x{SIZE[1] - edits.TEXT_MARGIN}:100"]
    melt += [f"family={edits.TEXT_FONT}", f"size={edits.TEXT_SIZE}", "pad=10"]
    melt += ["fgcolour=#ffffffff", "bgcolour=#80000000"]
    return Edit("text", "text", [_clip(part), text], [part], graph, melt, ["dynamictext"])


def _upscale(part: Part) -> Edit:
    graph = f"[0:v]scale={SIZE[0]}:{SIZE[1]}:flags=bicubic[out]"
    # melt scales to its profile without being asked.
    title = f"{_SMALL[1]}p to {SIZE[1]}p"
    melt = _melt_part(part)
    return Edit("upscale", title, [_clip(part)], [part], graph, melt, melt_scaling="bicubic")


def _clip(part: Part, position: int = 0, *, track: int = 1) -> dict[str, Any]:
    return {
        "track": {"type": "video", "number": track},
        "in": seconds(position),
        "out": seconds(position + part.frames),
        "source": part.edl_source,
    }


def _sub_clip(
    part: Part, track: int, subtype: str, source: dict[str, Any], *, subnumber: int = 1
) -> dict[str, Any]:
    """A sub-track's clip for the whole of ``part``."""
    end = seconds(part.frames)
    place = {"type": "video", "number": track, "subtype": subtype, "subnumber": subnumber}
    return {"track": place, "in": 0, "out": end, "source": {**source, "in": 0, "out": end}}


def _ffmpeg_command(ffmpeg: str, parts: Sequence[Part], graph: str, output: Path) -> list[str]:
    """FFmpeg reading each part through an input of its own."""
    command = [ffmpeg, "-v", "error", "-y", "-nostdin"]
    for part in parts:
        if part.start:
            command += ["-ss", f"{part.start / FRAME_RATE:.6f}"]
        command += ["-t", f"{part.frames / FRAME_RATE:.6f}", "-i", str(part.source)]
    return [*command, "-filter_complex", graph, "-map", "[out]", "-an", *ENCODE, str(output)]


def _melt_part(part: Part) -> list[str]:
    return [str(part.source), f"in={part.start}", f"out={part.start + part.frames - 1}"]


def _melt_services(melt: str) -> frozenset[str]:
    """Names of the filters and transitions that ``melt`` has."""
    names: set[str] = set()
    for kind in ("filters", "transitions"):
        answer = subprocess.run([melt, "-query", kind], capture_output=True, text=True)
        lines = (line.strip() for line in answer.stdout.splitlines())
        names |= {line.removeprefix("- ") for line in lines if line.startswith("- ")}
    return frozenset(names)


def _small_source(ffmpeg: str, source: Path, folder: Path) -> Path:
    """``source`` in 720 lines, coded like it."""
    path = folder / f"{source.stem}-{_SMALL[1]}p.mp4"
    if not path.exists():
        print(f"making {path}", flush=True)
        aside = path.with_suffix(".making.mp4")
        command = [ffmpeg, "-v", "error", "-y", "-nostdin", "-i", str(source), "-an"]
        command += ["-vf", f"scale={_SMALL[0]}:{_SMALL[1]}:flags=bicubic", *MASTER, str(aside)]
        subprocess.run(command, check=True)
        aside.rename(path)
    return path
