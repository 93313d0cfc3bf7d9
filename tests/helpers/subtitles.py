"""Reads text tracks and SubRip files back, as a player would; it judges nothing."""

from __future__ import annotations

import html
import re
from pathlib import Path

import av

from edl2ffmpeg.timing import round_half_up

__all__ = ["Shown", "decoded_cues", "parse_srt", "stored_cues"]

Shown = tuple[int, int, str]
"""Start and end in milliseconds from the first picture, and the text."""

_TIMES = re.compile(r"(\d+):(\d\d):(\d\d),(\d{3}) --> (\d+):(\d\d):(\d\d),(\d{3})")


def stored_cues(movie: Path, index: int = 0) -> list[Shown]:
    """What is in the packets of the ``index``-th text track."""
    return _cues(movie, index, decoded=False)


def decoded_cues(movie: Path, index: int = 0) -> list[Shown]:
    """What FFmpeg's decoder makes of them; only for texts without letters of its own."""
    return _cues(movie, index, decoded=True)


def _cues(movie: Path, index: int, *, decoded: bool) -> list[Shown]:
    found = []
    with av.open(str(movie)) as container:
        video = container.streams.video[0]
        assert video.time_base is not None
        first = (video.start_time or 0) * video.time_base
        stream = container.streams.subtitles[index]
        for packet in container.demux(stream):
            if packet.pts is None or not packet.size:
                continue
            data = bytes(packet)
            if stream.codec_context.name == "mov_text":
                assert len(data) == 2 + int.from_bytes(data[:2], "big")
                data = data[2:]
            if not data:
                continue
            text = data.decode()
            if stream.codec_context.name == "webvtt":
                text = html.unescape(text)
            if decoded:
                (shown,) = stream.decode(packet)
                text = shown.dialogue.decode()  # type: ignore[union-attr]
            assert packet.duration is not None and packet.time_base is not None
            start = packet.pts * packet.time_base - first
            end = start + packet.duration * packet.time_base
            found.append((round_half_up(start * 1000), round_half_up(end * 1000), text))
    return found


def parse_srt(path: Path) -> list[Shown]:
    """The cues of a file; asserts that they are numbered from 1 and well formed."""
    text = path.read_bytes().decode("utf-8")
    assert "\r" not in text and text.endswith("\n")
    found = []
    for number, block in enumerate(text.removesuffix("\n").split("\n\n"), start=1):
        counted, times, *lines = block.split("\n")
        assert counted == str(number)
        match = _TIMES.fullmatch(times)
        assert match is not None, times
        values = [int(value) for value in match.groups()]
        start, end = (
            ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
            for hours, minutes, seconds, milliseconds in (values[:4], values[4:])
        )
        found.append((start, end, "\n".join(lines)))
    return found
