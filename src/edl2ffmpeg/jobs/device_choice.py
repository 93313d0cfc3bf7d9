"""Decides what decodes, draws and encodes a render, and with which encoder.

Devices are tried in a process of their own; this one never opens any.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from edl2ffmpeg.devices.selection import (
    DeviceDecision,
    DeviceRequest,
    StageDecision,
    allows_cpu,
    requested_device,
    why_no_cuda,
)
from edl2ffmpeg.errors import DeviceUnavailableError, SettingsError
from edl2ffmpeg.media.encoder_options import known_encoder_options
from edl2ffmpeg.media.formats import (
    ContainerFormat,
    VideoOutput,
    container_for,
    device_of_codec,
    names_software_encoder,
    video_codec,
    video_output,
)
from edl2ffmpeg.rendering.device_probe import DeviceTrial, try_accelerator, try_device
from edl2ffmpeg.settings import HardwareAcceleration, RenderSettings
from edl2ffmpeg.timeline.model import Timeline

__all__ = [
    "DeviceTrials",
    "choose_stages",
    "device_warnings",
    "on_the_cpu",
    "software_choice",
    "stages_of",
    "without_pictures",
]


_REFUSED = "the device's encoder cannot do this:"


class DeviceTrials:
    """Remembers how trials went, for renders that share it, in any thread.

    One that failed is made once more before it is believed.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], DeviceTrial] = {}
        self._failed: set[tuple[object, ...]] = set()
        self._asking = threading.Lock()

    def of(self, question: tuple[object, ...], ask: Callable[[], DeviceTrial]) -> DeviceTrial:
        """What came of ``question``, for which ``ask`` is called if that is not known yet."""
        with self._asking:
            found = self._known.get(question)
            if found is None:
                found = ask()
                has_failed = bool(found.failure or found.encoder_failure)
                if not has_failed or question in self._failed:
                    self._known[question] = found
                else:
                    self._failed.add(question)
            return found

    def forget(self) -> None:
        """A device has failed since: all are tried again."""
        with self._asking:
            self._known.clear()
            self._failed.clear()


def choose_stages(
    settings: RenderSettings,
    container: ContainerFormat,
    size: tuple[int, int],
    frame_rate: Fraction,
    trials: DeviceTrials | None = None,
) -> tuple[DeviceDecision, VideoOutput]:
    """The device of a render, and how its pictures are encoded; ``trials`` are not made again.

    Raises ``DeviceUnavailableError`` for a device that is asked for and cannot be had, and
    ``SettingsError`` for settings that cannot work.
    """
    settings = _with_encoder_wish(settings)
    request = requested_device(settings)
    if request.number is None and not request.accelerator:
        return software_choice(settings, container, size, frame_rate, "asked for")
    is_left_open = request.kind is HardwareAcceleration.AUTO and not settings.hw_encode
    if settings.cluster is not None and is_left_open:
        why = "workers of a cluster use a GPU where --hw-accel cuda asks for it"
        return software_choice(settings, container, size, frame_rate, why)
    encoder, no_encoder = _device_encoder(settings, request, container, size, frame_rate)
    if encoder is None and request.encodes and not allows_cpu(settings):
        raise SettingsError(f"--hw-encode cannot be had: {no_encoder}")
    several = not request.is_pinned and settings.jobs != 0
    # What the machines of a cluster have cannot be tried here.
    trial = DeviceTrial()
    if settings.cluster is None:
        trial = _trial(request, encoder, several, trials or DeviceTrials())
    if trial.failure:
        if not allows_cpu(settings):
            sentence = trial.failure
            if request.kind is HardwareAcceleration.AUTO:
                sentence += "; leave the options of hardware out, or add --hw-fallback allow"
            elif request.accelerator:
                sentence += "; choose another --hw-accel, or add --hw-fallback allow"
            raise DeviceUnavailableError(sentence, _name_of(request))
        return software_choice(settings, container, size, frame_rate, trial.failure)
    used = _name_of(request)
    why = f"it is there ({trial.description})" if trial.description else "asked for"
    decision = DeviceDecision(
        request.kind.value,
        used,
        why,
        request.number,
        request.decodes,
        accelerator=request.accelerator,
        accelerator_device=request.accelerator_device,
        may_use_cpu=allows_cpu(settings),
        numbers=tuple(range(trial.devices)) if several and trial.devices > 1 else (),
        free_bytes=trial.free_bytes,
    )
    if encoder is not None and not trial.encoder_failure:
        # Other kinds of device write other bytes.
        alike = tuple(trial.alike) if several and len(trial.alike) > 1 else ()
        encode = StageDecision(used, encoder.encoder)
        return (
            replace(decision, encode=encode, numbers=alike, encoder_identity=trial.identity),
            encoder,
        )
    if encoder is not None:
        no_encoder = f"{encoder.encoder} on {trial.description}: {trial.encoder_failure}"
        if request.encodes and not allows_cpu(settings):
            raise DeviceUnavailableError(
                f"{no_encoder}; leave --hw-encode and {encoder.encoder} out, or add "
                "--hw-fallback allow",
                used,
            )
    is_refused = encoder is None and no_encoder.startswith(_REFUSED)
    output = video_output(_for_software(settings, container), container, *size, frame_rate)
    encode = StageDecision("cpu", no_encoder)
    return replace(decision, encode=encode, is_encoder_refused=is_refused), output


def stages_of(timeline: Timeline, output: Path, settings: RenderSettings) -> DeviceDecision:
    """What would decode, draw and encode ``output``; see ``choose_stages``."""
    container = container_for(output)
    if container.is_sound_only:
        return without_pictures(settings)
    size = (timeline.width, timeline.height)
    return choose_stages(settings, container, size, timeline.frame_rate)[0]


def software_choice(
    settings: RenderSettings,
    container: ContainerFormat,
    size: tuple[int, int],
    frame_rate: Fraction,
    reason: str,
    *,
    is_replacement: bool = False,
) -> tuple[DeviceDecision, VideoOutput]:
    """The CPU for everything, because of ``reason``.

    With ``is_replacement`` it takes the place of a device that has failed, for whose encoder the
    settings were made.
    """
    asked = requested_device(settings).kind.value
    software = _for_software(settings, container, is_replacement=is_replacement)
    return on_the_cpu(asked, reason), video_output(software, container, *size, frame_rate)


def device_warnings(device: DeviceDecision, settings: RenderSettings) -> list[str]:
    """That something else is used than was asked for, and why."""
    if not device.uses_hardware and device.requested not in ("auto", "none"):
        return [f"rendered on the CPU and not on a GPU: {device.reason}"]
    wanted = bool(settings.hw_encode or device_of_codec(settings))
    wanted = wanted or (device.is_encoder_refused and device.requested != "auto")
    if not device.encodes and wanted:
        return [f"encoded on the CPU and not on a GPU: {device.encode.reason}"]
    return []


def on_the_cpu(requested: str, reason: str) -> DeviceDecision:
    """The decision for the CPU, in all stages."""
    return DeviceDecision(requested, "cpu", reason, encode=StageDecision("cpu", reason))


def without_pictures(settings: RenderSettings) -> DeviceDecision:
    """The decision where there is nothing to decode, draw or encode but sound."""
    requested = requested_device(settings).kind.value
    return on_the_cpu(requested, "sound is made on the CPU")


def _for_software(
    settings: RenderSettings, container: ContainerFormat, *, is_replacement: bool = False
) -> RenderSettings:
    """``settings`` without what only the device's encoder understands, where that was meant."""
    codec = settings.codec
    if codec is not None and device_of_codec(settings):
        codec = codec.lower().split("_")[0]
    elif not settings.hw_encode and not is_replacement:
        return settings
    software = replace(settings, codec=codec)
    entry = video_codec(software, container)
    known = known_encoder_options(entry.encoder, settings.encoder_options)
    if software.preset not in entry.presets:
        software = replace(software, preset=None)
    return replace(software, encoder_options=known, async_depth=None)


def _with_encoder_wish(settings: RenderSettings) -> RenderSettings:
    """An encoder of a device, asked for by name, is a wish for that device to encode."""
    kind = device_of_codec(settings)
    if not kind:
        return settings
    asked = settings.hw_accel
    if settings.hw_encode is False:
        raise _contradiction(settings, "--no-hw-encode")
    if asked is HardwareAcceleration.AUTO and kind != HardwareAcceleration.CUDA.value:
        # Only CUDA devices are found by looking.
        asked = HardwareAcceleration(kind)
    if asked not in (HardwareAcceleration.AUTO, HardwareAcceleration(kind)):
        raise _contradiction(settings, f"--hw-accel {asked.value}")
    return replace(settings, hw_encode=True, hw_accel=asked)


def _contradiction(settings: RenderSettings, option: str) -> SettingsError:
    return SettingsError(f"--codec {settings.codec} contradicts {option}; leave one of them out")


def _name_of(request: DeviceRequest) -> str:
    return request.accelerator or f"cuda:{request.number}"


def _device_encoder(
    settings: RenderSettings,
    request: DeviceRequest,
    container: ContainerFormat,
    size: tuple[int, int],
    frame_rate: Fraction,
) -> tuple[VideoOutput | None, str]:
    """How the device would encode it, or why it does not."""
    why = "--no-hw-encode" if request.encodes is False else ""
    if request.encodes is None and names_software_encoder(settings):
        why = f"--codec {settings.codec}"
    if why and settings.async_depth is not None:
        raise SettingsError(f"--async-depth is for NVENC, and {why} asks for another encoder")
    if why:
        return None, f"{why} asks for it"
    if request.encodes is None and settings.cluster is not None:
        return None, "workers of a cluster encode on a GPU where --hw-encode asks for it"
    device = request.accelerator or HardwareAcceleration.CUDA.value
    has_encoder = video_codec(settings, container).counterpart(device) is not None
    try:
        return video_output(settings, container, *size, frame_rate, device), ""
    except SettingsError as error:
        if settings.async_depth is not None:
            raise
        # What no encoder can write is said of the CPU's, in the words of what was asked for.
        return None, f"{_REFUSED} {error}" if has_encoder else str(error)


def _trial(
    request: DeviceRequest, encoder: VideoOutput | None, several: bool, trials: DeviceTrials
) -> DeviceTrial:
    """Tries the device where that has to be known; ``several`` asks how many there are."""
    name = encoder.encoder if encoder is not None else None
    kind, device = request.accelerator, request.accelerator_device
    if kind:
        return trials.of((kind, device, name), lambda: try_accelerator(kind, device, name))
    number = request.number
    assert number is not None
    if request.kind is HardwareAcceleration.AUTO:
        missing = why_no_cuda()
        if missing:
            return DeviceTrial(failure=missing)
    elif encoder is None and not several:
        # Opening it for the render tells as well.
        return DeviceTrial()
    return trials.of((number, name), lambda: try_device(number, name))
