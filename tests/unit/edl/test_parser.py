"""Problems come all together, in the file's order, at most twenty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edl2ffmpeg.edl import load_edl, parse_edl
from edl2ffmpeg.edl.parser import read_edl
from edl2ffmpeg.errors import EdlSyntaxError, EdlValidationError
from edl2ffmpeg.timeline import load_timeline_file

AUDIO = {"type": "audio", "number": 1}


def clip(start: float = 0, end: float = 1, **changes: Any) -> dict[str, Any]:
    source = {"uri": "a.mp4", "in": 0, "out": end - start}
    track = {"type": "video", "number": 1}
    return {"in": start, "out": end, "track": track, "source": source, **changes}


def paths(edl: Any, tmp_path: Path) -> list[str]:
    path = tmp_path / "cut.json"
    path.write_text(json.dumps(edl))
    with pytest.raises(EdlValidationError) as caught:
        load_timeline_file(path, resolve=lambda uri, folder: uri)
    return [problem.json_path for problem in caught.value.problems]


def test_format_and_edit_are_judged_in_one_go(tmp_path: Path) -> None:
    clips = [clip(0, 1, foo=1), clip(1, 3), clip(2, 4)]
    assert paths({"clips": clips}, tmp_path) == ["clips[0].foo", "clips[2]"]


def test_a_clip_with_a_mistake_still_takes_its_place(tmp_path: Path) -> None:
    clips = [clip(0, 2, foo=1), clip(1, 3)]
    assert paths({"clips": clips}, tmp_path) == ["clips[0].foo", "clips[1]"]


def test_mistakes_of_the_head_do_not_hide_those_of_the_edit(tmp_path: Path) -> None:
    edl = {"width": 0, "clips": [clip(0, 2), clip(1, 3)], "fps": "x"}
    assert paths(edl, tmp_path) == ["width", "clips[1]", "fps"]


def test_several_mistakes_in_one_clip(tmp_path: Path) -> None:
    bad = {"out": 1, "in": 5, "foo": 1, "source": {"uri": "a", "out": "x", "in": -1},
           "track": {"number": 1, "type": "video"}}  # fmt: skip
    expected = ["out", "foo", "source.out", "source.in"]
    assert paths({"clips": [bad]}, tmp_path) == [f"clips[0].{path}" for path in expected]


def test_order_is_that_of_the_file_not_of_the_models(tmp_path: Path) -> None:
    first = clip(topFade=-1, foo=1)
    edl = {"zzz": 1, "clips": [first, {**clip(tailFade=-1), "in": "x"}], "height": 0, "aaa": 1}
    expected = ["zzz", "clips[0].topFade", "clips[0].foo", "clips[1].in", "clips[1].tailFade"]
    assert paths(edl, tmp_path) == [*expected, "height", "aaa"]


def test_clip_ten_comes_after_clip_two(tmp_path: Path) -> None:
    clips = [clip(i, i + 1) for i in range(11)]
    for index in (2, 10):
        clips[index]["foo"] = 1
    assert paths({"clips": clips}, tmp_path) == ["clips[2].foo", "clips[10].foo"]


def test_at_most_twenty_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text(json.dumps({"clips": [clip(i, i + 1, foo=1) for i in range(33)]}))
    with pytest.raises(EdlValidationError) as caught:
        load_timeline_file(path, resolve=lambda uri, folder: uri)
    assert len(caught.value.problems) == 20
    assert caught.value.omitted == 13
    assert str(caught.value).endswith("\n... and 13 more problems")
    assert caught.value.problems[19].json_path == "clips[19].foo"


def test_a_misspelt_key_is_not_also_missing() -> None:
    with pytest.raises(EdlValidationError) as caught:
        parse_edl(json.dumps({"clips": [clip(source={"inn": 0, "out": 1, "generat": {}})]}))
    found = [problem.json_path for problem in caught.value.problems]
    assert found == ["clips[0].source.inn", "clips[0].source.generat"]


def test_repeated_keys_are_found_at_any_depth() -> None:
    text = '{"clips": [{"in": 0, "out": 1, "track": {"type": "video", "number": 1, "number": 1},'
    text += '"source": {"uri": "a", "in": 0, "out": 1, "in": 0, "in": 0}}]}'
    problems = read_edl(text).problems
    with pytest.raises(EdlValidationError) as caught:
        problems.raise_if_any()
    assert [str(problem) for problem in caught.value.problems] == [
        "clips[0].track.number: is given twice in one object; keep one of them",
        "clips[0].source.in: is given 3 times in one object; keep one of them",
    ]


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_bytes(b'\xef\xbb\xbf{"clips": []}')
    assert load_edl(path) == parse_edl('{"clips": []}')
    with pytest.raises(EdlSyntaxError, match="there is no EDL file"):
        load_edl(tmp_path / "none.json")
    with pytest.raises(EdlSyntaxError, match="is a folder"):
        load_edl(tmp_path)
    with pytest.raises(EdlSyntaxError, match="cannot be read: File name too long"):
        load_edl(tmp_path / ("x" * 300))
    with pytest.raises(EdlSyntaxError, match="null byte"):
        load_edl("a\0b")
