"""Sources of every kind for tests of looks, and random EDLs that use every feature.

The EDLs deserve no warning: sources are long enough, sub-tracks have a track to act on, and
transitions fit their clips.  What they look like is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from helpers.edl_factory import Json, document, generated, media
from helpers.media_factory import ClipInfo, ClipLibrary
from helpers.movie_writer import VideoTrack, write_movie
from helpers.stills import flat_planes, write_picture

__all__ = ["LookMedia", "make_look_media", "random_document", "random_look_edls"]

RATES: tuple[int | str, ...] = (25, 30, "24000/1001", 50)
TEXTS = (
    "Words",
    "two\nlines",
    "\u05d0\u05d1 abc",
    "\u0915\u094d\u0937",
    "",
    "a  long line that is wrapped",
)


@dataclass(frozen=True)
class LookMedia:
    """Files of every kind; those with alpha are of one colour."""

    barcoded: tuple[ClipInfo, ...]
    prores: ClipInfo
    vp9: Path
    still: Path
    opaque_still: Path
    cube: Path
    line: Path


def make_look_media(folder: Path, clips: ClipLibrary) -> LookMedia:
    """Writes what the library of clips does not have into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    vp9 = folder / "alpha.webm"
    options = {"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0"}
    track = VideoTrack("libvpx-vp9", Fraction(25), (64, 48), "yuva420p", options, range(25))
    write_movie(vp9, track, [flat_planes("yuva420p", (64, 48), (180, 90, 160, 128))] * 25)
    pixels = np.zeros((40, 60, 4), np.uint8)
    pixels[..., 0], pixels[10:30, 15:45, 3], pixels[:10, :15, 3] = 220, 255, 100
    still = write_picture(folder / "alpha.png", pixels, "png", "rgba")
    ramp = np.repeat(np.linspace(0, 255, 60).astype(np.uint8)[None, :, None], 40, axis=0)
    opaque = write_picture(folder / "ramp.png", np.repeat(ramp, 3, axis=2))
    cube, line = folder / "look.cube", folder / "line.cube"
    steps = [0.0, 0.6, 1.0]
    entries = [f"{r} {g * 0.9} {1 - b}" for b in steps for g in steps for r in steps]
    cube.write_text("\n".join(["TITLE x", "LUT_3D_SIZE 3", *entries]))
    line.write_text("LUT_1D_SIZE 3\n0 0 0\n0.3 0.5 0.6\n1 1 1\n")
    barcoded = tuple(clips[name] for name in ("h264_30_mp4", "h264_25_mp4", "hevc10_23976_mp4"))
    return LookMedia(barcoded, clips["prores4444_24_mov"], vp9, still, opaque, cube, line)


@st.composite
def random_look_edls(draw: st.DrawFn, files: LookMedia) -> tuple[Json, int]:
    """A small EDL of 5 to 12 frames, and how many frames it must render."""
    rng = draw(st.randoms(note_method_calls=False, use_true_random=False))
    return random_document(rng, files)


def random_document(rng: Random, files: LookMedia) -> tuple[Json, int]:
    """The same from any source of random numbers."""
    return _Writer(rng, files).document()


class _Writer:
    """Writes one random EDL."""

    def __init__(self, rng: Random, files: LookMedia) -> None:
        self.rng, self.files = rng, files
        self.rate = rng.choice(RATES)
        self.fps = Fraction(str(self.rate))
        self.frames = rng.randint(5, 12)

    def document(self) -> tuple[Json, int]:
        rng = self.rng
        clips: list[Json] = []
        for number in range(1, rng.randint(1, 4) + 1):
            clips += self.track(number, self.frames if number == 1 else rng.randint(2, self.frames))
        for kind in ("burnin", "subtitle"):
            if rng.random() < 0.4:
                clips += self.text_track(kind)
        rng.shuffle(clips)
        return document(*clips, fps=self.rate, width=96, height=54), self.frames

    def seconds(self, frames: int | Fraction) -> float:
        return round(float(frames / self.fps), 6)

    # -- tracks ---------------------------------------------------------------

    def track(self, number: int, frames: int) -> list[Json]:
        rng = self.rng
        cuts = sorted({0, frames, *(rng.randint(1, frames) for _ in range(rng.randint(0, 2)))})
        place = {"type": "video", "number": number}
        made = []
        for start, end in pairwise(cuts):
            last_of_all = number == 1 and end == self.frames
            if rng.random() < 0.1 and not last_of_all:
                continue  # a gap
            made.append(self.clip(place, start, end))
        if made:
            for subtype, write in (
                ("colour", self.colour),
                ("effects", self.placed_effect),
                ("transform", self.transform),
            ):
                for subnumber in range(1, rng.choice((0, 0, 1, 1, 2)) + 1):
                    start = rng.randrange(frames)
                    end = rng.randint(start + 1, frames)
                    sub = place | {"subtype": subtype, "subnumber": subnumber}
                    source = write(end - start)
                    made.append({"track": sub, **self.range(start, end), "source": source})
        return made

    def range(self, start: int, end: int) -> Json:
        return {"in": self.seconds(start), "out": self.seconds(end)}

    def clip(self, place: Json, start: int, end: int) -> Json:
        rng, length = self.rng, end - start
        found: Json = {"track": place, **self.range(start, end)}
        if length > 1 and rng.random() < 0.2:
            half = rng.randint(1, length - 1)
            found["sources"] = [self.source(half), self.source(length - half)]
        else:
            found["source"] = self.source(length)
            if rng.random() < 0.4:
                found["motion"] = self.motion(length)
        if rng.random() < 0.3:
            found["effects"] = [self.effect(length) for _ in range(rng.randint(1, 2))]
        if rng.random() < 0.4:
            found["transition"] = self.transition(length)
        self.add_fades(found, length)
        return found

    def add_fades(self, clip: Json, length: int) -> None:
        for side in ("top", "tail"):
            if self.rng.random() < 0.2:
                clip[f"{side}Fade"] = self.seconds(self.rng.randint(1, length))
                if self.rng.random() < 0.5:
                    clip[f"{side}FadeYUV"] = self.colour_code()

    def text_track(self, kind: str) -> list[Json]:
        rng = self.rng
        place = {"type": kind, "number": 1}
        start = rng.randrange(self.frames)
        end = rng.randint(start + 1, self.frames)
        source = {"text": rng.choice(TEXTS), "in": 0, "out": self.seconds(end - start)}
        clip: Json = {"track": place, **self.range(start, end), "source": source}
        if rng.random() < 0.5:
            clip["textFormat"] = {
                "fontSize": rng.choice((40, 200, 900)),
                "textAYUV": rng.choice(("EB8080", "80B05A90")),
                "backAYUV": rng.choice(("80108080", "00108080")),
                "halign": rng.choice(("left", "middle", "right")),
                "valign": rng.choice(("top", "middle", "bottom")),
                "background": rng.choice(("ragged", "rectangle", "wide")),
                "lineBreaks": rng.choice(("auto", "manual")),
            }
        if rng.random() < 0.3:
            clip["motion"] = {"rotation": rng.choice((15, 90)), "panX": 0.2, "zoomX": 0.7}
        if rng.random() < 0.2:
            clip["effects"] = [self.effect(end - start)]
        self.add_fades(clip, end - start)
        made = [clip]
        if rng.random() < 0.3:
            sub = place | {"subtype": "transform"}
            moving = self.transform(end - start)
            made.append({"track": sub, **self.range(start, end), "source": moving})
        return made

    # -- sources --------------------------------------------------------------

    def source(self, frames: int) -> Json:
        rng, length = self.rng, frames / self.fps
        kind = rng.choice(("clip", "clip", "prores", "vp9", "still", "still", "made", "made"))
        seconds = self.seconds(frames)
        if kind == "clip":
            clip = rng.choice(self.files.barcoded)
            speed = rng.choice((0.5, 1, 1, 2))
            start = round(rng.uniform(0, 3 - 2 * float(length)), 3)
            found = media(clip.path, start, round(start + seconds * speed, 6))
            if speed != 1:
                found["speed"] = speed
            if rng.random() < 0.2:
                found["gamma"] = rng.choice((0.6, 2.2))
            return found
        if kind == "made":
            return self.generated(seconds)
        path = {
            "prores": self.files.prores.path,
            "vp9": self.files.vp9,
            "still": rng.choice((self.files.still, self.files.opaque_still)),
        }[kind]
        start = 0.0 if kind != "still" else rng.choice((0.0, 100.0))
        return media(path, start, round(start + seconds, 6))

    def generated(self, seconds: float) -> Json:
        rng = self.rng
        size = rng.choice(((96, 54), (50, 50), (31, 77)))
        kind = rng.choice(("colour", "colour", "black", "testpattern", "demo"))
        more: Json = {}
        if kind == "colour":
            more = {
                rng.choice(("yuv", "rgb")): self.colour_code(),
                "alpha": rng.choice((1, 0.5, 0)),
            }
        return generated(kind, seconds, *size, **more)

    def colour_code(self) -> str:
        return self.rng.choice(("000000", "FFFFFF", "6050B0", "90A040"))

    # -- looks ----------------------------------------------------------------

    def points(self, frames: int, values: Callable[[], Json]) -> list[Json]:
        """One to four control points, in order, some before the end and some after."""
        rng = self.rng
        times = sorted(rng.randint(0, frames + 2) for _ in range(rng.randint(1, 4)))
        made = []
        for time in times:
            point: Json = {"point": self.seconds(time)} | values()
            if rng.random() < 0.3:
                point["bezier"] = [0.4, rng.choice((0, -0.6)), 0.6, rng.choice((1, 1.5))]
            made.append(point)
        return made

    def place(self) -> Json:
        rng = self.rng
        return {
            "panx": rng.choice((0, 0.3, -0.5, 2.5)),
            "pany": rng.choice((0, 0.2, -0.7)),
            "zoomx": rng.choice((1, 0.5, 0.25, 1.7, -1, 0)),
            "zoomy": rng.choice((1, 0.5, 0.3, 1.7)),
            "rotate": rng.choice((0, 0, 15, 90, -200.5)),
            "shape": rng.choice((1, 1, 0, 0.5)),
        }

    def transform(self, frames: int) -> Json:
        rng = self.rng
        found: Json = {
            "controlPoints": self.points(
                frames, lambda: self.place() | {"opacity": rng.choice((1, 0.5, 0))}
            ),
            "interpolation": rng.choice(("linear", "smooth", "hold")),
        }
        if rng.random() < 0.2:
            found["flip"] = True
        return found

    def motion(self, frames: int) -> Json:
        rng = self.rng
        found: Json = {
            "panX": rng.choice((0, 0.25, -0.6)),
            "zoomX": rng.choice((1, 0.5, 1.5)),
            "zoomY": rng.choice((1, 0.5, 1.5)),
            "rotation": rng.choice((0, 0, 30, 180)),
        }
        if rng.random() < 0.2:
            found["flip"] = True
        # Every source of this module can be played for 0.9 s from any of its beginnings.
        timing = rng.choice(("", "", "duration", "bezier"))
        if timing == "duration":
            found["duration"] = rng.choice((0.1, 0.5))
        elif timing == "bezier":
            length = self.seconds(frames)
            times = [round(part * length, 6) for part in (0, 0.3, 0.6, 1)]
            curve = rng.choice(((0, 0, 0.5, 0.5), (0.5, 0.1, 0.4, 0), (0.2, 0.9, 0, 0.3)))
            points = [
                {"srcTime": source, "dstTime": time}
                for source, time in zip(curve, times, strict=True)
            ]
            found["bezier"] = points if rng.random() < 0.7 else points[:3]
        return found

    def transition(self, frames: int) -> Json:
        rng = self.rng
        kind = rng.choice(("dissolve", "dip", "wipe", "slide", "push", "iris", "squares"))
        found: Json = {"type": kind}
        if kind == "dip":
            found["yuv"] = self.colour_code()
        if kind in ("wipe", "slide", "push"):
            found["angle"] = rng.choice((0, 90, 33, 180))
        if kind in ("wipe", "iris"):
            found["softness"] = rng.choice((0, 0.3))
        if kind == "iris":
            found["points"] = rng.choice((0, 3, 5))
        if kind == "squares":
            found["xsquares"] = rng.choice((1, 4, 30))
        if kind not in ("dissolve", "dip"):
            found["invert"] = rng.random() < 0.4
        if rng.random() < 0.3:
            found["source"] = self.source(frames)
        else:
            found["duration"] = self.seconds(rng.randint(1, frames))
        return found

    def colour(self, frames: int) -> Json:
        return {"filters": [self.filter(frames) for _ in range(self.rng.randint(0, 3))]}

    def placed_effect(self, frames: int) -> Json:
        return {"in": 0, "out": self.seconds(frames)} | self.effect(frames)

    def effect(self, frames: int) -> Json:
        rng = self.rng
        if rng.random() > 0.15:
            return self.filter(frames)
        found: Json = {
            "type": "highlight",
            "insideMaskFilters": [self.filter(frames) for _ in range(rng.randint(0, 2))],
            "outsideMaskFilters": [self.filter(frames) for _ in range(rng.randint(0, 2))],
            "feather": rng.choice((0, 100)),
        }
        if rng.random() < 0.7:
            found["controlPoints"] = self.points(frames, self.place)
        return found

    def filter(self, frames: int) -> Json:
        rng = self.rng
        kind = rng.choice(list(_NUMBERS))
        numbers = _NUMBERS[kind]
        found: Json = {"type": kind}
        curve = [{"src": -0.5, "dst": 0.1}, {"src": 0.2, "dst": 0.3}, {"src": 1, "dst": 0.9}]
        if kind in ("y", "u", "v") or (kind in ("brightness", "saturation") and rng.random() < 0.3):
            return found | {"linear": curve}

        def values() -> Json:
            return {name: rng.choice(choices) for name, choices in numbers.items()}

        if rng.random() < 0.4:
            found["controlPoints"] = self.points(frames, values)
            found["interpolation"] = rng.choice(("linear", "smooth", "hold"))
        else:
            found |= values()
        if kind == "borders":
            found["yuv"] = self.colour_code()
        if kind == "lut":
            found["uri"] = str(rng.choice((self.files.cube, self.files.line)))
        if kind == "oldFilm":
            found["seed"] = rng.randint(0, 99)
        return found


_NUMBERS: dict[str, dict[str, Sequence[Any]]] = {
    "brightness": {"value": (1.2, 0.7)},
    "contrast": {"value": (1.4, 0.5)},
    "saturation": {"strength": (0, 1.8)},
    "gamma": {"value": (0.5, 2)},
    "blackAndWhite": {"amount": (1, 0.4)},
    "rgbBalance": {"red": (1, 1.3), "green": (0.8, 1), "blue": (1, 0)},
    "white": {"u": (0, 0.1), "v": (-0.1, 0)},
    "y": {},
    "u": {},
    "v": {},
    "blur": {"value": (5, 40, 300)},
    "sharpen": {"value": (0.5, 3), "radius": (5, 40)},
    "mosaic": {"value": (30, 200)},
    "vignette": {"strength": (0.5, 1), "radius": (0, 0.5), "softness": (0, 0.5)},
    "crop": {"left": (0, 0.3), "right": (0, 0.1), "top": (0, 0.05), "bottom": (0, 0.9)},
    "borders": {"width": (0.05, 0.3)},
    "lut": {"strength": (1, 0.4)},
    "oldFilm": {"grain": (0, 0.5), "scratches": (0, 1), "flicker": (0, 0.5)},
}
