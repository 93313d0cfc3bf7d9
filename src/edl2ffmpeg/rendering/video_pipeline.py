"""Makes composed frames in order: decodes ahead in one thread, composes in another.

It owns the threads and what waits between them; the decoders and the compositor are its
caller's.  It does not encode.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from edl2ffmpeg.compositor.compositor import Compositor
from edl2ffmpeg.errors import DecodeError
from edl2ffmpeg.frame import Frame
from edl2ffmpeg.media.decoder_pool import BrokenStream, DecoderPool
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.frame_planner import FramePlanner
from edl2ffmpeg.plan.model import FramePlan, MediaPicture
from edl2ffmpeg.rendering.prefetch import Prefetch
from edl2ffmpeg.timing import format_seconds

__all__ = ["DECODE_AHEAD_FRAMES", "HeldPicture", "VideoPipeline", "damage_sentence"]

DECODE_AHEAD_FRAMES = 8
"""Decoded frames waiting for the compositor: enough to hide a seek behind the encoder."""

_COMPOSED_FRAMES = 2


@dataclass(slots=True)
class HeldPicture:
    """A source that ended early: its last picture was held for ``frames`` output frames."""

    json_path: str
    location: str
    first_frame: int
    frames: int = 0

    def __str__(self) -> str:
        return (
            f"{self.json_path}: {self.location} ends before the clip does; its last picture was "
            f"held for {self.frames} frame{'s' if self.frames != 1 else ''} from frame "
            f"{self.first_frame}"
        )


class VideoPipeline(Owner):
    """An iterator over the composed frames ``[start, end)`` of a timeline.

    A frame may be the decoder's own, passed on untouched: treat it as read-only.  ``strict``
    makes an ended source a ``DecodeError``.
    """

    def __init__(
        self,
        planner: FramePlanner,
        decoders: DecoderPool,
        compositor: Compositor,
        frame_range: tuple[int, int],
        *,
        strict: bool = False,
    ) -> None:
        self._planner = planner
        self._decoders = decoders
        self._compositor = compositor
        self._range = frame_range
        self._strict = strict
        self.held: dict[str, HeldPicture] = {}
        with ExitStack() as stack:
            # Closed in reverse: the compositing thread stops before what feeds it.
            self._decoded = stack.enter_context(
                Prefetch(self._decode(), DECODE_AHEAD_FRAMES, "decode")
            )
            self._composed = stack.enter_context(
                Prefetch(self._compose(), _COMPOSED_FRAMES, "compose")
            )
            self._stack = stack.pop_all()

    def _decode(self) -> Generator[tuple[FramePlan, list[Frame | None]], None, None]:
        for number in range(*self._range):
            plan = self._planner.frame(number)
            yield plan, self._pictures(plan)

    def _pictures(self, plan: FramePlan) -> list[Frame | None]:
        """The decoded picture of each layer; None where it is not from a file."""
        found: list[Frame | None] = [None] * len(plan.pictures)
        media = [
            (index, layer, layer.picture)
            for index, layer in enumerate(plan.pictures)
            if isinstance(layer.picture, MediaPicture)
        ]
        wanted = [(picture.source, picture.source_time) for _, _, picture in media]
        decoded = self._decoders.frames_played_at(wanted)
        for (index, layer, picture), played in zip(media, decoded, strict=True):
            if played.held and not picture.may_hold:
                self._note_held(layer.json_path, picture.source.location, plan.number)
            found[index] = played.frame
        return found

    def _compose(self) -> Generator[Frame, None, None]:
        for plan, pictures in self._decoded:
            yield self._compositor.compose(plan, pictures)

    def _note_held(self, json_path: str, location: str, number: int) -> None:
        held = self.held.setdefault(json_path, HeldPicture(json_path, location, number))
        held.frames += 1
        if self._strict:
            time = self._planner.frame(number).time
            raise DecodeError(
                f"{json_path}: {location} has ended at frame {number} ({format_seconds(time)}) of "
                "the output, and --strict forbids to hold its last picture; shorten the clip",
                location,
                time,
            )

    @property
    def warnings(self) -> list[str]:
        """What was held or was damaged so far, one sentence each."""
        held = [str(entry) for entry in self.held.values()]
        return held + [damage_sentence(broken) for broken in self._decoders.broken_streams]

    @property
    def stage_seconds(self) -> dict[str, float]:
        """Seconds each stage was at work; stages overlap."""
        waited = self._decoded.waited_seconds
        return {
            "decode": self._decoded.busy_seconds,
            "compose": max(self._composed.busy_seconds - waited, 0.0),
        }

    def __iter__(self) -> Iterator[Frame]:
        return self._composed

    def close(self) -> None:
        """Stops both threads.  The decoders and the compositor are the caller's to close."""
        # The compositing thread may be waiting for a decoded frame; stopping the decoding
        # thread ends that wait, so both are told before either is joined.
        self._decoded.stop()
        self._stack.close()


def damage_sentence(broken: BrokenStream) -> str:
    """What there is to say of a damaged file."""
    ending = "s" if broken.packets != 1 else ""
    return (
        f"{broken.location}: {broken.packets} packet{ending} or picture{ending} damaged or "
        f"missing, the first near {format_seconds(broken.first_time)}; what was left of them, or "
        "the picture before, was shown in their place"
    )
