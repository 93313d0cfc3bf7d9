"""``check``, ``plan`` and ``schema``: what an EDL says and means; they render nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edl2ffmpeg.arguments import Parser, add_access_options, add_hardware_options, checked
from edl2ffmpeg.commands.shared import access_settings, hardware_settings, print_lines, sentence_of
from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.interruption import Interruption
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timing import parse_frame_rate

if TYPE_CHECKING:
    from edl2ffmpeg.timeline.model import Timeline

__all__ = ["run_check", "run_plan", "run_schema"]


def run_check(arguments: Sequence[str], interruption: Interruption) -> int:
    """Says what is wrong with an EDL and its media."""
    parser = Parser(prog="edl2ffmpeg check", description=sentence_of("check"))
    parser.add_argument("edl", metavar="EDL", type=Path)
    parser.add_argument("--strict", action="store_true", help="warnings are errors")
    parser.add_argument("--no-media", action="store_true", help="do not open the media")
    add_access_options(parser)
    options = parser.parse_args(arguments)
    settings = RenderSettings(strict=options.strict, **access_settings(options))
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
        print_lines("warning: ", str(warning))
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


def run_plan(arguments: Sequence[str], interruption: Interruption) -> int:
    """Prints what is drawn for one frame, and what would render it."""
    parser = Parser(prog="edl2ffmpeg plan", description=sentence_of("plan"))
    parser.add_argument("edl", metavar="EDL", type=Path)
    parser.add_argument(
        "--frame", metavar="N", type=int, required=True, help="output frame, from 0"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--fps", metavar="RATE", type=checked(parse_frame_rate))
    parser.add_argument(
        "--out", metavar="OUT", type=Path, help="say how this would be rendered, too"
    )
    parser.add_argument("-c", "--codec", metavar="NAME", help="with --out, as for a render")
    add_hardware_options(parser.add_argument_group("hardware, with --out"))
    add_access_options(parser)
    options = parser.parse_args(arguments)
    settings = RenderSettings(
        frame_rate=options.fps,
        codec=options.codec,
        **hardware_settings(options),
        **access_settings(options),
    )
    from edl2ffmpeg.api import load_timeline
    from edl2ffmpeg.jobs.device_choice import stages_of
    from edl2ffmpeg.jobs.render_job import with_overrides
    from edl2ffmpeg.plan.describe import plan_as_json, plan_as_text
    from edl2ffmpeg.plan.frame_planner import FramePlanner

    timeline = with_overrides(load_timeline(options.edl, settings), settings)
    planner = FramePlanner(timeline)
    if not 0 <= options.frame < planner.frame_count:
        raise SettingsError(
            f"--frame {options.frame}: the timeline has frames 0 to {planner.frame_count - 1}"
            if planner.frame_count
            else f"--frame {options.frame}: the timeline is empty"
        )
    plan = planner.frame(options.frame)
    device = stages_of(timeline, options.out, settings) if options.out is not None else None
    if options.json:
        found = plan_as_json(plan)
        if device is not None:
            found["device"] = device.report()
        print(json.dumps(found, indent=2))
        return 0
    print(plan_as_text(plan))
    if device is not None:
        print(f"{options.out}: asked for {device.requested}, using {device.used}")
        for name, stage in device.stages.items():
            print(f"  {name}: {stage.used}: {stage.reason}")
    return 0


def run_schema(arguments: Sequence[str], interruption: Interruption) -> int:
    """Prints the JSON Schema of the EDL."""
    parser = Parser(prog="edl2ffmpeg schema", description=sentence_of("schema"))
    parser.parse_args(arguments)
    from edl2ffmpeg.edl import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
