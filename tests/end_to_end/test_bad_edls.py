"""Every rule of the format, broken, on the command line: a sentence, exit 2, nothing written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from edl2ffmpeg.cli import run
from unit.edl.test_rules import IN_CLIP, IN_DOCUMENT, IN_FEATURES, IN_SOURCE

IN_CLIPS = [
    *((name, clip, path) for name, clip, path, _ in IN_CLIP + IN_FEATURES),
    *((name, clip, f"source.{path}") for name, clip, path, _ in IN_SOURCE),
]
BAD = [(name, edl, path) for name, edl, path, _ in IN_DOCUMENT] + [
    (name, {"clips": [clip]}, f"clips[0].{path}".removesuffix(".")) for name, clip, path in IN_CLIPS
]


@pytest.mark.parametrize(("edl", "place"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_edl_is_told_and_nothing_is_written(
    edl: Any, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cut.json"
    path.write_text(edl if isinstance(edl, str) else json.dumps(edl))
    assert run([str(path), str(tmp_path / "movie.mp4")]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.splitlines()
    assert any(line.startswith(f"edl2ffmpeg: {place}") for line in lines), lines
    assert all(line.startswith("edl2ffmpeg: ") for line in lines)
    assert os.listdir(tmp_path) == ["cut.json"]
    assert run(["check", str(path)]) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"{", "line 1"),
        (b'{"clips": [}', "line 1"),
        (b"[]", "object"),
        (b"\xff\xfe{}", "UTF-8"),
        (b"[" * 100_000, "nested"),
    ],
)
def test_a_file_that_is_no_json_object(
    content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cut.json"
    path.write_bytes(content)
    assert run([str(path), str(tmp_path / "movie.mp4")]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.startswith(f"edl2ffmpeg: {path} ")
    assert len(told.splitlines()) == 1
    assert os.listdir(tmp_path) == ["cut.json"]
