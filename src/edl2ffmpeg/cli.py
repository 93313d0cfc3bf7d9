"""The command line: arguments become settings, settings become a job; no other logic.

Exit codes: 0 done, 1 render failed, 2 bad EDL or usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edl2ffmpeg.arguments import (
    COMMANDS,
    Parser,
    add_access_options,
    checked,
    picture_parser,
    render_parser,
    waveform_parser,
)
from edl2ffmpeg.errors import (
    Edl2FfmpegError,
    JobInterruptedError,
    SettingsError,
    printable,
)
from edl2ffmpeg.interruption import Interruption
from edl2ffmpeg.settings import (
    AudioSpeed,
    AudioTracks,
    Fit,
    HardwareAcceleration,
    HardwareFallback,
    RenderSettings,
    Subtitles,
)
from edl2ffmpeg.standard_streams import discard
from edl2ffmpeg.timing import parse_frame_rate

if TYPE_CHECKING:
    from edl2ffmpeg.timeline.model import Timeline

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """Runs the command line; gives the exit code."""
    command = arguments[0] if arguments and arguments[0] in COMMANDS else "render"
    rest = arguments[1:] if command != "render" else arguments
    if not arguments:
        render_parser().print_help()
        return 2
    run_command = {
        "render": _run_render,
        "check": _run_check,
        "plan": _run_plan,
        "still": _run_still,
        "sheet": _run_sheet,
        "waveform": _run_waveform,
        "devices": _run_devices,
        "schema": _run_schema,
    }[command]
    with Interruption() as interruption:
        try:
            interruption.arm()
            code = run_command(rest, interruption)
            sys.stdout.flush()
            return code
        except Edl2FfmpegError as error:
            if not interruption.is_stopping:
                _print_lines("", str(error))
                return error.exit_code
        except OSError as error:
            if not interruption.is_stopping:
                return _output_failed(error)
        except BaseException:
            # An interrupt may come out as another error of the code it went through.
            if not interruption.is_stopping:
                raise
    _print_lines("", f"interrupted by {interruption.signal_name}; {interruption.outcome}")
    return JobInterruptedError.exit_code


def _output_failed(error: OSError) -> int:
    """Standard output cannot be written to, or a path is one no file can have."""
    # Python flushes it at its end, and would complain again.
    discard(sys.stdout)
    if not isinstance(error, BrokenPipeError):
        where = f"{error.filename}: " if error.filename else ""
        _print_lines("", f"{where}{error.strerror or error}")
    return 1


def _print_lines(kind: str, text: str) -> None:
    for line in text.splitlines():
        print(f"edl2ffmpeg: {kind}{printable(line)}", file=sys.stderr)


# -- render -------------------------------------------------------------------


def _run_render(arguments: Sequence[str], interruption: Interruption) -> int:
    options = render_parser().parse_args(arguments)
    _set_up_logging(options)
    settings = _settings(options)
    output: Path = options.out
    _refuse_misspelt_command(options.edl)
    from edl2ffmpeg.media.formats import container_for

    container_for(output)
    _refuse_own_files(options)
    if _exists(output) and not settings.overwrite:
        settings = _ask_to_overwrite(output, settings)
    from edl2ffmpeg.api import load_timeline
    from edl2ffmpeg.jobs.render_job import render_timeline
    from edl2ffmpeg.jobs.report import report_to
    from edl2ffmpeg.jobs.subtitles import refuse_sidecar_names
    from edl2ffmpeg.terminal import progress_display, tell_rendered

    timeline = load_timeline(options.edl, settings)
    refuse_sidecar_names(timeline, output, settings, (options.edl, options.report))
    kind = "none" if options.quiet and options.progress != "json" else options.progress
    others = {"EDL": options.edl, "movie": output, "table of locations": options.locations}
    with report_to(options.report, timeline, others, settings, interruption) as write_report:
        with progress_display(kind, output, interruption.check) as display:
            result = render_timeline(timeline, output, settings, display, interruption)
        write_report(result.report)
    for warning in result.warnings:
        _print_lines("warning: ", warning)
    if not options.quiet:
        tell_rendered(result)
    return 0


def _refuse_own_files(options: argparse.Namespace) -> None:
    from edl2ffmpeg.jobs.render_job import refuse_own_files

    own = {"EDL": options.edl, "table of locations": options.locations}
    refuse_own_files(options.out, "output", own)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be used: {error.strerror}") from None


def _refuse_misspelt_command(edl: Path) -> None:
    """A command that is misspelt, or stands after options, is taken for an EDL."""
    if _exists(edl):
        return
    from difflib import get_close_matches

    for command in get_close_matches(str(edl), COMMANDS, 1):
        raise SettingsError(
            f"there is no EDL {str(edl)!r}; for the command write 'edl2ffmpeg {command} ...', "
            "options after it"
        )


def _ask_to_overwrite(output: Path, settings: RenderSettings) -> RenderSettings:
    from dataclasses import replace

    if sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty():
        print(f"{output} exists already; replace it? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return replace(settings, overwrite=True)
        raise SettingsError(f"{output}: kept; nothing was rendered")
    raise SettingsError(f"{output}: exists already; add --overwrite to replace it")


def _set_up_logging(options: argparse.Namespace) -> None:
    level = logging.ERROR if options.quiet else logging.WARNING
    if options.verbose:
        level = logging.DEBUG if options.verbose > 1 else logging.INFO
    logging.basicConfig(level=level, format="edl2ffmpeg: %(message)s", stream=sys.stderr)


def _settings(options: argparse.Namespace) -> RenderSettings:
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
        hw_accel=HardwareAcceleration(options.hw_accel),
        hw_device=options.hw_device,
        hw_fallback=HardwareFallback(options.hw_fallback),
        hw_encode=options.hw_encode,
        hw_decode=options.hw_decode,
        async_depth=options.async_depth,
        jobs=options.jobs,
        chunk_seconds=options.chunk_seconds,
        retries=options.retries,
        stall_timeout=options.stall_timeout,
        worker_memory=options.worker_memory,
        fresh=options.fresh,
        **_access(options),
    )


def _access(options: argparse.Namespace) -> dict[str, Any]:
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


# -- the other commands -------------------------------------------------------


def _sentence(command: str) -> str:
    text = COMMANDS[command]
    return f"{text[:1].upper()}{text[1:]}."


def _run_check(arguments: Sequence[str], interruption: Interruption) -> int:
    parser = Parser(prog="edl2ffmpeg check", description=_sentence("check"))
    parser.add_argument("edl", metavar="EDL", type=Path)
    parser.add_argument("--strict", action="store_true", help="warnings are errors")
    parser.add_argument("--no-media", action="store_true", help="do not open the media")
    add_access_options(parser)
    options = parser.parse_args(arguments)
    settings = RenderSettings(strict=options.strict, **_access(options))
    from edl2ffmpeg.api import load_timeline
    from edl2ffmpeg.jobs.check import MediaNotes, check_media
    from edl2ffmpeg.jobs.render_job import access_rules, all_warnings, refuse_warnings
    from edl2ffmpeg.media.audio_layouts import MOST_CHANNELS
    from edl2ffmpeg.media.decoder_pool import DecoderPool

    timeline = load_timeline(options.edl, settings)
    notes = MediaNotes()
    if not options.no_media:
        rules = access_rules(settings)
        with DecoderPool(rules, threads=1) as decoders:
            # How many channels a render will have is not known here.
            notes = check_media(timeline, rules, decoders, audio_channels=MOST_CHANNELS)
    refuse_warnings(timeline, notes, settings)
    for warning in all_warnings(timeline, notes, []):
        _print_lines("warning: ", str(warning))
    print(f"{options.edl}: {_summary(timeline)}")
    return 0


def _summary(timeline: Timeline) -> str:
    from edl2ffmpeg.timing import format_timecode, frame_at

    tracks = timeline.video_tracks + timeline.audio_tracks
    clips = sum(len(track.clips) for track in tracks)
    frames = frame_at(timeline.duration, timeline.frame_rate)
    return (
        f"good; {clips} clip{'s' if clips != 1 else ''} on {len(timeline.video_tracks)} video "
        f"and {len(timeline.audio_tracks)} audio tracks, {format_timecode(timeline.duration)} "
        f"({frames} frames at {float(timeline.frame_rate):.6g} per second), "
        f"{timeline.width}x{timeline.height}"
    )


def _run_plan(arguments: Sequence[str], interruption: Interruption) -> int:
    parser = Parser(prog="edl2ffmpeg plan", description=_sentence("plan"))
    parser.add_argument("edl", metavar="EDL", type=Path)
    parser.add_argument(
        "--frame", metavar="N", type=int, required=True, help="output frame, from 0"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--fps", metavar="RATE", type=checked(parse_frame_rate))
    add_access_options(parser)
    options = parser.parse_args(arguments)
    settings = RenderSettings(frame_rate=options.fps, **_access(options))
    from edl2ffmpeg.api import load_timeline
    from edl2ffmpeg.jobs.render_job import with_overrides
    from edl2ffmpeg.plan.describe import plan_as_json, plan_as_text
    from edl2ffmpeg.plan.frame_planner import FramePlanner

    planner = FramePlanner(with_overrides(load_timeline(options.edl, settings), settings))
    if not 0 <= options.frame < planner.frame_count:
        raise SettingsError(
            f"--frame {options.frame}: the timeline has frames 0 to {planner.frame_count - 1}"
            if planner.frame_count
            else f"--frame {options.frame}: the timeline is empty"
        )
    plan = planner.frame(options.frame)
    print(json.dumps(plan_as_json(plan), indent=2) if options.json else plan_as_text(plan))
    return 0


def _run_still(arguments: Sequence[str], interruption: Interruption) -> int:
    options = picture_parser("still", _sentence("still")).parse_args(arguments)
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


def _run_sheet(arguments: Sequence[str], interruption: Interruption) -> int:
    options = picture_parser("sheet", _sentence("sheet")).parse_args(arguments)
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


def _run_waveform(arguments: Sequence[str], interruption: Interruption) -> int:
    options = waveform_parser(_sentence("waveform")).parse_args(arguments)
    settings = _for_picture(
        options,
        RenderSettings(
            start=options.start,
            end=options.end,
            audio_channels=options.audio_channels,
            overwrite=options.overwrite,
            **_access(options),
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
        **_access(options),
    )
    return _for_picture(options, settings)


def _for_picture(options: argparse.Namespace, settings: RenderSettings) -> RenderSettings:
    """``settings`` once the name of the picture has been judged."""
    from edl2ffmpeg.jobs.picture_file import format_of

    format_of(options.out)
    _refuse_own_files(options)
    if _exists(options.out) and not settings.overwrite:
        settings = _ask_to_overwrite(options.out, settings)
    return settings


def _tell_made(options: argparse.Namespace, what: str, warnings: Sequence[str]) -> None:
    for warning in warnings:
        _print_lines("warning: ", warning)
    if not options.quiet:
        print(f"{options.out}: {what}", file=sys.stderr)


def _run_devices(arguments: Sequence[str], interruption: Interruption) -> int:
    parser = Parser(prog="edl2ffmpeg devices", description=_sentence("devices"))
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args(arguments)
    from edl2ffmpeg.jobs.devices import devices_as_text, find_devices

    found = find_devices()
    print(json.dumps(found, indent=2) if options.json else devices_as_text(found))
    return 0


def _run_schema(arguments: Sequence[str], interruption: Interruption) -> int:
    parser = Parser(prog="edl2ffmpeg schema", description=_sentence("schema"))
    parser.parse_args(arguments)
    from edl2ffmpeg.edl import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
