"""Renders that go on from what an earlier one has done, after whatever ended that."""

from __future__ import annotations

import json
import os
import random
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
from helpers.edl_factory import document, generated, media, video_clip, write_edl
from helpers.fonts import latin_font
from helpers.media_factory import ClipLibrary
from helpers.processes import is_running, worker_fault, workers_of
from helpers.rendering import codes_of, run_command

# A hundred take some five minutes.
KILLS = int(os.environ.get("EDL2FFMPEG_KILLS", "6"))

OPTIONS: dict[str, Any] = {"preset": "ultrafast", "jobs": 1, "chunk_seconds": "0.5"}


class StopError(Exception):
    """Raised from progress, as whoever wants no more."""


def edit(*more: Any, length: float = 3) -> dict[str, Any]:
    return document(video_clip(generated("demo", length), 0, length), *more)


def stop_after(chunks: int) -> Any:
    def stop(progress: edl2ffmpeg.Progress) -> None:
        if progress.chunks_done >= chunks:
            raise StopError

    return stop


def interrupted(edl: Path, output: Path, chunks: int = 3, **options: Any) -> None:
    with pytest.raises(StopError):
        edl2ffmpeg.render(edl, output, progress=stop_after(chunks), **(OPTIONS | options))
    assert not output.exists()


def reused(edl: Path, output: Path, **options: Any) -> int:
    """How many chunks the render found done."""
    result = edl2ffmpeg.render(edl, output, **(OPTIONS | options))
    assert not (output.parent / f".{output.name}.edl2ffmpeg").exists()
    return int(result.report["chunks"]["reused"])


def test_it_goes_on_and_is_the_same(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, edit())
    edl2ffmpeg.render(edl, tmp_path / "whole.mp4", **OPTIONS)
    interrupted(edl, tmp_path / "a.mp4")
    assert reused(edl, tmp_path / "a.mp4", jobs=2) == 3
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


@pytest.mark.parametrize(
    ("failing", "options", "told"),
    [
        (1, {}, ["what is done is kept; the same command goes on from there"]),
        (
            1,
            {"fresh": True},
            ["what is done is kept; the same command without --fresh goes on from there"],
        ),
        (0, {}, []),
    ],
)
def test_an_error_tells_what_is_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: int,
    options: dict[str, Any],
    told: list[str],
) -> None:
    edl = write_edl(tmp_path, edit(length=1))
    checked: list[Path] = []

    def check(path: Path, frames: int) -> None:
        checked.append(path)
        if len(checked) > failing:
            raise edl2ffmpeg.EncodeError(f"{path}: is bad", str(path))

    monkeypatch.setattr("edl2ffmpeg.jobs.chunked_render.check_chunk", check)
    with pytest.raises(edl2ffmpeg.JobError, match="is bad") as caught:
        edl2ffmpeg.render(edl, tmp_path / "a.mp4", retries=0, **(OPTIONS | options))
    assert getattr(caught.value, "__notes__", []) == told
    assert (tmp_path / ".a.mp4.edl2ffmpeg").exists() == bool(told)


def test_fresh_starts_over(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, edit())
    interrupted(edl, tmp_path / "a.mp4")
    assert reused(edl, tmp_path / "a.mp4", fresh=True) == 0


def test_a_change_at_the_end_leaves_what_is_before_it(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, edit())
    interrupted(edl, tmp_path / "a.mp4", 5)
    overlay = video_clip(generated("testpattern", 0.5), 2.2, 2.7, 2)
    # Before the others in the file: every JSON path is another one.
    changed = write_edl(tmp_path, document(overlay, *edit()["clips"]))
    assert reused(changed, tmp_path / "a.mp4") == 4
    edl2ffmpeg.render(changed, tmp_path / "whole.mp4", **OPTIONS)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


def test_a_trimmed_clip_keeps_its_beginning(clips: ClipLibrary, tmp_path: Path) -> None:
    clip = clips["h264_30_mp4"]
    edl = write_edl(tmp_path, document(video_clip(media(clip.path, 0, 3), 0, 3)))
    interrupted(edl, tmp_path / "a.mp4", 5)
    edl = write_edl(tmp_path, document(video_clip(media(clip.path, 0, 2.2), 0, 2.2)))
    assert reused(edl, tmp_path / "a.mp4") == 4
    assert codes_of(tmp_path / "a.mp4") == [(clip.file_id, number) for number in range(66)]


def test_what_is_before_may_be_moved_by_whole_chunks(clips: ClipLibrary, tmp_path: Path) -> None:
    clip = clips["h264_30_mp4"]
    edl = write_edl(tmp_path, document(video_clip(media(clip.path, 0, 2), 0, 2)))
    interrupted(edl, tmp_path / "a.mp4", 3)
    black = video_clip(generated("black", 0.5), 0, 0.5)
    edl = write_edl(tmp_path, document(black, video_clip(media(clip.path, 0, 2), 0.5, 2.5)))
    assert reused(edl, tmp_path / "a.mp4") == 3
    shown = [None] * 15 + [(clip.file_id, number) for number in range(60)]
    assert codes_of(tmp_path / "a.mp4") == shown


def text_clip(start: float, end: float, **format: Any) -> dict[str, Any]:
    source = {"text": "A", "in": 0, "out": end - start}
    place = {"type": "burnin", "number": 1}
    return {"track": place, "in": start, "out": end, "source": source, "textFormat": format}


def test_another_font_of_the_system_leaves_what_has_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    edl = write_edl(tmp_path, edit(text_clip(0, 1)))
    interrupted(edl, tmp_path / "a.mp4", 5)
    (tmp_path / ".fonts").mkdir()
    shutil.copy(latin_font(), tmp_path / ".fonts" / "mine.ttf")
    # Of the five the first two have a text.
    assert reused(edl, tmp_path / "a.mp4") == 3


def test_warnings_of_texts_go_with_their_chunks(tmp_path: Path) -> None:
    lost, found = text_clip(0, 1, font="No Such Family"), text_clip(1, 3)
    edl = write_edl(tmp_path, edit(lost, found))
    interrupted(edl, tmp_path / "a.mp4", 5)
    told = edl2ffmpeg.render(edl, tmp_path / "a.mp4", **OPTIONS).warnings
    assert len([text for text in told if "No Such Family" in text]) == 1
    interrupted(edl, tmp_path / "b.mp4", 5)
    edl = write_edl(tmp_path, edit(found))
    result = edl2ffmpeg.render(edl, tmp_path / "b.mp4", **OPTIONS)
    assert result.report["chunks"]["reused"] == 3
    assert not [text for text in result.warnings if "No Such Family" in text]


@pytest.mark.parametrize("options", [{"crf": 30}, {"threads": 2}, {"fit": "cover"}, {"width": 160}])
def test_other_settings_use_nothing(tmp_path: Path, options: dict[str, Any]) -> None:
    edl = write_edl(tmp_path, edit(length=2))
    interrupted(edl, tmp_path / "a.mp4", 2)
    assert reused(edl, tmp_path / "a.mp4", **options) == 0


def test_a_source_that_has_changed_is_rendered_again(clips: ClipLibrary, tmp_path: Path) -> None:
    shutil.copy(clips["h264_30_mp4"].path, tmp_path / "source.mp4")
    edl = write_edl(tmp_path, document(video_clip(media("source.mp4", 0, 2), 0, 2)))
    interrupted(edl, tmp_path / "a.mp4", 2)
    os.utime(tmp_path / "source.mp4", (1, 1))
    assert reused(edl, tmp_path / "a.mp4") == 0


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("how", ["gone", "changed"])
def test_a_source_that_changes_meanwhile(
    clips: ClipLibrary, tmp_path: Path, how: str, jobs: int
) -> None:
    source = tmp_path / "source.mp4"
    shutil.copy(clips["h264_30_mp4"].path, source)
    edl = write_edl(tmp_path, document(video_clip(media("source.mp4", 0, 3), 0, 3)))

    def change(progress: edl2ffmpeg.Progress) -> None:
        # Two may be done between one look and the next.
        if progress.chunks_done >= 1 and how == "gone":
            source.unlink(missing_ok=True)
        elif progress.chunks_done >= 1:
            os.utime(source, (1, 1))

    # A worker that opens it for the next chunk may be the first to notice.
    gone = "cannot be read any more: No such file|there is no such file"
    told = gone if how == "gone" else "has changed while it was"
    with pytest.raises(edl2ffmpeg.MediaError, match=told) as caught:
        options = OPTIONS | {"jobs": jobs, "chunk_seconds": "0.25"}
        edl2ffmpeg.render(edl, tmp_path / "a.mp4", progress=change, **options)
    assert str(caught.value).startswith(f"{source}: ")
    # What was done before it is kept where there is something.
    kept = (tmp_path / ".a.mp4.edl2ffmpeg").exists()
    assert bool(getattr(caught.value, "__notes__", ())) == kept


def test_an_error_before_what_is_done_is_met_tells_of_it(tmp_path: Path) -> None:
    interrupted(write_edl(tmp_path, edit()), tmp_path / "a.mp4")
    # The first chunk is another one.
    edl = write_edl(tmp_path, edit(text_clip(0, 0.5)))
    environment = os.environ | worker_fault("die:0", tmp_path, times=9)
    arguments = ("-p", "ultrafast", "--chunk-seconds", "0.5", "--jobs", "2", "--retries", "0")
    result = run_command(edl, tmp_path / "a.mp4", *arguments, env=environment)
    assert result.returncode == 1
    *_, note = result.stderr.splitlines()
    assert note == "edl2ffmpeg: what is done is kept; the same command goes on from there"


def test_damaged_work_is_done_again(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, edit())
    edl2ffmpeg.render(edl, tmp_path / "whole.mp4", **OPTIONS)
    interrupted(edl, tmp_path / "a.mp4")
    folder = tmp_path / ".a.mp4.edl2ffmpeg"
    marker, packets = sorted(folder.glob("*.json"))[0], sorted(folder.glob("*.packets"))
    marker.write_text("{")
    os.truncate(packets[-1], 10)
    reused(edl, tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


def test_work_of_the_right_size_that_a_disk_has_spoilt_is_done_again(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, edit())
    interrupted(edl, tmp_path / "a.mp4")
    spoilt = sorted((tmp_path / ".a.mp4.edl2ffmpeg").glob("*.packets"))[0]
    content = bytearray(spoilt.read_bytes())
    content[-200] ^= 1
    spoilt.write_bytes(content)
    assert reused(edl, tmp_path / "a.mp4") == 2


def test_a_wrong_edl_leaves_nothing(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, document(video_clip(media("missing.mp4", 0, 30), 0, 30)))
    result = run_command(edl, tmp_path / "a.mp4", "--jobs", "2")
    assert result.returncode == 2
    assert os.listdir(tmp_path) == ["cut.json"]


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, edit())
    (tmp_path / ".a.mp4.edl2ffmpeg").write_text("a file in its place")
    result = run_command(edl, tmp_path / "a.mp4", "--chunk-seconds", "1")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert f"{tmp_path / '.a.mp4.edl2ffmpeg'}: the folder for what is done" in result.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_full_disk_can_be_gone_on_from(small_disk: Path, tmp_path: Path, jobs: str) -> None:
    pattern = generated("demo", 3, 640, 360)
    edl = write_edl(tmp_path, document(video_clip(pattern, 0, 3), width=640, height=360))
    options = ("-p", "ultrafast", "--crf", "3", "--chunk-seconds", "0.2", "--jobs", jobs)
    result = run_command(edl, small_disk / "a.mp4", *options)
    assert result.returncode == 1, result.stderr
    assert result.stderr.splitlines()[-2] == (
        f"edl2ffmpeg: {small_disk / '.a.mp4.edl2ffmpeg'}: no space left on the device, which has "
        "to hold what is done of the render beside the movie; make room and run it again"
    )
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    again = run_command(edl, small_disk / "a.mp4", *options, "--report", tmp_path / "report.json")
    assert again.returncode == 0, again.stderr
    assert json.loads((tmp_path / "report.json").read_text())["chunks"]["reused"] > 0
    assert os.listdir(small_disk) == ["a.mp4"]


def test_killed_at_random_it_goes_on(tmp_path: Path) -> None:
    edl = write_edl(tmp_path, edit())
    options = ("-p", "ultrafast", "--chunk-seconds", "0.2", "--jobs", "2", "--retries", "9")
    whole, output = tmp_path / "whole.mp4", tmp_path / "a.mp4"
    assert run_command(edl, whole, *options).returncode == 0
    chance = random.Random(1)
    # Slow enough to be hit: a fault that pauses a chunk.
    environment = os.environ | worker_fault("pause:3", tmp_path, 1)
    for _ in range(KILLS):
        command = [sys.executable, "-m", "edl2ffmpeg", str(edl), str(output), *options]
        shutil.rmtree(environment["WORKER_FAULT_FOLDER"])
        os.mkdir(environment["WORKER_FAULT_FOLDER"])
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        time.sleep(chance.uniform(0.4, 2))
        workers = workers_of(output)
        victim = chance.choice([process.pid, *workers])
        if process.poll() is None:
            os.kill(victim, signal.SIGKILL)
        if victim == process.pid:
            process.communicate(timeout=20)
            until = time.monotonic() + 2
            while any(map(is_running, workers)) and time.monotonic() < until:
                time.sleep(0.02)
            assert not any(map(is_running, workers))
            # It may have been done, or all but done with cleaning up.
            again = run_command(edl, output, *options, "--overwrite")
            assert again.returncode == 0, again.stderr
        else:
            _, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
        assert output.read_bytes() == whole.read_bytes()
        assert sorted(os.listdir(tmp_path)) == ["a.mp4", "cut.json", "whole.mp4"]
        output.unlink()
