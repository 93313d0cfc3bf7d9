"""As much of ``cuda.bindings.driver`` as the product calls, on host memory.

Device addresses are host addresses moved out of the address space: whoever touches one dies.
``shadow`` moves them back.  Memory lies between bytes that nobody may write to.  Calls are logged,
and can be made to fail.
"""

from __future__ import annotations

import ctypes
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FakeDriver"]

_MOVED = 1 << 60
_GUARD_BYTES = 256
_GUARD = 0x5C
_LEFT_OVER = 0xE5
_OUT_OF_MEMORY = 2
_INVALID = 1


class FakeDriver:
    """One device, whose work is done at once."""

    CUresult = staticmethod(int)
    CUdevice_attribute = staticmethod(int)
    CUmemorytype = SimpleNamespace(CU_MEMORYTYPE_HOST=1, CU_MEMORYTYPE_DEVICE=2)
    CUDA_MEMCPY2D = SimpleNamespace

    def __init__(self, *, devices: int = 1, active: bool = False) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.failing: dict[str, tuple[int, int]] = {}
        self._devices, self._active = devices, active
        self._counts: dict[str, int] = {}
        self._memory: dict[int, npt.NDArray[np.uint8]] = {}
        self._sizes: dict[int, int] = {}
        self._pinned: dict[int, int] = {}
        self._handles = count(1)
        self.live: dict[str, set[int]] = {"stream": set(), "event": set(), "context": set()}

    def fail(self, function: str, code: int, nth: int = 1) -> None:
        """Makes the n-th call of a function from now on fail."""
        self.failing[function] = (self._counts.get(function, 0) + nth, code)

    @property
    def names(self) -> list[str]:
        return [call[0] for call in self.calls]

    @property
    def is_empty(self) -> bool:
        """Whether nothing that was made is left."""
        return not (self._memory or self._pinned or any(self.live.values()))

    @staticmethod
    def shadow(address: int) -> int:
        return address - _MOVED

    def _log(self, name: str, *arguments: Any) -> int:
        self.calls.append((name, *arguments))
        self._counts[name] = self._counts.get(name, 0) + 1
        nth, code = self.failing.get(name, (0, 0))
        return code if self._counts[name] == nth else 0

    def _make(self, name: str, kind: str, *arguments: Any) -> tuple[int, int]:
        code = self._log(name, *arguments)
        if code:
            return code, 0
        handle = next(self._handles)
        self.live[kind].add(handle)
        return 0, handle

    def _drop(self, name: str, kind: str, handle: int) -> tuple[int]:
        code = self._log(name, handle)
        if handle not in self.live[kind]:
            return (_INVALID,)
        self.live[kind].remove(handle)
        return (code,)

    # -- device and context ---------------------------------------------------

    def cuInit(self, flags: int) -> tuple[int]:
        return (self._log("cuInit", flags),)

    def cuDeviceGetCount(self) -> tuple[int, int]:
        return self._log("cuDeviceGetCount"), self._devices

    def cuDeviceGet(self, number: int) -> tuple[int, int]:
        return self._log("cuDeviceGet", number), number

    def cuDeviceGetName(self, length: int, device: int) -> tuple[int, bytes]:
        return self._log("cuDeviceGetName"), b"Fake GPU".ljust(length, b"\0")

    def cuDeviceGetAttribute(self, attribute: int, device: int) -> tuple[int, int]:
        return self._log("cuDeviceGetAttribute", attribute), {75: 9, 76: 0}[attribute]

    def cuDriverGetVersion(self) -> tuple[int, int]:
        return self._log("cuDriverGetVersion"), 13000

    def cuDevicePrimaryCtxGetState(self, device: int) -> tuple[int, int, int]:
        return self._log("cuDevicePrimaryCtxGetState"), 0, int(self._active)

    def cuDevicePrimaryCtxSetFlags(self, device: int, flags: int) -> tuple[int]:
        return (self._log("cuDevicePrimaryCtxSetFlags", flags),)

    def cuDevicePrimaryCtxRetain(self, device: int) -> tuple[int, int]:
        return self._make("cuDevicePrimaryCtxRetain", "context")

    def cuDevicePrimaryCtxRelease(self, device: int) -> tuple[int]:
        code = self._log("cuDevicePrimaryCtxRelease")
        self.live["context"].pop()
        return (code,)

    def cuCtxSetCurrent(self, context: int) -> tuple[int]:
        return (self._log("cuCtxSetCurrent", context),)

    def cuGetErrorName(self, code: int) -> tuple[int, bytes]:
        return 0, f"CUDA_ERROR_{code}".encode()

    # -- streams and events ---------------------------------------------------

    def cuStreamCreate(self, flags: int) -> tuple[int, int]:
        return self._make("cuStreamCreate", "stream", flags)

    def cuStreamDestroy(self, stream: int) -> tuple[int]:
        return self._drop("cuStreamDestroy", "stream", stream)

    def cuStreamSynchronize(self, stream: int) -> tuple[int]:
        return (self._log("cuStreamSynchronize", stream),)

    def cuStreamWaitEvent(self, stream: int, event: int, flags: int) -> tuple[int]:
        return (self._log("cuStreamWaitEvent", stream, event),)

    def cuEventCreate(self, flags: int) -> tuple[int, int]:
        return self._make("cuEventCreate", "event", flags)

    def cuEventDestroy(self, event: int) -> tuple[int]:
        return self._drop("cuEventDestroy", "event", event)

    def cuEventRecord(self, event: int, stream: int) -> tuple[int]:
        return (self._log("cuEventRecord", event, stream),)

    def cuEventSynchronize(self, event: int) -> tuple[int]:
        return (self._log("cuEventSynchronize", event),)

    def cuEventQuery(self, event: int) -> tuple[int]:
        return (self._log("cuEventQuery", event),)

    # -- memory ---------------------------------------------------------------

    def cuMemAlloc(self, size: int) -> tuple[int, int]:
        code = self._log("cuMemAlloc", size)
        if code:
            return code, 0
        memory = np.full(size + 2 * _GUARD_BYTES + 512, _GUARD, np.uint8)
        start = -(memory.ctypes.data + _GUARD_BYTES) % 512 + _GUARD_BYTES
        memory[start : start + size] = _LEFT_OVER
        address = memory.ctypes.data + start + _MOVED
        self._memory[address] = memory
        self._sizes[address] = size
        return 0, address

    def cuMemFree(self, address: int) -> tuple[int]:
        code = self._log("cuMemFree", address)
        if address not in self._memory:
            return (_INVALID,)
        self.check_guards(address)
        del self._memory[address], self._sizes[address]
        return (code,)

    def check_guards(self, address: int) -> None:
        """Nothing beside the memory at ``address`` was written."""
        memory, size = self._memory[address], self._sizes[address]
        start = address - _MOVED - memory.ctypes.data
        assert (memory[:start] == _GUARD).all(), "something was written before the memory"
        assert (memory[start + size :] == _GUARD).all(), "something was written after the memory"

    def cuMemHostRegister(self, address: int, size: int, flags: int) -> tuple[int]:
        code = self._log("cuMemHostRegister", size)
        if code == 0:
            assert address % 4096 == 0 and size % 4096 == 0
            self._pinned[address] = size
        return (code,)

    def cuMemHostUnregister(self, address: int) -> tuple[int]:
        code = self._log("cuMemHostUnregister")
        if address not in self._pinned:
            return (_INVALID,)
        del self._pinned[address]
        return (code,)

    def cuMemcpyHtoDAsync(self, target: int, source: int, size: int, stream: int) -> tuple[int]:
        code = self._log("cuMemcpyHtoDAsync", size, stream)
        if code == 0:
            self._require_pinned(source, size)
            ctypes.memmove(self._host(target, size), source, size)
        return (code,)

    def cuMemcpy2DAsync(self, copy: Any, stream: int) -> tuple[int]:
        code = self._log("cuMemcpy2DAsync", copy.WidthInBytes, copy.Height, stream)
        if code == 0:
            for row in range(copy.Height):
                target = copy.dstHost + row * copy.dstPitch
                self._require_pinned(target, copy.WidthInBytes)
                source = copy.srcDevice + row * copy.srcPitch
                ctypes.memmove(target, self._host(source, copy.WidthInBytes), copy.WidthInBytes)
        return (code,)

    def _host(self, address: int, size: int) -> int:
        for start, length in self._sizes.copy().items():
            if start <= address and address + size <= start + length:
                return address - _MOVED
        raise AssertionError("a copy leaves the device's memory")

    def _require_pinned(self, address: int, size: int) -> None:
        inside = any(
            start <= address and address + size <= start + length
            for start, length in self._pinned.copy().items()
        )
        assert inside, "a copy without waiting needs pinned memory"
