"""Every example of docs/edl-format.md can be built."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from edl2ffmpeg.edl import parse_edl
from edl2ffmpeg.edl.effects import EFFECT_TYPES
from edl2ffmpeg.edl.transitions import TRANSITION_TYPES
from edl2ffmpeg.timeline import build_timeline

PAGE = Path(__file__).parents[3] / "docs" / "edl-format.md"
SECTION = re.compile(r"^#{2,3} (.*)$", re.MULTILINE)
BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)


def examples() -> list[tuple[str, str]]:
    """The heading above and the text of each example."""
    parts = SECTION.split(PAGE.read_text(encoding="utf-8"))
    return [
        (heading, block)
        for heading, text in zip(parts[1::2], parts[2::2], strict=True)
        for block in BLOCK.findall(text)
    ]


@pytest.mark.parametrize(("heading", "block"), examples())
def test_example(heading: str, block: str) -> None:
    example = json.loads(block)
    whole = example if "clips" in example else {"clips": [example]}
    track = {"type": "video", "number": 1}
    source = {"generate": {"type": "black"}, "in": 0, "out": 1}
    whole["clips"].append({"in": 100, "out": 101, "track": track, "source": source})
    document = parse_edl(json.dumps(whole))

    build_timeline(
        document,
        base_folder=Path("/edl"),
        resolve=lambda uri, folder: str(folder / uri),
        locations={"reel-7": "reel-7.mov"},
    )


def test_every_effect_and_transition_has_a_row() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in (*EFFECT_TYPES, *TRANSITION_TYPES):
        assert re.search(rf"^\|[^|]*`{name}`[^|]*\|", text, re.MULTILINE), name
