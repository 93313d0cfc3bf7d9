"""Makes barcoded clips of every shape, with the exact times their pictures are shown at.

It does not judge what a renderer makes of them; ``oracle`` does.
"""

from __future__ import annotations

import os
import pickle
import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, cycle, islice
from pathlib import Path
from tempfile import mkdtemp

import av
import numpy as np

from helpers import barcode
from helpers.clip_shapes import ALL_SHAPES, UNSTAMPED_SHAPES, ClipShape
from helpers.movie_writer import AudioTrack, Planes, VideoTrack, write_movie

__all__ = ["ClipInfo", "ClipLibrary", "barcode_planes", "make_clip", "shift_edit_list"]


@dataclass(frozen=True)
class ClipInfo:
    """A clip on disk and what is known about it.

    ``presentation_times[i]`` is when the picture with barcode ``(file_id,
    frame_numbers[i])`` appears, in seconds counted from the stream's start.  ``start_time``
    is what the container says for the video stream, ``None`` if nothing.  ``width`` and
    ``height`` are those of the coded picture, before rotation and sample aspect ratio.
    """

    path: Path
    shape: ClipShape
    file_id: int
    presentation_times: tuple[Fraction, ...]
    frame_numbers: tuple[int, ...]
    time_base: Fraction
    start_time: Fraction | None

    @property
    def frame_rate(self) -> Fraction:
        """Nominal frames per second."""
        return self.shape.rate

    @property
    def width(self) -> int:
        """Coded width in pixels."""
        return self.shape.size[0]

    @property
    def height(self) -> int:
        """Coded height in pixels."""
        return self.shape.size[1]

    @property
    def duration(self) -> Fraction:
        """Seconds until the last picture has been shown for one nominal frame."""
        return self.presentation_times[-1] + 1 / self.frame_rate


class ClipLibrary:
    """Clips by shape name, made when first asked for and kept in ``folder``.

    Several processes may share the folder: a clip is built aside and appears by rename.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[tuple[str, int], ClipInfo] = {}

    def __getitem__(self, shape: str) -> ClipInfo:
        return self.get(shape)

    def get(self, shape: str, file_id: int | None = None) -> ClipInfo:
        """The clip of this shape; ``file_id`` defaults to the shape's place in the table."""
        number = list(ALL_SHAPES).index(shape) + 1 if file_id is None else file_id
        key = (shape, number)
        if key not in self._known:
            self._known[key] = self._load(shape, number)
        return self._known[key]

    def _load(self, shape: str, file_id: int) -> ClipInfo:
        home = self.folder / f"{shape}-{file_id}"
        if not home.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            aside = Path(mkdtemp(prefix=".making-", dir=self.folder))
            info = make_clip(aside, shape, file_id=file_id)
            (aside / "info.pickle").write_bytes(pickle.dumps(info))
            try:
                os.rename(aside, home)
            except OSError:  # another process was faster
                shutil.rmtree(aside)
        info = pickle.loads((home / "info.pickle").read_bytes())
        assert isinstance(info, ClipInfo)
        return replace(info, path=home / info.path.name)


def make_clip(
    folder: Path, shape: ClipShape | str, frames: int | None = None, file_id: int = 1
) -> ClipInfo:
    """Writes a clip of ``frames`` pictures (default: the shape's length) into ``folder``."""
    shape = ALL_SHAPES[shape] if isinstance(shape, str) else shape
    count = round(shape.seconds * shape.rate) if frames is None else frames
    ticks = _ticks(shape, count)
    track = VideoTrack(
        shape.codec,
        shape.rate,
        shape.size,
        shape.pixel_format,
        shape.options,
        ticks,
        shape.time_base,
        shape.sample_aspect_ratio,
        shape.rotation,
        shape.colour,
    )
    path = folder / f"{shape.name}-{file_id}{shape.suffix}"
    pictures = (barcode_planes(shape, file_id, number) for number in range(count))
    audio = (
        _silence(shape, ticks[-1] * (shape.time_base or 1 / shape.rate))
        if shape.has_audio
        else None
    )
    write_movie(path, track, pictures, audio, shape.container_options)
    if shape.cut_head_frames:
        shift_edit_list(path, shape.cut_head_frames / shape.rate)
    return _describe(path, shape, file_id, ticks)


def barcode_planes(shape: ClipShape, file_id: int, frame: int) -> Planes:
    """The memory planes of a picture that shows the barcode when it is turned upright."""
    layout = av.VideoFormat(shape.pixel_format)
    depth = layout.components[0].bits
    turned = shape.rotation in (90, 270)
    width, height = shape.size[::-1] if turned else shape.size
    luma = np.ascontiguousarray(
        np.rot90(barcode.picture(width, height, file_id, frame, depth), shape.rotation // 90)
    )
    if layout.is_rgb and not layout.is_planar:
        samples = layout.padded_bits_per_pixel // 8
        return [np.repeat(luma, samples, axis=1)]
    if layout.is_rgb:
        return [luma, luma, luma]
    across, down = layout.chroma_width(shape.size[0]), layout.chroma_height(shape.size[1])
    chroma = np.full((down, across), 1 << (depth - 1), luma.dtype)
    planes = [luma, chroma, chroma]
    if len(layout.components) == 4:
        planes.append(np.full_like(luma, round(shape.alpha * ((1 << depth) - 1))))
    return planes


def shift_edit_list(path: Path, seconds: Fraction) -> None:
    """Makes the edit list of an mp4's first track begin ``seconds`` later in the media.

    The file must have an edit list of one entry, as FFmpeg writes for B-frames.
    """
    content = bytearray(path.read_bytes())
    timescales = [_timescale(content, b"mvhd"), _timescale(content, b"mdhd")]
    at = content.index(b"elst") + 4
    version, count = content[at], struct.unpack_from(">I", content, at + 4)[0]
    if version != 0 or count != 1:
        raise ValueError(f"{path}: {count} edit list entries of version {version}, wanted one of 0")
    duration, media_time = struct.unpack_from(">Ii", content, at + 8)
    duration -= round(seconds * timescales[0])
    media_time += round(seconds * timescales[1])
    struct.pack_into(">Ii", content, at + 8, duration, media_time)
    path.write_bytes(content)


def _timescale(content: bytearray, box: bytes) -> int:
    at = content.index(box) + 4
    return int(struct.unpack_from(">I", content, at + (12 if content[at] == 0 else 20))[0])


def _ticks(shape: ClipShape, count: int) -> list[int]:
    if not shape.tick_pattern:
        return list(range(shape.first_tick, shape.first_tick + count))
    durations = islice(cycle(shape.tick_pattern), count - 1)
    return list(accumulate(durations, initial=shape.first_tick))


def _silence(shape: ClipShape, seconds: Fraction) -> AudioTrack:
    codec = "libopus" if shape.suffix == ".webm" else "aac"
    return AudioTrack(np.zeros((2, round(seconds * 48000)), np.float32), codec=codec)


def _describe(path: Path, shape: ClipShape, file_id: int, ticks: list[int]) -> ClipInfo:
    """Reads the stamps back, for containers round them, and checks them against ``ticks``."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        time_base = stream.time_base
        assert time_base is not None
        stamps = sorted(_shown_stamps(container, shape.name in UNSTAMPED_SHAPES))
        start = None if stream.start_time is None else stream.start_time * time_base
    written = ticks[shape.cut_head_frames :]
    if len(stamps) != len(written):
        raise ValueError(f"{path}: {len(stamps)} pictures, wrote {len(written)}")
    origin = stamps[0] if start is None else start / time_base
    times = tuple((stamp - origin) * time_base for stamp in stamps)
    unit = shape.time_base or 1 / shape.rate
    for time, tick in zip(times, written, strict=True):
        if abs(time - (tick - written[0]) * unit) > time_base:
            raise ValueError(f"{path}: a picture is stamped {time} s, was written at tick {tick}")
    numbers = tuple(range(shape.cut_head_frames, len(ticks)))
    return ClipInfo(path, shape, file_id, times, numbers, time_base, start)


def _shown_stamps(container: av.container.InputContainer, in_decoding_order: bool) -> Iterator[int]:
    """A time for each picture, not in order; one a packet where no times are stored."""
    for packet in container.demux(video=0):
        if packet.size and not packet.is_discard:
            stamp = packet.dts if in_decoding_order else packet.pts
            assert stamp is not None
            yield stamp
