"""Borrowing decoders: files stay open across cuts, and two users never share one."""

from __future__ import annotations

from pathlib import Path

import pytest

from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.audio_decoder_pool import AudioDecoderPool
from edl2ffmpeg.timeline.model import MediaSource, StreamKind, StreamSelector
from unit.audio.sound_writer import noise, write_sound


def source(path: Path) -> MediaSource:
    return MediaSource(path.name, str(path), StreamSelector(StreamKind.AUDIO))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[MediaSource]:
    folder = tmp_path_factory.mktemp("pool")
    names = [folder / f"{name}.wav" for name in "abc"]
    return [source(write_sound(path, "pcm_s16le", noise(1))) for path in names]


def test_a_decoder_comes_back_and_the_nearest_behind_is_taken(files: list[MediaSource]) -> None:
    with AudioDecoderPool(AccessRules(), sample_rate=48000, channels=2) as pool:
        one, other = pool.borrow(files[0], 0), pool.borrow(files[0], 0)
        assert one is not other
        one.read(0, 1000)
        other.read(0, 30000)
        pool.give_back(one)
        pool.give_back(other)
        assert pool.borrow(files[0], 29000) is one
        pool.give_back(one)
        assert pool.borrow(files[0], 30000) is other
        assert pool.opened == 2


def test_only_so_many_wait_and_the_oldest_is_closed(files: list[MediaSource]) -> None:
    with AudioDecoderPool(AccessRules(), sample_rate=48000, channels=2, most_idle=2) as pool:
        loans = [pool.borrow(one, 0) for one in files]
        for loan in loans:
            pool.give_back(loan)
        pool.give_back(loans[0])
        with pytest.raises(ValueError, match="closed"):
            loans[0].read(0, 1)
        assert pool.borrow(files[2], 0) is loans[2]


def test_closing_the_pool_closes_what_is_lent(files: list[MediaSource]) -> None:
    pool = AudioDecoderPool(AccessRules(), sample_rate=48000, channels=2)
    loan = pool.borrow(files[0], 0)
    pool.close()
    pool.close()
    with pytest.raises(ValueError, match="closed"):
        loan.read(0, 1)
    with pytest.raises(ValueError, match="closed"):
        pool.borrow(files[0], 0)
