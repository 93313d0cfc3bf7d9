"""Misuses the driver in every way that it knows: ``python -m nvsim.misuse`` on the simulator.

Each function trips the violation that it is named after, with a mark of that name in the log.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable
from ctypes import c_size_t, c_uint64

from nvsim.decoder_client import DecoderClient
from nvsim.driver import Driver
from nvsim.encoder_client import FORCE_IDR, EncoderClient

WIDTH, HEIGHT, PITCH = 64, 32, 512
BYTES = PITCH * HEIGHT * 3 // 2
NOTHING = c_uint64(0)

driver = Driver()
context = driver.primary_context()


class Encoder(EncoderClient):
    """A session with one surface and two bitstream buffers, ready to encode."""

    def __init__(self, group: int = 1) -> None:
        super().__init__(driver, context)
        self.initialize(WIDTH, HEIGHT, group)
        self.memory = allocate()
        self.registration = self.register(self.memory.value, WIDTH, HEIGHT, PITCH)
        self.mapping = self.map(self.registration)
        self.bitstreams = [self.create_bitstream(), self.create_bitstream()]

    def close(self) -> None:
        """Ends everything in the right order; what a test ended before is left out."""
        self.end_of_stream()
        self.of_session("unmap", self.mapping)
        self.of_session("unregister", self.registration)
        for bitstream in self.bitstreams:
            self.of_session("destroy_bitstream", bitstream)
        self.of_session("destroy")
        free(self.memory)


def allocate(size: int = BYTES) -> c_uint64:
    return driver.handle("cuMemAlloc_v2", c_size_t(size))


def free(memory: c_uint64) -> None:
    driver.result("cuMemFree_v2", memory)


def clear(memory: c_uint64, size: int = BYTES) -> int:
    return driver.result("cuMemsetD8_v2", memory, 0, c_size_t(size))


def in_thread(action: Callable[[], object]) -> None:
    thread = threading.Thread(target=action)
    thread.start()
    thread.join()


def create_context() -> c_uint64:
    """A context that is not current."""
    made = driver.handle("cuCtxCreate_v2", 0, 0)
    driver.call("cuCtxPopCurrent_v2", None)
    return made


def in_context(made: c_uint64, action: Callable[[], object]) -> None:
    driver.call("cuCtxPushCurrent_v2", made)
    action()
    driver.call("cuCtxPopCurrent_v2", None)


# ---- contexts ----


def no_context() -> None:
    in_thread(lambda: driver.result("cuMemAlloc_v2", ctypes.byref(c_uint64()), c_size_t(1)))


def wrong_context() -> None:
    other, encoder = create_context(), Encoder()
    in_context(other, lambda: encoder.encode(encoder.mapping, encoder.bitstreams[0]))
    encoder.close()
    driver.call("cuCtxDestroy_v2", other)


def unbalanced_push() -> None:
    before = driver.library.nvsim_violations()
    in_thread(lambda: driver.call("cuCtxPushCurrent_v2", context))
    limit = time.monotonic() + 10
    while driver.library.nvsim_violations() == before and time.monotonic() < limit:
        time.sleep(0.001)  # join() comes back a moment before the system's thread has ended


def unbalanced_pop() -> None:
    in_thread(lambda: driver.result("cuCtxPopCurrent_v2", None))


def primary_context_destroyed() -> None:
    driver.result("cuCtxDestroy_v2", context)


def context_ended_before_session() -> None:
    other = create_context()
    EncoderClient(driver, other)
    driver.call("cuCtxDestroy_v2", other)


def context_ended_before_decoder() -> None:
    other = create_context()
    in_context(other, lambda: DecoderClient(driver, WIDTH, HEIGHT))
    driver.call("cuCtxDestroy_v2", other)


def context_ended_before_memory() -> None:
    other = create_context()
    in_context(other, allocate)
    driver.call("cuCtxDestroy_v2", other)


def context_ended_before_resource() -> None:
    other = create_context()
    in_context(other, lambda: driver.handle("cuStreamCreate", 0))
    driver.call("cuCtxDestroy_v2", other)


# ---- handles ----


def invalid_handle() -> None:
    driver.result("cuStreamSynchronize", c_uint64(4711))


def use_after_destroy() -> None:
    stream = driver.handle("cuStreamCreate", 0)
    driver.call("cuStreamDestroy_v2", stream)
    driver.result("cuStreamSynchronize", stream)


def double_destroy() -> None:
    event = driver.handle("cuEventCreate", 0)
    driver.call("cuEventDestroy_v2", event)
    driver.result("cuEventDestroy_v2", event)


# ---- memory ----


def not_device_memory() -> None:
    clear(c_uint64(ctypes.addressof(ctypes.create_string_buffer(16))), 16)


def device_memory_as_host() -> None:
    memory = allocate()
    driver.result("cuMemcpyHtoD_v2", memory, memory, c_size_t(16))
    free(memory)


def use_after_free() -> None:
    memory = allocate()
    free(memory)
    clear(memory)


def out_of_bounds() -> None:
    memory = allocate()
    clear(memory, BYTES + 1)
    free(memory)


def invalid_free() -> None:
    memory = allocate()
    free(c_uint64(memory.value + 256))
    free(memory)


def double_free() -> None:
    memory = allocate()
    free(memory)
    free(memory)


def free_while_registered() -> None:
    encoder = Encoder()
    encoder.of_session("unmap", encoder.mapping)
    free(encoder.memory)
    encoder.close()


def free_while_mapped() -> None:
    encoder = Encoder()
    free(encoder.memory)
    encoder.close()


# ---- the encoder ----


def session_destroyed_with_resources() -> None:
    encoder = Encoder()
    encoder.of_session("destroy")
    free(encoder.memory)


def encode_after_eos() -> None:
    encoder = Encoder()
    encoder.end_of_stream()
    encoder.encode(encoder.mapping, encoder.bitstreams[0])
    encoder.close()


def encode_while_locked() -> None:
    encoder = Encoder()
    buffer = encoder.create_input(WIDTH, HEIGHT)
    encoder.lock_input(buffer)
    encoder.encode(buffer, encoder.bitstreams[0])
    encoder.of_session("unlock_input", buffer)
    encoder.end_of_stream()
    encoder.of_session("destroy_input", buffer)
    encoder.close()


def bitstream_in_use() -> None:
    encoder = Encoder()
    encoder.encode(encoder.mapping, encoder.bitstreams[0])
    encoder.encode(encoder.mapping, encoder.bitstreams[0])
    encoder.close()


def surface_changed_in_flight() -> None:
    encoder = Encoder()
    encoder.encode(encoder.mapping, encoder.bitstreams[0])
    clear(encoder.memory)
    encoder.picture(encoder.bitstreams[0])
    encoder.close()


def unmapped_in_flight() -> None:
    encoder = Encoder()
    encoder.encode(encoder.mapping, encoder.bitstreams[0])
    encoder.of_session("unmap", encoder.mapping)
    encoder.picture(encoder.bitstreams[0])
    encoder.close()


def destroyed_in_flight() -> None:
    encoder = Encoder()
    encoder.encode(encoder.mapping, encoder.bitstreams[0])
    encoder.of_session("destroy_bitstream", encoder.bitstreams[0])
    encoder.close()


def unregister_while_mapped() -> None:
    encoder = Encoder()
    encoder.of_session("unregister", encoder.registration)
    encoder.close()


def double_map() -> None:
    encoder = Encoder()
    second = encoder.map(encoder.registration)
    encoder.of_session("unmap", second)
    encoder.close()


def double_lock() -> None:
    encoder = Encoder()
    encoder.encode(encoder.mapping, encoder.bitstreams[0])
    encoder.lock(encoder.bitstreams[0])
    encoder.lock(encoder.bitstreams[0])
    encoder.of_session("unlock", encoder.bitstreams[0])
    encoder.close()


def unlock_without_lock() -> None:
    encoder = Encoder()
    encoder.of_session("unlock", encoder.bitstreams[0])
    encoder.close()


def lock_without_output() -> None:
    encoder = Encoder(group=2)
    encoder.encode(encoder.mapping, encoder.bitstreams[0], flags=FORCE_IDR)
    encoder.picture(encoder.bitstreams[0])
    encoder.encode(encoder.mapping, encoder.bitstreams[1])
    encoder.lock(encoder.bitstreams[1])
    encoder.close()


def lock_out_of_order() -> None:
    encoder = Encoder()
    for bitstream in encoder.bitstreams:
        encoder.encode(encoder.mapping, bitstream)
    for bitstream in reversed(encoder.bitstreams):
        encoder.picture(bitstream)
    encoder.close()


def unknown_version() -> None:
    encoder = EncoderClient(driver, context)
    encoder.initialize(WIDTH, HEIGHT, revision=99)
    encoder.of_session("destroy")


def unimplemented_function() -> None:
    encoder = EncoderClient(driver, context)
    encoder.of_session("invalidate_references", NOTHING)
    encoder.of_session("destroy")


# ---- the decoder ----


def a_slice() -> bytes:
    """The slice of one encoded picture, behind its parameter sets."""
    encoder = Encoder()
    encoder.encode(encoder.mapping, encoder.bitstreams[0])
    picture = encoder.picture(encoder.bitstreams[0])
    encoder.close()
    return picture[picture.index(b"\0\0\0\1\x65") :]


def decoder_with_pictures(count: int) -> DecoderClient:
    decoder, picture = DecoderClient(driver, WIDTH, HEIGHT), a_slice()
    for surface in range(count):
        assert decoder.decode(picture, surface) == 0
    return decoder


def decode_while_mapped() -> None:
    decoder = decoder_with_pictures(1)
    _, frame = decoder.map(0)
    decoder.decode(a_slice(), 0)
    decoder.unmap(frame)
    decoder.destroy()


def too_many_mapped() -> None:
    decoder = decoder_with_pictures(2)
    _, frame = decoder.map(0)
    decoder.map(1)
    decoder.unmap(frame)
    decoder.destroy()


def map_before_decode() -> None:
    decoder = DecoderClient(driver, WIDTH, HEIGHT)
    decoder.map(0)
    decoder.destroy()


def unmap_without_map() -> None:
    decoder = decoder_with_pictures(1)
    _, frame = decoder.map(0)
    decoder.unmap(frame)
    decoder.unmap(frame)
    decoder.destroy()


def decoder_destroyed_while_mapped() -> None:
    decoder = decoder_with_pictures(1)
    decoder.map(0)
    decoder.destroy()


# ---- and the end ----


def live_at_exit() -> None:
    allocate()


def main(names: list[str]) -> None:
    """Trips the violations of these names, all if there are none, and leaves the context."""
    for name in names:
        driver.mark(name)
        globals()[name.replace("-", "_")]()
    driver.mark("live-at-exit" if "live-at-exit" in names else "end")
    driver.call("cuCtxSetCurrent", NOTHING)
    if "live-at-exit" not in names:
        driver.call("cuDevicePrimaryCtxRelease", 0)


if __name__ == "__main__":
    main(sys.argv[1:])
