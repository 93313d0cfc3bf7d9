"""What FFmpeg's own code is made to do on the simulator: encode, decode, compare every sample.

For code that runs in a process on the simulator. A picture is an array of 3/2 x height rows: luma,
then chroma as NV12 has it, samples of U and V in turn; 16 bits wide for P010.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np
from av.codec.context import Flags
from av.codec.hwaccel import HWAccel
from av.video.frame import CudaContext

from nvsim.driver import Driver
from nvsim.surfaces import DeviceSurface

RATE = 25
RING = 40  # surfaces; more than any encoder here keeps


def make_pictures(count: int, width: int, height: int, deep: bool = False) -> list[np.ndarray]:
    """Noise: no two pictures, rows or samples are alike."""
    random = np.random.default_rng(width * height + count)
    shape = (count, height * 3 // 2, width)
    if deep:
        return list(random.integers(0, 1024, shape).astype(np.uint16) << 6)
    return list(random.integers(0, 256, shape, dtype=np.uint8))


# ---- pictures to and from frames of the host ----


def _rows(frame: av.VideoFrame, plane: int, dtype: type) -> np.ndarray:
    whole = np.frombuffer(frame.planes[plane], dtype)  # type: ignore[call-overload]
    rows: np.ndarray = whole.reshape(frame.planes[plane].height, -1)
    return rows


def host_frame(picture: np.ndarray, pixel_format: str) -> av.VideoFrame:
    """A frame in host memory: ``yuv420p``, ``nv12`` or ``p010le``."""
    rows, width = picture.shape
    height = rows * 2 // 3
    frame = av.VideoFrame(width, height, pixel_format)
    _rows(frame, 0, picture.dtype.type)[:, :width] = picture[:height]
    if pixel_format == "yuv420p":
        for plane in (1, 2):
            _rows(frame, plane, np.uint8)[:, : width // 2] = picture[height:, plane - 1 :: 2]
    else:
        _rows(frame, 1, picture.dtype.type)[:, :width] = picture[height:]
    return frame


def picture_of(frame: av.VideoFrame) -> np.ndarray:
    """The picture of a decoded frame in host memory, whatever its layout."""
    deep = "10" in frame.format.name
    dtype: type = np.uint16 if deep else np.uint8
    width, height = frame.width, frame.height
    picture: np.ndarray = np.empty((height * 3 // 2, width), dtype)
    picture[:height] = _rows(frame, 0, dtype)[:, :width]
    if len(frame.planes) == 2:
        picture[height:] = _rows(frame, 1, dtype)[:, :width]
        return picture
    for plane in (1, 2):
        picture[height:, plane - 1 :: 2] = _rows(frame, plane, dtype)[:, : width // 2]
    return picture << 6 if deep else picture  # P010 has its 10 bits at the top


# ---- encoding ----


def open_encoder(
    width: int,
    height: int,
    pixel_format: str,
    options: Mapping[str, str],
    hwaccel: HWAccel | None = None,
) -> av.VideoCodecContext:
    """An h264_nvenc encoder; with ``hwaccel``, FFmpeg uploads the frames."""
    encoder = av.CodecContext.create("h264_nvenc", "w", hwaccel=hwaccel)
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, pixel_format
    encoder.time_base, encoder.framerate = Fraction(1, RATE), Fraction(RATE)
    encoder.options = dict(options)
    encoder.flags |= Flags.frame_duration  # packets say how long their pictures last
    return encoder


def encode_host(
    pictures: Sequence[np.ndarray],
    pixel_format: str,
    options: Mapping[str, str] | None = None,
    change: Callable[[int, av.VideoFrame], None] = lambda index, frame: None,
    upload: bool = False,
) -> list[av.Packet]:
    """Encodes pictures from host memory; ``change`` may set up each frame before.

    They go into the encoder's own buffers, or with ``upload`` into FFmpeg's device frames.
    """
    rows, width = pictures[0].shape
    hwaccel = HWAccel("cuda", allow_software_fallback=False) if upload else None
    encoder = open_encoder(width, rows * 2 // 3, pixel_format, options or {}, hwaccel)
    packets = []
    for index, picture in enumerate(pictures):
        frame = host_frame(picture, pixel_format)
        frame.pts, frame.time_base = index, Fraction(1, RATE)
        change(index, frame)
        packets += encoder.encode(frame)
    return packets + encoder.encode(None)


@contextmanager
def primary_context(driver: Driver) -> Iterator[None]:
    """The primary context, current in this thread, until the end."""
    driver.primary_context()
    try:
        yield
    finally:
        gc.collect()  # a codec context that is still there would need the context
        driver.call("cuCtxSetCurrent", 0)
        driver.call("cuDevicePrimaryCtxRelease", 0)


def encode_device(
    driver: Driver, pictures: Sequence[np.ndarray], options: Mapping[str, str] | None = None
) -> list[av.Packet]:
    """Encodes pictures from a ring of surfaces in device memory, each used again when free."""
    rows, width = pictures[0].shape
    height = rows * 2 // 3
    ring = [DeviceSurface(driver, width, height) for _ in range(RING)]
    free = list(range(RING))
    context = CudaContext(0, primary_ctx=True)
    encoder = open_encoder(width, height, "cuda", options or {})
    packets = []
    for index, picture in enumerate(pictures):
        slot = free.pop(0)
        ring[slot].write(picture)
        driver.kernel("compose")
        frame = ring[slot].frame(context, lambda slot=slot: free.append(slot))  # type: ignore[misc]
        frame.pts, frame.time_base = index, Fraction(1, RATE)
        packets += encoder.encode(frame)
        del frame
    packets += encoder.encode(None)
    assert len(free) == RING, "the encoder still has surfaces"
    del encoder, context  # they have to go before the memory that they know
    gc.collect()
    for surface in ring:
        surface.free()
    return packets


# ---- decoding ----


def decode(packets: Sequence[av.Packet], hardware: bool) -> list[av.VideoFrame]:
    """Frames of the packets, in host memory; in software, or by NVDEC and nothing else."""
    hwaccel = HWAccel("cuda", allow_software_fallback=False) if hardware else None
    decoder = av.CodecContext.create("h264", "r", hwaccel=hwaccel)
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    return [frame for packet in [*packets, None] for frame in decoder.decode(packet)]


def check(pictures: Sequence[np.ndarray], packets: Sequence[av.Packet]) -> None:
    """Every picture comes back as it was, in software and by NVDEC, at its own time."""
    assert sorted(packet.pts or 0 for packet in packets) == list(range(len(pictures)))
    for hardware in (False, True):
        frames = decode(packets, hardware)
        assert [frame.pts for frame in frames] == list(range(len(pictures)))
        for number, (picture, frame) in enumerate(zip(pictures, frames, strict=True)):
            same = np.array_equal(picture_of(frame), picture)
            assert same, f"picture {number}, hardware: {hardware}"
