"""Lossless clips of one known picture with given colour tags, to measure colours on.

It converts nothing: what is in the planes is what a decoder must give.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from helpers.movie_writer import ColourTags, Planes, VideoTrack, write_movie

__all__ = ["flat_planes", "make_still", "ramp_planes", "write_picture"]


def flat_planes(pixel_format: str, size: tuple[int, int], values: tuple[int, ...]) -> Planes:
    """Planes of one colour; ``values`` are the components' codes at the format's depth."""
    layout = av.VideoFormat(pixel_format)
    kind = np.uint8 if layout.components[0].bits == 8 else np.uint16
    width, height = size
    if layout.is_rgb and not layout.is_planar:
        samples = layout.padded_bits_per_pixel // 8
        pixel = np.resize(np.array((*values, 255), kind), 4)[:samples]
        return [np.tile(pixel, (height, width))]
    if layout.is_rgb:
        red, green, blue = values[:3]
        values = (green, blue, red, *values[3:])
    chroma = layout.chroma_height(height), layout.chroma_width(width)
    shapes = [(height, width)] * len(values)
    if not layout.is_rgb:
        shapes[1:3] = [chroma] * len(shapes[1:3])
    planes = [np.full(shape, value, kind) for shape, value in zip(shapes, values, strict=True)]
    return planes


def ramp_planes(
    pixel_format: str, size: tuple[int, int], low: int, high: int, chroma: tuple[int, int]
) -> Planes:
    """Planes of a Y'CbCr format whose luma rises from ``low`` (left) to ``high`` (right)."""
    planes = list(flat_planes(pixel_format, size, (low, *chroma)))
    ramp = np.rint(np.linspace(low, high, size[0])).astype(planes[0].dtype)
    planes[0] = np.tile(ramp, (size[1], 1))
    return planes


def make_still(
    path: Path,
    planes: Planes,
    size: tuple[int, int],
    pixel_format: str = "yuv420p",
    colour: ColourTags | None = None,
    frames: int = 5,
    rate: Fraction = Fraction(25),
    sample_aspect_ratio: Fraction = Fraction(1),
    rotation: int = 0,
) -> Path:
    """Writes ``frames`` equal pictures losslessly into ``path``.

    H.264 with a quantiser of 0 for Y'CbCr of 8 and 10 bits without alpha (``.mp4``, ``.mkv``),
    PNG for rgb24 and rgba (``.mov``), Ut Video for planar RGB (``.avi``), else FFV1 (``.mkv``).
    """
    layout = av.VideoFormat(pixel_format)
    options: dict[str, str] = {}
    if pixel_format in ("rgb24", "rgba"):
        codec = "png"
    elif pixel_format in ("gbrp", "gbrap"):
        codec = "utvideo"
    elif layout.is_rgb or len(layout.components) == 4 or layout.components[0].bits > 10:
        codec = "ffv1"
    else:
        codec, options = "libx264", {"preset": "ultrafast", "qp": "0", "bf": "0"}
    track = VideoTrack(
        codec,
        rate,
        size,
        pixel_format,
        options,
        range(frames),
        sample_aspect_ratio=sample_aspect_ratio,
        rotation=rotation,
        colour=colour,
    )
    write_movie(path, track, [planes] * frames)
    return path


def write_picture(
    path: Path,
    pixels: npt.NDArray[np.uint8],
    codec: str = "png",
    pixel_format: str = "rgb24",
) -> Path:
    """Writes one picture, (height, width, 3) R'G'B' or (height, width, 4) with alpha, to a file."""
    height, width, channels = pixels.shape
    frame = av.VideoFrame.from_ndarray(pixels, "rgba" if channels == 4 else "rgb24")
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, pixel_format
    context.time_base = Fraction(1, 25)
    packets = context.encode(frame.reformat(format=pixel_format)) + context.encode(None)
    path.write_bytes(b"".join(bytes(packet) for packet in packets))
    return path
