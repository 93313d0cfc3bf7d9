"""The changelog's newest version is the package's."""

from __future__ import annotations

import re
from pathlib import Path

import edl2ffmpeg


def test_the_newest_entry_is_this_version() -> None:
    text = (Path(__file__).parent.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(.+?)\]", text, re.M)
    assert newest is not None
    assert newest[1] == edl2ffmpeg.__version__
