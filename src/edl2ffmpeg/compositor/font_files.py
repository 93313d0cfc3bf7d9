"""Font files: what they are called, and one opened for shaping; it chooses none.

HarfBuzz checks every table of a font before it reads it, so a file from elsewhere can be
opened here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import uharfbuzz as hb

from edl2ffmpeg.errors import MediaOpenError

__all__ = [
    "FONT_SUFFIXES",
    "FontFace",
    "FontName",
    "font_names",
    "open_font_file",
    "open_installed_font",
    "split_style",
]

FONT_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")

_OUTLINES = {"glyf", "CFF ", "CFF2"}

# Ids of OpenType's name table.
_FAMILY, _STYLE, _FULL_NAME, _TYPOGRAPHIC_FAMILY, _TYPOGRAPHIC_STYLE = 1, 2, 4, 16, 17

_REGULAR_WEIGHT = 400

# A collection of all of East Asia's glyphs has about 100 MB.
_MOST_BYTES = 512 * 2**20


@dataclass(frozen=True, slots=True)
class FontName:
    """One way to ask for a face: family and style, and where it is.

    ``instance`` is the number of a variable font's named instance; names are case folded.
    """

    family: str
    style: str
    full: str
    path: Path
    index: int = 0
    instance: int | None = None


@dataclass(frozen=True, eq=False)
class FontFace:
    """An opened face.  Glyph metrics are in font units, ``units_per_em`` to the em."""

    name: str
    face: Any
    font: Any

    @cached_property
    def units_per_em(self) -> int:
        """Font units in the em's height."""
        return int(self.face.upem)

    @cached_property
    def vertical_extents(self) -> tuple[int, int, int]:
        """Ascent, descent (both positive away from the baseline) and the gap between lines."""
        extents = self.font.get_font_extents("ltr")
        return extents.ascender, -extents.descender, max(extents.line_gap, 0)

    def has(self, letter: str) -> bool:
        """Whether the font has a glyph for a character."""
        return bool(self.font.get_nominal_glyph(ord(letter)))

    def has_all(self, letters: Iterable[str]) -> bool:
        """Whether the font has a glyph for each of ``letters``."""
        return all(map(self.has, letters))


def open_font_file(path: str) -> FontFace:
    """Opens the font file that an EDL names.

    Raises ``MediaOpenError`` for what is not a font with outlines.
    """
    try:
        if os.path.getsize(path) > _MOST_BYTES:
            raise MediaOpenError(f"{path}: is too large for a font file", path)
        # Read and not mapped: a file that shrinks while it is mapped ends the process.
        data = Path(path).read_bytes()
    except OSError as error:
        raise MediaOpenError(f"{path}: cannot be read: {error.strerror}", path) from None
    return _open(hb.Blob(data), path)


def open_installed_font(name: FontName) -> FontFace:
    """Opens a face that ``font_names`` found; raises as ``open_font_file`` does.

    The file is mapped, since collections of East Asian fonts are large.
    """
    path = os.fspath(name.path)
    try:
        blob = hb.Blob.from_file_path(path)
    except (OSError, hb.HarfBuzzError):
        raise MediaOpenError(f"{path}: cannot be read", path) from None
    return _open(blob, path, name.index, name.instance)


def _open(blob: Any, path: str, index: int = 0, instance: int | None = None) -> FontFace:
    face = hb.Face(blob, index)
    if not face.glyph_count or _OUTLINES.isdisjoint(face.table_tags):
        raise MediaOpenError(
            f"{path}: is not a font with outlines that can be used; TrueType and OpenType files "
            f"({', '.join(FONT_SUFFIXES)}) can",
            path,
        )
    font = hb.Font(face)
    called = face.get_name(_FULL_NAME) or path
    if instance is not None:
        font.var_named_instance = instance
        style = face.get_name(face.named_instances[instance].subfamily_name_id) or ""
        family = face.get_name(_TYPOGRAPHIC_FAMILY) or face.get_name(_FAMILY)
        called = f"{family} {style}"
    elif any(axis.tag == "wght" for axis in face.axis_infos):
        # Some variable fonts start out thin.
        font.set_variations({"wght": _REGULAR_WEIGHT})
    return FontFace(called, face, font)


def font_names(path: Path) -> Iterator[FontName]:
    """The names of every face in a font file; none for what is not a font with outlines."""
    try:
        blob = hb.Blob.from_file_path(os.fspath(path))
    except (OSError, hb.HarfBuzzError):
        return
    for index in range(hb.Face(blob).count):
        face = hb.Face(blob, index)
        if not face.glyph_count or _OUTLINES.isdisjoint(face.table_tags):
            continue
        yield from _names_of_face(face, path, index)


def _names_of_face(face: Any, path: Path, index: int) -> Iterator[FontName]:
    full = (face.get_name(_FULL_NAME) or "").casefold()
    pairs = [(_FAMILY, _STYLE), (_TYPOGRAPHIC_FAMILY, _TYPOGRAPHIC_STYLE)]
    families = []
    for family_id, style_id in pairs:
        family = (face.get_name(family_id) or "").casefold()
        if family:
            families.append((family, (face.get_name(style_id) or "").casefold()))
    if not face.named_instances:
        for family, style in dict.fromkeys(families):
            yield FontName(family, style, full, path, index)
        return
    for family in dict.fromkeys(name for name, _ in families):
        for number, instance in enumerate(face.named_instances):
            style = (face.get_name(instance.subfamily_name_id) or "").casefold()
            yield FontName(family, style, f"{family} {style}", path, index, number)


def split_style(name: str) -> tuple[str, str]:
    """Family and style of ``Family:Style`` or ``Family:style=Style``, case folded."""
    family, _, style = name.partition(":")
    style = style.strip().casefold().removeprefix("style=")
    return " ".join(family.casefold().split()), style.strip()
