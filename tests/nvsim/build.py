"""Builds the simulated driver with the system's C compiler, once for each state of its sources."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCES = Path(__file__).parent / "driver"
SONAMES = ("libcuda.so.1", "libnvidia-encode.so.1", "libnvcuvid.so.1")

_FLAGS = [
    *("-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra"),
    *("-fPIC", "-fvisibility=hidden", "-pthread", "-shared", "-Wl,-z,defs", "-Wl,-z,nodelete"),
]


class BuildError(Exception):
    """The C compiler is missing or refused the simulator's sources."""


def build() -> Path:
    """Folder with the three libraries, for LD_LIBRARY_PATH; made if it is not there yet.

    It lies in the system's folder for temporary files, under a name that changes with the sources
    and the user. Processes that build at the same time do not see each other's half-made files.
    """
    compiler = os.environ.get("CC", "cc").split()
    folder = Path(tempfile.gettempdir()) / f"nvsim-{os.getuid()}-{_fingerprint(compiler)}"
    if not folder.is_dir():
        making = Path(tempfile.mkdtemp(prefix="nvsim-making-"))
        try:
            _compile(compiler, making)
            _publish(making, folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return folder


def _fingerprint(compiler: list[str]) -> str:
    digest = hashlib.sha256(" ".join([*compiler, *_FLAGS]).encode())
    for source in sorted(SOURCES.iterdir()):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _compile(compiler: list[str], folder: Path) -> None:
    sources = sorted(SOURCES.glob("*.c"))
    empty = SOURCES / "soname.c"
    whole = [str(source) for source in sources if source != empty]
    library = folder / "libnvsim.so"
    _run([*compiler, *_FLAGS, "-Wl,-soname,libnvsim.so", "-o", str(library), *whole, "-ldl"])
    for soname in SONAMES:
        depends = ["-Wl,--no-as-needed", f"-L{folder}", "-lnvsim", "-Wl,-rpath,$ORIGIN"]
        named = [f"-Wl,-soname,{soname}", "-o", str(folder / soname)]
        _run([*compiler, *_FLAGS, *named, str(empty), *depends])


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise BuildError(f"no C compiler: {command[0]} is not on PATH") from error
    if done.returncode:
        raise BuildError(f"{' '.join(command)}\n{done.stderr}")


def _publish(making: Path, folder: Path) -> None:
    making.chmod(0o755)
    try:
        making.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was first; its files are the same
            raise
