"""What a simulated driver saw, read from its log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nvsim.violations import VIOLATION_KINDS


@dataclass(frozen=True)
class Call:
    """One call of the driver, in the order in which they took effect."""

    sequence: int
    thread: int
    function: str
    arguments: str
    result: int
    fault: bool
    mark: str


@dataclass(frozen=True)
class Violation:
    """A misuse of the driver; ``VIOLATION_KINDS`` says what the kinds mean."""

    kind: str
    function: str
    before: int  # the sequence number that the call in question got, or would have got
    thread: int
    detail: str
    mark: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.function} (call {self.before}): {self.detail}"


@dataclass(frozen=True)
class Delay:
    """A call that was held up by a fault; it may never have ended."""

    function: str
    thread: int
    milliseconds: int
    mark: str


@dataclass(frozen=True)
class CopyCount:
    """Copies of one direction that were carried out."""

    calls: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Copies:
    """Copies by direction; ``encoder_input`` is what the host wrote into buffers of a session."""

    host_to_device: CopyCount = CopyCount()
    device_to_host: CopyCount = CopyCount()
    device_to_device: CopyCount = CopyCount()
    host_to_host: CopyCount = CopyCount()
    memset: CopyCount = CopyCount()
    encoder_input: CopyCount = CopyCount()

    @property
    def through_host(self) -> int:
        """Bytes that went over the bus, either way."""
        return self.host_to_device.bytes + self.device_to_host.bytes + self.encoder_input.bytes


@dataclass(frozen=True)
class SimulatorReport:
    """The log of one process.

    Counts are of its end; ``finished`` is False if it did not get there (it was killed, or left
    by ``os._exit``), and they are empty then. ``live`` counts objects by kind; ``pictures_lost``
    are those that were submitted and never came out.
    """

    calls: tuple[Call, ...] = ()
    violations: tuple[Violation, ...] = ()
    delays: tuple[Delay, ...] = ()
    finished: bool = False
    device_lost: bool = False
    live: Mapping[str, int] = field(default_factory=dict)
    copies: Copies = Copies()
    kernels: int = 0
    pictures_encoded: int = 0
    pictures_locked: int = 0
    pictures_lost: int = 0
    pictures_decoded: int = 0
    frames_mapped: int = 0

    def functions(self, mark: str | None = None) -> list[str]:
        """Names of the functions called, in order; of all of them or of one mark's part."""
        return [call.function for call in self.calls if mark in (None, call.mark)]

    def count(self, function: str, mark: str | None = None) -> int:
        """How often a function was called."""
        return self.functions(mark).count(function)

    def kinds(self, mark: str | None = None) -> list[str]:
        """Kinds of the violations, in order; of all of them or of one mark's part."""
        return [found.kind for found in self.violations if mark in (None, found.mark)]

    def assert_clean(self) -> None:
        """No violation, and the process came to its end (so nothing was left alive)."""
        found = "\n".join(str(violation) for violation in self.violations)
        assert not self.violations, f"the driver was misused:\n{found}"
        assert self.finished, "the process ended before the driver could count what is left"


def read_report(log: Path) -> SimulatorReport:
    """The report of a log file; an empty one if the driver was never loaded."""
    calls: list[Call] = []
    violations: list[Violation] = []
    delays: list[Delay] = []
    summary: dict[str, Any] = {}
    mark = ""
    written = log.read_text() if log.exists() else ""
    for text in written.split("\n")[:-1]:  # a process may have been killed within its last line
        entry = json.loads(text)
        kind = entry.pop("line")
        if kind == "mark":
            mark = entry["text"]
        elif kind == "call":
            entry["arguments"] = entry["arguments"].strip()
            calls.append(Call(**{"fault": False, **entry}, mark=mark))
        elif kind == "violation":
            assert entry["kind"] in VIOLATION_KINDS, f"undocumented: {entry['kind']}"
            violations.append(Violation(**entry, mark=mark))
        elif kind == "delay":
            delays.append(Delay(**entry, mark=mark))
        else:
            summary = entry
    return _report(tuple(calls), tuple(violations), tuple(delays), summary)


def _report(
    calls: tuple[Call, ...],
    violations: tuple[Violation, ...],
    delays: tuple[Delay, ...],
    summary: dict[str, Any],
) -> SimulatorReport:
    if not summary:
        return SimulatorReport(calls, violations, delays)
    counts = {name: CopyCount(**count) for name, count in summary.pop("copies").items()}
    for counted, listed in (("calls", calls), ("violations", violations)):
        # More may come, of threads that do not stop when the process ends.
        assert summary.pop(counted) <= len(listed), f"the log misses some {counted}"
    return SimulatorReport(
        calls, violations, delays, finished=True, copies=Copies(**counts), **summary
    )
