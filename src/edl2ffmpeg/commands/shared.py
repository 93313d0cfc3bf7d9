"""What commands have in common: settings from options, questions, and lines on the terminal."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import Any

from edl2ffmpeg.arguments import COMMANDS
from edl2ffmpeg.errors import SettingsError, printable
from edl2ffmpeg.settings import (
    AudioSpeed,
    AudioTracks,
    Fit,
    HardwareAcceleration,
    HardwareFallback,
    RenderSettings,
    Subtitles,
)

__all__ = [
    "access_settings",
    "ask_to_overwrite",
    "exists",
    "hardware_settings",
    "print_lines",
    "refuse_own_files_of",
    "render_settings",
    "sentence_of",
    "set_up_logging",
]


def print_lines(kind: str, text: str) -> None:
    """Each line of ``text`` on standard error, with who says it."""
    for line in text.splitlines():
        print(f"edl2ffmpeg: {kind}{printable(line)}", file=sys.stderr)


def exists(path: Path) -> bool:
    """Whether there is such a file; ``SettingsError`` where nobody can know."""
    try:
        return path.exists()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be used: {error.strerror}") from None


def refuse_own_files_of(options: argparse.Namespace) -> None:
    """Raises when the output is one of the files to be read."""
    from edl2ffmpeg.jobs.render_job import refuse_own_files

    own = {"EDL": options.edl, "table of locations": options.locations}
    refuse_own_files(options.out, "output", own)


def ask_to_overwrite(output: Path, settings: RenderSettings) -> RenderSettings:
    """Settings that replace ``output``, if the terminal says yes; else ``SettingsError``."""
    from dataclasses import replace

    if sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty():
        print(f"{output} exists already; replace it? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return replace(settings, overwrite=True)
        raise SettingsError(f"{output}: kept; nothing was rendered")
    raise SettingsError(f"{output}: exists already; add --overwrite to replace it")


def set_up_logging(options: argparse.Namespace) -> None:
    """As much on standard error as ``-v`` and ``-q`` ask for."""
    level = logging.ERROR if options.quiet else logging.WARNING
    if options.verbose:
        level = logging.DEBUG if options.verbose > 1 else logging.INFO
    logging.basicConfig(level=level, format="edl2ffmpeg: %(message)s", stream=sys.stderr)


def render_settings(options: argparse.Namespace) -> RenderSettings:
    """The settings of a render."""
    return RenderSettings(
        codec=options.codec,
        bitrate=options.bitrate,
        preset=options.preset,
        crf=options.crf,
        pixel_format=options.pix_fmt,
        encoder_options=dict(options.encoder_option),
        frame_rate=options.fps,
        width=options.width,
        height=options.height,
        start=options.start,
        end=options.end,
        threads=options.threads,
        strict=options.strict,
        overwrite=options.overwrite,
        audio=not options.no_audio,
        audio_codec=options.audio_codec,
        audio_bitrate=options.audio_bitrate,
        audio_channels=options.audio_channels,
        audio_rate=options.audio_rate,
        audio_tracks=AudioTracks(options.audio_tracks),
        audio_speed=AudioSpeed(options.audio_speed),
        loudness=options.loudness,
        peak_limit=options.peak_limit,
        fit=Fit(options.fit),
        subtitles=Subtitles(options.subtitles),
        **hardware_settings(options),
        jobs=options.jobs,
        chunk_seconds=options.chunk_seconds,
        retries=options.retries,
        stall_timeout=options.stall_timeout,
        worker_memory=options.worker_memory,
        fresh=options.fresh,
        cluster=options.cluster,
        path_maps=dict(options.path_map),
        cluster_storage=options.cluster_storage,
        **access_settings(options),
    )


def hardware_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Which device does what, as fields of ``RenderSettings``."""
    return {
        "hw_accel": HardwareAcceleration(options.hw_accel),
        "hw_device": options.hw_device,
        "hw_fallback": HardwareFallback(options.hw_fallback),
        "hw_encode": options.hw_encode,
        "hw_decode": options.hw_decode,
        "async_depth": options.async_depth,
    }


def access_settings(options: argparse.Namespace) -> dict[str, Any]:
    """What may be opened, as fields of ``RenderSettings``."""
    return {
        "allow_protocols": frozenset(name.lower() for name in options.allow_protocol),
        "restrict": tuple(options.restrict),
        "locations": _read_locations(options.locations),
    }


def _read_locations(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except RecursionError:
        raise SettingsError(f"{path}: is not JSON of ids and uris: it is nested too deep") from None
    except ValueError as error:
        raise SettingsError(f"{path}: is not JSON: {error}") from None
    if not isinstance(table, dict) or not all(isinstance(uri, str) for uri in table.values()):
        raise SettingsError(f'{path}: must be a JSON object of ids and uris, {{"id": "uri"}}')
    return table


def sentence_of(command: str) -> str:
    """A command's description."""
    text = COMMANDS[command]
    return f"{text[:1].upper()}{text[1:]}."
