"""Which decoder serves which picture, proved by counting seeks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest

from edl2ffmpeg.media import decoder_pool
from edl2ffmpeg.media._read_ahead import KEPT
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.timeline.model import MediaSource, StreamKind, StreamSelector
from helpers import barcode
from helpers.media_factory import ClipInfo, ClipLibrary
from helpers.storage import CountedStorage


@pytest.fixture
def clip(clips: ClipLibrary) -> ClipInfo:
    return clips["h264_30_mp4"]


@pytest.fixture
def source(clip: ClipInfo) -> MediaSource:
    return MediaSource(str(clip.path), str(clip.path), StreamSelector(StreamKind.VIDEO))


@pytest.fixture
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(AccessRules(), threads=1) as made:
        yield made


def shown(pool: DecoderPool, source: MediaSource, *numbers: int) -> list[int]:
    frames = pool.frames_played_at([(source, Fraction(number, 30)) for number in numbers])
    codes = [barcode.read(played.frame.array(0)) for played in frames]
    return [code[1] for code in codes if code is not None]


def test_two_pictures_of_one_file_go_on_side_by_side(
    pool: DecoderPool, source: MediaSource
) -> None:
    for step in range(30):
        assert shown(pool, source, 10 + step, 80 + step) == [10 + step, 80 + step]
    # Each went to its place once; there are 120 pictures in the file.
    assert pool.stats.seeks <= 2
    assert pool.stats.pictures_decoded < 150


def test_the_same_picture_twice_is_decoded_once(pool: DecoderPool, source: MediaSource) -> None:
    assert shown(pool, source, 5, 5) == [5, 5]
    assert pool.decoder(source) is pool.decoder(source)
    assert len(pool._lanes) == 1


def test_after_a_dissolve_the_clip_goes_on_without_a_seek(
    pool: DecoderPool, source: MediaSource
) -> None:
    for step in range(10):
        shown(pool, source, 20 + step)
    for step in range(10):
        shown(pool, source, 30 + step, 90 + step)
    seeks = pool.stats.seeks
    for step in range(10):
        assert shown(pool, source, 100 + step) == [100 + step]
    assert pool.stats.seeks == seeks
    # A second dissolve takes the decoder that is free.
    for step in range(5):
        assert shown(pool, source, 110 + step, 40 + step) == [110 + step, 40 + step]
    assert len(pool._lanes) == 2
    assert pool.stats.seeks <= seeks + 1


def test_a_closed_pool_opens_nothing(source: MediaSource) -> None:
    pool = DecoderPool(AccessRules())
    pool.close()
    with pytest.raises(ValueError, match="closed"):
        pool.decoder(source)


def test_what_is_read_ahead_counts_as_memory(
    clip: ClipInfo, storage: type[CountedStorage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_pool, "_MEMORY_BUDGET", 3 * KEPT)
    numbers = (0, 30, 60, 90)
    for stored, most in ((False, 4), (True, 2)):
        location = storage.put("clip.mp4", clip.path) if stored else str(clip.path)
        source = MediaSource(location, location, StreamSelector(StreamKind.VIDEO))
        with DecoderPool(AccessRules(frozenset({"counted"})), threads=1) as pool:
            assert shown(pool, source, *numbers) == list(numbers)
            # Those of one frame are all needed; the next frame needs one.
            assert shown(pool, source, 1) == [1]
            assert len(pool._lanes) == most
