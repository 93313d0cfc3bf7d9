"""Finds streams in an open file, and the time that an EDL counts from; it decodes nothing."""

from __future__ import annotations

from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from edl2ffmpeg.errors import MediaOpenError
from edl2ffmpeg.timeline.model import StreamKind, StreamSelector

__all__ = [
    "describe_streams",
    "file_zero",
    "find_stream",
    "is_picture_file",
    "keep_only",
    "stated_duration",
    "states_length",
]

# HEIF and AVIF, which FFmpeg reads as it does MP4.
_PICTURE_BRANDS = ("heic", "heix", "mif1", "avif")


_STATING_LENGTH = frozenset(
    {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mxf", "ogg", "flac", "caf", "tta", "wv"}
)
_COUNTING_SAMPLES = frozenset({"wav", "w64", "aiff", "au"})


def _streams_of(container: InputContainer, kind: StreamKind) -> list[VideoStream | AudioStream]:
    """Streams of one kind in file order; cover pictures are not video."""
    if kind is StreamKind.AUDIO:
        return list(container.streams.audio)
    return [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]


def describe_streams(container: InputContainer) -> str:
    """What a file holds, for a message: ``V1, A1, A2`` or ``no video or audio``."""
    names = [
        f"{kind.value}{number}"
        for kind in StreamKind
        for number in range(1, len(_streams_of(container, kind)) + 1)
    ]
    return ", ".join(names) or "no video or audio"


def find_stream(
    container: InputContainer, location: str, selector: StreamSelector
) -> VideoStream | AudioStream:
    """The stream that ``selector`` names; ``MediaOpenError`` says what the file has instead."""
    streams = _streams_of(container, selector.kind)
    word = "video" if selector.kind is StreamKind.VIDEO else "audio"
    if not streams:
        raise MediaOpenError(
            f"{location}: has no {word} stream (it holds {describe_streams(container)}); "
            "name another file or remove the clip",
            location,
        )
    if selector.number > len(streams):
        raise MediaOpenError(
            f"{location}: has no stream {selector} (it holds {describe_streams(container)}); "
            "correct the trackId",
            location,
        )
    stream = streams[selector.number - 1]
    # Of HEIF and AVIF; elsewhere the flag may mean other things.
    is_picture_part = isinstance(stream, VideoStream) and container.format.name.startswith("mov,")
    if is_picture_part and stream.disposition & Disposition.dependent:
        tiles = sum(bool(each.disposition & Disposition.dependent) for each in streams)
        raise MediaOpenError(
            f"{location}: is a picture made of {tiles} tiles, which are not put together; convert "
            "it to JPEG or PNG",
            location,
        )
    if stream.codec_context is None:
        raise MediaOpenError(
            f"{location}: stream {selector} is in a codec that this FFmpeg cannot decode", location
        )
    return stream


def keep_only(container: InputContainer, kept: Stream) -> None:
    """Lets the demuxer throw away every stream but ``kept``."""
    for stream in container.streams:
        stream.discard = Discard.default if stream.index == kept.index else Discard.all


def states_length(container: InputContainer, stream: VideoStream | AudioStream) -> bool:
    """Whether the file itself says how long ``stream`` is.

    Elsewhere FFmpeg guesses, by the bit rate of the beginning or the last times that it finds.
    """
    name = container.format.name
    return name in _STATING_LENGTH or (
        name in _COUNTING_SAMPLES and stream.codec_context.name.startswith("pcm_")
    )


def file_zero(container: InputContainer, stream: Stream) -> Fraction | None:
    """The presentation time, in seconds, that is source time 0 of ``stream``.

    It is the start of the file's first video stream, so that the sound keeps its offset to
    the picture; without video it is the start of ``stream`` itself.  None when the file does
    not tell.
    """
    videos = _streams_of(container, StreamKind.VIDEO)
    leader: Stream = videos[0] if videos and stream.type == "audio" else stream
    if leader.start_time is None or leader.time_base is None:
        return None
    return leader.start_time * leader.time_base


def stated_duration(
    container: InputContainer, stream: VideoStream, start: Fraction
) -> Fraction | None:
    """Length in seconds of a stream whose first picture is at ``start``, as the file says."""
    if stream.duration is not None and stream.time_base is not None:
        return stream.duration * stream.time_base
    if container.duration is None:
        return None
    # The container's length counts from its own start, which may not be the stream's.
    begin = Fraction(container.start_time or 0, av.time_base)
    return begin + Fraction(container.duration, av.time_base) - start


def is_picture_file(container: InputContainer) -> bool:
    """Whether files like this one hold a picture rather than a movie, as a rule."""
    name = container.format.name
    return (
        name.endswith("_pipe")
        or name in ("gif", "apng")
        or container.metadata.get("major_brand") in _PICTURE_BRANDS
    )
