"""NVENC at the end of a render, on the simulated device: the CPU's pictures, none lost."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

import edl2ffmpeg
import nvsim
from helpers.device.host_launcher import build_kernels
from helpers.processes import is_running, worker_fault
from nvsim import Fault, NvencStatus
from nvsim.process import SimulatorRun
from nvsim.product import decoded
from nvsim.test_renders import files, on_simulator

pytest.importorskip("cuda.bindings", reason="cuda-bindings is for Linux alone")


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_kernels(tmp_path_factory.mktemp("kernels"))


def test_the_movie_has_the_cpus_pictures_bit_for_bit(kernels: Path, tmp_path: Path) -> None:
    code = """
render(edl, "cpu.mkv", hw_accel="none")
wanted = decoded(folder / "cpu.mkv")
driver.mark("gpu")
for number, options in enumerate([
    {}, {"async_depth": 0}, {"async_depth": 1}, {"async_depth": 4}, {"async_depth": 20},
    {"encoder_options": {"bf": "3"}}, {"encoder_options": {"rc-lookahead": "8"}},
    {"encoder_options": {"bf": "2", "g": "5", "rc-lookahead": "12"}, "async_depth": 20},
    {"hw_decode": False}, {"preset": "p7", "crf": 20}, {"preset": "fast", "bitrate": 1_000_000},
]):
    name = f"gpu{number}.mp4"
    result = render(edl, name, codec="h264", hw_accel="cuda", **options)
    found = decoded(folder / name)
    assert len(found) == len(wanted) == 25, (options, len(found))
    wrong = [number for number in range(25) if (found[number] != wanted[number]).any()]
    assert not wrong, (options, wrong)
    assert result.warnings == (), result.warnings
    assert result.report["counters"]["device_to_host_copies"] == 0
print(json.dumps([result.report["device"], result.report["settings"]]))
"""
    run = on_simulator(code, kernels, tmp_path).checked()
    run.report.assert_clean()
    device, settings = json.loads(run.stdout.splitlines()[-1])
    assert settings["codec"] == "h264_nvenc"
    assert device["stages"]["encode"] == {"used": "cuda:0", "reason": "h264_nvenc"}
    assert run.report.pictures_lost == 0
    assert run.report.copies.device_to_host.calls == 0
    assert files(tmp_path) == {"cpu.mkv"} | {f"gpu{number}.mp4" for number in range(11)}


@pytest.mark.parametrize("height", [48, 40])
def test_untouched_pictures_go_from_the_decoder_to_the_encoder(
    height: int, kernels: Path, tmp_path: Path
) -> None:
    # Coded pictures have whole macroblocks: with 40 lines the decoder leaves a gap.
    code = (
        f"height = {height}"
        + """
# Pictures of the size, the format and the colours of the output.
render(edl, "c.mp4", codec="h264", hw_accel="cuda", height=height)
clip = {"track": {"type": "video", "number": 1}, "in": 0, "out": 0.4,
        "source": {"uri": "c.mp4", "in": 0.2, "out": 0.6}}
edl.write_text(json.dumps({"fps": 25, "width": 64, "height": height, "clips": [clip]}))
def copies():
    return {name: count["calls"] for name, count in driver.summary()["copies"].items()}
driver.mark("render")
before = copies()
result = render(edl, "gpu.mp4", codec="h264", hw_accel="cuda", hw_encode=True)
after = copies()
driver.mark("end")
found, wanted = decoded(folder / "gpu.mp4"), decoded(folder / "c.mp4")[5:15]
assert len(found) == len(wanted)
assert all((one == other).all() for one, other in zip(found, wanted))
print(json.dumps([result.report["counters"], {name: after[name] - before[name] for name in after}]))
"""
    )
    run = on_simulator(code, kernels, tmp_path).checked()
    run.report.assert_clean()
    counters, copies = json.loads(run.stdout.splitlines()[-1])
    assert counters["kernels_launched"] == 0
    assert (counters["composed"], counters["passed_through"]) == (0, 10)
    assert counters["host_to_device_copies"] == counters["device_to_host_copies"] == 0
    # What trying the encoder uploads: four pictures of two planes.
    assert (copies["host_to_device"], copies["device_to_host"]) == (2 * 4, 0)
    # Out of the decoder's few surfaces, luma and chroma: FFmpeg's own way copies as much.
    assert copies["device_to_device"] == counters["device_to_device_copies"] == 2 * 10


def test_many_still_pictures_leave_surfaces_for_the_encoder(kernels: Path, tmp_path: Path) -> None:
    code = """
clips = [
    {"track": {"type": "video", "number": 1}, "in": n / 25, "out": (n + 1) / 25,
     "source": {"generate": {"type": "colour", "rgb": f"{n % 9:02x}40{n % 7:02x}"},
                "in": 0, "out": 1 / 25}}
    for n in range(60)
]
edl.write_text(json.dumps({"fps": 25, "width": 64, "height": 48, "clips": clips}))
render(edl, "cpu.mkv", hw_accel="none")
result = render(edl, "gpu.mp4", codec="h264", hw_accel="cuda", async_depth=40)
found, wanted = decoded(folder / "gpu.mp4"), decoded(folder / "cpu.mkv")
assert len(found) == len(wanted) == 60
assert all((one == other).all() for one, other in zip(found, wanted))
"""
    on_simulator(code, kernels, tmp_path).checked().report.assert_clean()


# -- failures -------------------------------------------------------------------

SHORT = """
def short(folder):
    "A dissolve between two files, then one of them untouched: twelve frames."
    clips = [
        {"track": {"type": "video", "number": 1}, "in": 0, "out": 0.28,
         "source": {"uri": "a.mp4", "in": 0.2, "out": 0.48}},
        {"track": {"type": "video", "number": 1}, "in": 0.28, "out": 0.48,
         "source": {"uri": "b.mp4", "in": 0.2, "out": 0.4},
         "transition": {"type": "dissolve", "duration": 0.12}},
    ]
    path = folder / "short.json"
    path.write_text(json.dumps({"fps": 25, "width": 64, "height": 48, "clips": clips}))
    return path
edl = short(folder)
"""

COUNTS = """
device_choice.try_device = lambda number, encoder: DeviceTrial("nvsim")
for depth in (0, 1, 4):
    render(edl, "gpu.mp4", codec="h264", hw_accel="cuda", async_depth=depth)
    driver.mark(str(depth))
    render(edl, "gpu.mp4", codec="h264", hw_accel="cuda", async_depth=depth)
    driver.mark("")
(folder / "gpu.mp4").unlink()
"""

TRIALS = """
from nvsim import Fault, NvencStatus
render(edl, "cpu.mkv")
wanted = decoded(folder / "cpu.mkv")
outcomes = []
for function, first, times, code, delay in json.loads(sys.argv[3]):
    name, output = f"{function}@{first}+{times}={code}, delay {delay}", folder / "gpu.mp4"
    driver.mark(name)
    # The trial of the encoder is not what is to fail.
    device_choice.try_device = lambda number, encoder: DeviceTrial("nvsim")
    driver.add_faults([Fault(function, first=first, times=times, code=code)])
    try:
        result = render(edl, output.name, codec="h264", hw_accel="cuda", async_depth=delay)
    except edl2ffmpeg.Edl2FfmpegError as error:
        text = str(error)
        assert text and len(text.splitlines()) == 1, (name, text)
        assert not output.exists(), name
        outcomes.append([name, text])
    else:
        found = decoded(output)
        assert len(found) == len(wanted), (name, len(found))
        wrong = [n for n in range(len(found)) if (found[n] != wanted[n]).any()]
        assert not wrong, (name, wrong)
        assert result.warnings == (), (name, result.warnings)
        outcomes.append([name, "right"])
        output.unlink()
    driver.clear_faults()
    left = sorted(path.name for path in folder.iterdir() if "partial" in path.name)
    assert not left, (name, left)
    live = {kind: count for kind, count in driver.summary()["live"].items() if count}
    outcomes[-1].append(live)
print(json.dumps(outcomes))
"""

DELAYS = (0, 1, 4)
# Function and the codes that it fails with; each at its first, a middle and its last call.
FAULTS = {
    "nvEncOpenEncodeSessionEx": (10, 2),
    "nvEncInitializeEncoder": (8,),
    "nvEncCreateBitstreamBuffer": (10,),
    "nvEncRegisterResource": (23,),
    "nvEncMapInputResource": (16,),
    "nvEncEncodePicture": (10, 17, 18, 20),
    "nvEncEncodePicture(EOS)": (20,),
    "nvEncLockBitstream": (20, 13),
    "nvEncUnlockBitstream": (20,),
    "nvEncDestroyEncoder": (20,),
    "cuMemcpy2DAsync_v2": (700,),
    "cuMemcpyHtoDAsync_v2": (700,),
    "cuEventSynchronize": (719,),
    "cuvidCreateDecoder": (2,),
    "cuvidDecodePicture": (999,),
    "cuvidMapVideoFrame64": (999,),
}


@pytest.fixture(scope="module")
def calls(kernels: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[str]]:
    """The driver calls of an undisturbed render with each delay."""
    folder = tmp_path_factory.mktemp("calls")
    report = on_simulator(SHORT + COUNTS, kernels, folder).checked().report
    report.assert_clean()
    return {delay: report.functions(str(delay)) for delay in DELAYS}


def places(calls: list[str], function: str) -> list[int]:
    count = calls.count(function)
    assert count, f"{function} is never called"
    return sorted({1, (count + 1) // 2, count})


def outcomes_of(
    trials: list[tuple[str, int, int, int, int]], kernels: Path, folder: Path
) -> list[list[Any]]:
    run = on_simulator(SHORT + TRIALS, kernels, folder, extra=[json.dumps(trials)])
    outcomes: list[list[Any]] = json.loads(run.checked().stdout.splitlines()[-1])
    assert len(outcomes) == len(trials)
    return outcomes


@pytest.mark.parametrize("function", FAULTS)
def test_a_call_that_fails_gives_the_right_movie_or_one_sentence(
    function: str, calls: dict[int, list[str]], kernels: Path, tmp_path: Path
) -> None:
    trials = [
        (function, first, 1, code, delay)
        for delay in DELAYS
        for first in places(calls[delay], function)
        for code in FAULTS[function]
    ]
    for name, _, live in outcomes_of(trials, kernels, tmp_path):
        assert not live, (name, live)


def test_memory_that_cannot_be_had_is_one_sentence(
    calls: dict[int, list[str]], kernels: Path, tmp_path: Path
) -> None:
    count = calls[1].count("cuMemAlloc_v2")
    trials = [("cuMemAlloc_v2", first, 1, 2, 1) for first in range(1, count + 1)]
    for name, outcome, live in outcomes_of(trials, kernels, tmp_path):
        assert not live, (name, live)
        assert outcome == "right" or "memory" in outcome, (name, outcome)


# -- the order of closing, and what is left ---------------------------------------


def test_everything_is_closed_in_the_order_that_nvenc_needs(kernels: Path, tmp_path: Path) -> None:
    code = """
device_choice.try_device = lambda number, encoder: DeviceTrial("nvsim")
driver.mark("render")
render(edl, "gpu.mp4", codec="h264", hw_accel="cuda", encoder_options={"bf": "2"})
driver.mark("end")
"""
    run = on_simulator(code, kernels, tmp_path).checked()
    run.report.assert_clean()
    calls = [name.removesuffix("_v2") for name in run.report.functions("render")]

    def last(function: str) -> int:
        return len(calls) - 1 - calls[::-1].index(function)

    # Drained; resources, buffers, session; our surfaces; decoders; events, streams; the context.
    order = [
        last("nvEncEncodePicture"),
        last("nvEncLockBitstream"),
        last("nvEncEncodePicture(EOS)"),
        last("nvEncUnregisterResource"),
        last("nvEncDestroyBitstreamBuffer"),
        last("nvEncDestroyEncoder"),
        calls.index("cuMemFree", last("nvEncDestroyEncoder")),
        last("cuvidDestroyDecoder"),
        calls.index("cuEventDestroy"),
        calls.index("cuStreamDestroy"),
        last("cuDevicePrimaryCtxRelease"),
    ]
    assert order == sorted(order)
    assert calls.index("cuMemFree") > last("nvEncDestroyEncoder")
    assert order[-1] == len(calls) - 1
    assert calls.count("cuDevicePrimaryCtxRetain") == calls.count("cuDevicePrimaryCtxRelease")
    assert calls.count("nvEncMapInputResource") == calls.count("nvEncUnmapInputResource") == 25
    assert calls.count("nvEncRegisterResource") == calls.count("nvEncUnregisterResource")


def test_after_an_exception_anywhere_no_session_is_left(kernels: Path, tmp_path: Path) -> None:
    code = """
import edl2ffmpeg.compositor.composer as composer
import edl2ffmpeg.media.video_encoder as video_encoder
from edl2ffmpeg.devices.cuda import CudaDevice
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.muxer import Muxer
from edl2ffmpeg.plan.frame_planner import FramePlanner
device_choice.try_device = lambda number, encoder: DeviceTrial("nvsim")

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
    (FramePlanner, "frame"), (DecoderPool, "frames_played_at"), (CudaDevice, "launch"),
    (composer.FrameComposer, "compose"), (video_encoder.VideoEncoder, "encode"),
    (video_encoder, "device_frame"), (Muxer, "write_frame"), (Muxer, "finish"),
]
for owner, name in places:
    for nth in (1, 10, 20):
        if name == "finish" and nth > 1:
            continue
        restore = fail_at(owner, name, nth)
        try:
            render(edl, "out.mp4", codec="h264", hw_accel="cuda", encoder_options={"bf": "2"})
        except Planned:
            pass
        else:
            raise AssertionError(f"{name} was not called {nth} times")
        finally:
            restore()
        summary = driver.summary()
        assert not any(summary["live"].values()), (name, nth, summary)
        assert driver.library.nvsim_violations() == 0, (name, nth)
"""
    run = on_simulator(code, kernels, tmp_path).checked()
    run.report.assert_clean()
    assert files(tmp_path) == set()


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("place", ["first", "frame", "finish", "mux"])
def test_a_signal_closes_the_session_in_order(
    signal: str, place: str, kernels: Path, tmp_path: Path
) -> None:
    code = f"""
import os, signal
from edl2ffmpeg.cli import run
from edl2ffmpeg.media.muxer import Muxer
from edl2ffmpeg.media.video_encoder import VideoEncoder
places = {{
    "first": (VideoEncoder, "encode", 1), "frame": (VideoEncoder, "encode", 9),
    "finish": (Muxer, "finish", 1), "mux": (VideoEncoder, "_checked", 12),
}}
owner, name, nth = places[{place!r}]
real, calls = getattr(owner, name), [0]
def struck(*arguments, **options):
    calls[0] += 1
    if calls[0] == nth:
        os.kill(os.getpid(), signal.{signal})
    return real(*arguments, **options)
setattr(owner, name, struck)
options = ["-c", "h264_nvenc", "--async-depth", "3", "--jobs", "0"]
code = run([str(edl), str(folder / "out.mp4"), *options])
assert not any(driver.summary()["live"].values()), driver.summary()
sys.exit(code)
"""
    run = on_simulator(code, kernels, tmp_path)
    assert run.returncode == 130, run.stderr
    assert "edl2ffmpeg: interrupted by " in run.stderr
    assert "Traceback" not in run.stderr
    run.report.assert_clean()
    assert run.report.count("nvEncOpenEncodeSessionEx") > 0
    assert files(tmp_path) == set()


def test_a_program_that_ends_in_the_middle_leaves_nothing(kernels: Path, tmp_path: Path) -> None:
    code = """
def stop(progress):
    if progress.frames_done == 9:
        sys.exit(3)
render(edl, "gpu.mp4", progress=stop, codec="h264", hw_accel="cuda")
"""
    run = on_simulator(code, kernels, tmp_path)
    assert run.returncode == 3, run.stderr
    run.report.assert_clean()
    assert files(tmp_path) == set()


def test_many_sessions_in_one_process_grow_nothing(kernels: Path, tmp_path: Path) -> None:
    code = """
import gc, os, threading
def counts():
    return len(os.listdir("/proc/self/fd")), threading.active_count()
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
device_choice.try_device = lambda number, encoder: DeviceTrial("nvsim")
for _ in range(20):
    render(edl, "gpu.mp4", codec="h264", hw_accel="cuda", end="0.08")
gc.collect(); gc.freeze()
before, memory = counts(), resident()
for _ in range(500):
    render(edl, "gpu.mp4", codec="h264", hw_accel="cuda", end="0.08")
assert counts() == before, (before, counts())
assert resident() - memory < 12, resident() - memory
summary = driver.summary()
assert not any(summary["live"].values()), summary
print(counts(), round(resident() - memory, 1))
"""
    run = on_simulator(SHORT + code, kernels, tmp_path).checked()
    run.report.assert_clean()


# -- in worker processes ------------------------------------------------------------


def in_workers(
    folder: Path, kernels: Path, *options: str, bad_device: str = "", **faults: Any
) -> SimulatorRun:
    """The command with NVENC, which tries the device in one process and renders in others.

    ``bad_device`` is ``NUMBER:HOW`` of one that fails in workers; see ``worker_faults``.
    """
    if not (folder / "cut.json").exists():
        on_simulator("", kernels, folder).checked()
    command = ["-m", "edl2ffmpeg", str(folder / "cut.json"), str(folder / "out.mp4")]
    return nvsim.run_python(
        [*command, *options],
        environment=worker_fault(
            "simulator",
            folder,
            times=99,
            WORKER_KERNELS=str(kernels),
            **({"WORKER_BAD_DEVICE": bad_device} if bad_device else {}),
        ),
        **faults,
    )


def assert_same_pictures(folder: Path) -> None:
    wanted = edl2ffmpeg.render(
        folder / "cut.json", folder / "cpu.mkv", codec="ffv1", hw_accel="none"
    )
    pairs = zip(decoded(folder / "out.mp4"), decoded(wanted.output), strict=True)
    assert all((one == other).all() for one, other in pairs)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_chunks_of_several_sessions_are_one_movie(jobs: int, kernels: Path, tmp_path: Path) -> None:
    options = ["--jobs", str(jobs), "--chunk-seconds", "0.2", "-x", "bf=2", "--async-depth", "3"]
    report_file = tmp_path / "report.json"
    run = in_workers(tmp_path, kernels, *options, "--report", str(report_file)).checked()
    # The process of the command never spoke to the driver.
    assert not run.report.calls
    for report in run.others.values():
        report.assert_clean()
    told = json.loads(report_file.read_text())
    assert told["settings"]["codec"] == "h264_nvenc"
    assert (told["device"]["requested"], told["device"]["used"]) == ("auto", "cuda:0")
    assert told["chunks"]["total"] == len(told["chunks"]["done"]) == 5
    assert_same_pictures(tmp_path)
    with av.open(str(tmp_path / "out.mp4")) as movie:
        packets = [packet for packet in movie.demux(video=0) if packet.size]
    ticks = [Fraction(packet.pts or 0) * (packet.time_base or 0) * 25 for packet in packets]
    assert sorted(ticks) == list(range(25))
    decoded_at = [packet.dts or 0 for packet in packets]
    assert decoded_at == sorted(set(decoded_at))
    keyframes = {
        int(tick) for tick, packet in zip(ticks, packets, strict=True) if packet.is_keyframe
    }
    assert keyframes >= {0, 5, 10, 15, 20}


@pytest.mark.parametrize("function", ["nvEncLockBitstream", "nvEncDestroyEncoder", "cuMemAlloc_v2"])
@pytest.mark.parametrize("fallback", ["allow", "error"])
def test_a_call_that_blocks_is_ended_with_its_process(
    function: str, fallback: str, kernels: Path, tmp_path: Path
) -> None:
    options = ["--hw-fallback", fallback, "--stall-timeout", "2", "--retries", "0"]
    # Beyond what trying the device takes; a worker encodes 25 frames.
    first = {"nvEncLockBitstream": 7, "nvEncDestroyEncoder": 2, "cuMemAlloc_v2": 60}[function]
    if function == "nvEncDestroyEncoder":
        # The last one of a chunk, which others follow.
        options += ["--chunk-seconds", "0.4"]
    on_simulator("", kernels, tmp_path).checked()
    started = time.monotonic()
    run = in_workers(
        tmp_path, kernels, "-c", "h264_nvenc", *options,
        faults=[Fault(function, first=first, delay_ms=30_000)],
    )  # fmt: skip
    # Alone it takes four seconds; with fallback everything is rendered again.
    assert time.monotonic() - started < 20
    assert "Traceback" not in run.stderr, run.stderr
    assert all(not is_running(process) for process in run.others)
    assert "made no progress for 2 s (--stall-timeout) while " in run.stderr, run.stderr
    if fallback == "allow":
        assert run.returncode == 0, run.stderr
        with av.open(str(tmp_path / "out.mp4")) as movie:
            assert sum(1 for _ in movie.decode(video=0)) == 25
        assert files(tmp_path) == {"out.mp4"}
    else:
        assert run.returncode == 1
        told = [line for line in run.stderr.splitlines() if line.startswith("edl2ffmpeg")]
        kept = "edl2ffmpeg: what is done is kept; the same command goes on from there"
        # A chunk was done before the encoder could not be closed.
        assert told[1:] == ([kept] if function == "nvEncDestroyEncoder" else [])
        assert files(tmp_path) <= {".out.mp4.edl2ffmpeg"}


def test_a_session_that_fails_is_closed_in_order_and_tried_again(
    kernels: Path, tmp_path: Path
) -> None:
    # Trying the encoder takes four pictures; in the worker the ninth fails, others on their way.
    fault = Fault("nvEncEncodePicture", first=9, code=NvencStatus.GENERIC)
    report_file = tmp_path / "report.json"
    run = in_workers(
        tmp_path, kernels, "--async-depth", "4", "--report", str(report_file), faults=[fault]
    ).checked()
    assert "trying again (1 of 2)" in run.stderr
    for report in run.others.values():
        report.assert_clean()
    told = json.loads(report_file.read_text())
    assert [entry["attempt"] for entry in told["chunks"]["done"]] == [2]
    assert len(told["chunks"]["failures"]) == 1
    assert told["device"]["used"] == "cuda:0"
    assert_same_pictures(tmp_path)


# -- on several devices -------------------------------------------------------------

SPREAD = ("--jobs", "2", "--chunk-seconds", "0.2")


def devices_told(folder: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """Which device made each chunk, and the attempts that failed."""
    chunks = json.loads((folder / "report.json").read_text())["chunks"]
    return [chunk["device"] for chunk in chunks["done"]], chunks["failures"]


@pytest.mark.parametrize("accelerator", ["auto", "cuda"])
@pytest.mark.parametrize("codec", ["h264_nvenc", "libx264"])
def test_workers_are_spread_over_the_devices(
    accelerator: str, codec: str, kernels: Path, tmp_path: Path
) -> None:
    report = str(tmp_path / "report.json")
    run = in_workers(
        tmp_path, kernels, *SPREAD, "--hw-accel", accelerator, "-c", codec, "--report", report,
        devices=2,
    ).checked()  # fmt: skip
    assert not run.report.calls
    for other in run.others.values():
        other.assert_clean()
    devices, failures = devices_told(tmp_path)
    assert set(devices) == {"cuda:0", "cuda:1"}
    assert not failures
    assert len(list(decoded(tmp_path / "out.mp4"))) == 25


def test_a_device_that_is_named_is_the_only_one(kernels: Path, tmp_path: Path) -> None:
    report = str(tmp_path / "report.json")
    in_workers(
        tmp_path, kernels, *SPREAD, "--hw-device", "1", "--report", report, devices=2
    ).checked()
    assert set(devices_told(tmp_path)[0]) == {"cuda:1"}


@pytest.mark.parametrize("how", ["hang", "die", "lost", "missing"])
@pytest.mark.parametrize("fallback", ["allow", "error"])
def test_a_device_that_fails_leaves_its_chunks_to_the_other(
    how: str, fallback: str, kernels: Path, tmp_path: Path
) -> None:
    report = str(tmp_path / "report.json")
    run = in_workers(
        tmp_path, kernels, *SPREAD, "--hw-accel", "cuda", "--hw-fallback", fallback,
        "--stall-timeout", "2", "--report", report, bad_device=f"1:{how}", devices=2,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    devices, failures = devices_told(tmp_path)
    assert set(devices) == {"cuda:0"}
    assert failures
    assert {failure["device"] for failure in failures} == {"cuda:1"}
    assert all(failure["attempt"] == 1 for failure in failures)
    if how != "die":
        # Only what was waiting already meets it, and hardly that while it hangs.
        assert len(failures) <= (2 if how == "hang" else 4)
