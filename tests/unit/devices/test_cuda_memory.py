"""Memory of the device: pools, uploads, the ring of surfaces."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.devices.cuda_memory import BlockPool, UploadRing
from edl2ffmpeg.devices.surfaces import SurfaceRing
from edl2ffmpeg.errors import DeviceError, SettingsError
from edl2ffmpeg.frame import Memory, pixel_format
from helpers.device.fake_driver import FakeDriver


class NoKernels:
    def __init__(self, device: CudaDevice) -> None:
        pass

    def launch(self, kernel: str, columns: int, rows: int, parameters: bytes) -> None:
        raise AssertionError(kernel)

    def close(self) -> None:
        pass


@pytest.fixture
def driver() -> FakeDriver:
    return FakeDriver()


@pytest.fixture
def device(driver: FakeDriver) -> Iterator[CudaDevice]:
    with CudaDevice(NoKernels, driver=driver) as found:
        yield found
    assert driver.is_empty


def test_blocks_are_lent_again(device: CudaDevice) -> None:
    pool = BlockPool(device)
    first = pool.take(1000)
    pool.give_back(first)
    assert pool.take(900) == first
    lease = pool.lend(5000)
    address = lease.block.address
    assert pool.take(5000).address != address
    del lease
    assert pool.take(5000).address == address
    assert device.counters.allocations == 3
    for size in (1, 511, 513, 1025, 12_345, 10**8 + 7):
        block = pool.take(size) if size < 10**6 else None
        assert block is None or size <= block.size <= max(512, size * 1.25)


def test_free_blocks_stay_within_the_budget(device: CudaDevice, driver: FakeDriver) -> None:
    pool = BlockPool(device, budget=4096)
    blocks = [pool.take(2048) for _ in range(4)]
    for block in blocks:
        pool.give_back(block)
    assert driver.names.count("cuMemFree") == 2
    pool.close()
    assert driver.names.count("cuMemFree") == 4


def test_what_comes_back_late_is_freed(driver: FakeDriver) -> None:
    with CudaDevice(NoKernels, driver=driver) as device:
        pool = BlockPool(device)
        early, late = pool.lend(100), pool.lend(100)
        pool.close()
        assert driver.names.count("cuMemFree") == 0
        del early
        assert driver.names.count("cuMemFree") == 1
    assert driver.is_empty
    del late
    assert driver.names.count("cuMemFree") == 2


def test_uploads_need_no_care(device: CudaDevice, driver: FakeDriver) -> None:
    """The source may change at once; what does not fit in a chunk has one of its own."""
    ring = UploadRing(device)
    sizes = [3, 2 * 2**20, 2 * 2**20, 9 * 2**20, 100, *[3 * 2**20] * 6]
    rng = np.random.default_rng(1)
    targets = []
    for size in sizes:
        data = rng.integers(0, 256, size).astype(np.uint8)
        targets.append((device.allocate(size), data.copy()))
        ring.upload(targets[-1][0], data.ctypes.data, size)
        data[:] = 0
    for address, data in targets:
        memory = device.pinned(len(data))
        device.download_rows((memory.ctypes.data, 1), (address, len(data)), len(data), 1)
        device.synchronise()
        assert (memory == data).all()
    assert driver.names.count("cuEventSynchronize") > 0
    assert device.counters.host_to_device_copies == len(sizes)


@pytest.mark.parametrize(("layout", "width"), [("nv12", 1), ("p010le", 2)])
def test_surfaces_are_one_allocation(device: CudaDevice, layout: str, width: int) -> None:
    with SurfaceRing(device, (97, 55), pixel_format(layout), 3) as ring:
        frame = ring.allocate()
        luma, chroma = frame.planes
        assert frame.memory is Memory.CUDA
        assert luma.pitch == chroma.pitch == ring.pitch
        assert ring.pitch % 256 == 0 and ring.pitch >= 98 * width
        assert chroma.address == luma.address + ring.pitch * 55
        assert (luma.rows, chroma.rows) == (55, 28)
        assert device.counters.allocations == 3


def test_a_surface_comes_back_with_its_last_reference(device: CudaDevice) -> None:
    with SurfaceRing(device, (32, 16), pixel_format("nv12"), 2, patience_seconds=0.01) as ring:
        frame = ring.allocate()
        held = frame.native
        address = frame.planes[0].address
        other = ring.allocate()
        del frame
        with pytest.raises(DeviceError, match="none of 2 surfaces"):
            ring.allocate()
        del held
        assert ring.allocate().planes[0].address == address
        del other
    with pytest.raises(ValueError, match="closed"):
        ring.allocate()


def test_a_ring_has_limits(device: CudaDevice, driver: FakeDriver) -> None:
    with pytest.raises(SettingsError, match="1 to 64"):
        SurfaceRing(device, (32, 16), pixel_format("nv12"), 65)
    with pytest.raises(SettingsError, match="not yuv420p"):
        SurfaceRing(device, (32, 16), pixel_format("yuv420p"), 4)
    driver.fail("cuMemAlloc", 2, 3)
    with pytest.raises(DeviceError, match="out of memory"):
        SurfaceRing(device, (32, 16), pixel_format("nv12"), 4)
    assert driver.names.count("cuMemFree") == 2
