"""Media and look-up tables are judged before a render, each with its place in the EDL."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edl2ffmpeg
from edl2ffmpeg.errors import MediaOpenError
from edl2ffmpeg.jobs.check import MediaNotes, check_media
from edl2ffmpeg.jobs.render_job import refuse_sources
from edl2ffmpeg.media.access import AccessRules
from edl2ffmpeg.media.decoder_pool import DecoderPool
from edl2ffmpeg.media.video_decoder import VideoDecoder
from helpers.edl_factory import audio_clip, document, generated, media, video_clip, write_edl
from helpers.media_factory import ClipLibrary
from helpers.movie_writer import VideoTrack, write_movie
from helpers.rendering import render_edl
from helpers.stills import flat_planes
from unit.audio.sound_writer import noise, write_sound

BLACK = generated("black", 1)
TABLE = "LUT_1D_SIZE 2\n0 0 0\n1 1 1\n"


def load(folder: Path, *clips: Any) -> edl2ffmpeg.Timeline:
    return edl2ffmpeg.load_timeline(write_edl(folder, document(*clips)))


def check(folder: Path, *clips: Any, access: AccessRules | None = None) -> MediaNotes:
    rules = access or AccessRules()
    with DecoderPool(rules, 1) as decoders:
        return check_media(load(folder, *clips), rules, decoders)


def refused(folder: Path, *clips: Any, access: AccessRules | None = None) -> list[str]:
    with pytest.raises(MediaOpenError) as caught:
        check(folder, *clips, access=access)
    return str(caught.value).splitlines()


def lut(uri: str | Path) -> dict[str, str]:
    return {"type": "lut", "uri": str(uri)}


def test_a_missing_table_is_told_once(tmp_path: Path) -> None:
    first = video_clip(BLACK, 0, 1, effects=[lut("none.cube"), lut("none.cube")])
    second = video_clip(BLACK, 1, 2, effects=[lut("./none.cube")])
    assert refused(tmp_path, first, second) == [
        f"clips[0].effects[0].uri: {tmp_path}/none.cube: there is no such file; correct the uri or "
        "put the file there"
    ]


def test_tables_of_sub_tracks_and_masks_are_looked_for(tmp_path: Path) -> None:
    masked = {"type": "highlight", "insideMaskFilters": [lut("a.cube")], "in": 0, "out": 1}
    track = {"type": "video", "number": 1, "subtype": "effects"}
    placed = {"in": 0, "out": 1, "track": track, "source": masked}
    (problem,) = refused(tmp_path, video_clip(BLACK, 0, 1), placed)
    assert problem.startswith("clips[1].source.insideMaskFilters[0].uri: ")


def test_a_table_that_is_there_is_good(tmp_path: Path) -> None:
    (tmp_path / "film.cube").write_text(TABLE)
    assert check(tmp_path, video_clip(BLACK, 0, 1, effects=[lut("film.cube")])).warnings == []


def test_tables_are_held_to_the_access_rules(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    table = tmp_path / "film.cube"
    table.write_text(TABLE)
    clip = video_clip(BLACK, 0, 1, effects=[lut(table)])
    assert check(inside, clip).warnings == []
    (problem,) = refused(inside, clip, access=AccessRules(roots=(inside,)))
    assert "lies outside the folders given with --restrict" in problem
    for uri in ("https://example.com/a.cube", "s3://bucket/a.cube"):
        remote = video_clip(BLACK, 0, 1, effects=[lut(uri)])
        for rules in (AccessRules(), AccessRules(protocols=frozenset({"https", "s3"}))):
            assert refused(inside, remote, access=rules) == [
                f"clips[0].effects[0].uri: {uri}: a look-up table must be a local file; download "
                "it and name that"
            ]


def test_media_of_transitions_are_opened(clips: ClipLibrary, tmp_path: Path) -> None:
    gone = {"type": "dip", "source": media("none.mp4", 0, 1)}
    (problem,) = refused(tmp_path, video_clip(BLACK, 0, 1, transition=gone))
    assert problem.startswith("clips[0].transition.source: ")
    short = {"type": "dip", "source": media(clips["h264_30_mp4"].path, 3.5, 4.5)}
    (warning,) = check(tmp_path, video_clip(BLACK, 0, 1, transition=short)).short
    assert warning.json_path == "clips[0].transition.source"
    assert "ends at 4 s, but the clip plays it to 4.5 s" in warning.message


def test_how_far_a_time_curve_plays_is_known(clips: ClipLibrary, tmp_path: Path) -> None:
    points = [
        {"srcTime": 0, "dstTime": 0},
        {"srcTime": 9, "dstTime": 0.5},
        {"srcTime": 1, "dstTime": 1},
    ]
    source = media(clips["h264_30_mp4"].path, 0, 1)
    (warning,) = check(tmp_path, video_clip(source, 0, 1, motion={"bezier": points})).short
    assert "plays it to 9 s" in warning.message


@pytest.mark.parametrize("name", ["stream.mpg", "vbr.mp3", "bare.aac"])
def test_lengths_that_are_guessed_foretell_nothing(name: str, tmp_path: Path) -> None:
    if name == "stream.mpg":
        track = VideoTrack("mpeg1video", Fraction(25), options={"bf": "2"}, ticks=range(100))
        write_movie(tmp_path / name, track, [flat_planes("yuv420p", (320, 180), (90,) * 3)] * 100)
        clip = video_clip(media(name, 0, 4), 0, 4)
    else:
        # The bit rate of the beginning is not that of what follows.
        content = np.concatenate([noise(2), np.zeros((480_000, 2), np.float32)])
        codec = "libmp3lame" if name.endswith("mp3") else "aac"
        vbr = {"global_quality": "236", "flags": "+qscale", "write_xing": "0"}
        write_sound(tmp_path / name, codec, content, options=vbr if codec != "aac" else {})
        clip = audio_clip(media(name, 0, 12), 0, 12)
    assert check(tmp_path, clip).short == []
    assert render_edl(tmp_path, document(clip), audio=True, strict=True).warnings == ()


def test_what_was_foretold_and_did_not_come_true_is_not_told(
    clips: ClipLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VideoDecoder, "duration", Fraction(2))
    clip = video_clip(media(clips["h264_30_mp4"].path, 0, 4), 0, 4)
    assert len(check(tmp_path, clip).short) == 1
    assert render_edl(tmp_path, document(clip)).warnings == ()
    with edl2ffmpeg.open_frames(write_edl(tmp_path, document(clip))) as frames:
        assert len(frames.warnings) == 1
        for _ in frames:
            pass
        assert frames.warnings == []


def test_the_output_may_not_be_a_table_or_a_transitions_source(tmp_path: Path) -> None:
    transition = {"type": "dip", "source": media("b.mp4", 0, 1)}
    clip = video_clip(BLACK, 0, 1, transition=transition, effects=[lut("a.cube")])
    timeline = load(tmp_path, clip)
    for name, place in (("a.cube", r"effects\[0\]\.uri"), ("b.mp4", r"transition\.source")):
        with pytest.raises(MediaOpenError, match=rf"clips\[0\]\.{place}: the output .* is also"):
            refuse_sources(timeline, tmp_path / name, "output")
