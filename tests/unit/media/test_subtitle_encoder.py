"""Text tracks read back: every text and its times, in each container that can have them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction as F
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from edl2ffmpeg.errors import SettingsError
from edl2ffmpeg.frame import Colour
from edl2ffmpeg.media.audio_formats import audio_output
from edl2ffmpeg.media.formats import CONTAINERS, container_for, subtitle_codec, video_output
from edl2ffmpeg.media.frames import FramePool
from edl2ffmpeg.media.muxer import Muxer
from edl2ffmpeg.media.subtitle_encoder import packet_data, ticks_per_second, without_blank_lines
from edl2ffmpeg.media.verify import verify_frame_count
from edl2ffmpeg.plan.cues import Cue
from edl2ffmpeg.settings import RenderSettings
from edl2ffmpeg.timing import round_half_up
from helpers.subtitles import Shown, decoded_cues, stored_cues

FRAMES = 450
NTSC = F(30000, 1001)
NAMES = ("a.mp4", "a.m4v", "a.mov", "a.mkv", "a.webm")
PRESETS = {"libx264": "ultrafast", "libvpx-vp9": "realtime"}

# First and last frame, and text: from the first frame, back to back, far apart, to the end.
TEXTS = (
    (0, 20, "first"),
    (20, 21, "one frame"),
    (21, 40, "two\nlines"),
    (60, 77, "مرحبا بالعالم"),
    (77, 90, "नमस्ते दुनिया"),
    (400, 420, "字幕 자막 😀👩‍👩‍👧"),
    (430, 450, "the last"),
)


def cues(rate: F, texts: Sequence[tuple[int, int, str]] = TEXTS) -> list[Cue]:
    return [Cue(start / rate, end / rate, text) for start, end, text in texts]


def write(
    path: Path,
    rate: F,
    *tracks: Sequence[Cue],
    sound: bool = True,
    frames: int = FRAMES,
    codec: str | None = None,
) -> None:
    """A black movie with these text tracks."""
    container = container_for(path)
    codec = codec or container.video_codecs[0]
    settings = RenderSettings(codec=codec, preset=PRESETS.get(codec))
    output = video_output(settings, container, 64, 36, rate)
    pool = FramePool(64, 36, output.pixel_format, Colour())
    samples = 0
    audio = audio_output(settings, container) if sound else None
    with Muxer(path, container, output, audio=audio, subtitles=tracks) as muxer:
        for _ in range(frames):
            frame = pool.allocate()
            for index in range(3):
                frame.array(index)[:] = (128 if index else 16) << (output.pixel_format.depth - 8)
            muxer.write_frame(frame)
            wanted = muxer.audio_wanted_until - samples
            if wanted > 0:
                muxer.write_samples([np.zeros((wanted, 2), np.float32)])
                samples += wanted
        muxer.finish()


def rounded(wanted: Sequence[Cue]) -> list[Shown]:
    return [
        (round_half_up(cue.start * 1000), round_half_up(cue.end * 1000), cue.text) for cue in wanted
    ]


@pytest.mark.parametrize("sound", [True, False], ids=["sound", "silent"])
@pytest.mark.parametrize("name", NAMES)
def test_texts_and_times_come_back(tmp_path: Path, name: str, sound: bool) -> None:
    path = tmp_path / name
    write(path, NTSC, cues(NTSC), sound=sound)
    assert stored_cues(path) == decoded_cues(path) == rounded(cues(NTSC))
    verify_frame_count(path, FRAMES)


@pytest.mark.parametrize("rate", [F(24000, 1001), F(25), F(50), F(60000, 1001), F(7, 3)], ids=str)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_every_rate(tmp_path: Path, name: str, rate: F) -> None:
    path = tmp_path / name
    write(path, rate, cues(rate))
    assert stored_cues(path) == rounded(cues(rate))


@pytest.mark.parametrize("rate", [F(24000, 1001), F(25), NTSC, F(60000, 1001)], ids=str)
def test_times_in_mp4_are_exact(tmp_path: Path, rate: F) -> None:
    path = tmp_path / "a.mp4"
    write(path, rate, cues(rate))
    found = []
    with av.open(str(path)) as movie:
        for packet in movie.demux(subtitles=0):
            if packet.size > 2 and packet.pts is not None and packet.duration is not None:
                assert packet.time_base is not None
                times = (packet.pts, packet.pts + packet.duration)
                found.append(tuple(time * packet.time_base for time in times))
    assert found == [(cue.start, cue.end) for cue in cues(rate)]


def test_gaps_in_mp4_are_one_empty_sample(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write(path, F(25), cues(F(25), [(10, 20, "a"), (20, 30, "b"), (300, 310, "c")]))
    with av.open(str(path)) as movie:
        samples = [
            (packet.pts * packet.time_base * 25, bytes(packet)[2:].decode())
            for packet in movie.demux(subtitles=0)
            if packet.size and packet.pts is not None and packet.time_base is not None
        ]
    # FFmpeg ends the track with an empty sample that has no length; its demuxer may leave it out.
    assert samples[:5] == [(0, ""), (10, "a"), (20, "b"), (30, ""), (300, "c")]
    assert samples[5:] in ([], [(310, "")])


@pytest.mark.parametrize(
    ("name", "codec"),
    [*((name, None) for name in NAMES), ("b.mov", "prores_ks"), ("b.mkv", "ffv1")],
)
def test_packets_are_in_order_of_time(tmp_path: Path, name: str, codec: str | None) -> None:
    path = tmp_path / name
    texts = cues(F(25), [*((n, n + 5, str(n)) for n in range(0, 200, 40)), (400, 410, "late")])
    write(path, F(25), texts, cues(F(25)), codec=codec)
    assert (stored_cues(path, 0), stored_cues(path, 1)) == (rounded(texts), rounded(cues(F(25))))
    places: dict[float, int] = {}
    with av.open(str(path)) as movie:
        for packet in movie.demux():
            if packet.stream.type == "video" and packet.pos is not None and packet.dts is not None:
                places[round(float(packet.dts * packet.time_base), 3)] = packet.pos
    times = sorted(places)
    with av.open(str(path)) as movie:
        for packet in movie.demux(subtitles=0):
            if packet.size > 2 and packet.pts is not None and packet.pos is not None:
                time = float(packet.pts * packet.time_base)
                before = [places[at] for at in times if at < time - 1]
                after = [places[at] for at in times if at > time + 1]
                assert all(place < packet.pos for place in before)
                assert all(place > packet.pos for place in after)


@pytest.mark.parametrize("name", NAMES)
def test_several_tracks(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    other = cues(F(25), [(3, 9, "andere"), (200, 210, "Sprache")])
    write(path, F(25), cues(F(25)), other)
    assert stored_cues(path, 0) == rounded(cues(F(25)))
    assert stored_cues(path, 1) == rounded(other)
    with av.open(str(path)) as movie:
        marks = [bool(s.disposition & Disposition.default) for s in movie.streams.subtitles]
        assert marks == [True, False]
        assert all(stream.language in (None, "und") for stream in movie.streams.subtitles)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm"])
def test_the_same_cues_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    written = set()
    for folder in (tmp_path / "1", tmp_path / "2"):
        folder.mkdir()
        write(folder / name, F(25), cues(F(25)), frames=100)
        written.add((folder / name).read_bytes())
    assert len(written) == 1


SPECIAL = ["C:\\new\\Name", "{\\i1}no {style}", "a \\N b \\h c", "back\\", "1 < 2 & <3 > &amp;"]


@pytest.mark.parametrize("name", NAMES)
def test_letters_with_a_meaning_elsewhere(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    texts = cues(F(25), [(n * 10, n * 10 + 10, text) for n, text in enumerate(SPECIAL)])
    write(path, F(25), texts, frames=60)
    assert stored_cues(path) == rounded(texts)


def test_a_text_too_long_for_mp4_is_refused() -> None:
    cue = Cue(F(5), F(6), "ä" * 32_768)
    with pytest.raises(SettingsError) as caught:
        packet_data("mov_text", cue)
    assert str(caught.value) == (
        "the subtitle at 00:05.000 has 65536 bytes, of which mp4 and mov hold 65535; shorten it, "
        "or use --subtitles sidecar"
    )
    assert len(packet_data("subrip", cue)) == 65_536
    assert len(packet_data("mov_text", Cue(F(5), F(6), "x" * 65_535))) == 65_537


def test_lines_without_letters_do_not_end_a_text() -> None:
    assert without_blank_lines("a\n\n \nb\n\n") == "a\n\N{NO-BREAK SPACE}\n\N{NO-BREAK SPACE}\nb"


@pytest.mark.parametrize("rate", [F(24), F(24000, 1001), F(1), F(7, 3), F(999_983, 1000)])
def test_frames_are_whole_ticks(rate: F) -> None:
    ticks = ticks_per_second(rate)
    assert (ticks / rate).denominator == 1
    assert ticks >= 48_000


def test_containers_without_text_tracks_name_those_with() -> None:
    able = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip", "webm": "webvtt"}
    for container in CONTAINERS:
        if container.muxer in able:
            assert subtitle_codec(container) == able[container.muxer]
            continue
        with pytest.raises(SettingsError) as caught:
            subtitle_codec(container)
        assert str(caught.value) == (
            f"subtitles cannot be embedded in {container.muxer}, only in .mp4 .m4v .mov .mkv "
            ".webm; use one of these, or --subtitles sidecar or burn"
        )
