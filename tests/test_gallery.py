"""docs/gallery.md shows every effect and transition, in pictures that its JSON makes."""

from __future__ import annotations

import re
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edl2ffmpeg.timeline.effects import EffectKind, TransitionKind

DOCS = Path(__file__).parent.parent / "docs"
sys.path.append(str(DOCS))
import make_gallery  # noqa: E402

PAGE = make_gallery.PAGE.read_text(encoding="utf-8")
ENTRIES = list(make_gallery.entries(PAGE))
MOST_BYTES = 700_000
# Of 255, on average: versions of the JPEG library differ by less, a wrong picture by more.
MOST_DIFFERENCE = 0.5


def kinds_shown(section: str, key: str) -> set[str]:
    """The types of effects or transitions in the last clips of a section."""
    found = [
        entry.edl["clips"][-1][key]
        for entry in ENTRIES
        if entry.section == section and key in entry.edl["clips"][-1]
    ]
    items = [item for one in found for item in (one if isinstance(one, list) else [one])]
    return {item["type"] for item in items}


def headings(section: str) -> set[str]:
    text = re.split(rf"^## {section}$", PAGE, flags=re.MULTILINE)[1]
    return set(re.findall(r"^### (.*)$", re.split(r"^## ", text, flags=re.M)[0], re.MULTILINE))


def test_every_effect_is_shown_under_its_name() -> None:
    names = {kind.value for kind in EffectKind}
    assert kinds_shown("Effects", "effects") == names
    assert headings("Effects") == names


def test_every_transition_is_shown_under_its_name() -> None:
    names = {kind.value for kind in TransitionKind}
    assert kinds_shown("Transitions", "transition") == names
    assert headings("Transitions") == names


def test_pictures_are_those_of_the_page() -> None:
    shown = re.findall(r"\]\((images/[^)]*)\)", PAGE)
    made = [entry.picture for entry in ENTRIES]
    stored = {f"images/gallery/{path.name}" for path in (DOCS / "images" / "gallery").iterdir()}
    assert set(shown) == set(made) == stored
    assert len(set(made)) == len(made)


def test_pictures_are_small() -> None:
    sizes = [(DOCS / entry.picture).stat().st_size for entry in ENTRIES]
    assert sum(sizes) < MOST_BYTES
    assert max(sizes) < 150_000


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    make_gallery.make_all_media(folder)
    return folder


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: Path(entry.picture).stem)
def test_picture_is_what_its_json_makes(entry: make_gallery.Entry, media: Path) -> None:
    file = BytesIO(make_gallery.compressed(make_gallery.render(entry, media)))
    made, stored = (
        np.asarray(Image.open(picture), np.float64) for picture in (file, DOCS / entry.picture)
    )
    assert made.shape == stored.shape
    difference = np.abs(made - stored).mean()
    assert difference < MOST_DIFFERENCE, (
        f"{entry.picture} is off by {difference:.1f} from what its JSON makes; run `make gallery` "
        "and look at it"
    )
