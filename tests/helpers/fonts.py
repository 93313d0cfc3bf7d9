"""Fonts for tests: the files of the packages that the product and its tests install."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from edl2ffmpeg.compositor.fonts import FontLibrary

# The packages' names, so that a missing one fails a test and never skips it.
_LATIN = ("manimgx_fonts", "NotoSans[wght].ttf")
_CJK = ("manimgx_fonts_cjk", "NotoSansCJK-VF.otf.ttc")


def _file(package: str, name: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations, f"install {package}"
    path = Path(spec.submodule_search_locations[0], name)
    assert path.is_file(), path
    return path


def latin_font() -> Path:
    return _file(*_LATIN)


def cjk_font() -> Path:
    return _file(*_CJK)


def noto_font(script: str) -> Path:
    """The file of Noto Sans for one script, such as ``Arabic``."""
    return _file("manimgx_fonts", f"NotoSans{script}[wght].ttf")


def bundled_library() -> FontLibrary:
    """A library that knows no fonts but the bundled ones, so that every machine draws alike."""
    return FontLibrary(lambda name: f"file:{name}", folders=())
