"""NVIDIA's compiler takes the kernels: it needs no GPU, only the package with NVRTC."""

from __future__ import annotations

import pytest

from edl2ffmpeg.compositor.cuda import KERNEL_SOURCES
from edl2ffmpeg.devices.cuda_program import KernelSources, compile_kernels
from edl2ffmpeg.errors import KernelCompileError

nvrtc = pytest.importorskip("cuda.bindings.nvrtc", reason="cuda.bindings is not installed")

HEADERS = sorted(
    str(path.relative_to(KERNEL_SOURCES.root))
    for folder in (KERNEL_SOURCES.root, KERNEL_SOURCES.root / "device")
    for path in folder.glob("*.h")
)


@pytest.fixture(scope="module", autouse=True)
def compiler() -> None:
    try:
        nvrtc.nvrtcVersion()
    except RuntimeError as error:
        pytest.skip(f"NVRTC is not installed: {error}")


@pytest.mark.parametrize("architecture", ["75", "90"])
def test_the_compiler_takes_all_kernels(architecture: str) -> None:
    code = compile_kernels(KERNEL_SOURCES, architecture)
    assert code.startswith(b"\x7fELF")
    for kernel in ("draw", "mix", "blur_pass", "warp"):
        assert f".text.{kernel}\0".encode() in code


@pytest.mark.parametrize("header", HEADERS)
def test_the_compiler_takes_each_header_alone(header: str) -> None:
    compile_kernels(KernelSources(KERNEL_SOURCES.root, header), "90")


def test_what_the_compiler_refuses_is_told() -> None:
    with pytest.raises(KernelCompileError, match="cannot be compiled") as caught:
        compile_kernels(KernelSources(KERNEL_SOURCES.root, "device/nothing.h"), "90")
    assert "nothing.h" in caught.value.log
