"""``still``, ``sheet`` and ``waveform``: pictures of the movie."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from edl2ffmpeg.arguments import picture_parser, waveform_parser
from edl2ffmpeg.commands.shared import (
    access_settings,
    ask_to_overwrite,
    exists,
    print_lines,
    refuse_own_files_of,
    sentence_of,
)
from edl2ffmpeg.interruption import Interruption
from edl2ffmpeg.settings import Fit, RenderSettings

__all__ = ["run_sheet", "run_still", "run_waveform"]


def run_still(arguments: Sequence[str], interruption: Interruption) -> int:
    """Writes one frame as a picture."""
    options = picture_parser("still", sentence_of("still")).parse_args(arguments)
    settings = _picture_settings(options)
    from edl2ffmpeg.api import load_timeline
    from edl2ffmpeg.jobs.picture_file import picture_file
    from edl2ffmpeg.jobs.stills import frame_shown_at, still_of

    timeline = load_timeline(options.edl, settings)
    number = options.frame
    if number is None:
        number = frame_shown_at(timeline, options.time, settings)
    with picture_file(timeline, options.out, settings, interruption) as write:
        picture, warnings = still_of(timeline, number, settings)
        interruption.check()
        write(picture)
    height, width = picture.shape[:2]
    _tell_made(options, f"frame {number}, {width}x{height} pixels", warnings)
    return 0


def run_sheet(arguments: Sequence[str], interruption: Interruption) -> int:
    """Writes a contact sheet."""
    options = picture_parser("sheet", sentence_of("sheet")).parse_args(arguments)
    settings = _picture_settings(options)
    from edl2ffmpeg.api import load_timeline
    from edl2ffmpeg.jobs.contact_sheet import write_contact_sheet

    result = write_contact_sheet(
        load_timeline(options.edl, settings),
        options.edl.name,
        options.out,
        settings,
        columns=options.columns,
        size=options.size,
        most=options.max,
        between=interruption.check,
        guard=interruption,
    )
    made = f"{result.shots_shown} shot{'s' if result.shots_shown != 1 else ''}"
    _tell_made(options, f"{made}, {result.width}x{result.height} pixels", result.warnings)
    return 0


def run_waveform(arguments: Sequence[str], interruption: Interruption) -> int:
    """Draws the sound."""
    options = waveform_parser(sentence_of("waveform")).parse_args(arguments)
    settings = _for_picture(
        options,
        RenderSettings(
            start=options.start,
            end=options.end,
            audio_channels=options.audio_channels,
            overwrite=options.overwrite,
            **access_settings(options),
        ),
    )
    from edl2ffmpeg.api import load_timeline
    from edl2ffmpeg.jobs.waveform import write_waveform

    result = write_waveform(
        load_timeline(options.edl, settings),
        options.edl.name,
        options.out,
        settings,
        width=options.width,
        lane_height=options.height,
        between=interruption.check,
        guard=interruption,
    )
    _tell_made(options, f"{result.width}x{result.height} pixels", result.warnings)
    return 0


def _picture_settings(options: argparse.Namespace) -> RenderSettings:
    """Settings of ``still`` and ``sheet``."""
    settings = RenderSettings(
        frame_rate=options.fps,
        width=options.width,
        height=options.height,
        fit=Fit(options.fit),
        overwrite=options.overwrite,
        **access_settings(options),
    )
    return _for_picture(options, settings)


def _for_picture(options: argparse.Namespace, settings: RenderSettings) -> RenderSettings:
    """``settings`` once the name of the picture has been judged."""
    from edl2ffmpeg.jobs.picture_file import format_of

    format_of(options.out)
    refuse_own_files_of(options)
    if exists(options.out) and not settings.overwrite:
        settings = ask_to_overwrite(options.out, settings)
    return settings


def _tell_made(options: argparse.Namespace, what: str, warnings: Sequence[str]) -> None:
    for warning in warnings:
        print_lines("warning: ", warning)
    if not options.quiet:
        print(f"{options.out}: {what}", file=sys.stderr)
