"""The work of ``edl2ffmpeg doctor``: ``python -m`` this module, with a JSON object.

It prints a JSON object on a line for each step that begins, each finding, and what was measured.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.devices.gpu_usage import GpuUsage
from edl2ffmpeg.devices.selection import DeviceDecision, StageDecision
from edl2ffmpeg.errors import DeviceError, Edl2FfmpegError
from edl2ffmpeg.frame import Colour, pixel_format
from edl2ffmpeg.jobs.doctor import Finding
from edl2ffmpeg.jobs.render_job import RenderResult, access_rules, render_timeline
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.formats import container_for, video_output
from edl2ffmpeg.media.frames import FramePool
from edl2ffmpeg.media.muxer import Muxer
from edl2ffmpeg.media.video_decoder import VideoDecoder
from edl2ffmpeg.rendering.device_probe import DeviceTrial, try_device
from edl2ffmpeg.rendering.hardware import opened_hardware
from edl2ffmpeg.rendering.helper_process import end_with_parent
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timeline import load_timeline_file
from edl2ffmpeg.timeline.model import MediaSource, StreamKind, StreamSelector

__all__ = ["Trial"]

_SIZE = (640, 360)
_RATE = Fraction(25)
_BITS = 12
_DARK, _BRIGHT = 40, 200
_LEAST_PSNR = 30.0
_SPARE_MEMORY = 64 * 2**20
Json = dict[str, Any]


class Trial:
    """One run of all steps on CUDA ``device``, None for the CPU, with files in ``folder``."""

    def __init__(
        self,
        folder: Path,
        frames: int,
        cycles: int,
        device: int | None,
        tell: Callable[[Json], None],
    ) -> None:
        self._folder, self._frames, self._cycles = folder, frames, cycles
        self._device, self._tell = device, tell
        self._encoder = StageDecision("the CPU", "libx264")
        self._clip = folder / "clip.mp4"
        self._bus_id = ""

    def run(self) -> bool:
        """Every step, up to the first that fails."""
        steps = [("clip", self._make_clip)]
        if self._device is not None:
            steps.insert(0, ("device", self._try_device))
            steps += [("decode", self._decode), ("draw", self._draw), ("untouched", self._pass)]
        else:
            steps += [("decode", self._decode), ("draw", self._draw)]
        steps += [("encode", self._encode), ("cycles", self._cycle)]
        for name, step in steps:
            self._tell({"begins": name})
            try:
                passed, detail, advice = step()
            except Edl2FfmpegError as error:
                passed, detail, advice = False, str(error), ""
            finding = Finding(name, passed, detail, "" if passed else advice)
            self._tell({"finding": asdict(finding)})
            if not passed:
                return False
        return True

    # -- steps ----------------------------------------------------------------

    def _try_device(self) -> tuple[bool, str, str]:
        assert self._device is not None
        trial: DeviceTrial = try_device(self._device, "h264_nvenc")
        if trial.failure:
            return False, trial.failure, "see edl2ffmpeg devices, or test with --software"
        used = f"cuda:{self._device}"
        if not trial.encoder_failure:
            self._encoder = StageDecision(used, "h264_nvenc")
            encodes = "NVENC encodes"
        else:
            encodes = (
                f"encodes with libx264 on the CPU, since NVENC does not: {trial.encoder_failure}"
            )
        self._measure("device", trial.description)
        return True, f"{used}, {trial.description}; {encodes}", ""

    def _make_clip(self) -> tuple[bool, str, str]:
        self._write_clip()
        numbers = [_number(luma) for luma in _lumas(self._clip, self._frames)]
        if numbers != list(range(self._frames)):
            return False, "the clip does not come back as it was written", "install PyAV again"
        width, height = _SIZE
        return True, f"{self._frames} frames of {width}x{height}, H.264", ""

    def _decode(self) -> tuple[bool, str, str]:
        source = MediaSource(str(self._clip), str(self._clip), StreamSelector(StreamKind.VIDEO))
        started = perf_counter()
        decision = self._decision()
        with (
            opened_hardware(decision) as hardware,
            DecoderPool(AccessRules(), 0, hardware.decoding) as decoders,
        ):
            for number in range(self._frames):
                decoders.frame_played_at(source, number / _RATE)
            if hardware.device is not None:
                hardware.device.synchronise()
                self._bus_id = hardware.device.bus_id
            seconds = perf_counter() - started
            used = decoders.decoded_by
        speed = self._frames / seconds
        self._measure("decode_fps", round(speed, 1))
        if used and used[0].used == "cpu":
            return False, f"the GPU does not decode it: {used[0].reason}", "see edl2ffmpeg devices"
        where = "NVDEC" if self._device is not None else "the CPU"
        return True, f"{where}, {speed:.0f} frames per second with opening it", ""

    def _draw(self) -> tuple[bool, str, str]:
        """A turned and coloured layer, without loss: as the CPU draws it, bit for bit."""
        edl = self._edl(looks=True)
        result = self._render(edl, "drawn.mkv", "ffv1")
        speed = self._frames / max(result.report["stage_seconds"]["compose"], 1e-6)
        self._measure("draw_fps", round(speed, 1))
        if self._device is None:
            return True, f"{speed:.0f} frames per second", ""
        self._render(edl, "expected.mkv", "ffv1", on_cpu=True)
        drawn = self._planes("drawn.mkv")
        for number, (one, other) in enumerate(
            zip(drawn, self._planes("expected.mkv"), strict=True)
        ):
            if any((left != right).any() for left, right in zip(one, other, strict=True)):
                detail = f"frame {number} differs from what the CPU draws"
                return False, detail, "report it, with the output of edl2ffmpeg devices --json"
        return True, f"{speed:.0f} frames per second, as the CPU draws them, bit for bit", ""

    def _pass(self) -> tuple[bool, str, str]:
        """Pictures that need no drawing, which have to stay on the GPU."""
        result = self._render(self._edl(), "untouched.mp4", self._encoder.reason)
        counters = result.report["counters"]
        copies = counters["host_to_device_copies"] + counters["device_to_host_copies"]
        encodes = self._encoder.reason == "h264_nvenc"
        self._measure("host_copies_of_untouched_frames", copies)
        kernels = counters["kernels_launched"]
        self._measure("kernels_of_untouched_frames", kernels)
        if encodes and copies:
            return False, f"{copies} copies to or from the host", "report it"
        if not encodes:
            return True, f"{copies} copies to the CPU's encoder", ""
        return True, f"{self._frames} frames from NVDEC to NVENC, none by way of the host", ""

    def _encode(self) -> tuple[bool, str, str]:
        result = self._render(self._edl(looks=True), "movie.mp4", self._encoder.reason)
        speed = self._frames / max(result.report["stage_seconds"]["encode"], 1e-6)
        self._measure("encode_fps", round(speed, 1))
        self._measure("render_fps", round(self._frames / result.elapsed_seconds, 1))
        found = list(_lumas(self._folder / "movie.mp4", self._frames + 1))
        self._measure("frames_and_packets", [self._frames, len(found)])
        if len(found) != self._frames:
            return (
                False,
                f"{self._frames} frames went in, {len(found)} came out",
                "update the driver",
            )
        wanted = [planes[0] for planes in self._planes("drawn.mkv")]
        worst = min(map(_psnr, found, wanted))
        self._measure("psnr", round(worst, 1))
        if worst < _LEAST_PSNR:
            return False, f"a picture is {worst:.1f} dB from what went in", "update the driver"
        where = f"{self._encoder.reason} on {self._encoder.used}"
        return True, f"{where}, {speed:.0f} frames per second, {worst:.0f} dB or better", ""

    def _cycle(self) -> tuple[bool, str, str]:
        edl = self._edl(looks=True)
        # The first one fills caches for good.
        self._render(edl, "movie.mp4", self._encoder.reason)
        with GpuUsage(self._bus_id) as usage:
            before = _resources(usage)
            for _ in range(self._cycles):
                self._render(edl, "movie.mp4", self._encoder.reason)
            after = _resources(usage)
            why_not = usage.reason
        self._measure("resources", {"before": before, "after": after})
        grown = [
            f"{name} {before[name]} -> {after[name]}"
            for name in before
            if after[name] > before[name] + (_SPARE_MEMORY if name == "gpu_memory" else 0)
        ]
        if grown:
            return False, f"after {self._cycles} renders: {', '.join(grown)}", "report it"
        kept = ", ".join(f"{name} {_amount(name, after[name])}" for name in after)
        is_blind = self._device is not None and why_not
        note = f" (GPU memory and sessions are not seen: {why_not})" if is_blind else ""
        return True, f"{self._cycles} renders leave {kept}{note}", ""

    # -- what they use ----------------------------------------------------------

    def _measure(self, name: str, value: Any) -> None:
        self._tell({"measured": {name: value}})

    def _decision(self) -> DeviceDecision:
        if self._device is None:
            return DeviceDecision("none", "cpu", "--software")
        used = f"cuda:{self._device}"
        return DeviceDecision("cuda", used, "asked for", self._device, decodes=True)

    def _render(self, edl: Path, name: str, codec: str, *, on_cpu: bool = False) -> RenderResult:
        device: Json = {"hw_accel": "none"}
        if self._device is not None and not on_cpu:
            device = {"hw_accel": "cuda", "hw_device": str(self._device)}
        try:
            settings = RenderSettings(codec=codec, overwrite=True, jobs=0, **device)
            timeline = load_timeline_file(edl, resolve=access_rules(settings).resolve)
            return render_timeline(timeline, self._folder / name, settings)
        finally:
            gc.collect()

    def _edl(self, *, looks: bool = False) -> Path:
        end = float(self._frames / _RATE)
        clip: Json = {
            "track": {"type": "video", "number": 1}, "in": 0, "out": end,
            "source": {"uri": self._clip.name, "in": 0, "out": end},
        }  # fmt: skip
        if looks:
            clip["effects"] = [
                {"type": "saturation", "value": 1.3},
                {"type": "brightness", "value": 0.1},
            ]
            clip["motion"] = {"zoomX": 0.9, "zoomY": 0.9, "rotation": 3}
        width, height = _SIZE
        edl = {"fps": float(_RATE), "width": width, "height": height, "clips": [clip]}
        path = self._folder / ("looks.json" if looks else "plain.json")
        path.write_text(json.dumps(edl))
        return path

    def _write_clip(self) -> None:
        settings = RenderSettings(codec="libx264", preset="veryfast", crf=16)
        output = video_output(settings, container_for(self._clip), *_SIZE, _RATE)
        pool = FramePool(*_SIZE, pixel_format("yuv420p"), Colour())
        with Muxer(self._clip, container_for(self._clip), output) as muxer:
            for number in range(self._frames):
                frame = pool.allocate()
                _paint([frame.array(index) for index in range(3)], number)
                muxer.write_frame(frame)
            muxer.finish()

    def _planes(self, name: str) -> Iterator[list[npt.NDArray[Any]]]:
        return _pictures(self._folder / name, self._frames)


def _paint(planes: list[npt.NDArray[Any]], number: int) -> None:
    """A moving gradient, and the number in blocks over the upper quarter."""
    luma, blue, red = planes
    height, width = luma.shape
    across, down = np.arange(width), np.arange(height)[:, None]
    luma[:] = 60 + (across + 3 * number) % 120 + down % 30
    blue[:] = 90 + (np.arange(blue.shape[1]) + number) % 70
    red[:] = 90 + (np.arange(red.shape[0])[:, None] + 2 * number) % 70
    blocks = np.array([_BRIGHT if number >> bit & 1 else _DARK for bit in range(_BITS)])
    luma[: height // 4] = blocks[across * _BITS // width]


def _number(luma: npt.NDArray[Any]) -> int:
    height, width = luma.shape
    centres = (np.arange(_BITS) * 2 + 1) * width // (2 * _BITS)
    return sum(int(luma[height // 8, centre] > 120) << bit for bit, centre in enumerate(centres))


def _pictures(path: Path, most: int) -> Iterator[list[npt.NDArray[Any]]]:
    """Copies of the planes of up to ``most`` pictures, decoded on the CPU."""
    with VideoDecoder(AccessRules(), str(path)) as decoder:
        for number in range(most):
            played = decoder.frame_played_at(number / _RATE)
            if played.held:
                return
            yield [played.frame.array(index).copy() for index in range(3)]


def _lumas(path: Path, most: int) -> Iterator[npt.NDArray[Any]]:
    return (planes[0] for planes in _pictures(path, most))


def _psnr(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    difference = one.astype(np.float64) - other
    error = float(np.mean(difference * difference))
    return 99.0 if error == 0 else min(10 * np.log10(255**2 / error), 99.0)


def _resources(usage: GpuUsage) -> dict[str, int]:
    gc.collect()
    found = {"threads": threading.active_count()}
    if os.path.isdir("/proc/self/fd"):
        found["descriptors"] = len(os.listdir("/proc/self/fd"))
    return found | usage.now()


def _amount(name: str, value: int) -> str:
    return f"{value / 2**20:.0f} MB" if name == "gpu_memory" else str(value)


def _say(told: Json) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    end_with_parent()
    _task = json.loads(sys.argv[1])
    try:
        Trial(Path(_task["folder"]), _task["frames"], _task["cycles"], _task["device"], _say).run()
    except DeviceError as error:
        sys.exit(str(error))
