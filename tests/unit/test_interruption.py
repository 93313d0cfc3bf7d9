"""Signals end a render in order, whatever code they hit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

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
