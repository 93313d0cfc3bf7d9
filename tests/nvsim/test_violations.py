"""Every violation that the simulator knows is tripped on purpose, and by nothing else."""

from __future__ import annotations

import pytest

import nvsim
from nvsim import VIOLATION_KINDS, SimulatorReport

# Where one mistake cannot be made without another.
ALSO = {
    "free-while-registered": {"double-free", "double-destroy"},
    "free-while-mapped": {"double-free"},
    "unmapped-in-flight": {"double-destroy"},
    "destroyed-in-flight": {"double-destroy"},
}


@pytest.fixture(scope="module")
def report() -> SimulatorReport:
    """One process that makes every mistake, each under a mark of its name."""
    kinds = [kind for kind in VIOLATION_KINDS if kind != "live-at-exit"]
    return nvsim.run_python(["-m", "nvsim.misuse", *kinds]).checked().report


@pytest.mark.parametrize("kind", [kind for kind in VIOLATION_KINDS if kind != "live-at-exit"])
def test_violation_is_seen(report: SimulatorReport, kind: str) -> None:
    kinds = set(report.kinds(kind))
    assert kind in kinds
    assert kinds - {kind} <= ALSO.get(kind, set()), report.violations


def test_nothing_is_left_by_the_misuse(report: SimulatorReport) -> None:
    assert report.finished
    assert report.kinds("end") == []
    assert not any(report.live.values()), report.live


def test_objects_that_are_left_are_seen() -> None:
    report = nvsim.run_python(["-m", "nvsim.misuse", "live-at-exit"]).checked().report
    assert report.kinds() == ["live-at-exit", "live-at-exit"]
    assert report.live["memory"] == 1
    assert report.live["context"] == 1
    with pytest.raises(AssertionError, match="memory1 is still there"):
        report.assert_clean()
