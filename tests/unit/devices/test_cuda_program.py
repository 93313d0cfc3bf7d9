"""The cache of compiled kernels, without a GPU and without its compiler."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from edl2ffmpeg.compositor.cuda import KERNEL_SOURCES
from edl2ffmpeg.devices import cuda_program
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.devices.cuda_program import CudaProgram, KernelSources, cache_folder

CODE = b"\x7fELF kernels"


class Compiler:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, sources: KernelSources, architecture: str, device: str) -> bytes:
        self.count += 1
        return CODE


class Device:
    """What a program asks of a device."""

    def __init__(self, architecture: str = "90") -> None:
        self.architecture, self.device_name, self.stream = architecture, "cuda:0", 1
        self.calls: list[tuple[Any, ...]] = []
        self.driver = SimpleNamespace(cuModuleUnload=lambda module: self.call("unload", module))

    def call(self, function: str, *arguments: Any) -> Any:
        self.calls.append((function, *arguments))
        return 13000 if function == "cuDriverGetVersion" else 7


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Compiler]:
    found = Compiler()
    monkeypatch.setattr(cuda_program, "compile_kernels", found)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    bindings = ModuleType("cuda.bindings")
    bindings.nvrtc = SimpleNamespace(nvrtcVersion=lambda: (0, 13, 0))  # type: ignore[attr-defined]
    for name in ("cuda", "cuda.bindings"):
        monkeypatch.setitem(sys.modules, name, bindings)
    yield found


def load(device: Device | None = None, sources: KernelSources = KERNEL_SOURCES) -> CudaProgram:
    return CudaProgram(cast(CudaDevice, device or Device()), sources)


def files(folder: Path) -> list[Path]:
    return sorted((folder / "edl2ffmpeg" / "kernels").iterdir())


def test_kernels_are_compiled_once(compiler: Compiler, tmp_path: Path) -> None:
    device = Device()
    for _ in range(3):
        load(device)
    assert compiler.count == 1
    assert [call for call in device.calls if call[0] == "cuModuleLoadData"] == [
        ("cuModuleLoadData", CODE)
    ] * 3
    assert [path.suffix for path in files(tmp_path)] == [".cubin"]


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 32 + CODE, None])
def test_a_damaged_file_is_compiled_anew(
    compiler: Compiler, tmp_path: Path, damage: bytes | None
) -> None:
    load()
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] if damage is None else damage)
    load()
    assert compiler.count == 2
    assert path.read_bytes() == whole


def test_what_matters_is_part_of_the_key(compiler: Compiler, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "a.h").write_text("// one\n")
    sources = KernelSources(folder, "a.h")
    load(sources=sources)
    load(Device("120"), sources)
    (folder / "a.h").write_text("// two\n")
    load(sources=sources)
    (folder / "b.h").write_text("// three\n")
    load(sources=sources)
    assert compiler.count == 4


def test_a_cache_that_cannot_be_written_is_done_without(compiler: Compiler, tmp_path: Path) -> None:
    (tmp_path / "edl2ffmpeg").write_text("a file where the folder should be")
    load()
    load()
    assert compiler.count == 2


def test_where_the_cache_is() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/c"}) == Path("/c/edl2ffmpeg/kernels")
    home = Path.home() / ".cache" / "edl2ffmpeg" / "kernels"
    assert cache_folder({}) == cache_folder({"XDG_CACHE_HOME": "relative"}) == home


def test_a_launch_covers_the_grid(compiler: Compiler) -> None:
    device = Device()
    program = load(device)
    program.launch("fill", 33, 9, b"12345678")
    program.launch("fill", 32, 8, b"12345678")
    launches = [call for call in device.calls if call[0] == "cuLaunchKernel"]
    assert [call[2:9] for call in launches] == [(2, 2, 1, 32, 8, 1, 0), (1, 1, 1, 32, 8, 1, 0)]
    assert [call[0] for call in device.calls].count("cuModuleGetFunction") == 1
    program.close()
    assert device.calls[-1] == ("unload", 7)
