"""Many EDLs by the same workers: each alone in failing, and equal to a render of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import edl2ffmpeg
from helpers.edl_factory import document, generated, media, video_clip, write_edl
from helpers.processes import is_running, worker_fault, workers_of
from helpers.rendering import run_command

FAST = ("-p", "ultrafast", "--jobs", "2", "--chunk-seconds", "1")


def edl_of(folder: Path, name: str, seconds: Any = 0.5, pattern: str = "demo") -> Path:
    """An EDL without sound of one generated clip."""
    return write_edl(
        folder, document(video_clip(generated(pattern, seconds), 0, seconds)), f"{name}.json"
    )


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def batch(folder: Path, *arguments: Any, **options: Any) -> subprocess.CompletedProcess[str]:
    """Renders into ``folder/movies``."""
    options.setdefault("cwd", folder)
    return run_command("batch", *arguments, "--out-dir", folder / "movies", *FAST, **options)


def test_good_and_bad_ones(tmp_path: Path) -> None:
    for name, seconds in (("short", 0.5), ("long", 3), ("again", 0.2), ("there", 0.2)):
        edl_of(tmp_path, name, seconds)
    edl_of(tmp_path, "black", 0.3, "black")
    (tmp_path / "syntax.json").write_text("{")
    (tmp_path / "other").mkdir()
    edl_of(tmp_path / "other", "again", 1)
    write_edl(tmp_path, document(video_clip(media("none.mp4", 0, 1), 0, 1)), "missing.json")
    movies = tmp_path / "movies"
    movies.mkdir()
    (movies / "there.mp4").write_bytes(b"kept")
    shutil.copy(tmp_path / "short.json", movies / "own.mp4")
    names = ["short", "long", "syntax", "again", "other/again", "missing", "there", "nowhere"]
    edls = [*(f"{name}.json" for name in (*names, "black")), "movies/own.mp4"]
    result = batch(tmp_path, *edls, "--report", "report.json", "--overwrite")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    found = {entry["edl"]: entry for entry in report["movies"]}
    assert list(found) == edls
    failed = {edl: entry["error"] for edl, entry in found.items() if entry["status"] == "failed"}
    assert set(failed) == {
        "syntax.json", "other/again.json", "missing.json", "nowhere.json", "movies/own.mp4",
    }  # fmt: skip
    assert "is the movie of again.json already" in failed["other/again.json"]
    assert "clips[0].source" in failed["missing.json"]
    assert "cannot have the name of movies/own.mp4" in failed["movies/own.mp4"]
    for sentence in failed.values():
        assert sentence.splitlines()[0] in result.stderr
    done = {edl for edl, entry in found.items() if entry["status"] == "done"}
    assert {"short.json", "long.json", "again.json", "there.json", "black.json"} == done
    assert found["long.json"]["frames"] == found["long.json"]["report"]["frames"] == 90
    assert found["long.json"]["report"]["chunks"]["total"] == 3
    assert report["totals"] == report["totals"] | {"movies": 10, "done": 5, "failed": 5}
    for edl in done:
        single = tmp_path / "single.mp4"
        rendered = run_command(tmp_path / edl, single, *FAST, "--overwrite")
        assert rendered.returncode == 0, rendered.stderr
        assert (movies / f"{Path(edl).stem}.mp4").read_bytes() == single.read_bytes(), edl
    assert not left_over(movies)
    assert "10 movies: 5 done, 5 failed; " in result.stderr.splitlines()[-1]


def test_existing_movies_are_refused_or_skipped(tmp_path: Path) -> None:
    edls = [edl_of(tmp_path, "a"), edl_of(tmp_path, "b")]
    (tmp_path / "movies").mkdir()
    there = tmp_path / "movies" / "a.mp4"
    there.write_bytes(b"kept")
    result = batch(tmp_path, *edls)
    assert result.returncode == 1
    assert f"{there}: exists already; add --overwrite" in result.stderr
    assert (tmp_path / "movies" / "b.mp4").exists()
    result = batch(tmp_path, *edls, "--skip-existing", "--jobs", "0")
    assert result.returncode == 0
    assert result.stderr.splitlines()[-1].startswith("2 movies: 2 skipped; ")
    assert there.read_bytes() == b"kept"


def test_names_and_formats(tmp_path: Path) -> None:
    edls = [edl_of(tmp_path, "one.two"), edl_of(tmp_path, "caf\u00e9 [b]")]
    result = batch(tmp_path, *edls, "--format", "mkv", "--progress", "json")
    assert result.returncode == 0, result.stderr
    movies = {path.name for path in (tmp_path / "movies").iterdir()}
    assert movies == {"one.two.mkv", "caf\u00e9 [b].mkv"}
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    finished = [line for line in lines if line["event"] == "movie"]
    assert {(line["edl"], line["status"]) for line in finished} == {
        (str(edl), "done") for edl in edls
    }
    assert lines[-1]["event"] == "progress"
    assert (lines[-1]["movies_done"], lines[-1]["frames_done"]) == (2, 30)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--out-dir", "movies"), "EDL"),
        (("a.json",), "--out-dir"),
        (("a.json", "--out-dir", "movies", "--format", "txt"), ".txt"),
        (("a.json", "--out-dir", "a.json"), "cannot be a folder for movies"),
        (("a.json", "--out-dir", "movies", "--report", "a.json"), "EDL a.json"),
        (("a.json", "--out-dir", "movies", "--jobs", "x"), "--jobs"),
    ],
)
def test_what_can_work_for_no_edl(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    edl_of(tmp_path, "a")
    result = run_command("batch", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_a_report_replaces_reports_alone(tmp_path: Path) -> None:
    edl = edl_of(tmp_path, "a", 0.1)
    report = tmp_path / "report.json"
    report.write_text("{}")
    result = batch(tmp_path, edl, "--report", report, "--overwrite")
    assert result.returncode == 2
    assert f"{report}: is no report of a batch" in result.stderr
    report.unlink()
    for _ in range(2):
        assert batch(tmp_path, edl, "--report", report, "--overwrite").returncode == 0


@pytest.mark.parametrize(
    ("fault", "seconds", "chunks"), [("die:1", 2, "0.5"), ("die-whole", 0.5, "0")]
)
def test_a_worker_that_dies_costs_an_attempt(
    tmp_path: Path, fault: str, seconds: float, chunks: str
) -> None:
    edls = [edl_of(tmp_path, name, seconds) for name in "abc"]
    environment = os.environ | worker_fault(fault, tmp_path)
    result = batch(tmp_path, *edls, "--chunk-seconds", chunks, env=environment)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("trying again (1 of 2)") == 1
    movies = [(tmp_path / "movies" / f"{name}.mp4").read_bytes() for name in "abc"]
    assert movies[0] == movies[1] == movies[2]
    assert not left_over(tmp_path / "movies")


@pytest.mark.parametrize(
    ("fault", "stage"), [("compute", ""), ("hang", "encoding frame 0"), ("spin", "making frame 0")]
)
def test_a_slow_encoder_is_no_hang(tmp_path: Path, fault: str, stage: str) -> None:
    environment = os.environ | worker_fault(f"{fault}-whole", tmp_path)
    result = batch(tmp_path, edl_of(tmp_path, "a"), "--stall-timeout", "2.5", env=environment)
    assert result.returncode == 0, result.stderr
    again = f"made no progress for 2.5 s (--stall-timeout) while {stage}; trying again (1 of 2)"
    assert (again in result.stderr) == bool(stage)
    assert result.stderr.count("trying again") == bool(stage)


def test_a_movie_of_the_batch_is_no_source_of_another(tmp_path: Path) -> None:
    first = edl_of(tmp_path, "first", 0.5)
    assert batch(tmp_path, first).returncode == 0
    second = write_edl(
        tmp_path, document(video_clip(media("movies/first.mp4", 0, 0.5), 0, 0.5)), "second.json"
    )
    result = batch(tmp_path, first, second, "--overwrite")
    assert result.returncode == 1
    told = "movies/first.mp4 is the movie of " + str(first) + ", which this batch renders"
    assert told in result.stderr
    assert "clips[0].source" in result.stderr
    source = media(f"local://{tmp_path}/movies/first.mp4", 0, 0.5)
    third = write_edl(tmp_path, document(video_clip(source, 0, 0.5)), "third.json")
    result = batch(tmp_path, first, third, "--overwrite", "--allow-protocol", "local")
    assert "movies/first.mp4 is the movie of " + str(first) in result.stderr
    # One that is refused, and one that is left alone, is a file like any other.
    result = batch(tmp_path, first, third, "--allow-protocol", "local")
    assert "third.mp4: 15 frames" in result.stderr
    assert "which this batch renders" not in result.stderr
    result = batch(tmp_path, first, second, "--skip-existing")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "movies" / "second.mp4").exists()


def test_a_worker_that_always_dies_fails_its_movies_alone(tmp_path: Path) -> None:
    whole, long = edl_of(tmp_path, "whole", 0.5), edl_of(tmp_path, "long", 2)
    environment = os.environ | worker_fault("die-whole", tmp_path, times=9)
    result = batch(tmp_path, whole, long, "--retries", "1", env=environment)
    assert result.returncode == 1
    assert "whole.mp4: failed 2 times: a worker process was ended by SIGKILL" in result.stderr
    assert [path.name for path in (tmp_path / "movies").iterdir()] == ["long.mp4"]


def test_a_failed_movie_is_gone_on_with(tmp_path: Path) -> None:
    edls = [edl_of(tmp_path, "long", 3), edl_of(tmp_path, "short", 0.2)]
    environment = os.environ | worker_fault("die:2", tmp_path, times=9)
    result = batch(tmp_path, *edls, "--retries", "0", "--fresh", env=environment)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "chunks of what failed are kept; the same command with --skip-existing and without "
        "--fresh goes on from there"
    )
    report = ("--report", "report.json")
    result = batch(tmp_path, *edls, "--skip-existing", "--overwrite", *report)
    assert result.returncode == 0, result.stderr
    movies = json.loads((tmp_path / "report.json").read_text())["movies"]
    assert [movie["status"] for movie in movies] == ["done", "skipped"]
    # The one before it on the same worker, at least.
    assert movies[0]["report"]["chunks"]["reused"] >= 1


def test_an_interrupt_ends_all_at_once(tmp_path: Path) -> None:
    edls = [edl_of(tmp_path, "quick", 0.2)]
    edls += [edl_of(tmp_path, f"long{number}", 300) for number in range(3)]
    edls += [edl_of(tmp_path, f"whole{number}", 0.9) for number in range(2)]
    options = ("-p", "slow", "--jobs", "2", "--chunk-seconds", "5", "--progress", "json")
    process = subprocess.Popen(
        [sys.executable, "-m", "edl2ffmpeg", "batch", *edls, "--out-dir", "movies", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    for text in process.stdout:
        line = json.loads(text)
        if line["event"] == "progress" and line["movies_done"] and line["frames_done"] > 10:
            break
    workers = workers_of(tmp_path / "report.json")
    assert workers
    began = time.perf_counter()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert time.perf_counter() - began < 2
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "of 6 movies are done, and stay" in errors
    assert "run it again with --skip-existing to go on with what is done" in errors
    assert not any(map(is_running, workers))
    movies = tmp_path / "movies"
    assert (movies / "quick.mp4").exists()
    assert not list(movies.glob(".*.partial"))
    assert not list(movies.glob(".*/*.part"))


def test_the_python_interface(tmp_path: Path) -> None:
    edls = [edl_of(tmp_path, "a", 1), edl_of(tmp_path, "b"), tmp_path / "none.json"]
    told: list[edl2ffmpeg.BatchProgress] = []
    result = edl2ffmpeg.render_batch(
        edls, tmp_path / "movies", jobs=1, preset="ultrafast", progress=told.append
    )
    assert [movie.status for movie in result.movies] == ["done", "done", "failed"]
    assert isinstance(result.movies[2].error, edl2ffmpeg.EdlSyntaxError)
    assert result.movies[0].result is not None
    assert result.movies[0].result.frames == 30
    assert result.of_status("done") == result.movies[:2]
    finished = [progress.finished for progress in told if progress.finished is not None]
    assert len(finished) == 3
    assert (told[-1].movies_finished, told[-1].share_done, told[-1].frames_done) == (3, 1, 45)

    def stop(progress: edl2ffmpeg.BatchProgress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        edl2ffmpeg.render_batch(
            edls, tmp_path / "more", jobs=1, start=Fraction(0), preset="ultrafast", progress=stop
        )
    assert not left_over(tmp_path / "more")
    with pytest.raises(edl2ffmpeg.SettingsError, match="no EDL"):
        edl2ffmpeg.render_batch([], tmp_path / "more")
