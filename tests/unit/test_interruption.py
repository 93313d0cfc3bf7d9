"""Signals end a render in order, whatever code they hit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edl2ffmpeg.interruption import Interruption


def test_the_exception_is_not_caught_by_except_exception() -> None:
    caught = False
    with pytest.raises(BaseException) as raised, Interruption() as interruption:
        interruption.arm()
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Exception:
            caught = True
    assert not caught
    assert not isinstance(raised.value, Exception)
    assert interruption.signal_name == "SIGTERM"


def test_a_lost_exception_is_raised_again_by_check() -> None:
    with Interruption() as interruption:
        interruption.arm()
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except BaseException:
            lost = True
        assert lost
        # A key held down does not disturb the cleaning up.
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(BaseException) as raised:
            interruption.check()
    assert not isinstance(raised.value, Exception)
    assert interruption.signal_name == "Ctrl-C"


def test_a_signal_before_it_is_armed_raises_when_it_is() -> None:
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(BaseException) as raised:
            interruption.arm()
    assert not isinstance(raised.value, Exception)


def test_a_signal_after_the_work_is_done_stops_nothing() -> None:
    with Interruption() as interruption:
        interruption.arm()
        interruption.disarm()
        os.kill(os.getpid(), signal.SIGTERM)
        interruption.check()
    assert interruption.signal_name == "SIGTERM"


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_late_second_signal_ends_a_clean_up_that_hangs() -> None:
    program = (
        "import os, signal, time\n"
        "from edl2ffmpeg import interruption\n"
        "interruption._PATIENCE_SECONDS = 0.2\n"
        "with interruption.Interruption() as one:\n"
        "    try:\n"
        "        one.arm()\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    finally:\n"
        "        time.sleep(0.3)\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        time.sleep(60)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=20, check=False)
    assert done.returncode == 130


# Holds the main thread inside C for minutes, where no handler of Python's runs.
_BUSY = "import hashlib\nhashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)\n"


def run_program(body: str) -> subprocess.CompletedProcess[str]:
    head = (
        "import os, signal, sys, threading, time\n"
        "from pathlib import Path\n"
        "from edl2ffmpeg import interruption\n"
        "interruption._PATIENCE_SECONDS = 0.3\n"
        "def later(*delays):\n"
        "    def send():\n"
        "        for delay in delays:\n"
        "            time.sleep(delay)\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "    threading.Thread(target=send, daemon=True).start()\n"
    )
    command = [sys.executable, "-c", head + body]
    return subprocess.run(command, timeout=30, check=False, capture_output=True, text=True)


def test_a_signal_that_cannot_be_delivered_ends_the_process(tmp_path: Path) -> None:
    (tmp_path / "partial").touch()
    done = run_program(
        "with interruption.Interruption() as one:\n"
        "    one.arm()\n"
        f"    one.holds(Path({str(tmp_path / 'partial')!r}))\n"
        f"    one.holds(Path({str(tmp_path / 'gone')!r}))\n"
        "    later(0.1)\n" + textwrap.indent(_BUSY, "    ")
    )
    assert done.returncode == 130
    assert done.stderr == "edl2ffmpeg: interrupted by Ctrl-C; nothing was written\n"
    assert os.listdir(tmp_path) == []


def test_a_late_second_signal_ends_a_clean_up_that_hangs_inside_c() -> None:
    done = run_program(
        "with interruption.Interruption() as one:\n"
        "    try:\n"
        "        one.arm()\n"
        # On a busy machine the second may be read together with the first.
        "        later(0.1, 0.5, 2)\n"
        "        time.sleep(20)\n"
        "    finally:\n" + textwrap.indent(_BUSY, "        ")
    )
    assert done.returncode == 130


def test_what_is_done_is_not_called_interrupted() -> None:
    """After the work, one signal that cannot be delivered does nothing, and two give 1."""
    done = run_program(
        "with interruption.Interruption() as one:\n"
        "    one.arm()\n"
        "    one.commits()\n"
        "    later(0.1, 1.5)\n"
        "    started = time.monotonic()\n"
        "    try:\n" + textwrap.indent(_BUSY, "        ") + "    finally:\n        pass\n"
    )
    assert done.returncode == 1
    assert done.stderr == ""


def test_the_descriptors_of_signals_are_put_back() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with Interruption():
            assert threading.active_count() > 1
    assert len(os.listdir("/proc/self/fd")) == before
    assert signal.set_wakeup_fd(-1) == -1


def test_an_interrupt_that_is_lost_is_not_reported_but_raised_again(
    capfd: pytest.CaptureFixture[str],
) -> None:
    class Dropped:
        def __init__(self, act: Callable[[], None]) -> None:
            self._act = act

        def __del__(self) -> None:
            self._act()

    def fail() -> None:
        raise ZeroDivisionError

    hook = sys.unraisablehook
    with Interruption() as interruption:
        interruption.arm()
        Dropped(lambda: signal.raise_signal(signal.SIGTERM))
        assert interruption.is_stopping
        assert capfd.readouterr().err == ""
        with pytest.raises(BaseException) as caught:
            interruption.check()
        assert type(caught.value).__name__ == "_InterruptError"
        told: list[Any] = []
        interruption._hook_before = told.append
        Dropped(fail)
        assert [lost.exc_type for lost in told] == [ZeroDivisionError]
        interruption._hook_before = hook
    assert sys.unraisablehook is hook


def test_what_an_interrupted_render_has_left() -> None:
    one = Interruption()
    assert one.outcome == "nothing was written"
    one.keeps(SimpleNamespace(is_kept=False))
    assert one.outcome == "nothing was written"
    one.keeps(SimpleNamespace(is_kept=True))
    assert one.outcome == "run it again to go on with what is done"
    one.goes_on("without --fresh")
    assert one.outcome == "run it again without --fresh to go on with what is done"
