"""Sources of every rate, number of channels and sample format, late, short and damaged."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edl2ffmpeg
from helpers.edl_factory import audio_clip, document, media, write_edl
from helpers.sound import click_track, decode_sound, find_clicks
from unit.audio.sound_writer import noise, write_sound

RATE = 48_000
TIMES = [Fraction(1, 2), Fraction(7, 5), Fraction(23, 10)]


def mixed(folder: Path, *clips: dict[str, Any], **options: Any) -> Any:
    edl = write_edl(folder, document(*clips, fps=25, width=64, height=36))
    result = edl2ffmpeg.render(
        edl, folder / "mix.wav", audio_codec="pcm32f", overwrite=True, **options
    )
    return result, decode_sound(result.output)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_keeps_every_click_at_its_time(rate: int, channels: int, tmp_path: Path) -> None:
    # Times at which the source and the mix both have a sample, half a clip in.
    clicks = [round(time * rate) for time in TIMES]
    sound = click_track(rate * 3, clicks, channels).T.copy()
    path = write_sound(tmp_path / "c.wav", "pcm_f32le", sound, rate)
    _, heard = mixed(tmp_path, audio_clip(media(path, 0.2, 3), 0.6, 3.4))
    mono = heard.mono()
    # The click of a slower source is wider: its middle is its highest point.
    for click in clicks:
        at = round((Fraction(click, rate) + Fraction(2, 5)) * RATE)
        around = mono[at - 400 : at + 401]
        assert abs(int(around.argmax()) - 400) <= 1
        assert around.max() == pytest.approx(0.7, rel=0.1)


@pytest.mark.parametrize(
    ("codec", "error"),
    [
        ("pcm_u8", 2**-7), ("pcm_s16le", 2**-15), ("pcm_s16be", 2**-15), ("pcm_s24le", 2**-23),
        ("pcm_s32le", 1e-7), ("pcm_f32le", 0), ("pcm_f64le", 1e-7), ("pcm_alaw", 0.03),
        ("pcm_mulaw", 0.03), ("flac", 2**-15), ("alac", 2**-15), ("wavpack", 2**-7),
    ],
)  # fmt: skip
def test_any_sample_format(codec: str, error: float, tmp_path: Path) -> None:
    sound = noise(1)[:RATE]
    suffix = ".mov" if codec == "alac" else ".mkv"
    if codec in ("pcm_s16be", "pcm_alaw", "pcm_mulaw", "pcm_u8"):
        suffix = ".mov" if codec == "pcm_s16be" else ".wav"
    path = write_sound(tmp_path / f"s{suffix}", codec, sound)
    _, heard = mixed(tmp_path, audio_clip(media(path, 0, 1), 0, 1))
    assert np.abs(heard.samples.T - sound).max() <= error


@pytest.mark.parametrize("codec", ["pcm_f32le", "aac", "flac", "libopus"])
@pytest.mark.parametrize(("channels", "layout"), [(6, "5.1"), (8, "7.1")])
def test_many_channels_are_mixed_down_or_kept(
    codec: str, channels: int, layout: str, tmp_path: Path
) -> None:
    clicks = [4_000 * (channel + 1) for channel in range(channels)]
    sound = np.zeros((RATE, channels), np.float32)
    for channel, click in enumerate(clicks):
        sound[:, channel] = click_track(RATE, [click], 1)[0]
    path = write_sound(tmp_path / "s.mkv", codec, sound, layout=layout)
    clip = audio_clip(media(path, 0, 1), 0, 1)
    _, kept = mixed(tmp_path, clip, audio_channels=channels)
    lfe = 3
    for channel, click in enumerate(clicks):
        if channel != lfe or codec in ("pcm_f32le", "flac"):
            assert find_clicks(kept.samples[channel]) == [click]
    _, stereo = mixed(tmp_path, clip)
    half = 0.5**0.5
    for channel, (left, right) in {0: (1, 0), 1: (0, 1), 2: (half, half), 4: (half, 0)}.items():
        peak = stereo.samples[:, clicks[channel]] / 0.7
        assert peak.tolist() == pytest.approx([left, right], abs=0.05)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [("v.mp3", "libmp3lame", {"q:a": "4"}), ("a.m4a", "aac", {}), ("a.mkv", "libopus", {})],
)
def test_priming_and_variable_rates(
    name: str, codec: str, options: dict[str, str], tmp_path: Path
) -> None:
    clicks = [5_000, 100_001, 250_000]
    sound = click_track(RATE * 6, clicks).T.copy() + noise(6)[: RATE * 6] * np.float32(0.02)
    path = write_sound(tmp_path / name, codec, sound, options=options)
    _, heard = mixed(
        tmp_path,
        audio_clip(media(path, 0, 2), 0, 2),
        audio_clip(media(path, 5, 6), 2, 3),
        audio_clip(media(path, 2, 4), 3, 5),
    )
    wanted = [5_000, RATE * 2 + 250_000 - 5 * RATE, RATE * 3 + 100_001 - 2 * RATE]
    found = find_clicks(heard.mono())
    assert len(found) == len(wanted)
    assert all(abs(a - b) <= 1 for a, b in zip(found, wanted, strict=True)), (found, wanted)


def test_sound_that_starts_late_and_ends_early_is_silence(tmp_path: Path) -> None:
    sound = np.full((RATE * 2, 2), 0.5, np.float32)
    path = write_sound(
        tmp_path / "l.mov", "pcm_f32le", sound, start=Fraction(3, 4), video_start=Fraction(0)
    )
    result, heard = mixed(tmp_path, audio_clip(media(path, 0, 4), 0, 4))
    mono = heard.mono()
    first, end = RATE * 3 // 4, RATE * 11 // 4
    assert not mono[:first].any()
    assert (mono[first:end] == 0.5).all()
    assert not mono[end:].any()
    (warning,) = result.warnings
    assert warning == (
        f"clips[0].source: the sound of {path} ends 1.25 s before the clip does; silence takes its "
        "place"
    )


@pytest.mark.parametrize("name", ["b.mp4", "b.mkv", "b.mp3"])
def test_damage_in_the_middle_is_silence_and_one_warning(name: str, tmp_path: Path) -> None:
    clicks = [20_000, 300_000, 480_000]
    sound = click_track(RATE * 11, clicks).T.copy() + noise(11)[: RATE * 11] * np.float32(0.05)
    codec = "libmp3lame" if name.endswith("mp3") else "aac"
    path = write_sound(tmp_path / name, codec, sound)
    content = bytearray(path.read_bytes())
    # About a third of a second, at 2 s.
    middle = len(content) * 2 // 11
    content[middle : middle + len(content) // 33] = bytes(len(content) // 33)
    path.write_bytes(content)
    cuts = [audio_clip(media(path, at, at + 1), at, at + 1) for at in range(11)]
    result, heard = mixed(tmp_path, *cuts)
    assert heard.samples.shape[1] == 11 * RATE
    found = find_clicks(heard.mono(), 0.5)
    assert len(found) == 3
    assert all(abs(a - b) <= 1 for a, b in zip(found, clicks, strict=True)), found
    (warning,) = result.warnings
    assert "is damaged from " in warning
    quiet = heard.mono()[RATE * 19 // 10 : RATE * 28 // 10]
    silent = np.flatnonzero(np.abs(quiet) < 1e-6)
    # Behind damage Matroska can be read on from the next cluster only.
    assert 0.2 * RATE < len(silent) < (0.9 if name.endswith("mkv") else 0.6) * RATE
