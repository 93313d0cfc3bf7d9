"""``edl2ffmpeg batch EDL ... --out-dir DIR``: many movies by the same workers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from edl2ffmpeg.arguments import Parser, add_render_options
from edl2ffmpeg.commands.shared import (
    print_lines,
    render_settings,
    sentence_of,
    set_up_logging,
)
from edl2ffmpeg.interruption import Interruption

__all__ = ["batch_parser", "run_batch"]


def run_batch(arguments: Sequence[str], interruption: Interruption) -> int:
    """Renders all movies; 1 if any of them failed."""
    options = batch_parser().parse_args(arguments)
    set_up_logging(options)
    settings = render_settings(options)
    again = "--skip-existing and without --fresh" if settings.fresh else "--skip-existing"
    interruption.goes_on(f"with {again}")
    from edl2ffmpeg.jobs.batch import Batch
    from edl2ffmpeg.jobs.report import batch_report_to
    from edl2ffmpeg.terminal import batch_display, tell_batch

    kind = "none" if options.quiet and options.progress != "json" else options.progress
    reserved = [path for path in (options.report, options.locations) if path is not None]
    with Batch(
        options.edls,
        options.out_dir,
        settings,
        format=options.format,
        skip_existing=options.skip_existing,
        reserved=reserved,
        guard=interruption,
    ) as batch:
        others: dict[str, Path | None] = {f"EDL {edl}": edl for edl in options.edls}
        others["table of locations"] = options.locations
        with batch_report_to(options.report, others, settings, interruption) as write_report:
            try:
                with batch_display(kind, interruption.check, quiet=options.quiet) as display:
                    result = batch.run(display)
            finally:
                if interruption.is_stopping:
                    done, total = batch.counts
                    print_lines("", f"{done} of {total} movies are done, and stay")
            # Ended before the movies are called done: nothing of them is left to end.
            batch.close()
            write_report(result.report)
    if not options.quiet:
        tell_batch(result, again)
    return 1 if result.of_status("failed") else 0


def batch_parser() -> Parser:
    """The parser of ``batch``: the options of a render, but for OUT."""
    parser = Parser(
        prog="edl2ffmpeg batch",
        usage="edl2ffmpeg batch EDL ... --out-dir DIR [options]",
        description=sentence_of("batch"),
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(
            prog, max_help_position=31, width=96
        ),
        add_help=False,
    )
    # Without a heading, what has to be given follows the description.
    parser._positionals.title = None
    parser.add_argument("edls", metavar="EDL", type=Path, nargs="+", help="the edits, JSON files")
    group = parser.add_argument_group("movies")
    group.add_argument(
        "--out-dir", metavar="DIR", type=Path, required=True,
        help="where they go, named after their EDLs",
    )  # fmt: skip
    group.add_argument(
        "--format", metavar="EXT", default="mp4", help="mp4 (default), or another of a movie"
    )
    group.add_argument(
        "--skip-existing", action="store_true", help="leave movies alone that are there"
    )
    add_render_options(parser)
    return parser
