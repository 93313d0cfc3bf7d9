"""Small reads become few large ones, within a bound of memory."""

from __future__ import annotations

import random

import pytest

from edl2ffmpeg.media._read_ahead import KEPT, LARGEST, SMALLEST, ReadAhead

WHOLE = random.Random(1).randbytes(20_000_000)


class Source:
    """Bytes that can be fetched; ``fetched`` are the ranges that were."""

    def __init__(self, data: bytes = WHOLE) -> None:
        self.data = data
        self.fetched: list[tuple[int, int]] = []
        self.ahead = ReadAhead(self.fetch, len(data))

    def fetch(self, start: int, end: int) -> bytes:
        assert 0 <= start < end <= len(self.data)
        self.fetched.append((start, end))
        return self.data[start:end]

    def read(self, start: int, count: int) -> bytes:
        found = b""
        while len(found) < count:
            piece = self.ahead.read(start + len(found), count - len(found))
            if not piece:
                break
            found += piece
        return found

    @property
    def held(self) -> int:
        return sum(len(piece.data) for piece in self.ahead._pieces)


def test_reading_on_doubles_the_pieces() -> None:
    source = Source()
    for start in range(0, 8_000_000, 32768):
        assert source.read(start, 32768) == WHOLE[start : start + 32768]
    sizes = [end - start for start, end in source.fetched]
    assert sizes[:5] == [SMALLEST, 2 * SMALLEST, 4 * SMALLEST, LARGEST, LARGEST]
    assert all(
        one[1] == two[0] for one, two in zip(source.fetched, source.fetched[1:], strict=False)
    )


def test_a_jump_fetches_little_and_a_gap_goes_on() -> None:
    source = Source()
    source.read(0, 2_000_000)
    before = len(source.fetched)
    source.read(15_000_000, 1000)
    assert source.fetched[before:] == [(15_000_000, 15_000_000 + SMALLEST)]
    # What a demuxer leaves out between two packets does not begin anew.
    source.read(15_000_000 + SMALLEST + 5000, 1000)
    start, end = source.fetched[-1]
    assert end - start == 2 * SMALLEST


def test_two_places_are_read_by_turns_from_what_is_held() -> None:
    source = Source()
    for step in range(60):
        for base in (1_000_000, 12_000_000):
            start = base + step * 30_000
            assert source.read(start, 30_000) == WHOLE[start : start + 30_000]
    assert len(source.fetched) == 6
    assert sum(end - start for start, end in source.fetched) < 4_000_000


def test_nothing_that_is_held_is_fetched_again() -> None:
    source = Source()
    source.read(1_000_000, 1000)
    source.read(900_000, 300_000)
    assert source.fetched == [
        (1_000_000, 1_000_000 + SMALLEST),
        (900_000, 1_000_000),
    ]


@pytest.mark.parametrize("size", [1, SMALLEST - 1, SMALLEST, SMALLEST + 1, 3_000_001])
def test_the_end(size: int) -> None:
    source = Source(WHOLE[:size])
    assert source.read(0, size + 10) == WHOLE[:size]
    assert source.ahead.read(size, 10) == b""
    assert source.ahead.read(size + 5, 10) == b""
    assert source.ahead.read(0, 0) == b""


def test_any_reads_give_the_bytes_within_the_bound() -> None:
    source, chooser = Source(), random.Random(2)
    start = 0
    for _ in range(3000):
        if chooser.random() < 0.1:
            start = chooser.randrange(len(WHOLE) + 1000)
        count = chooser.randrange(1, 60_000)
        assert source.read(start, count) == WHOLE[start : start + count]
        assert source.held <= KEPT
        start += count if chooser.random() < 0.8 else chooser.randrange(200_000)
