"""``edl2ffmpeg EDL OUT``: the movie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edl2ffmpeg.arguments import COMMANDS, render_parser
from edl2ffmpeg.commands.shared import (
    ask_to_overwrite,
    exists,
    print_lines,
    refuse_own_files_of,
    render_settings,
    set_up_logging,
)
from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.interruption import Interruption

__all__ = ["run_render"]


def run_render(arguments: Sequence[str], interruption: Interruption) -> int:
    """Renders the movie."""
    options = render_parser().parse_args(arguments)
    set_up_logging(options)
    settings = render_settings(options)
    output: Path = options.out
    if settings.fresh:
        interruption.goes_on("without --fresh")
    _refuse_misspelt_command(options.edl)
    from edl2ffmpeg.media.formats import container_for

    container_for(output)
    refuse_own_files_of(options)
    if exists(output) and not settings.overwrite:
        settings = ask_to_overwrite(output, settings)
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
        print_lines("warning: ", warning)
    if not options.quiet:
        tell_rendered(result)
    return 0


def _refuse_misspelt_command(edl: Path) -> None:
    """A command that is misspelt, or stands after options, is taken for an EDL."""
    if exists(edl):
        return
    from difflib import get_close_matches

    for command in get_close_matches(str(edl), COMMANDS, 1):
        raise SettingsError(
            f"there is no EDL {str(edl)!r}; for the command write 'edl2ffmpeg {command} ...', "
            "options after it"
        )
