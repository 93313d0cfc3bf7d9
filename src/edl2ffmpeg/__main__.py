"""``python -m edl2ffmpeg``; see ``cli``."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Entry point of the command; gives the exit code."""
    # Until the command line has set up its own answer, Ctrl-C ends the process without a
    # traceback: nothing has been written yet.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from edl2ffmpeg.cli import run
    from edl2ffmpeg.standard_streams import make_streams_safe

    make_streams_safe()
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
