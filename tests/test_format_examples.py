"""Every JSON example of docs/edl-format.md is rendered."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import edl2ffmpeg
from helpers.edl_factory import audio_clip, generated, media, write_edl
from helpers.stand_ins import write_cube, write_movie, write_sound, write_still

PAGE = Path(__file__).parent.parent / "docs" / "edl-format.md"
SECTION = re.compile(r"^#{2,3} (.*)$", re.MULTILINE)
BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)
FRAMES = 3
MOVIES = (
    "a.mp4", "b.mp4", "background.mp4", "interview.mp4", "media/a.mov", "reel-7.mov",
)  # fmt: skip

Json = dict[str, Any]


def rendered_examples() -> list[tuple[str, Json]]:
    """The heading above and the content of each example."""
    parts = SECTION.split(PAGE.read_text(encoding="utf-8"))
    return [
        (heading, json.loads(block))
        for heading, text in zip(parts[1::2], parts[2::2], strict=True)
        for block in BLOCK.findall(text)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a stand-in for each file that the examples name."""
    made = tmp_path_factory.mktemp("examples")
    (made / "media").mkdir()
    write_movie(made / MOVIES[0])
    for name in MOVIES[1:]:
        # MP4 in a file called .mov is read all the same.
        (made / name).symlink_to(made / MOVIES[0])
    write_movie(made / "logo.mov", alpha=True)
    write_still(made / "logo.png")
    for name in ("stereo.wav", "a.wav"):
        write_sound(made / name)
    write_cube(made / "film.cube")
    return made


def whole(example: Json) -> Json:
    """An example as an EDL of its own: a clip gets what it needs around it."""
    if "clips" in example:
        return example
    start, end, track = example["in"], example["out"], example["track"]
    clips = [example, audio_clip(generated("black", end), 0, end, 9)]
    plain = {"type": track["type"], "number": track["number"]}
    if "subtype" in track:
        text = {"text": "Stand-in", "in": 0, "out": end}
        is_text = track["type"] in ("subtitle", "burnin")
        source = text if is_text else generated("demo", end)
        clips.append({"track": plain, "in": 0, "out": end, "source": source})
    elif "source" not in example.get("transition", {"source": None}):
        before = media("a.mp4" if track["type"] == "video" else "a.wav", 0, start)
        clips.append({"track": plain, "in": 0, "out": start, "source": before})
    return {"clips": clips}


@pytest.mark.parametrize(("heading", "example"), rendered_examples())
def test_example_is_rendered(heading: str, example: Json, folder: Path, tmp_path: Path) -> None:
    edl = whole(example)
    start = Fraction(str(example.get("in", 0)))
    result = edl2ffmpeg.render(
        write_edl(folder, edl),
        tmp_path / "movie.mp4",
        preset="ultrafast",
        width=64,
        height=36,
        start=start,
        end=start + FRAMES / Fraction(edl.get("fps", 30)),
        locations={"reel-7": "reel-7.mov"},
    )
    assert result.frames == FRAMES
    assert result.warnings == ()


def test_every_file_of_the_examples_has_a_stand_in(folder: Path) -> None:
    named = set(re.findall(r'"uri": "([^"]+)"', PAGE.read_text(encoding="utf-8")))
    assert {name for name in named if not (folder / name).exists()} == set()
