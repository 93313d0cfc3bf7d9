"""Reading sound: exact places in every container, wherever reading begins."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edl2ffmpeg.errors import MediaOpenError
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_decoder import AudioDecoder
from edl2ffmpeg.timeline.model import StreamKind, StreamSelector
from helpers.sound import click_track, find_clicks
from unit.audio.sound_writer import Samples, noise, ramp, write_sound

A1 = StreamSelector(StreamKind.AUDIO)
RATE = 48000
BESIDE = Fraction(0)  # a picture that starts with the sound


def opened(path: Path, **options: Any) -> AudioDecoder:
    return AudioDecoder(AccessRules(), str(path), A1, **options)


def read_all(decoder: AudioDecoder, count: int, block: int = 8192) -> Samples:
    parts = [decoder.read(at, min(block, count - at)) for at in range(0, count, block)]
    return np.concatenate(parts)


@dataclass(frozen=True)
class Shape:
    """A file to be read here and there; ``tolerance`` is what its codec may differ by."""

    name: str
    codec: str
    rate: int = RATE
    video_start: Fraction | None = None
    tolerance: float = 0.0
    options: dict[str, str] = field(default_factory=dict)
    seconds: float = 6
    channels: int = 2

    def write(self, folder: Path) -> Path:
        return write_sound(
            folder / self.name,
            self.codec,
            noise(self.seconds, self.rate, self.channels),
            self.rate,
            video_start=self.video_start,
            options=self.options,
        )


# FFmpeg's AAC encoder may ask the decoder for its own noise, which no two decoders repeat.
NO_NOISE = {"aac_pns": "0"}
SHAPES = [
    Shape("pcm.wav", "pcm_s16le"),
    Shape("pcm44.wav", "pcm_s16le", 44100),
    Shape("u8.wav", "pcm_u8", 8000),
    Shape("float.wav", "pcm_f32le", 192000, seconds=3),
    # FFmpeg seeks in these by the header's bytes per second, which is not exact.
    Shape("ms.wav", "adpcm_ms", 22050),
    Shape("ima.wav", "adpcm_ima_wav", 44100),
    Shape("mono.wav", "adpcm_ima_wav", 44100, channels=1),
    Shape("ima.w64", "adpcm_ima_wav", 44100),
    Shape("g722.wav", "g722", 16000, channels=1),
    Shape("vbr.wav", "libmp3lame", 44100, options={"q": "3"}),
    Shape("noxing.mp3", "libmp3lame", 44100, options={"q": "3", "write_xing": "0"}),
    Shape("pcm.mov", "pcm_s24le", video_start=BESIDE),
    Shape("pcm.mkv", "pcm_s16le", video_start=BESIDE),
    Shape("flac.flac", "flac"),
    Shape("flac96.flac", "flac", 96000),
    Shape("flac.mkv", "flac", 44100, video_start=BESIDE),
    Shape("aac.m4a", "aac", options=NO_NOISE),
    Shape("aac22.m4a", "aac", 22050, options=NO_NOISE),
    Shape("aac.mp4", "aac", video_start=BESIDE, options=NO_NOISE),
    Shape("aac.mkv", "aac", video_start=BESIDE, options=NO_NOISE),
    Shape("aac44.mkv", "aac", 44100, video_start=BESIDE, options=NO_NOISE),
    Shape("aac.ts", "aac", video_start=BESIDE, options=NO_NOISE),
    Shape("aac44.ts", "aac", 44100, video_start=BESIDE, options=NO_NOISE),
    Shape("aac.aac", "aac", options=NO_NOISE),
    Shape("cbr.mp3", "libmp3lame"),
    Shape("vbr.mp3", "libmp3lame", 44100, options={"q": "3"}),
    Shape("mp3.mkv", "libmp3lame", 44100),
    Shape("mp3.avi", "libmp3lame", video_start=BESIDE),
    Shape("mp2.ts", "mp2"),
    Shape("vorbis.ogg", "vorbis", options={"strict": "-2"}),
    Shape("vorbis.mkv", "vorbis", video_start=BESIDE, options={"strict": "-2"}),
    # Opus's filters forget slowly; -90 dB after the preroll.
    Shape("opus.ogg", "libopus", tolerance=3e-5),
    Shape("opus.mkv", "libopus", video_start=BESIDE, tolerance=3e-5),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sound")


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_reading_anywhere_equals_reading_from_the_start(shape: Shape, folder: Path) -> None:
    count = int(shape.seconds * RATE) + 3000
    choose = random.Random(shape.name)
    with opened(shape.write(folder)) as decoder:
        whole = read_all(decoder, count)
        assert decoder.end_sample is not None
        assert abs(decoder.end_sample - shape.seconds * RATE) < 3000
        # A resampling filter rings on for half its length.
        assert not whole[
            decoder.end_sample + (20 * RATE // min(shape.rate, RATE) if shape.rate != RATE else 0) :
        ].any()
        for _ in range(10):
            start = choose.randrange(count - 3000)
            part = decoder.read(start, choose.randrange(1, 3000))
            assert np.abs(part - whole[start : start + len(part)]).max() <= shape.tolerance
        assert decoder.damaged_packets == 0


EXACT = ("pcm.wav", "flac.flac", "pcm.mkv", "pcm.mov")


@pytest.mark.parametrize("name", EXACT)
def test_lossless_sound_is_the_sound_written(name: str, tmp_path: Path) -> None:
    codec = "flac" if "flac" in name else "pcm_s16le"
    wanted = ramp(3 * RATE)
    video = None if name.endswith(("wav", "flac")) else BESIDE
    path = write_sound(tmp_path / name, codec, wanted, video_start=video)
    with opened(path) as decoder:
        assert np.array_equal(decoder.read(0, 3 * RATE), wanted)
        assert np.array_equal(decoder.read(70001, 5000), wanted[70001:75001])
        assert not decoder.read(-500, 400).any()
        assert np.array_equal(decoder.read(-100, 300)[100:], wanted[:200])
        assert not decoder.read(3 * RATE, 400).any()
        assert decoder.end_sample == 3 * RATE
        assert decoder.start_sample == 0


@pytest.fixture(scope="module")
def whole_reads(folder: Path) -> Iterator[dict[str, tuple[AudioDecoder, Samples]]]:
    found: dict[str, tuple[AudioDecoder, Samples]] = {}
    for shape in SHAPES:
        if shape.name in ("pcm44.wav", "flac.flac", "aac.mp4"):
            decoder = opened(shape.write(folder))
            parts = [decoder.read(-2000, 2000), read_all(decoder, 7 * RATE)]
            found[shape.name] = (decoder, np.concatenate(parts))
    yield found
    for decoder, _ in found.values():
        decoder.close()


@pytest.mark.parametrize("name", ["pcm44.wav", "flac.flac", "aac.mp4"])
@settings(max_examples=40, deadline=None)
@given(start=st.integers(-2000, 6 * RATE), count=st.integers(0, 9000))
def test_any_read_is_a_slice_of_the_whole(
    whole_reads: dict[str, tuple[AudioDecoder, Samples]], name: str, start: int, count: int
) -> None:
    decoder, whole = whole_reads[name]
    wanted = whole[start + 2000 : start + 2000 + count]
    assert np.array_equal(decoder.read(start, count), wanted)


CLICKS = (12000, 30001, 47999, 90123)


@pytest.mark.parametrize(
    ("name", "codec", "allowed"),
    [
        ("c.wav", "pcm_s16le", 0),
        ("c.m4a", "aac", 0),
        ("c.mp4", "aac", 0),
        ("c.mkv", "libopus", 1),
        ("c.ogg", "libopus", 1),
        ("c.mp3", "libmp3lame", 0),
        ("c.flac", "flac", 0),
    ],
)
def test_priming_is_taken_off(name: str, codec: str, allowed: int, tmp_path: Path) -> None:
    sound = np.ascontiguousarray(click_track(2 * RATE, CLICKS).T)
    video = BESIDE if name == "c.mp4" else None
    path = write_sound(tmp_path / name, codec, sound, video_start=video, options={"b": "192000"})
    with opened(path) as decoder:
        found = find_clicks(decoder.read(0, 2 * RATE)[:, 0])
        near = decoder.read(CLICKS[3] - 100, 200)
    assert len(found) == len(CLICKS)
    assert max(abs(a - b) for a, b in zip(found, CLICKS, strict=True)) <= allowed
    assert abs(find_clicks(near[:, 0])[0] - 100) <= allowed


@pytest.mark.parametrize("name", ["o.mov", "o.mp4", "o.mkv", "o.ts"])
@pytest.mark.parametrize(
    ("sound_start", "picture_start"),
    [(Fraction(1, 3), Fraction(0)), (Fraction(0), Fraction(2, 5)), (Fraction(7, 5), Fraction(1))],
)
def test_the_offset_to_the_picture_is_kept(
    name: str, sound_start: Fraction, picture_start: Fraction, tmp_path: Path
) -> None:
    codec = {"o.mov": "pcm_s16le", "o.mkv": "flac"}.get(name, "aac")
    sound = np.ascontiguousarray(click_track(2 * RATE, CLICKS).T)
    path = write_sound(tmp_path / name, codec, sound, start=sound_start, video_start=picture_start)
    # Matroska stamps in milliseconds, and TS has no place for the encoder's priming.
    allowed = {"o.mkv": 48}.get(name, 1)
    shift = round((sound_start - picture_start) * RATE)
    with opened(path) as decoder:
        found = find_clicks(decoder.read(0, 4 * RATE)[:, 0])
    wanted = [click + shift for click in CLICKS if click + shift > 100]
    assert len(found) == len(wanted)
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= allowed


def test_a_hole_is_silence_of_its_length(tmp_path: Path) -> None:
    hole = (RATE // 1024 * 1024, RATE // 1024 * 1024 + 10240)
    sound = ramp(3 * RATE) + np.float32(2**-15)
    wanted = sound.copy()
    wanted[hole[0] : hole[1]] = 0
    for name in ("hole.nut", "hole.mkv"):
        path = write_sound(tmp_path / name, "pcm_s16le", sound, skip=hole, video_start=BESIDE)
        with opened(path) as decoder:
            assert np.array_equal(decoder.read(0, 3 * RATE), wanted), name
            assert np.array_equal(decoder.read(50000, 20000), wanted[50000:70000]), name


@pytest.mark.parametrize("name", ["broken.mkv", "broken.mp4", "broken.ts", "broken.mp3"])
def test_damaged_packets_are_silence_and_never_a_shift(name: str, tmp_path: Path) -> None:
    clicks = (20000, 400000, 480000, 560000)
    sound = np.ascontiguousarray(click_track(12 * RATE, clicks).T)
    sound += noise(12)[: len(sound)] * np.float32(0.2)
    codec = "libmp3lame" if name.endswith("mp3") else "aac"
    path = write_sound(tmp_path / name, codec, sound, options=NO_NOISE if codec == "aac" else {})
    content = bytearray(path.read_bytes())
    middle = len(content) // 3
    content[middle : middle + 3500] = bytes(3500)
    path.write_bytes(content)
    priming = 1024 if name.endswith("ts") else 0
    with opened(path) as decoder:
        heard = read_all(decoder, 12 * RATE)
        assert decoder.damaged_packets > 0
        assert decoder.first_damage is not None and 2 < decoder.first_damage < 6
        again = decoder.read(470000, 20000)
    found = find_clicks(heard[:, 0], 0.5)
    assert [click + priming for click in clicks] == found
    assert [point + 470000 for point in find_clicks(again[:, 0], 0.5)] == [480000 + priming]


def test_mono_goes_to_both_and_more_channels_are_mixed_down(tmp_path: Path) -> None:
    mono = noise(1, channels=1)
    with opened(write_sound(tmp_path / "mono.wav", "pcm_s16le", mono)) as decoder:
        heard = decoder.read(0, RATE)
        assert np.array_equal(heard[:, :1], mono[:RATE])
        assert np.array_equal(heard[:, 0], heard[:, 1])
    six = noise(1, channels=6)
    path = write_sound(tmp_path / "six.wav", "pcm_s16le", six)
    half = np.sqrt(0.5)
    left = six[:RATE, 0] + half * six[:RATE, 2] + half * six[:RATE, 4]
    right = six[:RATE, 1] + half * six[:RATE, 2] + half * six[:RATE, 5]
    with opened(path) as decoder:
        assert np.abs(decoder.read(0, RATE) - np.stack([left, right], 1)).max() <= 1e-6
    with opened(path, average_channels=True) as decoder:
        mean = six[:RATE].astype(np.float64).mean(axis=1)
        assert np.abs(decoder.read(0, RATE) - mean[:, None]).max() <= 1e-6


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 88200, 96000])
def test_other_rates_keep_time_pitch_and_level(rate: int, tmp_path: Path) -> None:
    time = np.arange(rate * 2)[:, None] / rate
    sine = (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    path = write_sound(tmp_path / "tone.wav", "pcm_f32le", np.repeat(sine, 2, 1), rate)
    with opened(path) as decoder:
        heard = decoder.read(RATE, 20000)
    wanted = 0.5 * np.sin(2 * np.pi * 440 * (RATE + np.arange(20000)) / RATE)
    assert np.abs(heard[:, 0] - wanted).max() < 1e-3


def test_rate_and_channels_may_change_on_the_way(tmp_path: Path) -> None:
    one = write_sound(tmp_path / "one.aac", "aac", noise(2))
    two = write_sound(tmp_path / "two.aac", "aac", noise(2, 24000, channels=1), 24000)
    both = tmp_path / "both.aac"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    with opened(both) as decoder:
        heard = read_all(decoder, 5 * RATE)
        assert decoder.end_sample is not None and abs(decoder.end_sample - 4 * RATE) < 5000
    assert heard[RATE].any() and heard[3 * RATE].any()
    assert np.array_equal(heard[3 * RATE :, 0], heard[3 * RATE :, 1])


def test_reading_forward_never_seeks(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "long.m4a", "aac", noise(8))
    with opened(path) as decoder:
        read_all(decoder, 7 * RATE)
        decoder.read(7 * RATE + 40000, 10)
        assert decoder.seeks == 0
        decoder.read(RATE, 10)
        assert decoder.seeks == 1


def test_reading_far_beyond_the_end_is_silence_and_tells_the_end(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "short.m4a", "aac", noise(4))
    with opened(path) as decoder:
        assert not decoder.read(500 * RATE, 100).any()
        assert decoder.end_sample is not None and abs(decoder.end_sample - 4 * RATE) < 1100
        assert decoder.duration is not None and abs(decoder.duration - 4) < Fraction(1, 40)
        assert decoder.read(RATE, 100).any()


def test_a_stream_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = str(write_sound(tmp_path / "one.mp4", "aac", noise(1), video_start=BESIDE))
    with pytest.raises(MediaOpenError, match=r"no stream A2 \(it holds V1, A1\)"):
        AudioDecoder(AccessRules(), path, StreamSelector(StreamKind.AUDIO, 2))
    with pytest.raises(MediaOpenError, match="V1 is a picture"):
        AudioDecoder(AccessRules(), path, StreamSelector(StreamKind.VIDEO, 1))


def test_a_closed_decoder_says_so(tmp_path: Path) -> None:
    decoder = opened(write_sound(tmp_path / "closed.wav", "pcm_s16le", noise(1)))
    decoder.close()
    decoder.close()
    with pytest.raises(ValueError, match="closed"):
        decoder.read(0, 1)
