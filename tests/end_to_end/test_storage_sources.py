"""Renders of media on storage: the bytes of a local render, and what is kept of them."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

import edl2ffmpeg
from edl2ffmpeg.errors import MediaError, MediaOpenError
from edl2ffmpeg.jobs import executors
from edl2ffmpeg.jobs.chunk_store import ChunkStore
from helpers.edl_factory import audio_clip, document, generated, media, video_clip, write_edl
from helpers.media_factory import ClipLibrary
from helpers.rendering import run_command
from helpers.stills import write_picture
from helpers.storage import CountedStorage
from unit.audio.sound_writer import noise, write_sound

FAST: dict[str, Any] = {"preset": "ultrafast", "overwrite": True}
ALLOWED: dict[str, Any] = {"allow_protocols": ["counted", "memory", "local"]}
CHUNKS: dict[str, Any] = {"jobs": 1, "chunk_seconds": "0.5"}
Storage = type[CountedStorage]


@pytest.fixture
def folder(clips: ClipLibrary, tmp_path: Path) -> Path:
    """A movie, a sound and a still, and nothing else."""
    made = tmp_path / "media"
    made.mkdir()
    (made / "clip.mp4").write_bytes(clips["h264_30_mp4"].path.read_bytes())
    write_sound(made / "sound.wav", "pcm_s16le", noise(3))
    shades = np.tile(np.arange(0, 256, 4).astype(np.uint8)[None, :, None], (36, 1, 3))
    write_picture(made / "still.png", shades, "png", "rgb24")
    return made


def cut(base: str | Path, sound: str | Path | None = None) -> dict[str, Any]:
    """Cuts, a layer and sound (from elsewhere if told), in two seconds."""
    clip = f"{base}/clip.mp4"
    return document(
        video_clip(media(clip, 1, 2), 0, 1),
        video_clip(media(clip, 0, 1), 1, 2),
        video_clip(media(f"{base}/still.png", 0, 1), 0.5, 1.5, 2, topFade=0.5),
        audio_clip(media(f"{sound or base}/sound.wav", 0.5, 2.5), 0, 2),
    )


def rendered(folder: Path, edl: dict[str, Any], name: str = "movie.mp4", **options: Any) -> bytes:
    path = write_edl(folder, edl, f"{name}.json")
    edl2ffmpeg.render(path, folder / name, **(FAST | ALLOWED | options))
    return (folder / name).read_bytes()


def stored(storage: Storage, folder: Path) -> str:
    for path in folder.iterdir():
        storage.put(f"bucket/{path.name}", path)
    return "counted://bucket"


@pytest.mark.parametrize("chunks", [{}, CHUNKS], ids=["at once", "chunks"])
def test_the_bytes_of_a_local_render(
    storage: Storage, folder: Path, tmp_path: Path, chunks: dict[str, Any]
) -> None:
    expected = rendered(tmp_path, cut(folder), "local.mp4", **chunks)
    base = stored(storage, folder)
    assert rendered(tmp_path, cut(base), "stored.mp4", **chunks) == expected
    assert storage.opened


def test_worker_processes_read_storage(folder: Path, tmp_path: Path) -> None:
    expected = rendered(tmp_path, cut(folder), "local.mp4", **CHUNKS)
    edl = write_edl(tmp_path, cut(f"local://{folder}"))
    options = ("-p", "ultrafast", "--chunk-seconds", "0.5", "--jobs", "2")
    output = tmp_path / "stored.mp4"
    result = run_command(edl, output, *options, "--allow-protocol", "local", "-q")
    assert (result.returncode, result.stderr) == (0, "")
    assert output.read_bytes() == expected


@pytest.fixture
def memory(folder: Path) -> Iterator[str]:
    """The media in memory, which this process alone can open."""
    system = fsspec.filesystem("memory")
    for path in folder.iterdir():
        system.pipe_file(f"/bucket/{path.name}", path.read_bytes())
    yield "memory://bucket"
    system.rm("/bucket", recursive=True)


@pytest.fixture
def cluster() -> Iterator[str]:
    """A cluster of one worker in this process."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as found:
        yield found.scheduler_address


def test_a_cluster_reads_storage(cluster: str, memory: str, folder: Path, tmp_path: Path) -> None:
    expected = rendered(tmp_path, cut(folder), "local.mp4", **CHUNKS)
    options = {"cluster": cluster, "chunk_seconds": "0.5"}
    # The sound is made in a process of its own, which does not have this one's memory.
    assert rendered(tmp_path, cut(memory, folder), "stored.mp4", **options) == expected
    for here, there in ((str(folder), memory), (memory, str(folder))):
        edl = cut(here, folder)
        assert rendered(tmp_path, edl, "mapped.mp4", **options, path_maps={here: there}) == expected
    lost = {"path_maps": {str(folder): "memory://elsewhere"}}
    with pytest.raises(MediaOpenError, match=r"memory://elsewhere/[a-z.4]+: there is no such file"):
        rendered(tmp_path, cut(folder), "lost.mp4", **options, **lost)
    assert not (tmp_path / "lost.mp4").exists()


@pytest.mark.parametrize(("failures", "retries"), [(1, 1), (2, 1)])
def test_a_read_that_fails_costs_a_chunk_one_attempt(
    storage: Storage,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failures: int,
    retries: int,
) -> None:
    edl = write_edl(tmp_path, cut(stored(storage, folder)))
    storage.error = ConnectionResetError(104, "Connection reset by peer")
    renderer = executors.ChunkRenderer
    left = [failures]

    def begin(*arguments: Any) -> Any:
        # What is read from here on is for a chunk; each attempt begins with a new one.
        storage.fails_next = 1 if left[0] else 0
        left[0] -= storage.fails_next
        return renderer(*arguments)

    monkeypatch.setattr(executors, "ChunkRenderer", begin)
    options: dict[str, Any] = FAST | ALLOWED | CHUNKS | {"retries": retries, "audio": False}
    output = tmp_path / "movie.mp4"
    if failures > retries:
        with pytest.raises(edl2ffmpeg.JobError) as caught:
            edl2ffmpeg.render(edl, output, **options)
        assert "failed 2 times: counted://bucket/" in str(caught.value)
        assert "cannot be read: Connection reset by peer" in str(caught.value)
        return
    result = edl2ffmpeg.render(edl, output, **options)
    (failure,) = result.report["chunks"]["failures"]
    assert "cannot be read: Connection reset by peer" in failure["error"]
    assert output.read_bytes() == rendered(
        tmp_path, cut(folder), "local.mp4", **CHUNKS, audio=False
    )
    assert storage.still_open() == 0


class Served(http.server.SimpleHTTPRequestHandler):
    """Files in full, or once ``ends_at`` is set up to there alone, whatever length was promised."""

    ends_at: int | None = None

    def log_message(self, *_: Any) -> None:
        """Nothing is said of requests."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        with suppress(OSError):
            outputfile.write(source.read(self.ends_at))


@pytest.fixture
def server(folder: Path) -> Iterator[str]:
    """A web server that has ``folder``."""
    Served.ends_at = None
    handler = functools.partial(Served, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


@pytest.mark.parametrize("change", [False, True])
def test_a_file_on_a_server_that_has_changed_is_rendered_again(
    server: str, folder: Path, clips: ClipLibrary, tmp_path: Path, change: bool
) -> None:
    edl = document(video_clip(media(f"{server}/clip.mp4", 0, 2), 0, 2))
    options: dict[str, Any] = {"allow_protocols": ["http"]}
    path = write_edl(tmp_path, edl, "movie.mp4.json")
    with pytest.raises(StopError):
        edl2ffmpeg.render(
            path, tmp_path / "movie.mp4", progress=stop_after_three, **(FAST | CHUNKS | options)
        )
    if change:
        (folder / "clip.mp4").write_bytes(clips["h264_25_mp4"].path.read_bytes())
    result = edl2ffmpeg.render(path, tmp_path / "movie.mp4", **(FAST | CHUNKS | options))
    assert result.report["chunks"]["reused"] == (0 if change else 3)
    local = document(video_clip(media(f"{folder}/clip.mp4", 0, 2), 0, 2))
    expected = rendered(tmp_path, local, "local.mp4", **CHUNKS)
    assert (tmp_path / "movie.mp4").read_bytes() == expected


def test_a_file_on_a_server_that_changes_meanwhile(
    server: str, folder: Path, clips: ClipLibrary, tmp_path: Path
) -> None:
    edl = write_edl(tmp_path, document(video_clip(media(f"{server}/clip.mp4", 0, 2), 0, 2)))

    def change(progress: edl2ffmpeg.Progress) -> None:
        if progress.chunks_done == 1:
            (folder / "clip.mp4").write_bytes(clips["h264_25_mp4"].path.read_bytes())

    options: dict[str, Any] = FAST | CHUNKS | {"allow_protocols": ["http"], "progress": change}
    with pytest.raises(MediaError, match=r"clip\.mp4: has changed while it was rendered"):
        edl2ffmpeg.render(edl, tmp_path / "movie.mp4", **options)


@pytest.mark.parametrize("chunks", [{}, CHUNKS], ids=["at once", "chunks"])
def test_a_server_that_breaks_off_is_an_error(
    server: str, folder: Path, tmp_path: Path, chunks: dict[str, Any]
) -> None:
    """And not the end of the source, whose last picture would be held."""
    pattern = document(video_clip(generated("demo", 3, 320, 180), 0, 3))
    rendered(folder, pattern, "long.mkv", crf=1)
    edl = write_edl(tmp_path, document(video_clip(media(f"{server}/long.mkv", 0, 3), 0, 3)))
    Served.ends_at = (folder / "long.mkv").stat().st_size // 2
    options: dict[str, Any] = FAST | chunks | {"allow_protocols": ["http"], "retries": 0}
    with pytest.raises((edl2ffmpeg.MediaReadError, edl2ffmpeg.JobError)) as caught:
        edl2ffmpeg.render(edl, tmp_path / "movie.mp4", **options)
    assert "/long.mkv: cannot be read at 1." in str(caught.value)
    assert not (tmp_path / "movie.mp4").exists()


class StopError(Exception):
    """Raised from progress, as whoever wants no more."""


def stop_after_three(progress: edl2ffmpeg.Progress) -> None:
    if progress.chunks_done >= 3:
        raise StopError


def interrupted(folder: Path, edl: dict[str, Any]) -> None:
    path = write_edl(folder, edl, "movie.mp4.json")
    with pytest.raises(StopError):
        edl2ffmpeg.render(
            path, folder / "movie.mp4", progress=stop_after_three, **FAST, **ALLOWED, **CHUNKS
        )


@pytest.mark.parametrize("change", ["none", "tag", "size", "other"])
def test_what_is_done_is_used_while_the_object_is_the_same(
    storage: Storage, folder: Path, tmp_path: Path, change: str
) -> None:
    base = stored(storage, folder)
    clip = folder / "clip.mp4"
    edl = document(
        video_clip(media(f"{base}/clip.mp4", 0, 2), 0, 2),
        audio_clip(media(f"{base}/sound.wav", 0, 2), 0, 2),
    )
    interrupted(tmp_path, edl)
    if change == "tag":
        storage.put("bucket/clip.mp4", clip, "2")
    elif change == "size":
        storage.put("bucket/clip.mp4", clip.read_bytes() + bytes(8), "1")
    elif change == "other":
        storage.put("bucket/still.png", b"another", "2")
    path = tmp_path / "movie.mp4.json"
    result = edl2ffmpeg.render(path, tmp_path / "movie.mp4", **FAST, **ALLOWED, **CHUNKS)
    assert result.report["chunks"]["reused"] == (3 if change in ("none", "other") else 0)


def test_an_object_that_changes_meanwhile_is_told(
    storage: Storage, folder: Path, tmp_path: Path
) -> None:
    base = stored(storage, folder)
    edl = write_edl(tmp_path, document(video_clip(media(f"{base}/clip.mp4", 0, 2), 0, 2)))

    def rewrite(progress: edl2ffmpeg.Progress) -> None:
        storage.put("bucket/clip.mp4", folder / "clip.mp4", "2")

    options = FAST | ALLOWED | CHUNKS
    with pytest.raises(MediaError) as caught:
        edl2ffmpeg.render(edl, tmp_path / "movie.mp4", progress=rewrite, **options)
    assert str(caught.value) == (
        f"{base}/clip.mp4: has changed while it was rendered; render again when it is done"
    )

    def remove(progress: edl2ffmpeg.Progress) -> None:
        storage.objects.pop("bucket/clip.mp4", None)

    with pytest.raises(MediaOpenError) as gone:
        edl2ffmpeg.render(edl, tmp_path / "movie.mp4", progress=remove, **options)
    assert str(gone.value) == (
        f"{base}/clip.mp4: cannot be read any more: No such file or directory; put the file back "
        "and render again"
    )


def test_an_error_in_the_middle_ends_the_render(
    storage: Storage, folder: Path, tmp_path: Path
) -> None:
    base = stored(storage, folder)

    def fail(progress: edl2ffmpeg.Progress) -> None:
        storage.fails_from = 0 if progress.frames_done else None

    # Larger than what is read ahead, so that its end is still to be fetched.
    write_sound(folder / "long.wav", "pcm_s16le", noise(20))
    long = document(
        video_clip(media(f"{base}/clip.mp4", 0, 2), 0, 20),
        audio_clip(media(storage.put("bucket/long.wav", folder / "long.wav"), 0, 20), 0, 20),
    )
    edl = write_edl(tmp_path, long)
    with pytest.raises(MediaError) as caught:
        edl2ffmpeg.render(
            edl, tmp_path / "movie.mp4", progress=fail, chunk_seconds=60, **FAST, **ALLOWED
        )
    assert str(caught.value) == ("counted://bucket/long.wav: cannot be read: Input/output error")
    assert not list(tmp_path.glob("*movie.mp4*"))


def test_check_tells_everything_together(tmp_path: Path, folder: Path) -> None:
    base = f"local://{folder}"
    edl = document(
        video_clip(media(f"{base}/clip.mp4", 0, 1), 0, 1),
        video_clip(media(f"{base}/none.mp4", 0, 1), 1, 2),
        video_clip(media("local://" + str(tmp_path), 0, 1), 2, 3),
        video_clip(media("s3:bucket/a.mp4", 0, 1), 3, 4),
        video_clip(media("nope://bucket/a.mp4", 0, 1), 4, 5),
    )
    path = write_edl(tmp_path, edl)
    allow = [option for name in ("local", "s3", "nope") for option in ("--allow-protocol", name)]
    result = run_command("check", path, *allow)
    assert result.returncode == 2
    lines = result.stderr.splitlines()
    assert [line.removeprefix("edl2ffmpeg: ").split(": ", 1)[1] for line in lines[-4:]] == [
        f"{base}/none.mp4: there is no such file; correct the uri or put the file there",
        f"local://{tmp_path}: is a folder; a media file is needed",
        "s3:bucket/a.mp4: an address of this kind begins with s3://; correct the uri",
        "nope://bucket/a.mp4: neither FFmpeg nor fsspec knows the protocol 'nope'; correct the uri",
    ]
    good = write_edl(tmp_path, cut(base), "good.json")
    assert run_command("check", good, "--allow-protocol", "local").returncode == 0
    refused = run_command("check", good)
    assert refused.returncode == 2
    assert "the protocol 'local' is not allowed; add --allow-protocol local" in refused.stderr


def test_a_source_by_its_address_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    before = (folder / "clip.mp4").read_bytes()
    edl = write_edl(tmp_path, cut(f"local://{folder}"))
    result = run_command(edl, folder / "clip.mp4", "--overwrite", "--allow-protocol", "local")
    assert result.returncode == 2
    assert "is also a source of this EDL; give another name" in result.stderr
    assert (folder / "clip.mp4").read_bytes() == before


def test_ctrl_c_while_storage_is_read(folder: Path, tmp_path: Path) -> None:
    """The signal's exception comes up in a callback from C, where it must not be lost."""
    program = (
        "import os, signal, sys\n"
        "from helpers.storage import counted_storage\n"
        "from edl2ffmpeg.__main__ import main\n"
        "with counted_storage() as storage:\n"
        "    storage.put('clip.mp4', open(sys.argv.pop(1), 'rb').read())\n"
        "    class Interrupting(list):\n"
        "        def append(self, entry):\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "    storage.requests = Interrupting()\n"
        "    code = main()\n"
        "    assert storage.still_open() == 0 and storage.opened\n"
        "sys.exit(code)\n"
    )
    edl = write_edl(tmp_path, document(video_clip(media("counted://clip.mp4", 0, 1), 0, 1)))
    paths = (Path(__file__).parents[1], os.environ.get("PYTHONPATH", ""))
    for command in (["check", str(edl)], [str(edl), str(tmp_path / "movie.mp4")]):
        done = subprocess.run(
            [
                sys.executable, "-c", program, str(folder / "clip.mp4"), *command,
                "--allow-protocol", "counted",
            ],
            capture_output=True, text=True, timeout=60, check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))},
        )  # fmt: skip
        assert done.returncode == 130, done.stderr
        assert done.stderr.startswith("edl2ffmpeg: interrupted by Ctrl-C")
        assert len(done.stderr.splitlines()) == 1
    assert sorted(os.listdir(tmp_path)) == ["cut.json", "media"]


def test_local_media_do_not_import_fsspec(folder: Path, tmp_path: Path) -> None:
    edl = write_edl(tmp_path, cut(folder))
    program = (
        "import sys\n"
        "from edl2ffmpeg.__main__ import main\n"
        "code = main()\n"
        "assert 'fsspec' not in sys.modules\n"
        "sys.exit(code)\n"
    )
    options = ["-p", "ultrafast", "--jobs", "0", "-q"]
    command = [sys.executable, "-c", program, str(edl), str(tmp_path / "movie.mp4"), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_storage_that_does_not_tell_the_version_costs_an_attempt(
    storage: Storage, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edl = write_edl(tmp_path, cut(stored(storage, folder)))
    chunk = ChunkStore.chunk

    def asking(self: Any, *arguments: Any) -> Any:
        # The second chunk is the first that shows the still.
        if len(asked) == 1:
            storage.error_of_info = ConnectionResetError(104, "Connection reset by peer")
        try:
            asked.append(arguments)
            return chunk(self, *arguments)
        finally:
            storage.error_of_info = None

    asked: list[Any] = []
    monkeypatch.setattr(ChunkStore, "chunk", asking)
    options: dict[str, Any] = FAST | ALLOWED | CHUNKS | {"audio": False}
    output = tmp_path / "movie.mp4"
    result = edl2ffmpeg.render(edl, output, **options)
    (failure,) = result.report["chunks"]["failures"]
    assert "cannot be read: Connection reset by peer" in failure["error"]
    local = rendered(tmp_path, cut(folder), "local.mp4", **CHUNKS, audio=False)
    assert output.read_bytes() == local
