"""Media on storage: the same pictures and sound, few requests, and what goes wrong is told."""

from __future__ import annotations

import os
import random
import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import fsspec
import numpy as np
import pytest

from edl2ffmpeg.errors import MediaAccessError, MediaError, MediaOpenError, MediaReadError
from edl2ffmpeg.media import access as access_module
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_decoder import AudioDecoder
from edl2ffmpeg.media.storage import StorageFile, is_on_storage, storage_state
from edl2ffmpeg.media.video_decoder import VideoDecoder
from edl2ffmpeg.timeline.model import StreamKind, StreamSelector
from helpers.media_factory import ClipLibrary
from helpers.movie_writer import AudioTrack, VideoTrack, write_movie
from helpers.stills import write_picture
from helpers.storage import CountedStorage
from unit.audio.sound_writer import noise, write_sound

A1 = StreamSelector(StreamKind.AUDIO)
RULES = AccessRules(frozenset({"counted", "memory", "local", "simplecache", "s3", "sftp", "nope"}))
SHAPES = [
    "h264_30_mp4",
    "h264_60_mkv",
    "h264_25_opengop_ts",
    "h264_25_bframes_avi",
    "prores_24_mov",
    "vp9_30_webm",
]
Storage = type[CountedStorage]


def pixels(decoder: VideoDecoder, time: Fraction) -> list[bytes]:
    frame = decoder.frame_played_at(time).frame
    return [frame.array(number).tobytes() for number in range(len(frame.planes))]


def refusal(
    location: str, rules: AccessRules = RULES, kind: type[MediaError] = MediaOpenError
) -> MediaError:
    with pytest.raises(kind) as caught:
        rules.open(location)
    assert type(caught.value) in (kind, MediaAccessError)
    assert caught.value.path == location
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.fixture(scope="module")
def long_movies(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Movies of 40 s and some 20 MB, with sound between the pictures, by suffix."""
    folder = tmp_path_factory.mktemp("long")
    noises = np.random.default_rng(3)
    grey = np.full((90, 160), 128, np.uint8)
    pictures = [(noises.integers(16, 235, (180, 320), np.uint8), grey, grey) for _ in range(7)]
    sound = noises.normal(0, 0.1, (2, 40 * 48000)).astype(np.float32)

    def movie(suffix: str) -> Path:
        path = folder / f"long{suffix}"
        if not path.exists():
            video = VideoTrack(
                "libx264",
                Fraction(25),
                ticks=range(1000),
                options={"preset": "ultrafast", "g": "25", "crf": "26"},
            )
            track = AudioTrack(sound, codec="aac")
            write_movie(path, video, (pictures[tick % 7] for tick in range(1000)), track)
            assert path.stat().st_size > 15_000_000
        return path

    return movie


# -- the same as a local file -------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_pictures_are_those_of_the_local_file(
    clips: ClipLibrary, storage: Storage, shape: str
) -> None:
    path = clips[shape].path
    address = storage.put(f"media/{path.name}", path)
    with (
        VideoDecoder(RULES, address) as stored,
        VideoDecoder(AccessRules(), str(path)) as local,
    ):
        for place in (0, 1, 2, 60, 61, 62, 20, 79, 40, 0):
            time = Fraction(place, 25)
            assert pixels(stored, time) == pixels(local, time)
        assert stored.duration == local.duration
        assert stored.stats == local.stats
        assert stored.notes == local.notes


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.wav", "pcm_s16le"), ("a.mp3", "libmp3lame"), ("a.flac", "flac"), ("a.m4a", "aac")],
)
def test_sound_is_that_of_the_local_file(
    storage: Storage, tmp_path: Path, name: str, codec: str
) -> None:
    path = write_sound(tmp_path / name, codec, noise(6))
    address = storage.put(name, path)
    with (
        AudioDecoder(RULES, address, A1) as stored,
        AudioDecoder(AccessRules(), str(path), A1) as local,
    ):
        for start in (0, 4096, 200_000, 100_000, 280_000, 0):
            expected = local.read(start, 8192)
            assert np.array_equal(stored.read(start, 8192), expected)
        assert stored.duration == local.duration


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("still.jpg", "mjpeg", "yuvj420p"),
        ("still%03d.png", "png", "rgb24"),
        ("still.ppm", "ppm", "rgb24"),
        ("still.bmp", "bmp", "bgr24"),
        ("still.tiff", "tiff", "rgb24"),
    ],
)
def test_stills_are_one_picture_each(
    storage: Storage, tmp_path: Path, name: str, codec: str, pixel_format: str
) -> None:
    shades = np.tile(np.arange(0, 256, 4).astype(np.uint8)[None, :, None], (36, 1, 3))
    path = write_picture(tmp_path / name.replace("%03d", "1"), shades, codec, pixel_format)
    with (
        VideoDecoder(RULES, storage.put(name, path)) as stored,
        VideoDecoder(AccessRules(), str(path)) as local,
    ):
        assert stored.is_still
        assert pixels(stored, Fraction(100)) == pixels(local, Fraction(100))
    assert len(storage.requests) == 1


def test_decoders_of_one_object_in_memory_do_not_disturb_each_other(clips: ClipLibrary) -> None:
    path = clips["h264_30_mp4"].path
    fsspec.filesystem("memory").pipe_file("/two/clip.mp4", path.read_bytes())
    try:
        with (
            VideoDecoder(RULES, "memory://two/clip.mp4") as one,
            VideoDecoder(RULES, "memory://two/clip.mp4") as other,
            VideoDecoder(AccessRules(), str(path)) as local,
        ):
            for step in range(30):
                for decoder, time in ((one, Fraction(step, 30)), (other, Fraction(90 - step, 30))):
                    assert pixels(decoder, time) == pixels(local, time)
    finally:
        fsspec.filesystem("memory").rm("/two", recursive=True)


def test_one_object_in_memory_is_read_by_several_threads() -> None:
    data = random.Random(4).randbytes(200_000)
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/many.bin", data)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def reads_right(seed: int) -> bool:
        chooser = random.Random(seed)
        with StorageFile("memory://many.bin") as file:
            starts = [chooser.randrange(199_000) for _ in range(4000)]
            return all(file.fetch(at, at + 1000) == data[at : at + 1000] for at in starts)

    try:
        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(reads_right, range(4)))
    finally:
        sys.setswitchinterval(interval)
        memory.rm("/many.bin")


# -- requests -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "requests"), [(".mp4", 6), (".mov", 6), (".mkv", 8), (".ts", 12)]
)
def test_a_still_out_of_a_long_file_reads_little_of_it(
    long_movies: Callable[[str], Path], storage: Storage, suffix: str, requests: int
) -> None:
    path = long_movies(suffix)
    address = storage.put(path.name, path)
    with VideoDecoder(RULES, address) as decoder:
        decoder.frame_played_at(Fraction(30))
    assert len(storage.requests) <= requests
    assert storage.bytes_read() < path.stat().st_size / 5


def test_reading_a_file_through_fetches_every_byte_once(
    long_movies: Callable[[str], Path], storage: Storage
) -> None:
    path = long_movies(".mp4")
    address = storage.put(path.name, path)
    tracemalloc.start()
    try:
        with RULES.open(address) as media:
            packets = sum(1 for _ in media.demux(media.container.streams.video[0]))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert packets == 1001
    size = path.stat().st_size
    assert storage.bytes_read() <= size * 1.05
    assert len(storage.requests) <= size // 1_000_000 + 6
    # Packets go as they come; 6 MB are kept, and 2 MB are being fetched.
    assert peak < 12_000_000


# -- what goes wrong ----------------------------------------------------------


def read_through(location: str, kind: str) -> None:
    if kind == "video":
        with VideoDecoder(RULES, location) as decoder:
            for number in range(10_000):
                if decoder.frame_played_at(Fraction(number, 25)).held:
                    return
    with AudioDecoder(RULES, location, A1) as sound:
        for start in range(0, 10_000_000, 8192):
            if sound.end_sample is not None:
                return
            sound.read(start, 8192)


@pytest.mark.parametrize("kind", ["video", "audio"])
@pytest.mark.parametrize("fault", ["error", "short"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_an_error_in_the_middle_is_no_end(
    long_movies: Callable[[str], Path], storage: Storage, suffix: str, fault: str, kind: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = long_movies(suffix)
    address = storage.put(path.name, path)
    read_through(address, kind)
    storage.requests.clear()
    middle = path.stat().st_size // 2
    # An index at the end has been read by then.
    original = storage._open

    def fail_later(self: Any, *arguments: Any, **options: Any) -> Any:
        file = original(self, *arguments, **options)
        fetch = file._fetch_range

        def failing(start: int, end: int) -> bytes:
            if start < middle * 1.5 and end > middle:
                if fault == "error":
                    raise OSError(5, "Input/output error")
                return bytes(fetch(start, end)[: middle - start])
            return bytes(fetch(start, end))

        file._fetch_range = failing
        file.cache.fetcher = failing
        return file

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "_open", fail_later)
        with pytest.raises(MediaError) as caught:
            read_through(address, kind)
    reason = "Input/output error" if fault == "error" else "the storage gave "
    assert str(caught.value).startswith(f"{address}: cannot be read: {reason}")
    assert len(storage.requests) > 3
    assert storage.still_open() == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("suffix", "from_end"), [(".mp4", None), (".mkv", None), (".ts", None), (".mp4", 1000)]
)
def test_an_error_of_opening_is_told_as_that(
    long_movies: Callable[[str], Path], storage: Storage, suffix: str, from_end: int | None
) -> None:
    """Also one that FFmpeg takes for an index that is cut off."""
    path = long_movies(suffix)
    address = storage.put(path.name, path)
    storage.fails_from = 0 if from_end is None else path.stat().st_size - from_end
    failure = refusal(address, kind=MediaReadError)
    assert str(failure) == f"{address}: cannot be read: Input/output error"
    assert len(storage.opened) == 1
    assert storage.still_open() == 0


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            PermissionError("Access Denied"),
            "cannot be read: Access Denied; see whether the credentials of this machine allow it",
        ),
        (
            PermissionError(),
            "cannot be read: permission denied; see whether the credentials of this machine "
            "allow it",
        ),
        (
            RuntimeError("Unable to\n locate credentials"),
            "RuntimeError: Unable to locate credentials",
        ),
        (TimeoutError(), "cannot be read: TimeoutError"),
        (OSError(113, "No route to host"), "cannot be read: No route to host"),
    ],
)
@pytest.mark.parametrize("where", ["info", "read"])
def test_what_the_storage_says_is_told(
    clips: ClipLibrary, storage: Storage, error: Exception, sentence: str, where: str
) -> None:
    address = storage.put("clip.mp4", clips["h264_30_mp4"].path)
    if where == "info":
        storage.error_of_info = error
    else:
        storage.fails_from, storage.error = 0, error
    # What is not allowed now will not be in a moment; the others may.
    kind = MediaOpenError if isinstance(error, PermissionError) else MediaReadError
    found = str(refusal(address, kind=kind))
    assert found.startswith(f"{address}: cannot be read: ") and found.endswith(sentence)


def test_what_is_no_file(storage: Storage) -> None:
    storage.put("folder/inside.mp4", b"x")
    storage.put("empty.mp4", b"")
    assert str(refusal("counted://none.mp4")) == (
        "counted://none.mp4: there is no such file; correct the uri or put the file there"
    )
    assert str(refusal("counted://folder")) == (
        "counted://folder: is a folder; a media file is needed"
    )
    assert str(refusal("counted://empty.mp4")) == (
        "counted://empty.mp4: cannot be read: the file is empty (0 bytes)"
    )
    assert storage.opened == []


def test_a_fifo_of_local_storage_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.mp4")
    assert "is not a regular file" in str(refusal(f"local://{tmp_path}/fifo.mp4"))


@pytest.mark.parametrize(
    ("name", "contents", "sentence"),
    [
        (
            "a.mp4",
            b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
            "is an HLS or M3U playlist, which opens",
        ),
        ("a.mp4", b"ffconcat version 1.0\nfile a.mp4\n", "is an FFmpeg concat script, which opens"),
        ("a.mp4", b"hello " * 10_000, "this is not a media file that FFmpeg can read"),
        (
            "a.tga",
            bytes([0, 0, 2]) + bytes(9) + b"\x04\0\x04\0\x18\0" + bytes(48),
            "this kind of file is not among those that an EDL may open",
        ),
    ],
)
def test_what_is_no_medium(storage: Storage, name: str, contents: bytes, sentence: str) -> None:
    assert sentence in str(refusal(storage.put(name, contents)))
    assert len(storage.opened) == 1


def test_nothing_further_is_opened(
    storage: Storage, clips: ClipLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if a playlist got through, the file that it names would stay shut."""
    monkeypatch.setattr(access_module, "_INDIRECT", ())
    monkeypatch.setattr(access_module, "_DEMUXERS", f"{access_module._DEMUXERS},concat,hls")
    clip = clips["h264_25_opengop_ts"].path
    storage.put("other.ts", clip)
    rules = AccessRules(frozenset({"counted", "file", "http"}))
    for other in (f"file:{clip}", str(clip), "other.ts", "counted://other.ts"):
        script = f"ffconcat version 1.0\nfile '{other}'\noption safe 0\n".encode()
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{other}\n#EXT-X-ENDLIST\n"
        for name, contents in (("a.ffconcat", script), ("a.m3u8", playlist.encode())):
            refusal(storage.put(name, contents), rules)
    assert {file.path for file in storage.opened} == {"a.ffconcat", "a.m3u8"}


# -- what may be opened -------------------------------------------------------


def test_the_protocol_has_to_be_allowed(storage: Storage, tmp_path: Path) -> None:
    address = storage.put("clip.mp4", b"x")
    with pytest.raises(MediaAccessError) as caught:
        AccessRules().open(address)
    assert str(caught.value) == (
        f"{address}: the protocol 'counted' is not allowed; add --allow-protocol counted if this "
        f"EDL may use it, or write './{address}' if it is a file"
    )
    with pytest.raises(MediaAccessError, match="only files inside the --restrict folders"):
        AccessRules(frozenset({"counted"}), (tmp_path,)).open(address)
    assert storage.looked_up == []


@pytest.mark.parametrize("rules", [AccessRules(), RULES])
def test_chains_are_refused(storage: Storage, rules: AccessRules) -> None:
    inner = storage.put("clip.mp4", b"x")
    for location in (f"simplecache::{inner}", f"counted://a.zip::{inner}", f"counted://{inner}"):
        with pytest.raises(MediaAccessError) as caught:
            rules.open(location)
        assert str(caught.value) == (
            f"{location}: addresses that hold '::' or another address are refused; name the media "
            "file itself"
        )
    assert storage.looked_up == []


def test_without_slashes_it_is_no_local_file(clips: ClipLibrary) -> None:
    location = f"local:{clips['h264_30_mp4'].path}"
    assert str(refusal(location)).endswith(
        "an address of this kind begins with local://; correct the uri"
    )


def test_letters_of_a_scheme_may_be_capitals(storage: Storage, clips: ClipLibrary) -> None:
    storage.put("Clip.mp4", clips["h264_30_mp4"].path)
    RULES.open("COUNTED://Clip.mp4").close()


def test_a_protocol_that_nobody_knows() -> None:
    assert str(refusal("nope://a/b.mp4")) == (
        "nope://a/b.mp4: neither FFmpeg nor fsspec knows the protocol 'nope'; correct the uri"
    )


def test_fsspec_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    assert str(refusal("s3://bucket/a.mp4")) == (
        "s3://bucket/a.mp4: storage such as s3:// needs the package fsspec: pip install "
        "'edl2ffmpeg[remote]'"
    )


@pytest.mark.parametrize(
    ("location", "module", "how"),
    [
        ("s3://bucket/a.mp4", "s3fs", "pip install s3fs"),
        ("sftp://host/a.mp4", "paramiko", 'SFTPFileSystem requires "paramiko" to be installed'),
    ],
)
def test_a_package_is_missing(
    monkeypatch: pytest.MonkeyPatch, location: str, module: str, how: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "fsspec.implementations.sftp", raising=False)
    scheme = location.partition(":")[0]
    assert str(refusal(location)) == (
        f"{location}: a package for {scheme}:// is not installed: {how}"
    )


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("s3://b/k", True),
        ("gs://b/k", True),
        ("memory://k", True),
        ("local:///k", True),
        ("https://h/k", False),
        ("RTMP://h/k", False),
        ("subfile,,start,0,end,1,,:a", False),
        ("/s3://b/k", False),
        ("a.mp4", False),
    ],
)
def test_whose_an_address_is(location: str, expected: bool) -> None:
    assert is_on_storage(location) is expected


# -- closing ------------------------------------------------------------------


class Interrupt(BaseException):
    pass


@pytest.mark.parametrize("after", [0, 1, 3])
def test_an_interruption_while_reading_is_not_lost(
    long_movies: Callable[[str], Path],
    storage: Storage,
    after: int,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = long_movies(".mp4")
    address = storage.put(path.name, path)
    storage.error = Interrupt()

    def read() -> None:
        with VideoDecoder(RULES, address) as decoder:
            for number in range(1000):
                if len(storage.requests) > after:
                    storage.fails_from = 0
                decoder.frame_played_at(Fraction(number, 25))

    storage.fails_from = 0 if after == 0 else None
    with pytest.raises(Interrupt):
        read()
    assert storage.still_open() == 0
    assert capfd.readouterr().err == ""


def test_files_are_closed_with_their_containers(storage: Storage, clips: ClipLibrary) -> None:
    address = storage.put("clip.mp4", clips["h264_30_mp4"].path)
    media = RULES.open(address)
    assert storage.still_open() == 1
    media.close()
    media.close()
    assert storage.still_open() == 0
    with pytest.raises(MediaOpenError, match="has no stream V2"):
        VideoDecoder(RULES, address, StreamSelector(StreamKind.VIDEO, 2))
    with pytest.raises(MediaOpenError, match="has no audio stream"):
        AudioDecoder(RULES, address, A1)
    assert storage.still_open() == 0
    assert len(storage.opened) == 3


# -- versions -----------------------------------------------------------------


def test_what_tells_versions_apart(storage: Storage) -> None:
    address = storage.put("clip.mp4", b"one", "first")
    before = storage_state(address)
    assert before == storage_state(address)
    assert before[0] == 3
    storage.put("clip.mp4", b"two", "second")
    assert storage_state(address) != before
    storage.objects.clear()
    with pytest.raises(FileNotFoundError):
        storage_state(address)


def test_an_object_in_memory_is_another_when_it_is_written_again() -> None:
    memory = fsspec.filesystem("memory")
    try:
        memory.pipe_file("/again.mp4", b"one")
        before = storage_state("memory://again.mp4")
        assert storage_state("memory://again.mp4") == before
        memory.pipe_file("/again.mp4", b"one")
        assert storage_state("memory://again.mp4") != before
    finally:
        memory.rm("/again.mp4")


def test_the_container_knows_the_name(storage: Storage, clips: ClipLibrary) -> None:
    address = storage.put("clip.mp4", clips["h264_30_mp4"].path)
    with RULES.open(address) as media:
        assert isinstance(media.container, av.container.InputContainer)
        assert media.container.name == address


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"mtime": 1, "created": 5}, {"mtime": 1, "created": 6}, True),
        ({"mtime": 1}, {"mtime": 2}, False),
        (
            {"LastModified": "a", "StorageClass": "x"},
            {"LastModified": "a", "StorageClass": "y"},
            True,
        ),
        ({"content_md5": "a"}, {"content_md5": "b"}, False),
        ({"created": 5, "seen": 1}, {"created": 5, "seen": 2}, True),
        ({"created": 5}, {"created": 6}, False),
        ({"serial": 1}, {"serial": 2}, False),
    ],
)
def test_marks_of_kinds_of_storage(
    storage: Storage,
    monkeypatch: pytest.MonkeyPatch,
    first: dict[str, Any],
    second: dict[str, Any],
    same: bool,
) -> None:
    states = []
    for more in (first, second):
        info = {"name": "a", "size": 3, "type": "file"} | more
        monkeypatch.setattr(storage, "info", lambda self, path, info=info: info)
        states.append(storage_state("counted://a"))
    assert (states[0] == states[1]) is same
