"""The one owner of CUDA state in a process: context, streams, memory, kernels; it draws nothing.

Note [Order of CUDA state]

Opened in this order, closed in the exact reverse: driver, flags of the primary context, primary
context, streams, memory, kernels.  FFmpeg's contexts come after them and share the primary
context, so they have to be gone before this closes.  The flags must say that waiting threads
sleep, as FFmpeg asks for: it refuses a context that somebody activated with others.

Note [CUDA streams]

Work runs on one stream, and downloads on another.  Both wait for the default stream and it waits
for them, which is how frames of FFmpeg's decoders, written there, are whole when they are read.
"""

from __future__ import annotations

import mmap
import threading
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.devices.launcher import Launcher
from edl2ffmpeg.errors import DeviceError, DeviceLostError, DeviceUnavailableError
from edl2ffmpeg.ownership import Owner

__all__ = ["CudaCounters", "CudaDevice", "CudaEvent", "count_cuda_devices", "cuda_device_names"]

_BLOCKING_SYNC = 4
_EVENT_FLAGS = 1 | 2  # waiting threads sleep; no timing
_READY, _NOT_READY = 0, 600
_OUT_OF_MEMORY = 2
_MAJOR, _MINOR = 75, 76
_PAGE = mmap.PAGESIZE
# After these every later call fails as well.
_STICKY = {214, 700, 702, 709, 714, 715, 716, 717, 718, 719, 999}


@dataclass(slots=True)
class CudaCounters:
    """What went on, so that promises on copies can be tested."""

    host_to_device_copies: int = 0
    device_to_host_copies: int = 0
    device_to_device_copies: int = 0
    kernels_launched: int = 0
    allocations: int = 0


class CudaEvent:
    """A moment in a stream's work."""

    def __init__(self, device: CudaDevice, handle: Any) -> None:
        self._device = device
        self.handle = handle

    def wait(self) -> None:
        """Returns when the work before it is done."""
        self._device.synchronise_with(self)

    def is_past(self) -> bool:
        """Whether the work before it is done."""
        return self._device.has_passed(self)


class CudaDevice(Owner):
    """CUDA device ``number``, opened for this process.

    ``make_launcher`` gets the opened device and makes what runs its kernels.  ``driver`` has the
    functions of ``cuda.bindings.driver``.  Any thread may call; calls after ``close`` raise
    ``ValueError``.  A call that fails creates nothing.
    """

    def __init__(
        self,
        make_launcher: Callable[[CudaDevice], Launcher],
        number: int = 0,
        driver: Any = None,
    ) -> None:
        """Raise ``DeviceUnavailableError`` when the device cannot be had."""
        self.number = number
        self.device_name = f"cuda:{number}"
        self.counters = CudaCounters()
        self.driver = _loaded_driver(self.device_name) if driver is None else driver
        self._thread = threading.local()
        self._addresses: set[int] = set()
        self._pinned: dict[int, int] = {}
        self._events: list[Any] = []
        self._free_events: deque[Any] = deque()
        self._closed = False
        with ExitStack() as stack:
            try:
                self._open(stack)
            except DeviceUnavailableError:
                raise
            except DeviceError as error:
                raise DeviceUnavailableError(
                    f"CUDA device {number} cannot be opened: {error}", self.device_name
                ) from error
            self._launcher = make_launcher(self)
            stack.callback(self._launcher.close)
            self._stack = stack.pop_all()

    def _open(self, stack: ExitStack) -> None:
        """See Note [Order of CUDA state]."""
        call, driver = self._call, self.driver
        call("cuInit", 0)
        count = call("cuDeviceGetCount")
        if not 0 <= self.number < count:
            raise DeviceUnavailableError(
                f"there is no CUDA device {self.number}: the driver knows of {count}; "
                "choose another one, or --hw-accel none",
                self.device_name,
            )
        self._device = call("cuDeviceGet", self.number)
        name = call("cuDeviceGetName", 96, self._device)
        self.description = name.split(b"\0")[0].decode(errors="replace")
        kinds = driver.CUdevice_attribute
        major = call("cuDeviceGetAttribute", kinds(_MAJOR), self._device)
        minor = call("cuDeviceGetAttribute", kinds(_MINOR), self._device)
        self.architecture = f"{major}{minor}"
        _, active = call("cuDevicePrimaryCtxGetState", self._device)
        if not active:
            call("cuDevicePrimaryCtxSetFlags", self._device, _BLOCKING_SYNC)
        self._context = call("cuDevicePrimaryCtxRetain", self._device)
        stack.callback(self._close_call, "cuDevicePrimaryCtxRelease", self._device)
        self.enter()
        self.stream = call("cuStreamCreate", 0)
        stack.callback(self._close_call, "cuStreamDestroy", self.stream)
        self.download_stream = call("cuStreamCreate", 0)
        stack.callback(self._close_call, "cuStreamDestroy", self.download_stream)
        stack.callback(self._free_all)

    @property
    def bus_id(self) -> str:
        """Where it is on the PCI bus, which tells it apart from others; empty if not known."""
        self._use()
        code, *found = self.driver.cuDeviceGetPCIBusId(32, self._device)
        return found[0].split(b"\0")[0].decode(errors="replace") if int(code) == 0 else ""

    # -- life -----------------------------------------------------------------

    def enter(self) -> None:
        """Makes the primary context this thread's current one."""
        if not getattr(self._thread, "has_entered", False):
            self._call("cuCtxSetCurrent", self._context)
            self._thread.has_entered = True

    def close(self) -> None:
        """Waits for what runs, then gives everything up.  May be called twice.

        Memory that was lent must not be used any more; pinned arrays stay valid.
        """
        if self._closed:
            return
        self._close_call("cuCtxSetCurrent", self._context)
        self._closed = True
        for stream in (self.stream, self.download_stream):
            self._close_call("cuStreamSynchronize", stream)
        self._stack.close()

    def _free_all(self) -> None:
        while self._events:
            self._close_call("cuEventDestroy", self._events.pop())
        for address in sorted(self._pinned):
            self._close_call("cuMemHostUnregister", address)
        for address in sorted(self._addresses):
            self._close_call("cuMemFree", address)
        self._pinned.clear()
        self._addresses.clear()

    # -- memory ---------------------------------------------------------------

    def allocate(self, size: int) -> int:
        """The address of ``size`` bytes, which an encoder can register; see ``free``."""
        self._use()
        address = int(self._call("cuMemAlloc", size))
        self._addresses.add(address)
        self.counters.allocations += 1
        return address

    def free(self, address: int) -> None:
        """Gives memory back, after all work on the device."""
        self._use()
        self._addresses.remove(address)
        self._call("cuMemFree", address)

    def drop(self, address: int) -> None:
        """Frees memory that nobody waits for, unless closing has done so."""
        if not self._closed and address in self._addresses:
            self.free(address)

    def pinned(self, size: int) -> npt.NDArray[np.uint8]:
        """Host memory that the device copies from and to by itself, on pages of its own.

        It stays valid as plain memory when the device is closed.
        """
        self._use()
        length = -(-size // _PAGE) * _PAGE
        memory = np.frombuffer(mmap.mmap(-1, length), np.uint8)
        address = memory.ctypes.data
        self._call("cuMemHostRegister", address, length, 0)
        self._pinned[address] = length
        weakref.finalize(memory, self._unpin, address).atexit = False
        return memory[:size]

    def _unpin(self, address: int) -> None:
        if self._pinned.pop(address, None) is not None and not self._closed:
            self._close_call("cuCtxSetCurrent", self._context)
            self._close_call("cuMemHostUnregister", address)

    # -- work -----------------------------------------------------------------

    def upload(self, target: int, source: int, size: int) -> None:
        """Copies bytes of pinned memory to the device, in order with the kernels."""
        self._use()
        self.counters.host_to_device_copies += 1
        self._call("cuMemcpyHtoDAsync", target, source, size, self.stream)

    def download_rows(
        self, target: tuple[int, int], source: tuple[int, int], width: int, rows: int
    ) -> None:
        """Copies rows of ``width`` bytes to pinned memory; both sides are (address, pitch)."""
        self._use()
        self.counters.device_to_host_copies += 1
        copy = self._copy_from_device(source, width, rows)
        copy.dstMemoryType = self.driver.CUmemorytype.CU_MEMORYTYPE_HOST
        copy.dstHost, copy.dstPitch = target
        self._call("cuMemcpy2DAsync", copy, self.download_stream)

    def copy_rows(
        self, target: tuple[int, int], source: tuple[int, int], width: int, rows: int
    ) -> None:
        """Copies rows of ``width`` bytes on the device, in order with the kernels."""
        self._use()
        self.counters.device_to_device_copies += 1
        copy = self._copy_from_device(source, width, rows)
        copy.dstMemoryType = self.driver.CUmemorytype.CU_MEMORYTYPE_DEVICE
        copy.dstDevice, copy.dstPitch = target
        self._call("cuMemcpy2DAsync", copy, self.stream)

    def _copy_from_device(self, source: tuple[int, int], width: int, rows: int) -> Any:
        copy = self.driver.CUDA_MEMCPY2D()
        copy.srcMemoryType = self.driver.CUmemorytype.CU_MEMORYTYPE_DEVICE
        copy.srcDevice, copy.srcPitch = source
        copy.WidthInBytes, copy.Height = width, rows
        return copy

    def launch(self, kernel: str, columns: int, rows: int, parameters: bytes) -> None:
        """Runs a kernel; see :class:`Launcher`."""
        self._use()
        self.counters.kernels_launched += 1
        self._launcher.launch(kernel, columns, rows, parameters)

    def mark(self, stream: Any) -> CudaEvent:
        """The moment when what ``stream`` has been given so far is done."""
        self._use()
        try:
            handle = self._free_events.pop()
        except IndexError:
            handle = self._call("cuEventCreate", _EVENT_FLAGS)
            self._events.append(handle)
        event = CudaEvent(self, handle)
        weakref.finalize(event, self._drop_event, handle).atexit = False
        self._call("cuEventRecord", handle, stream)
        return event

    def _drop_event(self, handle: Any) -> None:
        if not self._closed:
            self._free_events.append(handle)

    def order(self, stream: Any, event: CudaEvent) -> None:
        """What ``stream`` is given from now on runs after ``event``."""
        self._use()
        self._call("cuStreamWaitEvent", stream, event.handle, 0)

    def synchronise_with(self, event: CudaEvent) -> None:
        """Waits for an event; other threads run meanwhile."""
        self._use()
        self._call("cuEventSynchronize", event.handle)

    def has_passed(self, event: CudaEvent) -> bool:
        """Whether an event is past."""
        self._use()
        code = int(self.driver.cuEventQuery(event.handle)[0])
        if code not in (_READY, _NOT_READY):
            self._raise("cuEventQuery", code)
        return code == _READY

    def synchronise(self) -> None:
        """Waits for all work of this owner."""
        self._use()
        for stream in (self.stream, self.download_stream):
            self._call("cuStreamSynchronize", stream)

    # -- calls ----------------------------------------------------------------

    def _use(self) -> None:
        if self._closed:
            raise ValueError(f"{self.device_name} is closed")
        self.enter()

    def call(self, function: str, *arguments: Any) -> Any:
        """Calls the driver, for launchers: its results, without the code."""
        self._use()
        return self._call(function, *arguments)

    def _call(self, function: str, *arguments: Any) -> Any:
        code, *results = getattr(self.driver, function)(*arguments)
        if int(code) != 0:
            self._raise(function, int(code))
        return results[0] if len(results) == 1 else tuple(results)

    def _close_call(self, function: str, *arguments: Any) -> None:
        """While closing nothing is left to be done about an error, and the rest has to follow."""
        getattr(self.driver, function)(*arguments)

    def _raise(self, function: str, code: int) -> None:
        name = getattr(self, "description", self.device_name)
        if code == _OUT_OF_MEMORY:
            raise DeviceError(
                f"{name} is out of memory ({function}): render with fewer workers on it, or on "
                "the CPU with --hw-accel none",
                self.device_name,
            )
        text = self._error_text(code)
        if code in _STICKY:
            raise DeviceLostError(
                f"{name} failed in {function} ({text}) and is lost to this process: render again "
                "in a new one",
                self.device_name,
            )
        raise DeviceError(f"{name} failed in {function}: {text}", self.device_name)

    def _error_text(self, code: int) -> str:
        driver = self.driver
        try:
            failed, text = driver.cuGetErrorName(driver.CUresult(code))
        except (AttributeError, ValueError, RuntimeError):
            return f"error {code}"
        return text.decode() if int(failed) == 0 and text else f"error {code}"


def count_cuda_devices() -> int:
    """How many there are; ``DeviceUnavailableError`` without a driver, or without our package."""
    code, count = _loaded_driver("cuda").cuDeviceGetCount()
    return int(count) if int(code) == 0 else 0


def cuda_device_names() -> list[str]:
    """The model of each device, in the order of their numbers; raises as ``count_cuda_devices``."""
    driver = _loaded_driver("cuda")
    names = []
    for number in range(count_cuda_devices()):
        _, device = driver.cuDeviceGet(number)
        _, name = driver.cuDeviceGetName(96, device)
        names.append(name.split(b"\0")[0].decode(errors="replace"))
    return names


def _loaded_driver(device: str) -> Any:
    try:
        from cuda.bindings import driver
    except ImportError as error:
        raise DeviceUnavailableError(
            f"{device} needs the package cuda-core, which is not installed: "
            "install edl2ffmpeg[cuda], or choose --hw-accel none",
            device,
        ) from error
    try:
        driver.cuInit(0)
    # The loader of the driver's library has errors of its own, all RuntimeErrors.
    except RuntimeError as error:
        raise DeviceUnavailableError(
            f"{device} cannot be had, because NVIDIA's driver is not there: install it, or choose "
            "--hw-accel none",
            device,
        ) from error
    return driver
