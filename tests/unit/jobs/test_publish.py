"""A file has its name only when it is whole."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edl2ffmpeg.errors import EncodeError, SettingsError
from edl2ffmpeg.jobs.publish import published


def test_the_name_appears_at_the_end(tmp_path: Path) -> None:
    output = tmp_path / "movie.mp4"
    with published(output) as partial:
        partial.write_bytes(b"whole")
        assert not output.exists()
        assert partial.parent == tmp_path
    assert output.read_bytes() == b"whole"
    assert os.listdir(tmp_path) == ["movie.mp4"]
    umask = os.umask(0)
    os.umask(umask)
    assert output.stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    output = tmp_path / "movie.mp4"
    output.write_bytes(b"old")
    with pytest.raises(error), published(output) as partial:
        partial.write_bytes(b"half")
        raise error
    assert output.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["movie.mp4"]


def test_the_partial_file_of_a_killed_writer_is_removed_by_the_next(tmp_path: Path) -> None:
    output = tmp_path / "movie.mp4"
    program = (
        "import os, signal, sys, pathlib\n"
        "from edl2ffmpeg.jobs.publish import published\n"
        "with published(pathlib.Path(sys.argv[1])) as partial:\n"
        "    partial.write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(output)], check=False)
    assert len(os.listdir(tmp_path)) == 1
    assert not output.exists()
    with published(output) as partial:
        assert os.listdir(tmp_path) == [partial.name]


def test_the_partial_file_of_a_living_writer_stays(tmp_path: Path) -> None:
    output = tmp_path / "movie.mp4"
    with published(output) as first:
        with published(output) as second:
            second.write_bytes(b"second")
        assert first.exists()
        first.write_bytes(b"first")
    assert output.read_bytes() == b"first"


def test_foreign_files_that_look_alike_stay(tmp_path: Path) -> None:
    names = {".movie.mp4.partial", ".movie.mp4.notours.bak.partial", ".other.mp4.abcdefgh.partial"}
    for name in names:
        (tmp_path / name).touch()
    with published(tmp_path / "movie.mp4"):
        pass
    assert names <= set(os.listdir(tmp_path))


@pytest.mark.parametrize("place", ["missing/movie.mp4", "file/movie.mp4", "."])
def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(SettingsError, match=r"cannot be written|is a folder"),
        published(tmp_path / place),
    ):
        pass


def test_without_replace_a_file_that_appeared_meanwhile_is_kept(tmp_path: Path) -> None:
    output = tmp_path / "movie.mp4"
    with (
        pytest.raises(EncodeError, match="appeared while it was rendered"),
        published(output, replace=False) as partial,
    ):
        partial.write_bytes(b"ours")
        output.write_bytes(b"theirs")
    assert output.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["movie.mp4"]
    with published(tmp_path / "new.mp4", replace=False) as partial:
        partial.write_bytes(b"new")
    assert sorted(os.listdir(tmp_path)) == ["movie.mp4", "new.mp4"]


def test_writers_of_one_name_do_not_remove_each_others_new_files(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from edl2ffmpeg.jobs.publish import published\n"
        "for number in range(300):\n"
        "    with published(pathlib.Path(sys.argv[1])) as partial:\n"
        "        partial.write_bytes(b'x')\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "movie.mp4")]
    writers = [subprocess.Popen(command) for _ in range(4)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    assert os.listdir(tmp_path) == ["movie.mp4"]


def test_errors_do_not_name_the_partial_file(tmp_path: Path) -> None:
    output = tmp_path / "movie.mp4"
    with pytest.raises(EncodeError) as caught, published(output) as partial:
        raise EncodeError(f"{partial}: writing frame 3 failed: bad luck", str(partial))
    assert str(caught.value) == f"{output}: writing frame 3 failed: bad luck"
    assert caught.value.path == str(output)


def refusing(*numbers: int) -> Callable[..., None]:
    """A system call that fails with each of these errors in turn, then with the last."""
    left = list(numbers)

    def fail(*arguments: object, **options: object) -> None:
        number = left.pop(0) if len(left) > 1 else left[0]
        raise OSError(number, os.strerror(number))

    return fail


_NO_LINKS = [errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EACCES]


@pytest.mark.parametrize("number", _NO_LINKS)
@pytest.mark.parametrize("has_rename", [True, False])
def test_without_hard_links_the_file_gets_its_name_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, has_rename: bool
) -> None:
    monkeypatch.setattr("os.link", refusing(number))
    if not has_rename:
        monkeypatch.setattr("edl2ffmpeg.jobs.publish._rename_alone", refusing(errno.EINVAL))
    output = tmp_path / "movie.mp4"
    with published(output, replace=False) as partial:
        partial.write_bytes(b"whole")
    assert output.read_bytes() == b"whole"
    assert os.listdir(tmp_path) == ["movie.mp4"]


@pytest.mark.parametrize("has_rename", [True, False])
def test_without_hard_links_a_file_that_appeared_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_rename: bool
) -> None:
    monkeypatch.setattr("os.link", refusing(errno.EPERM))
    if not has_rename:
        monkeypatch.setattr("edl2ffmpeg.jobs.publish._rename_alone", refusing(errno.ENOSYS))
    output = tmp_path / "movie.mp4"
    with (
        pytest.raises(EncodeError, match="appeared while it was rendered"),
        published(output, replace=False) as partial,
    ):
        partial.write_bytes(b"ours")
        output.write_bytes(b"theirs")
    assert output.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["movie.mp4"]


def test_a_name_that_cannot_be_given_is_not_left_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("os.link", "edl2ffmpeg.jobs.publish._rename_alone", "os.replace"):
        monkeypatch.setattr(name, refusing(errno.EIO))
    with (
        pytest.raises(EncodeError, match="cannot be put in place"),
        published(tmp_path / "movie.mp4", replace=False) as partial,
    ):
        partial.write_bytes(b"whole")
    assert os.listdir(tmp_path) == []


def test_a_file_system_without_modes_or_fsync_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # FAT refuses modes that it cannot store; some network file systems know no fsync.
    monkeypatch.setattr("os.fchmod", refusing(errno.EPERM))
    monkeypatch.setattr("os.fsync", refusing(errno.EINVAL))
    with published(tmp_path / "movie.mp4") as partial:
        partial.write_bytes(b"whole")
    assert os.listdir(tmp_path) == ["movie.mp4"]


def test_a_disk_that_fails_at_the_end_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsync", refusing(errno.EIO))
    with pytest.raises(EncodeError, match="cannot be put in place"), published(tmp_path / "a.mp4"):
        pass
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("replace", [True, False])
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_written_through(tmp_path: Path, replace: bool, exists: bool) -> None:
    there = tmp_path / "there"
    there.mkdir()
    target, link = there / "target.mp4", tmp_path / "movie.mp4"
    link.symlink_to("there/target.mp4")
    if exists and replace:
        target.write_bytes(b"old")
    with published(link, replace=replace) as partial:
        assert partial.parent == there
        partial.write_bytes(b"whole")
    assert link.is_symlink()
    assert target.read_bytes() == b"whole"
    assert os.listdir(there) == ["target.mp4"]


def test_links_that_lead_nowhere_are_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "lost.mp4").symlink_to("missing/movie.mp4")
    (tmp_path / "null.mp4").symlink_to(os.devnull)
    for name, words in (
        ("loop.mp4", "loop.mp4: cannot be written: Too many levels of symbolic links"),
        (
            "lost.mp4",
            r"lost.mp4: cannot be written, since it leads to .*missing/movie.mp4: No such",
        ),
        ("null.mp4", "null.mp4: is not a regular file"),
    ):
        with pytest.raises(SettingsError, match=words), published(tmp_path / name):
            raise AssertionError("the work was begun")
    assert sorted(os.listdir(tmp_path)) == ["loop.mp4", "lost.mp4", "null.mp4"]


@pytest.mark.parametrize("letter", ["x", "ß", "漢"])
def test_every_name_that_a_file_can_have_is_possible(tmp_path: Path, letter: str) -> None:
    most = os.pathconf(tmp_path, "PC_NAME_MAX") - len(".mp4")
    for length in (most, most - 17, most - 18):
        output = tmp_path / (letter * (length // len(letter.encode())) + ".mp4")
        with published(output) as partial:
            partial.write_bytes(b"whole")
        assert os.listdir(tmp_path) == [output.name]
        output.unlink()


def test_abandoned_files_of_long_names_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / ("x" * 240 + ".mp4")
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.unlink", lambda path, missing_ok=False: None)
        with pytest.raises(RuntimeError), published(output):
            raise RuntimeError
    assert len(os.listdir(tmp_path)) == 1
    with published(output) as partial:
        assert os.listdir(tmp_path) == [partial.name]


def test_a_name_that_is_too_long_is_refused_before_the_work(tmp_path: Path) -> None:
    with (
        pytest.raises(SettingsError, match="File name too long"),
        published(tmp_path / ("x" * 256)),
    ):
        raise AssertionError("the work was begun")
    assert os.listdir(tmp_path) == []
