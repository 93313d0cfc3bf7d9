"""Device memory that is used again and again, and the way to it from host memory.

Everything here is in the order of one stream: memory that was given back may be written by the
next call while earlier kernels still read it, since those run first.
"""

from __future__ import annotations

import ctypes
import weakref
from collections import OrderedDict, deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edl2ffmpeg.devices.cuda import CudaDevice, CudaEvent

__all__ = ["Block", "BlockPool", "Lease", "UploadRing"]

_SMALLEST = 512
_CHUNKS = 4
_CHUNK_BYTES = 4 * 2**20
_ALIGNMENT = 256


@dataclass(slots=True, eq=False)
class Block:
    """Memory of the device: ``size`` bytes or more from ``address`` on.

    What ``is_registered`` an encoder knows, which must not be freed before the encoder is closed.
    """

    address: int
    size: int
    is_registered: bool = False


class Lease:
    """Keeps a block from being lent again for as long as it lives."""

    def __init__(self, block: Block) -> None:
        self.block = block


class BlockPool:
    """Lends blocks of a few sizes; it keeps a budget of free ones.

    Allocating and freeing make the whole device wait, so in steady state there is none.
    """

    def __init__(self, device: CudaDevice, budget: int = 512 * 2**20) -> None:
        self._device = device
        self._budget = budget
        self._free: OrderedDict[int, deque[Block]] = OrderedDict()
        self._free_bytes = 0
        self._closed = False

    def take(self, size: int) -> Block:
        """A block to use until ``give_back``."""
        rounded = _rounded(size)
        waiting = self._free.get(rounded)
        if waiting:
            self._free_bytes -= rounded
            return waiting.pop()
        return Block(self._device.allocate(rounded), rounded)

    def lend(self, size: int) -> Lease:
        """A block that comes back by itself when the lease is dropped."""
        block = self.take(size)
        lease = Lease(block)
        weakref.finalize(lease, self.give_back, block).atexit = False
        return lease

    def give_back(self, block: Block) -> None:
        """Takes a block back; what was launched so far may still use it."""
        if self._closed:
            self._device.drop(block.address)
            return
        self._free.setdefault(block.size, deque()).append(block)
        self._free.move_to_end(block.size)
        self._free_bytes += block.size
        while self._free_bytes > self._budget:
            oldest = next(size for size, blocks in self._free.items() if blocks)
            self._free_bytes -= oldest
            self._device.free(self._free[oldest].popleft().address)

    def close(self) -> None:
        """Frees what is free, and what is still lent when it comes back."""
        self._closed = True
        for blocks in self._free.values():
            while blocks:
                self._device.free(blocks.pop().address)


def _rounded(size: int) -> int:
    """The next size of which there are blocks: four to each power of two."""
    size = max(size, _SMALLEST)
    step = 1 << max(size.bit_length() - 3, 0)
    return -(-size // step) * step


@dataclass(slots=True)
class _Chunk:
    memory: npt.NDArray[np.uint8]
    used: int = 0
    event: CudaEvent | None = None


class UploadRing:
    """Copies host memory to the device by way of pinned memory, without waiting for the copy.

    What was handed over may be changed as soon as ``upload`` returns.
    """

    def __init__(self, device: CudaDevice) -> None:
        self._device = device
        self._chunks: deque[_Chunk] = deque()

    def upload(self, target: int, source: int, size: int) -> None:
        """Copies ``size`` bytes from host address ``source``."""
        chunk = self._room(size)
        staged = chunk.memory.ctypes.data + chunk.used
        ctypes.memmove(staged, source, size)
        self._device.upload(target, staged, size)
        chunk.used += -(-size // _ALIGNMENT) * _ALIGNMENT

    def _room(self, size: int) -> _Chunk:
        if self._chunks:
            chunk = self._chunks[-1]
            if chunk.used + size <= len(chunk.memory):
                return chunk
            chunk.event = self._device.mark(self._device.stream)
        if len(self._chunks) < _CHUNKS:
            memory = self._device.pinned(max(size, _CHUNK_BYTES))
            self._chunks.append(_Chunk(memory))
            return self._chunks[-1]
        oldest = self._chunks.popleft()
        if oldest.event is not None:
            oldest.event.wait()
        memory = oldest.memory if len(oldest.memory) >= size else self._device.pinned(size)
        self._chunks.append(_Chunk(memory))
        return self._chunks[-1]
