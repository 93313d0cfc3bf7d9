"""Writes HEIC pictures of grey squares: one, or four as the tiles of one picture."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from helpers.movie_writer import VideoTrack, write_movie
from helpers.stills import flat_planes

__all__ = ["write_heic"]

_SIDE = 64


def write_heic(path: Path, levels: Sequence[int]) -> Path:
    """Writes one square of luma ``levels[0]``, or four as two rows of two."""
    tiles = [_coded_square(path.with_suffix(".mp4"), level) for level in levels]
    contents = [coded for _, coded in tiles]
    is_grid = len(tiles) > 1
    if is_grid:
        contents.append(struct.pack(">BBBBHH", 0, 0, 1, 1, 2 * _SIDE, 2 * _SIDE))
    kinds = [b"hvc1"] * len(tiles) + [b"grid"] * is_grid
    main = len(kinds)
    entries = [
        _full(b"infe", 2, struct.pack(">HH4sB", number, 0, kind, 0))
        for number, kind in enumerate(kinds, 1)
    ]
    uses = [struct.pack(">HBBB", number + 1, 2, 1, 0x82) for number in range(len(tiles))]
    uses += [struct.pack(">HBB", main, 1, 3)] * is_grid
    sizes = [_full(b"ispe", 0, struct.pack(">II", side, side)) for side in (_SIDE, 2 * _SIDE)]
    properties = _box(b"ipco", sizes[0], _box(b"hvcC", tiles[0][0]), sizes[1])
    parts = [
        _full(b"iinf", 0, struct.pack(">H", main), *entries),
        _box(b"iprp", properties, _full(b"ipma", 0, struct.pack(">I", main), *uses)),
    ]
    if is_grid:
        pieces = struct.pack(f">HH{len(tiles)}H", main, len(tiles), *range(1, len(tiles) + 1))
        parts.append(_full(b"iref", 0, _box(b"dimg", pieces)))
    head = _box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    # Where the contents lie depends on the length of what says so.
    start = len(head) + len(_meta(parts, contents, 0)) + 8
    body = _meta(parts, contents, start) + _box(b"mdat", *contents)
    path.write_bytes(head + body)
    return path


def _coded_square(aside: Path, level: int) -> tuple[bytes, bytes]:
    """The configuration and the one packet of a square coded as HEVC."""
    options = {"x265-params": "log-level=none:pools=none:frame-threads=1:bframes=0"}
    track = VideoTrack("libx265", Fraction(25), (_SIDE, _SIDE), options=options, ticks=range(1))
    write_movie(aside, track, [flat_planes("yuv420p", track.size, (level, 128, 128))])
    with av.open(str(aside)) as movie:
        configuration = movie.streams.video[0].codec_context.extradata
        assert configuration is not None
        packet = next(packet for packet in movie.demux(video=0) if packet.size)
        return bytes(configuration), bytes(packet)


def _meta(parts: Sequence[bytes], contents: Sequence[bytes], start: int) -> bytes:
    places = b""
    for number, content in enumerate(contents, 1):
        places += struct.pack(">HHHHII", number, 0, 0, 1, start, len(content))
        start += len(content)
    return _full(
        b"meta",
        0,
        _full(b"hdlr", 0, bytes(4) + b"pict" + bytes(13)),
        _full(b"pitm", 0, struct.pack(">H", len(contents))),
        _full(b"iloc", 1, struct.pack(">HH", 0x4400, len(contents)), places),
        *parts,
    )


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, version: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24), *parts)
