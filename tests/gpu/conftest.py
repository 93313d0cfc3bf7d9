"""CUDA devices for tests: a real one, and one whose kernels run on the host."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edl2ffmpeg.compositor.cuda import open_cuda_device
from edl2ffmpeg.compositor.cuda_kernels import CudaKernels
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.errors import DeviceUnavailableError
from helpers.device.bench import Bench
from helpers.device.fake_driver import FakeDriver
from helpers.device.host_launcher import HostLauncher, build_kernels, compiler

REQUIRED = os.environ.get("EDL2FFMPEG_REQUIRE_GPU") == "1"


def skip(reason: str) -> None:
    if REQUIRED:
        pytest.fail(f"EDL2FFMPEG_REQUIRE_GPU is 1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def open_device(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], CudaDevice]:
    """Opens the real device ("cuda"), or the one on host memory ("host")."""
    libraries: list[Path] = []

    def opened(kind: str) -> CudaDevice:
        if kind == "cuda":
            try:
                return open_cuda_device()
            except DeviceUnavailableError as error:
                skip(str(error))
        if compiler() is None:
            pytest.skip("there is no C++ compiler")
        if not libraries:
            libraries.append(build_kernels(tmp_path_factory.mktemp("kernels")))
        driver = FakeDriver()
        return CudaDevice(lambda _: HostLauncher(libraries[0], driver.shadow), driver=driver)

    return opened


@pytest.fixture(scope="session", params=["host", "cuda"])
def device(
    request: pytest.FixtureRequest, open_device: Callable[[str], CudaDevice]
) -> Iterator[CudaDevice]:
    """Both devices, for the whole session: what was written beside memory shows at the end."""
    with open_device(request.param) as found:
        yield found
    driver = found.driver
    if isinstance(driver, FakeDriver):
        assert driver.is_empty


@pytest.fixture
def kernels(device: CudaDevice) -> Iterator[CudaKernels]:
    with CudaKernels(device) as found:
        yield found


@pytest.fixture
def bench(kernels: CudaKernels, device: CudaDevice) -> Bench:
    return Bench(kernels, device)
