"""The simulated driver's functions by ctypes, for code that runs on it.

Every argument of the driver API is an integer or a pointer, so ctypes' own conversions do; handles
and device addresses are given as ``c_uint64``.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterable
from ctypes import c_uint64
from typing import Any

import numpy as np

from nvsim.faults import Fault

_BLOCKING_SYNC = 4


class DriverError(Exception):
    """A driver function gave an error."""

    def __init__(self, function: str, code: int) -> None:
        super().__init__(f"{function} gave {code}")
        self.code = code


class Driver:
    """Calls of the simulator that is loaded in this process, by name."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL("libcuda.so.1")
        self.library.nvsim_shadow.restype = ctypes.c_void_p
        self.library.nvsim_shadow_range.restype = ctypes.c_void_p
        self.library.nvsim_report.restype = ctypes.c_size_t
        self.library.nvsim_calls.restype = ctypes.c_ulong
        self.library.nvsim_violations.restype = ctypes.c_ulong

    def result(self, function: str, *arguments: Any) -> int:
        """Calls a function of the driver; gives its status."""
        return int(getattr(self.library, function)(*arguments))

    def call(self, function: str, *arguments: Any) -> None:
        """Calls a function of the driver that must succeed."""
        code = self.result(function, *arguments)
        if code:
            raise DriverError(function, code)

    def handle(self, function: str, *arguments: Any) -> c_uint64:
        """Calls a function whose first argument takes the handle or address that it makes."""
        made = c_uint64()
        self.call(function, ctypes.byref(made), *arguments)
        return made

    def primary_context(self, device: int = 0) -> c_uint64:
        """Retains the primary context and makes it current in this thread.

        With the flags that FFmpeg sets: it refuses an active context that has others.
        """
        self.call("cuInit", 0)
        self.call("cuDevicePrimaryCtxSetFlags", device, _BLOCKING_SYNC)
        context = self.handle("cuDevicePrimaryCtxRetain", device)
        self.call("cuCtxSetCurrent", context)
        return context

    def shadow(self, address: int, size: int) -> np.ndarray:
        """The bytes behind a range of device memory, as an array that can be written."""
        place = self.library.nvsim_shadow_range(c_uint64(address), ctypes.c_size_t(size))
        if not place:
            raise ValueError(f"{size} bytes at {address:#x} are not device memory")
        return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(place))

    def kernel(self, name: str, stream: int = 0) -> None:
        """Notes that a kernel has run on the shadows."""
        self.library.nvsim_kernel(name.encode(), c_uint64(stream))

    def mark(self, text: str) -> None:
        """Divides the log: later calls and violations belong to this mark."""
        self.library.nvsim_mark(text.encode())

    def add_faults(self, faults: Iterable[Fault]) -> None:
        """Adds fault rules; their calls are counted from now on."""
        self.library.nvsim_add_faults(";".join(fault.rule for fault in faults).encode())

    def clear_faults(self) -> None:
        """Forgets all rules; a device that is lost stays so."""
        self.library.nvsim_clear_faults()

    def set_session_limit(self, limit: int) -> None:
        """How many encoder sessions may be open at once."""
        self.library.nvsim_set_session_limit(limit)

    def summary(self) -> dict[str, Any]:
        """The counts so far, as in the last line of the log."""
        text = ctypes.create_string_buffer(8192)
        self.library.nvsim_report(text, ctypes.c_size_t(len(text)))
        summary: dict[str, Any] = json.loads(text.value)
        return summary
