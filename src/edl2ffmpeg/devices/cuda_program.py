"""Kernels for CUDA: compiled by NVRTC when first needed, kept on disk, launched by name.

Note [Kernel cache]

Compiled code is one file for each combination of sources, architecture, options, compiler and
driver, under the user's cache directory.  A file begins with the digest of its rest: one that is
damaged is compiled anew.  Files appear whole, by renaming; where none can be written, each process
compiles for itself.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.errors import DeviceUnavailableError, KernelCompileError

__all__ = ["CudaProgram", "KernelSources", "cache_folder", "compile_kernels"]

_BLOCK = (32, 8)
_DIGEST_BYTES = 32
# Products and sums are rounded one by one (Note [Float effects] in kernels/effects.h).
_OPTIONS = (
    "--std=c++17",
    "--fmad=false",
    "--ftz=false",
    "--prec-div=true",
    "--prec-sqrt=true",
)


@dataclass(frozen=True)
class KernelSources:
    """Headers below ``root``, and the one of them that includes the rest."""

    root: Path
    main: str

    def digest(self) -> str:
        """A number that changes with any of the headers."""
        found = sha256(self.main.encode())
        for path in sorted(self.root.rglob("*.h")):
            found.update(f"\0{path.relative_to(self.root)}\0".encode())
            found.update(path.read_bytes())
        return found.hexdigest()


class CudaProgram:
    """A :class:`Launcher` of the kernels in ``sources``."""

    def __init__(self, device: CudaDevice, sources: KernelSources) -> None:
        """Raise ``KernelCompileError`` when they cannot be compiled."""
        self._device = device
        code = _compiled(device, sources)
        self._module = device.call("cuModuleLoadData", code)
        self._functions: dict[str, Any] = {}

    def launch(self, kernel: str, columns: int, rows: int, parameters: bytes) -> None:
        """See :meth:`Launcher.launch`."""
        function = self._functions.get(kernel)
        if function is None:
            function = self._device.call("cuModuleGetFunction", self._module, kernel.encode())
            self._functions[kernel] = function
        job = ctypes.create_string_buffer(parameters, len(parameters))
        size = (ctypes.c_int32 * 2)(columns, rows)
        start = ctypes.addressof(size)
        pointers = (ctypes.c_void_p * 3)(ctypes.addressof(job), start, start + 4)
        grid = (-(-columns // _BLOCK[0]), -(-rows // _BLOCK[1]), 1)
        self._device.call(
            "cuLaunchKernel",
            function,
            *grid,
            *_BLOCK,
            1,
            0,
            self._device.stream,
            ctypes.addressof(pointers),
            0,
        )

    def close(self) -> None:
        """See :meth:`Launcher.close`."""
        self._functions.clear()
        self._device.driver.cuModuleUnload(self._module)


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where compiled kernels are kept."""
    base = environment.get("XDG_CACHE_HOME", "")
    folder = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    return folder / "edl2ffmpeg" / "kernels"


def compile_kernels(sources: KernelSources, architecture: str, device: str = "cuda") -> bytes:
    """Machine code for GPUs of ``architecture`` (compute capability, as in "90")."""
    from cuda.bindings import nvrtc

    options = [*_OPTIONS, f"--gpu-architecture=sm_{architecture}", f"-I{sources.root}"]
    code = f'#include "{sources.main}"\n'.encode()
    # Without a program there is no log either.
    result, program = nvrtc.nvrtcCreateProgram(code, b"edl2ffmpeg", 0, [], [])
    if int(result) == 0:
        try:
            encoded = [option.encode() for option in options]
            (result,) = nvrtc.nvrtcCompileProgram(program, len(encoded), encoded)
            log = _text(nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog, program).decode()
            if int(result) == 0:
                return _text(nvrtc.nvrtcGetCUBINSize, nvrtc.nvrtcGetCUBIN, program)
        finally:
            nvrtc.nvrtcDestroyProgram(program)
    else:
        log = ""
    raise KernelCompileError(
        f"the kernels cannot be compiled for {device} (compute capability "
        f"{int(architecture) / 10}): {_first_error(log) or result.name}",
        device,
        log,
    )


def _text(size_of: Any, read: Any, program: Any) -> bytes:
    """What NVRTC writes into memory of a size that it tells."""
    text = bytes(size_of(program)[1])
    read(program, text)
    return text


def _first_error(log: str) -> str:
    return next((line for line in log.splitlines() if "error:" in line), "")


def _compiled(device: CudaDevice, sources: KernelSources) -> bytes:
    """Code from the cache, or compiled and put there; see Note [Kernel cache]."""
    versions = (_compiler_version(device.device_name), device.call("cuDriverGetVersion"))
    key = repr((sources.digest(), device.architecture, _OPTIONS, versions))
    path = cache_folder() / f"{sha256(key.encode()).hexdigest()}.cubin"
    code = _read(path)
    if code is None:
        code = compile_kernels(sources, device.architecture, device.device_name)
        with suppress(OSError):
            _write(path, code)
    return code


def _compiler_version(device: str) -> Any:
    from cuda.bindings import nvrtc

    try:
        return nvrtc.nvrtcVersion()[1:]
    # The loader of the library has errors of its own, all RuntimeErrors.
    except RuntimeError as error:
        raise DeviceUnavailableError(
            f"{device} needs NVIDIA's run-time compiler NVRTC, which is not installed: install "
            "edl2ffmpeg[cuda], or choose --hw-accel none",
            device,
        ) from error


def _read(path: Path) -> bytes | None:
    try:
        found = path.read_bytes()
    except OSError:
        return None
    code = found[_DIGEST_BYTES:]
    return code if code and sha256(code).digest() == found[:_DIGEST_BYTES] else None


def _write(path: Path, code: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(sha256(code).digest() + code)
        os.replace(name, path)
    except OSError:
        with suppress(OSError):
            os.unlink(name)
        raise
