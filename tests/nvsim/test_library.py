"""The libraries themselves: what they export, what they refuse, memory, copies, and the log."""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import av
import pytest

import nvsim
from nvsim import CopyCount
from nvsim.build import SONAMES, SOURCES


def names_in_wheel() -> set[str]:
    """Functions of the driver that FFmpeg's libraries have the names of."""
    package = Path(av.__file__).parent
    libraries = [*package.parent.glob("av.libs/libav*"), *package.glob("**/*.so")]
    found: set[str] = set()
    for library in libraries:
        names = re.findall(rb"\0((?:cu|NvEncodeAPI)[A-Z]\w+|cuvid[A-Z]\w+)\0", library.read_bytes())
        found.update(name.decode() for name in names)
    return found


def test_every_function_that_ffmpeg_knows_is_there() -> None:
    wanted = sorted(names_in_wheel())
    assert len(wanted) > 60
    code = f"""
    import ctypes, sys
    cuda, encode, decode = map(ctypes.CDLL, {SONAMES})
    for name in sys.argv[1:]:
        library = encode if name[0] == "N" else decode if name.startswith("cuvid") else cuda
        if not hasattr(library, name):
            print(name)
    """
    assert nvsim.run(code, wanted).checked().stdout.split() == []


def fake_driver(folder: Path) -> Path:
    """A library with the name of the real driver's."""
    source, library = folder / "fake.c", folder / "libcuda.so.1"
    source.write_text("int cuInit(unsigned flags) { return flags ? 1 : 100; }\n")
    compiler = os.environ.get("CC", "cc").split()
    options = ["-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-o"]
    subprocess.run([*compiler, *options, str(library), str(source)], check=True)
    return library


def test_refuses_to_load_over_a_real_driver(tmp_path: Path) -> None:
    fake = fake_driver(tmp_path)
    run = nvsim.run(
        f"""
        import ctypes
        ctypes.CDLL("{fake}")
        ctypes.CDLL("libnvidia-encode.so.1")
        print("still here")
        """
    )
    assert (run.returncode, run.stdout) == (97, "")
    assert f"refusing to run over a real driver: {fake} is loaded" in run.stderr


def test_refuses_to_start_once_a_real_driver_is_there(tmp_path: Path) -> None:
    fake = fake_driver(tmp_path)
    run = nvsim.run(
        f"""
        import ctypes
        simulated = ctypes.CDLL("libnvcuvid.so.1")
        ctypes.CDLL("{fake}")
        simulated.cuInit(0)
        print("still here")
        """
    )
    assert (run.returncode, run.stdout) == (97, "")
    assert "refusing" in run.stderr


MEMORY = """
import ctypes
from ctypes import byref, c_float, c_int, c_size_t, c_uint, c_uint64, c_void_p
import numpy as np
from nvsim.driver import Driver
driver = Driver()
context = driver.primary_context()
size = 1000

driver.mark("flat")
first, second = (driver.handle("cuMemAlloc_v2", c_size_t(size)) for _ in range(2))
host = c_void_p()
driver.call("cuMemHostAlloc", byref(host), c_size_t(size), 0)
pinned = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(host.value))
pinned[:] = np.arange(size) % 251
assert (driver.shadow(first.value, size) == 0xA5).all(), "fresh memory"
driver.call("cuMemcpyHtoDAsync_v2", first, host, c_size_t(size), c_uint64(0))
driver.call("cuMemcpyDtoDAsync_v2", second, first, c_size_t(size), c_uint64(0))
assert (driver.shadow(second.value, size) == pinned).all()
driver.call("cuMemsetD8Async", first, 7, c_size_t(size), c_uint64(0))
driver.call("cuMemcpyDtoH_v2", host, c_uint64(first.value + 10), c_size_t(5))
assert list(pinned[:6]) == [7] * 5 + [5]
driver.call("cuMemcpy", second, first, c_size_t(3))
assert list(driver.shadow(second.value, 4)) == [7, 7, 7, 3]
driver.call("cuMemsetD16_v2", first, 0x1234, c_size_t(2))
assert list(driver.shadow(first.value, 5)) == [0x34, 0x12] * 2 + [7]
driver.call("cuMemsetD2D8_v2", first, c_size_t(100), 9, c_size_t(2), c_size_t(2))
assert list(driver.shadow(first.value + 99, 4)) == [7, 9, 9, 7]

own = ctypes.create_string_buffer(size)
driver.call("cuMemHostRegister_v2", own, c_size_t(size), 0)
assert driver.result("cuMemHostRegister_v2", own, c_size_t(size), 0) == 712
driver.call("cuMemHostUnregister", own)

driver.mark("services")
free, total = c_size_t(), c_size_t()
driver.call("cuMemGetInfo_v2", byref(free), byref(total))
assert (total.value, total.value - free.value) == (4 << 20, 2 * size)
driver.call("cuDeviceTotalMem_v2", byref(total), 0)
assert total.value == 4 << 20
assert driver.result("cuMemAlloc_v2", byref(c_uint64()), c_size_t(4 << 20)) == 2
pitched, pitch = c_uint64(), c_size_t()
driver.call("cuMemAllocPitch_v2", byref(pitched), byref(pitch), c_size_t(700), c_size_t(3), 4)
assert pitch.value == 1024
name = ctypes.create_string_buffer(64)
driver.call("cuDeviceGetName", name, 64, 1)
assert b"simulated" in name.value
count = c_int()
driver.call("cuDeviceGetCount", byref(count))
assert count.value == 2
version = c_int()
driver.call("cuDriverGetVersion", byref(version))
assert version.value >= 12000
text = ctypes.c_char_p()
driver.call("cuGetErrorName", 719, byref(text))
assert text.value == b"CUDA_ERROR_LAUNCH_FAILED"
function = c_void_p()
driver.call("cuGetProcAddress_v2", b"cuMemAlloc", byref(function), 12000, c_uint64(0), None)
alloc = ctypes.cast(driver.library.cuMemAlloc_v2, c_void_p)
assert function.value == alloc.value
assert driver.result("cuGetProcAddress", b"cuNo", byref(function), 12000, c_uint64(0)) == 500
assert driver.result("cuModuleLoadData", None, None) == 801

driver.mark("streams")
stream = driver.handle("cuStreamCreateWithPriority", 1, 0)
event = driver.handle("cuEventCreate", 0)
driver.call("cuEventRecord", event, stream)
driver.call("cuStreamWaitEvent", stream, event, 0)
driver.call("cuStreamSynchronize", stream)
driver.call("cuStreamQuery", stream)
driver.call("cuEventQuery", event)
driver.call("cuEventSynchronize", event)
ran = []
@ctypes.CFUNCTYPE(None, c_void_p)
def on_stream(data):
    ran.append(data)
driver.call("cuLaunchHostFunc", stream, on_stream, c_void_p(5))
assert ran == [5]
driver.kernel("scale \\"2x\\"", stream.value)
driver.call("cuMemsetD32Async", second, 1, c_size_t(1), stream)
driver.call("cuEventDestroy_v2", event)
driver.call("cuStreamDestroy_v2", stream)

driver.mark("contexts")
flags, active = c_uint(), c_int()
driver.call("cuDevicePrimaryCtxGetState", 0, byref(flags), byref(active))
assert (flags.value, active.value) == (4, 1)
assert driver.result("cuDevicePrimaryCtxSetFlags", 0, 0) == 708
assert driver.result("cuDeviceGet", byref(c_int()), 2) == 101
assert driver.result("cuCtxCreate_v2", byref(c_uint64()), 0, 2) == 101
current = c_uint64()
driver.call("cuCtxGetCurrent", byref(current))
assert current.value == context.value
for memory in (first, second, pitched):
    driver.call("cuMemFree_v2", memory)
driver.call("cuMemFree_v2", c_uint64(0))
driver.call("cuMemFreeHost", host)
driver.call("cuCtxSetCurrent", c_uint64(0))
driver.call("cuDevicePrimaryCtxRelease", 0)
"""


def test_memory_copies_streams_and_contexts() -> None:
    report = nvsim.run(MEMORY, devices=2, memory_mb=4).checked().report
    report.assert_clean()
    assert report.copies.host_to_device == CopyCount(1, 1000)
    assert report.copies.device_to_device == CopyCount(2, 1003)
    assert report.copies.device_to_host == CopyCount(1, 5)
    assert report.copies.memset == CopyCount(4, 1000 + 4 + 4 + 4)
    assert report.copies.through_host == 1005
    assert report.kernels == 1
    kernel = next(call for call in report.calls if call.function == "nvsim_kernel")
    assert kernel.arguments == 'name=scale "2x" stream=stream1'


DEADLY = {
    "device-memory": "ctypes.string_at(surface.value, 1)",
    "handle": "ctypes.string_at(context.value, 1)",
    "past-the-end": "ctypes.memset(shadow, 0, 4097)",
    "freed": "driver.call('cuMemFree_v2', surface); ctypes.memset(shadow, 0, 1)",
}


@pytest.mark.parametrize("deed", DEADLY)
def test_host_code_dies_where_it_would_on_a_gpu(deed: str) -> None:
    run = nvsim.run(
        f"""
        import ctypes, resource
        from nvsim.driver import Driver
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        driver = Driver()
        context = driver.primary_context()
        surface = driver.handle("cuMemAlloc_v2", ctypes.c_size_t(4096))
        shadow = driver.shadow(surface.value, 4096).ctypes.data
        ctypes.memset(shadow, 0, 4096)
        print("so far", flush=True)
        {DEADLY[deed]}
        print("not so far")
        """
    )
    assert run.stdout == "so far\n"
    assert run.returncode == -signal.SIGSEGV
    assert not run.report.finished
    assert run.report.count("cuMemAlloc_v2") == 1


def test_log_lines(tmp_path: Path) -> None:
    """The format, for whoever reads the file without this package."""
    log = tmp_path / "log-%p.jsonl"
    code = """
    import os
    from nvsim.driver import Driver
    driver = Driver()
    driver.mark("start")
    driver.call("cuInit", 0)
    driver.result("cuCtxPopCurrent_v2", None)
    print(os.getpid(), driver.summary()["calls"], driver.library.nvsim_calls())
    """
    run = nvsim.run(code, environment={"NVSIM_LOG": str(log)}).checked()
    process, *counts = run.stdout.split()
    assert counts == ["2", "2"]
    lines = (tmp_path / f"log-{process}.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["line"] for entry in entries] == [
        *["mark", "call", "violation", "call", "summary"]
    ]
    assert entries[1] == {
        "line": "call",
        "sequence": 1,
        "thread": 1,
        "function": "cuInit",
        "arguments": "flags=0",
        "result": 0,
    }
    assert entries[2]["kind"] == "unbalanced-pop"
    assert entries[2]["before"] == entries[3]["sequence"]
    assert entries[4]["live"]["context"] == 0
    assert nvsim.read_report(tmp_path / f"log-{process}.jsonl").kinds() == ["unbalanced-pop"]


def test_every_process_has_a_log_of_its_own() -> None:
    child = "from nvsim.driver import Driver; Driver().result('cuCtxPopCurrent_v2', None)"
    code = f"""
    import subprocess, sys
    from nvsim.driver import Driver
    Driver().call("cuInit", 0)
    subprocess.run([sys.executable, "-c", {child!r}], check=True)
    """
    run = nvsim.run(code).checked()
    assert run.report.functions() == ["cuInit"]
    assert [report.kinds() for report in run.others.values()] == [["unbalanced-pop"]]


def test_without_the_driver_the_report_is_empty() -> None:
    report = nvsim.run("print(1)").checked().report
    assert report == nvsim.SimulatorReport()


def test_build_is_cached() -> None:
    folder = nvsim.build()
    stamp = (folder / "libnvsim.so").stat().st_mtime_ns
    assert nvsim.build() == folder
    assert (folder / "libnvsim.so").stat().st_mtime_ns == stamp
    assert {file.name for file in folder.iterdir()} == {"libnvsim.so", *SONAMES}


def test_sources_compile_without_a_warning() -> None:
    compiler = os.environ.get("CC", "cc").split()
    options = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    sources = [str(source) for source in SOURCES.glob("*.c")]
    done = subprocess.run([*compiler, *options, *sources], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_build_without_a_compiler_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(nvsim.BuildError, match="no-such-compiler is not on PATH"):
        nvsim.build()
    monkeypatch.setenv("CC", "false")
    with pytest.raises(nvsim.BuildError, match="libnvsim"):
        nvsim.build()


def test_example_of_the_readme() -> None:
    text = Path(__file__).with_name("README.md").read_text()
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 1
    exec(examples[0], {})


def test_this_process_is_left_alone() -> None:
    """The simulator is for processes of its own."""
    maps = Path("/proc/self/maps").read_text()
    assert "nvsim" not in maps
    assert ctypes.sizeof(ctypes.c_void_p) == 8  # what the layouts of the driver's structs assume
