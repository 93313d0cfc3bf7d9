"""Workers of a Dask cluster that hang or die, and schedulers that are lost: real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import edl2ffmpeg
from helpers.cluster import LONG_OPTIONS, Farm, long_edl, long_render
from helpers.edl_factory import audio_clip, document, generated, video_clip, write_edl
from helpers.processes import process_state, worker_fault
from helpers.rendering import run_command

pytest.importorskip("distributed")
pytest.importorskip("fsspec")

CHUNKS = ("-p", "ultrafast", "--chunk-seconds", "0.5")
PATIENCE_SECONDS = 40.0
KEPT = "what is done is kept; the same command goes on from there"


@pytest.fixture(scope="module")
def edl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four chunks of 15 frames, with sound."""
    return write_edl(
        tmp_path_factory.mktemp("edl"),
        document(
            video_clip(generated("demo", 1), 0, 1),
            video_clip(generated("testpattern", 1), 1, 2),
            audio_clip(generated("testpattern", 2), 0, 2),
        ),
    )


@pytest.fixture(scope="module")
def undisturbed(edl: Path) -> bytes:
    output = edl.parent / "good.mp4"
    assert run_command(edl, output, *CHUNKS, "--jobs", "2").returncode == 0
    return output.read_bytes()


@pytest.fixture(scope="module")
def long_undisturbed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("long")
    output = folder / "good.mp4"
    assert run_command(long_edl(folder), output, *LONG_OPTIONS, "--jobs", "2").returncode == 0
    return output.read_bytes()


@pytest.fixture(scope="module")
def short_edl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten chunks: so many that the scheduler gives some to a worker without the recipe."""
    return long_edl(tmp_path_factory.mktemp("short"), 5)


@pytest.fixture(scope="module")
def short_undisturbed(short_edl: Path) -> bytes:
    output = short_edl.parent / "good.mp4"
    assert run_command(short_edl, output, *CHUNKS, "--jobs", "2").returncode == 0
    return output.read_bytes()


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits are seen to have passed when they have, and not a second later."""
    monkeypatch.setattr("edl2ffmpeg.jobs.cluster._WORKERS_SECONDS", 0.1)
    monkeypatch.setattr("edl2ffmpeg.jobs.cluster_roster._SILENT_SECONDS", 2.0)


def rendered(
    farm: Farm,
    edl: Path,
    output: Path,
    after_two: Callable[[], None] = lambda: None,
    **options: Any,
) -> dict[str, Any]:
    """What the report says of the chunks; ``after_two`` is called when two of them are done."""
    farm.wait_for_workers()
    until = time.monotonic() + PATIENCE_SECONDS

    def progress(at: edl2ffmpeg.Progress) -> None:
        assert time.monotonic() < until
        if at.chunks_done >= 2:
            after_two()

    result = edl2ffmpeg.render(
        edl, output, progress=progress, cluster=farm.address,
        preset="ultrafast", chunk_seconds="0.5", **options,
    )  # fmt: skip
    chunks: dict[str, Any] = result.report["chunks"]
    return chunks


@pytest.mark.parametrize("what", ["die:1", "quit:chunk"], ids=["in work", "that is done"])
def test_a_worker_that_dies_with_a_chunk(
    edl: Path, undisturbed: bytes, tmp_path: Path, what: str
) -> None:
    fault = worker_fault(what, tmp_path)
    with Farm(tmp_path, environment=os.environ | fault) as farm:
        chunks = rendered(farm, edl, tmp_path / "movie.mp4", retries=0)
        assert chunks["failures"] == []
        assert sum(worker.poll() is not None for worker in farm.workers) == 1
    assert (tmp_path / "movie.mp4").read_bytes() == undisturbed


@pytest.mark.usefixtures("quick_looks")
def test_a_worker_that_hangs_is_done_without(edl: Path, undisturbed: bytes, tmp_path: Path) -> None:
    fault = worker_fault("hang:1", tmp_path)
    with Farm(tmp_path, environment=os.environ | fault) as farm:
        chunks = rendered(farm, edl, tmp_path / "movie.mp4", stall_timeout=1.5)
    assert "made no progress for 1.5 s (--stall-timeout)" in chunks["failures"][0]["error"]
    assert chunks["done"][1]["attempt"] == 2
    assert (tmp_path / "movie.mp4").read_bytes() == undisturbed


@pytest.mark.usefixtures("quick_looks")
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("recipe", ""),
        ("chunk", " has not been heard of for 2 s (--stall-timeout) while its chunk was fetched"),
    ],
)
def test_a_worker_that_is_frozen_with_what_others_want(
    short_edl: Path, short_undisturbed: bytes, tmp_path: Path, kind: str, told: str
) -> None:
    fault = worker_fault(f"freeze:{kind}", tmp_path)
    with Farm(tmp_path, environment=os.environ | fault) as farm:
        chunks = rendered(farm, short_edl, tmp_path / "movie.mp4", stall_timeout=2)
        states = [process_state(worker.pid) for worker in farm.workers]
    assert states.count("T") == 1
    frozen = farm.workers[states.index("T")].pid
    assert any(entry["process"] != frozen for entry in chunks["done"])
    assert any(told in failure["error"] for failure in chunks["failures"]) or not told
    assert (tmp_path / "movie.mp4").read_bytes() == short_undisturbed


@pytest.mark.usefixtures("quick_looks")
def test_a_nanny_starts_a_worker_that_hangs_anew(
    edl: Path, undisturbed: bytes, tmp_path: Path
) -> None:
    fault = worker_fault("hang:1", tmp_path)
    with Farm(tmp_path, 1, os.environ | fault, nanny=True) as farm:
        chunks = rendered(farm, edl, tmp_path / "movie.mp4", stall_timeout=1.5)
    # No other worker was there.
    assert len(chunks["failures"]) == chunks["workers"] == 1
    assert chunks["done"][1]["attempt"] == 2
    assert (tmp_path / "movie.mp4").read_bytes() == undisturbed


@pytest.mark.usefixtures("quick_looks")
def test_the_only_worker_hangs(edl: Path, undisturbed: bytes, tmp_path: Path) -> None:
    fault = worker_fault("hang:1", tmp_path)
    output = tmp_path / "movie.mp4"
    with Farm(tmp_path, 1, os.environ | fault) as farm:
        with pytest.raises(edl2ffmpeg.JobError) as caught:
            rendered(farm, edl, output, stall_timeout=1.5)
        assert str(caught.value).startswith(
            f"the cluster {farm.address} had no worker left to go on with for 1.5 s "
            "(--stall-timeout): worker tcp://127.0.0.1:"
        )
        assert str(caught.value).endswith("; end it and start another with 'dask worker ...'")
        assert caught.value.__notes__ == [KEPT]
        # It hangs still, which the next render is not told.
        farm.add_worker()
        chunks = rendered(farm, edl, output, stall_timeout=1.5)
        hanging = farm.workers[0]
        assert hanging.poll() is None
    made_there = sum(entry["process"] == hanging.pid for entry in chunks["done"])
    assert made_there == chunks["reused"] < len(chunks["done"])
    assert output.read_bytes() == undisturbed


@pytest.mark.usefixtures("quick_looks")
@pytest.mark.parametrize(
    ("number", "who", "told"),
    [
        (signal.SIGKILL, "worker", "had no worker for 1 s (--stall-timeout); start one with 'dask"),
        (signal.SIGSTOP, "scheduler", "the scheduler has not answered for 1 s (--stall-timeout); "),
    ],
    ids=["no worker", "no answer"],
)
def test_all_that_is_left_is_lost(
    tmp_path: Path, number: signal.Signals, who: str, told: str
) -> None:
    with Farm(tmp_path, 1) as farm:
        process = farm.workers[0] if who == "worker" else farm.scheduler
        with pytest.raises(edl2ffmpeg.JobError) as caught:
            rendered(
                farm, long_edl(tmp_path), tmp_path / "movie.mp4",
                lambda: process.send_signal(number), stall_timeout=1,
            )  # fmt: skip
    assert told in str(caught.value)
    assert caught.value.__notes__ == [KEPT]


def test_ctrl_c_while_the_scheduler_does_not_answer(tmp_path: Path) -> None:
    with Farm(tmp_path, 1) as farm:
        process = long_render(farm, tmp_path, seconds=300)
        farm.scheduler.send_signal(signal.SIGSTOP)
        # It is being asked.
        time.sleep(1.1)
        began = time.perf_counter()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert time.perf_counter() - began < 2
    assert process.returncode == 130
    assert errors == "edl2ffmpeg: interrupted by Ctrl-C; run it again to go on with what is done\n"


@pytest.mark.parametrize("where", ["there", "elsewhere"])
def test_a_lost_scheduler(tmp_path: Path, long_undisturbed: bytes, where: str) -> None:
    # However fast they are, the render is not done before the scheduler is lost.
    environment = os.environ | worker_fault("hang:20", tmp_path, times=2)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment["TMPDIR"] = str(temporary)
    with Farm(tmp_path, environment=environment) as farm:
        process = long_render(farm, tmp_path)
        farm.workers[0].kill()
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["chunks_done"] >= 8:
                break
        farm.scheduler.kill()
        farm.scheduler.wait()
        port = int(farm.address.rpartition(":")[2]) if where == "there" else 0
        # Where it was, the client finds another one that knows nothing.
        with Farm(tmp_path, 0, port=port) as other:
            _, errors = process.communicate(timeout=20)
            assert process.returncode == 1
            assert errors.splitlines() == [
                f"edl2ffmpeg: the cluster {farm.scheduler_file}: the scheduler was lost during the "
                "render; look whether it runs, or start another",
                f"edl2ffmpeg: {KEPT}",
            ]
            folder = tmp_path / ".long.mp4.edl2ffmpeg"
            done = {path: path.stat().st_mtime_ns for path in folder.glob("*.packets")}
            assert len(done) >= 8
            command = [sys.executable, "-m", "edl2ffmpeg", "long.json", "long.mp4", *LONG_OPTIONS]
            command += ["--cluster", str(farm.scheduler_file), "--report", "report.json"]
            again = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
            if where == "there":
                # Workers may join late.
                time.sleep(1)
            other.add_worker()
            _, errors = again.communicate(timeout=40)
    assert again.returncode == 0, errors
    chunks = json.loads((tmp_path / "report.json").read_text())["chunks"]
    assert chunks["reused"] == len(done)
    assert (tmp_path / "long.mp4").read_bytes() == long_undisturbed
    # Workers that were killed in the middle of a chunk have left it in folders of Dask's.
    assert not [name for name in os.listdir(temporary) if name.startswith("edl2ffmpeg")]
