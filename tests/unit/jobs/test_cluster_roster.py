"""Which workers of a cluster may have chunks, by what a scheduler says of them."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from edl2ffmpeg.errors import DeviceError, DeviceLostError, DeviceUnavailableError, JobError
from edl2ffmpeg.jobs import cluster_roster
from edl2ffmpeg.jobs.cluster_roster import Roster

A, B = "tcp://a:1", "tcp://b:1"


def worker(**more: Any) -> dict[str, Any]:
    return {"host": "a", "resources": {}, "status": "running", "nanny": None} | more


class _Client:
    """What a scheduler would answer; ``restarted`` are the workers that it was asked to restart."""

    def __init__(self, loop: asyncio.AbstractEventLoop, workers: dict[str, Any]) -> None:
        self.loop = SimpleNamespace(asyncio_loop=loop)
        self.workers = workers
        self.tasks: dict[str, list[str]] = {}
        self.results: dict[str, list[str]] = {}
        self.restarted: list[str] = []
        self.answers = True
        self.silent: list[str] = []
        self.scheduler = self

    async def identity(self, n_workers: int) -> dict[str, Any]:
        if not self.answers:
            raise TimeoutError
        for address, found in self.workers.items():
            if address not in self.silent:
                found["last_seen"] = found.get("last_seen", 0) + 1
        return {"workers": {address: {**found} for address, found in self.workers.items()}}

    async def processing(self, workers: list[str]) -> dict[str, list[str]]:
        return {address: self.tasks.get(address, []) for address in workers}

    async def has_what(self, workers: list[str]) -> dict[str, list[str]]:
        return {address: self.results.get(address, []) for address in workers}

    async def restart_workers(
        self, workers: list[str], timeout: float, raise_for_error: bool
    ) -> dict[str, str]:
        self.restarted += workers
        return dict.fromkeys(workers, "OK")


@pytest.fixture
def client(loop: asyncio.AbstractEventLoop) -> _Client:
    return _Client(loop, {A: worker(), B: worker(nanny="tcp://b:2")})


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock: ``now.is_`` are seconds."""
    clock = SimpleNamespace(is_=100.0)
    monkeypatch.setattr(cluster_roster, "monotonic", lambda: clock.is_)
    return clock


def made(client: _Client, needs: dict[str, float] | None = None, stall: float | None = 5) -> Roster:
    return Roster(client, "mine", needs or {}, stall, threading.Event())


def settled(roster: Roster) -> None:
    """What was asked for in the background is done."""
    until = time.monotonic() + 5
    while any(not restart.done() for restart in roster._restarts) and time.monotonic() < until:
        time.sleep(0.01)


def test_those_that_hang_are_avoided_until_they_are_heard_of(client: _Client) -> None:
    roster = made(client)
    assert roster.look((), waiting=False)
    assert (roster.able, roster.avoids, roster.sharing, roster.most) == ({A, B}, False, 2, 2)
    roster.avoid(A, "it hangs")
    assert (roster.able, roster.avoids) == ({B}, True)
    roster.heard(A)
    assert (roster.able, roster.avoids) == ({A, B}, False)
    # One that is gone may come back under the same address.
    roster.avoid(A, "it hangs")
    here = client.workers.pop(A)
    roster.look((), waiting=False)
    client.workers[A] = here
    roster.look((), waiting=False)
    assert (roster.able, roster.avoids) == ({A, B}, False)


def test_one_that_never_begins_is_avoided(client: _Client, now: SimpleNamespace) -> None:
    roster = made(client)
    roster.look((), waiting=True)
    client.tasks = {A: ["mine-1"], B: ["mine-2", "theirs"]}
    # That of others may take what it takes, and what is at a chunk is judged by that.
    for busy, able in (((A,), {A, B}), ((), {A, B}), ((), {A, B}), ((), {B})):
        roster.look(busy, waiting=True)
        assert roster.able == able
        now.is_ += 3
    roster.heard(A)
    roster.look((), waiting=True)
    now.is_ += 3
    # It has said something meanwhile.
    roster.heard(A)
    now.is_ += 3
    roster.look((), waiting=True)
    assert roster.able == {A, B}


def test_one_that_is_silent_gets_nothing_until_it_is_heard_of(
    client: _Client, now: SimpleNamespace
) -> None:
    roster = made(client)
    roster.look((), waiting=True)
    # What B would have to begin with is there.
    client.silent, client.tasks, client.workers[B] = [A], {B: ["mine-1"]}, worker()
    for able in ({A, B}, {A, B}, {B}, {B}):
        roster.look((), waiting=True)
        assert (roster.able, roster.avoids, roster.is_silent(A)) == (
            able,
            A not in able,
            roster.avoids,
        )
        now.is_ += 2.9
    now.is_ += 2.9
    roster.look((), waiting=True)
    assert roster.able == set()
    client.silent = []
    roster.heard(B)
    roster.look((), waiting=True)
    assert (roster.able, roster.avoids) == ({A, B}, False)


def test_what_was_thought_of_a_frozen_one_is_forgotten_when_it_goes_on(
    client: _Client, now: SimpleNamespace
) -> None:
    """One that had its chunk done tells of nothing more by itself."""
    roster = made(client)
    roster.look((), waiting=False)
    client.silent = [A]
    for _ in range(3):
        roster.look((), waiting=False)
        now.is_ += 3
    assert roster.is_silent(A)
    roster.avoid(A, "its result could not be had")
    client.silent = []
    roster.look((), waiting=False)
    assert (roster.able, roster.avoids) == ({A, B}, False)


def test_one_that_has_waited_for_a_silent_one_is_trusted_again(
    client: _Client, now: SimpleNamespace
) -> None:
    roster = made(client)
    client.tasks, client.workers[B] = {B: ["mine-1"]}, worker()
    roster.look((), waiting=True)
    for silent, able in (([], {A, B}), ([], {A, B}), ([A], {A}), ([A], {B})):
        client.silent = silent
        roster.look((), waiting=True)
        assert roster.able == able
        now.is_ += 2.9
    # For good or not, once is enough.
    roster.avoid(A, "it is lost", DeviceLostError("it is lost"))
    for able in ({B}, {B}, set(), set()):
        roster.look((), waiting=True)
        assert roster.able == able
        now.is_ += 2.9


def test_what_a_scheduler_does_not_tell_is_no_silence(
    client: _Client, now: SimpleNamespace
) -> None:
    roster = made(client)
    roster.look((), waiting=False)
    client.silent, client.answers = [A, B], False
    now.is_ += 10
    assert not roster.look((), waiting=False)
    client.answers = True
    assert roster.look((), waiting=False)
    assert roster.able == {A, B}


def test_what_is_sent_anew_may_take_as_long_again(client: _Client, now: SimpleNamespace) -> None:
    roster = made(client)
    client.tasks = {A: ["mine-1"]}
    for able in ({A, B}, {A, B}, {A, B}, {B}):
        roster.look((), waiting=True)
        assert roster.able == able
        if now.is_ == 100:
            roster.wait_anew()
        now.is_ += 3


@pytest.mark.parametrize(
    ("tasks", "results", "restarted"),
    [([], [], [B]), (["mine-3"], ["mine-recipe"], [B]), (["theirs"], [], []), ([], ["x"], [])],
)
def test_only_a_worker_that_nobody_else_uses_is_started_anew(
    client: _Client, tasks: list[str], results: list[str], restarted: list[str]
) -> None:
    client.tasks, client.results = {B: tasks}, {B: results}
    roster = made(client)
    roster.look((), waiting=False)
    roster.avoid(A, "it hangs and has no nanny")
    roster.avoid(B, "it hangs")
    settled(roster)
    assert client.restarted == restarted
    # The new one may have the address of the old one.
    assert roster.able == set(restarted)


def test_a_device_that_is_missing_is_missing_to_a_new_process_too(client: _Client) -> None:
    roster = made(client)
    roster.look((), waiting=False)
    roster.avoid(B, "cuda:0 is missing", DeviceUnavailableError("cuda:0 is missing"))
    roster.heard(B)
    settled(roster)
    assert (client.restarted, roster.able) == ([], {A})
    roster.avoid(B, "cuda:0 is lost", DeviceLostError("cuda:0 is lost"))
    settled(roster)
    assert client.restarted == [B]


def ending(roster: Roster, now: SimpleNamespace) -> Any:
    """What ends a render for want of workers: after five seconds, and not before."""
    assert roster.failure("c", True) is None
    now.is_ += 5
    roster.look((), waiting=False)
    assert roster.failure("c", True) is None
    now.is_ += 1
    roster.look((), waiting=False)
    assert roster.failure("c", False) is None
    assert roster.failure("c", True) is None
    now.is_ += 6
    roster.look((), waiting=False)
    return roster.failure("c", True)


@pytest.mark.parametrize(
    ("workers", "needs", "kind", "told"),
    [
        ({}, {}, JobError, "c had no worker for 5 s (--stall-timeout); start one with 'dask"),
        ({A: worker(status="paused")}, {}, JobError, "5 s (--stall-timeout): all are paused; a"),
        ({A: worker()}, {"GPU": 1.0}, DeviceUnavailableError, "no worker with the resource GPU"),
    ],
)
def test_no_worker(
    client: _Client, now: SimpleNamespace, workers: Any, needs: Any, kind: Any, told: str
) -> None:
    client.workers = workers
    roster = made(client, needs)
    roster.look((), waiting=False)
    error = ending(roster, now)
    assert type(error) is kind
    assert told in str(error)


@pytest.mark.parametrize(("needs", "kind"), [({}, JobError), ({"GPU": 1.0}, DeviceError)])
def test_all_hang(client: _Client, now: SimpleNamespace, needs: Any, kind: Any) -> None:
    client.workers = {name: worker(resources={"GPU": 1}) for name in (A, B)}
    roster = made(client, needs)
    roster.look((), waiting=False)
    roster.avoid(A, "worker a hangs")
    roster.avoid(B, "worker b hangs")
    error = ending(roster, now)
    assert type(error) is kind
    assert str(error) == (
        "the cluster c had no worker left to go on with for 5 s (--stall-timeout): worker a hangs, "
        "and so on for 1 more; end it and start another with 'dask worker ...'"
    )


def test_a_scheduler_that_does_not_answer(client: _Client, now: SimpleNamespace) -> None:
    roster = made(client)
    client.answers = False
    assert not roster.look((), waiting=False)
    now.is_ += 6
    assert roster.failure("c", True) is None
    roster.look((), waiting=False)
    assert "the scheduler has not answered for 5 s" in str(roster.failure("c", True))
    without_limit = made(client, stall=None)
    now.is_ += 1000
    assert without_limit.failure("c", True) is None
