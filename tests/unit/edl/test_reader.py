"""What is no JSON object is one sentence, whatever it is."""

from __future__ import annotations

import pytest

from edl2ffmpeg.edl.reader import read_json
from edl2ffmpeg.errors import EdlSyntaxError


@pytest.mark.parametrize(
    ("text", "gist"),
    [
        pytest.param("", "cut.json is empty", id="empty"),
        pytest.param('{"clips": [\n  1,,\n]}', "at line 2, column 5", id="comma"),
        pytest.param('{"clips": [', "is not JSON", id="cut off"),
        pytest.param("{'clips': []}", "double quotes at line 1, column 2", id="quotes"),
        pytest.param('{"clips": []} x', "extra data at line 1, column 15", id="tail"),
        pytest.param('{"a": "\n"}', "control character", id="line break in text"),
        pytest.param("[]", "found a list at the top", id="list"),
        pytest.param('"x"', "found text at the top", id="text"),
        pytest.param("null", "found null at the top", id="null"),
        pytest.param("5", "found 5 at the top", id="number"),
        pytest.param("[" * 200_000, "nested too deeply", id="deep lists"),
        pytest.param('{"a":' * 200_000, "nested too deeply", id="deep objects"),
        pytest.param(f'{{"fps": {"1" * 5000}}}', "several thousand digits", id="digits"),
        pytest.param(b'{"a": "\xff"}', "byte 0xff at offset 7", id="not UTF-8"),
        pytest.param("{}".encode("utf-16"), "not UTF-8", id="UTF-16"),
    ],
)
def test_bad_text(text: str | bytes, gist: str) -> None:
    with pytest.raises(EdlSyntaxError) as caught:
        read_json(text, "cut.json")
    assert gist in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ['\ufeff{"a": 1}', b'\xef\xbb\xbf{"a": 1}', '{"a": 1}'])
def test_byte_order_mark(text: str | bytes) -> None:
    assert read_json(text, "cut.json").value == {"a": 1}


def test_null_equals_absent() -> None:
    assert read_json('{"a": null, "b": [null, {"c": null}]}', "cut.json").value == {"b": [None, {}]}
