"""The workers of a Dask cluster as one render sees them: which may have its chunks, which it does
without.  It gives out nothing.

Note [Hung workers]: the thread of a worker cannot be interrupted, and the scheduler takes a worker
whose task was cancelled for idle: it would give the next chunk to a thread that never comes back.
So workers that hang are avoided: chunks are sent with the addresses of the others.  One that was
left hanging by somebody else shows by chunks that are given to it and never begin.  A nanny, where
there is one, starts a worker that hangs anew, unless it has tasks or results of others.

A process that is frozen as a whole also keeps what others want of it: results, and maybe the only
copy of the recipe, for which healthy workers then wait.  It shows by the scheduler hearing nothing
of it, and gets nothing until it is heard of again; those that wait are given the recipe anew, and
as long again to begin.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Collection
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from time import monotonic
from typing import Any

from edl2ffmpeg.errors import DeviceError, DeviceUnavailableError, Edl2FfmpegError, JobError
from edl2ffmpeg.jobs.cluster_client import asked
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.rendering.recipe import Recipe

__all__ = ["Roster", "needed_resources"]

_log = logging.getLogger(__name__)

_ANSWER_SECONDS = 5.0
# A single answer may be late on a machine that is busy.
_MOST_MISSED = 2
# Several of the messages that a worker sends the scheduler without being asked.
_SILENT_SECONDS = 3.0
# A process that has to load everything first, on a machine that is busy.
_RESTART_SECONDS = 60.0


def needed_resources(recipe: Recipe) -> dict[str, float]:
    """What a worker has to have, by the names that the workers are started with."""
    device = recipe.device
    if not device.uses_hardware:
        return {}
    return {"GPU": 1.0} | ({"NVENC": 1.0} if device.is_cuda and device.encodes else {})


class Roster(Owner):
    """The workers that ``client`` knows of, and what is known of them.

    The keys of this render's tasks hold ``job``; ``needs`` are the resources that a
    worker has to have.  ``stall_seconds`` are how long a chunk may wait on an idle worker, and a
    render for a worker; None sets no limit.  ``stop`` ends what is being waited for.
    """

    def __init__(
        self,
        client: Any,
        job: str,
        needs: dict[str, float],
        stall_seconds: float | None,
        stop: threading.Event,
    ) -> None:
        self.most = 0
        self._client = client
        self._job = job
        self._needs = needs
        self._stall = stall_seconds
        self._stop = stop
        # Held for what several threads change: the one that looks, the client's, and those that
        # fetch results.
        self._changing = threading.Lock()
        self._workers: dict[str, dict[str, Any]] = {}
        # Why each is avoided, and whether that is for good.
        self._avoided: dict[str, tuple[str, bool]] = {}
        # By when the scheduler has heard of each, and since when that is the same.
        self._seen: dict[str, tuple[float, float]] = {}
        self._silent: frozenset[str] = frozenset()
        self._waiting_since: dict[str, float] = {}
        # Those avoided for having waited too long.
        self._began_nothing: set[str] = set()
        self._lacking_since: float | None = None
        self._answered = monotonic()
        self._missed = 0
        self._restarts: list[Future[None]] = []

    @property
    def able(self) -> frozenset[str]:
        """The addresses of those that may have a chunk."""
        return frozenset(
            address
            for address, worker in self._workers.items()
            if address not in self._avoided
            and address not in self._silent
            and worker["status"] == "running"
            and self._has_resources(worker)
        )

    def _has_resources(self, worker: dict[str, Any]) -> bool:
        return all(worker["resources"].get(name, 0) >= count for name, count in self._needs.items())

    @property
    def avoids(self) -> bool:
        """Whether there are workers that may not have a chunk, though the scheduler would."""
        return bool(self._avoided or self._silent)

    @property
    def sharing(self) -> int:
        """The largest number of workers on one machine, at least 1."""
        hosts = Counter(str(worker.get("host")) for worker in self._workers.values())
        return max(hosts.values(), default=1)

    def __contains__(self, address: str) -> bool:
        return address in self._workers

    def is_silent(self, address: str) -> bool:
        """Whether the scheduler has heard nothing of the worker for longer than the limit."""
        return address in self._silent

    # -- what is known --------------------------------------------------------

    def look(self, busy: Collection[str], waiting: bool) -> bool:
        """Asks the scheduler; whether it has answered.

        ``busy`` are the workers that are at chunks, and ``waiting`` says that other chunks have
        not begun.
        """
        idle = [address for address in self.able if address not in busy] if waiting else []
        limit = min(_ANSWER_SECONDS, self._stall or _ANSWER_SECONDS)
        try:
            found, given = asked(
                self._client, self._asked(idle), lambda: not self._stop.is_set(), limit
            )
        except (OSError, TimeoutError, CancelledError):
            self._missed += 1
            # What it does not tell, it may not have heard either.
            now = monotonic()
            self._seen = {address: (seen, now) for address, (seen, _) in self._seen.items()}
            self.wait_anew()
            return False
        self._answered, self._missed = monotonic(), 0
        self._workers = found
        self.most = max(self.most, len(found))
        with self._changing:
            for address in tuple(self._avoided):
                if address not in found:
                    del self._avoided[address]
        if self._note_silent():
            # What the others have waited for may be there.
            self._trust_again()
        self._note_waiting(given)
        return True

    async def _asked(self, idle: list[str]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
        found = (await self._client.scheduler.identity(n_workers=-1))["workers"]
        given: dict[str, list[Any]] = {}
        there = [address for address in idle if address in found]
        if there:
            # One of them may be gone in between.
            with suppress(KeyError):
                given = await self._client.scheduler.processing(workers=there)
        return found, given

    def _note_silent(self) -> bool:
        """Notes who is not heard of; whether there are more than before."""
        now, before = monotonic(), self._silent
        seen: dict[str, tuple[float, float]] = {}
        for address, worker in self._workers.items():
            last = self._seen.get(address)
            at = worker["last_seen"]
            seen[address] = last if last is not None and last[0] == at else (at, now)
        self._seen = seen
        limit = self._silent_seconds
        if limit is None:
            return False
        self._silent = frozenset(
            address for address, (_, since) in seen.items() if now - since > limit
        )
        for address in self._silent - before:
            _log.info("%s; it gets no chunks until it is", self.why_silent(address))
        for address in before - self._silent:
            # It was frozen: what was thought of it then is no longer so.
            with self._changing:
                if not self._avoided.get(address, ("", True))[1]:
                    del self._avoided[address]
        return not self._silent <= before

    def why_silent(self, address: str) -> str:
        """What to say of one that is."""
        limit = self._silent_seconds
        return f"worker {address} has not been heard of for {limit:g} s (--stall-timeout)"

    @property
    def _silent_seconds(self) -> float | None:
        return None if self._stall is None else max(self._stall, _SILENT_SECONDS)

    def wait_anew(self) -> None:
        """Those that have not begun with anything may take as long again."""
        with self._changing:
            self._waiting_since.clear()

    def _trust_again(self) -> None:
        self.wait_anew()
        with self._changing:
            for address in self._began_nothing:
                if not self._avoided.get(address, ("", True))[1]:
                    del self._avoided[address]
            self._began_nothing.clear()

    def _note_waiting(self, given: dict[str, list[Any]]) -> None:
        """Avoids those that have had chunks for too long, nothing else, and begin with none."""
        now = monotonic()
        with self._changing:
            self._waiting_since = stuck = {
                address: self._waiting_since.get(address, now)
                for address, keys in given.items()
                if keys and not self._are_others(keys)
            }
            late = [
                address
                for address, since in stuck.items()
                if self._stall is not None and now - since > self._stall
            ]
        for address in late:
            why = f"worker {address} has begun with nothing for {self._stall:g} s"
            self.avoid(address, f"{why} (--stall-timeout)")
            self._began_nothing.add(address)

    def _are_others(self, keys: Collection[Any]) -> bool:
        return not all(self._job in str(key) for key in keys)

    def heard(self, address: str) -> None:
        """The worker does something: it does not hang, or does not any more."""
        with self._changing:
            self._waiting_since.pop(address, None)
            why, for_good = self._avoided.get(address, ("", True))
            if not for_good:
                del self._avoided[address]
        if not for_good:
            _log.info("%s; it goes on", why)

    # -- what is avoided ------------------------------------------------------

    def avoid(self, address: str, why: str, error: Edl2FfmpegError | None = None) -> None:
        """No chunk is for this worker any more: it hangs, or its device has failed with ``error``.

        A worker that only a new process can help is started anew where that harms nobody.
        """
        _log.info("%s; it gets no more chunks", why)
        unavailable = isinstance(error, DeviceUnavailableError)
        with self._changing:
            self._avoided[address] = (why, error is not None)
            if unavailable or self._workers.get(address, {}).get("nanny") is None:
                return
            loop = self._client.loop.asyncio_loop
            self._restarts.append(asyncio.run_coroutine_threadsafe(self._restart(address), loop))

    async def _restart(self, address: str) -> None:
        with suppress(Exception):
            running = (await self._client.processing([address])).get(address, ())
            held = (await self._client.has_what([address])).get(address, ())
            if self._are_others([*running, *held]):
                _log.info("worker %s is not started anew: others use it too", address)
                return
            _log.info("starting worker %s anew", address)
            answers = await self._client.restart_workers(
                [address], timeout=_RESTART_SECONDS, raise_for_error=False
            )
            if answers[address] == "OK":
                # A nanny may give the new one the address of the old.
                with self._changing:
                    self._avoided.pop(address, None)

    # -- what ends a render ---------------------------------------------------

    def failure(self, cluster: str, wanted: bool) -> Edl2FfmpegError | None:
        """Why the render cannot go on; None while it may.  ``wanted`` says that chunks are left."""
        stall, now = self._stall, monotonic()
        if stall is None or not wanted:
            self._lacking_since = None
            return None
        if self._missed >= _MOST_MISSED and now - self._answered > stall:
            return JobError(
                f"the cluster {cluster}: the scheduler has not answered for {stall:g} s "
                "(--stall-timeout); look whether it hangs"
            )
        with self._changing:
            self._restarts = [restart for restart in self._restarts if not restart.done()]
        if self.able or self._restarts:
            self._lacking_since = None
        elif self._lacking_since is None:
            self._lacking_since = now
        elif now - self._lacking_since > stall:
            return self._no_worker(f"the cluster {cluster}", f"for {stall:g} s (--stall-timeout)")
        return None

    def _no_worker(self, where: str, limit: str) -> Edl2FfmpegError:
        wanted = " and ".join(self._needs)
        able = {
            name: worker for name, worker in self._workers.items() if self._has_resources(worker)
        }
        with self._changing:
            whys = {name: why for name, (why, _) in self._avoided.items()}
        whys = {name: self.why_silent(name) for name in self._silent} | whys
        reasons = [whys[name] for name in able if name in whys]
        what = f"{where} had no worker left to go on with {limit}"
        if reasons:
            more = f", and so on for {len(reasons) - 1} more" if len(reasons) > 1 else ""
            text = f"{what}: {reasons[0]}{more}; end it and start another with 'dask worker ...'"
            return DeviceError(text, wanted) if wanted else JobError(text)
        if able:
            states = ", ".join(sorted({str(worker["status"]) for worker in able.values()}))
            return JobError(
                f"{what}: all are {states}; a worker is paused when its memory is nearly full, see "
                "dask worker --memory-limit"
            )
        if not wanted:
            return JobError(f"{where} had no worker {limit}; start one with 'dask worker ...'")
        flags = " ".join(f"{name}={count:g}" for name, count in self._needs.items())
        return DeviceUnavailableError(
            f"{where} had no worker with the resource {wanted} {limit}; start one with "
            f"--resources '{flags}', or render without --hw-accel",
            wanted,
        )

    def close(self) -> None:
        """Waits for no worker any more.  May be called twice."""
        with self._changing:
            restarts = tuple(self._restarts)
        for restart in restarts:
            restart.cancel()
