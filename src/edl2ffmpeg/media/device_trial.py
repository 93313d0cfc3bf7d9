"""Tries what a CUDA device decodes and encodes, with pictures made for it.

To be run in a process that may be lost (``rendering/device_probe.py``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
from av.codec.hwaccel import HWAccel

from edl2ffmpeg.media._decoder_choice import device_decoder
from edl2ffmpeg.media.accelerators import AcceleratedDecoding, encoder_accelerator
from edl2ffmpeg.media.nvenc import failure_of, logged_errors

__all__ = ["accelerator_failure", "decodable", "encodable", "encodable_with"]

_SIZE = (256, 144)
_FRAMES = 4
# Name, encoder of the trial, pixel format.
_DECODED = (
    ("h264", "libx264", "yuv420p"),
    ("hevc", "libx265", "yuv420p"),
    ("hevc 10-bit", "libx265", "yuv420p10le"),
    ("vp9", "libvpx-vp9", "yuv420p"),
    ("av1", "libsvtav1", "yuv420p"),
)
_FAILURES = (av.FFmpegError, RuntimeError, NotImplementedError, ValueError, MemoryError)
_ENCODED = ("h264_nvenc", "hevc_nvenc", "av1_nvenc")


def decodable(number: int, folder: Path) -> dict[str, str]:
    """Codecs, each with "" or why device ``number`` does not decode it."""
    found = {}
    for name, encoder, pixel_format in _DECODED:
        path = folder / f"{encoder}-{pixel_format}.mkv"
        if not path.exists():
            _write(path, encoder, pixel_format)
        found[name] = _tried(partial(_decoded_there, path, number))
    return found


def encodable(number: int, encoders: Sequence[str] = _ENCODED) -> dict[str, str]:
    """NVENC's encoders, each with "" or why device ``number`` does not have it."""
    # With a device, so that running out of sessions is told apart from having none.
    hwaccel = HWAccel("cuda", device=str(number), allow_software_fallback=False)
    return {name: _tried(partial(_encoded_there, name, hwaccel)) for name in encoders}


def accelerator_failure(kind: str, device: str | None) -> str:
    """Why another kind of device decodes nothing here; empty if it does."""
    with tempfile.TemporaryDirectory(prefix="edl2ffmpeg-probe-") as folder:
        path = Path(folder) / "h264.mkv"
        _write(path, "libx264", "yuv420p")
        return _tried(lambda: _decoded_with(path, AcceleratedDecoding(kind, device)))


def _decoded_with(path: Path, decoding: AcceleratedDecoding) -> int:
    with av.open(str(path)) as source:
        context = device_decoder(source.streams.video[0], decoding.accelerator(), decoding.kind)
        if not context.is_hwaccel:
            raise ValueError("FFmpeg's decoder does not use it")
        return sum(
            len(context.decode(packet if packet.size else None)) for packet in source.demux(video=0)
        )


def encodable_with(kind: str, device: str | None, encoder: str) -> str:
    """Why an encoder of another kind of device does not work; empty if it does."""
    return _tried(lambda: _encoded_there(encoder, encoder_accelerator(kind, device)))


def _write(path: Path, encoder: str, pixel_format: str) -> None:
    with av.open(str(path), "w") as output:
        stream = output.add_stream(encoder, rate=Fraction(25))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = _SIZE
        stream.pix_fmt = pixel_format
        for number in range(_FRAMES):
            frame = _picture(number).reformat(format=pixel_format)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _picture(number: int) -> av.VideoFrame:
    rows = _SIZE[1] * 3 // 2
    samples = np.random.default_rng(number).integers(16, 235, (rows, _SIZE[0]))
    return av.VideoFrame.from_ndarray(samples.astype(np.uint8), "yuv420p")


def _tried(run: Callable[[], int]) -> str:
    """Why ``run``, which gives how many pictures came out, failed; empty if all did."""
    with logged_errors() as logged:
        try:
            made = run()
            failure = None
        except _FAILURES as error:
            failure = error
    if failure is not None:
        return failure_of(failure, logged)
    return "" if made == _FRAMES else f"{made} of {_FRAMES} pictures came out of it"


def _decoded_there(path: Path, number: int) -> int:
    """How many pictures come out of the device."""
    accelerator = HWAccel(
        "cuda", device=str(number), allow_software_fallback=False, is_hw_owned=True
    )
    with av.open(str(path)) as source:
        context = device_decoder(source.streams.video[0], accelerator)
        return sum(
            frame.format.name == "cuda"
            for packet in source.demux(video=0)
            for frame in context.decode(packet if packet.size else None)
        )


def _encoded_there(encoder: str, hwaccel: HWAccel | None) -> int:
    context = av.CodecContext.create(encoder, "w", hwaccel=hwaccel)
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height = _SIZE
    context.pix_fmt = "nv12"
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    packets = 0
    for picture in range(_FRAMES):
        frame = _picture(picture).reformat(format="nv12")
        frame.pts, frame.time_base = picture, Fraction(1, 25)
        packets += len(context.encode(frame))
    return packets + len(context.encode(None))
