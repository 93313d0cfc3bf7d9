"""The options of the command line: names, help and checks of single values; runs nothing."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from edl2ffmpeg._version import __version__
from edl2ffmpeg.settings import (
    AudioSpeed,
    AudioTracks,
    Fit,
    HardwareAcceleration,
    HardwareFallback,
    Subtitles,
)
from edl2ffmpeg.timing import parse_frame_rate, parse_timecode

__all__ = [
    "COMMANDS",
    "Parser",
    "add_access_options",
    "add_hardware_options",
    "add_render_options",
    "checked",
    "count",
    "picture_parser",
    "positive",
    "render_parser",
    "waveform_parser",
]

COMMANDS = {
    "batch": "render many EDLs by the same workers",
    "check": "say what is wrong with an EDL and its media",
    "plan": "print what is drawn for one frame",
    "still": "write one frame of the movie as a picture",
    "sheet": "write a contact sheet: both sides of every cut",
    "waveform": "draw the sound of the movie and its cuts",
    "devices": "say what hardware there is and what it does",
    "doctor": "test the pipeline, with the GPU or without",
    "schema": "print the JSON Schema of the EDL",
}

_USAGE = "edl2ffmpeg EDL OUT [options]\n       edl2ffmpeg {" + ",".join(COMMANDS) + "} ... [--help]"

# Commands with one thing in common share a line.
_TOLD = {
    "batch": COMMANDS["batch"],
    "check": COMMANDS["check"],
    "plan": COMMANDS["plan"],
    "still, sheet, waveform": "draw one frame, both sides of every cut, or the sound",
    "devices": COMMANDS["devices"],
    "schema": COMMANDS["schema"],
}
_EPILOG = "commands:\n" + "".join(f"  {name:<28} {text}\n" for name, text in _TOLD.items())


class Parser(argparse.ArgumentParser):
    """Usage errors are one sentence and exit with 2; options are spelled out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Prints the sentence and exits with 2."""
        self.exit(2, f"edl2ffmpeg: {message}; see {self.prog} --help\n")


def render_parser() -> argparse.ArgumentParser:
    """The parser of ``edl2ffmpeg EDL OUT``, whose help is that of the whole command."""
    parser = Parser(
        prog="edl2ffmpeg",
        usage=_USAGE,
        description="Render an edit decision list to a finished movie.",
        epilog=_EPILOG,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(
            prog, max_help_position=31, width=96
        ),
        add_help=False,
    )
    # Without a heading, what has to be given follows the description.
    parser._positionals.title = None
    parser.add_argument("edl", metavar="EDL", type=Path, help="the edit, a JSON file")
    parser.add_argument(
        "out", metavar="OUT", type=Path,
        help=".mp4 .mov .mkv .webm .mxf .ts; sound: .wav .m4a .flac .mp3 .opus",
    )  # fmt: skip
    add_render_options(parser)
    return parser


def add_render_options(parser: argparse.ArgumentParser) -> None:
    """Adds what says how movies are made, for ``edl2ffmpeg EDL OUT`` and for a batch."""
    _add_encoding_options(parser.add_argument_group("encoding"))
    _add_sound_options(parser.add_argument_group("sound"))
    _add_timeline_options(parser.add_argument_group("timeline"))
    add_hardware_options(parser.add_argument_group("hardware"))
    add_access_options(parser.add_argument_group("what the EDL may open"))
    _add_running_options(parser.add_argument_group("running"))


def _add_encoding_options(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "-c", "--codec", metavar="NAME",
        help="h264 (usual) hevc av1 vp9 prores dnxhr mpeg2 ffv1, or an encoder",
    )  # fmt: skip
    group.add_argument("-b", "--bitrate", metavar="RATE", type=checked(_bitrate), help="e.g. 8M")
    group.add_argument("-p", "--preset", metavar="NAME", help="the encoder's preset or profile")
    group.add_argument(
        "--crf", metavar="N", type=checked(_number), help="constant quality (libx264: 23)"
    )
    group.add_argument("--pix-fmt", metavar="NAME", help="e.g. yuv420p10le for 10 bits")
    group.add_argument(
        "-x", "--encoder-option", metavar="NAME=VALUE", action="append", default=[],
        type=checked(_encoder_option), help="for FFmpeg's encoder, e.g. bf=3; repeatable",
    )  # fmt: skip


def _add_sound_options(group: argparse._ActionsContainer) -> None:
    group.add_argument("--no-audio", action="store_true", help="write no sound")
    group.add_argument(
        "--audio-codec", metavar="NAME", help="aac opus mp3 flac pcm16 pcm24 pcm32f ac3"
    )
    group.add_argument("--audio-bitrate", metavar="RATE", type=checked(_bitrate), help="e.g. 256k")
    group.add_argument(
        "--audio-channels", metavar="N", type=checked(positive), default=2, help="1 to 16 (2)"
    )
    group.add_argument(
        "--audio-rate", metavar="HZ", type=checked(positive), default=48_000,
        help="44100, 48000 (default), 96000",
    )  # fmt: skip
    group.add_argument(
        "--audio-tracks", choices=[entry.value for entry in AudioTracks], default="mix",
        metavar="HOW", help="mix (default), separate (a stream for each track of the EDL)",
    )  # fmt: skip
    group.add_argument(
        "--audio-speed", choices=[entry.value for entry in AudioSpeed], default="pitch",
        metavar="HOW", help="faster or slower: keeps its pitch (default), resample",
    )  # fmt: skip
    group.add_argument(
        "--loudness", metavar="LUFS", type=checked(_number),
        help="bring the sound to, e.g. -23 (EBU R 128) or -14",
    )  # fmt: skip
    group.add_argument(
        "--peak-limit", metavar="DBTP", type=checked(_number),
        help="keep its true peak under, e.g. -1",
    )  # fmt: skip


def _add_timeline_options(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--fps", metavar="RATE", type=checked(parse_frame_rate), help="instead of the EDL's"
    )
    _add_size_options(group)
    _add_part_options(group)
    _add_fit_option(group)
    group.add_argument(
        "--subtitles", choices=[entry.value for entry in Subtitles], default="burn",
        metavar="HOW", help="burn (default), embed, sidecar (an .srt file), off",
    )  # fmt: skip
    group.add_argument("--strict", action="store_true", help="warnings are errors")


def _add_part_options(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--start",
        metavar="TIME",
        type=checked(parse_timecode),
        help="from here on: seconds or [H:]MM:SS.mmm",
    )
    group.add_argument("--end", metavar="TIME", type=checked(parse_timecode), help="up to here")


def _add_size_options(group: argparse._ActionsContainer) -> None:
    for side in ("width", "height"):
        group.add_argument(
            f"--{side}", metavar="PIXELS", type=checked(positive), help="instead of the EDL's"
        )


def _add_fit_option(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--fit", choices=[entry.value for entry in Fit], default="contain",
        metavar="HOW", help="sources of another shape: contain (default), cover, stretch",
    )  # fmt: skip


def add_hardware_options(group: argparse._ActionsContainer) -> None:
    """Adds which device does what: the options of a render and of its plan."""
    group.add_argument(
        "--hw-accel", choices=[entry.value for entry in HardwareAcceleration], default="auto",
        metavar="KIND", help="auto (default), cuda, vaapi, qsv, videotoolbox, none",
    )  # fmt: skip
    group.add_argument("--hw-device", metavar="NAME", help="which device of that kind")
    group.add_argument(
        "--hw-fallback", choices=[entry.value for entry in HardwareFallback], default="error",
        metavar="HOW", help="where it cannot be had: error (default), allow (the CPU instead)",
    )  # fmt: skip
    for stage in ("encode", "decode"):
        group.add_argument(
            f"--hw-{stage}", action=argparse.BooleanOptionalAction, help=f"{stage} on the device"
        )
    group.add_argument(
        "--async-depth", metavar="N", type=checked(count), help="pictures on their way in NVENC"
    )


def add_access_options(group: argparse._ActionsContainer) -> None:
    """Adds what an EDL may open: the options that every command shares."""
    group.add_argument(
        "--allow-protocol", metavar="NAME", action="append", default=[],
        help="beside local files, e.g. https or s3; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--restrict", metavar="DIR", action="append", default=[], type=Path,
        help="open nothing outside DIR; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--locations", metavar="FILE", type=Path, help="JSON table of location ids to uris"
    )


def _add_running_options(group: argparse._ActionsContainer) -> None:
    group.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    group.add_argument(
        "--threads", metavar="N", type=checked(count), default=0, help="per codec (0: automatic)"
    )
    group.add_argument(
        "--jobs", metavar="N", type=checked(_jobs), help="processes that render (auto), 0: this one"
    )
    group.add_argument(
        "--chunk-seconds", metavar="SECONDS", type=checked(parse_timecode),
        help="length of what is encoded on its own (10; 0: all)",
    )  # fmt: skip
    group.add_argument(
        "--retries", metavar="N", type=checked(count), default=2, help="of a part that fails (2)"
    )
    group.add_argument(
        "--stall-timeout", metavar="SECONDS", type=checked(_number), default=60,
        help="end a process that does nothing for so long (60)",
    )  # fmt: skip
    group.add_argument(
        "--worker-memory", metavar="SIZE", type=checked(_size), help="most for a process, e.g. 4G"
    )
    group.add_argument("--fresh", action="store_true", help="go on with nothing done before")
    group.add_argument("--cluster", metavar="ADDRESS", help="render on a Dask cluster")
    group.add_argument(
        "--path-map", metavar="FROM=TO", action="append", default=[],
        type=checked(_path_map), help="what its workers call the folder FROM; repeatable",
    )  # fmt: skip
    group.add_argument("--cluster-storage", metavar="URL", help="chunks come by it, e.g. s3://b/x")
    group.add_argument(
        "--progress", choices=("auto", "bar", "json", "none"), default="auto",
        metavar="HOW", help="auto (default: a bar on a terminal), bar, json, none",
    )  # fmt: skip
    group.add_argument("--report", metavar="FILE", type=Path, help="write a JSON report")
    group.add_argument(
        "-v", "--verbose", action="count", default=0, help="say what is done (-vv: and closed)"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="errors and warnings only")
    group.add_argument("-h", "--help", action="help", help="show this help and exit")
    group.add_argument("--version", action="version", version=f"edl2ffmpeg {__version__}")


def picture_parser(command: str, description: str) -> Parser:
    """The parser of ``still`` or ``sheet``: what the two share, and what each has alone."""
    parser = Parser(prog=f"edl2ffmpeg {command}", description=description)
    parser.add_argument("edl", metavar="EDL", type=Path, help="the edit, a JSON file")
    parser.add_argument("out", metavar="OUT", type=Path, help="the picture: .png .jpg")
    if command == "still":
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--frame", metavar="N", type=checked(count), help="from 0")
        which.add_argument(
            "--time",
            metavar="TIME",
            type=checked(parse_timecode),
            help="the frame that begins nearest to it: seconds or [H:]MM:SS.mmm",
        )
    else:
        _add_sheet_options(parser)
    parser.add_argument(
        "--fps", metavar="RATE", type=checked(parse_frame_rate), help="instead of the EDL's"
    )
    _add_size_options(parser)
    _add_fit_option(parser)
    add_access_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument("-q", "--quiet", action="store_true", help="errors and warnings only")
    return parser


def waveform_parser(description: str) -> Parser:
    """The parser of ``waveform``."""
    parser = Parser(prog="edl2ffmpeg waveform", description=description)
    parser.add_argument("edl", metavar="EDL", type=Path, help="the edit, a JSON file")
    parser.add_argument("out", metavar="OUT", type=Path, help="the picture: .png .jpg")
    parser.add_argument(
        "--width", metavar="PIXELS", type=checked(_page_width), default=1600,
        help="of the waveform (default: 1600)",
    )  # fmt: skip
    parser.add_argument(
        "--height", metavar="PIXELS", type=checked(_lane_height), default=160,
        help="of each channel (default: 160)",
    )  # fmt: skip
    _add_part_options(parser)
    parser.add_argument(
        "--audio-channels", metavar="N", type=checked(positive), default=2, help="1 to 16 (2)"
    )
    add_access_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument("-q", "--quiet", action="store_true", help="errors and warnings only")
    return parser


def _add_sheet_options(parser: Parser) -> None:
    parser.add_argument(
        "--columns", metavar="N", type=checked(positive),
        help="shots side by side (default: by their number)",
    )  # fmt: skip
    parser.add_argument(
        "--size", metavar="PIXELS", type=checked(_thumbnail), default=320,
        help="width of a picture on the sheet (default: 320)",
    )  # fmt: skip
    parser.add_argument(
        "--max", metavar="N", type=checked(positive), default=60,
        help="the most shots to show, evenly chosen (default: 60)",
    )  # fmt: skip


def checked(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """``parse`` with its ``ValueError`` text shown as the usage error."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def _bitrate(text: str) -> int:
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,12})?)([kKmM]?)", text)
    if match is None:
        raise ValueError(f"{text!r} is not a bit rate such as 8M or 800k")
    value = int(Fraction(match[1]) * {"k": 1_000, "m": 1_000_000}.get(match[2].lower(), 1))
    if value <= 0:
        raise ValueError(f"{text!r} is not above zero")
    return value


def _encoder_option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ValueError(f"{text!r} is not NAME=VALUE, such as bf=3")
    return name, value


def _path_map(text: str) -> tuple[str, str]:
    here, equals, there = text.partition("=")
    if not (here and equals and there):
        raise ValueError(f"{text!r} is not FROM=TO, such as /mnt/media=/srv/media")
    return here, there


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None


def count(text: str) -> int:
    """A whole number from 0."""
    if not text.isdecimal():
        raise ValueError(f"{text!r} is not a whole number from 0")
    return int(text)


def positive(text: str) -> int:
    """A whole number from 1."""
    value = count(text)
    if value == 0:
        raise ValueError("must be at least 1")
    return value


def _jobs(text: str) -> int | None:
    return None if text == "auto" else count(text)


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)([kKmMgG]?)", text)
    if match is None:
        raise ValueError(f"{text!r} is not a size such as 4G or 800M")
    value = int(Fraction(match[1]) * 1024 ** " kmg".index(match[2].lower() or " "))
    if value <= 0:
        raise ValueError(f"{text!r} is not above zero")
    return value


def _pixels(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        value = count(text)
        if not low <= value <= high:
            raise ValueError(f"must be {low} to {high} pixels")
        return value

    return convert


_thumbnail = _pixels(120, 4096)
_page_width = _pixels(400, 16_000)
_lane_height = _pixels(40, 1000)
