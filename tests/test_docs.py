"""What the pages say that a machine can check: snippets, options, tables, numbers, links."""

from __future__ import annotations

import argparse
import re
from importlib import import_module
from pathlib import Path

import pytest

import edl2ffmpeg
from edl2ffmpeg import arguments
from edl2ffmpeg.media.audio_formats import AUDIO_CODECS
from edl2ffmpeg.media.formats import CONTAINERS
from edl2ffmpeg.media.video_codecs import VIDEO_CODECS
from helpers.edl_factory import document, generated, video_clip
from helpers.rendering import render_edl

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]*?)(?:#([^)\s]*))?\)")
BLOCK = re.compile(r"^```.*?^```\n", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
MOVIES = [container for container in CONTAINERS if not container.is_sound_only]


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(page), re.DOTALL | re.MULTILINE)


def section(page: Path, heading: str) -> str:
    """The text under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text_of(page), re.S | re.M)
    assert found is not None, f"{page.name} has no section {heading!r}"
    return found[1]


def rows(text: str, *, with_heading: bool = False) -> list[list[str]]:
    """The rows of all tables, as lists of cells; headers are left out but for those asked for."""
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    kept = slice(None) if with_heading else slice(2, None)
    lines = [line for table in tables for line in table.splitlines()[kept]]
    lines = [line for line in lines if not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


# -- snippets -----------------------------------------------------------------


def test_python_snippets_are_the_example_files() -> None:
    page = ROOT / "docs" / "python.md"
    snippets = blocks(page, "python")
    files = {path.name: text_of(path) for path in (ROOT / "examples").glob("*.py")}
    for snippet in snippets:
        assert snippet in files.values(), f"{page.name}: no example file holds\n{snippet}"
    shown = {name for name, text in files.items() if text in snippets}
    assert set(files) - shown == {"make_media.py", "contact_sheet.py", "cluster_demo.py"}
    for name in shown:
        assert f"[examples/{name}](../examples/{name})" in text_of(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_stands_in_the_python_page_alone(page: Path) -> None:
    assert page.name == "python.md" or not blocks(page, "python")


def test_the_edl_of_the_readme_is_right(tmp_path: Path) -> None:
    (example,) = blocks(README, "json")
    path = tmp_path / "cut.json"
    path.write_text(example, encoding="utf-8")
    timeline = edl2ffmpeg.load_timeline(path)
    assert (timeline.duration, timeline.warnings) == (6, ())


# -- options ------------------------------------------------------------------


def described_options() -> dict[str, tuple[str, str]]:
    """Spelling and default by the option strings of each row."""
    table = {}
    for row in rows(section(README, "Options of a render")):
        spelling = " ".join(CODE.findall(row[0]))
        if spelling:
            names = " ".join(part for part in spelling.split() if part.startswith("-"))
            table[names] = (spelling, row[1])
    return table


def parser_options() -> dict[str, argparse.Action]:
    actions = arguments.render_parser()._actions
    return {" ".join(action.option_strings): action for action in actions if action.option_strings}


def test_options_are_those_of_the_parser() -> None:
    assert list(described_options()) == list(parser_options())


def test_options_have_the_parsers_values_and_defaults() -> None:
    for names, action in parser_options().items():
        spelling, default = described_options()[names]
        if action.choices is not None and action.metavar is None:
            value = "{" + ",".join(action.choices) + "}"
        else:
            value = str(action.metavar or "")
        assert spelling == f"{names} {value}".strip()
        takes_value = action.nargs != 0 and action.dest not in ("hw_encode", "hw_decode")
        if takes_value and action.default not in (None, []):
            assert default == f"`{action.default}`", names


def test_commands_are_all_there() -> None:
    text = section(README, "Commands")
    for command in arguments.COMMANDS:
        assert f"`edl2ffmpeg {command}" in text


def test_hardware_kinds_are_all_there() -> None:
    (row,) = [row for row in rows(section(README, "Options of a render")) if "KIND" in row[0]]
    kinds = {kind.value for kind in edl2ffmpeg.HardwareAcceleration}
    assert kinds == set(CODE.findall(row[2]))


def test_ways_of_subtitles_are_all_there() -> None:
    ways = [way.value for way in edl2ffmpeg.Subtitles]
    (row,) = [
        row for row in rows(section(README, "Options of a render")) if "--subtitles" in row[0]
    ]
    assert CODE.findall(row[2]) == ways
    assert [CODE.findall(row[0])[0] for row in rows(section(README, "Subtitles"))] == ways


# -- formats, report, numbers -------------------------------------------------


def test_containers_and_codecs() -> None:
    table = {row[0]: row[1:] for row in rows(section(README, "Containers and codecs"))}
    marks = {
        f"`{codec.encoder}`": [
            "usual"
            if container.video_codecs[0] == codec.encoder
            else ("yes" if codec.encoder in container.video_codecs else "")
            for container in MOVIES
        ]
        for codec in VIDEO_CODECS
    }
    texts = {"embedded subtitles": [container.subtitle_codec or "" for container in MOVIES]}
    assert {name: table[name] for name in (*marks, *texts)} == marks | texts
    text = section(README, "Containers and codecs")
    for container in CONTAINERS:
        for extension in container.extensions:
            assert f"`.{extension}`" in text


def test_codecs_of_sound() -> None:
    heading, *table = rows(section(README, "Sound"), with_heading=True)
    assert heading[3:] == [container.extensions[0] for container in CONTAINERS]
    assert [row[0] for row in table] == [f"`{codec.encoder}`" for codec in AUDIO_CODECS]
    for row, codec in zip(table, AUDIO_CODECS, strict=True):
        assert tuple(CODE.findall(row[1])) == codec.names
        assert row[2] == str(codec.most_channels)
        assert row[3:] == [
            "usual"
            if container.audio_codecs[0] == codec.encoder
            else ("yes" if codec.encoder in container.audio_codecs else "")
            for container in CONTAINERS
        ]


def test_names_and_defaults_of_codecs() -> None:
    table = {row[0]: row[1:] for row in rows(section(README, "Codecs"))}
    assert list(table) == [f"`{codec.encoder}`" for codec in VIDEO_CODECS]
    for codec in VIDEO_CODECS:
        names, formats, presets, quality = table[f"`{codec.encoder}`"]
        assert tuple(CODE.findall(names)) == codec.names
        assert tuple(CODE.findall(formats)) == codec.pixel_formats
        assert set(CODE.findall(presets)) <= set(codec.presets)
        assert bool(codec.presets) == (presets != "none")
        if codec.crf_range is not None:
            low, high = codec.crf_range
            assert quality == f"`--crf` {low} to {high}; {codec.crf}"
            assert not codec.presets or presets.endswith(f"; `{codec.preset}`")


def test_the_reports_keys(tmp_path: Path) -> None:
    edl = document(video_clip(generated("black", 0.1), 0, 0.1))
    report = render_edl(tmp_path, edl).report
    described = [key for row in rows(section(README, "The report")) for key in CODE.findall(row[0])]
    assert sorted(described) == sorted(report)


def test_numbers_of_the_architecture() -> None:
    table = rows(section(ROOT / "docs" / "architecture.md", "Threads and queues"))
    assert len(table) > 10
    for what, value, where in table:
        module, _, name = CODE.findall(where)[0].rpartition(".")
        found = getattr(import_module(f"edl2ffmpeg.{module}"), name)
        assert int(value) == found, f"{what}: {where} is {found}"


def test_settings_are_all_described() -> None:
    text = section(ROOT / "docs" / "python.md", "Settings")
    described = CODE.findall("".join(row[0] for row in rows(text) if "--" not in row[0]))
    assert sorted(described) == sorted(edl2ffmpeg.RenderSettings.__dataclass_fields__)


# -- links --------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(BLOCK.sub("", text_of(page))):
        if "://" in target:
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(path), f"{page.name} links to {target}#{anchor}"


def test_the_picture_is_small() -> None:
    assert (ROOT / "docs" / "images" / "demo.png").stat().st_size < 150_000
