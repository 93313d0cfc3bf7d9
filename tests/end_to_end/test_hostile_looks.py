"""Looks that cannot be: a sentence with its place and exit 2.  Looks beyond all sense: no crash.

Extreme numbers are rendered in a process of its own, so that a crash or a hang fails one test.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from edl2ffmpeg.cli import run
from edl2ffmpeg.edl.effects import EFFECT_TYPES
from edl2ffmpeg.edl.transitions import TRANSITION_TYPES
from helpers.edl_factory import document, generated, video_clip, write_edl
from helpers.rendering import run_command

Json = dict[str, Any]

DEMO = generated("demo", 1, 96, 54)


def small(*clips: Json, **more: Any) -> Json:
    return document(*clips, fps=25, width=96, height=54, **more)


def shown(length: float = 0.2, **more: Any) -> Json:
    return video_clip(generated("demo", length, 96, 54), 0, length, **more)


def effect(**parameters: Any) -> Json:
    return shown(effects=[parameters])


def sub(subtype: str, source: Json, length: float = 0.2, kind: str = "video") -> Json:
    track = {"type": kind, "number": 1, "subtype": subtype}
    return {"track": track, "in": 0, "out": length, "source": source}


def text(content: str, length: float = 0.2, kind: str = "burnin", **more: Any) -> Json:
    source = {"text": content, "in": 0, "out": length}
    return {"track": {"type": kind, "number": 1}, "in": 0, "out": length, "source": source} | more


def refused(folder: Path, capsys: pytest.CaptureFixture[str], edl: Json, *kept: str) -> list[str]:
    """The lines that both ``check`` and a render tell; nothing may be left behind."""
    path = write_edl(folder, edl)
    told = []
    for command in (["check", str(path)], [str(path), str(folder / "movie.mp4")]):
        assert run(command) == 2
        found = capsys.readouterr()
        assert found.out == ""
        assert "Traceback" not in found.err
        told.append(found.err.splitlines())
        assert sorted(os.listdir(folder)) == sorted(["cut.json", *kept])
    assert told[0] == told[1]
    assert all(line.startswith("edl2ffmpeg: ") for line in told[0])
    return [line.removeprefix("edl2ffmpeg: ") for line in told[0]]


# -- unknown names ------------------------------------------------------------


def test_an_unknown_effect_names_all_that_are_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for edl, place in (
        (small(effect(type="glow", value=1)), "clips[0].effects[0].type"),
        (
            small(shown(), sub("effects", {"type": "glow", "in": 0, "out": 1})),
            "clips[1].source.type",
        ),
    ):
        (line,) = refused(tmp_path, capsys, edl)
        assert line.startswith(f"{place}: ")
        assert "'glow'" in line
        assert all(f"'{known}'" in line for known in EFFECT_TYPES)


def test_an_unknown_filter_and_a_highlight_where_none_may_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = {"type": "highlight", "insideMaskFilters": [{"type": "blurr", "value": 3}]}
    (line,) = refused(tmp_path, capsys, small(shown(effects=[inside])))
    assert line.startswith("clips[0].effects[0].insideMaskFilters[0].type: ")
    assert "'blur'" in line
    nested = {"filters": [{"type": "highlight"}]}
    (line,) = refused(tmp_path, capsys, small(shown(), sub("colour", nested)))
    assert line.startswith("clips[1].source.filters[0].type: ")
    assert "'highlight'" in line
    assert "'sharpen'" in line


def test_an_unknown_transition_names_all_that_are_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = shown(transition={"type": "disolve", "duration": 0.1})
    (line,) = refused(tmp_path, capsys, small(clip))
    assert line.startswith("clips[0].transition.type: ")
    assert all(f"'{known}'" in line for known in TRANSITION_TYPES)


@pytest.mark.parametrize(
    ("clip", "place", "known"),
    [
        (effect(type="blur", sigma=3), "clips[0].effects[0].sigma", "'value'"),
        (effect(type="vignette", radious=1), "clips[0].effects[0].radious", "'radius'"),
        (
            shown(transition={"type": "wipe", "duration": 0.1, "softnes": 1}),
            "clips[0].transition.softnes",
            "'softness'",
        ),
        (shown(motion={"zoom": 2}), "clips[0].motion.zoom", "'zoom"),
        (text("x", textFormat={"fontsize": 3}), "clips[0].textFormat.fontsize", "'fontSize'"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_unknown_parameter_names_the_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], clip: Json, place: str, known: str
) -> None:
    (line,) = refused(tmp_path, capsys, small(clip))
    assert line.startswith(f"{place}: ")
    assert known in line


def test_an_unknown_family_is_a_warning_and_the_text_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_edl(tmp_path, small(text("Words", textFormat={"font": "No Such Family"})))
    assert run(["check", str(path)]) == 0
    capsys.readouterr()
    assert run([str(path), str(tmp_path / "movie.mp4"), "--no-audio", "--preset", "ultrafast"]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(told) == 1
    assert "'No Such Family' is not installed" in told[0]


# -- files --------------------------------------------------------------------

_ENTRIES = "\n".join(["0.5 0.5 0.5"] * 8)

CUBES: list[tuple[str, str | bytes, str]] = [
    ("empty", "", "empty"),
    ("a comment", "# nothing", "LUT_3D_SIZE"),
    ("no size", _ENTRIES, "LUT_3D_SIZE"),
    ("two sizes", f"LUT_1D_SIZE 8\nLUT_3D_SIZE 2\n{_ENTRIES}", "one of"),
    ("too few", "LUT_3D_SIZE 3\n" + _ENTRIES, "8 entries, but its size asks for 27"),
    ("too many", "LUT_3D_SIZE 2\n1 1 1\n" + _ENTRIES, "9 entries, but its size asks for 8"),
    ("size 1", "LUT_3D_SIZE 1\n0 0 0", "must be 2 to 256"),
    ("size 0", "LUT_3D_SIZE 0", "must be 2 to 256"),
    ("size negative", "LUT_3D_SIZE -5", "must be 2 to 256"),
    ("size huge", "LUT_3D_SIZE 99999999999", "must be 2 to 256"),
    ("size digits", "LUT_3D_SIZE " + "9" * 5000, "line 1"),
    ("size fraction", "LUT_3D_SIZE 2.5", "must be 2 to 256"),
    ("size alone", "LUT_1D_SIZE", "must be 2 to 65536"),
    ("NaN", "LUT_3D_SIZE 2\nnan nan nan\n" + _ENTRIES, "line 2"),
    ("hidden NaN", "LUT_3D_SIZE 2\n0 nan 0\n" + _ENTRIES[12:], "finite"),
    ("infinite", "LUT_3D_SIZE 2\n1e999 0 0\n" + _ENTRIES[12:], "finite"),
    ("words", "LUT_3D_SIZE 2\n0 red 0\n" + _ENTRIES[12:], "red"),
    ("a long word", "LUT_3D_SIZE 2\n0 " + "x" * 100_000 + " 0\n" + _ENTRIES[12:], "entry 1"),
    ("two numbers", "LUT_3D_SIZE 2\n0 1\n" + _ENTRIES, "line 2 has 2 numbers instead of 3"),
    ("empty domain", "LUT_3D_SIZE 2\nDOMAIN_MAX 0 0 0\n" + _ENTRIES, "domain is empty"),
    ("NaN domain", "LUT_3D_SIZE 2\nDOMAIN_MIN nan 0 0\n" + _ENTRIES, "domain"),
    ("endless domain", "LUT_3D_SIZE 2\nDOMAIN_MIN -inf 0 0\n" + _ENTRIES, "domain"),
    ("wide domain", "LUT_3D_SIZE 2\nDOMAIN_MAX 1e308 1 1\nDOMAIN_MIN -1e308 0 0\n" + _ENTRIES,
     "domain"),
    ("short domain", "LUT_3D_SIZE 2\nDOMAIN_MIN 0\n" + _ENTRIES, "line 2"),
    ("domain words", "LUT_3D_SIZE 2\nDOMAIN_MIN a b c\n" + _ENTRIES, "line 2"),
    ("range words", "LUT_1D_SIZE 8\nLUT_1D_INPUT_RANGE 0 x\n" + _ENTRIES, "line 2"),
    ("binary", bytes(range(256)) * 20, "line 1"),
    ("UTF-16", "LUT_3D_SIZE 2".encode("utf-16"), "line 1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"), [row[1:] for row in CUBES], ids=[r[0] for r in CUBES]
)
def test_a_malformed_cube_is_told_before_rendering(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | bytes, words: str
) -> None:
    path = tmp_path / "look.cube"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    edl = small(effect(type="lut", uri="look.cube"))
    (line,) = refused(tmp_path, capsys, edl, "look.cube")
    assert line.startswith(f"clips[0].effects[0].uri: {path}: ")
    assert words in line
    assert len(line) < 500


def test_a_cube_that_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder.cube").mkdir()
    edl = small(
        effect(type="lut", uri="folder.cube"),
        sub("colour", {"filters": [{"type": "lut", "uri": "none.cube"}]}),
        sub("effects", {"type": "lut", "uri": "/dev/zero", "in": 0, "out": 1}),
    )
    lines = refused(tmp_path, capsys, edl, "folder.cube")
    places = ["clips[0].effects[0].uri", "clips[1].source.filters[0].uri", "clips[2].source.uri"]
    assert len(lines) == 3
    for place in places:
        assert any(line.startswith(f"{place}: ") for line in lines), place


def test_fonts_tables_and_media_are_told_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "words.ttf").write_text("These are words, and no font.")
    (tmp_path / "bad.cube").write_text("LUT_3D_SIZE 2\n")
    edl = small(
        video_clip({"uri": "none.mp4", "in": 0, "out": 1}, 0, 1),
        video_clip(DEMO, 0, 1, 2, effects=[{"type": "lut", "uri": "bad.cube"}]),
        text("one", textFormat={"font": "words.ttf"}),
        text("two", kind="subtitle", fonts=["Some Family", "gone.otf"]),
        text("three", kind="subtitle", font="gone.otf") | {"in": 0.5, "out": 0.7},
    )
    lines = refused(tmp_path, capsys, edl, "words.ttf", "bad.cube")
    assert len(lines) == 4
    for line, place, words in zip(
        lines,
        ["clips[0].source", "clips[1].effects[0].uri", "clips[2]", "clips[3]"],
        ["none.mp4", "0 entries", "is not a font", "gone.otf"],
        strict=True,
    ):
        assert line.startswith(f"{place}: ")
        assert words in line


# -- numbers ------------------------------------------------------------------


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    ("clip", "place"),
    [
        (effect(type="blur", value=0.125), "clips[0].effects[0].value"),
        (
            effect(type="crop", controlPoints=[{"point": 0, "left": 0.125}]),
            "clips[0].effects[0].controlPoints[0].left",
        ),
        (shown(motion={"zoomX": 0.125}), "clips[0].motion.zoomX"),
        (
            sub("transform", {"controlPoints": [{"point": 0.125, "panx": 1}]}),
            "clips[0].source.controlPoints[0].point",
        ),
        (
            shown(transition={"type": "wipe", "duration": 0.1, "angle": 0.125}),
            "clips[0].transition.angle",
        ),
        (text("x", textFormat={"fontSize": 0.125}), "clips[0].textFormat.fontSize"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_number_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], clip: Json, place: str, number: str
) -> None:
    path = tmp_path / "cut.json"
    path.write_text(json.dumps(small(clip)).replace("0.125", number))
    for command in (["check", str(path)], [str(path), str(tmp_path / "movie.mp4")]):
        assert run(command) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"edl2ffmpeg: {place}: ")
        assert os.listdir(tmp_path) == ["cut.json"]


def points(count: int, **values: float) -> list[Json]:
    return [
        {"point": round(index * 0.2 / count, 9)}
        | {name: value * (1 + index % 7 / 10) for name, value in values.items()}
        for index in range(count)
    ]


MANY = 10_000
EXTREME: list[tuple[str, list[Json]]] = [
    (f"zoom {zoom:g}", [shown(motion={"zoomX": zoom, "zoomY": zoom})])
    for zoom in (0, 1e-9, -1, 1e9, -1e9, 1e300)
]
EXTREME += [
    ("zoom 0 turned", [shown(motion={"zoomX": 0, "zoomY": 1, "rotation": 30})]),
    ("zoom 1e9 turned", [shown(motion={"zoomX": 1e9, "zoomY": 1e9, "rotation": 30})]),
    ("zoom 1e5 turned", [shown(motion={"zoomX": 1e5, "zoomY": 1e5, "rotation": 30})]),
    ("thin and turned", [shown(motion={"zoomX": 1e6, "zoomY": 1e-6, "rotation": 45})]),
    ("pan 1e9", [shown(motion={"panX": 1e9, "panY": -1e9, "rotation": 10})]),
    ("rotation 1e300", [shown(motion={"rotation": 1e300})]),
    ("zoom of text", [text("x", motion={"zoomX": 1e9, "zoomY": 1e9, "rotation": 1})]),
    ("filter and zoom", [shown(motion={"zoomX": 1e9, "rotation": 3},
                               effects=[{"type": "blur", "value": 1e6}])]),
    ("blur 1e6", [effect(type="blur", value=1e6)]),
    ("blur 1e300", [effect(type="blur", value=1e300)]),
    ("blur 1e-300", [effect(type="blur", value=1e-300)]),
    ("sharpen", [effect(type="sharpen", value=1e300, radius=1e300)]),
    ("mosaic 1e300", [effect(type="mosaic", value=1e300)]),
    ("mosaic 1e-300", [effect(type="mosaic", value=1e-300)]),
    ("gamma 0", [effect(type="gamma", value=0)]),
    ("gamma 1e300", [effect(type="gamma", value=1e300)]),
    ("contrast", [effect(type="contrast", value=-1e300)]),
    ("balance", [effect(type="rgbBalance", red=1e300, green=-1e300, blue=1e-300)]),
    ("white", [effect(type="white", u=1e300, v=-1e300)]),
    ("curve", [effect(type="y", linear=[{"src": -1e300, "dst": 1e300}, {"src": 1e300, "dst": 0}])]),
    ("crop to nothing", [effect(type="crop", left=0.6, right=0.6)]),
    ("crop in highlight", [effect(type="highlight", feather=1e300, insideMaskFilters=[
        {"type": "crop", "left": 1}], controlPoints=[{"point": 0, "zoomx": 1e300}])]),
    ("mask 0", [effect(type="highlight", insideMaskFilters=[{"type": "blur", "value": 5}],
                       controlPoints=[{"point": 0, "zoomx": 0, "zoomy": 0}])]),
    ("vignette", [effect(type="vignette", strength=1, radius=1e300, softness=0)]),
    ("borders", [effect(type="borders", width=1)]),
    ("film seed", [effect(type="oldFilm", grain=1, scratches=1, flicker=1, seed=2**63 - 1)]),
    ("wipe", [shown(transition={"type": "wipe", "duration": 0.2, "angle": 1e300,
                                "softness": 1e300})]),
    ("slide", [shown(transition={"type": "slide", "duration": 0.2, "angle": 1e15})]),
    ("star", [shown(transition={"type": "iris", "duration": 0.2, "points": 1000})]),
    ("squares", [shown(transition={"type": "squares", "duration": 0.2, "xsquares": 10_000})]),
    ("point size 1e300", [text("Words", textFormat={"fontSize": 1e300})]),
    ("point size 1e-300", [text("Words", textFormat={"fontSize": 1e-300})]),
    ("margins", [text("Words", textFormat={"leftMargin": 1e300, "topMargin": 1e300})]),
    ("effects of a text", [text("Words", effects=[{"type": "blur", "value": 1e6}])]),
    ("10,000 points", [shown(), sub("transform", {"controlPoints": points(MANY, panx=0.1,
                                                                          rotate=3)})]),
    ("10,000 eased", [effect(type="brightness", interpolation="smooth",
                             controlPoints=points(MANY, value=1.2))]),
    ("10,000 of a mask", [effect(type="highlight", insideMaskFilters=[{"type": "mosaic",
                          "value": 90}], controlPoints=points(MANY, zoomx=0.5, zoomy=0.5))]),
    ("10,000 of a curve", [effect(type="y", linear=[{"src": i / MANY, "dst": 1 - i / MANY}
                                                    for i in range(MANY)])]),
    ("100 effects", [shown(effects=[{"type": "sharpen", "value": 0.1}] * 100)]),
    ("100,000 letters", [text("many words " * 9091)]),
    ("100,000 of a word", [text("W" * 100_000, textFormat={"halign": "left", "valign": "top"})]),
    ("100,000 lines", [text("\n" * 99_999 + "x", textFormat={"valign": "middle"})]),
    ("100,000 marks", [text("e" + "\u0301" * 99_999, kind="subtitle")]),
    ("100,000 right to left", [text("\u05d0\u05d1 (" * 25_000)]),
    ("100,000 turns", [text("\u202ea\u202d" * 33_000)]),
]  # fmt: skip

# A second for each, and what a busy machine may take.
_BATCH = 4
BATCHES = [EXTREME[start : start + _BATCH] for start in range(0, len(EXTREME), _BATCH)]


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: ", ".join(name for name, _ in batch))
def test_numbers_beyond_all_sense_neither_crash_nor_hang(
    tmp_path: Path, batch: list[tuple[str, list[Json]]]
) -> None:
    """Several in one EDL, one after the other; each must leave its five frames."""
    clips = []
    for index, (_, shown_at_0) in enumerate(batch):
        for clip in shown_at_0:
            start = round(index * 0.2, 3)
            clips.append(clip | {"in": start, "out": round(start + 0.2, 3)})
    path = write_edl(tmp_path, small(*clips))
    movie = tmp_path / "movie.mkv"
    done = run_command(path, movie, "--codec", "ffv1", "--report", tmp_path / "report.json")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["frames"] == 5 * len(batch)
    assert report["elapsed_seconds"] < 20
