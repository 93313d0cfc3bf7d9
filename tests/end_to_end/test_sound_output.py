"""What is written: delays, lengths, joins, codecs and containers, loudness, limits, waveforms."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

import edl2ffmpeg
from edl2ffmpeg.cli import run
from edl2ffmpeg.errors import SettingsError
from helpers.edl_factory import audio_clip, document, generated, media, video_clip, write_edl
from helpers.sound import click_track, decode_sound, find_clicks, tone
from unit.audio.sound_writer import write_sound

RATE = 48_000
Json = dict[str, Any]
SMALL: Json = {"width": 64, "height": 36}
# Container and codec, and the sample rates that they take.
WAYS = [
    ("a.mp4", None), ("a.mp4", "opus"), ("a.mp4", "mp3"), ("a.mp4", "flac"), ("a.mp4", "ac3"),
    ("a.mov", "aac"), ("a.mov", "pcm16"), ("a.mov", "pcm24"), ("a.mov", "pcm32f"),
    ("a.mkv", None), ("a.mkv", "opus"), ("a.mkv", "mp3"), ("a.mkv", "flac"), ("a.mkv", "ac3"),
    ("a.mkv", "pcm24"), ("a.webm", None), ("a.ts", None), ("a.ts", "ac3"), ("a.ts", "mp3"),
    ("a.mxf", None), ("a.mxf", "pcm24"),
    ("a.wav", None), ("a.wav", "pcm24"), ("a.wav", "pcm32f"), ("a.m4a", None), ("a.flac", None),
    ("a.mp3", None), ("a.opus", None),
]  # fmt: skip
LOSSLESS = (".wav", ".flac", "pcm", "flac", ".mxf")


def movie(folder: Path, edl: Json, name: str = "a.mp4", **options: Any) -> Any:
    options.setdefault("overwrite", True)
    if Path(name).suffix in (".mp4", ".mov", ".mkv", ".ts"):
        options.setdefault("preset", "ultrafast")
    if Path(name).suffix == ".webm":
        options.setdefault("preset", "realtime")
    return edl2ffmpeg.render(write_edl(folder, edl), folder / name, **options)


def pictures(length: float) -> Json:
    return video_clip(generated("black", length), 0, length)


@pytest.mark.parametrize(("name", "codec"), WAYS)
def test_clicks_are_where_the_edit_puts_them(name: str, codec: str | None, tmp_path: Path) -> None:
    clicks = [4_000, 30_001, 70_555]
    path = write_sound(tmp_path / "c.wav", "pcm_f32le", click_track(90_000, clicks).T.copy())
    edl = document(
        pictures(2.52),
        # Twice, so that the second comes after a join.
        audio_clip(media(path, 0, 0.8), 0, 0.8),
        audio_clip(media(path, 0.4, 1.8), 0.8, 2.2),
        fps=25,
        **SMALL,
    )
    result = movie(tmp_path, edl, name, audio_codec=codec)
    sound_only = name.endswith((".wav", ".m4a", ".flac", ".mp3", ".opus"))
    assert result.frames == (0 if sound_only else 63)
    origin = None
    if sound_only:
        # What the file itself says is before its zero is its own delay.
        with av.open(str(result.output)) as opened:
            stream = opened.streams.audio[0]
            assert stream.time_base is not None
            origin = (stream.start_time or 0) * stream.time_base
    sound = decode_sound(result.output, origin)
    shift = round(0.4 * RATE)
    wanted = [4_000, 30_001, *(click + shift for click in clicks[1:])]
    found = find_clicks(sound.mono())
    assert len(found) == len(wanted)
    for at, centre in zip(found, wanted, strict=True):
        assert abs(at - centre) <= (0 if name.endswith(LOSSLESS) else 1)
    written = result.report["samples"]
    assert written == round(Fraction(63, 25) * RATE)
    length = sound.samples.shape[1]
    if name.endswith(LOSSLESS) or (codec or "").startswith(("pcm", "flac")):
        assert length == written
    else:
        assert 0 <= length - written <= 2304


def joins_of_a_tone(folder: Path, name: str, **options: Any) -> Any:
    path = write_sound(folder / "t.wav", "pcm_f32le", tone(RATE * 4, 1000).T.copy())
    cuts = [0, 0.501, 0.933, 1.4, 1.41, 2.2, 3.0, 3.3, 3.9]
    edl = document(
        pictures(4),
        *(audio_clip(media(path, a, b), a, b) for a, b in itertools.pairwise(cuts)),
        fps="30000/1001",
        **SMALL,
    )
    return decode_sound(movie(folder, edl, name, **options).output), cuts


@pytest.mark.parametrize(("name", "codec"), WAYS)
def test_no_click_at_a_join(name: str, codec: str | None, tmp_path: Path) -> None:
    sound, cuts = joins_of_a_tone(tmp_path, name, audio_codec=codec)
    mono = sound.mono().astype(np.float64)
    # A click is energy away from the tone: windows over the joins have no more than others.
    window = np.hanning(2048)
    far = np.ones(1025, bool)
    far[30:56] = False

    def stray(centre: int) -> float:
        spectrum = np.abs(np.fft.rfft(mono[centre - 1024 : centre + 1024] * window)) / 512
        assert spectrum[42:44].max() > 0.4
        return float(np.sqrt(np.sum(spectrum[far] ** 2)))

    plain = max(stray(round(at * RATE)) for at in (0.25, 1.8, 2.6))
    for cut in cuts[1:-1]:
        assert stray(round(cut * RATE)) <= max(2 * plain, 1e-4), cut


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.m4a", "a.mkv"])
def test_rates(name: str, rate: int, tmp_path: Path) -> None:
    clicks = [9_000, 40_000, 60_000]
    path = write_sound(tmp_path / "c.wav", "pcm_s24le", click_track(80_000, clicks).T.copy())
    edl = document(pictures(1.52), audio_clip(media(path, 0, 1.5), 0, 1.5), fps=25, **SMALL)
    result = movie(tmp_path, edl, name, audio_rate=rate)
    sound = decode_sound(result.output)
    assert (sound.rate, result.report["samples"]) == (rate, round(rate * Fraction(38, 25)))
    found = find_clicks(sound.mono())
    for at, click in zip(found, clicks, strict=True):
        assert abs(at - click * rate / RATE) <= 1


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.mp4", {"audio_codec": "vorbis"}, "there is no audio codec 'vorbis'; use one of aac, o"),
        ("a.webm", {"audio_codec": "aac"}, ".webm cannot hold aac here; it holds libopus, and aac"),
        ("a.mp3", {"audio_channels": 3}, "libmp3lame holds at most 2 channels, not 3"),
        ("a.opus", {"audio_rate": 44_100}, "libopus in .opus cannot store 44100 samples per sec"),
        ("a.mxf", {"audio_rate": 96_000}, "pcm_s16le in .mxf cannot store 96000 samples per sec"),
        ("a.wav", {"audio_bitrate": 128_000}, "pcm_s16le has no bit rate to set"),
        ("a.mp4", {"audio_bitrate": 9_000_000}, "--audio-bitrate 9000000 is outside 16000 to 5120"),
        (
            "a.mp3",
            {"audio_bitrate": 100_000},
            "libmp3lame at 48000 Hz with 2 channels has: 32000, 4",
        ),
        (
            "a.mp4",
            {"audio_codec": "ac3", "audio_bitrate": 32_000, "audio_channels": 6},
            "--audio-bitrate 32000 is outside 64000 to 640000, which ac3 at 48000 Hz with 6 c",
        ),
        ("a.m4a", {"audio_bitrate": 512_000, "audio_rate": 8_000}, "outside 16000 to 96000, which"),
        ("a.wav", {"audio_tracks": "separate"}, ".wav holds one audio track, and the EDL has 2"),
        ("a.wav", {"codec": "libx264"}, ".wav holds sound alone; leave --codec out, or use --aud"),
        ("a.flac", {"crf": 20}, ".flac holds sound alone; leave --crf out"),
        ("a.wav", {"audio": False}, ".wav holds sound alone, but --no-audio asks for none"),
        ("a.wav", {"subtitles": "embed"}, "subtitles cannot be embedded in wav"),
        ("a.mp4", {"audio_channels": 17}, "audio_channels must be a whole number from 1 to 16"),
        ("a.mp4", {"loudness": 3}, "loudness must be a number from -70 to 0, found 3"),
        ("a.mp4", {"peak_limit": float("nan")}, "peak_limit must be a finite number, found nan"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    name: str, options: Json, words: str, tmp_path: Path
) -> None:
    edl = document(
        pictures(1),
        audio_clip(generated("testpattern", 1), 0, 1),
        audio_clip(generated("testpattern", 1), 0, 1, 2),
        **SMALL,
    )
    with pytest.raises(SettingsError) as caught:
        options = {"preset": None, **options}
        movie(tmp_path, edl, name, **options)
    assert words in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"cut.json"}


def test_sound_alone_needs_an_audio_track(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds sound alone, but the EDL has no audio track"):
        movie(tmp_path, document(pictures(1), **SMALL), "a.wav")


def speech(folder: Path, peak: float = 0.5) -> Path:
    """Bursts of noise of different strength."""
    rng = np.random.default_rng(9)
    envelope = np.repeat(rng.uniform(0.05, 1, 80), RATE // 10)
    sound = rng.standard_normal((len(envelope), 2)) * 0.2 * envelope[:, None]
    return write_sound(
        folder / "speech.wav", "pcm_f32le", np.clip(sound, -peak, peak).astype(np.float32)
    )


@pytest.mark.parametrize("target", [-23, -14, -31.5])
def test_loudness_is_brought_to_the_target(target: float, tmp_path: Path) -> None:
    edl = document(audio_clip(media(speech(tmp_path), 0, 8), 0, 8), **SMALL)
    plain = movie(tmp_path, edl, "p.wav", audio_codec="pcm32f").report["sound"]
    assert (plain["gain_db"], plain["measured"]) == (0, None)
    report = movie(tmp_path, edl, "n.wav", audio_codec="pcm32f", loudness=target).report["sound"]
    (stream,) = report["streams"]
    assert stream["integrated_lufs"] == pytest.approx(target, abs=0.02)
    before = report["measured"]["integrated_lufs"]
    assert before == plain["streams"][0]["integrated_lufs"]
    assert report["gain_db"] == pytest.approx(target - before, abs=0.02)
    gain = 10 ** ((target - before) / 20)
    loud, soft = (decode_sound(tmp_path / name).samples for name in ("n.wav", "p.wav"))
    assert np.abs(loud - soft * gain).max() <= 2e-3 * gain


def test_the_peak_limit_holds_and_nothing_else_changes(tmp_path: Path) -> None:
    edl = document(audio_clip(media(speech(tmp_path), 0, 8), 0, 8), **SMALL)
    plain = movie(tmp_path, edl, "p.wav", audio_codec="pcm32f")
    (stream,) = plain.report["sound"]["streams"]
    assert stream["true_peak_dbtp"] > -5
    limited = movie(tmp_path, edl, "l.wav", audio_codec="pcm32f", peak_limit=-9)
    (stream,) = limited.report["sound"]["streams"]
    assert stream["true_peak_dbtp"] <= -9
    before, after = (decode_sound(tmp_path / name).samples for name in ("p.wav", "l.wav"))
    assert after.shape == before.shape
    # Turned down, never up or round, and both channels alike.
    ratio = after / np.where(before == 0, 1, before)
    assert ratio.max() <= 1 + 1e-6
    assert ratio[before != 0].min() > 0.2
    high = movie(tmp_path, edl, "h.wav", audio_codec="pcm32f", peak_limit=0)
    assert np.array_equal(decode_sound(high.output).samples, before)


def test_loudness_and_limit_together(tmp_path: Path) -> None:
    edl = document(audio_clip(media(speech(tmp_path, 2.0), 0, 8), 0, 8), **SMALL)
    report = movie(tmp_path, edl, "n.wav", loudness=-9, peak_limit=-1).report
    (stream,) = report["sound"]["streams"]
    assert stream["true_peak_dbtp"] <= -1
    assert stream["clipped_samples"] == 0
    assert report["warnings"] == []


def test_separate_tracks_keep_their_balance(tmp_path: Path) -> None:
    path = speech(tmp_path)
    edl = document(
        pictures(2),
        audio_clip(media(path, 0, 2), 0, 2),
        audio_clip(generated("testpattern", 2), 0, 2, 5),
        **SMALL,
    )
    options = {"audio_tracks": "separate", "audio_codec": "pcm32f"}
    plain = movie(tmp_path, edl, "p.mov", **options)
    loud = movie(tmp_path, edl, "n.mov", loudness=-30, **options)
    with av.open(str(loud.output)) as opened:
        assert len(opened.streams.audio) == 2
    gain = 10 ** (loud.report["sound"]["gain_db"] / 20)
    for track in (0, 1):
        before, after = (decode_sound(r.output, track=track).samples for r in (plain, loud))
        assert np.abs(after - before * gain).max() <= 2e-3 * gain


def test_silence_keeps_its_loudness_and_says_so(tmp_path: Path) -> None:
    edl = document(pictures(1), audio_clip(generated("black", 1), 0, 1), **SMALL)
    result = movie(tmp_path, edl, loudness=-23)
    assert result.warnings == (
        "the sound is silent, or too short to measure; its loudness stays as it is",
    )
    (stream,) = result.report["sound"]["streams"]
    assert (stream["integrated_lufs"], stream["true_peak_dbtp"]) == (None, None)
    silent = movie(tmp_path, document(pictures(1), **SMALL), loudness=-23)
    assert silent.warnings == ("there is no sound; the loudness asked for has no effect",)
    assert silent.report["sound"] is None


def test_clipping_is_told_with_its_first_time(tmp_path: Path) -> None:
    samples = np.full((RATE * 2, 2), 0.25, np.float32)
    samples[60_000:60_010, 1] = -0.75
    path = write_sound(tmp_path / "s.wav", "pcm_f32le", samples)
    edl = document(
        pictures(2),
        audio_clip(media(path, 0, 2), 0, 2, 1),
        audio_clip(media(path, 0, 2), 0, 2, 2),
        **SMALL,
    )
    result = movie(tmp_path, edl)
    assert result.warnings == (
        "the sound is louder than full scale in 10 samples, the first at 1.25 s, by up to 3.5 dB; "
        "lower the sources, or use --peak-limit -1",
    )
    (stream,) = result.report["sound"]["streams"]
    assert (stream["clipped_samples"], stream["first_clipped_seconds"]) == (10, 1.25)
    assert movie(tmp_path, edl, peak_limit=-1).warnings == ()


@pytest.mark.parametrize("fps", ["24000/1001", "25"])
def test_sound_alone_is_the_movies_sound(fps: str, tmp_path: Path) -> None:
    edl = document(
        pictures(3), audio_clip(media(speech(tmp_path), 0, 2.9), 0.1, 3), fps=fps, **SMALL
    )
    options = {"audio_codec": "pcm24", "start": "0.5", "end": "2.5"}
    whole = movie(tmp_path, edl, "a.mov", **options)
    alone = movie(tmp_path, edl, "a.wav", **options)
    one, other = (decode_sound(result.output).samples for result in (whole, alone))
    assert np.array_equal(one, other)
    assert alone.report["samples"] == whole.report["samples"] == one.shape[1]


def test_sound_at_another_speed_can_follow_as_a_tape(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "t.wav", "pcm_f32le", tone(RATE * 4, 1000).T.copy())
    edl = document(audio_clip(media(path, 0, 3, speed=1.5), 0, 2), **SMALL)
    heard = decode_sound(
        movie(tmp_path, edl, "r.wav", audio_codec="pcm32f", audio_speed="resample").output
    ).mono()
    wanted = 0.5 * np.sin(2 * np.pi * 1500 * np.arange(2 * RATE) / RATE)
    inside = slice(100, -100)
    assert np.abs(heard[inside] - wanted[inside]).max() <= 1e-4


def test_motion_bends_the_time_of_sound(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "t.wav", "pcm_f32le", click_track(RATE * 6, [RATE * 3]).T.copy())
    shifted = audio_clip(media(path, 0, 1), 0, 1, motion={"offset": 2.5})
    points = [
        {"dstTime": 0, "srcTime": 3.5}, {"dstTime": 1, "srcTime": 2.5},
        {"dstTime": 1.5, "srcTime": 2.5}, {"dstTime": 2, "srcTime": 3.5},
    ]  # fmt: skip
    # Three points at a time of a Bézier piece would be read as a curve: add one.
    points.append({"dstTime": 2.5, "srcTime": 4})
    bent = audio_clip(media(path, 0, 2.5), 1, 3.5, motion={"bezier": points})
    edl = document(shifted, bent, fps=25, **SMALL)
    heard = decode_sound(movie(tmp_path, edl, "m.wav", audio_codec="pcm32f").output).mono()
    # Backwards over it, a rest, and over it again at twice the speed.
    assert find_clicks(heard) == [RATE // 2, RATE + RATE // 2, RATE * 2 + RATE * 3 // 4]
    assert np.abs(heard[RATE * 2 + 500 : RATE * 5 // 2 - 500]).max() == 0


def test_the_command_tells_loudness(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edl = document(audio_clip(media(speech(tmp_path), 0, 8), 0, 8), **SMALL)
    path = write_edl(tmp_path, edl)
    out = str(tmp_path / "n.wav")
    assert run([str(path), out, "--loudness", "-23", "--peak-limit", "-1"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"{out}: 8.00 s, made in ")
    assert lines[1].startswith(f"{out}: sound: -23.0 LUFS, true peak -")
    assert lines[1].endswith(" dB")


def test_progress_of_sound_alone_and_of_measuring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edl = document(audio_clip(media(speech(tmp_path), 0, 8), 0, 8), fps=25, **SMALL)
    path = write_edl(tmp_path, edl)
    args = [str(path), str(tmp_path / "n.wav"), "--loudness", "-23", "--progress", "json", "-q"]
    assert run(args) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["stage"] for event in events} == {"measuring sound", "writing sound"}
    assert events[-1]["frames_done"] == events[-1]["frames_total"] == 200


def test_waveform(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loud = np.zeros((RATE * 4, 2), np.float32)
    loud[: RATE * 2, 0] = 0.5
    loud[RATE * 2 :, 1] = -1.5
    path = write_sound(tmp_path / "s.wav", "pcm_f32le", loud)
    edl = document(audio_clip(media(path, 0, 2), 0, 2), audio_clip(media(path, 2, 4), 2, 4))
    out = tmp_path / "wave.png"
    args = ["waveform", str(write_edl(tmp_path, edl)), str(out), "--width", "400"]
    assert run(args) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("edl2ffmpeg: warning: the sound is louder than full scale in 96000")
    picture = np.asarray(Image.open(out).convert("RGB")).astype(int)
    is_red = (picture[:, :, 0] > 200) & (picture[:, :, 1] < 120) & (picture[:, :, 2] < 120)
    is_blue = (picture[:, :, 2] > 180) & (picture[:, :, 0] < 140)
    red, blue = np.flatnonzero(is_red.any(axis=0)), np.flatnonzero(is_blue.any(axis=0))
    # Left half: the left channel; right half: clipping in the right one.
    left = 28 + 58
    assert (blue.min(), blue.max()) == (left, left + 199)
    assert (red.min(), red.max()) == (left + 200, left + 399)
    assert run(args) == 2
    assert "exists already; add --overwrite" in capsys.readouterr().err
    silent = write_edl(tmp_path, document(pictures(1)), "silent.json")
    assert run(["waveform", str(silent), str(tmp_path / "b.png")]) == 2
    assert "no clip is on an audio track" in capsys.readouterr().err
    assert not (tmp_path / "b.png").exists()


def test_gains_of_channels_that_are_not_there_are_told(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "s.wav", "pcm_s16le", np.zeros((RATE, 1), np.float32))
    edl = document(
        audio_clip(media(path, 0, 1), 0, 1, channelMap={"1": {"1": 1, "4": 1}, "2": 0.5}), **SMALL
    )
    result = movie(tmp_path, edl, "a.wav")
    assert sorted(result.warnings) == [
        "clips[0].channelMap: output channel 4 has no effect: the movie has 2; see "
        "--audio-channels",
        "clips[0].channelMap: source channel 2 has no effect: the source has 1 channel",
    ]
    four = movie(tmp_path, edl, "a.wav", audio_channels=4)
    assert [text for text in four.warnings if "output" in text] == []


@pytest.mark.parametrize(
    ("name", "codec", "counts"),
    [
        ("a.opus", None, (3, 4, 5, 6, 7, 8, 9, 12)),
        ("a.mp4", "opus", (5, 7)),
        ("a.m4a", None, (3, 4, 5, 6, 7, 8)),
        ("a.flac", None, (3, 4, 5, 6, 7, 8)),
        ("a.mkv", "ac3", (3, 4, 5, 6)),
        ("a.mov", "pcm24", (4, 8, 13, 16)),
        ("a.mkv", "pcm32f", (5, 16)),
    ],
)
def test_every_channel_comes_back_where_it_was(
    name: str, codec: str | None, counts: tuple[int, ...], tmp_path: Path
) -> None:
    """One channel after the other has the sound; low enough for those of low frequencies."""
    path = write_sound(tmp_path / "t.wav", "pcm_f32le", tone(RATE, 100, channels=1).T.copy())
    for count in counts:
        clips = [
            audio_clip(
                media(path, 0, 0.2),
                round(index * 0.2, 1),
                round(index * 0.2 + 0.2, 1),
                channelMap={"1": {str(index + 1): 0.5}},
            )
            for index in range(count)
        ]
        edl = document(pictures(round(count * 0.2, 1)), *clips, fps=25, **SMALL)
        result = movie(tmp_path, edl, name, audio_codec=codec, audio_channels=count)
        heard = decode_sound(result.output).samples
        assert heard.shape[0] == count
        for index in range(count):
            part = heard[:, round((index * 0.2 + 0.05) * RATE) : round((index * 0.2 + 0.15) * RATE)]
            assert int(np.square(part).sum(axis=1).argmax()) == index, (count, index)


def test_stems_can_be_told_apart(tmp_path: Path) -> None:
    edl = document(
        pictures(1),
        audio_clip(generated("testpattern", 1), 0, 1, 2),
        audio_clip(generated("testpattern", 1), 0, 1, 7),
        **SMALL,
    )
    for name, key in (("a.mp4", "handler_name"), ("a.mov", "handler_name"), ("a.mkv", "title")):
        result = movie(tmp_path, edl, name, audio_tracks="separate")
        with av.open(str(result.output)) as opened:
            names = [stream.metadata.get(key) for stream in opened.streams.audio]
        assert names == ["audio track 2", "audio track 7"], name


def test_what_lacks_sound_is_named(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "s.wav", "pcm_s16le", np.full((RATE * 4, 1), 0.25, np.float32))
    edl = document(
        audio_clip(media(path, 0, 4), 0, 4),
        audio_clip(media(path, 0, 2), 4, 6, transition={"duration": 1}),
        **SMALL,
    )
    (warning,) = movie(tmp_path, edl, "a.wav").warnings
    assert warning.endswith(
        "ends 1 s before the crossfade to the next clip does; silence takes its place"
    )
    points = [{"dstTime": 0, "srcTime": 3.5}, {"dstTime": 1, "srcTime": 5.5}]
    bent = audio_clip(media(path, 0, 1), 0, 1, motion={"bezier": points})
    (warning,) = movie(tmp_path, document(bent, **SMALL), "a.wav").warnings
    assert "ends 0.7" in warning
    assert "before the clip does" in warning


def test_loudness_that_the_limit_prevents_is_told(tmp_path: Path) -> None:
    edl = document(audio_clip(media(speech(tmp_path), 0, 8), 0, 8), **SMALL)
    (warning,) = movie(tmp_path, edl, "a.wav", loudness=-5, peak_limit=-20).warnings
    assert "LUFS and not to -5, because its peaks are limited" in warning
