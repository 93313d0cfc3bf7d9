"""The self-test on the simulated device: what it finds, and what it does not miss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helpers.device.host_launcher import build_kernels
from nvsim.test_renders import on_simulator

pytest.importorskip("cuda.bindings", reason="cuda-bindings is for Linux alone")

# The simulated decoder reads streams of its own encoder alone.
TRIAL = """
import av
from edl2ffmpeg.jobs import doctor_trial
from nvsim.scenes import RATE
doctor_trial.try_device = device_choice.try_device

class SimulatedTrial(doctor_trial.Trial):
    def _write_clip(self):
        width, height = doctor_trial._SIZE
        with av.open(str(self._clip), "w") as output:
            stream = output.add_stream("h264_nvenc", rate=RATE)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            context = stream.codec_context
            context.colorspace = context.color_primaries = context.color_trc = 1
            context.color_range = 1
            for number in range(self._frames):
                frame = av.VideoFrame(width, height, "yuv420p")
                planes = [
                    np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, :plane.width]
                    for plane in frame.planes
                ]
                doctor_trial._paint(planes, number)
                frame.colorspace = frame.color_range = 1
                frame.pts, frame.time_base = number, Fraction(1, RATE)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))

found = []
passed = SimulatedTrial(folder, 12, 2, 0, found.append).run()
driver.clear_faults()
print(json.dumps([passed, found]))
"""


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_kernels(tmp_path_factory.mktemp("kernels"))


def tried(
    kernels: Path, folder: Path, before: str = "", **options: Any
) -> tuple[bool, dict[str, Any], dict[str, Any], Any]:
    code = "import numpy as np\nfrom fractions import Fraction\n" + before + TRIAL
    run = on_simulator(code, kernels, folder, **options).checked()
    passed, told = json.loads(run.stdout.splitlines()[-1])
    findings = {entry["finding"]["name"]: entry["finding"] for entry in told if "finding" in entry}
    measured: dict[str, Any] = {}
    for entry in told:
        measured |= entry.get("measured", {})
    return passed, findings, measured, run.report


def test_a_good_device_passes(kernels: Path, tmp_path: Path) -> None:
    passed, findings, measured, report = tried(kernels, tmp_path)
    assert passed, findings
    assert list(findings) == [
        "device", "clip", "decode", "draw", "untouched", "encode", "cycles"
    ]  # fmt: skip
    assert "NVENC encodes" in findings["device"]["detail"]
    assert findings["untouched"]["detail"] == (
        "12 frames from NVDEC to NVENC, none by way of the host"
    )
    assert measured["kernels_of_untouched_frames"] == 0
    assert measured["frames_and_packets"] == [12, 12]
    assert measured["psnr"] == 99.0
    assert measured["resources"]["before"] == measured["resources"]["after"]
    report.assert_clean()


def test_a_wrong_pixel_is_found(kernels: Path, tmp_path: Path) -> None:
    before = """
from edl2ffmpeg.compositor.cuda import CudaCompositor
real, frames = CudaCompositor._draw, [0]
def wrong(self, units):
    frame = real(self, units)
    frames[0] += 1
    if frames[0] == 5:
        frame.wait()
        frame.array(0)[7, 7] ^= 1
    return frame
CudaCompositor._draw = wrong
"""
    passed, findings, _, _ = tried(kernels, tmp_path, before)
    assert not passed
    assert findings["draw"]["detail"] == "frame 4 differs from what the CPU draws"
    assert "report it" in findings["draw"]["advice"]
    assert "encode" not in findings


def test_a_lost_packet_is_found(kernels: Path, tmp_path: Path) -> None:
    before = """
from nvsim import Fault
from edl2ffmpeg.jobs import doctor_trial as trial
real = trial.Trial._encode
def disturbed(self):
    driver.add_faults([Fault("nvEncLockBitstream", first=8, code=13)])
    return real(self)
trial.Trial._encode = disturbed
"""
    passed, findings, _, _ = tried(kernels, tmp_path, before)
    assert not passed
    assert findings["encode"]["detail"].startswith("h264_nvenc lost 1 of 12 frames")


def test_no_session_is_no_failure_but_told(kernels: Path, tmp_path: Path) -> None:
    before = """
def no_session(number, encoder):
    return DeviceTrial("nvsim", "", "no session is free: the driver's limit is reached")
device_choice.try_device = no_session
"""
    passed, findings, _, _ = tried(kernels, tmp_path, before)
    assert passed, findings
    assert "libx264 on the CPU, since NVENC does not: no session" in findings["device"]["detail"]
    assert "libx264 on the CPU" in findings["encode"]["detail"]


def test_growth_is_found(kernels: Path, tmp_path: Path) -> None:
    before = """
from edl2ffmpeg.jobs import doctor_trial as trial
kept, real = [], trial.Trial._render
def leaking(self, *arguments, **options):
    kept.append(open(arguments[0]))
    return real(self, *arguments, **options)
trial.Trial._render = leaking
"""
    passed, findings, _, _ = tried(kernels, tmp_path, before)
    assert not passed
    assert "after 2 renders: descriptors " in findings["cycles"]["detail"]


def test_the_device_that_is_not_there(kernels: Path, tmp_path: Path) -> None:
    before = """
def missing(number, encoder):
    return DeviceTrial(failure="there is no CUDA device 0")
device_choice.try_device = missing
"""
    passed, findings, _, _ = tried(kernels, tmp_path, before)
    assert not passed
    assert list(findings) == ["device"]
    assert "--software" in findings["device"]["advice"]
