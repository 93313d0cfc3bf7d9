"""Encoded packets in a file of our own, each with a checksum; it encodes and muxes nothing.

Note [Packet files]: no container gives back the packets that it was given: Matroska rounds
timestamps and rewrites H.264, MP4 drops side data, NUT has no decoding times.  A chunk has to be
muxed later as if its encoder had been there, so its packets are stored as they are::

    magic, header (what the caller says of the streams), then for each packet
    stream, flags, pts, dts, duration, size, CRC-32 of all of it, side data, data
    and at the end a record without data, which says how many there were

A file without that end was cut off, and one whose checksums differ is damaged.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from zlib import crc32

from av.packet import Packet, PacketSideData, packet_sidedata_type_from_literal

from edl2ffmpeg.errors import EncodeError
from edl2ffmpeg.media._translate import encoding
from edl2ffmpeg.ownership import Owner

__all__ = ["PacketReader", "PacketWriter", "StoredPacket", "save_packets"]

_MAGIC = b"edl2ffmpeg packets 1\n"
_LENGTH = struct.Struct("<Q")
# Stream, flags, pieces of side data, pts, dts, duration, bytes of data.
_RECORD = struct.Struct("<HBBqqqQ")
_CHECK = struct.Struct("<I")
_SIDE = struct.Struct("<HQ")
_KEYFRAME = 1
_END = 2
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredPacket:
    """One packet: of which stream, when (in the stream's own units), and what is in it."""

    stream: int
    pts: int
    dts: int
    duration: int
    is_keyframe: bool
    data: bytes
    side_data: tuple[tuple[str, bytes], ...] = ()

    def packet(self, pts: int, dts: int) -> Packet[Any]:
        """A packet for FFmpeg at other times; its stream and time base are the caller's."""
        made = Packet(self.data)
        made.pts, made.dts, made.duration = pts, dts, self.duration
        made.is_keyframe = self.is_keyframe
        for name, content in self.side_data:
            # PyAV's stubs do not know that the class can be made.
            kind: Any = PacketSideData
            side = kind(packet_sidedata_type_from_literal(name), len(content))  # type: ignore[arg-type]
            side.update(content)
            made.set_sidedata(side, move=True)
        return made


class PacketWriter(Owner):
    """A packet file that is being written; whole only after ``finish()``.

    Without a ``header`` it has to be given by ``begin`` before the first packet.
    """

    def __init__(self, path: Path, header: bytes | None = None) -> None:
        self._path = str(path)
        self.packets = 0
        self.bytes = 0
        self._digest = sha256()
        with encoding(self._path, "opening the file"):
            self._file: IO[bytes] | None = open(path, "wb", _BUFFER_BYTES)  # noqa: SIM115
        if header is not None:
            try:
                self.begin(header)
            except BaseException:
                self.close()
                raise

    @property
    def has_begun(self) -> bool:
        """Whether the header is written."""
        return self.bytes > 0

    def begin(self, header: bytes) -> None:
        """Writes the header."""
        assert not self.has_begun
        self._write(_MAGIC, _LENGTH.pack(len(header)), header, _CHECK.pack(crc32(header)))

    def write(self, packet: Packet[Any], stream: int = 0) -> None:
        """Appends a packet of FFmpeg's, which must have its times."""
        assert packet.pts is not None and packet.dts is not None
        data = bytes(packet)
        sides = [(side.data_type, bytes(side)) for side in packet.iter_sidedata()]
        times = (packet.pts, packet.dts, packet.duration or 0)
        packed = b"".join(_packed_side(name, content) for name, content in sides)
        flags = _KEYFRAME if packet.is_keyframe else 0
        self._write_record((stream, flags, len(sides), *times, len(data)), packed, data)
        self.packets += 1

    @property
    def digest(self) -> str:
        """The SHA-256 of what was written, as hexadecimal text."""
        return self._digest.hexdigest()

    def finish(self) -> None:
        """Says how many packets there were, and closes the file."""
        self._write_record((0, _END, 0, self.packets, 0, 0, 0))
        file, self._file = self._file, None
        assert file is not None
        with encoding(self._path, "finishing the file"):
            file.close()

    def _write_record(
        self, fields: tuple[int, ...], packed: bytes = b"", data: bytes = b""
    ) -> None:
        head = _RECORD.pack(*fields)
        check = _CHECK.pack(crc32(data, crc32(packed, crc32(head))))
        self._write(head, check, packed, data)

    def _write(self, *parts: bytes) -> None:
        if self._file is None:
            raise ValueError(f"{self._path} is closed")
        with encoding(self._path, "writing packets"):
            for part in parts:
                self._file.write(part)
                self._digest.update(part)
                self.bytes += len(part)

    def close(self) -> None:
        """Abandons the file unless it is finished.  May be called twice."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                # What was still to be written is of no use any more.
                return


class PacketReader(Owner):
    """An iterator over the packets of a file; raises ``EncodeError`` where it is damaged."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        with encoding(self._path, "opening the file"):
            self._file = open(path, "rb", _BUFFER_BYTES)  # noqa: SIM115
        self._size = os.fstat(self._file.fileno()).st_size
        try:
            if self._read(len(_MAGIC)) != _MAGIC:
                raise self._damaged("it does not begin as such a file does")
            self.header = self._read(_LENGTH.unpack(self._read(_LENGTH.size))[0])
            if _CHECK.unpack(self._read(_CHECK.size))[0] != crc32(self.header):
                raise self._damaged("its header differs from its checksum")
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[StoredPacket]:
        number = 0
        while True:
            head = self._read(_RECORD.size)
            (check,) = _CHECK.unpack(self._read(_CHECK.size))
            stream, flags, sides, pts, dts, duration, size = _RECORD.unpack(head)
            found = crc32(head)
            packed = []
            for _ in range(sides):
                lengths = self._read(_SIDE.size)
                name, content = map(self._read, _SIDE.unpack(lengths))
                packed.append((name, content))
                found = crc32(content, crc32(name, crc32(lengths, found)))
            data = self._read(size)
            if crc32(data, found) != check:
                raise self._damaged(f"packet {number} differs from its checksum")
            if flags & _END:
                if pts != number:
                    raise self._damaged(f"it holds {number} packets of {pts}")
                return
            named = tuple((name.decode(), content) for name, content in packed)
            yield StoredPacket(stream, pts, dts, duration, bool(flags & _KEYFRAME), data, named)
            number += 1

    def _read(self, size: int) -> bytes:
        with encoding(self._path, "reading packets"):
            # A damaged size must not ask for all of the memory.
            data = self._file.read(min(size, self._size))
        if len(data) != size:
            raise self._damaged("it is cut off")
        return data

    def _damaged(self, why: str) -> EncodeError:
        return EncodeError(
            f"{self._path}: is a damaged file of encoded packets: {why}; render again", self._path
        )

    def close(self) -> None:
        """Closes the file.  May be called twice."""
        self._file.close()


def save_packets(path: Path, blocks: Iterable[bytes]) -> None:
    """Writes the packet file that comes in ``blocks``; raises ``EncodeError``."""
    with encoding(str(path), "writing packets"), open(path, "wb") as file:
        for block in blocks:
            file.write(block)


def _packed_side(name: str, content: bytes) -> bytes:
    encoded = name.encode()
    return _SIDE.pack(len(encoded), len(content)) + encoded + content
