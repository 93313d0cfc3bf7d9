"""Renders an EDL with a line of progress, and says what went wrong if it did."""

from __future__ import annotations

import sys

import edl2ffmpeg


def show(progress: edl2ffmpeg.Progress) -> None:
    """Called after every frame, in the thread that called ``render``."""
    if progress.frames_done % 25 == 0 or progress.frames_done == progress.frames_total:
        print(
            f"{progress.frames_done}/{progress.frames_total} frames, "
            f"{progress.frames_per_second:.0f} per second, {progress.speed:.1f}x real time"
        )


def main(edl: str, output: str) -> int:
    """Gives the exit code that the command line would give."""
    try:
        result = edl2ffmpeg.render(edl, output, crf=20, overwrite=True, progress=show)
    except edl2ffmpeg.EdlValidationError as error:
        for problem in error.problems:
            print(f"{problem.json_path}: {problem.message}", file=sys.stderr)
        return error.exit_code
    except edl2ffmpeg.MediaError as error:
        print(f"{error}\n(the file is {error.path})", file=sys.stderr)
        return error.exit_code
    except edl2ffmpeg.Edl2FfmpegError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    seconds = result.report["stage_seconds"]
    print(f"{result.output}: {result.frames} frames; encoding took {seconds['encode']} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
