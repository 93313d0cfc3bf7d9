"""NVENC at the end of a render, on the simulated device: the CPU's pictures, none lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.device.host_launcher import build_kernels
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
    {"encoder_options": {"bf": "2", "g": "5", "rc-lookahead": "12"}, "async_depth": 2},
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


def test_untouched_pictures_go_from_the_decoder_to_the_encoder(
    kernels: Path, tmp_path: Path
) -> None:
    code = """
# Pictures of the size, the format and the colours of the output.
render(edl, "c.mp4", codec="h264", hw_accel="cuda")
clip = {"track": {"type": "video", "number": 1}, "in": 0, "out": 0.4,
        "source": {"uri": "c.mp4", "in": 0.2, "out": 0.6}}
edl.write_text(json.dumps({"fps": 25, "width": 64, "height": 48, "clips": [clip]}))
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
