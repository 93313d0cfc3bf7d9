"""How many threads and processes follow from the number of chunks."""

from __future__ import annotations

import pytest

from edl2ffmpeg.devices import cpu


@pytest.mark.parametrize(
    ("asked", "chunks", "threads"), [(0, 2, 12), (0, 3, 8), (0, 6, 4), (0, 500, 4), (3, 2, 3)]
)
def test_few_chunks_have_more_threads_each(
    monkeypatch: pytest.MonkeyPatch, asked: int, chunks: int, threads: int
) -> None:
    for cores in (1, 64):
        monkeypatch.setattr(cpu, "usable_cores", lambda cores=cores: cores)
        assert cpu.chunk_encoder_threads(asked, chunks) == threads
