"""``devices`` and ``doctor``: what this machine has, and whether it works."""

from __future__ import annotations

import json
from collections.abc import Sequence

from edl2ffmpeg.arguments import Parser, checked, count, positive
from edl2ffmpeg.commands.shared import sentence_of
from edl2ffmpeg.interruption import Interruption

__all__ = ["run_devices", "run_doctor"]


def run_devices(arguments: Sequence[str], interruption: Interruption) -> int:
    """Says what hardware there is and what it does."""
    parser = Parser(prog="edl2ffmpeg devices", description=sentence_of("devices"))
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args(arguments)
    from edl2ffmpeg.jobs.devices import devices_as_text, find_devices

    found = find_devices()
    print(json.dumps(found, indent=2) if options.json else devices_as_text(found))
    return 0


def run_doctor(arguments: Sequence[str], interruption: Interruption) -> int:
    """Tests the pipeline; gives 1 where something failed."""
    parser = Parser(prog="edl2ffmpeg doctor", description=sentence_of("doctor"))
    parser.add_argument(
        "--frames", metavar="N", type=checked(positive), default=100, help="of the clip (100)"
    )
    parser.add_argument(
        "--cycles", metavar="N", type=checked(positive), default=3, help="renders to count by (3)"
    )
    parser.add_argument(
        "--device", metavar="N", type=checked(count), default=0, help="which CUDA device (0)"
    )
    parser.add_argument("--software", action="store_true", help="without a GPU")
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args(arguments)
    from edl2ffmpeg.jobs.doctor import Finding, diagnose, finding_as_text

    def tell(finding: Finding) -> None:
        if not options.json:
            print(finding_as_text(finding), flush=True)

    found = diagnose(
        options.frames,
        options.cycles,
        software=options.software,
        device=options.device,
        tell=tell,
        between=interruption.check,
    )
    if options.json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        print("PASS" if found.passed else "FAIL")
    return 0 if found.passed else 1
