"""Clicks are found to the sample in every kind of file, wherever its sound begins."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from helpers import barcode
from helpers.sound import (
    click_track,
    decode_sound,
    find_clicks,
    level_db,
    make_sound,
    peak_db,
    tone,
)

_CLICKS = (1000, 24000, 47999, 50003, 90001)


def test_clicks_are_found_to_the_sample() -> None:
    assert find_clicks(click_track(96000, _CLICKS)[0]) == list(_CLICKS)


def test_clicks_are_found_in_noise_and_at_half_level() -> None:
    noise = np.random.default_rng(3).normal(0, 0.01, 96000).astype(np.float32)
    assert find_clicks(click_track(96000, _CLICKS, peak=0.35)[0] + noise) == list(_CLICKS)


def test_silence_has_no_clicks() -> None:
    assert find_clicks(np.zeros(1000, np.float32)) == []


@pytest.mark.parametrize("rate", (44100, 48000))
@pytest.mark.parametrize("suffix", (".wav", ".m4a", ".mov", ".mkv", ".mp4"))
def test_sound_alone(tmp_path: Path, suffix: str, rate: int) -> None:
    info = make_sound(tmp_path / f"sound{suffix}", _CLICKS, rate=rate)
    sound = decode_sound(info.path)
    assert sound.rate == rate
    assert find_clicks(sound.mono()) == list(_CLICKS)


@pytest.mark.parametrize("suffix", (".mov", ".mkv", ".mp4", ".ts"))
@pytest.mark.parametrize(
    ("audio_start", "video_start"),
    [(Fraction(0), Fraction(0)), (Fraction(1, 2), Fraction(0)), (Fraction(0), Fraction(2, 5))],
)
def test_sound_keeps_its_offset_to_the_picture(
    tmp_path: Path, suffix: str, audio_start: Fraction, video_start: Fraction
) -> None:
    path = tmp_path / f"movie{suffix}"
    info = make_sound(path, _CLICKS, audio_start=audio_start, video_start=video_start)
    offset = round((audio_start - video_start) * 48000)
    expected = [click + offset for click in _CLICKS if click + offset >= 0]
    assert find_clicks(decode_sound(info.path).mono()) == expected
    with av.open(str(path)) as container:
        first = next(container.decode(video=0))
        assert barcode.read(first.to_ndarray(format="gray")) == (info.file_id, 0)


def test_levels(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "tone.wav", samples=tone(48000, peak=0.5)).path
    sound = decode_sound(path)
    assert level_db(sound.mono()) == pytest.approx(20 * np.log10(0.5) - 3.0103, abs=0.01)
    assert peak_db(sound.samples) == pytest.approx(20 * np.log10(0.5), abs=0.01)
    assert level_db(np.zeros(4)) == float("-inf")


@pytest.mark.parametrize("channels", (1, 2, 6))
def test_channels(tmp_path: Path, channels: int) -> None:
    info = make_sound(tmp_path / "channels.wav", _CLICKS, channels=channels)
    assert decode_sound(info.path).samples.shape == (channels, 96000)
