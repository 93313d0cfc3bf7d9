"""The command line: finds the command, and turns what it raises into a line and an exit code.

Exit codes: 0 done, 1 render failed, 2 bad EDL or usage, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from edl2ffmpeg.arguments import COMMANDS, render_parser
from edl2ffmpeg.commands.batch import run_batch
from edl2ffmpeg.commands.inspect import run_check, run_plan, run_schema
from edl2ffmpeg.commands.machine import run_devices, run_doctor
from edl2ffmpeg.commands.pictures import run_sheet, run_still, run_waveform
from edl2ffmpeg.commands.render import run_render
from edl2ffmpeg.commands.shared import print_lines
from edl2ffmpeg.errors import Edl2FfmpegError, JobInterruptedError
from edl2ffmpeg.interruption import Interruption
from edl2ffmpeg.standard_streams import discard

__all__ = ["run"]

Command = Callable[[Sequence[str], Interruption], int]

_COMMANDS: dict[str, Command] = {
    "batch": run_batch,
    "check": run_check,
    "plan": run_plan,
    "still": run_still,
    "sheet": run_sheet,
    "waveform": run_waveform,
    "devices": run_devices,
    "doctor": run_doctor,
    "schema": run_schema,
}


def run(arguments: Sequence[str]) -> int:
    """Runs the command line; gives the exit code."""
    command = arguments[0] if arguments and arguments[0] in COMMANDS else "render"
    rest = arguments[1:] if command != "render" else arguments
    if not arguments:
        render_parser().print_help()
        return 2
    run_command = _COMMANDS.get(command, run_render)
    with Interruption() as interruption:
        try:
            interruption.arm()
            code = run_command(rest, interruption)
            sys.stdout.flush()
            return code
        except Edl2FfmpegError as error:
            if not interruption.is_stopping:
                print_lines("", "\n".join((str(error), *getattr(error, "__notes__", ()))))
                return error.exit_code
        except OSError as error:
            if not interruption.is_stopping:
                return _output_failed(error)
        except BaseException:
            # An interrupt may come out as another error of the code it went through.
            if not interruption.is_stopping:
                raise
    print_lines("", f"interrupted by {interruption.signal_name}; {interruption.outcome}")
    return JobInterruptedError.exit_code


def _output_failed(error: OSError) -> int:
    """Standard output cannot be written to, or a path is one no file can have."""
    # Python flushes it at its end, and would complain again.
    discard(sys.stdout)
    if not isinstance(error, BrokenPipeError):
        where = f"{error.filename}: " if error.filename else ""
        print_lines("", f"{where}{error.strerror or error}")
    return 1
