"""Single workers of a Dask cluster that spoil chunks, or whose disks, storage or devices fail."""

from __future__ import annotations

import errno
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import edl2ffmpeg
from edl2ffmpeg.devices.selection import DeviceDecision
from edl2ffmpeg.errors import DeviceError, DeviceLostError, DeviceUnavailableError, EncodeError
from edl2ffmpeg.jobs import cluster_work
from edl2ffmpeg.jobs.cluster_storage import ClusterStorage
from edl2ffmpeg.media.packet_encoder import PictureFileEncoder
from edl2ffmpeg.rendering import chunk
from edl2ffmpeg.rendering.hardware import Hardware
from helpers.edl_factory import document, generated, video_clip, write_edl

pytest.importorskip("distributed")
pytest.importorskip("fsspec")

OPTIONS: dict[str, Any] = {"preset": "ultrafast", "chunk_seconds": "0.2"}
KEPT = "what is done is kept; the same command goes on from there"


class _Cluster:
    """Three workers in this process, the first two of them with a GPU."""

    def __init__(self, cluster: Any) -> None:
        self.address: str = cluster.scheduler_address
        self.workers = [str(worker.address) for worker in cluster.workers.values()]
        self.with_gpu = self.workers[:2]


@pytest.fixture(scope="module")
def cluster() -> Iterator[_Cluster]:
    from distributed import Scheduler, SpecCluster, Worker

    place = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    options: list[dict[str, Any]] = [{"resources": {"GPU": 1}}, {"resources": {"GPU": 1}}, {}]
    workers = {
        number: {"cls": Worker, "options": {"nthreads": 1, "host": "127.0.0.1"} | more}
        for number, more in enumerate(options)
    }
    with SpecCluster(workers, {"cls": Scheduler, "options": place}) as found:
        yield _Cluster(found)


@pytest.fixture(scope="module")
def edl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten chunks of 6 frames."""
    clip = video_clip(generated("demo", 2), 0, 2)
    return write_edl(tmp_path_factory.mktemp("edl"), document(clip))


@pytest.fixture(scope="module")
def undisturbed(edl: Path) -> bytes:
    output = edl.parent / "good.mp4"
    edl2ffmpeg.render(edl, output, jobs=1, **OPTIONS)
    return output.read_bytes()


Render = Callable[..., dict[str, Any]]


@pytest.fixture
def render(cluster: _Cluster, edl: Path, undisturbed: bytes, tmp_path: Path) -> Render:
    """Renders on the cluster the undisturbed movie; gives the report."""

    def rendered(**more: Any) -> dict[str, Any]:
        output = tmp_path / "movie.mp4"
        options = OPTIONS | {"cluster": cluster.address} | more
        result = edl2ffmpeg.render(edl, output, **options)
        assert output.read_bytes() == undisturbed
        return result.report

    return rendered


def here() -> str:
    """The worker whose thread this is."""
    from distributed import get_worker

    return str(get_worker().address)


def test_no_worker_waits_for_another(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered, together = cluster_work._rendered, threading.Barrier(3)
    began: list[str] = []

    def rendering(*arguments: Any) -> Any:
        began.append(here())
        if began.count(here()) == 1:
            # The scheduler has seen that chunks take next to no time, and is not to rely on it.
            together.wait(5)
        return rendered(*arguments)

    monkeypatch.setattr(cluster_work, "_rendered", rendering)
    chunks = render(retries=0)["chunks"]
    assert len({entry["worker"] for entry in chunks["done"]}) == 3


class _First:
    """The worker that is the first to begin with a chunk."""

    def __init__(self) -> None:
        self.worker = ""
        self._lock = threading.Lock()

    def is_here(self) -> bool:
        with self._lock:
            self.worker = self.worker or here()
            return self.worker == here()


def spoil(monkeypatch: pytest.MonkeyPatch, how: Callable[[Any], None]) -> _First:
    """What one worker makes comes to nothing good."""
    good, bad = cluster_work._rendered, _First()

    def rendered(*arguments: Any) -> Any:
        is_bad = bad.is_here()
        result = good(*arguments)
        if is_bad:
            how(result)
        return result

    monkeypatch.setattr(cluster_work, "_rendered", rendered)
    return bad


def cut_off(result: Any) -> None:
    result.data = result.data[:-100]


def flip_a_bit(result: Any) -> None:
    spoilt = bytearray(result.data)
    spoilt[len(spoilt) // 2] ^= 1
    result.data = bytes(spoilt)


def fill_the_disk(result: Any) -> None:
    raise EncodeError("/tmp/x/chunk: writing failed: no space left on the device", "/tmp/x/chunk")


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (cut_off, ": is a damaged file of encoded packets: it is cut off"),
        (flip_a_bit, ": is a damaged file of encoded packets: "),
        (fill_the_disk, ": /tmp/x/chunk: writing failed: no space left on the device"),
    ],
)
def test_a_worker_that_spoils_all_it_makes(
    render: Render, monkeypatch: pytest.MonkeyPatch, how: Any, told: str
) -> None:
    bad = spoil(monkeypatch, how)
    # Another try is another worker's: by chance this one would have some chunk twice.
    chunks = render(retries=1)["chunks"]
    assert chunks["failures"]
    for failure in chunks["failures"]:
        assert failure["error"].startswith(f"worker {bad.worker}: ")
        assert told in failure["error"]
    assert bad.worker not in {entry["worker"] for entry in chunks["done"]}


def test_a_worker_that_cannot_write_to_the_storage(
    render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, store = _First(), cluster_work._store

    def storing(name: str, data: bytes) -> None:
        store("file:///dev/null/nowhere" if bad.is_here() else name, data)

    monkeypatch.setattr(cluster_work, "_store", storing)
    chunks = render(retries=1, cluster_storage="memory://chunks")["chunks"]
    assert chunks["failures"]
    assert all(
        failure["error"].startswith(
            f"worker {bad.worker}: file:///dev/null/nowhere: a chunk cannot be written there: "
        )
        for failure in chunks["failures"]
    )
    assert bad.worker not in {entry["worker"] for entry in chunks["done"]}


def test_a_worker_that_was_to_end_while_its_chunk_is_wanted(
    render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = spoil(monkeypatch, be_unwanted)
    chunks = render(retries=1)["chunks"]
    assert {failure["error"] for failure in chunks["failures"]} == {
        f"worker {bad.worker} was ended while it had the chunk"
    }


def be_unwanted(result: Any) -> None:
    raise cluster_work._UnwantedError


def test_nothing_is_stored_after_the_end_of_the_render(
    cluster: _Cluster, edl: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    finish, on_worker = PictureFileEncoder.finish, cluster_work._rendered
    finishing, ended = threading.Event(), threading.Event()
    began: list[str] = []
    raised: queue.SimpleQueue[type[BaseException] | None] = queue.SimpleQueue()

    def finished(self: PictureFileEncoder) -> None:
        from distributed import get_worker

        # An encoder that takes long over its last frames, of which nothing tells.
        finishing.set()
        assert ended.wait(20)
        worker = get_worker()
        task, until = worker.get_current_task(), time.monotonic() + 20
        while worker.state.tasks[task].state == "executing" and time.monotonic() < until:
            time.sleep(0.01)
        finish(self)

    def rendered(*arguments: Any) -> Any:
        began.append(here())
        try:
            result = on_worker(*arguments)
        except BaseException as error:
            raised.put(type(error))
            raise
        raised.put(None)
        return result

    def progress(at: edl2ffmpeg.Progress) -> None:
        if finishing.is_set():
            raise InterruptedError

    monkeypatch.setattr(PictureFileEncoder, "finish", finished)
    monkeypatch.setattr(cluster_work, "_rendered", rendered)
    place = tmp_path / "chunks"
    try:
        with pytest.raises(InterruptedError):
            edl2ffmpeg.render(
                edl, tmp_path / "movie.mp4", progress=progress, cluster=cluster.address,
                cluster_storage=f"file://{place}", **OPTIONS,
            )  # fmt: skip
    finally:
        ended.set()
    for _ in began:
        assert raised.get(timeout=20) is cluster_work._UnwantedError
    assert not place.exists() or list(place.iterdir()) == []


def test_storage_that_fails_when_it_is_read(
    render: Render, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetch, removed = ClusterStorage.fetch, ClusterStorage.close
    failed: list[str] = []
    left: list[bool] = []

    def fetching(self: ClusterStorage, address: str, *more: Any) -> None:
        if not failed:
            failed.append(address)
            self._system.rm_file(f"{self._path}/{address.rpartition('/')[2]}")
        fetch(self, address, *more)

    def closing(self: ClusterStorage) -> None:
        removed(self)
        left.append(self._system.exists(self._path))

    monkeypatch.setattr(ClusterStorage, "fetch", fetching)
    monkeypatch.setattr(ClusterStorage, "close", closing)
    place = f"file://{tmp_path}/chunks"
    [failure] = render(cluster_storage=place)["chunks"]["failures"]
    assert failure["error"].startswith(
        f"{failed[0]}: a chunk cannot be fetched: FileNotFoundError: "
    )
    assert left[-1] is False


@pytest.mark.parametrize("storage", [None, "memory://chunks"])
def test_a_full_disk_of_this_machine_is_no_fault_of_a_worker(
    render: Render, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, storage: str | None
) -> None:
    taken = open

    def opening(path: Any, *more: Any, **options: Any) -> Any:
        if str(path).endswith(".part"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return taken(path, *more, **options)

    monkeypatch.setattr("edl2ffmpeg.media.packet_file.open", opening, raising=False)
    with pytest.raises(EncodeError, match=r"/\.movie\.mp4\.edl2ffmpeg: no space left") as caught:
        render(cluster_storage=storage)
    # Nothing was done.
    assert not hasattr(caught.value, "__notes__")


def simulate_gpus(
    monkeypatch: pytest.MonkeyPatch,
    is_broken: Callable[[], bool] = lambda: False,
    kind: type[Exception] = DeviceUnavailableError,
) -> None:
    """Workers draw on the CPU what is for a GPU, whose bits are the same."""

    @contextmanager
    def opened(decision: DeviceDecision) -> Iterator[Hardware]:
        if decision.is_cuda and is_broken():
            raise kind(f"{decision.used}: cannot be opened")
        yield Hardware(decision if decision.is_cuda else replace(decision, number=None))

    monkeypatch.setattr(chunk, "opened_hardware", opened)


def test_a_gpus_chunks_are_for_those_that_have_one(
    render: Render, cluster: _Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate_gpus(monkeypatch)
    chunks = render(hw_accel="cuda", retries=0)["chunks"]
    assert {entry["worker"] for entry in chunks["done"]} <= set(cluster.with_gpu)
    assert {entry["device"] for entry in chunks["done"]} == {"cuda:0"}


def test_all_gpus_hang(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()

    def hangs() -> bool:
        assert end.wait(20)
        return False

    simulate_gpus(monkeypatch, hangs)
    monkeypatch.setattr("edl2ffmpeg.jobs.cluster._WORKERS_SECONDS", 0.1)
    try:
        with pytest.raises(DeviceError) as caught:
            render(hw_accel="cuda", stall_timeout=0.2)
        assert "had no worker left to go on with for 0.2 s (--stall-timeout): worker tcp" in str(
            caught.value
        )
        # Those that the scheduler takes for idle hang still: the CPU is another worker's.
        report = render(hw_accel="cuda", hw_fallback="allow", stall_timeout=0.2)
    finally:
        end.set()
    assert len({entry["worker"] for entry in report["chunks"]["done"]}) == 1


def test_no_worker_has_what_is_needed(
    render: Render, cluster: _Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edl2ffmpeg.jobs.cluster._WORKERS_SECONDS", 0.1)
    with pytest.raises(DeviceUnavailableError) as caught:
        render(hw_accel="cuda", hw_encode=True, preset="p4", stall_timeout=0.3)
    assert caught.value.exit_code == 2
    assert str(caught.value) == (
        f"the cluster {cluster.address} had no worker with the resource GPU and NVENC for 0.3 s "
        "(--stall-timeout); start one with --resources 'GPU=1 NVENC=1', or render without "
        "--hw-accel"
    )


@pytest.mark.parametrize("kind", [DeviceUnavailableError, DeviceLostError])
def test_a_worker_whose_gpu_has_failed_is_done_without(
    render: Render, cluster: _Cluster, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    bad = _First()
    simulate_gpus(monkeypatch, bad.is_here, kind)
    chunks = render(hw_accel="cuda", hw_fallback="allow")["chunks"]
    assert {entry["worker"] for entry in chunks["done"]} == {*cluster.with_gpu} - {bad.worker}
    assert {entry["device"] for entry in chunks["done"]} == {"cuda:0"}
    # What it had been given before that, and nothing that was tried again.
    assert {entry["attempt"] for entry in chunks["failures"]} == {1}


def test_no_gpu_can_be_opened(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate_gpus(monkeypatch, lambda: True)
    with pytest.raises(DeviceUnavailableError, match=r"^worker tcp://.*: cuda:0: cannot be opened"):
        render(hw_accel="cuda")
    report = render(hw_accel="cuda", hw_fallback="allow")
    assert "rendered on the CPU and not on a GPU: worker tcp://" in str(report["warnings"])
    assert {entry["device"] for entry in report["chunks"]["done"]} == {"cpu"}
