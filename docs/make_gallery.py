"""Renders the pictures of docs/gallery.md from the JSON that the page shows.

make gallery

Each section of the page begins with a whole EDL.  A JSON block after it is merged into its
last clip; one that has a ``track`` of its own is a further clip.  The picture that is linked
above a block is frame ``FRAME`` of the EDL that results.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import edl2ffmpeg

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "gallery.md"
FRAME = 70
QUALITY = 72

sys.path.append(str(DOCS.parent / "examples"))
import make_media  # noqa: E402

Json = dict[str, Any]
Picture = npt.NDArray[np.uint8]

_PARTS = re.compile(
    r"^## (?P<section>[^\n]*)$|\((?P<picture>images/gallery/[\w-]+\.jpg)\)\n"
    r"|^```json\n(?P<block>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Entry:
    """A picture of the page, as a path in the folder of docs, and the EDL that makes it."""

    section: str
    picture: str
    edl: Json


def entries(page: str) -> Iterator[Entry]:
    """What the text of the page shows, in order."""
    section, picture, base = "", "", None
    for part in _PARTS.finditer(page):
        if part["section"] is not None:
            section, base = part["section"], None
        elif part["picture"] is not None:
            picture = part["picture"]
        else:
            block = json.loads(part["block"])
            if base is None or "clips" in block:
                edl = block
                base = base or block
            else:
                edl = _merged(base, block)
            yield Entry(section, picture, edl)


def _merged(base: Json, block: Json) -> Json:
    clips = list(base["clips"])
    if "track" in block:
        clips.append(block)
    else:
        clips[-1] = clips[-1] | block
    return base | {"clips": clips}


# -- media --------------------------------------------------------------------


def city() -> Picture:
    """Towers before a sunrise, and two balloons."""
    sky, towers = make_media.sunrise(3.2), make_media.skyline(2.0)
    rows = np.arange(make_media.HEIGHT)[:, None]
    empty = np.dstack([14 + rows / 16, 16 + rows / 20, 40 + rows / 10])
    is_tower = np.abs(towers.astype(float) - np.floor(empty)).max(axis=2) > 2
    hazy = np.clip(towers * 0.85 + sky * 0.16, 0, 255).astype(np.uint8)
    picture = np.where(is_tower[..., None], hazy, sky)[:540, 130:1090]
    for x, y, radius, colours in (
        (0.2, 0.2, 66, ((214, 52, 46), (246, 232, 214))),
        (0.44, 0.15, 38, ((40, 96, 190), (250, 204, 60))),
    ):
        _balloon(picture, x * picture.shape[1], y * picture.shape[0], radius, colours)
    return picture


def _balloon(
    picture: Picture, x: float, y: float, radius: float, colours: tuple[tuple[int, ...], ...]
) -> None:
    """Draws striped colours onto ``picture``."""
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    across, down = (columns - x) / radius, (rows - y) / radius
    narrow = np.where(down > 0, 1 - 0.42 * down**2, 1.0)
    envelope = (across / np.maximum(narrow, 0.2)) ** 2 + (
        down / np.where(down > 0, 1.25, 1)
    ) ** 2 < 1
    bulge = np.arcsin(np.clip(across / np.maximum(narrow, 0.2), -1, 1))
    stripe = (np.floor(bulge * 2.6 + 0.5) % 2).astype(int)
    light = (1.08 - 0.4 * np.clip(across + 0.3, 0, 1))[..., None]
    striped = np.clip(np.array(colours)[stripe] * light, 0, 255)
    picture[envelope] = striped[envelope]
    basket = (np.abs(across) < 0.16) & (down > 1.5) & (down < 1.74)
    ropes = (
        (np.abs(np.abs(across) - 0.16 - (1.5 - down) * 0.3) < 0.02) & (down > 1.1) & (down < 1.5)
    )
    picture[basket | ropes] = (86, 58, 40)


def badge() -> Picture:
    """A white star on a round red badge with a soft shadow, transparent around it."""
    side = 400
    rows, columns = np.mgrid[0:side, 0:side] + 0.5 - side / 2
    distance = np.hypot(columns, rows)
    turn = np.arctan2(columns, -rows)
    sector = np.abs((turn + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5)
    edge = 110 * 0.42 * np.sin(np.pi / 5)
    edge = edge / (np.sin(sector) + 0.42 * np.sin(np.pi / 5 - sector))
    star = np.clip(edge - distance + 0.5, 0, 1)[..., None]
    disc = np.clip(160 - distance + 0.5, 0, 1)
    shadow = 0.55 * np.clip((195 - np.hypot(columns, rows - 8)) / 40, 0, 1)
    alpha = disc + (1 - disc) * shadow
    colour = np.array((200, 38, 44)) * (1 - star) + np.array((255, 250, 240)) * star
    colour = colour * (disc / np.maximum(alpha, 1e-6))[..., None]
    return np.dstack([colour, 255 * alpha]).clip(0, 255).astype(np.uint8)


def dusk_table(size: int = 17) -> str:
    """A .cube file: teal shadows, warm lights."""
    lines = [f"LUT_3D_SIZE {size}"]
    steps = np.linspace(0, 1, size)
    for blue in steps:
        for green in steps:
            for red in steps:
                light = 0.3 * red + 0.6 * green + 0.1 * blue
                warm = np.array((0.16, 0.0, -0.2)) * (light - 0.35)
                cool = np.array((-0.1, 0.03, 0.1)) * (1 - light) ** 2
                bent = np.array((red, green, blue)) ** 1.1 + 1.5 * warm + 0.9 * cool
                lines.append(" ".join(f"{part:.4f}" for part in bent.clip(0, 1)))
    return "\n".join(lines) + "\n"


def make_all_media(folder: Path) -> None:
    """Writes what the EDLs of the page name into ``folder``."""
    for name, picture in (
        ("city.png", city()),
        ("water.png", make_media.rings(1.0)),
        ("badge.png", badge()),
    ):
        Image.fromarray(picture).save(folder / name)
    (folder / "dusk.cube").write_text(dusk_table(), encoding="utf-8")


# -- pictures -----------------------------------------------------------------


def render(entry: Entry, folder: Path) -> Picture:
    """The picture of an entry, with the media in ``folder``."""
    path = folder / "cut.json"
    path.write_text(json.dumps(entry.edl), encoding="utf-8")
    return edl2ffmpeg.still(path, FRAME, strict=True)


def compressed(picture: Picture) -> bytes:
    """A picture as a JPEG file."""
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return file.getvalue()


def main() -> None:
    """Renders every picture of the page."""
    (DOCS / "images" / "gallery").mkdir(parents=True, exist_ok=True)
    total = 0
    with TemporaryDirectory() as name:
        folder = Path(name)
        make_all_media(folder)
        for entry in entries(PAGE.read_text(encoding="utf-8")):
            path = DOCS / entry.picture
            path.write_bytes(compressed(render(entry, folder)))
            total += path.stat().st_size
            print(f"{entry.picture}: {path.stat().st_size} bytes")
    print(f"all pictures: {total} bytes")


if __name__ == "__main__":
    main()
