"""Asks FFmpeg to decode on a CUDA device, and copies what comes out; it owns no device.

FFmpeg silently decodes on the CPU what the device cannot; whether it did is seen in the first
picture.  Its contexts share the primary context with ours (Note [Order of CUDA state] in
``devices/cuda.py``).

Note [Copies of decoded pictures]
FFmpeg would copy each picture out of the decoder by itself, but ignores a copy that fails, and
then the picture before would be shown.  So it is asked for the decoder's own surfaces, of which
there are few, and each picture that is shown is copied from there by us: by the thread that
draws it, or, where that has not come so far by the time of the next picture, by the one that
decodes, which would otherwise be kept from decoding.  A surface goes back to the decoder when its
copy is done, in the decoding thread.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Any, Protocol

import av
from av.codec.context import CodecContext
from av.codec.hwaccel import HWAccel

from edl2ffmpeg.devices.cuda import CudaDevice, CudaEvent
from edl2ffmpeg.devices.cuda_copies import DelayedCopy
from edl2ffmpeg.devices.cuda_memory import Block, Lease
from edl2ffmpeg.errors import DeviceError, MediaError
from edl2ffmpeg.frame import PIXEL_FORMATS, Frame, Plane
from edl2ffmpeg.media._display_matrix import orientation_of

__all__ = [
    "DECODER_OPTIONS",
    "DECODER_THREADS",
    "DeviceDecoding",
    "HardwareDecoding",
    "failure",
    "inexact",
]

DECODER_THREADS = 1
"""More would each keep surfaces of their own and make nothing faster."""

DECODER_OPTIONS = {"hwaccel_flags": "+unsafe_output", "extra_hw_frames": "8"}
"""The decoder's own surfaces; beside its references: current, next, reordered, being copied."""

# Whose standards say every bit of a decoded picture: others come out differently by a code value.
_EXACT_CODECS = ("h264", "hevc", "vp8", "vp9", "av1")

# They have no software to go on with where the device refuses a stream.
_DEVICE_ONLY_DECODERS = ("av1",)

_MOST_WAITING = 1
_MOST_COPIES = 2
# Of pictures of other sizes than the one at hand.
_MOST_IDLE_BYTES = 256 * 2**20
_PITCH_ALIGNMENT = 256
# Coded pictures end with whole macroblocks, and chroma begins below them.
_MOST_GAP = 64


class DeviceDecoding(Protocol):
    """What a :class:`VideoDecoder` has to know to let a device decode."""

    kind: str
    decoder_options: Mapping[str, str]
    opens_files: bool
    """Whether files are opened with the accelerator, and not decoders alone."""

    @property
    def device_name(self) -> str:
        """As in ``cuda:0``."""

    def accelerator(self) -> HWAccel:
        """What ``av.open`` takes."""

    def refusal(self, frame: av.VideoFrame, decoder: CodecContext) -> str | None:
        """Why a stream, whose ``decoder`` gave ``frame`` first, is not decoded here; or None."""

    def deserted(self, frame: av.VideoFrame) -> str | None:
        """Why a later ``frame`` of a stream is not the device's any more; None if it is."""

    def copied(self, frame: Frame) -> Frame:
        """``frame``, which is the decoder's own, in memory that the decoder leaves alone."""

    def close(self) -> None:
        """Lets go of what the decoders gave."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Memory of a copy: rows of ``width`` bytes, ``pitch`` apart, and the row of each plane.

    ``copies`` are (offset in the source, its pitch, first row, rows).
    """

    width: int
    pitch: int
    rows: int
    places: tuple[int, ...]
    copies: tuple[tuple[int, int, int, int], ...]


class HardwareDecoding:
    """Decoding on ``device``, for one thread; frames that it gave may be dropped in any.

    With ``for_encoder`` an encoder on the device can take frames as they are: chroma then comes
    right after luma, where one copy of both would keep what the decoder leaves between.
    """

    def __init__(self, device: CudaDevice, *, for_encoder: bool = False) -> None:
        self._device = device
        self._for_encoder = for_encoder
        self._free: OrderedDict[int, deque[Block]] = OrderedDict()
        # Of the pictures last met: one size follows another only rarely.
        self._layouts: dict[tuple[Any, ...], _Layout] = {}
        self._waiting: deque[DelayedCopy] = deque()
        self._copying: deque[tuple[CudaEvent, Any]] = deque()

    kind: str = "cuda"
    opens_files: bool = True
    decoder_options: Mapping[str, str] = DECODER_OPTIONS

    @property
    def device_name(self) -> str:
        """As in ``cuda:0``."""
        return self._device.device_name

    def accelerator(self) -> HWAccel:
        """What ``av.open`` takes."""
        number = str(self._device.number)
        return HWAccel("cuda", device=number, allow_software_fallback=True, is_hw_owned=True)

    def refusal(self, frame: av.VideoFrame, decoder: CodecContext) -> str | None:
        """Why a stream, whose ``decoder`` gave ``frame`` first, is not decoded here; or None."""
        return _refusal(frame, decoder)

    def deserted(self, frame: av.VideoFrame) -> str | None:
        """Why a later ``frame`` of a stream is not the device's any more; None if it is.

        FFmpeg goes on in software, without a word, where parameters change to what the device
        does not do.
        """
        if frame.format.name != "cuda":
            return f"from here on the device does not decode it ({frame.format.name})"
        layout = frame.sw_format
        if layout is None or layout.name not in PIXEL_FORMATS:
            return f"{layout.name if layout else 'its pixel format'} cannot be drawn there"
        return None

    def copied(self, frame: Frame) -> Frame:
        """``frame``, which is the decoder's own, in memory of ours; later work comes after it.

        See Note [Copies of decoded pictures].
        """
        first = frame.planes[0]
        offsets = tuple(plane.address - first.address for plane in frame.planes)
        key = (frame.format.name, frame.width, frame.height, first.pitch, offsets)
        if key not in self._layouts:
            self._layouts = {key: _layout_of(frame, keeps_gaps=not self._for_encoder)}
        layout = self._layouts[key]
        lease = self._lend(layout.pitch * layout.rows)
        copy = DelayedCopy(partial(self._begin, layout, first.address, lease, frame.native))
        self._waiting.append(copy)
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft().start()
        while len(self._copying) > _MOST_COPIES:
            event, _ = self._copying[0]
            event.wait()
            self._copying.popleft()
        start = lease.block.address
        made = tuple(
            Plane(start + layout.pitch * place, layout.pitch, plane.rows)
            for plane, place in zip(frame.planes, layout.places, strict=True)
        )
        return replace(frame, planes=made, native=lease, arrival=copy)

    def _begin(self, layout: _Layout, address: int, lease: Lease, surface: Any) -> CudaEvent:
        """Until here the lease is kept, so that nothing else is in its memory."""
        for offset, pitch, place, rows in layout.copies:
            self._device.copy_rows(
                (lease.block.address + layout.pitch * place, layout.pitch),
                (address + offset, pitch),
                min(layout.width, pitch),
                rows,
            )
        event = self._device.mark(self._device.stream)
        self._copying.append((event, surface))
        return event

    def _lend(self, size: int) -> Lease:
        free = self._free.setdefault(size, deque())
        self._free.move_to_end(size)
        try:
            block = free.pop()
        except IndexError:
            self._free_idle(size)
            block = Block(self._device.allocate(size), size)
        lease = Lease(block)
        # What reads it was given to the one stream before what writes to it next.
        weakref.finalize(lease, free.append, block).atexit = False
        return lease

    def _free_idle(self, wanted: int) -> None:
        """Frees what waits for pictures of other sizes than ``wanted``, beyond a limit.

        Freeing makes the device wait, so it is done only where one allocates anyway.
        """
        others = [(size, free) for size, free in self._free.items() if size != wanted]
        idle = sum(size * len(free) for size, free in others)
        for size, free in others:
            for block in [free.popleft() for _ in range(len(free))]:
                if block.is_registered or idle <= _MOST_IDLE_BYTES:
                    free.append(block)
                    continue
                self._device.free(block.address)
                idle -= size

    def close(self) -> None:
        """Lets go of the decoders' surfaces, each when its copy is done.

        The device frees the rest when it closes.
        """
        while self._waiting:
            self._waiting.popleft().forget()
        while self._copying:
            # A device that is lost copies nothing any more.
            with suppress(DeviceError):
                self._copying[0][0].wait()
            self._copying.popleft()


def _layout_of(frame: Frame, *, keeps_gaps: bool) -> _Layout:
    """One copy of all, if it may keep what lies between the planes, or one for each plane."""
    layout, first = frame.format, frame.planes[0]
    # Of the widest plane; decoders' formats differ little in that.
    samples = max(
        -(-frame.width >> (layout.chroma_shift[0] if part.plane else 0)) * part.step
        for part in layout.components
    )
    width = samples * layout.bytes_per_sample
    pitch = -(-width // _PITCH_ALIGNMENT) * _PITCH_ALIGNMENT
    rows = _rows_together(frame) if keeps_gaps else None
    if rows is not None:
        places = [(plane.address - first.address) // first.pitch for plane in frame.planes]
        return _Layout(width, pitch, rows, tuple(places), ((0, first.pitch, 0, rows),))
    ends = list(accumulate(plane.rows for plane in frame.planes))
    places = [0, *ends[:-1]]
    copies = [
        (plane.address - first.address, plane.pitch, place, plane.rows)
        for plane, place in zip(frame.planes, places, strict=True)
    ]
    return _Layout(width, pitch, ends[-1], tuple(places), tuple(copies))


def _rows_together(frame: Frame) -> int | None:
    """How many rows hold all planes, if one copy can take them as they lie; else None."""
    first, last = frame.planes[0], frame.planes[-1]
    end = first.address
    for plane in frame.planes:
        gap = plane.address - end
        if (
            plane.pitch != first.pitch
            or gap % first.pitch
            or not 0 <= gap <= _MOST_GAP * first.pitch
        ):
            return None
        end = plane.address + plane.rows * plane.pitch
    return (last.address - first.address) // first.pitch + last.rows


def failure(error: MediaError, decoder: CodecContext | None) -> str:
    """Why a stream whose ``decoder`` gave no picture is not decoded on the device."""
    if decoder is not None and decoder.name in _DEVICE_ONLY_DECODERS:
        return "the device does not decode it"
    return f"the device fails at it: {error}"


def inexact(decoder: CodecContext) -> str | None:
    """Why pictures of ``decoder`` may differ from the CPU's; None where they cannot."""
    codec = decoder.codec.canonical_name
    if codec in _EXACT_CODECS:
        return None
    return f"{codec} leaves the last bit to the decoder, and the CPU's is what counts"


def _refusal(frame: av.VideoFrame, decoder: CodecContext) -> str | None:
    if frame.format.name != "cuda":
        return f"the device does not decode it ({frame.format.name})"
    reason = inexact(decoder)
    if reason is not None:
        return reason
    layout = frame.sw_format
    if layout is None or layout.name not in PIXEL_FORMATS:
        return f"{layout.name if layout else 'its pixel format'} cannot be drawn there"
    if orientation_of(frame).flipped:
        return "it is mirrored"
    return None
