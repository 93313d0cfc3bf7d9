"""Writes one output file: owns the container and the encoders of its streams.

It does not choose the file's final name: see ``jobs.publish``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer

from edl2ffmpeg.devices.cpu import encoder_threads
from edl2ffmpeg.frame import Frame
from edl2ffmpeg.media._translate import encoding
from edl2ffmpeg.media.audio_encoder import AudioEncoder
from edl2ffmpeg.media.audio_formats import AudioOutput
from edl2ffmpeg.media.formats import ContainerFormat, VideoOutput, subtitle_codec
from edl2ffmpeg.media.subtitle_encoder import SubtitleEncoder, interleaving
from edl2ffmpeg.media.video_encoder import VideoEncoder
from edl2ffmpeg.ownership import Owner
from edl2ffmpeg.plan.cues import Cue

__all__ = ["Muxer", "container_options", "subtitle_encoders"]

# No dates, random ids or FFmpeg version: the same EDL gives the same bytes.
_REPRODUCIBLE = {"fflags": "+bitexact"}


class Muxer(Owner):
    """An output file with at most one video stream, any audio streams, and any text tracks.

    ``audio`` has one stream for each of its titles.  ``subtitles`` are the cues of each text
    track, of which players show the first by default.

    Opening it opens the encoders and writes the header, so that settings FFmpeg refuses are
    found before the first frame; an encoder on ``device`` opens with that frame, and has to be
    written to first.  ``finish()`` completes the file; ``close()`` without it
    abandons the file.
    """

    def __init__(
        self,
        path: Path,
        container: ContainerFormat,
        video: VideoOutput | None,
        *,
        audio: AudioOutput | None = None,
        threads: int = 0,
        subtitles: Sequence[Sequence[Cue]] = (),
        device: int | str | None = None,
    ) -> None:
        self._path = str(path)
        self._output: OutputContainer | None = None
        self._video: VideoEncoder | None = None
        options = container_options(container, video, subtitles)
        with encoding(self._path, "opening the output"):
            self._output = av.open(
                f"file:{self._path}",
                "w",
                format=container.muxer,
                container_options=options,
            )
        try:
            if video is not None:
                self._video = VideoEncoder(self._output, video, encoder_threads(threads), device)
            with encoding(self._path, "opening the encoder of the sound"):
                self._audio = _audio_encoders(self._output, audio)
            self._subtitles = subtitle_encoders(self._output, container, video, subtitles)
            self._audio_rate = audio.sample_rate if audio is not None else None
            self._frame_rate = video.frame_rate if video is not None else None
            if self._video is None or self._video.is_open:
                with encoding(self._path, "writing the header"):
                    self._output.start_encoding()
        except BaseException:
            self.close()
            raise

    @property
    def video(self) -> VideoEncoder:
        """The video encoder, for its counters."""
        assert self._video is not None
        return self._video

    @property
    def audio_wanted_until(self) -> int:
        """Samples of sound that lie before the end of the pictures written so far."""
        if self._audio_rate is None or self._frame_rate is None:
            return 0
        end = Fraction(self.video.frames_encoded) / self._frame_rate
        return -(-end * self._audio_rate // 1)

    def write_frame(self, frame: Frame) -> None:
        """Encodes and writes the next frame, and the subtitles that begin with it."""
        output = self._require_open()
        number = self.video.frames_encoded
        with encoding(self._path, f"writing frame {number}"):
            packets = self.video.encode(frame)
            # Before the frame: FFmpeg can put packets in order only while it holds them.
            for text in self._subtitles:
                for text_packet in text.before_frame(number):
                    output.mux_one(text_packet)
            for packet in packets:
                output.mux_one(packet)

    def write_samples(self, blocks: Sequence[npt.NDArray[np.float32]]) -> None:
        """Encodes and writes the next float32 (samples, channels) block of each audio stream."""
        output = self._require_open()
        with encoding(self._path, "writing sound"):
            for encoder, block in zip(self._audio, blocks, strict=True):
                for packet in encoder.encode(block):
                    output.mux_one(packet)

    def finish(self) -> None:
        """Drains the encoders and completes the file; raises when a frame was lost."""
        output = self._require_open()
        with encoding(self._path, "finishing the file"):
            for encoder in self._audio:
                for audio_packet in encoder.drain():
                    output.mux_one(audio_packet)
            if self._video is not None:
                for packet in self._video.drain():
                    output.mux_one(packet)
            self._output = None
            output.close()
            if self._video is not None:
                self._video.close()

    def _require_open(self) -> OutputContainer:
        if self._output is None:
            raise ValueError(f"the muxer of {self._path} is closed")
        return self._output

    def close(self) -> None:
        """Lets the container go.  May be called twice; the file is whole only after ``finish``."""
        output, self._output = self._output, None
        if output is not None:
            # The file is being abandoned: that its trailer cannot be written changes nothing.
            with contextlib.suppress(av.FFmpegError, OSError):
                output.close()
        if self._video is not None:
            self._video.close()


def container_options(
    container: ContainerFormat, video: VideoOutput | None, subtitles: Sequence[Sequence[Cue]]
) -> dict[str, str]:
    """FFmpeg's options for the container of such a movie."""
    options = {**_REPRODUCIBLE, **dict(container.options)}
    if subtitles and video is not None:
        options |= interleaving(video.encoder)
    return options


def _audio_encoders(output: OutputContainer, audio: AudioOutput | None) -> list[AudioEncoder]:
    if audio is None:
        return []
    return [AudioEncoder(output, audio, title) for title in audio.titles]


def subtitle_encoders(
    output: OutputContainer,
    container: ContainerFormat,
    video: VideoOutput | None,
    subtitles: Sequence[Sequence[Cue]],
) -> list[SubtitleEncoder]:
    """The text tracks of such a movie, of which players show the first by default."""
    if video is None:
        return []
    return [
        SubtitleEncoder(
            output, subtitle_codec(container), cues, video.frame_rate, is_default=index == 0
        )
        for index, cues in enumerate(subtitles)
    ]
