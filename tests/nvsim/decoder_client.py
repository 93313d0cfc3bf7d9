"""A bare client of the NVDEC API, for misuse that FFmpeg never commits."""

from __future__ import annotations

import ctypes
from ctypes import c_uint, c_uint64

from nvsim.driver import Driver
from nvsim.encoder_client import Params

_H264, _420 = 4, 1


class DecoderClient:
    """One decoder of 8 bit H.264, and the pictures that :class:`EncoderClient` made for it."""

    def __init__(self, driver: Driver, width: int, height: int, outputs: int = 1) -> None:
        self.driver, self.width, self.height = driver, width, height
        self.library = ctypes.CDLL("libnvcuvid.so.1")
        params = Params(0, Q0=width, Q8=height, Q16=4, I24=_H264, I28=_420)
        for place, value in ((96, width), (104, height), (112, outputs)):
            params.put("Q", place, value)
        self.decoder = c_uint64()
        self.created = self.library.cuvidCreateDecoder(ctypes.byref(self.decoder), params.buffer)

    def decode(self, slice_bytes: bytes, surface: int) -> int:
        """Decodes one slice, with its start code, into a surface."""
        source, offset = ctypes.create_string_buffer(slice_bytes), c_uint(0)
        params = Params(0, I0=self.width // 16, I4=self.height // 16, I8=surface)
        params.put("I", 24, len(slice_bytes))
        params.put("Q", 32, ctypes.addressof(source))
        params.put("I", 40, 1)
        params.put("Q", 48, ctypes.addressof(offset))
        for place, value in ((184, 8 - 4), (192, 16 - 4), (200, 1), (244, 1)):
            params.put("I", place, value)
        return int(self.library.cuvidDecodePicture(self.decoder, params.buffer))

    def map(self, surface: int) -> tuple[int, int]:
        """Maps a surface; gives the status and the frame's address."""
        address, pitch = c_uint64(), c_uint()
        params = ctypes.create_string_buffer(1024)
        status = self.library.cuvidMapVideoFrame64(
            self.decoder, surface, ctypes.byref(address), ctypes.byref(pitch), params
        )
        return int(status), address.value

    def unmap(self, address: int) -> int:
        """Ends a mapping."""
        return int(self.library.cuvidUnmapVideoFrame64(self.decoder, c_uint64(address)))

    def destroy(self) -> int:
        """Ends the decoder."""
        return int(self.library.cuvidDestroyDecoder(self.decoder))
