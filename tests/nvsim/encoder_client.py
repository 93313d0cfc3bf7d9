"""A bare client of the NVENC API, for misuse that FFmpeg never commits."""

from __future__ import annotations

import ctypes
import struct
from ctypes import c_uint64
from typing import Any

from nvsim.driver import Driver
from nvsim.faults import NvencStatus

_API = 13
_SIZE = 4096  # more than any of the structs
_H264 = bytes.fromhex("6227c86b634ea44caa851e50f321f6bf")
_PLACES = {
    "initialize": 96,
    "create_input": 104,
    "destroy_input": 112,
    "create_bitstream": 120,
    "destroy_bitstream": 128,
    "encode": 136,
    "lock": 144,
    "unlock": 152,
    "lock_input": 160,
    "unlock_input": 168,
    "map": 208,
    "unmap": 216,
    "destroy": 224,
    "open": 240,
    "register": 248,
    "unregister": 256,
    "invalidate_references": 288,
}
EOS = 8
FORCE_IDR = 2


def version(revision: int, top: bool = False) -> int:
    """The version word of a struct."""
    return _API | revision << 16 | 7 << 28 | top << 31


class Params:
    """A struct of the API: a version word, and fields by their place."""

    def __init__(self, revision: int, top: bool = False, **fields: int) -> None:
        self.buffer = ctypes.create_string_buffer(_SIZE)
        self.put("I", 0, version(revision, top))
        for field, value in fields.items():
            kind, place = field[0], int(field[1:])
            self.put(kind, place, value)

    def put(self, kind: str, place: int, value: int) -> None:
        """Sets a field: kind "I" has 32 bits, "Q" has 64."""
        struct.pack_into(f"<{kind}", self.buffer, place, value)

    def get(self, kind: str, place: int) -> int:
        """Reads a field."""
        return int(struct.unpack_from(f"<{kind}", self.buffer, place)[0])


class EncoderClient:
    """One session, opened in a context; every method gives the status, or the handle it made."""

    def __init__(self, driver: Driver, context: c_uint64) -> None:
        library = ctypes.CDLL("libnvidia-encode.so.1")
        self.functions = Params(2)
        assert library.NvEncodeAPICreateInstance(self.functions.buffer) == 0
        self.driver, self.session = driver, c_uint64()
        opening = Params(1, I4=1, Q8=context.value, I24=_API)
        self.opened = self.status("open", opening.buffer, ctypes.byref(self.session))

    def status(self, name: str, *arguments: Any) -> int:
        """Calls a function of the list as it stands."""
        address = self.functions.get("Q", _PLACES[name])
        return int(ctypes.CFUNCTYPE(ctypes.c_int)(address)(*arguments))

    def of_session(self, name: str, *arguments: Any) -> int:
        """Calls a function of the list whose first argument is the session."""
        return self.status(name, self.session, *arguments)

    def made(self, name: str, params: Params, place: int) -> c_uint64:
        """Calls a function that puts a handle into its struct; the call must succeed."""
        assert self.of_session(name, params.buffer) == NvencStatus.SUCCESS
        return c_uint64(params.get("Q", place))

    def initialize(self, width: int, height: int, group: int = 1, revision: int = 7) -> int:
        """Configures H.264 with ``group`` pictures from one anchor to the next."""
        config = Params(9, True, I20=250, I24=group)
        params = Params(revision, True, I36=width, I40=height, Q88=ctypes.addressof(config.buffer))
        ctypes.memmove(ctypes.addressof(params.buffer) + 4, _H264, len(_H264))
        return self.of_session("initialize", params.buffer)

    def create_input(self, width: int, height: int) -> c_uint64:
        return self.made("create_input", Params(2, I4=width, I8=height, I16=1), 24)

    def create_bitstream(self) -> c_uint64:
        return self.made("create_bitstream", Params(1), 16)

    def register(self, address: int, width: int, height: int, pitch: int) -> c_uint64:
        params = Params(5, I4=1, I8=width, I12=height, I16=pitch, Q24=address, I40=1)
        return self.made("register", params, 32)

    def map(self, registration: c_uint64) -> c_uint64:
        return self.made("map", Params(4, Q16=registration.value), 24)

    def encode(self, source: c_uint64, output: c_uint64, pts: int = 0, flags: int = 0) -> int:
        params = Params(7, True, I16=flags, Q24=pts, Q40=source.value, Q48=output.value)
        return self.of_session("encode", params.buffer)

    def end_of_stream(self) -> int:
        return self.encode(c_uint64(0), c_uint64(0), flags=EOS)

    def lock(self, bitstream: c_uint64) -> int:
        return self.of_session("lock", Params(2, True, Q8=bitstream.value).buffer)

    def picture(self, bitstream: c_uint64) -> bytes:
        """Locks a bitstream, copies it, and unlocks it."""
        params = Params(2, True, Q8=bitstream.value)
        assert self.of_session("lock", params.buffer) == NvencStatus.SUCCESS
        data = ctypes.string_at(params.get("Q", 56), params.get("I", 36))
        self.of_session("unlock", bitstream)
        return data

    def lock_input(self, buffer: c_uint64) -> int:
        return self.of_session("lock_input", Params(1, Q8=buffer.value).buffer)
