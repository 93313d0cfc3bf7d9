"""Sound of finished movies: clicks at their sample, offsets kept, fades by the formula."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.edl_factory import audio_clip, document, generated, media, video_clip
from helpers.rendering import render_edl
from helpers.sound import decode_sound, find_clicks, level_db, make_sound, tone

RATE = 48_000
CONTAINERS = ["movie.mp4", "movie.mov", "movie.mkv", "movie.ts", "movie.webm", "movie.mxf"]
SMALL: dict[str, Any] = {"width": 64, "height": 36}


def clicks_of(movie: Path) -> list[int]:
    return find_clicks(decode_sound(movie).mono())


def assert_close(found: list[int], expected: list[int], tolerance: int = 1) -> None:
    assert len(found) == len(expected), (found, expected)
    assert all(abs(a - b) <= tolerance for a, b in zip(found, expected, strict=True)), (
        found,
        expected,
    )


def sound_options(name: str) -> dict[str, Any]:
    """MXF and WebM codecs have no ``ultrafast``; MXF's has few frame rates."""
    options: dict[str, Any] = {"audio": True}
    if name.endswith(".webm"):
        options["preset"] = "realtime"
    return options


@pytest.mark.parametrize("name", CONTAINERS)
def test_clicks_at_cuts_and_after_gaps(tmp_path: Path, name: str) -> None:
    clicks = [2_400 * number + 1_200 for number in range(40)]
    sound = make_sound(tmp_path / "clicks.wav", clicks)
    edl = document(
        audio_clip(media(sound.path, 0.5, 1), 0, 0.5),
        audio_clip(media(sound.path, 1.5, 2), 0.5, 1),
        audio_clip(media(sound.path, 0, 0.5), 1.237, 1.737),
        fps=29.97,
        **SMALL,
    )
    result = render_edl(tmp_path, edl, name, **sound_options(name))
    expected = [click - 24_000 for click in clicks if 24_000 <= click < 48_000]
    expected += [click - 48_000 for click in clicks if 72_000 <= click < 96_000]
    expected += [click + 59_376 for click in clicks if click < 24_000]
    assert_close(clicks_of(result.output), expected)


@pytest.mark.parametrize("rate", [23.976, 25, 29.97, 59.94])
def test_the_length_is_the_pictures_to_the_sample(tmp_path: Path, rate: float) -> None:
    sound = make_sound(tmp_path / "tone.wav", samples=tone(RATE * 3))
    edl = document(audio_clip(media(sound.path, 0, 2.5), 0, 2.5), fps=rate, **SMALL)
    result = render_edl(tmp_path, edl, "movie.mxf" if rate < 50 else "movie.mkv", audio=True)
    exact = Fraction({23.976: 24000, 29.97: 30000, 59.94: 60000}.get(rate, 25025), 1001)
    frames = int(Fraction(5, 2) * exact + Fraction(1, 2))
    assert result.frames == frames
    assert result.report["samples"] == round(frames / exact * RATE)


def test_ten_minutes_of_2997_do_not_drift(tmp_path: Path) -> None:
    every = [RATE * 20 * number + 5_000 for number in range(30)]
    sound = make_sound(tmp_path / "long.wav", every, samples=RATE * 602, channels=1)
    starts = [Fraction(1001 * 600 * number, 30_000) for number in range(30)]
    edl = document(
        *(
            audio_clip(
                media(sound.path, 20 * number, 20 * number + 1),
                round(float(start), 6),
                round(float(start) + 1, 6),
            )
            for number, start in enumerate(starts)
        ),
        fps=29.97,
        width=32,
        height=32,
    )
    result = render_edl(tmp_path, edl, audio=True)
    assert_close(clicks_of(result.output), [round(start * RATE) + 5_000 for start in starts])


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(
    ("audio_start", "video_start"), [("0.5", "0"), ("0", "0.48"), ("0.32", "0.12")]
)
def test_a_files_offset_of_sound_to_picture_is_kept(
    tmp_path: Path, suffix: str, audio_start: str, video_start: str
) -> None:
    clicks = [10_000, 30_000, 60_000, 90_000]
    source = make_sound(
        tmp_path / f"late{suffix}",
        clicks,
        audio_start=Fraction(audio_start),
        video_start=Fraction(video_start),
    )
    edl = document(
        video_clip(media(source.path, 0, 2), 0, 2),
        audio_clip(media(source.path, 0, 2), 0, 2),
        fps=25,
    )
    result = render_edl(tmp_path, edl, audio=True)
    shift = int((Fraction(audio_start) - Fraction(video_start)) * RATE)
    expected = [click + shift for click in clicks if 0 <= click + shift < 2 * RATE]
    # Matroska stores times in milliseconds: the source itself is that coarse.
    assert_close(clicks_of(result.output), expected, 24 if suffix == ".mkv" else 1)


@pytest.mark.parametrize("codec", ["aac", "libmp3lame", "flac"])
def test_priming_of_a_source_is_compensated(tmp_path: Path, codec: str) -> None:
    clicks = [3_000, 40_000, 80_000]
    suffix = {"aac": ".m4a", "libmp3lame": ".mp3", "flac": ".flac"}[codec]
    source = make_sound(tmp_path / f"source{suffix}", clicks, codec=codec)
    edl = document(audio_clip(media(source.path, 0, 2), 0, 2), **SMALL)
    assert_close(clicks_of(render_edl(tmp_path, edl, audio=True).output), clicks)


def test_fades_follow_the_formula(tmp_path: Path) -> None:
    source = make_sound(tmp_path / "tone.wav", samples=tone(RATE * 3, peak=0.5))
    edl = document(
        audio_clip(media(source.path, 0, 2), 0.25, 2.25, topFade=0.5, tailFade=1), **SMALL
    )
    result = render_edl(tmp_path, edl, audio=True)
    mono = decode_sound(result.output).mono()
    for centre in np.arange(0.3, 2.2, 0.05):
        time = centre - 0.25
        weight = min(time / 0.5, (2 - time) / 1, 1)
        # A 10 ms window of whole periods: the fade moves less than 0.1 dB across most of it.
        half = RATE // 200
        at = round(centre * RATE)
        window = mono[at - half : at + half]
        ramp = np.arange(-half, half) / RATE
        slope = 1 / 0.5 if time < 0.5 else (-1 if time > 1 else 0)
        power = np.mean((weight + slope * ramp) ** 2) * 0.5**2 / 2
        assert level_db(window) == pytest.approx(10 * np.log10(power), abs=0.1), centre


def test_tracks_are_summed_and_tone_is_generated(tmp_path: Path) -> None:
    source = make_sound(tmp_path / "tone.wav", samples=tone(RATE * 2, 440, peak=0.25))
    bars = generated("testpattern", 1)
    edl = document(
        audio_clip(media(source.path, 0, 1), 0, 1, number=1),
        audio_clip(bars, 0, 1, number=2),
        **SMALL,
    )
    mono = decode_sound(render_edl(tmp_path, edl, audio=True).output).mono()
    middle = mono[RATE // 4 : RATE * 3 // 4]
    spectrum = np.abs(np.fft.rfft(middle)) / (len(middle) / 2)
    assert spectrum[220] == pytest.approx(0.25, rel=0.02)
    assert spectrum[500] == pytest.approx(10 ** (-18 / 20), rel=0.02)


@pytest.mark.parametrize("speed", [0.5, 2])
def test_speed_keeps_the_pitch(tmp_path: Path, speed: float) -> None:
    source = make_sound(tmp_path / "tone.wav", samples=tone(RATE * 3, 1000))
    length = 2 / speed
    edl = document(audio_clip(media(source.path, 0, 2, speed=speed), 0, length), **SMALL)
    mono = decode_sound(render_edl(tmp_path, edl, audio=True).output).mono()
    middle = mono[int(length * RATE) // 4 : int(length * RATE) * 3 // 4]
    peak = int(np.argmax(np.abs(np.fft.rfft(middle))))
    assert peak * RATE / len(middle) == pytest.approx(1000, rel=0.005)


def test_track_ids_choose_a_stream_and_downmix_is_standard(tmp_path: Path) -> None:
    surround = np.zeros((6, RATE), np.float32)
    surround[2] = tone(RATE, 1000, channels=1)[0]
    source = make_sound(tmp_path / "surround.wav", samples=surround)
    edl = document(audio_clip(media(source.path, 0, 1, trackId="A1"), 0, 1), **SMALL)
    sound = decode_sound(render_edl(tmp_path, edl, audio=True).output)
    # The centre channel comes from both sides, 3 dB down.
    for side in sound.samples:
        assert level_db(side[4_800:43_200]) == pytest.approx(
            20 * np.log10(0.5 * np.sqrt(0.5)) - 3.01, abs=0.1
        )


def test_no_audio_writes_no_stream(tmp_path: Path) -> None:
    import av

    source = make_sound(tmp_path / "tone.wav", samples=tone(RATE))
    edl = document(audio_clip(media(source.path, 0, 1), 0, 1), **SMALL)
    result = render_edl(tmp_path, edl, audio=False)
    with av.open(str(result.output)) as movie:
        assert not movie.streams.audio
        assert movie.streams.video[0].frames == 30
