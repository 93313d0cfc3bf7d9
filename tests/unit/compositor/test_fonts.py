from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edl2ffmpeg.compositor import fonts as fonts_module
from edl2ffmpeg.compositor.fonts import FontLibrary, listed_warnings
from edl2ffmpeg.errors import MediaAccessError, MediaOpenError
from edl2ffmpeg.media.access import AccessRules
from helpers.fonts import bundled_library, cjk_font, latin_font, noto_font


def library(*folders: Path, rules: AccessRules | None = None) -> FontLibrary:
    access = rules or AccessRules()
    return FontLibrary(lambda name: access.check_local(name, "a font"), folders)


def test_a_font_file_is_opened_as_it_is() -> None:
    with library() as found:
        face = found.stack((str(noto_font("Arabic")),)).primary
        assert face.name == "Noto Sans Arabic Regular"
        assert not found.missing


def test_a_font_file_outside_the_allowed_folders_is_refused(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    inside = Path(shutil.copy(latin_font(), allowed / "inside.ttf"))
    with library(rules=AccessRules(roots=(allowed,))) as found:
        assert found.stack((str(inside),)).primary.has("a")
        with pytest.raises(MediaAccessError, match="lies outside the folders given with"):
            found.stack((str(latin_font()),))
        # What the product itself brings is not the EDL's choice of a file.
        assert found.stack(("Noto Sans",)).primary.has("a")


def test_a_font_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with library() as found, pytest.raises(MediaOpenError, match="there is no such file"):
        found.stack((str(tmp_path / "gone.ttf"),))


@pytest.mark.parametrize("contents", [b"no font at all", b"\0\1\0\0" + b"\xff" * 400])
def test_a_file_that_is_no_font_is_refused(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "text.ttf"
    path.write_bytes(contents)
    with library() as found, pytest.raises(MediaOpenError, match="is not a font with outlines"):
        found.stack((str(path),))


def test_a_truncated_font_is_refused_or_used_but_never_ends_the_process(tmp_path: Path) -> None:
    whole = latin_font().read_bytes()
    for size in (100, 5000, 100_000, len(whole) - 1000):
        path = tmp_path / f"{size}.ttf"
        path.write_bytes(whole[:size])
        with library() as found:
            try:
                found.stack((str(path),)).face_for("a")
            except MediaOpenError:
                continue


def test_an_address_is_no_font() -> None:
    rules = AccessRules(protocols=frozenset({"http"}))
    with library(rules=rules) as found, pytest.raises(MediaOpenError, match="must be a local file"):
        found.stack(("http://example.com/font.ttf",))


@pytest.mark.parametrize(
    ("asked", "full"),
    [
        ("noto sans arabic", "Noto Sans Arabic Regular"),
        ("Noto  Sans\tDevanagari", "Noto Sans Devanagari Regular"),
    ],
)
def test_a_family_is_found_whatever_its_case(asked: str, full: str) -> None:
    with library() as found:
        assert found.stack((asked,)).primary.name == full
        assert not found.missing


@pytest.mark.parametrize("asked", ["Noto Sans Bold", "noto sans:bold", "Noto Sans:style=Bold"])
def test_a_style_is_part_of_a_name(asked: str) -> None:
    with library() as found:
        bold = found.stack((asked,)).primary
        regular = found.stack(()).primary
        glyph = regular.font.get_nominal_glyph(ord("m"))
        widths = [face.font.get_glyph_h_advance(glyph) for face in (regular, bold)]
        assert widths[0] < widths[1]
        assert not found.missing


def test_installed_fonts_come_before_bundled_ones(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down"
    folder.mkdir(parents=True)
    shutil.copy(latin_font(), folder / "mine.TTF")
    (folder / "broken.ttf").write_bytes(b"garbage")
    (folder / "empty.otf").write_bytes(b"")
    (folder / "gone.ttf").symlink_to(folder / "nowhere.ttf")
    with library(tmp_path) as found:
        face = found.stack(("Noto Sans",)).primary
        assert face in [found._faces[key] for key in found._faces if key[0].parent == folder]


def test_a_missing_family_is_one_warning_and_the_next_takes_its_place() -> None:
    with library() as found:
        stack = found.stack(("No Such Family", "Noto Sans Arabic"))
        assert stack.primary.name == "Noto Sans Arabic Regular"
        found.stack(("No Such Family",))
        found.stack(("Other", "No Such Family"))
        told = found.missing.values()
        assert [text.split("'")[1] for text in told] == ["No Such Family", "Other"]


def test_a_character_that_a_font_lacks_comes_from_the_next_that_has_it() -> None:
    with library() as found:
        stack = found.stack((str(latin_font()),))
        assert stack.face_for("a") is stack.primary
        assert stack.face_for("\u0639").name == "Noto Sans Arabic Regular"
        assert stack.face_for("\u0915\u093f").name == "Noto Sans Devanagari Regular"
        assert stack.face_for("\u05d0").name == "Noto Sans Hebrew Regular"
        assert stack.face_for("\u6f22").name == "Noto Sans CJK JP Regular"
        assert not found.missing


def test_a_letter_and_its_marks_come_from_one_font() -> None:
    with library() as found:
        stack = found.stack((str(noto_font("Arabic")),))
        assert stack.face_for("e\u0301") is stack.face_for("a")
        assert stack.face_for("e\u0301") is not stack.primary


def test_a_character_that_no_font_has_is_one_warning() -> None:
    with library() as found:
        stack = found.stack(())
        for _ in range(3):
            assert stack.face_for("\U000f0000\u0301") is stack.primary
        found.stack(("Noto Sans",)).face_for("\U000f0000\u0302")
        (told,) = found.missing.values()
        assert "U+F0000" in told


def test_warnings_do_not_grow_without_end() -> None:
    with library() as found:
        stack = found.stack(())
        for number in range(500):
            stack.face_for(chr(0xF0000 + number))
        told = listed_warnings(found.missing.values())
        assert len(told) == 21
        assert told[-1].startswith("more fonts and characters are missing")
        assert listed_warnings([*told, *told]) == told


def test_without_the_cjk_fonts_the_warning_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fonts_module, "_PACKAGES", ("manimgx_fonts",))
    with library() as found:
        found.stack(()).face_for("\u6f22")
        (told,) = found.missing.values()
        assert "pip install 'edl2ffmpeg[cjk]'" in told


def test_a_face_of_a_collection_is_found_by_its_own_name() -> None:
    assert cjk_font().suffix == ".ttc"
    with library() as found:
        assert found.stack(("Noto Sans CJK SC",)).primary.name == "Noto Sans CJK SC Regular"


def test_folders_are_read_once_and_only_when_a_family_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[Path] = []
    names: Callable[..., object] = fonts_module.font_names

    def counted(path: Path) -> object:
        read.append(path)
        return names(path)

    monkeypatch.setattr(fonts_module, "font_names", counted)
    with bundled_library() as found:
        found.stack((str(latin_font()),)).face_for("a")
        assert not read
        found.stack(("Noto Sans",))
        found.stack(("Noto Serif",))
        assert len(read) == len(set(read)) > 10


def test_a_closed_library_gives_no_fonts() -> None:
    found = bundled_library()
    found.close()
    found.close()
    with pytest.raises(ValueError, match="closed"):
        found.stack(())
