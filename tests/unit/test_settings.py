"""What the settings take, what they make of it, and how they refuse the rest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.settings import Fit, HardwareAcceleration, RenderSettings, Subtitles


def settings(**fields: Any) -> RenderSettings:
    return RenderSettings(**fields)


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("restrict", "/safe", (Path("/safe"),)),
        ("restrict", Path("/safe"), (Path("/safe"),)),
        ("restrict", ["/a", Path("/b")], (Path("/a"), Path("/b"))),
        ("allow_protocols", "https", frozenset({"https"})),
        ("allow_protocols", ["HTTP", "https"], frozenset({"http", "https"})),
        ("frame_rate", 25, Fraction(25)),
        ("frame_rate", 29.97, Fraction(30000, 1001)),
        ("frame_rate", "29.97", Fraction(30000, 1001)),
        ("frame_rate", "24000/1001", Fraction(24000, 1001)),
        ("frame_rate", Fraction(50), Fraction(50)),
        ("frame_rate", 1 / 3, Fraction(1, 3)),
        ("start", 1, Fraction(1)),
        ("start", 0.1, Fraction(1, 10)),
        ("end", "1:02.5", Fraction(125, 2)),
        ("end", Fraction(1, 3), Fraction(1, 3)),
        ("fit", "cover", Fit.COVER),
        ("subtitles", "Sidecar", Subtitles.SIDECAR),
        ("subtitles", Subtitles.OFF, Subtitles.OFF),
        ("hw_accel", "none", HardwareAcceleration.NONE),
        ("crf", 20, 20),
        ("threads", 1024, 1024),
        ("bitrate", 2**31 - 1, 2**31 - 1),
        ("width", 32768, 32768),
        ("locations", {"a": "b.mp4"}, {"a": "b.mp4"}),
    ],
)
def test_what_people_write_is_understood(name: str, value: object, meant: object) -> None:
    chosen = settings(**{name: value})
    assert getattr(chosen, name) == meant
    assert type(getattr(chosen, name)) is type(meant)
    assert replace(chosen, strict=False) == chosen


REFUSED: list[tuple[str, Any]] = [
    ("restrict", ""),
    ("restrict", None),
    ("restrict", 7),
    ("restrict", [7]),
    ("restrict", b"/safe"),
    ("restrict", "/a\0b"),
    ("allow_protocols", "https,file"),
    ("allow_protocols", [1]),
    ("allow_protocols", None),
    ("frame_rate", True),
    ("frame_rate", 0),
    ("frame_rate", -25),
    ("frame_rate", 1001),
    ("frame_rate", 10**400),
    ("frame_rate", float("nan")),
    ("frame_rate", float("inf")),
    ("frame_rate", "quick"),
    ("frame_rate", "1e999999999"),
    ("frame_rate", "1e-999999999"),
    ("frame_rate", Fraction(1, 10**30)),
    ("frame_rate", [25]),
    ("start", "soon"),
    ("start", True),
    ("end", float("nan")),
    ("end", 10**5000),
    ("end", "1e9999"),
    ("fit", "wide"),
    ("fit", None),
    ("subtitles", "soft"),
    ("subtitles", None),
    ("subtitles", False),
    ("hw_accel", "quick"),
    ("width", 0),
    ("width", True),
    ("width", 320.0),
    ("height", -1),
    ("height", 32769),
    ("height", "320"),
    ("threads", -1),
    ("threads", 1025),
    ("threads", None),
    ("bitrate", 0),
    ("bitrate", 2**31),
    ("bitrate", "8M"),
    ("crf", float("nan")),
    ("crf", True),
    ("crf", "20"),
    ("crf", 10**400),
    ("codec", 264),
    ("codec", ""),
    ("preset", ["fast"]),
    ("pixel_format", 1),
    ("strict", "no"),
    ("audio", 1),
    ("hw_encode", "yes"),
    ("async_depth", -1),
    ("locations", [("a", "b")]),
    ("locations", {"a": 1}),
    ("locations", {1: "a"}),
]


@pytest.mark.parametrize(
    ("name", "value"), REFUSED, ids=[f"{name} {index}" for index, (name, _) in enumerate(REFUSED)]
)
def test_what_cannot_be_meant_is_one_sentence_with_the_fields_name(name: str, value: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(**{name: value})
    text = str(caught.value)
    assert text.startswith(f"{name} must be ")
    assert ", found " in text
    assert len(text) < 250
    assert "\n" not in text


def test_subtitles_are_burnt_unless_told_otherwise() -> None:
    assert settings().subtitles is Subtitles.BURN
    assert [entry for entry in Subtitles if settings(subtitles=entry).burns_subtitles] == [
        Subtitles.BURN
    ]


def test_settings_do_not_share_the_callers_table() -> None:
    table = {"a": "b.mp4"}
    chosen = settings(locations=table)
    table["a"] = "c.mp4"
    assert isinstance(chosen.locations, Mapping)
    assert chosen.locations == {"a": "b.mp4"}


@pytest.mark.parametrize("text", ["1e999999999", "1E+99_999_999", "1e-999999999", "9" * 5000])
def test_an_absurd_frame_rate_is_refused_at_once(text: str) -> None:
    program = (
        "import sys\n"
        "from edl2ffmpeg.timing import parse_frame_rate\n"
        "try:\n    parse_frame_rate(sys.argv[1])\n"
        "except ValueError as error:\n    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, text],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert "is not a frame rate such as 25 or 30000/1001" in result.stdout
    assert len(result.stdout) < 150
