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


# These need a process of their own.
APART = {"live-at-exit", "use-after-fork"}
TOGETHER = [kind for kind in VIOLATION_KINDS if kind not in APART]


@pytest.fixture(scope="module")
def report() -> SimulatorReport:
    """One process that makes every mistake, each under a mark of its name."""
    return nvsim.run_python(["-m", "nvsim.misuse", *TOGETHER]).checked().report


@pytest.mark.parametrize("kind", TOGETHER)
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


FORK = """
import os
from nvsim.driver import Driver
driver = Driver()
driver.call("cuInit", 0)
child = os.fork()
if child == 0:
    os._exit(driver.result("cuInit", 0))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3, "not initialized"
driver.call("cuInit", 0)
"""


def test_the_driver_does_not_work_after_a_fork() -> None:
    run = nvsim.run(FORK).checked()
    run.report.assert_clean()
    assert run.report.functions() == ["cuInit", "cuInit"]
    assert [report.kinds() for report in run.others.values()] == [["use-after-fork"]]
