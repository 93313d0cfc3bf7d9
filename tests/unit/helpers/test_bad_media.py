"""Bad media is bad in the way its name says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from helpers.bad_media import BAD_MEDIA


@pytest.mark.parametrize("kind", BAD_MEDIA)
def test_it_is_made(bad_media: Callable[[str], Path], kind: str) -> None:
    path = bad_media(kind)
    assert path.is_symlink() or path.exists()
    assert len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize("kind", ("empty", "text", "noise", "truncated_mp4", "no_frames_mkv"))
def test_it_cannot_be_opened(bad_media: Callable[[str], Path], kind: str) -> None:
    with pytest.raises(av.FFmpegError):
        av.open(str(bad_media(kind)))


@pytest.mark.parametrize("kind", ("audio_only", "no_frames_mp4"))
def test_it_has_no_video(bad_media: Callable[[str], Path], kind: str) -> None:
    with av.open(str(bad_media(kind))) as container:
        assert not container.streams.video


@pytest.mark.parametrize("kind", ("truncated_mkv", "truncated_ts"))
def test_half_of_it_can_be_read(bad_media: Callable[[str], Path], kind: str) -> None:
    with av.open(str(bad_media(kind))) as container:
        assert 20 < sum(1 for _ in container.decode(video=0)) < 200


def test_damage_stops_the_decoder_midway(bad_media: Callable[[str], Path]) -> None:
    with av.open(str(bad_media("damaged_mkv"))) as container:
        decoder = container.decode(video=0)
        with pytest.raises(av.FFmpegError):
            for _ in range(100):
                next(decoder)
