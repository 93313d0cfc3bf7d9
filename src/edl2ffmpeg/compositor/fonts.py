"""Which font a text is drawn with: by file, by family, and by what a character needs.

It shapes nothing.  Fonts are looked for when a text first asks, and stay open until
``close()``.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from edl2ffmpeg.compositor.font_files import (
    FONT_SUFFIXES,
    FontFace,
    FontName,
    font_names,
    open_font_file,
    open_installed_font,
    split_style,
)
from edl2ffmpeg.errors import MediaOpenError, printable
from edl2ffmpeg.ownership import Owner

__all__ = [
    "FontLibrary",
    "FontStack",
    "installed_fonts",
    "is_font_file",
    "is_ignorable",
    "listed_warnings",
    "system_font_folders",
]

# Packages of fonts: the one that is always installed, and the one of the extra "cjk".
_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")

# The bundled font for text whose format names none, then all others, symbols last.
_BUNDLED_FIRST = "NotoSans["
_BUNDLED_LAST = ("NotoSansSymbols", "NotoEmoji")

_REGULAR_STYLES = ("regular", "book", "roman", "normal", "")

# Signs that enclose Arabic and other numbers count as formats, but have a shape.
_VISIBLE_FORMATS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)

_CHOICES_KEPT = 20_000

_MOST_WARNINGS = 20
_MORE_WARNINGS = "more fonts and characters are missing than are listed"


def listed_warnings(sentences: Iterable[str]) -> list[str]:
    """Those that are told: each once, and at most twenty."""
    told = dict.fromkeys(sentences)
    are_all = len(told) <= _MOST_WARNINGS and _MORE_WARNINGS not in told
    told.pop(_MORE_WARNINGS, None)
    listed = [*told][:_MOST_WARNINGS]
    return listed if are_all else [*listed, _MORE_WARNINGS]


def installed_fonts() -> str:
    """A digest that changes when a font that a text may be drawn with comes, goes or changes."""
    digest = sha256(version("uharfbuzz").encode())
    for path in (*_bundled_files(), *_system_files(None)):
        with suppress(OSError):
            status = os.stat(path)
            entry = f"{path}|{status.st_size}|{status.st_mtime_ns}\n"
            digest.update(entry.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def system_font_folders() -> tuple[Path, ...]:
    """Where this system keeps fonts; the user's own folders first."""
    home = Path.home()
    if sys.platform == "darwin":
        return (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))
    return (
        home / ".local/share/fonts",
        home / ".fonts",
        Path("/usr/local/share/fonts"),
        Path("/usr/share/fonts"),
    )


def is_ignorable(letter: str) -> bool:
    """Whether a character needs no glyph: joiners, direction marks, variation selectors."""
    if unicodedata.category(letter) == "Cf":
        return letter not in _VISIBLE_FORMATS
    return (
        letter == "\u034f"
        or "\ufe00" <= letter <= "\ufe0f"
        or "\U000e0000" <= letter <= "\U000e0fff"
    )


class FontLibrary(Owner):
    """Finds and opens fonts, each once.

    ``check`` turns what an EDL says about a font file into ``file:`` and the real path, or
    raises, as ``AccessRules.check_local`` does after ``resolve``.  A family is looked for in
    ``folders`` (by default the system's) and among the bundled fonts; the access rules do not
    confine those.  ``missing`` has one sentence for each family and character that was asked for
    and not found; whoever reads it may empty it.
    """

    def __init__(self, check: Callable[[str], str], folders: Sequence[Path] | None = None) -> None:
        self._check = check
        self._folders = folders
        self._names: list[FontName] | None = None
        self._faces: dict[tuple[Path, int, int | None], FontFace] = {}
        self._files: dict[str, FontFace] = {}
        self._stacks: dict[tuple[str, ...], tuple[FontStack, dict[str, str]]] = {}
        self._closed = False
        self.missing: dict[str, str] = {}

    def close(self) -> None:
        """Closes every font."""
        self._closed = True
        self._names = None
        for opened in (self._faces, self._files, self._stacks):
            opened.clear()

    def stack(self, fonts: tuple[str, ...]) -> FontStack:
        """The fonts to draw with where a text asks for ``fonts``.

        Raises ``MediaOpenError`` or ``MediaAccessError`` for a file that cannot or must not be
        used; a family that is not there is a warning.
        """
        if self._closed:
            raise ValueError("the font library is closed")
        if fonts not in self._stacks:
            missing: dict[str, str] = {}
            wanted = [face for name in fonts if (face := self._named(name, missing))]
            self._stacks[fonts] = (FontStack(self, wanted), missing)
        stack, missing = self._stacks[fonts]
        self.missing |= missing
        return stack

    def fallbacks(self) -> Iterator[FontFace]:
        """Every font that may help out: the bundled ones, then the system's."""
        for name in self._all_names():
            if name.style in _REGULAR_STYLES:
                face = self._open_quietly(name)
                if face is not None:
                    yield face

    def _named(self, name: str, missing: dict[str, str]) -> FontFace | None:
        if is_font_file(name):
            return self._file(name)
        found = self._family(name)
        face = self._open_quietly(found) if found else None
        if face is None:
            missing[f"family {name}"] = (
                f"the font {printable(name)!r} is not installed; the next one in its list or the "
                "bundled one takes its place: install it, or name a font file"
            )
        return face

    def _file(self, name: str) -> FontFace:
        if name not in self._files:
            location = self._check(name)
            self._files[name] = open_font_file(location.removeprefix("file:"))
        return self._files[name]

    def _family(self, name: str) -> FontName | None:
        """The best match: family and style, a full name, or a family in its regular style."""
        family, style = split_style(name)
        # What is installed is what its owner means; the bundled fonts stand behind it.
        names = sorted(self._all_names(), key=_is_bundled)
        if style:
            return _first(names, lambda face: face.family == family and face.style == style)
        for regular in _REGULAR_STYLES:
            for face in names:
                if (face.family, face.style) == (family, regular):
                    return face
        return (
            _first(names, lambda face: face.full == family)
            or _first(names, lambda face: f"{face.family} {face.style}" == family)
            or _first(names, lambda face: face.family == family)
        )

    def _all_names(self) -> list[FontName]:
        if self._names is None:
            paths = [*_bundled_files(), *_system_files(self._folders)]
            self._names = [name for path in paths for name in font_names(path)]
        return self._names

    def _open_quietly(self, name: FontName) -> FontFace | None:
        """The face, unless its file has gone or changed since it was found."""
        key = (name.path, name.index, name.instance)
        if key not in self._faces:
            try:
                self._faces[key] = open_installed_font(name)
            except MediaOpenError:
                return None
        return self._faces[key]


class FontStack:
    """The fonts of one text, the wanted ones first, and the choice among them.

    ``primary`` is the first and gives the lines their height.
    """

    def __init__(self, library: FontLibrary, wanted: Sequence[FontFace]) -> None:
        self._library = library
        self._wanted = list(wanted)
        self._choices: dict[str, tuple[FontFace, str | None]] = {}
        first = self._wanted[0] if self._wanted else next(library.fallbacks(), None)
        if first is None:
            raise MediaOpenError(
                "no font was found to draw text with; install the package manimgx-fonts"
            )
        self.primary = first

    def face_for(self, cluster: str) -> FontFace:
        """The first font that has every character of ``cluster``, else its first one.

        A cluster is a character and the marks on it.
        """
        found = self._choices.get(cluster)
        if found is None:
            if len(self._choices) > _CHOICES_KEPT:
                self._choices.clear()
            found = self._choices[cluster] = self._choose(cluster)
        face, lost = found
        if lost is not None:
            self._library.missing.setdefault(lost, _without_font(lost))
        return face

    def _choose(self, cluster: str) -> tuple[FontFace, str | None]:
        """The face, and the character that no font has."""
        letters = [letter for letter in cluster if not is_ignorable(letter)]
        # A font may have the letter with its mark, but not the mark.
        composed = unicodedata.normalize("NFC", "".join(letters))
        base = None
        for face in self._candidates():
            if face.has_all(letters) or face.has_all(composed):
                return face, None
            if base is None and face.has(letters[0]):
                base = face
        return (base, None) if base is not None else (self.primary, letters[0])

    def _candidates(self) -> Iterator[FontFace]:
        yield from self._wanted
        yield from self._library.fallbacks()


def _without_font(letter: str) -> str:
    what = f"U+{ord(letter):04X} {unicodedata.name(letter, 'without a name')}"
    east_asian = unicodedata.east_asian_width(letter) in "WF"
    advice = (
        "pip install 'edl2ffmpeg[cjk]' brings Chinese, Japanese and Korean"
        if east_asian
        else "install a font for it, or name a font file in the EDL"
    )
    return f"no font has the character {what}; a box is drawn: {advice}"


def is_font_file(name: str) -> bool:
    """Whether what an EDL says is a font's file, and not its family."""
    return "/" in name or os.sep in name or name.lower().endswith(FONT_SUFFIXES)


def _first(names: Sequence[FontName], fits: Callable[[FontName], bool]) -> FontName | None:
    return next(filter(fits, names), None)


def _is_bundled(name: FontName) -> bool:
    return name.path.parent.name in _PACKAGES


def _bundled_files() -> list[Path]:
    folders = []
    for package in _PACKAGES:
        spec = find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            folders.append(Path(spec.submodule_search_locations[0]))
    files = [path for folder in folders for path in _fonts_under(folder)]
    return sorted(files, key=_bundled_rank)


def _system_files(folders: Sequence[Path] | None) -> Iterator[Path]:
    for top in system_font_folders() if folders is None else folders:
        yield from _fonts_under(top)


def _bundled_rank(path: Path) -> int:
    if path.name.startswith(_BUNDLED_FIRST):
        return 0
    return 2 if path.name.startswith(_BUNDLED_LAST) else 1


def _fonts_under(top: Path) -> list[Path]:
    """Font files in a folder and all folders in it, in the same order on every machine."""
    return sorted(
        Path(folder, file)
        for folder, _, files in os.walk(top)
        for file in files
        if file.lower().endswith(FONT_SUFFIXES)
    )
