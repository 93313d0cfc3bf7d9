"""Chunks on a Dask cluster: a local render's bytes, whatever is lost meanwhile."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import edl2ffmpeg
from helpers.cluster import Farm, long_render
from helpers.edl_factory import audio_clip, document, generated, media, video_clip, write_edl
from helpers.media_factory import ClipLibrary
from helpers.rendering import run_command

pytest.importorskip("distributed")
pytest.importorskip("fsspec")

CHUNKS = ("-p", "ultrafast", "--chunk-seconds", "0.5")


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with Farm(tmp_path_factory.mktemp("farm")) as found:
        yield found


@pytest.fixture
def edl(tmp_path: Path) -> Path:
    """Four chunks of 15 frames, with sound."""
    return write_edl(
        tmp_path,
        document(
            video_clip(generated("demo", 1), 0, 1),
            video_clip(generated("testpattern", 1), 1, 2),
            audio_clip(generated("testpattern", 2), 0, 2),
        ),
    )


@pytest.fixture
def undisturbed(edl: Path, tmp_path: Path) -> bytes:
    assert run_command(edl, tmp_path / "good.mp4", *CHUNKS, "--jobs", "2").returncode == 0
    return (tmp_path / "good.mp4").read_bytes()


@pytest.mark.parametrize("storage", ["", "file"])
def test_the_bytes_of_a_local_render(
    farm: Farm, edl: Path, undisturbed: bytes, tmp_path: Path, storage: str
) -> None:
    place = tmp_path / "shared"
    more = ("--cluster-storage", f"file://{place}") if storage else ()
    output, report = tmp_path / "movie.mp4", tmp_path / "report.json"
    result = run_command(
        edl, output, *CHUNKS, "--cluster", str(farm.scheduler_file), "--report", report, *more
    )
    assert (result.returncode, result.stderr.count("Traceback")) == (0, 0), result.stderr
    assert output.read_bytes() == undisturbed
    chunks = json.loads(report.read_text())["chunks"]
    assert chunks["workers"] in (1, 2)
    assert all(entry["worker"].startswith("tcp://") for entry in chunks["done"])
    assert not place.exists() or list(place.iterdir()) == []
    assert not any(path.name.startswith(".") for path in tmp_path.iterdir())


def test_many_tiny_chunks(farm: Farm, tmp_path: Path) -> None:
    edl = write_edl(
        tmp_path,
        document(video_clip(generated("demo", 6), 0, 6), fps=25, width=64, height=36),
    )
    made = []
    for name, more in (("a", ("--cluster", farm.address)), ("b", ("--jobs", "1"))):
        output = tmp_path / f"{name}.mp4"
        result = run_command(edl, output, "-p", "ultrafast", "--chunk-seconds", "0.04", *more)
        assert result.returncode == 0, result.stderr
        made.append(output.read_bytes())
    assert made[0] == made[1]


def test_path_maps(farm: Farm, clips: ClipLibrary, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        shutil.copy(clips["h264_30_mp4"].path, folder / "clip.mp4")
    edl = write_edl(here, document(video_clip(media("clip.mp4", 0, 1), 0, 1)))
    cluster = (*CHUNKS, "--cluster", farm.address, "--overwrite")
    output = tmp_path / "movie.mp4"
    lost = tmp_path / "nowhere"
    result = run_command(edl, output, *cluster, "--path-map", f"{here}={lost}")
    assert result.returncode == 2
    assert f"{lost}/clip.mp4: there is no such file" in result.stderr
    assert "edl2ffmpeg: worker tcp://" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    result = run_command(edl, output, *cluster, "--path-map", f"{here}={there}", "-q")
    assert (result.returncode, result.stderr) == (0, "")


def test_ctrl_c(farm: Farm, tmp_path: Path) -> None:
    process = long_render(farm, tmp_path, seconds=300)
    began = time.perf_counter()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert time.perf_counter() - began < 2
    assert process.returncode == 130
    assert errors == "edl2ffmpeg: interrupted by Ctrl-C; run it again to go on with what is done\n"
    # The workers are free again at once.
    tiny = write_edl(tmp_path, document(video_clip(generated("black", 1), 0, 1)))
    again = run_command(tiny, tmp_path / "tiny.mp4", *CHUNKS, "--cluster", farm.address)
    assert again.returncode == 0, again.stderr


def test_workers_of_this_process(
    edl: Path, undisturbed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster

    options: dict[str, Any] = {"n_workers": 1, "threads_per_worker": 1, "processes": False}
    with LocalCluster(**options, dashboard_address="127.0.0.1:0", protocol="tcp") as cluster:
        result = edl2ffmpeg.render(
            edl, tmp_path / "movie.mp4", preset="ultrafast", chunk_seconds="0.5",
            cluster=cluster.scheduler_address, cluster_storage="memory://chunks",
        )  # fmt: skip
        monkeypatch.setattr("edl2ffmpeg.jobs.cluster.versions", lambda: ("edl2ffmpeg 0",))
        with pytest.raises(edl2ffmpeg.JobError, match=r"worker tcp://.*: it has other versions"):
            edl2ffmpeg.render(edl, tmp_path / "other.mp4", cluster=cluster.scheduler_address)
    assert result.output.read_bytes() == undisturbed


def test_addresses_that_lead_nowhere(
    edl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_command(edl, tmp_path / "movie.mp4", "--cluster", "no.such.entry")
    assert result.returncode == 2
    assert "nor an entry of Dask's configuration" in result.stderr
    monkeypatch.setattr("edl2ffmpeg.jobs.cluster_client._CONNECT_SECONDS", 1.0)
    with pytest.raises(edl2ffmpeg.JobError, match="no scheduler has answered for 1 s"):
        edl2ffmpeg.render(
            edl, tmp_path / "movie.mp4", chunk_seconds="0.5", cluster="tcp://127.0.0.1:9"
        )


def test_without_the_library(edl: Path, tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['distributed'] = None; sys.argv[0] = 'edl2ffmpeg'\n"
        "from edl2ffmpeg.__main__ import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", program, str(edl), str(tmp_path / "a.mp4"), "--cluster", "x:1"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == (
        "edl2ffmpeg: --cluster needs the package distributed: pip install 'edl2ffmpeg[cluster]'\n"
    )
