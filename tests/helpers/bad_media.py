"""Files that are no usable video: broken, of the wrong kind, or pointing elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from helpers.media_factory import make_clip
from helpers.movie_writer import AudioTrack, VideoTrack, write_movie

__all__ = ["BAD_MEDIA", "make_bad_media"]


def make_bad_media(folder: Path, kind: str) -> Path:
    """Makes one of ``BAD_MEDIA`` in ``folder`` and returns its path."""
    return BAD_MEDIA[kind](folder)


def _text(name: str, content: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_text(content)
        return path

    return make


def _truncated(shape: str, share: float, name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        whole = make_clip(folder, shape, file_id=200).path
        path = folder / name
        content = whole.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        whole.unlink()
        return path

    return make


def _damaged(folder: Path) -> Path:
    """An mp4 whose index is whole and whose pictures in the middle are noise."""
    path = make_clip(folder, "mjpeg_25_mkv", file_id=201).path
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = np.random.default_rng(1).bytes(third)
    path.write_bytes(content)
    return path.rename(folder / "damaged.mkv")


def _audio_only(folder: Path) -> Path:
    path = folder / "audio_only.m4a"
    write_movie(path, audio=AudioTrack(np.zeros((2, 48000), np.float32)))
    return path


def _no_frames(folder: Path) -> Path:
    path = folder / "no_frames.mp4"
    write_movie(path, VideoTrack("libx264", Fraction(25)))
    return path


def _no_frames_mkv(folder: Path) -> Path:
    path = folder / "no_frames.mkv"
    write_movie(path, VideoTrack("libx264", Fraction(25)))
    return path


def _unreadable(folder: Path) -> Path:
    """Mode 000; a test run by root can read it all the same and has to skip."""
    path = make_clip(folder, "mjpeg_25_mkv", frames=3, file_id=202).path
    path.chmod(0)
    return path.rename(folder / "unreadable.mkv")


def _folder(folder: Path) -> Path:
    path = folder / "folder.mp4"
    path.mkdir()
    return path


def _dangling_link(folder: Path) -> Path:
    path = folder / "dangling.mp4"
    path.symlink_to(folder / "nowhere.mp4")
    return path


def _noise(folder: Path) -> Path:
    path = folder / "noise.mp4"
    path.write_bytes(np.random.default_rng(2).bytes(50_000))
    return path


_HLS = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:4
#EXTINF:4.0,
segment0.ts
#EXT-X-ENDLIST
"""
_FFCONCAT = "ffconcat version 1.0\nfile 'segment0.ts'\nfile 'segment1.ts'\n"
_DASH = """<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet>
<Representation id="0" mimeType="video/mp4" bandwidth="1000"><BaseURL>video.mp4</BaseURL>
</Representation></AdaptationSet></Period></MPD>
"""

BAD_MEDIA: dict[str, Callable[[Path], Path]] = {
    "empty": _text("empty.mp4", ""),
    "text": _text("text.mp4", "This is not a movie, whatever its name says.\n" * 40),
    "noise": _noise,
    "truncated_mp4": _truncated("h264_30_mp4", 0.5, "truncated.mp4"),
    "truncated_mkv": _truncated("h264_60_mkv", 0.5, "truncated.mkv"),
    "truncated_ts": _truncated("h264_25_offset_ts", 0.5, "truncated.ts"),
    "damaged_mkv": _damaged,
    "audio_only": _audio_only,
    "no_frames_mp4": _no_frames,
    "no_frames_mkv": _no_frames_mkv,
    "unreadable": _unreadable,
    "folder": _folder,
    "dangling_link": _dangling_link,
    "hls": _text("playlist.m3u8", _HLS),
    "hls_named_mp4": _text("playlist.mp4", _HLS),
    "ffconcat": _text("list.ffconcat", _FFCONCAT),
    "dash": _text("manifest.mpd", _DASH),
}
"""Makers by name; each writes one file (or folder) of a fixed name into a folder."""
