"""A launcher that runs the device's kernels on the host: their sources, compiled by ``c++``.

Device addresses in a kernel's job are turned into host addresses by a *shadow* function, so it
works on any memory that has a shadow: that of ``FakeDriver``, or a driver simulator's.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import edl2ffmpeg

__all__ = ["SHADOW", "HostLauncher", "build_kernels", "compiler"]

SHADOW = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64)
"""The type of a shadow function: the host's address for one of the device's."""

_SOURCE = Path(__file__).with_name("kernels_on_host.cpp")
_HEADERS = Path(edl2ffmpeg.__file__).parent / "compositor" / "kernels"


def compiler() -> str | None:
    """The C++ compiler of this machine."""
    return os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")


def build_kernels(folder: Path) -> Path:
    """Compiles the kernels into a library in ``folder``."""
    library = folder / "kernels_on_host.so"
    found = compiler()
    assert found is not None
    options = ["-std=c++17", "-O2", "-ffp-contract=off", "-fPIC", "-shared", "-Wall", "-Werror"]
    command = [found, *options, f"-I{_HEADERS}", str(_SOURCE), "-o", str(library)]
    subprocess.run(command, check=True)
    return library


class HostLauncher:
    """A :class:`Launcher` on the library that ``build_kernels`` made.

    ``shadow`` is a Python function, or one of ctypes with the type ``SHADOW``.
    """

    def __init__(self, library: Path, shadow: Callable[[int], int] | Any) -> None:
        self._library = ctypes.CDLL(str(library))
        self._shadow = shadow if isinstance(shadow, SHADOW) else SHADOW(shadow)
        self.launched: list[str] = []
        self.closed = False

    def launch(self, kernel: str, columns: int, rows: int, parameters: bytes) -> None:
        assert not self.closed
        assert columns > 0 and rows > 0
        function = self._library[f"kernel_{kernel}"]
        function.argtypes = [
            ctypes.c_char_p, ctypes.c_uint64, ctypes.c_int32, ctypes.c_int32, SHADOW
        ]  # fmt: skip
        refused = function(parameters, len(parameters), columns, rows, self._shadow)
        assert not refused, f"{kernel} takes another job"
        self.launched.append(kernel)

    def close(self) -> None:
        self.closed = True
