"""A copy is begun once, by whoever needs it first, or never."""

from __future__ import annotations

import threading

from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.devices.cuda_copies import DelayedCopy
from helpers.device.fake_driver import FakeDriver


class _NoKernels:
    def launch(self, kernel: str, columns: int, rows: int, parameters: bytes) -> None:
        raise AssertionError(kernel)

    def close(self) -> None:
        pass


def test_it_is_begun_once() -> None:
    driver = FakeDriver()
    with CudaDevice(lambda _: _NoKernels(), driver=driver) as device:
        begun = []

        def begin() -> object:
            begun.append(threading.current_thread().name)
            return device.mark(device.stream)

        copy = DelayedCopy(begin)  # type: ignore[arg-type]
        assert begun == []
        threads = [threading.Thread(target=copy.start, name=f"{n}") for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(begun) == 1
        assert "cuEventSynchronize" not in driver.names
        copy.wait()
        copy.forget()
        copy.wait()
        assert len(begun) == 1
        assert driver.names.count("cuEventSynchronize") == 2
        del copy


def test_forgotten_it_never_is() -> None:
    def begin() -> object:
        raise AssertionError

    copy = DelayedCopy(begin)  # type: ignore[arg-type]
    copy.forget()
    copy.start()
    copy.wait()
