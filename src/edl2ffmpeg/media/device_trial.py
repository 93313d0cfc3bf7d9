"""Tries what a CUDA device decodes and encodes, with pictures made for it.

To be run in a process that may be lost (``rendering/device_probe.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.hwaccel import HWAccel

from edl2ffmpeg.media._decoder_choice import device_decoder

__all__ = ["decodable", "encodable"]

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
_CODE = re.compile(r"^\[Errno \d+\] ")
_ENCODED = ("h264_nvenc", "hevc_nvenc", "av1_nvenc")
_WHY = (
    (re.compile("No capable devices|unsupported device|No NVENC", re.I), "this chip has no NVENC"),
    (re.compile("incompatible client key|OpenEncodeSessionEx failed: out of memory"),
     "no session is free: the driver's limit is reached, or its memory"),
    (re.compile("driver does not support|minimum required", re.I), "the driver is too old for it"),
    (re.compile(r"Cannot load lib|libnvidia-encode|libnvcuvid"), "the driver's library is missing"),
    (re.compile("no stream is compatible"),
     "FFmpeg's decoder of it does not use the device"),
    (re.compile("lacking required capabilities|support required NVENC", re.I),
     "this chip does not do it"),
)  # fmt: skip


def decodable(number: int, folder: Path) -> dict[str, str]:
    """Codecs, each with "" or why device ``number`` does not decode it."""
    found = {}
    for name, encoder, pixel_format in _DECODED:
        path = folder / f"{encoder}-{pixel_format}.mkv"
        if not path.exists():
            _write(path, encoder, pixel_format)
        found[name] = _decode(path, number)
    return found


def encodable(number: int) -> dict[str, str]:
    """NVENC's encoders, each with "" or why device ``number`` does not have it."""
    return {name: _encode(name, number) for name in _ENCODED}


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


def _decode(path: Path, number: int) -> str:
    with _logged() as logged:
        try:
            frames = _decoded_there(path, number)
            failure = None
        except _FAILURES as error:
            failure = error
    if failure is not None:
        return _reason(failure, logged)
    return "" if frames == _FRAMES else f"only {frames} of {_FRAMES} pictures came out of it"


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


def _encode(encoder: str, number: int) -> str:
    with _logged() as logged:
        try:
            packets = _encoded_there(encoder, number)
            failure = None
        except _FAILURES as error:
            failure = error
    if failure is not None:
        return _reason(failure, logged)
    return "" if packets == _FRAMES else f"{packets} of {_FRAMES} pictures came out of it"


def _encoded_there(encoder: str, number: int) -> int:
    # With a device, so that running out of sessions is told apart from having none.
    context = av.CodecContext.create(
        encoder, "w", hwaccel=HWAccel("cuda", device=str(number), allow_software_fallback=False)
    )
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


@contextmanager
def _logged() -> Iterator[list[str]]:
    """What FFmpeg says about its errors meanwhile: their codes tell little."""
    lines: list[str] = []
    before = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture(local=False) as captured:
            yield lines
    finally:
        av.logging.set_level(before)
        lines += [message.strip() for _, _, message in captured]


def _reason(error: BaseException, logged: list[str]) -> str:
    told = " ".join([*logged, str(error)])
    known = next((why for pattern, why in _WHY if pattern.search(told)), None)
    if known is not None:
        return known
    text = logged[0] if logged else _CODE.sub("", str(error)).split(":")[0]
    return f"FFmpeg says: {text if len(text) <= 120 else text[:117] + '...'}"
