"""What an EDL may open, and how refusals are said."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from edl2ffmpeg.errors import MediaAccessError, MediaOpenError, MediaReadError
from edl2ffmpeg.media.access import AccessRules
from helpers.media_factory import ClipLibrary
from helpers.stills import write_picture


@pytest.mark.parametrize(
    ("kind", "error", "sentence"),
    [
        ("empty", MediaOpenError, "empty"),
        ("folder", MediaOpenError, "is a folder"),
        ("dangling_link", MediaOpenError, "no such file"),
        ("hls", MediaAccessError, "playlist"),
        ("hls_named_mp4", MediaAccessError, "playlist"),
        ("ffconcat", MediaAccessError, "concat script"),
        ("dash", MediaAccessError, "DASH manifest"),
    ],
)
def test_refused_files(
    bad_media: Callable[[str], Path], kind: str, error: type[MediaOpenError], sentence: str
) -> None:
    path = str(bad_media(kind))
    with pytest.raises(error, match=sentence) as caught:
        AccessRules().open(path)
    assert path in str(caught.value)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:9/a.mp4",
        "https://example.com/a.mp4",
        "concat:a.ts|b.ts",
        "subfile,,start,0,end,10,,:a.mp4",
        "data:video/mp4;base64,AAAA",
        "pipe:0",
        "fd:3",
        "crypto:file:a.mp4",
    ],
)
def test_no_protocol_but_file_is_opened(uri: str, tmp_path: Path) -> None:
    rules = AccessRules()
    with pytest.raises(MediaAccessError, match="--allow-protocol"):
        rules.open(rules.resolve(uri, tmp_path))


def test_an_allowed_protocol_is_tried() -> None:
    # Port 9 of this machine: nobody answers, but the rules let the attempt through.
    rules = AccessRules(protocols=frozenset({"http"}))
    with pytest.raises(MediaReadError, match="cannot be read: connection refused"):
        rules.open("http://127.0.0.1:9/a.mp4")


@pytest.mark.parametrize("path", ["/proc/version", "/proc/self/environ", "/proc/self/mem"])
def test_files_of_the_kernel_are_refused_unread(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("the file was opened")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(MediaOpenError, match=r"cannot be read: the file is empty \(0 bytes\)"):
        AccessRules().open(path)


def test_a_stalled_server_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edl2ffmpeg.media.access._TIMEOUT", (0.5, 0.5))
    rules = AccessRules(protocols=frozenset({"http"}))
    # The kernel takes the connection; nobody ever answers it.
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(MediaReadError, match="has not answered"):
            rules.open(f"http://127.0.0.1:{port}/a.mp4")


@pytest.mark.parametrize("uri", ["a\0b.mp4", "file:%00/tmp", "file:///a%00b", "http://a\0b/"])
def test_a_zero_byte_is_no_location(uri: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zero byte"):
        AccessRules().resolve(uri, tmp_path)


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("still.jpg", "mjpeg", "yuvj420p"),
        ("still.jpeg", "mjpeg", "yuvj420p"),
        ("still.png", "png", "rgb24"),
        ("still%03d.png", "png", "rgb24"),
        ("still.ppm", "ppm", "rgb24"),
        ("still.pgm", "pgm", "gray"),
        ("still.bmp", "bmp", "bgr24"),
        ("still.tiff", "tiff", "rgb24"),
    ],
)
def test_stills_are_one_picture_each(
    name: str, codec: str, pixel_format: str, tmp_path: Path
) -> None:
    grey = np.full((36, 64, 3), 128, np.uint8)
    path = write_picture(tmp_path / name, grey, codec, pixel_format)
    # A sequence would go on with the next picture of the folder.
    (tmp_path / "still001.png").write_bytes(path.read_bytes())
    with AccessRules().open(str(path)) as media:
        frames = list(media.container.decode(video=0))
    assert [(frame.width, frame.height) for frame in frames] == [(64, 36)]


def test_a_kind_of_file_that_is_not_allowed_is_said(tmp_path: Path) -> None:
    path = tmp_path / "still.tga"
    path.write_bytes(bytes([0, 0, 2]) + bytes(9) + b"\x04\0\x04\0\x18\0" + bytes(48))
    with pytest.raises(MediaAccessError, match="not among those that an EDL may open") as caught:
        AccessRules().open(str(path))
    assert str(path) in str(caught.value)


def test_a_fifo_is_refused(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.mp4"
    os.mkfifo(fifo)
    with pytest.raises(MediaOpenError, match="not a regular file"):
        AccessRules().open(str(fifo))


def test_restriction_follows_symbolic_links(clips: ClipLibrary, tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    clip = clips["mjpeg_25_mkv"].path
    (outside / "secret.mkv").symlink_to(clip)
    (inside / "link.mkv").symlink_to(clip)
    rules = AccessRules(roots=(inside,))
    for path in (inside / "link.mkv", outside / "secret.mkv", outside / "missing.mkv"):
        with pytest.raises(MediaAccessError, match="--restrict") as caught:
            rules.open(str(path))
        assert str(path) in str(caught.value)
    AccessRules(roots=(inside, clip.parent)).open(str(inside / "link.mkv")).close()


def test_a_sibling_with_the_roots_name_as_prefix_is_outside(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    other = tmp_path / "media2"
    other.mkdir()
    (other / "a.mp4").write_bytes(b"x")
    with pytest.raises(MediaAccessError):
        AccessRules(roots=(tmp_path / "media",)).open(str(other / "a.mp4"))


def test_paths_are_resolved_beside_the_edl_then_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edl_folder, work = tmp_path / "edl", tmp_path / "work"
    for folder in (edl_folder, work):
        folder.mkdir()
        (folder / "both.mp4").touch()
    (work / "only.mp4").touch()
    monkeypatch.chdir(work)
    rules = AccessRules()
    assert rules.resolve("both.mp4", edl_folder) == str(edl_folder / "both.mp4")
    assert rules.resolve("only.mp4", edl_folder) == str(work / "only.mp4")
    assert rules.resolve("none.mp4", edl_folder) == str(edl_folder / "none.mp4")
    assert rules.resolve("/abs/a.mp4", edl_folder) == "/abs/a.mp4"
    assert rules.resolve("file:///abs/a%20b.mp4", edl_folder) == "/abs/a b.mp4"


def test_names_with_colons_and_spaces_are_paths(clips: ClipLibrary, tmp_path: Path) -> None:
    name = tmp_path / "take 1: wide, 100%.mkv"
    name.symlink_to(clips["mjpeg_25_mkv"].path)
    rules = AccessRules()
    rules.open(rules.resolve(f"./{name.name}", tmp_path)).close()


def test_a_title_that_is_not_utf8_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "title.mkv"
    with av.open(str(path), "w") as output:
        output.metadata["title"] = "Cafe"
        stream = output.add_stream("ffv1", rate=25)
        stream.width, stream.height = 64, 36
        output.mux(stream.encode(av.VideoFrame(64, 36)))
        output.mux(stream.encode(None))
    path.write_bytes(path.read_bytes().replace(b"Cafe", b"Caf\xe9"))
    AccessRules().open(str(path)).close()


def test_with_roots_no_protocol_helps(tmp_path: Path) -> None:
    rules = AccessRules(protocols=frozenset({"https"}), roots=(tmp_path,))
    with pytest.raises(MediaAccessError, match="only files inside the --restrict") as caught:
        rules.open("https://example.com/a.mp4")
    assert "--allow-protocol" not in str(caught.value)


def test_a_refusal_does_not_tell_whether_a_file_outside_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edl_folder, work, root = tmp_path / "edl", tmp_path / "work", tmp_path / "root"
    for folder in (edl_folder, work, root):
        folder.mkdir()
    monkeypatch.chdir(work)
    rules = AccessRules(roots=(root,))

    def refusal() -> str:
        with pytest.raises(MediaAccessError, match="--restrict") as caught:
            rules.check(rules.resolve("secret.mp4", edl_folder))
        return str(caught.value)

    nowhere = refusal()
    for folder in (work, edl_folder):
        (folder / "secret.mp4").write_bytes(b"x")
        assert refusal() == nowhere
        (folder / "secret.mp4").unlink()
        (folder / "secret.mp4").symlink_to("/nowhere/at/all")
        assert refusal() == nowhere
        (folder / "secret.mp4").unlink()


def test_with_roots_a_path_is_looked_for_inside_them_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edl_folder, work = tmp_path / "edl", tmp_path / "work"
    for folder in (edl_folder, work):
        folder.mkdir()
    monkeypatch.chdir(work)
    for exists in (False, True):
        if exists:
            (edl_folder / "a.mp4").touch()
        assert AccessRules(roots=(work,)).resolve("a.mp4", edl_folder) == str(work / "a.mp4")
    (work / "b.mp4").touch()
    both = AccessRules(roots=(tmp_path,))
    assert both.resolve("a.mp4", edl_folder) == str(edl_folder / "a.mp4")
    assert both.resolve("b.mp4", edl_folder) == str(work / "b.mp4")
    assert both.resolve("none.mp4", edl_folder) == str(edl_folder / "none.mp4")
    # An absolute path is where it is.
    assert AccessRules(roots=(work,)).resolve("/abs/a.mp4", edl_folder) == "/abs/a.mp4"
