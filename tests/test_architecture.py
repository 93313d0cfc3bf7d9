"""The tree is the data flow: imports go down one list, and heavy libraries have one home."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import edl2ffmpeg

ROOT = Path(edl2ffmpeg.__file__).parent
ORDER = [
    "__main__", "cli", "commands", "arguments", "interruption", "terminal", "standard_streams",
    "api", "jobs", "rendering", "media", "compositor", "audio", "devices", "plan", "timeline",
    "edl", "settings", "frame", "timing", "errors", "ownership", "_version",
]  # fmt: skip
HOMES = {
    "av": {"media"},
    "rich": {"terminal"},
    "pydantic": {"edl"},
    "PIL": {"jobs"},
    "uharfbuzz": {"compositor"},
    "cuda": {"devices"},
    "distributed": {"jobs"},
    "dask": {"jobs"},
    "fsspec": {"media", "jobs"},
}
PURE = {"plan", "timeline", "edl", "timing", "errors", "settings"}
IMPURE_IMPORTS = {
    "av", "numpy", "PIL", "uharfbuzz", "os", "subprocess", "threading", "tempfile", "socket",
}  # fmt: skip


def stage_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


MODULES = sorted(
    path for path in ROOT.rglob("*.py") if path.name != "__init__.py" or path.parent != ROOT
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_the_list(path: Path) -> None:
    stage = stage_of(path)
    assert stage in ORDER
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] == "edl2ffmpeg" and len(parts) > 1:
            assert ORDER.index(parts[1]) >= ORDER.index(stage), f"{stage} imports {name}"
        homes = HOMES.get(parts[0])
        if homes is not None:
            assert stage in homes, f"{stage} imports {name}"
        if stage in PURE:
            assert parts[0] not in IMPURE_IMPORTS, f"{stage} is pure, but imports {name}"


def test_every_stage_is_in_the_list() -> None:
    stages = {stage_of(path) for path in MODULES}
    assert stages <= set(ORDER)


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from edl2ffmpeg.cli import run\n"
        "try:\n    run(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'av', 'numpy', 'pydantic', 'rich', 'PIL', 'uharfbuzz', 'distributed', 'fsspec'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


def test_files_are_short_enough_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in MODULES
        if (lines := len(path.read_text().splitlines())) > 450
    }
    assert not long
