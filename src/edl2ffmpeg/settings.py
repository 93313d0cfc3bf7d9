"""What a render is asked to do beside its EDL, as one immutable value; it decides nothing."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from functools import partial
from numbers import Rational, Real
from pathlib import Path, PurePath
from typing import Any, TypeVar

from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.timing import parse_frame_rate, parse_seconds, parse_timecode

__all__ = [
    "AudioSpeed",
    "AudioTracks",
    "Fit",
    "HardwareAcceleration",
    "HardwareFallback",
    "RenderSettings",
    "Subtitles",
]

# As for an EDL: what FFmpeg's integers and any real movie can hold.
_MAX_PIXELS = 32_768
_MAX_FRAME_RATE = 1000
_MAX_TERM = 2**31 - 1
_MAX_SECONDS = 10**9
_MAX_THREADS = 1024
_MAX_CHANNELS = 16
_MAX_JOBS = 256
_MAX_RETRIES = 100
_MAX_BYTES = 2**50
_USUAL_CHUNK_SECONDS = 10
_PROTOCOL = re.compile(r"[a-z][a-z0-9+._-]*")


class Fit(Enum):
    """How a source of another shape fills the output."""

    CONTAIN = "contain"
    COVER = "cover"
    STRETCH = "stretch"


class Subtitles(Enum):
    """Where subtitles go: into the picture, a track of the movie, a file beside it, nowhere."""

    BURN = "burn"
    EMBED = "embed"
    SIDECAR = "sidecar"
    OFF = "off"


class AudioTracks(Enum):
    """Whether the movie has one mix, or a stream for each audio track of the EDL."""

    MIX = "mix"
    SEPARATE = "separate"


class AudioSpeed(Enum):
    """What sound at another speed than 1 does: keeps its pitch, or follows as a tape does."""

    PITCH = "pitch"
    RESAMPLE = "resample"


class HardwareFallback(Enum):
    """What happens where the hardware asked for cannot be had: an error, or the CPU instead."""

    ERROR = "error"
    ALLOW = "allow"


class HardwareAcceleration(Enum):
    """What ``--hw-accel`` may ask for."""

    AUTO = "auto"
    CUDA = "cuda"
    VAAPI = "vaapi"
    QSV = "qsv"
    VIDEOTOOLBOX = "videotoolbox"
    NONE = "none"


@dataclass(frozen=True)
class RenderSettings:
    """Options of a render; every default is what ``edl2ffmpeg EDL OUT`` does.

    ``codec`` is an FFmpeg encoder or a common name (``h264``); None is the container's
    usual one.  ``bitrate`` is in bits per second and excludes ``crf``.  ``encoder_options`` are
    handed on to FFmpeg's encoder by their names there.  ``start`` and
    ``end`` cut the timeline, in seconds.  ``threads`` 0 chooses by the machine.
    ``allow_protocols`` and ``restrict`` say what an EDL may open, ``locations`` maps the
    format's location ids to uris.

    Sound: ``audio_codec`` None is the container's usual one, ``audio_bitrate`` is of each stream
    in bits per second, ``audio_rate`` in samples per second.  ``loudness`` is what to bring the
    mix to, in LUFS, and ``peak_limit`` what to keep its true peak under, in dBTP; None leaves
    both as they are.

    Running: ``jobs`` is how many processes render, None by the machine, 0 none but this one,
    unsupervised.  ``chunk_seconds`` None is 10, or the whole with ``bitrate``; 0 is the whole.
    A part that fails is tried ``retries`` times again; a process is ended after
    ``stall_timeout`` seconds without progress (0: never) or with more than ``worker_memory``
    bytes.  ``fresh`` makes use of nothing that an interrupted render has left.

    On a cluster: ``cluster`` is the address of a Dask scheduler, the path of its scheduler file
    or the name of an entry of Dask's configuration.  ``path_maps`` maps folders and
    addresses of this machine to what they are called on the workers, and ``cluster_storage`` is
    an address of fsspec's that chunks come by; None brings them with the results.

    What people write is understood as well: numbers and text for times and rates (``29.97``,
    ``"1:02.5"``), names for what is a choice (``fit="cover"``), one protocol or folder instead of
    several.  Raises ``SettingsError`` for a value that cannot be meant.
    """

    codec: str | None = None
    bitrate: int | None = None
    preset: str | None = None
    crf: float | None = None
    pixel_format: str | None = None
    encoder_options: dict[str, str] = field(default_factory=dict)
    frame_rate: Fraction | None = None
    width: int | None = None
    height: int | None = None
    start: Fraction | None = None
    end: Fraction | None = None
    threads: int = 0
    strict: bool = False
    overwrite: bool = False
    audio: bool = True
    audio_codec: str | None = None
    audio_bitrate: int | None = None
    audio_channels: int = 2
    audio_rate: int = 48_000
    audio_tracks: AudioTracks = AudioTracks.MIX
    audio_speed: AudioSpeed = AudioSpeed.PITCH
    loudness: float | None = None
    peak_limit: float | None = None
    fit: Fit = Fit.CONTAIN
    subtitles: Subtitles = Subtitles.BURN
    hw_accel: HardwareAcceleration = HardwareAcceleration.AUTO
    hw_device: str | None = None
    hw_fallback: HardwareFallback = HardwareFallback.ERROR
    hw_encode: bool | None = None
    hw_decode: bool | None = None
    async_depth: int | None = None
    allow_protocols: frozenset[str] = frozenset()
    restrict: tuple[Path, ...] = ()
    locations: dict[str, str] = field(default_factory=dict)
    jobs: int | None = None
    chunk_seconds: Fraction | None = None
    retries: int = 2
    stall_timeout: float = 60
    worker_memory: int | None = None
    fresh: bool = False
    cluster: str | None = None
    path_maps: dict[str, str] = field(default_factory=dict)
    cluster_storage: str | None = None

    def __post_init__(self) -> None:
        for name in ("codec", "preset", "pixel_format", "audio_codec", "hw_device"):
            self._set(name, _text)
        for name in ("cluster", "cluster_storage"):
            self._set(name, _text)
        for name in ("strict", "overwrite", "audio", "fresh"):
            self._set(name, _flag)
        for name in ("hw_encode", "hw_decode"):
            self._set(name, lambda value, name: None if value is None else _flag(value, name))
        for name, low, high in (
            ("bitrate", 1, _MAX_TERM),
            ("audio_bitrate", 1, _MAX_TERM),
            ("width", 1, _MAX_PIXELS),
            ("height", 1, _MAX_PIXELS),
            ("async_depth", 0, _MAX_TERM),
            ("jobs", 0, _MAX_JOBS),
            ("worker_memory", 1, _MAX_BYTES),
        ):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _whole(getattr(self, name), name, low, high))
        for name, low, high in (
            ("threads", 0, _MAX_THREADS),
            ("audio_channels", 1, _MAX_CHANNELS),
            ("audio_rate", 8_000, 192_000),
            ("retries", 0, _MAX_RETRIES),
        ):
            object.__setattr__(self, name, _whole(getattr(self, name), name, low, high))
        self._set("crf", _quality)
        for name, least, most in (("loudness", -70, 0), ("peak_limit", -40, 0)):
            self._set(name, partial(_level, low=least, high=most))
        self._set("stall_timeout", partial(_level, low=0, high=_MAX_SECONDS))
        self._set("frame_rate", _frame_rate)
        self._set("start", _time)
        self._set("end", _time)
        self._set("chunk_seconds", _length)
        for name, kind in (
            ("fit", Fit),
            ("subtitles", Subtitles),
            ("audio_tracks", AudioTracks),
            ("audio_speed", AudioSpeed),
            ("hw_accel", HardwareAcceleration),
            ("hw_fallback", HardwareFallback),
        ):
            object.__setattr__(self, name, _choice(getattr(self, name), name, kind))
        self._set("allow_protocols", _protocols)
        self._set("restrict", _folders)
        self._set("locations", _table)
        self._set("path_maps", _path_maps)
        self._set("encoder_options", _options)

    @property
    def burns_subtitles(self) -> bool:
        """Whether subtitles are part of the picture; what the EDL burns in always is."""
        return self.subtitles is Subtitles.BURN

    @property
    def seconds_per_chunk(self) -> Fraction:
        """Length of the parts that are encoded on their own; 0 is the whole.

        With a bit rate that is the whole unless asked for: each part would begin to control
        its rate anew.
        """
        if self.chunk_seconds is not None:
            return self.chunk_seconds
        return Fraction(0 if self.bitrate is not None else _USUAL_CHUNK_SECONDS)

    def _set(self, name: str, convert: Any) -> None:
        object.__setattr__(self, name, convert(getattr(self, name), name))


def _refuse(name: str, needed: str, value: object) -> SettingsError:
    try:
        shown = str(value) if isinstance(value, Fraction) else repr(value)
    except ValueError:
        # A whole number of more than 4300 digits.
        shown = "a huge number"
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return SettingsError(f"{name} must be {needed}, found {shown}")


def _text(value: Any, name: str) -> str | None:
    if value is None or (isinstance(value, str) and value and "\0" not in value):
        return value
    raise _refuse(name, "a name or None", value)


def _flag(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    raise _refuse(name, "True or False", value)


def _whole(value: Any, name: str, low: int, high: int) -> int:
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or not low <= number <= high:
        raise _refuse(name, f"a whole number from {low} to {high}", value)
    return number


def _quality(value: Any, name: str) -> float | None:
    if value is None:
        return None
    try:
        if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
            return value if isinstance(value, int) else float(value)
    except OverflowError:
        pass
    raise _refuse(name, "a finite number", value)


def _level(value: Any, name: str, low: int, high: int) -> float | None:
    number = _quality(value, name)
    if number is None or low <= number <= high:
        return number
    raise _refuse(name, f"a number from {low} to {high}", value)


def _frame_rate(value: Any, name: str) -> Fraction | None:
    if value is None:
        return None
    rate: Fraction | None = None
    try:
        if isinstance(value, Rational) and not isinstance(value, bool):
            rate = Fraction(value)
        elif isinstance(value, str):
            rate = parse_frame_rate(value)
        elif isinstance(value, Real) and not isinstance(value, bool):
            rate = parse_frame_rate(float(str(value)))
    except (ValueError, OverflowError):
        rate = None
    if rate is not None and max(rate.numerator, rate.denominator) > _MAX_TERM:
        # An EDL's rate is brought to terms that FFmpeg can hold in the same way.
        rate = rate.limit_denominator(1_000_000)
    if rate is None or not 0 < rate <= _MAX_FRAME_RATE:
        needed = f"a frame rate above 0 and at most {_MAX_FRAME_RATE}, such as 25 or '30000/1001'"
        raise _refuse(name, needed, value)
    return rate


def _time(value: Any, name: str) -> Fraction | None:
    if value is None:
        return None
    time: Fraction | None = None
    try:
        if isinstance(value, Rational) and not isinstance(value, bool):
            time = Fraction(value)
        elif isinstance(value, str):
            time = parse_timecode(value)
        elif isinstance(value, Real) and not isinstance(value, bool):
            time = parse_seconds(float(str(value)))
    except (ValueError, OverflowError):
        time = None
    if time is None or abs(time) > _MAX_SECONDS:
        raise _refuse(name, "a time in seconds, or text such as '1:02:03.5'", value)
    return time


def _length(value: Any, name: str) -> Fraction | None:
    time = _time(value, name)
    if time is not None and time < 0:
        raise _refuse(name, "a length in seconds from 0", value)
    return time


_Choice = TypeVar("_Choice", bound=Enum)


def _choice(value: Any, name: str, kind: type[_Choice]) -> _Choice:
    if isinstance(value, kind):
        return value
    for entry in kind:
        if isinstance(value, str) and entry.value == value.lower():
            return entry
    raise _refuse(name, "one of " + ", ".join(entry.value for entry in kind), value)


def _protocols(value: Any, name: str) -> frozenset[str]:
    names = (value,) if isinstance(value, str) else value
    if isinstance(names, Iterable) and not isinstance(names, (bytes, Mapping)):
        names = tuple(names)
        for entry in names:
            if not (isinstance(entry, str) and _PROTOCOL.fullmatch(entry.lower())):
                raise _refuse(name, "names of protocols such as 'https'", entry)
        return frozenset(entry.lower() for entry in names)
    raise _refuse(name, "names of protocols such as 'https'", value)


def _folders(value: Any, name: str) -> tuple[Path, ...]:
    # A text is one folder: taken letter by letter, "/safe" would allow "/".
    folders = (value,) if isinstance(value, (str, PurePath)) else value
    if isinstance(folders, Iterable) and not isinstance(folders, (bytes, Mapping)):
        folders = tuple(folders)
        if all(isinstance(entry, (str, PurePath)) and _is_name(entry) for entry in folders):
            return tuple(Path(entry) for entry in folders)
    raise _refuse(name, "a folder or several", value)


def _is_name(entry: str | PurePath) -> bool:
    return str(entry) != "" and "\0" not in str(entry)


def _table(value: Any, name: str) -> dict[str, str]:
    if isinstance(value, Mapping):
        table = dict(value)
        if all(isinstance(key, str) and isinstance(uri, str) for key, uri in table.items()):
            return table
    raise _refuse(name, "a mapping of location ids to uris, both text", value)


def _path_maps(value: Any, name: str) -> dict[str, str]:
    if isinstance(value, Mapping):
        table = {str(here): str(there) for here, there in value.items()}
        if all(_is_name(text) for pair in table.items() for text in pair):
            return table
    raise _refuse(name, "a mapping of folders or addresses here to those on the workers", value)


def _options(value: Any, name: str) -> dict[str, str]:
    if isinstance(value, Mapping) and all(
        isinstance(key, str) and isinstance(entry, (str, int, float))
        for key, entry in value.items()
    ):
        return {key: str(entry) for key, entry in value.items()}
    raise _refuse(name, "a mapping of FFmpeg's option names to values", value)
