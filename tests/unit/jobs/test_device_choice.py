"""What decodes, draws and encodes: decided by settings, and by what a trial of the device says."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from edl2ffmpeg.errors import DeviceUnavailableError, SettingsError
from edl2ffmpeg.jobs import batch, device_choice
from edl2ffmpeg.jobs.device_choice import (
    DeviceTrials,
    choose_stages,
    device_warnings,
    software_choice,
)
from edl2ffmpeg.media.formats import container_for
from edl2ffmpeg.rendering.device_probe import DeviceTrial
from edl2ffmpeg.settings import RenderSettings

MP4 = container_for(Path("a.mp4"))
GOOD = DeviceTrial("a GPU", devices=3, alike=(0, 2), identity="a GPU, driver 1")


def chosen(monkeypatch: pytest.MonkeyPatch, trial: DeviceTrial, **options: Any) -> Any:
    settings = RenderSettings(**options)
    monkeypatch.setattr(device_choice, "try_device", lambda number, encoder: trial)
    monkeypatch.setattr(device_choice, "why_no_cuda", lambda: "")
    decision, output = choose_stages(settings, MP4, (64, 36), Fraction(25))
    return decision, output, device_warnings(decision, settings)


def test_all_stages_on_a_gpu_that_does_all(monkeypatch: pytest.MonkeyPatch) -> None:
    decision, output, warnings = chosen(monkeypatch, GOOD)
    assert (output.encoder, output.pixel_format.name) == ("h264_nvenc", "nv12")
    assert {stage.used for stage in decision.stages.values()} == {"cuda:0"}
    # Chunks of one movie are encoded by devices of one model.
    assert decision.numbers == (0, 2)
    assert decision.encoder_identity == "a GPU, driver 1"
    assert warnings == []


def test_without_nvenc_all_devices_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = DeviceTrial("a GPU", "", "this chip has no NVENC", devices=2)
    decision, output, warnings = chosen(monkeypatch, trial, hw_accel="cuda")
    assert output.encoder == "libx264"
    assert decision.numbers == (0, 1)
    assert decision.encode.reason == "h264_nvenc on a GPU: this chip has no NVENC"
    assert warnings == []
    with pytest.raises(DeviceUnavailableError, match="no NVENC; leave --hw-encode"):
        chosen(monkeypatch, trial, hw_encode=True)
    _, output, warnings = chosen(monkeypatch, trial, hw_encode=True, hw_fallback="allow")
    assert output.encoder == "libx264"
    assert "encoded on the CPU and not on a GPU" in warnings[0]


HD = 1920 * 1080 * 3


@pytest.mark.parametrize(
    ("free_gigabytes", "options", "most"),
    [
        # Each encoder serves two, whatever the memory; there are two that are alike.
        (80, {}, 4),
        (80, {"hw_device": "0"}, 2),
        # Where the CPU encodes, memory alone counts.
        (4, {"codec": "libx264", "hw_device": "0"}, 3),
        (4, {"codec": "libx264"}, 3 * 3),
        (80, {"codec": "libx264"}, 3 * 77),
        (0.1, {"codec": "libx264"}, 3),
        (None, {"codec": "libx264"}, None),
        (80, {"hw_accel": "none"}, None),
    ],
)
def test_how_many_processes_a_device_has_room_for(
    free_gigabytes: float | None,
    options: dict[str, Any],
    most: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = None if free_gigabytes is None else int(free_gigabytes * 2**30)
    decision, _, _ = chosen(monkeypatch, replace(GOOD, free_bytes=free), **options)
    assert decision.most_workers(HD) == most


def test_a_batch_has_as_many_workers_as_the_encoder_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_choice, "try_device", lambda number, encoder: GOOD)
    monkeypatch.setattr(device_choice, "why_no_cuda", lambda: "")
    monkeypatch.setattr(batch, "worker_count", lambda chunks, frame_bytes: 16)

    def workers(format: str = "mp4", **options: Any) -> int:
        edls = [tmp_path / "a.json"]
        with batch.Batch(edls, tmp_path, RenderSettings(**options), format=format) as made:
            return made._worker_count(DeviceTrials())

    assert workers() == 4
    assert workers(jobs=9) == 9
    assert workers(hw_accel="none") == workers(format="wav") == 16
    # What cannot work is told of each movie.
    assert workers(codec="ffv1") == 16


def test_renders_that_share_trials_try_a_device_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, str | None]] = []

    def trial(number: int, encoder: str | None) -> DeviceTrial:
        asked.append((number, encoder))
        return GOOD

    monkeypatch.setattr(device_choice, "try_device", trial)
    monkeypatch.setattr(device_choice, "why_no_cuda", lambda: "")
    trials = DeviceTrials()
    codecs = ("h264", "h264", "h265")
    for codec in codecs:
        choose_stages(RenderSettings(codec=codec), MP4, (64, 36), Fraction(25), trials)
    assert asked == [(0, "h264_nvenc"), (0, "hevc_nvenc")]
    trials.forget()
    choose_stages(RenderSettings(), MP4, (64, 36), Fraction(25), trials)
    assert asked[2:] == [(0, "h264_nvenc")]
    for _ in range(2):
        choose_stages(RenderSettings(), MP4, (64, 36), Fraction(25))
    assert len(asked) == 5


def test_a_trial_that_fails_is_made_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [DeviceTrial(failure="busy"), GOOD]
    monkeypatch.setattr(device_choice, "try_device", lambda number, encoder: answers.pop(0))
    monkeypatch.setattr(device_choice, "why_no_cuda", lambda: "")
    trials = DeviceTrials()

    def used() -> str:
        return choose_stages(RenderSettings(), MP4, (64, 36), Fraction(25), trials)[0].used

    assert [used() for _ in range(3)] == ["cpu", "cuda:0", "cuda:0"]
    answers[:] = [DeviceTrial(failure="broken")] * 2
    trials.forget()
    assert [used() for _ in range(4)] == ["cpu"] * 4
    assert answers == []


@pytest.mark.parametrize(
    "options",
    [{"crf": 0}, {"encoder_options": {"bf": "16"}}, {"pixel_format": "yuv422p"}],
)
def test_settings_that_nvenc_cannot_do_are_told(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    decision, output, warnings = chosen(monkeypatch, GOOD, hw_accel="cuda", **options)
    assert output.encoder == "libx264"
    assert decision.encode.reason.startswith("the device's encoder cannot do this: ")
    assert warnings == [f"encoded on the CPU and not on a GPU: {decision.encode.reason}"]


def test_a_depth_that_cannot_be_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for options in ({"async_depth": 100}, {"async_depth": 4, "codec": "prores"}):
        with pytest.raises(SettingsError):
            chosen(monkeypatch, GOOD, hw_accel="cuda", **options)


def test_what_takes_the_place_of_nvenc_leaves_out_what_only_nvenc_knows() -> None:
    settings = RenderSettings(preset="p5", encoder_options={"spatial-aq": "1", "g": "48"})
    size, rate = (64, 36), Fraction(25)
    with pytest.raises(SettingsError, match="no preset 'p5'"):
        software_choice(settings, MP4, size, rate, "no GPU")
    decision, output = software_choice(settings, MP4, size, rate, "it failed", is_replacement=True)
    assert (decision.used, decision.reason) == ("cpu", "it failed")
    assert output.encoder == "libx264"
    assert output.options["g"] == "48"
    assert "spatial-aq" not in output.options
    assert output.options["preset"] == "medium"
