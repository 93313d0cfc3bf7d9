"""NV12 frames in simulated device memory, for the encoder: what a GPU compositor hands over."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import POINTER, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint64, c_void_p
from typing import Any

import av
import numpy as np

from nvsim.driver import Driver

_CUDA = 2
_UNSIGNED = 1


class _Tensor(ctypes.Structure):
    pass


_DELETER = ctypes.CFUNCTYPE(None, POINTER(_Tensor))

# DLManagedTensor of DLPack 0.x, flattened.
_Tensor._fields_ = [
    ("data", c_void_p),
    ("device_type", c_int32),
    ("device_id", c_int32),
    ("ndim", c_int32),
    ("code", c_uint8),
    ("bits", c_uint8),
    ("lanes", c_uint16),
    ("shape", POINTER(c_int64)),
    ("strides", POINTER(c_int64)),
    ("byte_offset", c_uint64),
    ("context", c_void_p),
    ("deleter", _DELETER),
]

_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [c_void_p, ctypes.c_char_p, c_void_p]
_NAME = b"dltensor"

# What FFmpeg still has, by the address of the tensor: ctypes objects die with their last name.
_exported: dict[int, tuple[Any, ...]] = {}
_on_release: dict[int, Callable[[], None]] = {}


@_DELETER
def _released(tensor: Any) -> None:
    address = ctypes.addressof(tensor.contents)
    done = _on_release.pop(address, None)
    _exported.pop(address, None)
    if done:
        done()


def _plane(
    address: int, shape: tuple[int, int], pitch: int, done: Callable[[], None] | None
) -> object:
    sizes, strides = (c_int64 * 2)(*shape), (c_int64 * 2)(pitch, 1)
    tensor = _Tensor(address, _CUDA, 0, 2, _UNSIGNED, 8, 1, sizes, strides, 0, None, _released)
    _exported[ctypes.addressof(tensor)] = (tensor, sizes, strides)
    if done:
        _on_release[ctypes.addressof(tensor)] = done
    capsule: object = _new_capsule(ctypes.addressof(tensor), _NAME, None)
    return capsule


class DeviceSurface:
    """One NV12 picture in device memory: one allocation, chroma at pitch x height."""

    def __init__(self, driver: Driver, width: int, height: int, pitch: int = 512) -> None:
        self.driver, self.width, self.height = driver, width, height
        self.pitch = -(-width // pitch) * pitch
        self.size = self.pitch * height * 3 // 2
        self.address = driver.handle("cuMemAlloc_v2", c_size_t(self.size)).value

    def write(self, pixels: np.ndarray) -> None:
        """Sets the picture, as a kernel would; ``pixels`` has 3/2 x height rows of width."""
        rows = self.driver.shadow(self.address, self.size).reshape(-1, self.pitch)
        rows[:, : self.width] = pixels

    def read(self) -> np.ndarray:
        """The picture, as :meth:`write` takes it."""
        rows = self.driver.shadow(self.address, self.size).reshape(-1, self.pitch)
        return rows[:, : self.width].copy()

    def frame(
        self, context: av.video.frame.CudaContext, released: Callable[[], None] | None = None
    ) -> av.VideoFrame:
        """A frame on this memory; ``released`` is called when FFmpeg has let go of it."""
        chroma = self.address + self.pitch * self.height
        planes = (
            _plane(self.address, (self.height, self.width), self.pitch, released),
            _plane(chroma, (self.height // 2, self.width), self.pitch, None),
        )
        return av.VideoFrame.from_dlpack(
            planes, "nv12", self.width, self.height, cuda_context=context
        )

    def free(self) -> None:
        """Gives the memory back."""
        self.driver.call("cuMemFree_v2", c_uint64(self.address))
