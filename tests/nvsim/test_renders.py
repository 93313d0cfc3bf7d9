"""Renders on the simulated device: the CPU's pictures bit for bit, and nothing left of them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import edl2ffmpeg
import nvsim
from helpers.device.host_launcher import build_kernels
from helpers.processes import is_running, worker_fault
from nvsim import CudaResult, Fault
from nvsim.process import SimulatorRun
from nvsim.product import decoded

pytest.importorskip("cuda.bindings", reason="cuda-bindings is for Linux alone")

START = """
import json, sys
from pathlib import Path
from nvsim.driver import Driver
from nvsim.product import *
from edl2ffmpeg.jobs import device_choice
from edl2ffmpeg.rendering.device_probe import DeviceTrial
import edl2ffmpeg
use_simulator(Path(sys.argv[1]))
folder = Path(sys.argv[2])
edl = project(folder)
driver = Driver()
"""


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_kernels(tmp_path_factory.mktemp("kernels"))


def on_simulator(
    code: str, kernels: Path, folder: Path, extra: Sequence[str] = (), **options: Any
) -> SimulatorRun:
    arguments = [str(kernels), str(folder), *extra]
    return nvsim.run(START + code, arguments, timeout_seconds=120, **options)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"a.mp4", "b.mp4", "cut.json"}


def test_the_pictures_are_the_cpus_bit_for_bit(kernels: Path, tmp_path: Path) -> None:
    code = """
wanted = None
driver.mark("gpu")
gpu = render(edl, "gpu.mkv", hw_accel="cuda")
driver.mark("cpu")
cpu = render(edl, "cpu.mkv")
found, wanted = decoded(folder / "gpu.mkv"), decoded(folder / "cpu.mkv")
assert len(found) == len(wanted) == 25
assert [number for number in range(25) if (found[number] != wanted[number]).any()] == []
print(json.dumps([gpu.warnings, gpu.report["device"], gpu.report["counters"]]))
"""
    run = on_simulator(code, kernels, tmp_path).checked()
    warnings, device, counters = json.loads(run.stdout.splitlines()[-1])
    assert warnings == []
    assert (device["requested"], device["used"]) == ("cuda", "cuda:0")
    assert [entry["used"] for entry in device["decoders"]] == ["cuda:0", "cuda:0"]
    run.report.assert_clean()
    # What was decoded there stays there: the host gets each finished frame, plane by plane.
    assert counters["composed"] == 25
    assert run.report.copies.device_to_host.calls == 3 * 25
    assert run.report.copies.device_to_host.bytes == 25 * 64 * 48 * 3 // 2
    assert "cuvidDecodePicture" in run.report.functions("gpu")


def test_media_on_storage_are_decoded_on_the_device(kernels: Path, tmp_path: Path) -> None:
    code = """
local = render(edl, "local.mkv", hw_accel="cuda")
text = edl.read_text()
for name in ("a.mp4", "b.mp4"):
    text = text.replace(f'"{name}"', f'"local://{folder / name}"')
assert text.count("local://") == 4
edl.write_text(text)
driver.mark("storage")
stored = render(edl, "stored.mkv", hw_accel="cuda", allow_protocols=["local"])
assert (folder / "stored.mkv").read_bytes() == (folder / "local.mkv").read_bytes()
print(json.dumps([stored.warnings, stored.report["device"]]))
"""
    run = on_simulator(code, kernels, tmp_path).checked()
    warnings, device = json.loads(run.stdout.splitlines()[-1])
    assert warnings == []
    assert [entry["used"] for entry in device["decoders"]] == ["cuda:0", "cuda:0"]
    run.report.assert_clean()
    assert "cuvidDecodePicture" in run.report.functions("storage")


def test_what_the_device_does_not_decode_is_uploaded(kernels: Path, tmp_path: Path) -> None:
    code = """
import av, numpy as np
with av.open(str(folder / "b.mp4"), "w") as output:
    stream = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv422p"
    for number in range(30):
        frame = av.VideoFrame.from_ndarray(
            np.random.default_rng(number).integers(0, 256, (96, 64), np.uint8), "yuv422p")
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))
gpu = render(edl, "gpu.mkv", hw_accel="cuda")
none = render(edl, "none.mkv", hw_accel="cuda", hw_decode=False)
cpu = render(edl, "cpu.mkv")
pictures = [decoded(folder / name) for name in ("gpu.mkv", "none.mkv", "cpu.mkv")]
for one, two, three in zip(*pictures, strict=True):
    assert (one == three).all() and (two == three).all()
print(json.dumps([gpu.report["device"]["decoders"], none.report["device"]["decoders"]]))
"""
    run = on_simulator(code, kernels, tmp_path).checked()
    mixed, none = json.loads(run.stdout.splitlines()[-1])
    used = {Path(entry["location"]).name: (entry["used"], entry["reason"]) for entry in mixed}
    assert used["a.mp4"] == ("cuda:0", "the device decodes it")
    assert used["b.mp4"][0] == "cpu"
    assert used["b.mp4"][1].startswith("the device does not decode it")
    assert none == []
    run.report.assert_clean()


def test_av1_goes_back_to_the_decoder_of_the_cpu(kernels: Path, tmp_path: Path) -> None:
    """The decoder of AV1 that uses devices has no software; the simulated one has no AV1."""
    code = """
import gc, av, numpy as np
from edl2ffmpeg.media.device_trial import decodable
with av.open(str(folder / "b.mp4"), "w") as output:
    stream = output.add_stream("libsvtav1", rate=25, options={"preset": "10"})
    stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
    for number in range(30):
        frame = av.VideoFrame.from_ndarray(
            np.random.default_rng(number).integers(16, 236, (96, 64), np.uint8), "yuv420p")
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))
gpu = render(edl, "gpu.mkv", hw_accel="cuda")
cpu = render(edl, "cpu.mkv")
for one, two in zip(decoded(folder / "gpu.mkv"), decoded(folder / "cpu.mkv"), strict=True):
    assert (one == two).all()
gc.collect()
trials = folder / "trials"
trials.mkdir()
print(json.dumps([gpu.report["device"]["decoders"], decodable(0, trials)]))
"""
    run = on_simulator(code, kernels, tmp_path).checked()
    decoders, trials = json.loads(run.stdout.splitlines()[-1])
    used = {Path(entry["location"]).name: (entry["used"], entry["reason"]) for entry in decoders}
    assert used["a.mp4"][0] == "cuda:0"
    assert used["b.mp4"] == ("cpu", "the device does not decode it")
    assert trials["av1"] not in ("", trials["h264"])
    run.report.assert_clean()


def test_after_an_exception_anywhere_nothing_is_left(kernels: Path, tmp_path: Path) -> None:
    code = """
import edl2ffmpeg.compositor.composer as composer
import edl2ffmpeg.media.video_encoder as video_encoder
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.muxer import Muxer
from edl2ffmpeg.plan.frame_planner import FramePlanner

class Planned(Exception):
    pass

def fail_at(owner, name, nth):
    real, calls = getattr(owner, name), [0]
    def failing(*arguments, **options):
        calls[0] += 1
        if calls[0] == nth:
            raise Planned(name)
        return real(*arguments, **options)
    setattr(owner, name, failing)
    return lambda: setattr(owner, name, real)

places = [
    (FramePlanner, "frame"), (DecoderPool, "frames_played_at"), (composer.FrameComposer, "compose"),
    (video_encoder.VideoEncoder, "encode"), (Muxer, "write_frame"), (Muxer, "finish"),
]
for owner, name in places:
    for nth in (1, 10):
        if name == "finish" and nth > 1:
            continue
        restore = fail_at(owner, name, nth)
        try:
            render(edl, "out.mkv", hw_accel="cuda")
        except Planned:
            pass
        else:
            raise AssertionError(f"{name} was not called {nth} times")
        finally:
            restore()
        summary = driver.summary()
        assert not any(summary["live"].values()), (name, nth, summary)
"""
    run = on_simulator(code, kernels, tmp_path).checked()
    run.report.assert_clean()
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    ("function", "code"),
    [
        ("cuInit", 100),
        ("cuDevicePrimaryCtxRetain", 2),
        ("cuStreamCreate", 2),
        ("cuMemAlloc_v2", 2),
        ("cuMemcpyHtoDAsync_v2", 700),
        ("cuMemcpy2DAsync_v2", 700),
        ("cuEventRecord", 719),
        ("cuEventSynchronize", 719),
        ("cuvidCreateDecoder", 2),
        ("cuvidDecodePicture", 999),
        ("cuvidMapVideoFrame64", 999),
    ],
)
def test_a_driver_call_that_fails_is_one_sentence_or_the_right_movie(
    function: str, code: int, kernels: Path, tmp_path: Path
) -> None:
    program = f"""
from nvsim import CudaResult, Fault
cpu = render(edl, "cpu.mkv")
wanted = decoded(folder / "cpu.mkv")
outcomes = []
driver.mark("tries")
for first in (1, 2, 7, 30):
    driver.add_faults([Fault({function!r}, first=first, code={code})])
    try:
        result = render(edl, f"gpu{{first}}.mkv", hw_accel="cuda")
    except edl2ffmpeg.Edl2FfmpegError as error:
        assert str(error) and len(str(error).splitlines()) == 1, str(error)
        assert not (folder / f"gpu{{first}}.mkv").exists()
        outcomes.append(type(error).__name__)
    else:
        found = decoded(folder / f"gpu{{first}}.mkv")
        assert len(found) == len(wanted)
        assert all((one == other).all() for one, other in zip(found, wanted, strict=True)), first
        assert result.warnings == (), (first, result.warnings)
        outcomes.append("right")
    driver.clear_faults()
    summary = driver.summary()
    assert not any(summary["live"].values()), (first, summary)
print(json.dumps(outcomes))
"""
    run = on_simulator(program, kernels, tmp_path).checked()
    outcomes = json.loads(run.stdout.splitlines()[-1])
    assert len(outcomes) == 4
    assert not any(name.endswith(".partial") for name in files(tmp_path))


def test_without_a_device_it_is_an_error_or_the_cpu(kernels: Path, tmp_path: Path) -> None:
    code = """
try:
    render(edl, "gpu.mkv", hw_accel="cuda", hw_device="3")
except edl2ffmpeg.DeviceUnavailableError as error:
    print(error)
result = render(edl, "gpu.mkv", hw_accel="cuda", hw_device="cuda:3", hw_fallback="allow")
print(result.report["device"]["used"])
print(*result.warnings)
"""
    lines = on_simulator(code, kernels, tmp_path).checked().stdout.splitlines()
    why = "there is no CUDA device 3: the driver knows of 1; choose another one, or --hw-accel none"
    assert lines == [why, "cpu", f"rendered on the CPU and not on a GPU: {why}"]


def test_a_lost_device_is_one_clear_error(kernels: Path, tmp_path: Path) -> None:
    for function, first in (("cuMemcpy2DAsync_v2", 5), ("cuEventRecord", 9), ("cuMemAlloc_v2", 9)):
        code = """
try:
    render(edl, "gpu.mkv", hw_accel="cuda")
except edl2ffmpeg.Edl2FfmpegError as error:
    print(type(error).__name__)
else:
    print("rendered")
"""
        fault = Fault(function, first=first, device_lost=True)
        run = on_simulator(code, kernels, tmp_path, faults=[fault])
        assert not run.timed_out
        assert run.stdout.strip() in ("DeviceLostError", "DeviceError"), (run.stdout, run.stderr)
        assert not any(name.endswith(".partial") for name in files(tmp_path))


def test_many_renders_in_one_process_grow_nothing(kernels: Path, tmp_path: Path) -> None:
    code = """
import os, resource, threading
from pathlib import Path
def counts():
    return len(os.listdir("/proc/self/fd")), threading.active_count()
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
for _ in range(10):
    render(edl, "gpu.mkv", hw_accel="cuda", end="0.08")
before, memory = counts(), resident()
for _ in range(30):
    render(edl, "gpu.mkv", hw_accel="cuda", end="0.08")
assert counts() == before, (before, counts())
assert resident() - memory < 12, resident() - memory
assert not any(driver.summary()["live"].values())
"""
    run = on_simulator(code, kernels, tmp_path).checked()
    run.report.assert_clean()


@pytest.mark.parametrize("encodes", [False, True])
def test_pictures_of_many_sizes_do_not_fill_the_device(
    encodes: bool, kernels: Path, tmp_path: Path
) -> None:
    code = """
from edl2ffmpeg.media import hardware_decoding
sizes = [(64, 48), *((64, 64 + 16 * n) for n in range(10))]
clips = []
for n, size in enumerate(sizes):
    make_movie(folder / f"{n}.mp4", 6, n, size)
    clips.append({"track": {"type": "video", "number": 1}, "in": n * 0.24, "out": (n + 1) * 0.24,
                  "source": {"uri": f"{n}.mp4", "in": 0, "out": 0.24}})
edl.write_text(json.dumps({"fps": 25, "width": 64, "height": 48, "clips": clips}))
render(edl, "cpu.mkv")
wanted = decoded(folder / "cpu.mkv")
decoding, idle = hardware_decoding.HardwareDecoding, []
lend = decoding._lend
def lending(self, size):
    lease = lend(self, size)
    others = [(bytes, len(blocks)) for bytes, blocks in self._free.items() if bytes != size]
    idle.append(sum(bytes * count for bytes, count in others))
    return lease
decoding._lend = lending
name, options = ("gpu.mp4", {"codec": "h264"}) if sys.argv[3] == "True" else ("gpu.mkv", {})
# The ring of an encoder has surfaces of its own; those of the first clip are passed on.
peaks = []
for limit in (2**28, 100_000):
    hardware_decoding._MOST_IDLE_BYTES = limit
    idle.clear()
    render(edl, name, hw_accel="cuda", **options)
    peaks.append(max(idle))
    found = decoded(folder / name)
    assert len(found) == len(wanted) == 66
    assert not [n for n in range(66) if (found[n] != wanted[n]).any()]
assert not any(driver.summary()["live"].values())
print(json.dumps(peaks))
"""
    run = on_simulator(code, kernels, tmp_path, [str(encodes)]).checked()
    run.report.assert_clean()
    unlimited, limited = json.loads(run.stdout.splitlines()[-1])
    # Beyond the limit are the six pictures of a clip, which are in use when the next one begins.
    assert limited <= 100_000 + 6 * 256 * 208 * 3 // 2
    assert unlimited > 2 * limited


def test_devices_are_tried_in_a_process_of_their_own(tmp_path: Path) -> None:
    run = nvsim.run_python(["-m", "edl2ffmpeg", "devices", "--json"], timeout_seconds=60).checked()
    (device,) = json.loads(run.stdout)["cuda"]
    assert device["name"].startswith("nvsim")
    assert device["encodes"]["h264_nvenc"] == ""
    # The simulated decoder reads streams of its own encoder alone.
    assert device["decodes"]["h264"] != ""
    text = nvsim.run_python(["-m", "edl2ffmpeg", "devices"], timeout_seconds=60).checked().stdout
    assert "cuda:0: nvsim" in text
    assert "  encodes h264_nvenc\n" in text
    broken = nvsim.run_python(
        ["-m", "edl2ffmpeg", "devices"],
        faults=[Fault("cuInit", code=CudaResult.NO_DEVICE, times=None)],
        timeout_seconds=60,
    )
    assert broken.returncode == 0
    assert "CUDA: none: " in broken.stdout


def test_without_the_compiler_of_kernels_it_is_an_error_or_the_cpu(
    kernels: Path, tmp_path: Path
) -> None:
    code = """
import edl2ffmpeg.compositor.cuda as cuda
from edl2ffmpeg.rendering import hardware
from cuda.bindings import nvrtc
def missing():
    raise RuntimeError("libnvrtc is nowhere")
nvrtc.nvrtcVersion = missing
hardware.open_cuda_device = cuda.open_cuda_device
try:
    render(edl, "gpu.mkv", hw_accel="cuda")
except edl2ffmpeg.DeviceUnavailableError as error:
    print(error)
print(render(edl, "gpu.mkv", hw_accel="cuda", hw_fallback="allow").report["device"]["used"])
assert not any(driver.summary()["live"].values())
"""
    lines = on_simulator(code, kernels, tmp_path).checked().stdout.splitlines()
    assert lines == [
        "cuda:0 needs NVIDIA's run-time compiler NVRTC, which is not installed: install "
        "edl2ffmpeg[cuda], or choose --hw-accel none",
        "cpu",
    ]


@pytest.mark.parametrize("fallback", ["allow", "error"])
def test_a_driver_call_that_hangs_is_ended_with_its_process(
    fallback: str, kernels: Path, tmp_path: Path
) -> None:
    # Made by the simulated encoder, so with the simulator.
    on_simulator("", kernels, tmp_path).checked()
    options = ["--hw-accel", "cuda", "--hw-fallback", fallback, "--stall-timeout", "2"]
    command = ["-m", "edl2ffmpeg", str(tmp_path / "cut.json"), str(tmp_path / "out.mkv")]
    started = time.monotonic()
    run = nvsim.run_python(
        [*command, "-c", "ffv1", "--retries", "0", *options],
        faults=[Fault("cuMemcpy2DAsync_v2", first=4, delay_ms=30_000)],
        environment=worker_fault("simulator", tmp_path, WORKER_KERNELS=str(kernels)),
    )
    # Alone it takes under four seconds; the call would block for thirty.
    assert time.monotonic() - started < 20
    assert "made no progress for 2 s (--stall-timeout) while " in run.stderr
    assert "Traceback" not in run.stderr
    # The process of the command itself never spoke to the driver.
    assert not run.report.calls
    assert all(not is_running(process) for process in run.others)
    if fallback == "allow":
        assert run.returncode == 0, run.stderr
        assert "rendered on the CPU and not on a GPU: cuda:0: a worker process made" in run.stderr
        wanted = edl2ffmpeg.render(tmp_path / "cut.json", tmp_path / "cpu.mkv", codec="ffv1")
        pairs = zip(decoded(tmp_path / "out.mkv"), decoded(wanted.output), strict=True)
        assert all((one == other).all() for one, other in pairs)
        assert files(tmp_path) == {"out.mkv", "cpu.mkv"}
    else:
        assert run.returncode == 1
        (line,) = [line for line in run.stderr.splitlines() if line.startswith("edl2ffmpeg: ")]
        assert line.startswith("edl2ffmpeg: cuda:0: frames 0 to 24 (clips[0], clips[1], clips[2]")
        assert files(tmp_path) == set()


def test_workers_draw_on_the_device(kernels: Path, tmp_path: Path) -> None:
    on_simulator("", kernels, tmp_path).checked()
    command = ["-m", "edl2ffmpeg", str(tmp_path / "cut.json"), str(tmp_path / "out.mkv")]
    options = ["-c", "ffv1", "--hw-accel", "cuda", "--jobs", "2", "--chunk-seconds", "0.4"]
    run = nvsim.run_python(
        [*command, *options, "--report", str(tmp_path / "report.json")],
        environment=worker_fault("simulator", tmp_path, WORKER_KERNELS=str(kernels)),
    ).checked()
    assert not run.report.calls
    # One of them has only counted the devices.
    assert len(run.others) == 3
    for report in run.others.values():
        report.assert_clean()
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["device"]["used"] == "cuda:0"
    assert [entry["device"] for entry in report["chunks"]["done"]] == ["cuda:0"] * 3
    wanted = edl2ffmpeg.render(tmp_path / "cut.json", tmp_path / "cpu.mkv", codec="ffv1")
    pairs = zip(decoded(tmp_path / "out.mkv"), decoded(wanted.output), strict=True)
    assert all((one == other).all() for one, other in pairs)


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("place", ["check", "decode", "frame", "finish"])
def test_a_signal_ends_it_in_order(signal: str, place: str, kernels: Path, tmp_path: Path) -> None:
    code = f"""
import os, signal
from edl2ffmpeg.cli import run
from edl2ffmpeg.jobs import ways
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.muxer import Muxer
places = {{
    "check": (ways, "check_media", 1), "decode": (DecoderPool, "frames_played_at", 5),
    "frame": (Muxer, "write_frame", 9), "finish": (Muxer, "finish", 1),
}}
owner, name, nth = places[{place!r}]
real, calls = getattr(owner, name), [0]
def struck(*arguments, **options):
    calls[0] += 1
    if calls[0] == nth:
        os.kill(os.getpid(), signal.{signal})
    return real(*arguments, **options)
setattr(owner, name, struck)
driver.mark("render")
code = run([str(edl), str(folder / "out.mkv"), "-c", "ffv1", "--hw-accel", "cuda", "--jobs", "0"])
assert not any(driver.summary()["live"].values()), driver.summary()
sys.exit(code)
"""
    run = on_simulator(code, kernels, tmp_path)
    assert run.returncode == 130, run.stderr
    assert "edl2ffmpeg: interrupted by " in run.stderr
    assert "Traceback" not in run.stderr
    run.report.assert_clean()
    assert files(tmp_path) == set()


def test_everything_is_closed_in_the_order_that_drivers_need(kernels: Path, tmp_path: Path) -> None:
    code = """
driver.mark("render")
render(edl, "gpu.mkv", hw_accel="cuda")
driver.mark("end")
"""
    run = on_simulator(code, kernels, tmp_path).checked()
    calls = [
        call.function.removesuffix("_v2") for call in run.report.calls if call.mark == "render"
    ]

    def last(function: str) -> int:
        return len(calls) - 1 - calls[::-1].index(function)

    # Work, then the decoders, then events, memory and streams of ours, then the context.
    assert last("cuMemcpy2DAsync") < last("cuvidDestroyDecoder")
    assert last("cuvidDestroyDecoder") < calls.index("cuEventDestroy")
    assert last("cuEventDestroy") < last("cuMemFree") < calls.index("cuStreamDestroy")
    assert calls[-1] == "cuDevicePrimaryCtxRelease"
    assert calls.count("cuDevicePrimaryCtxRetain") == calls.count("cuDevicePrimaryCtxRelease")


def test_a_stream_that_leaves_the_device_midway_is_decoded_on_the_cpu(
    kernels: Path, tmp_path: Path
) -> None:
    code = """
import av, numpy as np
from fractions import Fraction
from nvsim.scenes import host_frame, make_pictures
def packets(encoder, form, options):
    context = av.CodecContext.create(encoder, "w")
    context.width, context.height, context.pix_fmt = 64, 48, form
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    context.options = options
    made = []
    for number in range(10):
        if form == "nv12":
            frame = host_frame(make_pictures(10, 64, 48)[number], form)
        else:
            noise = np.random.default_rng(number).integers(0, 256, (96, 64), np.uint8)
            frame = av.VideoFrame.from_ndarray(noise, form)
        frame.pts, frame.time_base = number, Fraction(1, 25)
        made += context.encode(frame)
    return made + context.encode(None)
first = packets("h264_nvenc", "nv12", {})
second = packets("libx264", "yuv422p", {"preset": "ultrafast", "tune": "zerolatency"})
with av.open(str(folder / "mixed.ts"), "w") as output:
    stream = output.add_mux_stream("h264", rate=25, width=64, height=48)
    for start, part in ((0, first), (10, second)):
        for packet in part:
            packet.pts = packet.dts = start + packet.pts
            packet.time_base, packet.stream = Fraction(1, 25), stream
            output.mux(packet)
clip = {"track": {"type": "video", "number": 1}, "in": 0, "out": 0.8,
        "source": {"uri": "mixed.ts", "in": 0, "out": 0.8}}
edl.write_text(json.dumps({"fps": 25, "width": 64, "height": 48, "clips": [clip]}))
cpu = render(edl, "cpu.mkv")
gpu = render(edl, "gpu.mkv", hw_accel="cuda")
found, wanted = decoded(folder / "gpu.mkv"), decoded(folder / "cpu.mkv")
assert len(found) == len(wanted) == 20
assert all((one == other).all() for one, other in zip(found, wanted))
print(json.dumps(gpu.report["device"]["decoders"]))
"""
    run = on_simulator(code, kernels, tmp_path).checked()
    run.report.assert_clean()
    (decoder,) = json.loads(run.stdout.splitlines()[-1])
    assert decoder["used"] == "cpu"
    assert decoder["reason"].startswith("the device failed at 0.4 s: ")
    assert "from here on the device does not decode it (yuv422p)" in decoder["reason"]
