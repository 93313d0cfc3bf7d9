"""The picture being played, reached by every way of jumping, in every shape of file."""

from __future__ import annotations

import errno
import gc
import random
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from edl2ffmpeg.errors import DecodeError, MediaOpenError
from edl2ffmpeg.media._display_matrix import orientation_of
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.video_decoder import VideoDecoder
from edl2ffmpeg.timeline.model import StreamKind, StreamSelector
from helpers import barcode
from helpers.clip_shapes import TIMING_SHAPES, ClipShape
from helpers.heic import write_heic
from helpers.media_factory import ClipInfo, ClipLibrary, make_clip
from helpers.movie_writer import ColourTags, VideoTrack, write_movie
from helpers.oracle import expected_frame
from helpers.stills import flat_planes, make_still, write_picture

MILLISECOND = Fraction(1, 1000)


def decoder_of(clip: ClipInfo) -> VideoDecoder:
    return VideoDecoder(AccessRules(), str(clip.path), threads=2)


def shown(decoder: VideoDecoder, time: Fraction) -> tuple[int, int] | None:
    frame = decoder.frame_played_at(time).frame
    return barcode.read(frame.array(0), frame.format.depth)


@pytest.mark.parametrize("shape", TIMING_SHAPES)
def test_every_jump_shows_the_picture_being_played(clips: ClipLibrary, shape: str) -> None:
    clip = clips[shape]
    chooser = random.Random(shape)
    length = int(clip.duration * 1000)
    times = [chooser.randrange(length + 300) * MILLISECOND for _ in range(60)]
    for start in (0, chooser.randrange(length)):
        times += [start * MILLISECOND + Fraction(step, 30) for step in range(30)]
    for exact in chooser.sample(clip.presentation_times, 20):
        times += [exact, exact + MILLISECOND, max(exact - 2 * MILLISECOND, Fraction(0))]
    with decoder_of(clip) as decoder:
        for time in times:
            assert shown(decoder, time) == (clip.file_id, expected_frame(clip, time)), time


@pytest.mark.parametrize("shape", TIMING_SHAPES)
def test_a_picture_reached_by_a_seek_has_the_same_pixels(clips: ClipLibrary, shape: str) -> None:
    clip = clips[shape]
    chooser = random.Random(shape)
    with decoder_of(clip) as straight, decoder_of(clip) as jumping:
        wanted = {
            time: straight.frame_played_at(time).frame.array(0).copy()
            for time in clip.presentation_times
        }
        for time in chooser.sample(clip.presentation_times, 25):
            seen = jumping.frame_played_at(time).frame.array(0)
            assert np.array_equal(seen, wanted[time]), time


def test_the_tolerance_is_a_millisecond_at_most(clips: ClipLibrary) -> None:
    clip = clips["h264_25_mp4"]
    edge = clip.presentation_times[10]
    with decoder_of(clip) as decoder:
        assert shown(decoder, edge - MILLISECOND) == (clip.file_id, 10)
        assert shown(decoder, edge - MILLISECOND - Fraction(1, 10**6)) == (clip.file_id, 9)


def test_after_the_end_the_last_picture_is_held(clips: ClipLibrary) -> None:
    clip = clips["h264_30_mp4"]
    with decoder_of(clip) as decoder:
        last = clip.presentation_times[-1]
        assert not decoder.frame_played_at(last).held
        assert not decoder.frame_played_at(clip.duration - 2 * MILLISECOND).held
        played = decoder.frame_played_at(clip.duration)
        assert played.held
        assert barcode.read(played.frame.array(0)) == (clip.file_id, clip.frame_numbers[-1])


def test_playing_on_never_seeks(clips: ClipLibrary) -> None:
    clip = clips["h264_30_mp4"]
    with decoder_of(clip) as decoder:
        for number in range(100):
            decoder.frame_played_at(Fraction(number, 30))
        assert decoder.stats.seeks == 0
        decoder.frame_played_at(Fraction(5, 30))
        assert decoder.stats.seeks == 1
        decoder.frame_played_at(Fraction(9, 30))
        assert decoder.stats.seeks == 1


def test_a_seek_skips_pictures_nothing_refers_to(clips: ClipLibrary) -> None:
    clip = clips["h264_30_mp4"]
    with decoder_of(clip) as decoder:
        decoder.frame_played_at(Fraction(100, 30))
        before = decoder.stats.pictures_decoded
        assert shown(decoder, Fraction(58, 30)) == (clip.file_id, 58)
        # 58 pictures lie between the keyframe and the one wanted; half are B-frames that
        # nothing refers to.
        assert decoder.stats.pictures_decoded - before < 50


def test_frames_outlive_their_decoder(clips: ClipLibrary) -> None:
    clip = clips["h264_30_mp4"]
    with decoder_of(clip) as decoder:
        frame = decoder.frame_played_at(Fraction(1)).frame
    assert barcode.read(frame.array(0)) == (clip.file_id, 30)
    with pytest.raises(ValueError, match="is closed"):
        decoder.frame_played_at(Fraction(0))
    decoder.close()


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_rotation_is_clockwise_degrees_to_upright(clips: ClipLibrary, angle: int) -> None:
    with decoder_of(clips[f"h264_30_rotate{angle}_mp4"]) as decoder:
        assert decoder.first_frame().rotation == angle


def test_sample_aspect_ratio_is_the_streams(clips: ClipLibrary) -> None:
    with decoder_of(clips["h264_25_anamorphic_mp4"]) as decoder:
        assert decoder.first_frame().sample_aspect_ratio == pytest.approx(4 / 3)


@pytest.mark.parametrize("kind", ["truncated_mkv", "truncated_ts", "damaged_mkv"])
def test_damage_is_counted_and_never_shifts_pictures(
    bad_media: Callable[[str], Path], kind: str
) -> None:
    path = bad_media(kind)
    with VideoDecoder(AccessRules(), str(path), threads=1) as decoder:
        rate = decoder.frame_rate
        readable = 0
        for number in range(60):
            code = shown(decoder, number / rate)
            if code is not None:
                readable += 1
                assert code[1] <= number
        assert readable > 20
        if kind == "damaged_mkv":
            assert decoder.stats.broken_packets > 0
            assert decoder.first_broken is not None


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("no_frames_mp4", "no_frames.mp4"),
        ("no_frames_mkv", "no_frames.mkv"),
        ("audio_only", "has no video stream"),
        ("text", "is not a media file"),
        ("noise", "is not a media file"),
        ("truncated_mp4", "is not a media file"),
    ],
)
def test_unusable_files_are_refused(
    bad_media: Callable[[str], Path], kind: str, sentence: str
) -> None:
    with pytest.raises(MediaOpenError, match=sentence) as caught:
        VideoDecoder(AccessRules(), str(bad_media(kind)))
    assert caught.value.exit_code == 2


def test_a_stream_that_is_not_there_is_named(clips: ClipLibrary) -> None:
    clip = clips["h264_30_late_mp4"]
    with pytest.raises(MediaOpenError, match=r"no stream V3 \(it holds V1, A1\)"):
        VideoDecoder(AccessRules(), str(clip.path), StreamSelector(StreamKind.VIDEO, 3))


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ HDR"), (18, "HLG HDR"), (1, None)])
def test_hdr_is_noted(tmp_path: Path, transfer: int, name: str | None) -> None:
    tags = ColourTags(9, 9, transfer)
    path = make_still(
        tmp_path / "hdr.mp4",
        flat_planes("yuv420p10le", (320, 180), (500, 512, 512)),
        (320, 180),
        "yuv420p10le",
        tags,
    )
    with VideoDecoder(AccessRules(), str(path)) as decoder:
        assert [note for note in decoder.notes if "HDR" in note] == (
            [f"is {name}, which is not tone mapped: it will look flat"] if name else []
        )


def test_reordered_pictures_in_avi_begin_with_the_first(clips: ClipLibrary) -> None:
    clip = clips["h264_25_bframes_avi"]
    with decoder_of(clip) as decoder:
        seen = [shown(decoder, Fraction(number, 25)) for number in range(8)]
        assert seen == [(clip.file_id, number) for number in range(8)]
        decoder.frame_played_at(Fraction(3))
        assert shown(decoder, Fraction(0)) == (clip.file_id, 0)
        assert shown(decoder, clip.duration) == (clip.file_id, clip.frame_numbers[-1])


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("stream.vob", "libx264"),
        ("window.asf", "libx264"),
        ("bare.h264", "libx264"),
        ("bare.m2v", "mpeg2video"),
        ("old.rm", "rv20"),
    ],
)
def test_pictures_without_times_are_shown_one_after_another(
    name: str, codec: str, tmp_path: Path
) -> None:
    size, count = (320, 176), 100
    options = {"g": "25", "bf": "2"} if codec != "rv20" else {"g": "25"}
    track = VideoTrack(codec, Fraction(25), size, options=options, ticks=range(count))
    chroma = np.full((88, 160), 128, np.uint8)
    pictures = ([barcode.picture(*size, 7, number), chroma, chroma] for number in range(count))
    write_movie(tmp_path / name, track, pictures)
    chooser = random.Random(name)
    numbers = [*range(count), *(chooser.randrange(count) for _ in range(40))]
    with VideoDecoder(AccessRules(), str(tmp_path / name), threads=2) as decoder:
        for number in numbers:
            assert shown(decoder, Fraction(number, 25)) == (7, number)
        assert decoder.stats.broken_packets == 0
        assert decoder.frame_played_at(Fraction(count, 25)).held


@pytest.mark.parametrize("shape", TIMING_SHAPES)
def test_whole_files_give_no_damage(clips: ClipLibrary, shape: str) -> None:
    clip = clips[shape]
    chooser = random.Random(shape)
    with decoder_of(clip) as decoder:
        jumps = chooser.sample(clip.presentation_times, 15)
        for time in (*clip.presentation_times, *jumps, clip.duration):
            for later in range(3):
                decoder.frame_played_at(time + later / clip.frame_rate)
        assert decoder.stats.broken_packets == 0
        assert decoder.first_broken is None


def _damaged_copy(clip: ClipInfo, folder: Path) -> Path:
    """The clip with noise in a twelfth of it, from its middle on."""
    content = bytearray(clip.path.read_bytes())
    middle, length = len(content) // 2, len(content) // 12
    content[middle : middle + length] = np.random.default_rng(3).bytes(length)
    path = folder / f"damaged{clip.path.suffix}"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("shape", ["h264_60_mkv", "h264_25_opengop_ts"])
def test_noise_in_the_middle_is_told_with_its_time(
    clips: ClipLibrary, tmp_path: Path, shape: str
) -> None:
    clip = clips[shape]
    with VideoDecoder(AccessRules(), str(_damaged_copy(clip, tmp_path)), threads=2) as decoder:
        for time in clip.presentation_times:
            decoder.frame_played_at(time)
        told = decoder.stats.broken_packets
        wrong = sum(
            shown(decoder, time) != (clip.file_id, number)
            for time, number in zip(clip.presentation_times, clip.frame_numbers, strict=True)
        )
        assert wrong > 0
        assert told > 0
        assert decoder.first_broken is not None
        assert abs(decoder.first_broken - clip.duration / 2) < 1
        # The second pass met the same places, and did not count them again.
        assert decoder.stats.broken_packets == told


_INTRA_REFRESH = {
    "preset": "veryfast",
    "crf": "26",
    "x264-params": "intra-refresh=1:keyint=25:bframes=0:scenecut=0",
}
_HEVC_OF_ONE_THREAD = (
    "log-level=none:pools=none:frame-threads=1:keyint=25:min-keyint=25:scenecut=0:open-gop=0"
)
_HEVC = {"preset": "ultrafast", "x265-params": _HEVC_OF_ONE_THREAD + ":bframes=2"}


def _with_damaged_keyframe(clip: ClipInfo, skip: int = 6) -> Path:
    """The clip with noise in its second keyframe, whose first ``skip`` bytes are left."""
    with av.open(str(clip.path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    second = [packet for packet in packets if packet.is_keyframe][1]
    assert second.pos is not None
    content = bytearray(clip.path.read_bytes())
    end = second.pos + second.size
    content[second.pos + skip : end] = np.random.default_rng(5).bytes(second.size - skip)
    clip.path.write_bytes(content)
    return clip.path


def _agree_on_every_picture(path: Path, clip: ClipInfo) -> VideoDecoder:
    """Asserts that jumps, far and near, show what playing from the start shows."""
    chooser = random.Random(path.name)
    with VideoDecoder(AccessRules(), str(path), threads=2) as straight:
        wanted = {
            time: straight.frame_played_at(time).frame.array(0).copy()
            for time in clip.presentation_times
        }
    times = [chooser.choice(clip.presentation_times) for _ in range(40)]
    with VideoDecoder(AccessRules(), str(path), threads=2) as jumping:
        for time in times:
            seen = jumping.frame_played_at(time).frame.array(0)
            assert np.array_equal(seen, wanted[time]), time
        assert jumping.stats.seeks > 10
    return jumping


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_without_keyframes_decoding_begins_where_a_refresh_does(
    tmp_path: Path, suffix: str
) -> None:
    shape = ClipShape("refresh", suffix, "libx264", Fraction(25), options=_INTRA_REFRESH)
    clip = make_clip(tmp_path, shape)
    jumping = _agree_on_every_picture(clip.path, clip)
    assert jumping.stats.broken_packets == 0
    with decoder_of(clip) as decoder:
        for time in (clip.presentation_times[number] for number in (80, 30, 31, 27, 60, 26, 2)):
            assert shown(decoder, time) == (clip.file_id, expected_frame(clip, time))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_before_a_damaged_keyframe_is_another_one(tmp_path: Path, suffix: str) -> None:
    shape = ClipShape("hevc", suffix, "libx265", Fraction(25), options=_HEVC)
    clip = make_clip(tmp_path, shape)
    path = _with_damaged_keyframe(clip, skip=24 if suffix == ".ts" else 6)
    jumping = _agree_on_every_picture(path, clip)
    assert jumping.stats.broken_packets > 0
    assert jumping.first_broken is not None
    assert Fraction(9, 10) < jumping.first_broken < Fraction(11, 10)


@pytest.mark.parametrize(
    ("codec", "suffix", "options"),
    [
        ("libvpx-vp9", ".webm", {"deadline": "realtime", "cpu-used": "8", "g": "25", "b": "1M"}),
        ("libsvtav1", ".mp4", {"preset": "10", "g": "25", "svtav1-params": "lp=1"}),
    ],
)
def test_pictures_behind_a_damaged_keyframe_are_told(
    codec: str, suffix: str, options: dict[str, str], tmp_path: Path
) -> None:
    clip = make_clip(tmp_path, ClipShape("lost", suffix, codec, Fraction(25), options=options))
    path = _with_damaged_keyframe(clip, skip=12)
    with VideoDecoder(AccessRules(), str(path), threads=1) as decoder:
        seen = [shown(decoder, time) for time in clip.presentation_times]
        wrong = [number for number, code in enumerate(seen) if code != (clip.file_id, number)]
        assert wrong and decoder.stats.broken_packets > 0
        assert decoder.first_broken is not None
        assert abs(decoder.first_broken - Fraction(wrong[0], 25)) <= Fraction(1, 25)


def test_what_is_made_from_a_damaged_picture_is_damaged(tmp_path: Path) -> None:
    clip = make_clip(tmp_path, "h264_25_mp4")
    path = _with_damaged_keyframe(clip, skip=40)
    with VideoDecoder(AccessRules(), str(path), threads=2) as decoder:
        decoder.frame_played_at(Fraction(1))
        assert decoder.first_broken is None
        decoder.frame_played_at(Fraction(5, 2))
        assert decoder.first_broken == 2


_ONE = 65536


def _with_matrix(clip: ClipInfo, folder: Path, matrix: tuple[int, int, int, int]) -> Path:
    """The mp4 with a, b, c, d of its track's display matrix replaced."""
    content = bytearray(clip.path.read_bytes())
    at = content.index(b"tkhd") + 44
    a, b, c, d = matrix
    struct.pack_into(">9i", content, at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path = folder / "turned.mp4"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("matrix", "upright"),
    [
        ((_ONE, 0, 0, _ONE), lambda stored: stored),
        ((0, _ONE, -_ONE, 0), lambda stored: np.rot90(stored, -1)),
        ((-_ONE, 0, 0, -_ONE), lambda stored: np.rot90(stored, 2)),
        ((-_ONE, 0, 0, _ONE), np.fliplr),
        ((_ONE, 0, 0, -_ONE), np.flipud),
        ((0, _ONE, _ONE, 0), np.transpose),
        ((0, 0, 0, 0), lambda stored: stored),
    ],
    ids=["none", "quarter", "half", "hflip", "vflip", "transposed", "zero"],
)
def test_mirrors_and_turns_give_the_picture_meant(
    clips: ClipLibrary,
    tmp_path: Path,
    matrix: tuple[int, int, int, int],
    upright: Callable[[Any], Any],
) -> None:
    clip = clips["h264_30_rotate90_mp4"]
    with av.open(str(clip.path)) as container:
        stored = next(container.decode(video=0)).to_ndarray(format="gray")
    with VideoDecoder(AccessRules(), str(_with_matrix(clip, tmp_path, matrix))) as decoder:
        frame = decoder.first_frame()
        seen = np.rot90(frame.array(0), -frame.rotation // 90)
        # The plane itself may lose the range that "gray" expands.
        wanted = upright(stored)
        assert seen.shape == wanted.shape
        assert np.corrcoef(seen.ravel(), wanted.ravel())[0, 1] > 0.999
        assert not [note for note in decoder.notes if "turn" in note]


@pytest.mark.parametrize(("angle", "turn"), [(1, 0), (30, 0), (89, 90), (271, 270), (359, 0)])
def test_other_angles_become_the_nearest_quarter_turn(
    clips: ClipLibrary, tmp_path: Path, angle: int, turn: int
) -> None:
    sine, cosine = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    a, b = round(cosine * _ONE), round(sine * _ONE)
    path = _with_matrix(clips["h264_30_rotate90_mp4"], tmp_path, (a, b, -b, a))
    with VideoDecoder(AccessRules(), str(path)) as decoder:
        assert decoder.first_frame().rotation == turn
        assert decoder.notes == [
            f"is to be turned by {angle} degrees, which is not a quarter turn: it is turned by "
            f"{turn}"
        ]


def test_the_first_jump_in_matroska_does_not_decode_all_before(
    clips: ClipLibrary,
) -> None:
    """Its index, at the end of the file, is read by the first seek."""
    clip = clips["h264_60_mkv"]
    with decoder_of(clip) as decoder:
        decoder.frame_played_at(Fraction(0))
        assert shown(decoder, Fraction(7, 2)) == (
            clip.file_id,
            expected_frame(clip, Fraction(7, 2)),
        )
        assert decoder.stats.seeks == 1
        assert decoder.stats.pictures_decoded < 60


class _FailingMedia:
    """A file that can be sought in, and read until ``error`` comes after ``packets``."""

    def __init__(self, media: Any, error: Exception, packets: int) -> None:
        self._media, self._error, self._packets = media, error, packets

    def __getattr__(self, name: str) -> Any:
        return getattr(self._media, name)

    def demux(self, *streams: Any) -> Iterator[Any]:
        for number, packet in enumerate(self._media.demux(*streams)):
            if number == self._packets:
                raise self._error
            yield packet


def _fail(decoder: VideoDecoder, error: Exception, packets: int) -> None:
    reader = decoder._packets
    reader._media = _FailingMedia(reader._media, error, packets)  # type: ignore[assignment]
    reader._reader = reader._read()


@pytest.mark.parametrize("time", [Fraction(1), Fraction(4, 1)], ids=["seek", "decode"])
def test_an_error_of_the_disk_is_no_damage(clips: ClipLibrary, time: Fraction) -> None:
    with decoder_of(clips["h264_30_mp4"]) as decoder:
        decoder.frame_played_at(Fraction(3))
        _fail(decoder, av.error.OSError(errno.EIO, "Input/output error"), 3)
        with pytest.raises(DecodeError, match="input/output error") as caught:
            decoder.frame_played_at(time)
        assert caught.value.exit_code == 1


@pytest.mark.parametrize("time", [Fraction(1), Fraction(4, 1)], ids=["seek", "decode"])
def test_a_file_that_breaks_off_is_damage(clips: ClipLibrary, time: Fraction) -> None:
    with decoder_of(clips["h264_30_mp4"]) as decoder:
        decoder.frame_played_at(Fraction(3))
        _fail(decoder, av.error.InvalidDataError(1, "Invalid data"), 3)
        decoder.frame_played_at(time)
        assert decoder.stats.broken_packets > 0


def test_another_size_midway_has_the_aspect_of_its_own(tmp_path: Path) -> None:
    joined = tmp_path / "joined.ts"
    parts = []
    for number, (size, aspect) in enumerate(
        [((320, 240), Fraction(4, 3)), ((480, 270), Fraction(1))]
    ):
        part = tmp_path / f"{number}.ts"
        track = VideoTrack(
            "mpeg2video",
            Fraction(25),
            size,
            options={"bf": "0", "g": "5"},
            ticks=range(25),
            sample_aspect_ratio=aspect,
        )
        pictures = [flat_planes("yuv420p", size, (90, 128, 128))] * 25
        write_movie(part, track, pictures, container_options={"output_ts_offset": str(number)})
        parts.append(part.read_bytes())
    joined.write_bytes(b"".join(parts))
    with VideoDecoder(AccessRules(), str(joined), threads=2) as decoder:
        first = decoder.frame_played_at(Fraction(0)).frame
        assert (first.width, first.sample_aspect_ratio) == (320, pytest.approx(4 / 3))
        second = decoder.frame_played_at(Fraction(3, 2)).frame
        assert (second.width, second.sample_aspect_ratio) == (480, pytest.approx(1))
        again = decoder.frame_played_at(Fraction(1, 2)).frame
        assert (again.width, again.sample_aspect_ratio) == (320, pytest.approx(4 / 3))


@pytest.mark.parametrize(("name", "codec", "format"), [
    ("picture.png", "png", "rgba"), ("picture.jpg", "mjpeg", "yuvj420p"),
    ("picture.gif", "gif", "rgb8"),
])  # fmt: skip
def test_a_picture_lasts_for_ever(name: str, codec: str, format: str, tmp_path: Path) -> None:
    pixels = np.full((36, 64, 4), (200, 40, 90, 255), np.uint8)
    if codec == "gif":
        path = tmp_path / name
        with av.open(str(path), "w") as output:
            stream = output.add_stream("gif", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 36, format
            frame = av.VideoFrame.from_ndarray(pixels, "rgba").reformat(format=format)
            output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    else:
        path = write_picture(tmp_path / name, pixels, codec, format)
    with VideoDecoder(AccessRules(), str(path)) as decoder:
        assert decoder.is_still
        assert decoder.duration is None
        for time in (Fraction(0), Fraction(1000), Fraction(3)):
            played = decoder.frame_played_at(time)
            assert not played.held
            assert (played.frame.width, played.frame.height) == (64, 36)
        assert decoder.stats.seeks == 0


_UPRIGHT: dict[int, Callable[[Any], Any]] = {
    1: lambda stored: stored,
    2: np.fliplr,
    3: lambda stored: np.rot90(stored, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored.T, 2),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", _UPRIGHT)
def test_a_photo_is_turned_by_what_its_exif_says(orientation: int, tmp_path: Path) -> None:
    pixels = np.full((40, 64, 3), 30, np.uint8)
    pixels[:16, :24] = 220
    content = write_picture(tmp_path / "plain.jpg", pixels, "mjpeg", "yuvj444p").read_bytes()
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0MM" + struct.pack(">HIH", 42, 8, 1) + entry + struct.pack(">I", 0)
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    path = tmp_path / "photo.jpg"
    path.write_bytes(content[:2] + segment + content[2:])
    with VideoDecoder(AccessRules(), str(path)) as decoder:
        photo = decoder.frame_played_at(Fraction(0)).frame
        seen = np.rot90(photo.array(0), -photo.rotation // 90)
        wanted = _UPRIGHT[orientation](pixels[:, :, 0])
        assert seen.shape == wanted.shape
        assert np.corrcoef(seen.ravel(), wanted.ravel())[0, 1] > 0.99
        assert decoder.notes == []


def test_reading_the_orientation_leaves_no_reference_cycle(clips: ClipLibrary) -> None:
    # Memory in a cycle comes back only when Python looks for cycles.
    with av.open(str(clips["h264_30_rotate90_mp4"].path)) as container:
        native = next(container.decode(video=0))
    gc.collect()
    assert orientation_of(native).rotation == 90
    del native
    assert gc.collect() == 0


def test_a_heic_picture_is_a_still_and_one_of_tiles_is_refused(tmp_path: Path) -> None:
    with VideoDecoder(AccessRules(), str(write_heic(tmp_path / "one.heic", [90]))) as decoder:
        assert decoder.is_still
        assert not decoder.frame_played_at(Fraction(1000)).held
        assert abs(float(decoder.first_frame().array(0).mean()) - 90) < 2
    tiled = write_heic(tmp_path / "tiled.heic", [40, 90, 140, 200])
    with pytest.raises(MediaOpenError, match="is a picture made of 4 tiles"):
        VideoDecoder(AccessRules(), str(tiled))


def test_a_movie_of_one_picture_is_no_still(tmp_path: Path) -> None:
    planes = flat_planes("yuv420p", (64, 48), (180, 90, 170))
    path = make_still(tmp_path / "one.mkv", planes, (64, 48), frames=1)
    with VideoDecoder(AccessRules(), str(path)) as decoder:
        assert not decoder.is_still
        assert decoder.frame_played_at(Fraction(5)).held


def test_the_alpha_of_vp9_is_read_also_after_a_jump(tmp_path: Path) -> None:
    path = tmp_path / "alpha.webm"
    options = {"auto-alt-ref": "0", "crf": "10", "g": "5", "deadline": "realtime", "cpu-used": "8"}
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libvpx-vp9", rate=25, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuva420p"
        for number in range(30):
            frame = av.VideoFrame(64, 48, "yuva420p")
            for plane, code in zip(frame.planes, (100, 90, 160, 8 * number), strict=True):
                plane.update(bytes([code]) * plane.buffer_size)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with VideoDecoder(AccessRules(), str(path)) as decoder:
        assert not decoder.notes
        for number in (0, 1, 2, 20, 21, 3, 29, 12):
            shown = decoder.frame_played_at(Fraction(number, 25)).frame
            assert shown.format.name == "yuva420p"
            assert abs(float(shown.array(3).mean()) - 8 * number) <= 2, number
            assert abs(float(shown.array(0).mean()) - 100) <= 2
        assert decoder.stats.seeks > 0
