"""Packet files give back what they were given, or say that they are damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from av.packet import Packet, PacketSideData, packet_sidedata_type_from_literal

from edl2ffmpeg.errors import EncodeError
from edl2ffmpeg.media.packet_file import PacketReader, PacketWriter


def packet(number: int) -> Packet:  # type: ignore[type-arg]
    made = Packet(bytes([number] * (number + 1)))
    made.pts, made.dts, made.duration = number, number - 2, 1
    made.is_keyframe = number == 0
    if number == 3:
        kind = packet_sidedata_type_from_literal("skip_samples")  # type: ignore[arg-type]
        side = PacketSideData(kind, 10)  # type: ignore[call-arg]
        side.update(b"0123456789")
        made.set_sidedata(side)
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with PacketWriter(tmp_path / "packets", b"header") as writer:
        for number in range(5):
            writer.write(packet(number), number % 2)
        writer.finish()
        assert writer.packets == 5
        assert writer.bytes == (tmp_path / "packets").stat().st_size
    return tmp_path / "packets"


def test_what_goes_in_comes_out(path: Path) -> None:
    with PacketReader(path) as reader:
        assert reader.header == b"header"
        found = list(reader)
    assert [entry.data for entry in found] == [bytes(packet(number)) for number in range(5)]
    assert [(entry.stream, entry.pts, entry.dts) for entry in found] == [
        (number % 2, number, number - 2) for number in range(5)
    ]
    assert [entry.is_keyframe for entry in found] == [True, False, False, False, False]
    again = found[3].packet(7, 5)
    assert (again.pts, again.dts, again.duration, bytes(again)) == (7, 5, 1, bytes(packet(3)))
    (side,) = again.iter_sidedata()
    assert (side.data_type, bytes(side)) == ("skip_samples", b"0123456789")


def test_a_byte_that_differs_is_noticed_wherever_it_is(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with (
            pytest.raises(EncodeError, match="is a damaged file of encoded packets: "),
            PacketReader(path) as reader,
        ):
            list(reader)


def test_a_file_that_is_cut_off_is_damaged_wherever_that_is(path: Path) -> None:
    for size in range(path.stat().st_size):
        os.truncate(path, path.stat().st_size - 1)
        with pytest.raises(EncodeError, match="it is cut off"), PacketReader(path) as reader:
            list(reader)
        assert size >= 0


def test_a_writer_that_is_abandoned_leaves_no_whole_file(tmp_path: Path) -> None:
    with PacketWriter(tmp_path / "packets", b"") as writer:
        writer.write(packet(0))
    writer.close()
    with (
        pytest.raises(EncodeError, match="it is cut off"),
        PacketReader(tmp_path / "packets") as reader,
    ):
        list(reader)
    with pytest.raises(ValueError, match="is closed"):
        writer.write(packet(1))
