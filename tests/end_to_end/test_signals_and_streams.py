"""What a render owes its surroundings: signals, closed or full streams, odd encodings."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import pytest

import edl2ffmpeg
from helpers.edl_factory import document, generated, media, video_clip, write_edl

FAST = ("-p", "ultrafast")


def pattern_edl(folder: Path, seconds: float, size: tuple[int, int] = (64, 36)) -> Path:
    width, height = size
    clip = video_clip(generated("demo", seconds, width, height), 0, seconds)
    return write_edl(folder, document(clip, fps=25, width=width, height=height))


def command_of(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "edl2ffmpeg", *map(str, arguments)]


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, **(pipes | options))
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_was_ignored_stays_ignored(tmp_path: Path, number: signal.Signals) -> None:
    """As under nohup, or for Ctrl-C in a shell's background job."""
    edl = pattern_edl(tmp_path, 4, (640, 360))
    trapped = f"trap '' {number.name.removeprefix('SIG')}; exec \"$@\""
    command = command_of(edl, tmp_path / "movie.mp4", *FAST, "--progress", "json")
    with running(["sh", "-c", trapped, "sh", *command]) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["frames_done"] < 100
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert "movie.mp4: 100 frames" in errors
    assert (tmp_path / "movie.mp4").exists()


def in_shell(redirection: str, *arguments: str | Path, **environment: str) -> Any:
    """Runs the command with a shell's ``redirection``, and buffers as they are by default."""
    variables = {**os.environ, **environment}
    variables.pop("PYTHONUNBUFFERED", None)
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", *command_of(*arguments)],
        capture_output=True, text=True, timeout=60, check=False, env=variables,
    )  # fmt: skip


@pytest.mark.parametrize(
    "redirection",
    ["2>&-", ">&-", "<&-", "<&- >&- 2>&-", "2>/dev/full", ">/dev/full", ">/dev/full 2>/dev/full"],
)
@pytest.mark.parametrize("progress", ["auto", "bar", "json"])
def test_streams_that_are_closed_or_full_do_not_lose_the_movie(
    tmp_path: Path, redirection: str, progress: str
) -> None:
    edl = pattern_edl(tmp_path, 1)
    movie = tmp_path / "movie.mp4"
    result = in_shell(redirection, edl, movie, *FAST, "--progress", progress, "-v")
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    if "2>" in redirection:
        assert "movie.mp4" not in result.stdout
    with av.open(str(movie)) as container:
        assert container.streams.video[0].frames == 25
    assert sorted(os.listdir(tmp_path)) == ["cut.json", "movie.mp4"]


def test_nothing_of_a_closed_stream_goes_into_a_file(tmp_path: Path) -> None:
    """The first file that is opened would otherwise get the number of the closed stream."""
    edl = pattern_edl(tmp_path, 1)
    for name, redirection in (("a.mp4", ""), ("b.mp4", "<&- >&- 2>&-")):
        command = (edl, tmp_path / name, *FAST, "--progress", "json", "-vv")
        assert in_shell(redirection, *command).returncode == 0
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_errors_keep_their_code_where_nobody_reads_them(tmp_path: Path, redirection: str) -> None:
    edl = pattern_edl(tmp_path, 1)
    (tmp_path / "movie.mp4").write_bytes(b"old")
    for arguments in ((edl, tmp_path / "movie.mp4"), (edl,), (edl, tmp_path / "a.mp4", "--no")):
        assert in_shell(redirection, *arguments).returncode == 2
    assert (tmp_path / "movie.mp4").read_bytes() == b"old"


@pytest.mark.parametrize("command", ["plan", "schema", "check"])
def test_what_is_asked_for_must_be_written(tmp_path: Path, command: str) -> None:
    rest = {"plan": ["--frame", "0"], "schema": [], "check": []}[command]
    edl = [] if command == "schema" else [pattern_edl(tmp_path, 1)]
    result = in_shell(">/dev/full", command, *edl, *rest)
    assert result.returncode == 1
    assert result.stderr == "edl2ffmpeg: No space left on device\n"


def test_a_report_that_cannot_be_written_is_an_error_though_the_movie_is_done(
    tmp_path: Path,
) -> None:
    edl = pattern_edl(tmp_path, 1)
    program = (
        "import os, sys\n"
        "import edl2ffmpeg.jobs.report as report\n"
        "def fail(*arguments, **options):\n"
        "    raise OSError(28, 'No space left on device')\n"
        "report.json.dumps = fail\n"
        "from edl2ffmpeg.__main__ import main\n"
        "sys.exit(main())\n"
    )
    arguments = [edl, tmp_path / "movie.mp4", *FAST, "--report", tmp_path / "report.json"]
    result = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "report.json: the movie is done, but its report cannot be written" in result.stderr
    assert sorted(os.listdir(tmp_path)) == ["cut.json", "movie.mp4"]


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_names_that_the_terminal_cannot_show_are_spelt_out(tmp_path: Path, encoding: str) -> None:
    clip = video_clip({"uri": "片.mp4", "in": 0, "out": 1}, 0, 1)
    edl = write_edl(tmp_path, document(clip), "编辑.json")
    environment = {"PYTHONIOENCODING": encoding}
    plan = in_shell("", "plan", edl, "--frame", "0", **environment)
    assert (plan.returncode, plan.stderr) == (0, "")
    assert "\\u7247.mp4" in plan.stdout
    told = json.loads(in_shell("", "plan", edl, "--frame", "0", "--json", **environment).stdout)
    assert told["layers"][0]["file"].endswith("片.mp4")
    check = in_shell("", "check", edl, "--no-media", **environment)
    assert check.returncode == 0
    assert "\\u7f16\\u8f91.json: good" in check.stdout
    refused = in_shell("", "check", edl, **environment)
    assert refused.returncode == 2
    assert "\\u7247.mp4: there is no such file" in refused.stderr


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A server of this machine that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["check", "render", "still", "sheet"])
def test_a_stalled_server_can_be_interrupted(
    silent_server: socket.socket, tmp_path: Path, command: str, number: signal.Signals
) -> None:
    """The main thread waits inside FFmpeg, where no handler of Python's runs."""
    uri = f"http://127.0.0.1:{silent_server.getsockname()[1]}/a.mp4"
    edl = write_edl(tmp_path, document(video_clip(media(uri, 0, 1), 0, 1)))
    movie = tmp_path / "movie.mp4"
    movie.write_bytes(b"old")
    commands: dict[str, list[str | Path]] = {
        "check": ["check", edl],
        "render": [edl, movie, "--overwrite", "--report", tmp_path / "report.json"],
        "still": ["still", edl, tmp_path / "a.png", "--frame", "0"],
        "sheet": ["sheet", edl, tmp_path / "a.png"],
    }
    with running(command_of(*commands[command], "--allow-protocol", "http")) as process:
        connection, _ = silent_server.accept()
        assert connection.recv(9) == b"GET /a.mp"
        if command != "check":
            assert list(tmp_path.glob(".*.partial"))
        began = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
        connection.close()
    assert process.returncode == 130
    assert time.monotonic() - began < 8
    assert errors.startswith("edl2ffmpeg: interrupted by ")
    assert len(errors.splitlines()) == 1
    assert sorted(os.listdir(tmp_path)) == ["cut.json", "movie.mp4"]
    assert movie.read_bytes() == b"old"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_movie_gets_its_name_undoes_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Either the movie is there and the code is 0, or it is not and the code is 130."""
    edl = pattern_edl(tmp_path, 0.2)
    program = (
        "import os, sys\n"
        "import edl2ffmpeg.jobs.publish as publish\n"
        "act, place = getattr(os, sys.argv[1]), sys.argv.pop(2)\n"
        "def signalled(*arguments):\n"
        "    if place == 'before':\n"
        f"        os.kill(os.getpid(), {int(number)})\n"
        "    act(*arguments)\n"
        "    if place == 'after':\n"
        f"        os.kill(os.getpid(), {int(number)})\n"
        "setattr(os, sys.argv.pop(1), signalled)\n"
        "from edl2ffmpeg.__main__ import main\n"
        "sys.exit(main())\n"
    )
    for call in ("fsync", "link", "replace"):
        for place in ("before", "after"):
            movie = tmp_path / "movie.mp4"
            arguments = [edl, movie, *FAST] + (["--overwrite"] if call == "replace" else [])
            done = subprocess.run(
                [sys.executable, "-c", program, call, place, *map(str, arguments)],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == (130 if call == "fsync" else 0), (call, place, done.stderr)
            assert movie.exists() == (done.returncode == 0)
            assert not list(tmp_path.glob(".*.partial"))
            movie.unlink(missing_ok=True)


def test_overlaps_are_judged_at_the_rate_that_is_asked_for(tmp_path: Path) -> None:
    first = video_clip(generated("black", 1.009), 0, 1.009)
    second = video_clip(generated("demo", 1.009), 0.991, 2)
    edl = write_edl(tmp_path, document(first, second, fps=25))
    movie = tmp_path / "movie.mp4"
    for rate, code in (("25", 0), ("10", 0), ("120", 2)):
        for arguments in (
            (edl, movie, *FAST, "--overwrite"),
            ("plan", edl, "--frame", "3"),
            ("still", edl, tmp_path / "a.png", "--frame", "3", "--overwrite"),
            ("sheet", edl, tmp_path / "b.png", "--overwrite"),
        ):
            result = in_shell("", *arguments, "--fps", rate)
            assert result.returncode == code, (arguments, rate, result.stderr)
            assert ("overlaps clips[0]" in result.stderr) == (code == 2)


def test_the_output_is_not_a_file_of_the_command_line(tmp_path: Path) -> None:
    edl = pattern_edl(tmp_path, 0.2)
    table = tmp_path / "table.mkv"
    table.write_text("{}")
    names = {name: tmp_path / name for name in ("cut.mkv", "cut.png", "link.mkv")}
    names["cut.mkv"].write_bytes(edl.read_bytes())
    names["cut.png"].write_bytes(edl.read_bytes())
    names["link.mkv"].symlink_to("cut.mkv")
    (tmp_path / "hard.mkv").hardlink_to(names["cut.mkv"])
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    movie, picture = names["cut.mkv"], names["cut.png"]
    tables = ("--locations", table)
    for arguments in (
        (movie, movie, "--overwrite"),
        (movie, movie),
        (movie, names["link.mkv"], "--overwrite"),
        (names["link.mkv"], movie, "--overwrite"),
        (movie, tmp_path / "hard.mkv", "--overwrite"),
        (movie, table, "--overwrite", *tables),
        (movie, tmp_path / "a.mkv", "--overwrite", *tables, "--report", table),
        ("still", picture, picture, "--frame", "0", "--overwrite"),
        ("sheet", picture, picture, "--overwrite"),
    ):
        result = in_shell("", *arguments)
        assert result.returncode == 2, (arguments, result.stderr)
        assert "cannot have the name of the " in result.stderr, arguments
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    with pytest.raises(edl2ffmpeg.SettingsError, match="cannot have the name of the EDL"):
        edl2ffmpeg.render(movie, names["link.mkv"], overwrite=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, '{"a": ' + "9" * 5000 + "}"])
def test_a_table_of_locations_that_is_nonsense_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "table.json").write_text(text)
    edl = pattern_edl(tmp_path, 0.2)
    result = in_shell("", "check", edl, "--locations", tmp_path / "table.json")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "table.json: is not JSON" in result.stderr
