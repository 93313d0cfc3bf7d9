"""Every layer shows the right frame: pictures in pictures, dissolves, frames passed through."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edl2ffmpeg
from helpers import barcode
from helpers.edl_factory import Json, document, media, video_clip, write_edl
from helpers.layers import Array, Planes, edit, flat, frames_of, sub
from helpers.media_factory import ClipInfo, ClipLibrary
from helpers.oracle import expected_frame
from helpers.rendering import codes_of, render_edl

# -- pictures in pictures -----------------------------------------------------


def picture_codes(shown: Sequence[Planes], box: tuple[slice, slice]) -> list[Any]:
    return [barcode.read(y[box].astype(np.uint8)) for y, _, _ in shown]


@pytest.mark.parametrize("fps", [25, "30000/1001"])
@pytest.mark.parametrize("shape", ["h264_30_mp4", "h264_25_opengop_ts", "vp9_30_webm"])
@pytest.mark.parametrize("timing", ["speed", "offset", "duration", "curve", "lines"])
def test_a_picture_in_a_picture_shows_the_right_frame(
    clips: ClipLibrary, tmp_path: Path, shape: str, fps: int | str, timing: str
) -> None:
    clip, below = clips[shape], clips["h264_60_mkv"]
    motion: Json = {"zoomX": 0.5, "zoomY": 0.5, "panX": 0.5, "panY": -0.5}
    source = media(clip.path, 0.5, 1.3)
    rate = Fraction(str(fps))
    at = [Fraction(number) / rate for number in range(round(Fraction(8, 10) * rate))]
    if timing == "speed":
        source = media(clip.path, 0.5, 2.9, speed=3)
        times = [Fraction(1, 2) + 3 * time for time in at]
    elif timing == "offset":
        motion["offset"] = 0.25
        times = [Fraction(3, 4) + time for time in at]
    elif timing == "duration":
        motion["duration"] = 2
        times = [Fraction(1, 2) + time * Fraction(5, 2) for time in at]
    else:
        # Out, in and back again; without inner points a line.
        points = [(0, 2), (0.2, 3.4), (0.6, 0.1), (0.8, 1.1)]
        if timing == "lines":
            points = points[:3]
        motion["bezier"] = [{"dstTime": to, "srcTime": start} for to, start in points]
        times = [_curve(points, float(time)) for time in at]
    edl = edit(
        video_clip(media(below.path, 1, 1.8), 0, 0.8),
        video_clip(source, 0, 0.8, 2, motion=motion),
        fps=fps,
        size=(320, 180),
    )
    shown = frames_of(tmp_path, edl)
    found = picture_codes(shown, (slice(0, 90), slice(160, 320)))
    assert found == [(clip.file_id, expected_frame(clip, time)) for time in times]
    beneath = [y[90:, :160] for y, _, _ in shown]
    for time, picture in zip(at, beneath, strict=True):
        number = expected_frame(below, 1 + time)
        wanted = barcode.picture(320, 180, below.file_id, number)[90:, :160]
        assert np.abs(picture - wanted).mean() < 12


def _curve(points: list[tuple[float, float]], time: float) -> Fraction:
    """Source time at clip ``time``: one cubic through four points, or lines through others."""
    if len(points) != 4:
        clip_times, source_times = zip(*points, strict=True)
        return Fraction(float(np.interp(time, clip_times, source_times))).limit_denominator(10**9)
    low, high = 0.0, 1.0
    for _ in range(80):
        middle = (low + high) / 2
        if _cubic([x for x, _ in points], middle) < time:
            low = middle
        else:
            high = middle
    return Fraction(_cubic([y for _, y in points], low)).limit_denominator(10**9)


def _cubic(values: list[float], t: float) -> float:
    weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3)
    return sum(weight * value for weight, value in zip(weights, values, strict=True))


# -- dissolves ----------------------------------------------------------------


def mixed_codes(y: Array, first: ClipInfo, second: ClipInfo, times: tuple[Fraction, Fraction],
                share: float) -> list[Any]:  # fmt: skip
    """Both barcodes of a mixture: what is left when the other, as it must be, is taken out."""
    numbers = [
        expected_frame(clip, time) for clip, time in zip((first, second), times, strict=True)
    ]
    pictures = [
        barcode.picture(320, 180, clip.file_id, number).astype(np.float64)
        for clip, number in zip((first, second), numbers, strict=True)
    ]
    wanted = [(first.file_id, numbers[0]), (second.file_id, numbers[1])]
    found: list[Any] = []
    for index, weight in enumerate((1 - share, share)):
        if weight > 0.25:
            other = y - (1 - weight) * pictures[1 - index]
            code = barcode.read(np.clip(other / weight, 0, 255), depth=8)
            found.append(code == wanted[index] or (code, wanted[index]))
    mixture = pictures[0] * (1 - share) + pictures[1] * share
    found.append(bool(np.abs(y - mixture).mean() < 10) or "another mixture")
    return found


@pytest.mark.parametrize("size", [(320, 180), (160, 90)])
@pytest.mark.parametrize("form", ["duration", "source"])
def test_a_dissolve_between_clips_of_other_rate_shows_both_right(
    clips: ClipLibrary, tmp_path: Path, form: str, size: tuple[int, int]
) -> None:
    """The outgoing clip goes on past its end; a rendered copy has half the size."""
    first, second = clips["h264_25_mp4"], clips["h264_2997_opengop_mp4"]
    path: Path = second.path
    if size != (320, 180):
        whole = document(
            video_clip(media(path, 0, 4), 0, 4), fps="30000/1001", width=size[0], height=size[1]
        )
        path = render_edl(tmp_path, whole, "small.mp4", crf=12).output
    if form == "duration":
        edl = edit(
            video_clip(media(first.path, 0.4, 0.8), 0, 0.4),
            video_clip(
                media(path, 1, 1.8), 0.4, 1.2, transition={"type": "dissolve", "duration": 0.4}
            ),
            fps=30,
            size=(320, 180),
        )
        start = 12
    else:
        way = {"type": "dissolve", "source": media(path, 1, 1.4)}
        edl = edit(
            video_clip(media(first.path, 0.8, 1.2), 0, 0.4, transition=way), fps=30, size=(320, 180)
        )
        start = 0
    shown = frames_of(tmp_path, edl)
    for index in range(12):
        passed = Fraction(index, 30)
        found = mixed_codes(
            shown[start + index][0],
            first,
            second,
            (Fraction(8, 10) + passed, 1 + passed),
            (index + 0.5) / 12,
        )
        assert all(entry is True for entry in found), (index, found)
    if form == "duration":
        before = picture_codes(shown[:12], (slice(None), slice(None)))
        assert before == [
            (first.file_id, expected_frame(first, Fraction(4, 10) + Fraction(number, 30)))
            for number in range(12)
        ]


def test_a_dissolve_within_one_file_costs_few_seeks(clips: ClipLibrary, tmp_path: Path) -> None:
    clip = clips["h264_30_mp4"]
    dissolve = {"type": "dissolve", "duration": 0.5}
    edl = edit(
        video_clip(media(clip.path, 0, 1), 0, 1),
        video_clip(media(clip.path, 2, 3), 1, 2, transition=dissolve),
        video_clip(media(clip.path, 0.5, 1.5), 2, 3, transition=dissolve),
        fps=30,
        size=(320, 180),
    )
    counters = render_edl(tmp_path, edl).report["counters"]
    assert counters["seeks"] <= 4
    # 90 frames are shown and 30 more in the dissolves; a GOP has 60.
    assert counters["pictures_decoded"] <= 120 + 2 * 60


def test_untouched_frames_beneath_an_empty_track_pass_through(
    clips: ClipLibrary, tmp_path: Path
) -> None:
    clip = clips["h264_30_mp4"]
    below = video_clip(media(clip.path, 0, 2), 0, 2)
    size = (320, 180)
    tagged = render_edl(tmp_path, edit(below, fps=30, size=size), "tagged.mp4").output
    below = video_clip(media(tagged, 0, 2), 0, 2)
    nothing = {"controlPoints": [{"point": 0}]}
    empty = {"track": {"type": "burnin", "number": 1}, "in": 1, "out": 2,
             "source": {"text": " ", "in": 0, "out": 1}}  # fmt: skip
    edl = edit(
        below,
        sub(1, "transform", nothing, 0, 2),
        sub(1, "effects", {"type": "blur", "value": 0, "in": 0, "out": 2}, 0, 2),
        flat("80A0A0", 2, 0.5, 1, size=size),
        flat("80A0A0", 3, 1, 1.5, size=size, alpha=0),
        video_clip(media(tagged, 0, 0.5), 1.5, 2, 4, motion={"zoomX": 0}),
        empty,
        fps=30,
        size=size,
    )
    result = render_edl(tmp_path, edl)
    counters = result.report["counters"]
    assert result.frames == 60
    # Half a second lies beneath an opaque colour; the rest is seen as it is.
    assert counters["passed_through"] >= 15
    codes = codes_of_or_flat(result.output)
    assert [code for code in codes if code is not None] == [
        (clip.file_id, number) for number in (*range(15), *range(30, 60))
    ]


def codes_of_or_flat(movie: Path) -> list[Any]:
    with edl2ffmpeg.open_frames(
        write_edl(movie.parent, edit(video_clip(media(movie, 0, 2), 0, 2), fps=30, size=(320, 180)),
                  "read.json"),
        format="yuv420p",
    ) as reader:  # fmt: skip
        return [barcode.read(frame.array) for frame in reader]


def test_frames_without_a_look_pass_through_beside_a_dissolve(
    clips: ClipLibrary, tmp_path: Path
) -> None:
    clip = clips["h264_30_mp4"]
    size = (320, 180)
    source = render_edl(
        tmp_path, edit(video_clip(media(clip.path, 0, 4), 0, 4), fps=30, size=size), "tagged.mp4"
    ).output
    edl = edit(
        video_clip(media(source, 0, 1), 0, 1),
        video_clip(media(source, 2, 3), 1, 2, transition={"type": "dissolve", "duration": 0.2}),
        fps=30,
        size=size,
    )
    result = render_edl(tmp_path, edl, "cut.mp4")
    counters = result.report["counters"]
    assert (counters["passed_through"], counters["composed"]) == (54, 6)
    assert len(codes_of(render_edl(tmp_path, document(edl["clips"][0]), "one.mp4").output)) == 30
