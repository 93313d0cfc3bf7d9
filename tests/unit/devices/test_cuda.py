"""The owner of CUDA state: the order of its calls, and what is left when one fails."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.errors import DeviceError, DeviceLostError, DeviceUnavailableError
from helpers.device.fake_driver import FakeDriver

OPENED = [
    "cuInit",
    "cuDeviceGetCount",
    "cuDeviceGet",
    "cuDeviceGetName",
    "cuDeviceGetAttribute",
    "cuDeviceGetAttribute",
    "cuDevicePrimaryCtxGetState",
    "cuDevicePrimaryCtxSetFlags",
    "cuDevicePrimaryCtxRetain",
    "cuCtxSetCurrent",
    "cuStreamCreate",
    "cuStreamCreate",
]


class Kernels:
    """A launcher that tells the driver's log when it is closed."""

    def __init__(self, device: CudaDevice) -> None:
        self._driver = device.driver
        self._driver.calls.append(("kernels loaded",))

    def launch(self, kernel: str, columns: int, rows: int, parameters: bytes) -> None:
        self._driver.calls.append(("launch", kernel))

    def close(self) -> None:
        self._driver.calls.append(("kernels unloaded",))


def test_opened_in_order_and_closed_in_the_reverse() -> None:
    driver = FakeDriver()
    device = CudaDevice(Kernels, driver=driver)
    assert driver.names == [*OPENED, "kernels loaded"]
    assert ("cuDevicePrimaryCtxSetFlags", 4) in driver.calls
    address = device.allocate(1000)
    pinned = device.pinned(10)
    event = device.mark(device.stream)
    driver.calls.clear()
    device.close()
    assert driver.names == [
        "cuCtxSetCurrent",
        "cuStreamSynchronize",
        "cuStreamSynchronize",
        "kernels unloaded",
        "cuEventDestroy",
        "cuMemHostUnregister",
        "cuMemFree",
        "cuStreamDestroy",
        "cuStreamDestroy",
        "cuDevicePrimaryCtxRelease",
    ]
    assert driver.calls[6] == ("cuMemFree", address)
    assert driver.is_empty
    # Pinned memory is plain memory now.
    pinned[:] = 1
    driver.calls.clear()
    device.close()
    del pinned, event
    gc.collect()
    assert driver.calls == []


def test_flags_of_an_active_context_are_left_alone() -> None:
    driver = FakeDriver(active=True)
    with CudaDevice(Kernels, driver=driver):
        assert "cuDevicePrimaryCtxSetFlags" not in driver.names


def test_use_after_close_raises() -> None:
    device = CudaDevice(Kernels, driver=FakeDriver())
    device.close()
    for use in (
        lambda: device.allocate(1),
        lambda: device.pinned(1),
        lambda: device.mark(device.stream),
        lambda: device.launch("fill", 1, 1, b""),
        device.synchronise,
    ):
        with pytest.raises(ValueError, match="cuda:0 is closed"):
            use()


@pytest.mark.parametrize("step", range(len(OPENED)))
def test_opening_that_fails_leaves_nothing(step: int) -> None:
    driver = FakeDriver()
    driver.fail(OPENED[step], 100, OPENED[: step + 1].count(OPENED[step]))
    with pytest.raises(DeviceUnavailableError, match=OPENED[step]) as caught:
        CudaDevice(Kernels, driver=driver)
    assert caught.value.device == "cuda:0"
    assert driver.is_empty


def test_kernels_that_fail_leave_nothing() -> None:
    def refused(device: CudaDevice) -> Any:
        raise DeviceError("no kernels")

    driver = FakeDriver()
    with pytest.raises(DeviceError, match="no kernels"):
        CudaDevice(refused, driver=driver)
    assert driver.is_empty


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(DeviceUnavailableError, match=r"there is no CUDA device 1.*knows of 1"):
        CudaDevice(Kernels, 1, FakeDriver())


def test_errors_say_what_to_do() -> None:
    driver = FakeDriver()
    with CudaDevice(Kernels, driver=driver) as device:
        driver.fail("cuMemAlloc", 2)
        with pytest.raises(DeviceError, match=r"Fake GPU is out of memory \(cuMemAlloc\)"):
            device.allocate(100)
        driver.fail("cuStreamSynchronize", 700)
        with pytest.raises(DeviceLostError, match=r"CUDA_ERROR_700.* lost to this process"):
            device.synchronise()
        driver.fail("cuEventQuery", 719)
        event = device.mark(device.stream)
        with pytest.raises(DeviceLostError):
            event.is_past()
    assert driver.is_empty


def test_events_are_used_again() -> None:
    driver = FakeDriver()
    with CudaDevice(Kernels, driver=driver) as device:
        for _ in range(5):
            device.mark(device.stream).wait()
        assert driver.names.count("cuEventCreate") == 1
        first, second = device.mark(device.stream), device.mark(device.stream)
        assert first.handle != second.handle


def test_without_a_driver_it_is_unavailable() -> None:
    pytest.importorskip("cuda.bindings.driver")
    try:
        CudaDevice(Kernels).close()
    except DeviceUnavailableError as error:
        assert error.exit_code == 2
